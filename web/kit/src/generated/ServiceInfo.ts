// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `GET /service`: what anybody may know.
 */
export type ServiceInfo = { 
/**
 * The program's version.
 */
version: string, 
/**
 * Whether a demo customer's computer is waiting (only with `farhand serve --demo`).
 */
demo: boolean, 
/**
 * Whether the agent can be downloaded from `/download/…`.
 */
download: boolean, 
/**
 * SHA-256 of the HTTPS certificate, lower-case hex.
 */
certificate_sha256: string, 
/**
 * UDP port of the media service, for checks of the way to it.
 */
media_port?: number, 
/**
 * SHA-256 of each certificate that the media service may show now, lower-case hex.
 */
media_certificate_sha256?: Array<string>, };

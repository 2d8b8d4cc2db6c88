// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { OfferedDownload } from "./OfferedDownload";

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
 * Signed releases of the agent for download, the newest of each kind.
 */
downloads: Array<OfferedDownload>, 
/**
 * Who signs them: minisign's public key. None where nothing signed is offered.
 */
release_key?: string, 
/**
 * Who signs start tokens: the installation's Ed25519 key, in base64.
 */
start_key: string, 
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

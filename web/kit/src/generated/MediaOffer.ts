// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * How to reach the media service.
 */
export type MediaOffer = { 
/**
 * Opaque, signed, for one participant of one session.
 */
ticket: string, 
/**
 * When the ticket can no longer open a connection, milliseconds since 1970. An open one stays.
 */
expires_at: number, 
/**
 * UDP port of the media service on the host that the API was reached by, or on [`MediaOffer::host`].
 */
port: number, 
/**
 * Host name or address of the media service where it differs from the API's.
 */
host: string | null, 
/**
 * SHA-256 of each certificate that the QUIC endpoint may show now, lower-case hex. Anything else is refused.
 */
certificate_sha256: Array<string>, 
/**
 * Path of the WebTransport session, such as `/media`.
 */
webtransport_path: string, 
/**
 * Path of the WebSocket on the HTTPS port, such as `/api/v1/media`.
 */
websocket_path: string, };

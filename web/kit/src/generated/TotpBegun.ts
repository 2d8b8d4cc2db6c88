// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * The answer to `POST /me/methods/totp`. The app counts after `POST /me/methods/totp/confirm`.
 */
export type TotpBegun = { 
/**
 * The secret in Base32, for typing in.
 */
secret: string, 
/**
 * `otpauth://…`, for opening an app on the same device.
 */
uri: string, 
/**
 * The same as a QR code: an SVG document, black on white.
 */
qr: string, };

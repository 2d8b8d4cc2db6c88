// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `PUT /receipt-key`.
 */
export type PutReceiptKey = { 
/**
 * X25519, 64 hex digits.
 */
public_key: string, };

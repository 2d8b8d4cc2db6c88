// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `GET /receipt-key`.
 */
export type ReceiptKey = { 
/**
 * X25519, 64 hex digits; left out while there is none.
 */
public_key?: string, 
/**
 * When it was made.
 */
made_at?: number, };

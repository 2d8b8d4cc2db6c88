// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A receipt that is kept, sealed.
 */
export type ReceiptKept = { 
/**
 * Of this session.
 */
session: string, 
/**
 * For comparing with the customer's copy: 32 hex digits.
 */
number: string, 
/**
 * When it was kept.
 */
at: number, };

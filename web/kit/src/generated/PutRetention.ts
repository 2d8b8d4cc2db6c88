// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `PUT /data/retention`.
 */
export type PutRetention = { 
/**
 * 1 to 3650; left out: keep.
 */
days?: number, };

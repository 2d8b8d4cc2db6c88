// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What a signed-in user may do (I5).
 */
export type UserRole = "administrator" | "technician";

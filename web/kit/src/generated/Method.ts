// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * One method.
 */
export type Method = "password" | "totp" | "passkey" | "recovery";

// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * The rule for passwords.
 */
export type PasswordRule = "standard" | "nist";

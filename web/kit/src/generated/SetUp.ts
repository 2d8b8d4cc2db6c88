// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /setup`: the one-time set-up link's form. Gone (404) after use.
 */
export type SetUp = { 
/**
 * From the printed link's fragment.
 */
token: string, 
/**
 * The organisation's name.
 */
organisation: string, 
/**
 * The first administrator's name, as customers will see it.
 */
name: string, 
/**
 * The first administrator's e-mail address.
 */
email: string, 
/**
 * At least 8 characters with letters and digits (I2).
 */
password: string, };

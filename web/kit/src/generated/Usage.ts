// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * USB HID usage of a key on page 7, the keyboard page. Consumer keys are not passed on.
 */
export type Usage = number;

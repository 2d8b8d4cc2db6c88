// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { PasskeyAttestation } from "./PasskeyAttestation";

/**
 * `POST /me/methods/passkeys/confirm`. The answer is [`MethodAdded`].
 */
export type ConfirmPasskey = { 
/**
 * From [`PasskeyBegun`].
 */
ticket: string, 
/**
 * A name for the list, such as "Work laptop".
 */
name: string, 
/**
 * The browser's answer.
 */
passkey: PasskeyAttestation, };

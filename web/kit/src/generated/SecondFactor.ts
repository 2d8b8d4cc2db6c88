// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { PasskeyAssertion } from "./PasskeyAssertion";

/**
 * `POST /sign-in/second`: the ticket and exactly one of the rest. The answer is [`SignedIn`].
 */
export type SecondFactor = { 
/**
 * From [`SecondStep`].
 */
ticket: string, 
/**
 * Six digits of the authenticator app.
 */
totp?: string, 
/**
 * One of the ten recovery codes.
 */
recovery?: string, 
/**
 * The password, after a passkey.
 */
password?: string, 
/**
 * A passkey's answer.
 */
passkey?: PasskeyAssertion, };

// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { PasskeyAssertion } from "./PasskeyAssertion";

/**
 * `POST /sign-in/passkey/finish`. The answer is 200 with [`SignedIn`], or 202 with [`SecondStep`] where the
 * organisation demands two methods.
 */
export type PasskeySignIn = { 
/**
 * From [`PasskeyChallenge`].
 */
ticket: string, 
/**
 * The browser's answer.
 */
passkey: PasskeyAssertion, };

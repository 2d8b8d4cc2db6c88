// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Method } from "./Method";

/**
 * The sign-in is half done: one of these methods follows at `POST /sign-in/second`, within five minutes.
 */
export type SecondStep = { 
/**
 * Names this sign-in; good for a few tries.
 */
ticket: string, 
/**
 * What may follow.
 */
methods: Array<Method>, 
/**
 * `PublicKeyCredentialRequestOptions` as JSON, when a passkey may follow.
 */
passkey?: unknown, };

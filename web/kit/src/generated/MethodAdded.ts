// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { SignedIn } from "./SignedIn";

/**
 * A method was added. The sign-in was replaced by a new one.
 */
export type MethodAdded = { 
/**
 * Ten recovery codes, with the first method; shown this once.
 */
recovery_codes?: Array<string>, 
/**
 * The new sign-in.
 */
signed_in: SignedIn, };

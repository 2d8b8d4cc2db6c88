// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { StandingSignIn } from "./StandingSignIn";

/**
 * `GET /me/sign-ins` and `GET /people/{id}/sign-ins`.
 */
export type SignInList = { 
/**
 * Those that stand, newest first.
 */
sign_ins: Array<StandingSignIn>, };

// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Passkey } from "./Passkey";

/**
 * `GET /me/methods`.
 */
export type Methods = { 
/**
 * When the authenticator app was added, if one is.
 */
totp?: number, 
/**
 * Passkeys.
 */
passkeys: Array<Passkey>, 
/**
 * Recovery codes that are left; they exist while there is an app or a passkey.
 */
recovery_codes: number, 
/**
 * Whether the organisation demands two methods.
 */
demanded: boolean, };

// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /sign-in`. Sets the `__Host-farhand` cookie, and returns the token for programs that keep it themselves.
 * The answer is 200 with [`SignedIn`], or 202 with [`SecondStep`] when another method is to follow.
 */
export type SignIn = { 
/**
 * E-mail address (I1).
 */
email: string, 
/**
 * Password.
 */
password: string, };

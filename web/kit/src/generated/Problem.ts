// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Every error's body.
 */
export type Problem = { 
/**
 * For programs, such as `code_unknown`; the page looks its sentence up by it.
 */
code: string, 
/**
 * For people, in English: what happened and what to do.
 */
message: string, };

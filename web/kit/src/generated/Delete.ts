// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /data/deletion`: done at once. The answer is [`Deletion`].
 */
export type Delete = { 
/**
 * One session's content; left out for all sessions of the organisation.
 */
session?: string, 
/**
 * The organisation's name, typed again.
 */
confirm: string, };

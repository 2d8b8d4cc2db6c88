// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /canned-replies` and `PUT /canned-replies/{id}`.
 */
export type PutCannedReply = { 
/**
 * What it is found by, at most 100 characters.
 */
title: string, 
/**
 * What is said, at most 1,000 characters.
 */
text: string, };

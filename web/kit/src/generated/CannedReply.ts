// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A canned reply.
 */
export type CannedReply = { 
/**
 * Identifier.
 */
id: string, 
/**
 * What it is found by, at most 100 characters.
 */
title: string, 
/**
 * What is said, at most 1,000 characters.
 */
text: string, };

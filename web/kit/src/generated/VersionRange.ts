// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Version } from "./Version";

/**
 * The versions a peer speaks, both ends included.
 */
export type VersionRange = { 
/**
 * Oldest version spoken.
 */
oldest: Version, 
/**
 * Newest version spoken.
 */
newest: Version, };

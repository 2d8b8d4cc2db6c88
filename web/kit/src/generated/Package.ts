// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Installed software.
 */
export type Package = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its version.
 */
version: string, 
/**
 * Such as `amd64`.
 */
architecture: string, 
/**
 * Bytes, or 0.
 */
size: number, };

// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A mounted file system.
 */
export type Disk = { 
/**
 * The device.
 */
name: string, 
/**
 * Where it is mounted.
 */
mount: string, 
/**
 * Such as `ext4`.
 */
kind: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * Bytes.
 */
free: number, };

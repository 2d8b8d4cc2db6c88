// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A part of the customer's desktop, pixels. The desktop begins at 0, 0.
 */
export type Area = { 
/**
 * From the left.
 */
x: number, 
/**
 * From the top.
 */
y: number, 
/**
 * Width.
 */
width: number, 
/**
 * Height.
 */
height: number, };

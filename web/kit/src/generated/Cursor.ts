// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * The shape of the customer's pointer.
 */
export type Cursor = { 
/**
 * Pixels, at most [`MAX_CURSOR`]. 0 when the pointer is hidden.
 */
width: number, 
/**
 * Pixels, at most [`MAX_CURSOR`].
 */
height: number, 
/**
 * The point that points, from the left.
 */
hot_x: number, 
/**
 * The point that points, from the top.
 */
hot_y: number, 
/**
 * RGBA, straight alpha, rows from the top, `width * height * 4` bytes.
 */
rgba: Uint8Array, };

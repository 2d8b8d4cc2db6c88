// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Colour } from "./Colour";
import type { Place } from "./Place";
import type { Shape } from "./Shape";

/**
 * A mark.
 */
export type Mark = { 
/**
 * What it is.
 */
shape: Shape, 
/**
 * In which colour.
 */
colour: Colour, 
/**
 * From where to where; of a free line all places in between too. At most [`MAX_PLACES`] in one message.
 */
places: Array<Place>, };

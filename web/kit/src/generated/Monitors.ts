// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Area } from "./Area";
import type { Choice } from "./Choice";
import type { Monitor } from "./Monitor";
import type { Share } from "./Share";

/**
 * Agent → consoles: everything about monitors, whole. Told when it changes and to whoever is let in.
 */
export type Monitors = { 
/**
 * What the customer shares. No choice of the technician's goes beyond it.
 */
share: Share, 
/**
 * The monitors that can be chosen, in the order in which people count them; at most [`MAX_MONITORS`].
 */
list: Array<Monitor>, 
/**
 * What the technician chose last.
 */
choice: Choice, 
/**
 * What the picture shows now.
 */
area: Area, 
/**
 * Windows that are kept out of the picture now.
 */
hidden: number, 
/**
 * Control pauses, for a window is in front in which nobody else may act.
 */
paused: boolean, };

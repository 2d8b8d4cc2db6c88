// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Area } from "./Area";

/**
 * A monitor.
 */
export type Monitor = { 
/**
 * The same for as long as the monitor is plugged in.
 */
id: number, 
/**
 * The system's name for it, such as `HDMI-1`; at most [`MAX_MONITOR_NAME`] bytes.
 */
name: string, 
/**
 * Where it is, and its size as it is turned.
 */
area: Area, 
/**
 * How much larger than usual things are drawn on it, percent.
 */
scale: number, 
/**
 * Where the desktop's bars are.
 */
primary: boolean, };

// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Button } from "./Button";
import type { Usage } from "./Usage";

/**
 * Messages of [`crate::envelope::Stream::Input`], console → agent.
 */
export type Input = { "type": "key", 
/**
 * USB HID usage of the key (page 7), by position and not by letter.
 */
usage: Usage, 
/**
 * Down or up.
 */
down: boolean, } | { "type": "button", 
/**
 * Which.
 */
button: Button, 
/**
 * Down or up.
 */
down: boolean, 
/**
 * Pixels from the left of the shared screen.
 */
x: number, 
/**
 * Pixels from the top of the shared screen.
 */
y: number, } | { "type": "wheel", 
/**
 * Horizontal.
 */
dx: number, 
/**
 * Vertical.
 */
dy: number, 
/**
 * Pixels from the left of the shared screen.
 */
x: number, 
/**
 * Pixels from the top of the shared screen.
 */
y: number, } | { "type": "text", 
/**
 * The text.
 */
text: string, } | { "type": "letter", 
/**
 * One character, at most [`MAX_LETTER`] bytes.
 */
letter: string, } | { "type": "stop_text" } | { "type": "button_here", 
/**
 * Which.
 */
button: Button, 
/**
 * Down or up.
 */
down: boolean, } | { "type": "wheel_here", 
/**
 * Horizontal.
 */
dx: number, 
/**
 * Vertical.
 */
dy: number, } | { "type": "pointer_by", 
/**
 * Pixels to the right.
 */
dx: number, 
/**
 * Pixels down.
 */
dy: number, } | { "type": "release_all" } | { "type": "unknown" };

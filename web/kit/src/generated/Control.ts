// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Choice } from "./Choice";
import type { ConsentSnapshot } from "./ConsentSnapshot";
import type { Cursor } from "./Cursor";
import type { Monitors } from "./Monitors";
import type { Notice } from "./Notice";
import type { Restart } from "./Restart";
import type { Right } from "./Right";
import type { ScreenLock } from "./ScreenLock";
import type { Together } from "./Together";
import type { Wish } from "./Wish";

/**
 * Messages of [`crate::envelope::Stream::Control`].
 */
export type Control = { "type": "ask", 
/**
 * All rights that the technician would like to have.
 */
rights: Array<Right>, } | { "type": "give_up", 
/**
 * Rights given up. Control is given up alone, although its set contains the view that it implies; giving up
 * the view gives up both.
 */
rights: Array<Right>, } | { "type": "end" } | { "type": "consent", 
/**
 * The snapshot.
 */
snapshot: ConsentSnapshot, } | { "type": "cursor", 
/**
 * The shape.
 */
cursor: Cursor, } | { "type": "cursor_at", 
/**
 * Pixels from the left of the shared screen.
 */
x: number, 
/**
 * Pixels from the top of the shared screen.
 */
y: number, } | { "type": "notice", 
/**
 * What happened.
 */
notice: Notice, } | { "type": "monitors", 
/**
 * All of it.
 */
monitors: Monitors, } | { "type": "show_monitor", 
/**
 * Which.
 */
choice: Choice, } | { "type": "receipt", 
/**
 * At most [`MAX_RECEIPT_PART`] bytes.
 */
part: Uint8Array, } | { "type": "receipt_signed", 
/**
 * [`RECEIPT_SIGNED`] bytes.
 */
signed: Uint8Array, } | { "type": "together", 
/**
 * What.
 */
message: Together, } | { "type": "wish", 
/**
 * What.
 */
wish: Wish, } | { "type": "screen_lock", 
/**
 * All of it.
 */
lock: ScreenLock, } | { "type": "restart", 
/**
 * All of it.
 */
restart: Restart, } | { "type": "ping", 
/**
 * Returned unchanged.
 */
nonce: number, } | { "type": "pong", 
/**
 * The ping's.
 */
nonce: number, } | { "type": "unknown" };

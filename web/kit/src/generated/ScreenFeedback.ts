// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Messages of [`crate::envelope::Stream::Screen`], viewer → agent.
 */
export type ScreenFeedback = { "type": "drawn", 
/**
 * Number of the newest drawn frame.
 */
frame: number, 
/**
 * Time from the frame's last piece to its drawing, microseconds.
 */
draw_us: number, } | { "type": "reset" } | { "type": "codec_refused", 
/**
 * Number of the codec, see [`crate::screen`].
 */
codec: number, } | { "type": "unknown" };

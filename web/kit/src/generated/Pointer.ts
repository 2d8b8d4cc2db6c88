// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * The message of [`crate::envelope::Stream::Pointer`], console → agent: where the technician's pointer is. Only the
 * newest counts; the order is the envelope's sequence.
 */
export type Pointer = { 
/**
 * Pixels from the left of the shared screen.
 */
x: number, 
/**
 * Pixels from the top of the shared screen.
 */
y: number, };

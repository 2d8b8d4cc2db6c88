// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Something that was said.
 */
export type ChatLine = { 
/**
 * Given by the agent, from 1 on, without gaps.
 */
number: number, 
/**
 * As who said it named it.
 */
id: string, 
/**
 * The technician who said it; left out for the customer.
 */
from?: number, 
/**
 * The technician's name, as the two ends have proven it to one another; empty for the customer.
 */
name: string, 
/**
 * The text.
 */
text: string, 
/**
 * How long ago it was said, milliseconds. The two machines' clocks need not agree.
 */
age_ms: number, };

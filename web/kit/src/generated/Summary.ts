// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Disk } from "./Disk";
import type { Guard } from "./Guard";
import type { Network } from "./Network";

/**
 * What a computer is, in one page. Numbers that are not known are 0, texts are empty.
 */
export type Summary = { 
/**
 * When it was read, milliseconds since 1970 on the customer's clock.
 */
at: number, 
/**
 * The computer's name.
 */
host: string, 
/**
 * The account that the agent runs as.
 */
user: string, 
/**
 * The operating system, with its version.
 */
system: string, 
/**
 * Version of the kernel.
 */
kernel: string, 
/**
 * Such as `x86_64`.
 */
architecture: string, 
/**
 * Maker and model.
 */
model: string, 
/**
 * Desktop and display, such as `GNOME, x11`.
 */
desktop: string, 
/**
 * Seconds since it was started.
 */
uptime: number, 
/**
 * The processor.
 */
processor: string, 
/**
 * Processors that programs see.
 */
cores: number, 
/**
 * Load of the last minute, hundredths.
 */
load: number, 
/**
 * Memory, bytes.
 */
memory: number, 
/**
 * Memory in use, bytes.
 */
memory_used: number, 
/**
 * Swap, bytes.
 */
swap: number, 
/**
 * Swap in use, bytes.
 */
swap_used: number, 
/**
 * Disks.
 */
disks: Array<Disk>, 
/**
 * Network interfaces.
 */
networks: Array<Network>, 
/**
 * What guards the computer, as far as it can be seen.
 */
security: Array<Guard>, };

// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A network interface.
 */
export type Network = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its hardware's address.
 */
mac: string, 
/**
 * Its addresses, with the length of their networks.
 */
addresses: Array<string>, 
/**
 * Bytes received.
 */
received: number, 
/**
 * Bytes sent.
 */
sent: number, };

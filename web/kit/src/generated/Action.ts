// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What can be done. [`Action::words`] is what the receipt says of it.
 */
export type Action = { "action": "end_process", 
/**
 * Its number.
 */
pid: number, 
/**
 * Its [`Process::started`]: numbers are used again.
 */
started: number, 
/**
 * Its [`Process::name`].
 */
name: string, 
/**
 * At once, without letting it tidy up.
 */
force: boolean, } | { "action": "start_service", 
/**
 * Its [`Service::name`].
 */
name: string, } | { "action": "stop_service", 
/**
 * Its [`Service::name`].
 */
name: string, } | { "action": "restart_service", 
/**
 * Its [`Service::name`].
 */
name: string, } | { "action": "unknown" };

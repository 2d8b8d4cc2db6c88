// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ServiceState } from "./ServiceState";

/**
 * A service.
 */
export type Service = { 
/**
 * Its name, such as `cups.service`.
 */
name: string, 
/**
 * What it is for.
 */
description: string, 
/**
 * Where it stands.
 */
state: ServiceState, 
/**
 * The system's own word for that.
 */
detail: string, };

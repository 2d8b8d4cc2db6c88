// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Colleague } from "./Colleague";

/**
 * `GET /sessions/{id}/colleagues`: whom the session's technician may invite, by name.
 */
export type Colleagues = { 
/**
 * The colleagues.
 */
colleagues: Array<Colleague>, };

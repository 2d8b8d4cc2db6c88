// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { PasswordRule } from "./PasswordRule";

/**
 * `PATCH /organisation`; what is left out stays.
 */
export type ChangeOrganisation = { 
/**
 * Name.
 */
name?: string, 
/**
 * The rule for new passwords.
 */
password_rule?: PasswordRule, 
/**
 * Whether every user must have two methods. The one who switches it on must have two.
 */
second_method_demanded?: boolean, };

// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Domain } from "./Domain";
import type { PasswordRule } from "./PasswordRule";

/**
 * `GET /organisation`.
 */
export type Organisation = { 
/**
 * Identifier.
 */
id: string, 
/**
 * Name as customers see it.
 */
name: string, 
/**
 * Whether there is a logo, at `GET /organisation/logo`.
 */
logo: boolean, 
/**
 * The rule for new passwords.
 */
password_rule: PasswordRule, 
/**
 * Whether every user must have two methods (I3).
 */
second_method_demanded: boolean, 
/**
 * Users with one method only, who are kept out until they add another once that is demanded.
 */
people_with_one_method: number, 
/**
 * The domain, once named.
 */
domain?: Domain, 
/**
 * When the organisation was made.
 */
created_at: number, 
/**
 * When the subscription ends; content is deleted 90 days later (O5).
 */
subscription_ends_at?: number, };

// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A domain and how to prove it: by either way. `POST /organisation/domain/check` looks, and answers this too.
 */
export type Domain = { 
/**
 * Such as `example.org`.
 */
name: string, 
/**
 * When it was proven.
 */
verified_at?: number, 
/**
 * Until when it is still shown as proven, where the proof is missing by now.
 */
shown_until?: number, 
/**
 * The name of the TXT record.
 */
txt_name: string, 
/**
 * What the TXT record holds, or the file.
 */
value: string, 
/**
 * The address of the file.
 */
file_url: string, 
/**
 * What the last look found, when it did not find the proof: `nothing`, `no_record`, `other_record`, `no_file`,
 * `other_file`, `unreachable`.
 */
problem?: string, };

// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A signed release of the agent.
 */
export type OfferedDownload = { 
/**
 * System, processor and kind, such as `windows-x86_64-exe`, `macos-aarch64-pkg` or `linux-x86_64-deb`.
 */
target: string, 
/**
 * Its version.
 */
version: string, 
/**
 * The file's name: `/download/farhand-agent/FILE`, with its signature at `/download/farhand-agent/TARGET.minisig`.
 */
file: string, 
/**
 * Its size in bytes.
 */
size: number, 
/**
 * Its SHA-256, lower-case hex.
 */
sha256: string, };

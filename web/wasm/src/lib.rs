//! The browser's share of the Rust code, for the renderer's worker: reading screen frames into a framebuffer, the
//! framing of carriers, and composing and reading session messages. Nothing of it is written a second time in
//! TypeScript.

mod agent_end;
mod carrier;
mod composer;
mod control;
mod receipt;
mod screen;
mod seal;
mod tools;
mod transfer;

pub use agent_end::AgentEnd;
pub use carrier::{Doubler, FrameReader, Reorder};
pub use composer::Composer;
pub use control::read_control;
pub use receipt::{letter_open, letter_public, letter_seal, read_receipt};
pub use screen::ScreenDecoder;
pub use seal::{ConsoleEnd, Piece, measure_seal};
pub use tools::read_tool;
pub use transfer::{Hasher, Transfers, confined_name};

//! What a technician has besides seeing and clicking, one machine a stream. Each is handed what comes on its stream, and
//! says what to send and what the shell carries out.

pub mod chat;
pub mod clipboard;
pub mod diagnostics;
pub mod files;
mod lines;
pub mod pointing;
pub mod shell;

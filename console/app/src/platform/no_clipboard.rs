//! The clipboard of systems whose own is not built: the page says so.

use farhand_console_core::shell::{Clip, ClipRead, ClipWritten};
use farhand_console_core::types::ClipFormat;

/// Nothing is read.
pub fn read_clipboard(then: ClipRead) {
    then(Err(Clip::Unsupported));
}

/// Nothing is put there.
pub fn write_clipboard(_parts: Vec<(ClipFormat, Vec<u8>)>, then: ClipWritten) {
    then(Err(Clip::Unsupported));
}

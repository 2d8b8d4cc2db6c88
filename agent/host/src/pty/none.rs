//! Where there is no command line yet.

use std::sync::Arc;

use super::{PtyError, Terminal};

pub fn open(_cols: u16, _rows: u16) -> Result<Arc<dyn Terminal>, PtyError> {
    Err(PtyError::NotHere)
}

pub fn end_marked(_mark: &str) {}

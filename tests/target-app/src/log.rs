//! The events as lines of JSON.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::window::Window;

/// Where events go.
pub struct Log {
    out: Box<dyn Write>,
    to_file: bool,
}

impl Log {
    /// A file, emptied first, or standard output.
    pub fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        Ok(match path {
            Some(path) => {
                Self { out: Box::new(File::create(path).context("the log cannot be made")?), to_file: true }
            }
            None => Self { out: Box::new(io::stdout()), to_file: false },
        })
    }

    /// One event; `at_us` is added, microseconds of the system's clock.
    pub fn write(&mut self, mut event: Value) -> anyhow::Result<()> {
        event["at_us"] = micros().into();
        // One write a line, so that a reader sees whole lines.
        self.out.write_all(format!("{event}\n").as_bytes()).context("the log cannot be written")?;
        self.out.flush().context("the log cannot be written")
    }

    /// The window is painted: on standard output, and in the log.
    pub fn ready(&mut self, window: &Window) -> anyhow::Result<()> {
        let (width, height) = window.size();
        let event = json!({ "event": "ready", "width": width, "height": height, "block": window.block() });
        if self.to_file {
            let mut out = io::stdout();
            writeln!(out, "{event}").context("standard output cannot be written")?;
            out.flush().context("standard output cannot be written")?;
        }
        self.write(event)
    }
}

fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

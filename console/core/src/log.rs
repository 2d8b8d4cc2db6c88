//! The program's log: to standard error, and the newest lines in memory for the log page.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Lines that are kept.
const LINES: usize = 1_000;
/// Bytes of a line that are kept.
const LINE: usize = 1_000;

/// The newest lines.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl Log {
    /// Takes what the whole program logs from now on. `RUST_LOG` chooses what is written to standard error.
    #[must_use]
    pub fn start() -> Self {
        let log = Self::default();
        let chosen =
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,farhand=info"));
        let kept = EnvFilter::new("warn,farhand=info");
        let keep = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_target(false)
            .with_writer(log.clone())
            .with_filter(kept);
        let show = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_filter(chosen);
        // In tests another one may have been started before.
        let _ = tracing_subscriber::registry().with(keep).with(show).try_init();
        log
    }

    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("nobody panics while it is held").iter().cloned().collect()
    }

    fn push(&self, text: &str) {
        let mut lines = self.lines.lock().expect("nobody panics while it is held");
        for line in text.lines() {
            // What came over the network may stand in a line: nothing in it moves a terminal's cursor.
            let line = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LINE).collect();
            if lines.len() == LINES {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_newest_lines_are_kept_and_none_is_endless() {
        let mut log = Log::default();
        // As the layer does it: a line at a time.
        let mut write = |line: String| log.write_all(line.as_bytes()).unwrap();
        for number in 0..LINES + 5 {
            write(format!("line {number}\n"));
        }
        write(format!("{}\u{1b}[2J\n", "x".repeat(5_000)));
        write("\u{1b}[2Jred\n".to_owned());
        let lines = log.lines();
        assert_eq!((lines.len(), lines[0].as_str()), (LINES, "line 7"));
        assert_eq!(lines[LINES - 2].len(), LINE);
        assert_eq!(lines[LINES - 1], " [2Jred");
    }
}

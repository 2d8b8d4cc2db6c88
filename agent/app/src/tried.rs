//! Codes that were tried on this computer and did not fit. A code that failed is not tried again: whoever stands between
//! the two ends gets one guess at what was typed for each try, and people type again what they were told is wrong.

use std::io::Write as _;
use std::path::PathBuf;

use farhand_protocol::session::code::Number;

use crate::api::Server;

/// How long a number is remembered, in seconds. The service gives none out anew within this time.
const REMEMBERED: u64 = 24 * 60 * 60;
/// Numbers that are remembered, at most.
const MAX_TRIED: usize = 100;
/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// The codes that failed, by their first six digits. The secret digits are not in it.
#[derive(Clone, Debug)]
pub struct Tried {
    file: Option<PathBuf>,
}

struct Line {
    at: u64,
    number: String,
    server: String,
}

impl Tried {
    /// Those of the person who runs this program. Where there is no place to keep them, nothing is remembered.
    #[must_use]
    pub fn of_this_person() -> Self {
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let state = folder("XDG_STATE_HOME")
            .or_else(|| folder("LOCALAPPDATA"))
            .or_else(|| folder("HOME").map(|home| home.join(".local/state")));
        Self::in_folder(state)
    }

    fn in_folder(state: Option<PathBuf>) -> Self {
        Self { file: state.map(|state| state.join("farhand").join("tried")) }
    }

    /// Whether this code failed here within the last day. `now` is seconds since 1970.
    #[must_use]
    pub fn contains(&self, server: &Server, number: Number, now: u64) -> bool {
        let server = server.authority();
        self.read(now).iter().any(|line| line.server == server && line.number == number.digits())
    }

    /// This code failed. `now` is seconds since 1970.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn note(&self, server: &Server, number: Number, now: u64) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut lines = self.read(now);
        lines.push(Line { at: now, number: number.digits().to_owned(), server: server.authority() });
        let first = lines.len().saturating_sub(MAX_TRIED);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut out = std::fs::File::create(file)?;
        for Line { at, number, server } in &lines[first..] {
            writeln!(out, "{at} {number} {server}")?;
        }
        out.sync_all()
    }

    fn read(&self, now: u64) -> Vec<Line> {
        let Some(file) = &self.file else { return Vec::new() };
        if std::fs::metadata(file).is_ok_and(|kept| kept.len() > MAX_FILE) {
            return Vec::new();
        }
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines = text.lines().filter_map(|line| {
            let mut words = line.split(' ');
            let (at, number, server) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
            Some(Line { at, number: number.to_owned(), server: server.to_owned() })
        });
        // A clock that was set back remembers too long rather than too short.
        lines.filter(|line| now.saturating_sub(line.at) < REMEMBERED).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn a_code_that_failed_is_remembered_for_a_day_and_for_its_service() {
        let folder = std::env::temp_dir().join(format!("farhand-tried-{}", std::process::id()));
        let tried = Tried::in_folder(Some(folder.clone()));
        let server = |port| Server { host: "help.example.org".into(), port };
        assert!(!tried.contains(&server(443), number("482193"), 1_000));
        tried.note(&server(443), number("482193"), 1_000).unwrap();
        assert!(tried.contains(&server(443), number("482193"), 1_001));
        assert!(!tried.contains(&server(444), number("482193"), 1_001));
        assert!(!tried.contains(&server(443), number("482194"), 1_001));
        assert!(tried.contains(&server(443), number("482193"), 900), "a clock that was set back");
        assert!(!tried.contains(&server(443), number("482193"), 1_000 + REMEMBERED));
        for at in 0..200 {
            tried.note(&server(443), Number::from_value(at).unwrap(), 2_000).unwrap();
        }
        assert_eq!(tried.read(2_000).len(), MAX_TRIED);
        std::fs::write(folder.join("farhand/tried"), "no\nsense here 1 2 3\n\u{0}").unwrap();
        assert_eq!(tried.read(2_000).len(), 0);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn without_a_place_nothing_is_remembered_and_nothing_fails() {
        let tried = Tried::in_folder(None);
        let server = Server { host: "help.example.org".into(), port: 443 };
        tried.note(&server, number("482193"), 5).unwrap();
        assert!(!tried.contains(&server, number("482193"), 5));
    }
}

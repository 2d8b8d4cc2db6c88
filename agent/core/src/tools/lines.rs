//! Which lines were entered at a terminal, for the receipt: as they were typed, and only as far as the terminal shows
//! what is typed. Passwords are not written down, whoever asks for them.
//!
//! A terminal that takes line by line says by itself whether it shows them. One that hands on key by key does not: then a
//! line counts as shown when the row in which it was typed holds its letters in their order, or a later row, for what was
//! typed ahead, holds it as it stands.

use std::collections::VecDeque;

use farhand_protocol::channel::diagnostics::{MAX_TYPED, Typed, TypedLine};

use super::shell::Typing;

/// In the place of what was typed and not shown.
pub const HIDDEN: &str = "•••";
/// In front of what the terminal showed of a line with keys in it.
const SHOWN: &str = "→ ";
/// In front of a line that was not entered when its terminal ended.
const BROKEN_OFF: &str = "… ";
/// The most that is remembered of a row, in letters.
const MAX_ROW: usize = 2048;
/// So many rows later, what was typed ahead will not be shown any more.
const MAX_ROWS: u8 = 50;
/// The most lines that wait for being shown.
const MAX_WAITING: usize = 16;

/// What the receipt is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noted {
    /// A line that the technician entered.
    Entered(String),
    /// What the agent saw.
    Seen(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    /// Nothing is typed yet.
    #[default]
    Empty,
    Shown,
    Raw,
    /// It has had a part that was not shown.
    Secret,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Begun,
    Control,
    Text,
    TextEnds,
}

#[derive(Debug)]
struct Waiting {
    line: TypedLine,
    /// Where in the row it began.
    from: usize,
    /// Rows that ended since it was entered.
    rows: u8,
}

impl Waiting {
    fn shown_in(&self, row: &[char]) -> bool {
        let letters = self.line.letters.trim();
        match self.rows {
            0 => holds(row.get(self.from..).unwrap_or_default(), letters),
            _ => row.iter().collect::<String>().contains(letters),
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Lines {
    typed: Typed,
    way: Way,
    /// The row that the terminal writes.
    row: Vec<char>,
    /// Where in it the line that is being typed begins.
    from: usize,
    /// Entered, and not decided.
    waiting: VecDeque<Waiting>,
    /// The last that was noted was not shown: one mark stands for all that follow one another.
    hidden: bool,
    escape: Escape,
    /// The beginning of a letter of several bytes.
    letter: Vec<u8>,
}

impl Lines {
    /// The terminal is about to get these bytes.
    pub fn typing(&mut self, data: &[u8], typing: Typing) -> Vec<Noted> {
        let mut noted = Vec::new();
        for &byte in data {
            if self.way == Way::Empty {
                self.from = self.row.len();
            }
            self.way = match (self.way, typing) {
                (Way::Secret, _) | (_, Typing::Secret) => Way::Secret,
                (Way::Raw, _) | (_, Typing::Raw) => Way::Raw,
                (Way::Empty | Way::Shown, Typing::Shown) => Way::Shown,
            };
            let line = self.typed.byte(byte);
            if !matches!(byte, b'\r' | b'\n') && line.is_none() {
                continue;
            }
            let way = std::mem::take(&mut self.way);
            let Some(line) = line else { continue };
            match way {
                Way::Secret => self.hide(&mut noted),
                Way::Shown | Way::Empty => self.enter(line.text, &mut noted),
                Way::Raw => {
                    if self.waiting.len() >= MAX_WAITING {
                        self.waiting.pop_front();
                        self.hide(&mut noted);
                    }
                    self.waiting.push_back(Waiting { line, from: self.from, rows: 0 });
                }
            }
        }
        noted
    }

    /// The terminal wrote this.
    pub fn wrote(&mut self, data: &[u8]) -> Vec<Noted> {
        let mut noted = Vec::new();
        for &byte in data {
            match self.escape {
                Escape::None => self.visible(byte, &mut noted),
                Escape::Begun => {
                    self.escape = match byte {
                        b'[' => Escape::Control,
                        b']' | b'P' | b'_' | b'^' | b'X' => Escape::Text,
                        _ => Escape::None,
                    }
                }
                Escape::Control if matches!(byte, 0x40..=0x7e) => self.escape = Escape::None,
                Escape::Control => {}
                Escape::Text if byte == 0x07 => self.escape = Escape::None,
                Escape::Text if byte == 0x1b => self.escape = Escape::TextEnds,
                Escape::Text => {}
                Escape::TextEnds => self.escape = Escape::None,
            }
        }
        noted
    }

    /// It is over.
    pub fn ended(&mut self) -> Vec<Noted> {
        let mut noted = Vec::new();
        self.row_ends(&mut noted);
        for _ in std::mem::take(&mut self.waiting) {
            self.hide(&mut noted);
        }
        noted.extend(self.broken_off());
        noted
    }

    /// The line that is being typed will not be gone on with by the same hands.
    pub fn broken_off(&mut self) -> Vec<Noted> {
        let way = std::mem::take(&mut self.way);
        let Some(line) = self.typed.rest() else { return Vec::new() };
        let seen = match way {
            Way::Empty | Way::Shown => true,
            Way::Raw => holds(self.row.get(self.from..).unwrap_or_default(), &line.letters),
            Way::Secret => false,
        };
        let mut noted = Vec::new();
        if seen {
            self.hidden = false;
            noted.push(Noted::Seen(format!("{BROKEN_OFF}{}", line.text)));
        } else {
            self.hide(&mut noted);
        }
        noted
    }

    fn visible(&mut self, byte: u8, noted: &mut Vec<Noted>) {
        match byte {
            0x1b => self.escape = Escape::Begun,
            b'\n' => self.row_ends(noted),
            0x08 => {
                self.row.pop();
            }
            0x20..=0x7e => {
                self.letter.clear();
                self.show(char::from(byte));
            }
            0x80..=0xff => {
                if byte >= 0xc0 {
                    self.letter.clear();
                }
                self.letter.push(byte);
                match std::str::from_utf8(&self.letter).map(|text| text.chars().next()) {
                    Ok(Some(letter)) => {
                        self.letter.clear();
                        self.show(letter);
                    }
                    Ok(None) | Err(_) if self.letter.len() > 3 => self.letter.clear(),
                    Ok(None) | Err(_) => {}
                }
            }
            _ => {}
        }
    }

    fn show(&mut self, letter: char) {
        if self.row.len() < MAX_ROW {
            self.row.push(letter);
        }
    }

    fn row_ends(&mut self, noted: &mut Vec<Noted>) {
        let row = std::mem::take(&mut self.row);
        self.from = 0;
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.shown_in(&row)) {
            // What was entered before it was not shown, and will not be.
            for _ in self.waiting.drain(..at).collect::<Vec<_>>() {
                self.hide(noted);
            }
            if let Some(Waiting { line, from, rows }) = self.waiting.pop_front() {
                self.enter(line.text, noted);
                if line.keys && rows == 0 {
                    self.tell(row.get(from..).unwrap_or_default(), noted);
                }
            }
        }
        for waiting in &mut self.waiting {
            (waiting.rows, waiting.from) = (waiting.rows.saturating_add(1), 0);
        }
        while self.waiting.front().is_some_and(|waiting| waiting.rows > MAX_ROWS) {
            self.waiting.pop_front();
            self.hide(noted);
        }
    }

    /// What a shell made of a line with keys.
    fn tell(&mut self, shown: &[char], noted: &mut Vec<Noted>) {
        let text: String = shown.iter().collect();
        let text = text.trim();
        if !text.is_empty() {
            let mut seen = format!("{SHOWN}{text}");
            seen.truncate(seen.floor_char_boundary(MAX_TYPED));
            noted.push(Noted::Seen(seen));
        }
    }

    fn enter(&mut self, text: String, noted: &mut Vec<Noted>) {
        self.hidden = false;
        noted.push(Noted::Entered(text));
    }

    fn hide(&mut self, noted: &mut Vec<Noted>) {
        if !std::mem::replace(&mut self.hidden, true) {
            noted.push(Noted::Seen(HIDDEN.into()));
        }
    }
}

/// Whether the letters are there, in their order.
fn holds(shown: &[char], letters: &str) -> bool {
    let mut shown = shown.iter();
    letters.chars().filter(|letter| *letter != '…').all(|letter| shown.any(|other| *other == letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(text: &str) -> Noted {
        Noted::Entered(text.into())
    }

    fn seen(text: &str) -> Noted {
        Noted::Seen(text.into())
    }

    #[test]
    fn a_line_that_the_terminal_shows_is_noted_at_once_and_a_password_is_not() {
        let mut lines = Lines::default();
        assert_eq!(lines.typing(b"su\r", Typing::Shown), [entered("su")]);
        assert_eq!(lines.typing(b"open ", Typing::Secret), []);
        // Whatever the terminal says by the end of it.
        assert_eq!(lines.typing(b"sesame\r", Typing::Shown), [seen(HIDDEN)]);
        assert_eq!(lines.typing(b"again\r", Typing::Secret), [], "one mark for all that follow one another");
        assert_eq!(lines.typing(b"id\r", Typing::Shown), [entered("id")]);
        assert_eq!(lines.typing(b"\r\r", Typing::Secret), []);
    }

    #[test]
    fn a_line_that_a_shell_shows_is_noted_when_it_has_shown_it() {
        let mut lines = Lines::default();
        assert_eq!(lines.wrote(b"\x1b]0;title\x07$ "), []);
        assert_eq!(lines.typing(b"ls", Typing::Raw), []);
        assert_eq!(lines.wrote(b"l\x1b[1ms"), []);
        assert_eq!(lines.typing(b" -l\r", Typing::Raw), []);
        assert_eq!(lines.wrote(b" -l\r\n"), [entered("ls -l")]);
        // Pasted: nothing was shown yet when it was entered.
        assert_eq!(lines.typing(b"echo a\recho \xc3\xb6\r", Typing::Raw), []);
        assert_eq!(
            lines.wrote(b"echo a\r\na\r\n$ echo \xc3\xb6\r\n"),
            [entered("echo a"), entered("echo ö")]
        );
    }

    #[test]
    fn a_password_that_shows_as_stars_or_not_at_all_is_not_noted() {
        for shown in [&b"******\r\n"[..], b"\r\nSorry, open sea same.\r\n", b"s*****\n"] {
            let mut lines = Lines::default();
            assert_eq!(lines.typing(b"sesame\r", Typing::Raw), []);
            let mut noted = lines.wrote(shown);
            noted.extend(lines.ended());
            assert_eq!(noted, [seen(HIDDEN)], "{shown:?}");
        }
    }

    #[test]
    fn a_password_that_was_not_shown_holds_up_nothing_behind_it() {
        let mut lines = Lines::default();
        lines.typing(b"sesame\r", Typing::Raw);
        assert_eq!(lines.wrote(b"\r\nWelcome.\r\n$ "), []);
        lines.typing(b"id", Typing::Raw);
        lines.wrote(b"id");
        lines.typing(b"\r", Typing::Raw);
        assert_eq!(lines.wrote(b"\r\n"), [seen(HIDDEN), entered("id")]);
    }

    #[test]
    fn what_a_shell_made_of_keys_is_told_as_it_was_shown() {
        let mut lines = Lines::default();
        assert_eq!(lines.typing(b"\x1b[A", Typing::Raw), []);
        assert_eq!(lines.wrote(b"rm -r old"), []);
        assert_eq!(lines.typing(b"\r", Typing::Raw), []);
        assert_eq!(lines.wrote(b"\r\n"), [entered("<Up>"), seen("→ rm -r old")]);
        assert_eq!(lines.typing(b"cd Do\t\r", Typing::Raw), []);
        assert_eq!(lines.wrote(b"cd Documents/\r\n"), [entered("cd Do<Tab>"), seen("→ cd Documents/")]);
    }

    #[test]
    fn what_was_typed_and_not_entered_is_noted_at_the_end() {
        let mut lines = Lines::default();
        lines.typing(b"rm x", Typing::Shown);
        assert_eq!(lines.ended(), [seen("… rm x")]);
        lines.typing(b"sesame", Typing::Secret);
        assert_eq!(lines.broken_off(), [seen(HIDDEN)]);
        assert_eq!(lines.ended(), []);
    }

    #[test]
    fn nothing_grows_beyond_its_limit() {
        let mut lines = Lines::default();
        let mut noted = 0;
        for _ in 0..1000 {
            noted += lines.typing(b"x\r", Typing::Raw).len();
            noted += lines.wrote(&[b'y'; 5000]).len();
        }
        assert!(lines.waiting.len() <= MAX_WAITING && noted <= 2, "{noted}");
        assert!(lines.row.len() <= MAX_ROW);
    }
}

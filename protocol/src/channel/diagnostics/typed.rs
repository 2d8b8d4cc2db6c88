//! What somebody typed into a terminal, as lines for the receipt: the same at both ends, since it is made of the typed
//! bytes alone. What a shell makes of keys such as Tab or the arrows is not known from them, so they are written down as
//! keys.

/// The longest line, in bytes; what goes beyond is left out, and an ellipsis says so.
pub const MAX_TYPED: usize = 256;
const MORE: &str = "…";
/// The longest beginning of a control sequence; real keys have shorter ones.
const MAX_SEQUENCE: usize = 16;

/// A line that was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedLine {
    /// What was typed, with keys as `<Tab>`. Never empty.
    pub text: String,
    /// The same without the keys: what a terminal that shows what is typed has shown.
    pub letters: String,
    /// There are keys in it: what the shell made of it is not known from here.
    pub keys: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// Behind ESC.
    Begun,
    /// Behind ESC O.
    Single,
    /// Behind ESC \[; what came since is in `sequence`.
    Control,
}

/// Puts typed bytes together into lines.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    text: String,
    letters: String,
    keys: bool,
    cut: bool,
    /// The beginning of a letter of several bytes.
    letter: Vec<u8>,
    escape: Escape,
    /// Of a control sequence, up to here.
    sequence: String,
}

impl Typed {
    /// Takes what was typed and not entered yet.
    pub fn rest(&mut self) -> Option<TypedLine> {
        self.finish()
    }

    /// One more byte; a line, when it ends one that is not empty.
    pub fn byte(&mut self, byte: u8) -> Option<TypedLine> {
        if matches!(byte, b'\r' | b'\n') {
            // Whatever a sequence is taken for, this is the end of the line.
            self.break_off();
            return self.finish();
        }
        match self.escape {
            Escape::None => return self.plain(byte),
            Escape::Begun => self.behind_escape(byte),
            Escape::Single => {
                self.escape = Escape::None;
                self.named(byte, 0);
            }
            Escape::Control => self.control(byte),
        }
        None
    }

    fn plain(&mut self, byte: u8) -> Option<TypedLine> {
        match byte {
            0x1b => self.escape = Escape::Begun,
            // Behind another key, nobody knows what is taken away.
            0x08 | 0x7f if !self.keys && !self.cut => {
                self.letter.clear();
                self.text.pop();
                self.letters.pop();
            }
            0x08 | 0x7f => self.key("BS"),
            b'\t' => self.key("Tab"),
            0x03 => {
                // Given up: nothing of it is carried out. It is written down all the same.
                if !self.text.is_empty() {
                    self.key("C-c");
                    return self.finish();
                }
            }
            // On an empty line it ends the shell.
            0x04 if self.text.is_empty() => {}
            0x00 => self.key("C-@"),
            0x01..=0x0c | 0x0e..=0x1a => self.key(&format!("C-{}", char::from(byte | 0x60))),
            b'\r' => {}
            0x1c..=0x1f => self.key(&format!("C-{}", char::from(byte | 0x40))),
            0x20..=0x7e => self.push_letter(byte),
            0x80..=0xff => self.push_part(byte),
        }
        None
    }

    fn push_letter(&mut self, byte: u8) {
        self.letter.clear();
        self.push(char::from(byte).encode_utf8(&mut [0; 4]), true);
    }

    /// A byte of a letter that has several. Bytes that are no letter are written as one that stands for none.
    fn push_part(&mut self, byte: u8) {
        if byte >= 0xc0 {
            self.letter.clear();
        }
        self.letter.push(byte);
        match std::str::from_utf8(&self.letter) {
            Ok(letter) => {
                let letter = letter.to_owned();
                self.letter.clear();
                self.push(&letter, true);
            }
            Err(error) if error.error_len().is_some() || self.letter.len() > 3 => {
                self.letter.clear();
                self.push("\u{fffd}", false);
            }
            Err(_) => {}
        }
    }

    fn behind_escape(&mut self, byte: u8) {
        self.escape = Escape::None;
        match byte {
            b'[' => self.escape = Escape::Control,
            b'O' => self.escape = Escape::Single,
            0x1b => {
                self.key("Esc");
                self.escape = Escape::Begun;
            }
            0x20..=0x7e => self.key(&format!("A-{}", char::from(byte))),
            _ => self.key("Esc"),
        }
    }

    fn control(&mut self, byte: u8) {
        match byte {
            0x20..=0x3f if self.sequence.len() < MAX_SEQUENCE => self.sequence.push(char::from(byte)),
            0x40..=0x7e => {
                self.escape = Escape::None;
                let first = self.sequence.split(';').next().and_then(|first| first.parse().ok());
                self.named(byte, first.unwrap_or(0));
                self.sequence.clear();
            }
            // No sequence that is known: what it hides must not be hidden here.
            _ => {
                self.break_off();
                let _ = self.plain(byte);
            }
        }
    }

    /// A sequence that does not end as one: a shell may take its parts for letters.
    fn break_off(&mut self) {
        if std::mem::take(&mut self.escape) == Escape::Control {
            let sequence = std::mem::take(&mut self.sequence);
            self.key(&format!("Esc[{sequence}"));
        }
    }

    /// A key with a name. What terminals answer by themselves is none.
    fn named(&mut self, last: u8, first: u16) {
        let name = match (last, first) {
            (b'A', _) => "Up",
            (b'B', _) => "Down",
            (b'C', _) => "Right",
            (b'D', _) => "Left",
            (b'H', _) | (b'~', 1 | 7) => "Home",
            (b'F', _) | (b'~', 4 | 8) => "End",
            (b'Z', _) => "S-Tab",
            (b'~', 2) => "Ins",
            (b'~', 3) => "Del",
            (b'~', 5) => "PgUp",
            (b'~', 6) => "PgDn",
            (b'~', 11..=34) | (b'P' | b'Q' | b'S', _) => "F",
            // The marks around what was pasted, and the focus.
            (b'~', 200 | 201) => return,
            (b'I' | b'O', 0) if self.sequence.is_empty() => return,
            // Answers to questions: what the terminal is, where the cursor is, whether all is well.
            (b'c' | b'R' | b'n', _) if self.sequence.bytes().all(|byte| !byte.is_ascii_alphabetic()) => {
                return;
            }
            _ => {
                let sequence = format!("Esc[{}{}", self.sequence, char::from(last));
                return self.key(&sequence);
            }
        };
        self.key(name);
    }

    fn key(&mut self, name: &str) {
        self.keys = true;
        self.letter.clear();
        self.push(&format!("<{name}>"), false);
    }

    fn push(&mut self, text: &str, letter: bool) {
        if self.cut {
            return;
        }
        if self.text.len() + text.len() > MAX_TYPED - MORE.len() {
            self.cut = true;
            self.text.push_str(MORE);
            return;
        }
        self.text.push_str(text);
        if letter {
            self.letters.push_str(text);
        }
    }

    fn finish(&mut self) -> Option<TypedLine> {
        let Self { text, letters, keys, .. } = std::mem::take(self);
        (!text.trim().is_empty()).then_some(TypedLine { text, letters, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut typed = Typed::default();
        let mut lines: Vec<String> =
            bytes.iter().filter_map(|byte| typed.byte(*byte)).map(|line| line.text).collect();
        lines.extend(typed.rest().map(|line| format!("{} (not entered)", line.text)));
        lines
    }

    #[test]
    fn lines_are_as_they_were_typed() {
        assert_eq!(lines(b"ls -la\recho hi\n\r\r"), ["ls -la", "echo hi"]);
        assert_eq!(lines("größe 東\r".as_bytes()), ["größe 東"]);
        assert_eq!(lines(b"lz\x7fs\r"), ["ls"]);
        assert_eq!(lines("ä\u{7f}a\r".as_bytes()), ["a"]);
        assert_eq!(lines(b"  \r"), [""; 0]);
        assert_eq!(lines(b"sleep 9"), ["sleep 9 (not entered)"]);
    }

    #[test]
    fn keys_are_written_down_as_keys_and_nothing_is_taken_away_behind_them() {
        assert_eq!(lines(b"\x1b[A\r"), ["<Up>"]);
        assert_eq!(lines(b"\x1bOA\x1b[1;5D\r"), ["<Up><Left>"]);
        assert_eq!(lines(b"cd Do\t\r"), ["cd Do<Tab>"]);
        assert_eq!(lines(b"rm x\x15ls\x19\x7f\r"), ["rm x<C-u>ls<C-y><BS>"]);
        assert_eq!(lines(b"rm x\x03ls\r"), ["rm x<C-c>", "ls"]);
        assert_eq!(lines(b"a\x1bb\x1b[3~\r"), ["a<A-b><Del>"]);
    }

    #[test]
    fn answers_of_the_terminal_are_no_typing() {
        assert_eq!(lines(b"\x1b[?1;2cls\x1b[24;80R\r"), ["ls"]);
        assert_eq!(lines(b"\x1b[200~ls\x1b[201~\r\x1b[I\x1b[O"), ["ls"]);
    }

    #[test]
    fn nothing_hides_behind_a_sequence_that_is_none() {
        assert_eq!(lines(b"\x1b]rm x\r"), ["<A-]>rm x"]);
        assert_eq!(lines(b"\x1bPrm x\r"), ["<A-P>rm x"]);
        assert_eq!(lines(b"\x1b[12\r"), ["<Esc[12>"]);
        assert_eq!(lines(b"\x1b[<0;3;4Mls\r"), ["<Esc[<0;3;4M>ls"]);
        assert_eq!(lines(b"\x1b[11111111111111111111111111111\r"), ["<Esc[1111111111111111>1111111111111"]);
        for broken in ["ls\x1b[1;\r", "ls\x1b\r", "ls\x1bO\r", "ls\x1b[\x07\r"] {
            let found = lines(broken.as_bytes());
            assert!(found.len() == 1 && found[0].starts_with("ls"), "{broken:?}: {found:?}");
            assert!(!found[0].contains("not entered"), "{broken:?}: {found:?}");
        }
    }

    #[test]
    fn long_lines_and_bytes_that_are_no_text_stay_small_text() {
        let found = lines(&[vec![b'x'; 100_000], b"\r".to_vec()].concat());
        assert!(found[0].len() <= MAX_TYPED && found[0].ends_with('…'), "{found:?}");
        for byte in 0..=u8::MAX {
            let bytes = [&[byte; 5][..], b"a\xe2\x82\r"].concat();
            assert!(lines(&bytes).iter().all(|line| line.len() <= MAX_TYPED + 20), "{byte}");
        }
    }
}

//! Messages of [`crate::envelope::Stream::Chat`]: what people say to one another, and what the technician points at.
//!
//! The agent keeps what was said and is the one who numbers it. A console says something under an identifier that it
//! draws itself, and says it again after a lost link until the agent's line with that identifier has come; the agent
//! takes each identifier of a sender once. A console that comes late or anew is sent everything that is kept.

use serde::{Deserialize, Serialize};

use super::ChannelError;
use super::pointing::Pointing;
use crate::ParticipantId;

/// The longest text of one message, in bytes.
pub const MAX_CHAT_TEXT: usize = 4096;
/// The longest identifier of a message, in bytes.
pub const MAX_CHAT_ID: usize = 32;
/// The longest name of somebody who speaks, in bytes.
pub const MAX_CHAT_NAME: usize = 256;
/// The most lines in one [`Chat::History`].
pub const MAX_CHAT_LINES: usize = 64;
/// The most bytes of texts, names and identifiers in one [`Chat::History`]; what stands around them fits beside.
pub const MAX_CHAT_PART: usize = 10 * 1024;

/// A message, either way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Chat {
    /// Console → agent: the technician says something.
    Say {
        /// Drawn by the console: letters, digits, `-` and `_`, at most [`MAX_CHAT_ID`].
        id: String,
        /// At most [`MAX_CHAT_TEXT`] bytes.
        text: String,
    },
    /// Console → agent: every line up to this number has come.
    Got {
        /// The line's number.
        number: u32,
    },
    /// Console → agent: asks for everything that is kept.
    Recall,
    /// Either way: the one who sends this is typing.
    Typing,
    /// Agent → consoles: somebody said something.
    Said {
        /// What.
        line: ChatLine,
    },
    /// Agent → consoles: everything that is kept, in several messages.
    History {
        /// In the order of their numbers.
        lines: Vec<ChatLine>,
        /// No more follows.
        last: bool,
    },
    /// Either way: what the technician points at on the customer's screen.
    Pointing {
        /// What is said about it.
        pointing: Pointing,
    },
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChatLine {
    /// Given by the agent, from 1 on, without gaps.
    pub number: u32,
    /// As who said it named it.
    pub id: String,
    /// The technician who said it; left out for the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from: Option<ParticipantId>,
    /// The technician's name, as the two ends have proven it to one another; empty for the customer.
    pub name: String,
    /// The text.
    pub text: String,
    /// How long ago it was said, milliseconds. The two machines' clocks need not agree.
    pub age_ms: u32,
}

impl Chat {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ChannelError`] for anything but one whole message within its limits.
    pub fn decode(body: &[u8]) -> Result<Self, ChannelError> {
        let message: Self = super::decode(body)?;
        message.check()?;
        Ok(message)
    }

    fn check(&self) -> Result<(), ChannelError> {
        match self {
            Self::Say { id, text } => words(id, text),
            Self::Said { line } => line.check(),
            Self::History { lines, last: _ } => {
                super::limit("number of lines", lines.len() <= MAX_CHAT_LINES)?;
                lines.iter().try_for_each(ChatLine::check)
            }
            Self::Pointing { pointing } => pointing.check(),
            Self::Got { .. } | Self::Recall | Self::Typing | Self::Unknown => Ok(()),
        }
    }
}

impl ChatLine {
    fn check(&self) -> Result<(), ChannelError> {
        super::limit("name", self.name.len() <= MAX_CHAT_NAME)?;
        words(&self.id, &self.text)
    }

    /// What it counts for in a [`Chat::History`] and in what the agent keeps, in bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.id.len() + self.name.len() + self.text.len()
    }
}

fn words(id: &str, text: &str) -> Result<(), ChannelError> {
    super::limit("text", !text.is_empty() && text.len() <= MAX_CHAT_TEXT)?;
    super::limit("identifier", is_chat_id(id))
}

/// Whether this may be a message's identifier.
#[must_use]
pub fn is_chat_id(id: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !id.is_empty() && id.len() <= MAX_CHAT_ID && id.bytes().all(letter)
}

/// A text as it may be said and shown: without control characters but line ends, without marks that turn the direction of
/// what is read, without blank ends, and with at most one empty line in a row. `None` when nothing is left, or too much.
#[must_use]
pub fn chat_text(text: &str) -> Option<String> {
    let seen = |letter: &char| *letter == '\n' || (!letter.is_control() && !is_mark(*letter));
    let seen: String = text.replace('\t', " ").chars().filter(seen).collect();
    let mut out = String::with_capacity(seen.len());
    let mut ends = 0;
    for letter in seen.trim().chars() {
        ends = if letter == '\n' { ends + 1 } else { 0 };
        if ends <= 2 {
            out.push(letter);
        }
    }
    (!out.is_empty() && out.len() <= MAX_CHAT_TEXT).then_some(out)
}

/// Marks that nobody sees and that change how what stands beside them is read. Joiners stay: letters and signs need them.
const fn is_mark(letter: char) -> bool {
    matches!(
        letter,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::super::encode;
    use super::*;

    fn line() -> ChatLine {
        ChatLine { number: 1, id: "a".into(), from: Some(2), name: "Ada".into(), text: "x".into(), age_ms: 0 }
    }

    fn read(message: &Chat) -> Result<Chat, ChannelError> {
        let mut body = Vec::new();
        encode(message, &mut body);
        Chat::decode(&body)
    }

    #[test]
    fn what_is_within_the_limits_is_read_and_nothing_else() {
        let say = |id: &str, text: String| Chat::Say { id: id.into(), text };
        let whole = say(&"a-Z_9".repeat(6), "x".repeat(MAX_CHAT_TEXT));
        assert_eq!(read(&whole).unwrap(), whole);
        for (id, text) in [
            ("", "x".into()),
            ("a b", "x".into()),
            ("ä", "x".into()),
            ("a", String::new()),
            ("a", "x".repeat(MAX_CHAT_TEXT + 1)),
        ] {
            read(&say(id, text)).unwrap_err();
        }
        read(&say(&"a".repeat(MAX_CHAT_ID + 1), "x".into())).unwrap_err();
        let named = |name: String| Chat::Said { line: ChatLine { name, ..line() } };
        read(&named("x".repeat(MAX_CHAT_NAME))).unwrap();
        read(&named("x".repeat(MAX_CHAT_NAME + 1))).unwrap_err();
        let history = |count| Chat::History { lines: vec![line(); count], last: true };
        read(&history(MAX_CHAT_LINES)).unwrap();
        read(&history(MAX_CHAT_LINES + 1)).unwrap_err();
        read(&Chat::History { lines: vec![line(), ChatLine { text: String::new(), ..line() }], last: false })
            .unwrap_err();
    }

    #[test]
    fn a_full_history_fits_into_one_message() {
        let lines =
            vec![ChatLine { text: "x".repeat(MAX_CHAT_PART / 2 - 300), name: "n".repeat(256), ..line() }; 2];
        assert!(lines.iter().map(ChatLine::weight).sum::<usize>() <= MAX_CHAT_PART);
        let many = vec![
            ChatLine { text: "x".repeat(MAX_CHAT_PART / MAX_CHAT_LINES - 40), ..line() };
            MAX_CHAT_LINES
        ];
        assert!(many.iter().map(ChatLine::weight).sum::<usize>() <= MAX_CHAT_PART);
        for lines in [lines, many] {
            let mut body = Vec::new();
            encode(&Chat::History { lines, last: true }, &mut body);
            assert!(body.len() + 512 < crate::envelope::MAX_MESSAGE, "{}", body.len());
        }
    }

    #[test]
    fn texts_lose_what_nobody_sees() {
        assert_eq!(
            chat_text("  one\ttwo\u{0}\u{1b}[31m \r\n\n\n\nthree  ").unwrap(),
            "one two[31m \n\nthree"
        );
        assert_eq!(
            chat_text("https://evil.example/\u{202e}moc.knab").unwrap(),
            "https://evil.example/moc.knab"
        );
        assert_eq!(chat_text("\u{200b} \u{feff}\nx\n\u{200b}\n\n ").unwrap(), "x");
        assert_eq!(chat_text("👩\u{200d}🔧 fertig").unwrap(), "👩\u{200d}🔧 fertig");
        for nothing in ["", " \n\t ", "\u{200b}\u{feff}", "\u{0}"] {
            assert_eq!(chat_text(nothing), None);
        }
        assert_eq!(chat_text(&"x".repeat(MAX_CHAT_TEXT + 1)), None);
    }
}

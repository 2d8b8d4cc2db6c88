//! The agent's end of [`farhand_protocol::channel::chat::Chat`]: it keeps what was said, numbers it, and sends it to whoever
//! comes late. Needs no right: people may talk before anything is allowed.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::chat::{
    Chat as Message, ChatLine, MAX_CHAT_LINES, MAX_CHAT_NAME, MAX_CHAT_PART, chat_text, is_chat_id,
};

/// Lines that are kept.
const MAX_KEPT: usize = 500;
/// Bytes of texts, names and identifiers that are kept.
const MAX_KEPT_BYTES: usize = 256 * 1024;
/// Identifiers that are remembered, so that nothing is taken twice. More than lines are kept: a console says again what
/// it has not seen come back, for as long as it was away.
const MAX_KNOWN: usize = 2 * MAX_KEPT;
/// Lines that one console may say within [`PACE`]. More than a person writes; what comes beyond is not taken, and its
/// console says it again later. The customer's window must not be kept busy by it.
const MAX_IN_PACE: usize = 30;
/// See [`MAX_IN_PACE`].
const PACE: Duration = Duration::from_secs(10);
/// That somebody types is shown at most this often.
const TYPING_EVERY: Duration = Duration::from_secs(1);

/// What the shell carries out: the customer's window shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Somebody said something.
    Said(ChatLine),
    /// A console has every line up to this number.
    Delivered(u32),
    /// This technician is typing.
    Typing(String),
    /// There is somebody to talk to: this technician.
    Open(String),
    /// To every console.
    Send(Message),
}

/// What the shell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromShell {
    /// The customer says something, under an identifier that their window drew.
    Say {
        /// The identifier.
        id: String,
        /// The text.
        text: String,
    },
    /// The customer is typing.
    Typing,
    /// A console was let in: there are keys with it, for the first time or anew.
    Met {
        /// Which.
        console: ParticipantId,
        /// The technician's name, as it was proven.
        name: String,
    },
    /// The customer's window begins anew: it is told everything.
    Window,
}

#[derive(Debug)]
struct Line {
    at: Instant,
    /// With an age of 0.
    said: ChatLine,
}

impl Line {
    fn aged(&self, now: Instant) -> ChatLine {
        let age = now.saturating_duration_since(self.at).as_millis();
        ChatLine { age_ms: u32::try_from(age).unwrap_or(u32::MAX), ..self.said.clone() }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Chat {
    lines: VecDeque<Line>,
    bytes: usize,
    /// The number of the newest line.
    newest: u32,
    known: VecDeque<(Option<ParticipantId>, String)>,
    names: BTreeMap<ParticipantId, String>,
    /// When each console said its last lines.
    paces: BTreeMap<ParticipantId, VecDeque<Instant>>,
    typed: Option<Instant>,
    delivered: u32,
    outputs: VecDeque<Output>,
}

impl Chat {
    /// A console says something; its head was accepted and its limits hold.
    pub fn handle_message(&mut self, sender: ParticipantId, message: Message, now: Instant) {
        match message {
            Message::Say { id, text } => self.say(Some(sender), id, &text, now),
            Message::Got { number } => {
                let number = number.min(self.newest);
                if number > self.delivered {
                    self.delivered = number;
                    self.outputs.push_back(Output::Delivered(number));
                }
            }
            Message::Recall => self.tell(now),
            Message::Typing => {
                if self.typed.is_none_or(|at| now.saturating_duration_since(at) >= TYPING_EVERY) {
                    self.typed = Some(now);
                    self.outputs.push_back(Output::Typing(self.name(sender)));
                }
            }
            // An agent's own messages mean nothing from a console.
            Message::Said { .. } | Message::History { .. } | Message::Unknown => {}
            // The pointing tool takes these.
            Message::Pointing { .. } => {}
        }
    }

    /// The shell says something.
    pub fn handle_shell(&mut self, said: FromShell, now: Instant) {
        match said {
            FromShell::Say { id, text } => self.say(None, id, &text, now),
            FromShell::Typing => self.outputs.push_back(Output::Send(Message::Typing)),
            FromShell::Met { console, name } => {
                let mut name = name;
                let fits = (0..=MAX_CHAT_NAME.min(name.len())).rev().find(|at| name.is_char_boundary(*at));
                name.truncate(fits.unwrap_or(0));
                self.names.insert(console, name.clone());
                self.outputs.push_back(Output::Open(name));
                self.tell(now);
            }
            FromShell::Window => {
                let all = self.lines.iter().map(|line| Output::Said(line.aged(now)));
                self.outputs.extend(all.collect::<Vec<_>>());
                if self.delivered > 0 {
                    self.outputs.push_back(Output::Delivered(self.delivered));
                }
            }
        }
    }

    /// The number of the newest line.
    #[must_use]
    pub const fn newest(&self) -> u32 {
        self.newest
    }

    /// Lines up to this number were said before: consoles have them, and numbers go on from here.
    pub const fn go_on_after(&mut self, newest: u32) {
        self.newest = newest;
        self.delivered = newest;
    }

    /// The next thing to carry out.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn name(&self, console: ParticipantId) -> String {
        self.names.get(&console).cloned().unwrap_or_default()
    }

    fn say(&mut self, from: Option<ParticipantId>, id: String, text: &str, now: Instant) {
        let key = (from, id);
        if self.known.contains(&key) {
            // It came before; the answer to it was lost.
            if let Some(line) =
                self.lines.iter().find(|line| (line.said.from, &line.said.id) == (key.0, &key.1))
            {
                self.outputs.push_back(Output::Send(Message::Said { line: line.aged(now) }));
            }
            return;
        }
        let Some(text) = chat_text(text).filter(|_| is_chat_id(&key.1)) else { return };
        if key.0.is_some_and(|console| !self.in_pace(console, now)) {
            return;
        }
        self.newest += 1;
        let (from, id) = key.clone();
        let name = from.map(|console| self.name(console)).unwrap_or_default();
        let said = ChatLine { number: self.newest, id, from, name, text, age_ms: 0 };
        self.known.push_back(key);
        if self.known.len() > MAX_KNOWN {
            self.known.pop_front();
        }
        self.bytes += said.weight();
        self.lines.push_back(Line { at: now, said: said.clone() });
        while self.lines.len() > MAX_KEPT || self.bytes > MAX_KEPT_BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.said.weight();
        }
        self.outputs.push_back(Output::Said(said.clone()));
        self.outputs.push_back(Output::Send(Message::Said { line: said }));
    }

    /// Whether a console may say another line now; then it is counted.
    fn in_pace(&mut self, console: ParticipantId, now: Instant) -> bool {
        let pace = self.paces.entry(console).or_default();
        while pace.front().is_some_and(|at| now.saturating_duration_since(*at) >= PACE) {
            pace.pop_front();
        }
        let fits = pace.len() < MAX_IN_PACE;
        if fits {
            pace.push_back(now);
        }
        fits
    }

    /// Sends everything that is kept.
    fn tell(&mut self, now: Instant) {
        let mut parts = vec![Vec::new()];
        let mut weight = 0;
        for line in &self.lines {
            let part = parts.last_mut().expect("there is always one part");
            if part.len() >= MAX_CHAT_LINES
                || (!part.is_empty() && weight + line.said.weight() > MAX_CHAT_PART)
            {
                parts.push(Vec::new());
                weight = 0;
            }
            weight += line.said.weight();
            parts.last_mut().expect("there is always one part").push(line.aged(now));
        }
        let count = parts.len();
        for (at, lines) in parts.into_iter().enumerate() {
            self.outputs.push_back(Output::Send(Message::History { lines, last: at + 1 == count }));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use farhand_protocol::channel::chat::MAX_CHAT_TEXT;
    use farhand_protocol::channel::encode;
    use farhand_protocol::envelope::MAX_MESSAGE;

    use super::*;

    fn drain(chat: &mut Chat) -> Vec<Output> {
        std::iter::from_fn(|| chat.poll_output()).collect()
    }

    fn say(id: &str, text: &str) -> Message {
        Message::Say { id: id.into(), text: text.into() }
    }

    fn sent(outputs: &[Output]) -> Vec<ChatLine> {
        let lines = outputs.iter().filter_map(|output| match output {
            Output::Send(Message::Said { line }) => Some(vec![line.clone()]),
            Output::Send(Message::History { lines, .. }) => Some(lines.clone()),
            Output::Send(_)
            | Output::Said(_)
            | Output::Delivered(_)
            | Output::Typing(_)
            | Output::Open(_) => None,
        });
        lines.flatten().collect()
    }

    fn texts(lines: &[ChatLine]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn both_sides_are_heard_in_one_order_and_told_by_name() {
        let (mut chat, now) = (Chat::default(), Instant::now());
        chat.handle_shell(FromShell::Met { console: 2, name: "Ada".into() }, now);
        assert_eq!(
            drain(&mut chat),
            [Output::Open("Ada".into()), Output::Send(Message::History { lines: vec![], last: true })],
            "a console that comes is told that nothing was said"
        );
        chat.handle_message(2, say("a", "Hello"), now);
        chat.handle_shell(FromShell::Say { id: "b".into(), text: " Hi! ".into() }, now);
        let outputs = drain(&mut chat);
        let lines = sent(&outputs);
        let shown: Vec<_> =
            lines.iter().map(|l| (l.number, l.from, l.name.as_str(), l.text.as_str())).collect();
        assert_eq!(shown, [(1, Some(2), "Ada", "Hello"), (2, None, "", "Hi!")]);
        assert!(
            matches!(&outputs[0], Output::Said(line) if line.text == "Hello"),
            "the customer's window shows it"
        );
    }

    #[test]
    fn what_is_said_again_after_a_lost_link_is_taken_once() {
        let (mut chat, now) = (Chat::default(), Instant::now());
        chat.handle_message(2, say("a", "Hello"), now);
        drain(&mut chat);
        chat.handle_message(2, say("a", "Hello"), now + Duration::from_secs(5));
        let outputs = drain(&mut chat);
        let again = sent(&outputs);
        assert_eq!((again[0].number, again[0].age_ms), (1, 5_000), "the answer comes again, with its age");
        assert!(!outputs.iter().any(|output| matches!(output, Output::Said(_))), "the customer sees it once");
        // The same identifier of somebody else is something else.
        chat.handle_message(3, say("a", "Me too"), now);
        assert_eq!(sent(&drain(&mut chat))[0].number, 2);
    }

    #[test]
    fn a_console_that_comes_late_is_sent_everything_in_messages_that_fit() {
        let (mut chat, now) = (Chat::default(), Instant::now());
        for number in 0..200 {
            let text = if number % 7 == 0 { "x".repeat(MAX_CHAT_TEXT) } else { format!("line {number}") };
            chat.handle_shell(FromShell::Say { id: format!("i{number}"), text }, now);
        }
        drain(&mut chat);
        chat.handle_shell(FromShell::Met { console: 2, name: "n".repeat(1000) }, now);
        let outputs = drain(&mut chat).split_off(1);
        let lines = sent(&outputs);
        assert_eq!(lines.len(), 200);
        assert!(lines.iter().zip(1..).all(|(line, number)| line.number == number));
        let lasts: Vec<_> = outputs
            .iter()
            .map(|output| match output {
                Output::Send(message @ Message::History { last, .. }) => {
                    let mut body = Vec::new();
                    encode(message, &mut body);
                    assert!(body.len() + 512 <= MAX_MESSAGE, "{}", body.len());
                    Message::decode(&body).unwrap();
                    *last
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(lasts.len() > 5 && lasts[lasts.len() - 1] && !lasts[..lasts.len() - 1].contains(&true));
        chat.handle_message(2, Message::Recall, now);
        assert_eq!(sent(&drain(&mut chat)).len(), 200);
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_goes() {
        let (mut chat, now) = (Chat::default(), Instant::now());
        let later = |seconds: usize| now + Duration::from_secs(seconds as u64);
        for number in 0..(3 * MAX_KEPT) {
            chat.handle_message(2, say(&number.to_string(), "x"), later(number));
        }
        assert!(chat.lines.len() == MAX_KEPT && chat.known.len() == MAX_KNOWN);
        assert_eq!(chat.lines.back().unwrap().said.number as usize, 3 * MAX_KEPT);
        for number in 0..200 {
            chat.handle_message(
                2,
                say(&format!("y{number}"), &"x".repeat(MAX_CHAT_TEXT)),
                later(5000 + number),
            );
        }
        assert!(chat.bytes <= MAX_KEPT_BYTES);
        assert_eq!(chat.bytes, chat.lines.iter().map(|line| line.said.weight()).sum::<usize>());
    }

    #[test]
    fn who_says_more_than_a_person_writes_is_taken_later_and_loses_nothing() {
        let (mut chat, now) = (Chat::default(), Instant::now());
        let later = |seconds| now + Duration::from_secs(seconds);
        let flood = |chat: &mut Chat, at| {
            for number in 0..50 {
                chat.handle_message(2, say(&format!("i{number}"), "x"), at);
            }
            drain(chat).iter().filter(|output| matches!(output, Output::Said(_))).count()
        };
        assert_eq!(flood(&mut chat, now), MAX_IN_PACE);
        assert_eq!(flood(&mut chat, later(9)), 0);
        chat.handle_message(3, say("a", "another console"), later(9));
        assert_eq!(sent(&drain(&mut chat)).len(), 1);
        assert_eq!(flood(&mut chat, later(10)), 50 - MAX_IN_PACE, "said again, the rest is taken");
        for (seconds, told) in [(20, 1), (20, 0), (21, 1)] {
            chat.handle_message(2, Message::Typing, later(seconds));
            assert_eq!(drain(&mut chat).len(), told);
        }
    }

    #[test]
    fn delivery_never_goes_back_nor_beyond_what_was_said() {
        let (mut chat, now) = (Chat::default(), Instant::now());
        for id in ["a", "b", "c"] {
            chat.handle_shell(FromShell::Say { id: id.into(), text: id.into() }, now);
        }
        drain(&mut chat);
        for (number, told) in [(2, Some(2)), (1, None), (2, None), (u32::MAX, Some(3)), (3, None)] {
            chat.handle_message(2, Message::Got { number }, now);
            assert_eq!(chat.poll_output(), told.map(Output::Delivered), "{number}");
        }
    }

    #[test]
    fn a_window_that_begins_anew_is_told_everything() {
        let (mut chat, now) = (Chat::default(), Instant::now());
        chat.handle_shell(FromShell::Say { id: "a".into(), text: "one".into() }, now);
        chat.handle_message(2, say("b", "two"), now);
        chat.handle_message(2, Message::Got { number: 1 }, now);
        drain(&mut chat);
        chat.handle_shell(FromShell::Window, now + Duration::from_millis(7));
        let outputs = drain(&mut chat);
        let shown: Vec<_> = outputs
            .iter()
            .filter_map(|output| match output {
                Output::Said(line) => Some((line.text.as_str(), line.age_ms)),
                Output::Delivered(_) | Output::Typing(_) | Output::Send(_) | Output::Open(_) => None,
            })
            .collect();
        assert_eq!(shown, [("one", 7), ("two", 7)]);
        assert_eq!(outputs.last(), Some(&Output::Delivered(1)));
    }

    #[test]
    fn nothing_that_a_console_may_not_say_has_an_effect() {
        let (mut chat, now) = (Chat::default(), Instant::now());
        let line = ChatLine {
            number: 9,
            id: "a".into(),
            from: None,
            name: String::new(),
            text: "I am the customer".into(),
            age_ms: 0,
        };
        chat.handle_message(2, Message::Said { line: line.clone() }, now);
        chat.handle_message(2, Message::History { lines: vec![line], last: true }, now);
        chat.handle_message(2, say("a", "\u{202e}\u{0}"), now);
        chat.handle_message(2, Message::Unknown, now);
        assert_eq!(drain(&mut chat), []);
        chat.handle_message(2, say("a", "<b>bold</b>\u{202e}"), now);
        assert_eq!(texts(&sent(&drain(&mut chat))), ["<b>bold</b>"]);
        chat.handle_message(2, Message::Typing, now);
        assert_eq!(drain(&mut chat), [Output::Typing(String::new())]);
    }
}

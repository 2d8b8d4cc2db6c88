//! What people say to one another.

use crate::channel::chat::{Chat, ChatLine};

pub(super) fn all() -> Vec<Chat> {
    let line = |number, from, text: &str| ChatLine {
        number,
        id: format!("5f0c{number}"),
        from,
        name: if from.is_some() { "Ada Löwe".into() } else { String::new() },
        text: text.into(),
        age_ms: number * 1500,
    };
    vec![
        Chat::Say { id: "a-Z_09".into(), text: "Grüße 👋\nhttps://example.org".into() },
        Chat::Got { number: 70_000 },
        Chat::Recall,
        Chat::Typing,
        Chat::Said { line: line(1, Some(2), "<b>not bold</b>") },
        Chat::Said { line: line(2, None, "Guten Tag") },
        Chat::History { lines: vec![line(1, Some(2), "Hello"), line(2, None, "Hi")], last: false },
        Chat::History { lines: Vec::new(), last: true },
    ]
}

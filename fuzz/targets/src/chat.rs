//! What a console says in the chat, and the agent's end that keeps it.

use std::time::{Duration, Instant};

use farhand_agent_core::tools::chat::{Chat as End, FromShell, Output};
use farhand_protocol::channel::chat::{Chat, MAX_CHAT_TEXT, chat_text};
use farhand_protocol::channel::encode;
use farhand_protocol::envelope::MAX_MESSAGE;

/// Bodies of messages, each after a byte for who says it and two for its length. What the agent sends must be readable
/// again and fit into a message; what the customer's window is shown is clean.
pub fn chat(data: &[u8]) {
    let (mut end, mut now) = (End::default(), Instant::now());
    let mut rest = data;
    while let Some(([who, high, low], more)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(more.len());
        let (body, next) = more.split_at(length);
        rest = next;
        now += Duration::from_millis(u64::from(*who));
        step(&mut end, *who, body, now);
        while let Some(output) = end.poll_output() {
            check(output);
        }
    }
}

fn step(end: &mut End, who: u8, body: &[u8], now: Instant) {
    match who % 8 {
        0 => end.handle_shell(FromShell::Window, now),
        1 => end.handle_shell(FromShell::Met { console: who, name: text(body) }, now),
        2 => end.handle_shell(FromShell::Say { id: who.to_string(), text: text(body) }, now),
        _ => {
            let Ok(message) = Chat::decode(body) else { return };
            let mut again = Vec::new();
            encode(&message, &mut again);
            assert_eq!(Chat::decode(&again).expect("what was read can be read again"), message);
            end.handle_message(who, message, now);
        }
    }
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

fn check(output: Output) {
    match output {
        Output::Send(message) => {
            let mut body = Vec::new();
            encode(&message, &mut body);
            assert!(body.len() + 512 <= MAX_MESSAGE, "{} bytes are too many for a message", body.len());
            assert_eq!(Chat::decode(&body).expect("a console can read it"), message);
        }
        Output::Said(line) => {
            assert!(line.text.len() <= MAX_CHAT_TEXT);
            assert_eq!(chat_text(&line.text).as_deref(), Some(line.text.as_str()), "cleaned once is clean");
        }
        Output::Delivered(number) => assert!(number > 0),
        Output::Typing(_) | Output::Open(_) => {}
    }
}

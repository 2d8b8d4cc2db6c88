//! A console in the wrong hands: every message of the golden vectors, with something wrong in every place of it, said to a
//! real agent. Nothing happens on the customer's machine that was not allowed, nothing grows without bounds, and the
//! agent goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use farhand_agent_core::tools::{clipboard, diagnostics, files};
use farhand_agent_core::{Agent, AgentConfig, FromCustomer, Inject, Output};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::monitors::Area;
use farhand_protocol::channel::{self, Control, MAX_TEXT};
use farhand_protocol::consent::{ConsentConfig, ConsentState};
use farhand_protocol::envelope::{HEAD_LEN, Head, MAX_MESSAGE, Stream};
use farhand_protocol::rights::{Right, Rights};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::{Value, json};

const ME: ParticipantId = 2;
const EVE: ParticipantId = 1;
const SCREEN: Area = Area { x: 0, y: 0, width: 800, height: 600 };
/// What one message may make an agent do at most, and say, in bytes.
const MOST_OUTPUTS: usize = 64;
const MOST_SAID: usize = 1024 * 1024;

/// The golden files, and the stream on which a console says what is in them.
const GOLDEN: [(Stream, &str); 9] = [
    (Stream::Control, include_str!("../../../protocol/vectors/control.json")),
    (Stream::Input, include_str!("../../../protocol/vectors/input.json")),
    (Stream::Pointer, include_str!("../../../protocol/vectors/pointer.json")),
    (Stream::Screen, include_str!("../../../protocol/vectors/feedback.json")),
    (Stream::Chat, include_str!("../../../protocol/vectors/chat.json")),
    (Stream::Chat, include_str!("../../../protocol/vectors/pointing.json")),
    (Stream::Clipboard, include_str!("../../../protocol/vectors/clipboard.json")),
    (Stream::Files, include_str!("../../../protocol/vectors/files.json")),
    (Stream::Diagnostics, include_str!("../../../protocol/vectors/diagnostics.json")),
];

/// A tree as the wire has it: bytes are bytes there, and lists of numbers in the golden files.
struct Wire<'a>(&'a Value, bool);

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) if self.1 => {
                let bytes: Option<Vec<u8>> =
                    items.iter().map(|item| u8::try_from(item.as_u64()?).ok()).collect();
                match bytes {
                    Some(bytes) => to.serialize_bytes(&bytes),
                    None => self.0.serialize(to),
                }
            }
            Value::Array(items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Wire(item, false))?;
                }
                list.end()
            }
            Value::Object(fields) => {
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (name, item) in fields {
                    let bytes =
                        matches!(name.as_str(), "bytes" | "data" | "part" | "signed" | "hash" | "rgba");
                    map.serialize_entry(name, &Wire(item, bytes))?;
                }
                map.end()
            }
            other => other.serialize(to),
        }
    }
}

fn body(tree: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    channel::encode(&Wire(tree, false), &mut out);
    out
}

/// What stands in a place instead of what belongs there.
fn wrong(node: &Value) -> Vec<Value> {
    let mut all = vec![Value::Null, json!(true), json!(7), json!("x"), json!([]), json!({}), json!(1.5)];
    match node {
        Value::String(_) => all.extend(
            [
                "",
                "<img src=x onerror=alert(1)>",
                "../../../../etc/passwd",
                "/etc/shadow",
                "a/../b\\..\\c",
                "$(reboot)`reboot`;reboot\nreboot\r\n",
                "\u{202e}txt.exe\u{0}\u{7}\u{1b}[2J",
                "CON",
                "--help",
            ]
            .into_iter()
            .map(Value::from)
            .chain(["x", "../", "ä"].map(|part| Value::from(part.repeat(5_000)))),
        ),
        Value::Number(_) => {
            let unsigned =
                [0, 1, 255, 65_535, u64::from(u32::MAX), (1 << 53) - 1, 1 << 53, 1 << 63, u64::MAX];
            all.extend(unsigned.map(Value::from));
            all.extend([-1, i64::from(i32::MIN), i64::from(i32::MAX), i64::MIN].map(Value::from));
        }
        Value::Array(items) => {
            let one = items.first().cloned().unwrap_or(Value::Null);
            all.extend([40, 900].map(|count| Value::Array(vec![one.clone(); count])));
            all.push((0..200).fold(Value::Null, |inside, _| Value::Array(vec![inside])));
        }
        Value::Object(fields) => {
            for name in fields.keys() {
                let mut less = fields.clone();
                less.remove(name);
                all.push(Value::Object(less));
            }
            let mut more = fields.clone();
            more.insert("more".into(), json!([[["x"]]]));
            all.push(Value::Object(more));
        }
        Value::Null | Value::Bool(_) => {}
    }
    all
}

/// The tree with something wrong in each place of it.
fn twisted(node: &Value) -> Vec<Value> {
    let mut all = wrong(node);
    match node {
        Value::Array(items) => {
            if let Some(first) = items.first() {
                all.extend(twisted(first).into_iter().map(|item| {
                    let rest = items.iter().skip(1).cloned();
                    Value::Array(std::iter::once(item).chain(rest).collect())
                }));
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                all.extend(twisted(item).into_iter().map(|item| {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), item);
                    Value::Object(fields)
                }));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    all
}

struct Scene {
    agent: Agent,
    now: Instant,
    sequences: BTreeMap<Stream, u32>,
    granted: Rights,
}

impl Scene {
    /// The customer has allowed this, and nothing of it more than once.
    fn new(granted: Rights) -> Self {
        let consent = ConsentConfig { policy: Rights::ALL, ..ConsentConfig::default() };
        let agent = Agent::new(AgentConfig { participant: ME, consent });
        let mut scene = Self { agent, now: Instant::now(), sequences: BTreeMap::new(), granted };
        scene.agent.handle_area(SCREEN);
        scene.agent.handle_link_up(scene.now);
        scene.agent.handle_met(EVE, scene.now);
        scene.say(Stream::Control, &body(&json!({ "type": "ask", "rights": granted })));
        let prompt = scene.agent.prompt().expect("a prompt is shown");
        let rights = prompt.rights;
        scene.agent.handle_customer(FromCustomer::Allow { ask: prompt.ask, rights }, scene.now);
        while scene.agent.poll_output().is_some() {}
        scene
    }

    /// Says it as a program would; gives what the agent makes of it.
    fn say(&mut self, stream: Stream, body: &[u8]) -> Vec<Output> {
        let sequence = self.sequences.entry(stream).or_default();
        let mut message = Vec::with_capacity(HEAD_LEN + body.len());
        Head { stream, flags: 0, sender: EVE, sequence: *sequence }.write(&mut message);
        *sequence += 1;
        message.extend_from_slice(body);
        // Slowly enough that nothing is passed over for being too much.
        self.now += Duration::from_millis(50);
        if self.agent.poll_timeout().is_some_and(|due| due <= self.now) {
            self.agent.handle_timeout(self.now);
        }
        self.agent.handle_message(stream, &message, self.now);
        std::iter::from_fn(|| self.agent.poll_output()).collect()
    }

    fn may(&self, right: Right) -> bool {
        self.granted.contains(right)
    }

    /// The customer has not allowed it, and it happens all the same; or it is more than there can be.
    fn assert_harmless(&self, outputs: &[Output], said: &Value) {
        assert!(outputs.len() <= MOST_OUTPUTS, "{} outputs for {said}", outputs.len());
        let mut bytes = 0;
        for output in outputs {
            let harmless = match output {
                Output::Send { message, .. } => {
                    bytes += message.len();
                    message.len() <= MAX_MESSAGE
                }
                Output::Inject(inject) => self.may(Right::Control) && within(inject),
                Output::Clipboard(clipboard::Output::Watch(false)) => true,
                Output::Clipboard(_) => self.may(Right::Clipboard),
                Output::Files(files::Output::Disk { .. } | files::Output::List { .. }) => {
                    self.may(Right::Files)
                }
                Output::Diagnostics(diagnostics::Output::Shell(_)) => self.may(Right::Shell),
                Output::Diagnostics(diagnostics::Output::Say(..)) => true,
                Output::Diagnostics(_) => self.may(Right::Diagnostics) || self.may(Right::Shell),
                // Only the customer lets somebody in.
                Output::Admit(_) | Output::TookOver { .. } => false,
                Output::Consent(snapshot) => match &snapshot.state {
                    ConsentState::Granted { rights, more: _ } => self.granted.contains_all(*rights),
                    _ => true,
                },
                _ => true,
            };
            assert!(harmless, "{output:?} for {said}");
        }
        assert!(bytes <= MOST_SAID, "{bytes} bytes for {said}");
    }
}

fn within(inject: &Inject) -> bool {
    match inject {
        Inject::Pointer { x, y } => SCREEN.contains(*x, *y),
        Inject::Text(text) => text.len() <= MAX_TEXT,
        Inject::Key { .. }
        | Inject::Button { .. }
        | Inject::Wheel { .. }
        | Inject::Letter(_)
        | Inject::StopText
        | Inject::PointerBy { .. } => true,
    }
}

/// It would end what the rest is tried on, and rightly.
fn leaves(stream: Stream, body: &[u8]) -> bool {
    stream == Stream::Control && matches!(Control::decode(body), Ok(Control::End | Control::GiveUp { .. }))
}

fn tried_on(granted: Rights) -> usize {
    let mut scene = Scene::new(granted);
    let mut count = 0;
    for (stream, text) in GOLDEN {
        let golden: Vec<Value> = serde_json::from_str(text).unwrap();
        for entry in &golden {
            for tree in twisted(&entry["meaning"]) {
                let body = body(&tree);
                if body.len() + HEAD_LEN > MAX_MESSAGE || leaves(stream, &body) {
                    continue;
                }
                let outputs = scene.say(stream, &body);
                scene.assert_harmless(&outputs, &tree);
                count += 1;
            }
        }
        // What is honest is still heard.
        let answer = scene.say(Stream::Control, &body(&json!({ "type": "ping", "nonce": 77 })));
        let pong = |output: &Output| match output {
            Output::Send { stream: Stream::Control, message } => {
                matches!(Control::decode(&message[HEAD_LEN..]), Ok(Control::Pong { nonce: 77 }))
            }
            _ => false,
        };
        assert!(answer.iter().any(pong), "after {stream:?}: {answer:?}");
    }
    count
}

#[test]
fn whatever_a_console_says_nothing_happens_that_was_not_allowed() {
    assert!(tried_on(Rights::of(&[Right::View])) > 5_000);
}

#[test]
fn whatever_a_console_says_what_is_allowed_stays_within_its_bounds() {
    assert!(tried_on(Rights::ALL) > 5_000);
}

//! Golden vectors: kept in `protocol/seal/vectors/*.json`, read by this crate's tests and by the web kit's through wasm.
//! A change that is not an addition is a change of the construction, and needs a new [`crate::LABEL`].

use farhand_protocol::channel::{Control, Input, Pointer, ScreenFeedback};
use farhand_protocol::envelope::{Stream, Writer};
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::screen::{FrameMeta, cut};
use farhand_protocol::version::{Version, VersionRange};
use serde_json::{Value, json};

use crate::context::{Identity, Offer, View};
use crate::epochs::{Epochs, Output as EpochOutput};
use crate::handshake::{Established, Handshake, Output, RANDOM};
use crate::keys::{Channel, EpochSecret, Pair, StreamKey, frame_key_id};
use crate::message::Sealer;
use crate::receipt::{Entry, Header, Party, Receipt, What, Who, begin_text, public_key};
use crate::secret::Secret;

const AGENT: u8 = 2;
const CONSOLE: u8 = 1;

/// Every file: its name and its content.
#[must_use]
pub fn files() -> Vec<(&'static str, String)> {
    let file = |value: Value| {
        let mut text = serde_json::to_string_pretty(&value).expect("a JSON value is JSON");
        text.push('\n');
        text
    };
    vec![
        ("handshake.json", file(handshakes())),
        ("keys.json", file(keys())),
        ("messages.json", file(messages())),
        ("receipts.json", file(receipts())),
    ]
}

/// Bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// So many bytes, counting up from a start.
fn count<const N: usize>(from: u8) -> [u8; N] {
    std::array::from_fn(|at| from.wrapping_add(at as u8))
}

fn offer(seed: u8, rights: Rights) -> Offer {
    Offer {
        view: View {
            session: "s-1".into(),
            agent: AGENT,
            console: CONSOLE,
            technician: Identity { name: "Ada Größe".into(), organisation: "Example Help".into() },
            customer: Identity::default(),
            version: Version(1),
        },
        versions: VersionRange { oldest: Version(1), newest: Version(1) },
        rights,
        key: public_key(&[seed; 32]),
    }
}

/// The hand-shake's messages in their order, and what it leaves at the console.
fn meet(secret: &Secret) -> (Vec<Vec<u8>>, Established) {
    let mut agent = Handshake::agent(offer(1, Rights::ALL));
    let mut console = Handshake::console(offer(2, Rights::ALL), vec![secret.clone()]);
    let take = |end: &mut Handshake| match end.poll_output() {
        Some(Output::Send(message)) => message,
        other => panic!("a vector's hand-shake goes through: {other:?}"),
    };
    agent.handle_secret(secret, &count::<RANDOM>(0)).expect("the agent starts");
    let start = take(&mut agent);
    console.handle_message(&start, &count::<RANDOM>(100)).expect("the console answers");
    let answer = take(&mut console);
    agent.handle_message(&answer, &count::<RANDOM>(0)).expect("the agent confirms");
    let confirm = take(&mut agent);
    console.handle_message(&confirm, &count::<RANDOM>(0)).expect("the console is done");
    let Some(Output::Done(established)) = console.poll_output() else { panic!("the ends share the secret") };
    (vec![start, answer, confirm], *established)
}

fn stream_key(key: &StreamKey) -> Value {
    json!({ "key": hex(&key.key), "iv": hex(&key.iv) })
}

fn handshakes() -> Value {
    [Secret::Digits(*b"5710"), Secret::Link(count(0xa0))]
        .into_iter()
        .map(|secret| {
            let (messages, established) = meet(&secret);
            json!({
                "secret": secret.shown(),
                "session": "s-1", "agent": AGENT, "console": CONSOLE,
                "technician": "Ada Größe", "organisation": "Example Help",
                "agent_seed": hex(&[1; 32]), "console_seed": hex(&[2; 32]),
                "agent_random": hex(&count::<RANDOM>(0)), "console_random": hex(&count::<RANDOM>(100)),
                "agent_rights": crate::context::write_rights(Rights::ALL),
                "console_rights": crate::context::write_rights(Rights::ALL),
                "start": hex(&messages[0]), "answer": hex(&messages[1]), "confirm": hex(&messages[2]),
                "up_input": stream_key(&established.pair.up(1, Channel::Input)),
                "agent_key": hex(&established.theirs.key),
            })
        })
        .collect()
}

/// The keys of every vector but the hand-shakes themselves: those of the link's.
fn pair() -> Pair {
    meet(&Secret::Link(count(0xa0))).1.pair
}

fn keys() -> Value {
    let (pair, secret) = (pair(), EpochSecret::new(1, count(0x40)));
    let mut epochs = Epochs::new(AGENT);
    epochs.handle_join(pair.clone(), count(0x40)).expect("there is room for one");
    let Some(EpochOutput::HandOver { message, .. }) = epochs.poll_output() else {
        panic!("who joins is handed the secret")
    };
    let channels: Vec<Value> = Channel::ALL
        .into_iter()
        .map(|channel| {
            json!({
                "channel": channel as u8,
                "up": stream_key(&pair.up(1, channel)),
                "up_next_epoch": stream_key(&pair.up(2, channel)),
                "down": stream_key(&secret.down(AGENT, channel)),
                "sframe_up": hex(pair.frame_key(1, channel).as_slice()),
                "sframe_down": hex(secret.frame_key(AGENT, channel).as_slice()),
                "sframe_key_id": frame_key_id(1, AGENT, channel),
            })
        })
        .collect();
    json!({
        "epoch": 1, "epoch_secret": hex(&count::<32>(0x40)),
        "hand_over_key": stream_key(&pair.hand_over()), "hand_over": hex(&message),
        "nonce_of_258": hex(&pair.up(1, Channel::Input).nonce(258)),
        "channels": channels,
    })
}

fn messages() -> Value {
    let (pair, secret) = (pair(), EpochSecret::new(1, count(0x40)));
    let mut list = Vec::new();
    let mut push = |direction: &str, stream: Stream, sealer: &mut Sealer, clear: &[u8]| {
        let sealed = sealer.seal(clear).expect("a vector's message can be sealed");
        list.push(json!({
            "direction": direction, "stream": stream as u8, "clear": hex(clear), "sealed": hex(&sealed),
        }));
    };
    let mut writer = Writer::new(CONSOLE);
    let mut sealer = Sealer::up(&pair, 1, Stream::Control);
    for rights in [Rights::of(&[Right::View]), Rights::of(&[Right::Control])] {
        push("up", Stream::Control, &mut sealer, &writer.message(Stream::Control, &Control::Ask { rights }));
    }
    let mut sealer = Sealer::up(&pair, 1, Stream::Input);
    for input in [
        Input::Key { usage: Usage(4), down: true },
        Input::Key { usage: Usage(4), down: false },
        Input::Text { text: "Grüße 👋".repeat(40) },
    ] {
        push("up", Stream::Input, &mut sealer, &writer.message(Stream::Input, &input));
    }
    let mut sealer = Sealer::up(&pair, 1, Stream::Screen);
    let drawn = ScreenFeedback::Drawn { frame: 7, draw_us: 900 };
    push("up", Stream::Screen, &mut sealer, &writer.message(Stream::Screen, &drawn));
    let mut sealer = Sealer::up(&pair, 1, Stream::Pointer);
    push("up", Stream::Pointer, &mut sealer, &writer.message(Stream::Pointer, &Pointer { x: 1, y: 2 }));
    let mut writer = Writer::new(AGENT);
    let mut sealer = Sealer::down(&secret, AGENT, Stream::Control);
    push(
        "down",
        Stream::Control,
        &mut sealer,
        &writer.message(Stream::Control, &Control::CursorAt { x: 5, y: -1 }),
    );
    let mut sealer = Sealer::down(&secret, AGENT, Stream::Screen);
    let meta = FrameMeta { frame: 3, captured_us: 1_000_003, reset: true, exact: true };
    let payload: Vec<u8> = (0..700u16).map(|at| (at % 251) as u8).collect();
    let mut sequence = 6;
    for clear in cut(&payload, meta, AGENT, &mut sequence) {
        push("down", Stream::Screen, &mut sealer, &clear);
    }
    Value::Array(list)
}

fn receipts() -> Value {
    let (agent, console) = ([1; 32], [2; 32]);
    let technician = Identity { name: "Ada Größe".into(), organisation: "Example Help".into() };
    let begin = begin_text(&public_key(&console), &technician);
    let mut receipt = Receipt::new(Header {
        session: "s-1".into(),
        started: 1_790_000_000_000,
        key: public_key(&agent),
        technician,
        customer: Identity::default(),
    });
    let (view, control) = (Rights::of(&[Right::View]), Rights::of(&[Right::Control]));
    for (second, who, what, rights, text) in [
        (0, Who::Agent, What::Begin, Rights::ALL, begin.as_str()),
        (1, Who::Technician, What::Ask, view, ""),
        (4, Who::Customer, What::Grant, view, ""),
        (9, Who::Technician, What::Ask, control, ""),
        (11, Who::Customer, What::Refusal, control, ""),
        (20, Who::Agent, What::Hold, view, "locked"),
        (22, Who::Agent, What::Resume, view, ""),
        (30, Who::Technician, What::File, view, "Rechnung.pdf, 31 KB"),
        (31, Who::Technician, What::Command, view, "ipconfig /all"),
        (40, Who::Customer, What::Withdrawal, Rights::EMPTY, ""),
        (41, Who::Customer, What::End, Rights::EMPTY, "stopped"),
    ] {
        let at = 1_790_000_000_000 + second * 1000;
        let technician = u8::from(who == Who::Technician || what == What::Begin);
        let entry = Entry { at, who, technician, what, rights, text: text.into() };
        receipt.add(entry).expect("it is short and open");
    }
    let unsigned = receipt.write();
    for (by, seed) in [(Party::Technician, console), (Party::Agent, agent)] {
        let signed = receipt.sign(by, &seed);
        receipt.attach(signed).expect("it fits");
    }
    json!([
        { "file": hex(&unsigned), "entries": 11, "verifies": false },
        { "file": hex(&receipt.write()), "entries": 11, "verifies": true, "hash": hex(receipt.hash()) },
    ])
}

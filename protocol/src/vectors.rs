//! Golden vectors: bytes and what they mean, kept in `protocol/vectors/*.json` and read by this crate's tests and by
//! the web kit's through wasm. A change of a vector that is not an addition is a change of the wire format.

mod chat;
mod clipboard;
mod diagnostics;
mod pointing;

mod transfers;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::MediaOffer;
use crate::channel::at_end::{LockDone, LockWay, ScreenLock};
use crate::channel::monitors::{Area, Choice, Monitor, Monitors, Share};
use crate::channel::restart::{Restart, RestartFailed, RestartStage};
use crate::channel::together::{Prefer, Purpose, Together, Wish};
use crate::channel::{Button, Control, Cursor, Input, Notice, Pointer, ScreenFeedback, encode};
use crate::consent::{ConsentEnd, ConsentSnapshot, ConsentState, Hold};
use crate::envelope::{Stream, Writer};
use crate::framing::{Accepted, Datagram, write_frame, write_websocket};
use crate::keys::Usage;
use crate::rights::{Right, Rights};
use crate::screen::{FrameMeta, PIECE, cut};
use crate::session::{EndReason, Participant, Role, SessionSnapshot, SessionState};
use crate::signal::{FromService, LeftWhy, ToService};
use crate::version::{CURRENT, VersionRange};

/// The sender in every vector.
const SENDER: u8 = 7;

/// Every file: its name and its content.
#[must_use]
pub fn files() -> Vec<(&'static str, String)> {
    let file = |value: Value| {
        let mut text = serde_json::to_string_pretty(&value).expect("a JSON value is JSON");
        text.push('\n');
        text
    };
    vec![
        ("control.json", file(messages(Stream::Control, controls()))),
        ("input.json", file(messages(Stream::Input, inputs()))),
        ("pointer.json", file(messages(Stream::Pointer, pointers()))),
        ("feedback.json", file(messages(Stream::Screen, feedback()))),
        ("chat.json", file(messages(Stream::Chat, chat::all()))),
        ("clipboard.json", file(messages(Stream::Clipboard, clipboard::clipboard()))),
        ("diagnostics.json", file(messages(Stream::Diagnostics, diagnostics::all()))),
        ("pointing.json", file(messages(Stream::Chat, pointing::all()))),
        ("files.json", file(messages(Stream::Files, transfers::transfers()))),
        ("foreign.json", file(foreign())),
        ("to_service.json", file(signals(to_service()))),
        ("from_service.json", file(signals(from_service()))),
        ("frames.json", file(frames())),
        ("carrier.json", file(carrier())),
        ("keys.json", file(keys())),
    ]
}

/// Bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of lower-case hex, `None` for anything else.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Whole messages of one sender, in the order in which it sends them.
fn messages<T: Serialize>(stream: Stream, list: Vec<T>) -> Value {
    let mut writer = Writer::new(SENDER);
    list.iter()
        .map(|content| json!({ "hex": hex(&writer.message(stream, content)), "meaning": content }))
        .collect()
}

fn signals<T: Serialize>(list: Vec<T>) -> Value {
    list.iter().map(|signal| json!({ "text": serde_json::to_string(signal).expect("a signal is JSON"), "meaning": signal })).collect()
}

pub(crate) fn controls() -> Vec<Control> {
    let states = [
        ConsentState::Fresh,
        ConsentState::Asking { rights: Rights::of(&[Right::View]) },
        ConsentState::Granted { rights: Rights::of(&[Right::View]), more: None },
        ConsentState::Granted {
            rights: Rights::of(&[Right::View]),
            more: Some(Rights::of(&[Right::Control])),
        },
        ConsentState::Held {
            rights: Rights::of(&[Right::Control]),
            holds: vec![Hold::Customer, Hold::DesktopLocked, Hold::LinkLost],
        },
        ConsentState::Ended { why: ConsentEnd::Refused },
        ConsentState::Ended { why: ConsentEnd::TimedOut },
        ConsentState::Ended { why: ConsentEnd::Stopped },
        ConsentState::Ended { why: ConsentEnd::Blocked },
        ConsentState::Ended { why: ConsentEnd::EndedRemotely },
        ConsentState::Ended { why: ConsentEnd::GraceOver },
    ];
    let mut list = vec![
        Control::Ask { rights: Rights::of(&[Right::View]) },
        Control::Ask { rights: Rights::ALL },
        Control::GiveUp { rights: Rights::of(&[Right::Control]) },
        Control::Together {
            message: Together::Introduce {
                participant: 3,
                name: "Bob".into(),
                organisation: "Example Help".into(),
                purpose: Purpose::Watch,
                rights: Rights::of(&[Right::View]),
                digits: "0815".into(),
            },
        },
        Control::Together { message: Together::Dismiss { participant: 3 } },
        Control::Together {
            message: Together::Rights {
                to: 3,
                snapshot: ConsentSnapshot {
                    revision: 2,
                    state: ConsentState::Granted { rights: Rights::of(&[Right::View]), more: None },
                },
            },
        },
        Control::Together { message: Together::TookOver { from: 1, to: 3 } },
        Control::Together { message: Together::Unproven { participant: 3 } },
        Control::ScreenLock {
            lock: ScreenLock {
                way: LockWay::Locks,
                wanted: true,
                by_customer: false,
                done: LockDone::NotYet,
            },
        },
        Control::ScreenLock {
            lock: ScreenLock {
                way: LockWay::Covers,
                wanted: true,
                by_customer: true,
                done: LockDone::Covered,
            },
        },
        Control::Wish { wish: Wish::Picture { prefer: Prefer::Sharp } },
        Control::Wish { wish: Wish::LockAtEnd { lock: true } },
        Control::Wish { wish: Wish::Restart },
        Control::End,
        Control::Cursor { cursor: Cursor::hidden() },
        Control::Cursor {
            cursor: Cursor {
                width: 2,
                height: 1,
                hot_x: 1,
                hot_y: 0,
                rgba: vec![255, 0, 0, 255, 0, 0, 0, 0],
            },
        },
        Control::CursorAt { x: 1919, y: -1 },
        Control::Notice { notice: Notice::CaptureFailed { text: "The display went away.".into() } },
        Control::Notice { notice: Notice::InputFailed { text: "Tastatur gesperrt – später".into() } },
        Control::Ping { nonce: 1 << 40 },
        Control::Receipt { part: vec![0, 0, 1, 2, 3] },
        Control::ReceiptSigned { signed: (0..66).collect() },
        Control::Pong { nonce: 1 << 40 },
    ];
    let snapshots = states.into_iter().zip(1..);
    list.extend(
        snapshots.map(|(state, revision)| Control::Consent { snapshot: ConsentSnapshot { revision, state } }),
    );
    list.extend(monitors());
    list.extend(restarts());
    list
}

fn restarts() -> Vec<Control> {
    let stages = [
        RestartStage::Idle,
        RestartStage::Asking,
        RestartStage::Refused,
        RestartStage::Failed { why: RestartFailed::NotAllowed },
        RestartStage::Going { seconds: 1_800, ask_again: false },
        RestartStage::Back { seconds: 1_620 },
        RestartStage::TimeOver,
    ];
    stages.map(|stage| Control::Restart { restart: Restart { possible: true, stage } }).into()
}

fn monitors() -> Vec<Control> {
    let monitor = |id, name: &str, x, scale, primary| Monitor {
        id,
        name: name.into(),
        area: Area { x, y: 0, width: 1920, height: 1080 },
        scale,
        primary,
    };
    let all = Monitors {
        share: Share::Everything,
        list: vec![monitor(66, "eDP-1", 0, 150, true), monitor(71, "HDMI-1", 1920, 100, false)],
        choice: Choice::One { id: 71 },
        area: Area { x: 1920, y: 0, width: 1920, height: 1080 },
        hidden: 2,
        paused: true,
    };
    let window = Monitors {
        share: Share::Window { here: false },
        list: Vec::new(),
        choice: Choice::All,
        area: Area { x: -5, y: 20, width: 800, height: 600 },
        hidden: 0,
        paused: false,
    };
    let monitor =
        Monitors { share: Share::Monitor { here: true }, choice: Choice::Pointer, ..window.clone() };
    let told = [all, window, monitor].map(|monitors| Control::Monitors { monitors });
    let chosen = [Choice::All, Choice::One { id: 71 }, Choice::Pointer];
    told.into_iter().chain(chosen.map(|choice| Control::ShowMonitor { choice })).collect()
}

pub(crate) fn inputs() -> Vec<Input> {
    let mut list = vec![
        Input::Key { usage: Usage(4), down: true },
        Input::Key { usage: Usage(4), down: false },
        Input::Key { usage: Usage::META_RIGHT, down: true },
        Input::Wheel { dx: 0, dy: -120, x: 640, y: 360 },
        Input::Text { text: "Grüße 👋".into() },
        Input::ReleaseAll,
    ];
    let buttons = [Button::Left, Button::Middle, Button::Right, Button::Back, Button::Forward];
    list.extend(buttons.map(|button| Input::Button { button, down: true, x: 10, y: 2000 }));
    list.extend([
        Input::Letter { letter: "é".into() },
        Input::StopText,
        Input::PointerBy { dx: -3, dy: 40_000 },
        Input::ButtonHere { button: Button::Back, down: false },
        Input::WheelHere { dx: 7, dy: -3 },
    ]);
    list
}

pub(crate) fn pointers() -> Vec<Pointer> {
    vec![Pointer { x: 0, y: 0 }, Pointer { x: 3839, y: 2159 }, Pointer { x: -1, y: 70_000 }]
}

pub(crate) fn feedback() -> Vec<ScreenFeedback> {
    vec![
        ScreenFeedback::Reset,
        ScreenFeedback::Drawn { frame: 0, draw_us: 0 },
        ScreenFeedback::Drawn { frame: u32::MAX, draw_us: 4_200 },
        ScreenFeedback::CodecRefused { codec: 2 },
    ]
}

/// Bodies of a newer version: what this version does not know is `unknown`, and further fields are passed over.
fn foreign() -> Value {
    let body = |value: Value| {
        let mut out = Vec::new();
        encode(&value, &mut out);
        hex(&out)
    };
    json!([
        { "of": "control", "hex": body(json!({ "type": "teleport", "to": { "x": [1, 2.5, null] } })), "meaning": Control::Unknown },
        { "of": "control", "hex": body(json!({ "type": "ping", "nonce": 5, "sent": 17 })), "meaning": Control::Ping { nonce: 5 } },
        { "of": "control", "hex": body(json!({ "rights": ["view", "smell"], "type": "ask" })),
          "meaning": Control::Ask { rights: Rights::of(&[Right::View]) } },
        { "of": "control", "hex": body(json!({ "type": "ask", "rights": ["control"] })),
          "meaning": Control::Ask { rights: Rights::of(&[Right::View, Right::Control]) } },
        { "of": "control", "hex": body(json!({ "type": "together", "message": { "type": "sing", "song": 2 } })),
          "meaning": Control::Together { message: Together::Unknown } },
        { "of": "control", "hex": body(json!({ "type": "wish", "wish": { "type": "picture", "prefer": "cubist" } })),
          "meaning": Control::Wish { wish: Wish::Picture { prefer: Prefer::Unknown } } },
        { "of": "control", "hex": body(json!({ "type": "notice", "notice": { "kind": "battery", "left": 3 } })),
          "meaning": Control::Notice { notice: Notice::Unknown } },
        { "of": "control", "hex": body(json!({ "type": "consent", "snapshot": { "revision": 3, "state": "levitating", "height": 2 } })),
          "meaning": Control::Consent { snapshot: ConsentSnapshot { revision: 3, state: ConsentState::Unknown } } },
        { "of": "control", "hex": body(json!({ "type": "show_monitor", "choice": { "show": "wall", "ids": [1, 2] } })),
          "meaning": Control::ShowMonitor { choice: Choice::Unknown } },
        { "of": "input", "hex": body(json!({ "type": "gesture", "fingers": 3 })), "meaning": Input::Unknown },
        { "of": "input", "hex": body(json!({ "type": "button", "button": "sixth", "down": true, "x": 0, "y": 0 })),
          "meaning": Input::Button { button: Button::Unknown, down: true, x: 0, y: 0 } },
        { "of": "feedback", "hex": body(json!({ "type": "slower", "by": 2 })), "meaning": ScreenFeedback::Unknown },
        { "of": "clipboard", "hex": body(json!({ "type": "clear" })), "meaning": crate::channel::clipboard::Clipboard::Unknown },
        { "of": "pointer", "hex": body(json!({ "x": 1, "y": 2, "pressure": 0.5 })), "meaning": Pointer { x: 1, y: 2 } },
    ])
}

pub(crate) fn to_service() -> Vec<ToService> {
    vec![
        ToService::Hello { versions: VersionRange::ours(), program: "farhand-agent/0.1.0".into() },
        ToService::RenewMedia,
        ToService::Consent {
            snapshot: ConsentSnapshot {
                revision: 4,
                state: ConsentState::Granted { rights: Rights::of(&[Right::View]), more: None },
            },
        },
        ToService::Media { up: true },
        ToService::End,
        ToService::Leave,
        ToService::Remove { participant: 3 },
        ToService::Unproven { participant: 3 },
        ToService::HandOver { to: 3 },
        ToService::Restarting { seconds: 1_800 },
        ToService::Ping { nonce: 9 },
    ]
}

pub(crate) fn from_service() -> Vec<FromService> {
    let session = |state| SessionSnapshot {
        id: "s-1".into(),
        revision: 12,
        state,
        participants: vec![
            Participant {
                id: 1,
                role: Role::Technician,
                name: "Ada".into(),
                organisation: "Example Help".into(),
                connected: true,
                media: true,
                gone: false,
            },
            Participant {
                id: 2,
                role: Role::Agent,
                name: String::new(),
                organisation: String::new(),
                connected: true,
                media: false,
                gone: false,
            },
        ],
        code_expires_at: 1_790_000_001_800_000,
        created_at: 1_790_000_000_000_000,
        back_until: None,
    };
    let offer = MediaOffer {
        ticket: "dGlja2V0".into(),
        expires_at: 1_790_000_000_060,
        port: 15_000,
        host: None,
        certificate_sha256: vec!["00".repeat(32)],
        webtransport_path: "/media".into(),
        websocket_path: "/api/v1/media".into(),
    };
    let mut list = vec![
        FromService::Welcome {
            version: CURRENT,
            participant: 2,
            session: session(SessionState::Claimed),
            media: offer.clone(),
            now: 1_790_000_000_000,
        },
        FromService::Media { offer },
        FromService::Ended { reason: EndReason::Technician },
        FromService::Problem { code: "not_first".into(), message: "Say hello first.".into() },
        FromService::Left { why: LeftWhy::Removed },
        FromService::Left { why: LeftWhy::Unproven },
        FromService::Pong { nonce: 9 },
    ];
    let states = [
        SessionState::Waiting,
        SessionState::Live,
        SessionState::Interrupted,
        SessionState::Ended { reason: EndReason::CodeExpired },
    ];
    list.extend(states.map(|state| FromService::Session { snapshot: session(state) }));
    list.push(FromService::Session {
        snapshot: SessionSnapshot {
            back_until: Some(1_790_000_001_800),
            ..session(SessionState::Interrupted)
        },
    });
    list
}

/// Frames of the screen stream, cut into messages. The payload's byte at `i` is `i % 251`.
fn frames() -> Value {
    let mut sequence = u32::MAX - 1;
    let frame = |(length, meta): (usize, FrameMeta)| {
        let payload: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).expect("below 251")).collect();
        let first = sequence;
        let pieces: Vec<Vec<u8>> = cut(&payload, meta, SENDER, &mut sequence).collect();
        json!({
            "frame": meta.frame, "captured_us": meta.captured_us, "reset": meta.reset, "exact": meta.exact,
            "length": length, "first_sequence": first,
            "heads": pieces.iter().map(|p| hex(&p[..crate::envelope::SCREEN_HEAD_LEN])).collect::<Vec<_>>(),
            "lengths": pieces.iter().map(Vec::len).collect::<Vec<_>>(),
        })
    };
    let meta =
        |frame, reset, exact| FrameMeta { frame, captured_us: 1_000_000 + u64::from(frame), reset, exact };
    [
        (5, meta(0, true, true)),
        (0, meta(1, false, true)),
        (PIECE, meta(2, false, false)),
        (2 * PIECE + 1, meta(3, false, true)),
    ]
    .map(frame)
    .into_iter()
    .collect()
}

/// How a message lies on each carrier.
fn carrier() -> Value {
    let mut writer = Writer::new(SENDER);
    let message = writer.message(Stream::Input, &Input::ReleaseAll);
    let mut frame = Vec::new();
    write_frame(&message, &mut frame).expect("a small message fits");
    let copy = Datagram::Copy { stream: Stream::Input, index: 258, message: Bytes::from(message.clone()) };
    let pointer = Bytes::from(writer.message(Stream::Pointer, &Pointer { x: 1, y: 2 }));
    json!({
        "message": hex(&message),
        "stream_frame": hex(&frame),
        "datagram_copy": hex(&copy.write()),
        "websocket": hex(&write_websocket(Stream::Input, &message)),
        "pointer": hex(&pointer),
        "datagram_pointer": hex(&Datagram::Pointer { message: pointer }.write()),
        "accepted": hex(&Accepted { participant: 2, present: vec![1, 3] }.encode()),
    })
}

fn keys() -> Value {
    Usage::all().map(|key| json!({ "usage": key.0, "code": key.code(), "evdev": key.evdev() })).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::envelope::{HEAD_LEN, Head};

    fn kept(name: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
        std::fs::read_to_string(path).unwrap()
    }

    fn entries(name: &str) -> Vec<Value> {
        serde_json::from_str(&kept(name)).unwrap()
    }

    fn bytes(entry: &Value) -> Vec<u8> {
        unhex(entry["hex"].as_str().unwrap()).unwrap()
    }

    fn read(of: &str, body: &[u8]) -> Value {
        match of {
            "control" => json!(Control::decode(body).unwrap()),
            "input" => json!(Input::decode(body).unwrap()),
            "pointer" => json!(Pointer::decode(body).unwrap()),
            "feedback" => json!(ScreenFeedback::decode(body).unwrap()),
            "clipboard" => json!(crate::channel::clipboard::Clipboard::decode(body).unwrap()),
            "files" => json!(crate::channel::files::Files::decode(body).unwrap()),
            _ => panic!("{of} is no channel"),
        }
    }

    #[test]
    fn this_version_writes_the_kept_bytes() {
        for (name, content) in files() {
            assert!(kept(name) == content, "{name} differs; if that is meant, run `cargo xtask vectors`");
        }
    }

    #[test]
    fn kept_messages_mean_what_they_meant() {
        for (of, stream) in [
            ("control", Stream::Control),
            ("input", Stream::Input),
            ("pointer", Stream::Pointer),
            ("feedback", Stream::Screen),
            ("clipboard", Stream::Clipboard),
            ("files", Stream::Files),
        ] {
            for (at, entry) in entries(&format!("{of}.json")).iter().enumerate() {
                let message = bytes(entry);
                let head = Head::read(&message).unwrap();
                let sequence = u32::try_from(at).unwrap();
                assert_eq!(head, Head { stream, flags: 0, sender: SENDER, sequence });
                assert_eq!(read(of, &message[HEAD_LEN..]), entry["meaning"], "{of} {at}");
            }
        }
    }

    #[test]
    fn messages_of_a_newer_version_are_read_as_far_as_they_go() {
        for entry in entries("foreign.json") {
            assert_eq!(read(entry["of"].as_str().unwrap(), &bytes(&entry)), entry["meaning"], "{entry}");
        }
    }

    #[test]
    fn kept_signals_mean_what_they_meant() {
        for entry in entries("to_service.json") {
            let signal = ToService::decode(entry["text"].as_str().unwrap()).unwrap();
            assert_eq!(json!(signal), entry["meaning"]);
        }
        for entry in entries("from_service.json") {
            let signal = FromService::decode(entry["text"].as_str().unwrap()).unwrap();
            assert_eq!(json!(signal), entry["meaning"]);
        }
    }
}

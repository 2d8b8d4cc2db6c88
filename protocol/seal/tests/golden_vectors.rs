//! The kept bytes: written the same today, and read as what they meant.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use farhand_protocol::envelope::Stream;
use farhand_seal::epochs::open_hand_over;
use farhand_seal::handshake::{Handshake, Output};
use farhand_seal::keys::{Channel, EpochSecret, Pair};
use farhand_seal::message::{Opened, Opener};
use farhand_seal::receipt::Receipt;
use farhand_seal::secret::Secret;
use serde_json::Value;

fn kept(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap().as_bytes();
    text.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn this_version_writes_the_kept_bytes() {
    for (name, content) in farhand_seal::vectors::files() {
        let kept: Value = kept(name);
        let now: Value = serde_json::from_str(&content).unwrap();
        assert_eq!(kept, now, "{name} differs; if that is meant, run `cargo xtask vectors`");
    }
}

/// The keys of the kept hand-shake by a link, by playing the agent against the kept answer.
fn pair() -> Pair {
    let entry = &kept("handshake.json")[1];
    let start = bytes(&entry["start"]);
    let offer = farhand_seal::context::Offer::read(&start[1 + 16 + 1 + 32 + 1..]).unwrap();
    let mut agent = Handshake::agent(offer);
    let random = bytes(&entry["agent_random"]).try_into().unwrap();
    agent.handle_secret(&Secret::link(entry["secret"].as_str().unwrap()).unwrap(), &random).unwrap();
    assert_eq!(agent.poll_output(), Some(Output::Send(start)));
    agent.handle_message(&bytes(&entry["answer"]), &random).unwrap();
    assert_eq!(agent.poll_output(), Some(Output::Send(bytes(&entry["confirm"]))));
    match agent.poll_output() {
        Some(Output::Done(established)) => established.pair.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_kept_hand_shake_and_hand_over_lead_to_the_kept_keys() {
    let (pair, keys) = (pair(), kept("keys.json"));
    let secret = open_hand_over(&pair, 0, &bytes(&keys["hand_over"])).unwrap();
    assert_eq!(secret, EpochSecret::new(1, bytes(&keys["epoch_secret"]).try_into().unwrap()));
    for (channel, entry) in Channel::ALL.into_iter().zip(keys["channels"].as_array().unwrap()) {
        assert_eq!(pair.up(1, channel).key.to_vec(), bytes(&entry["up"]["key"]));
        assert_eq!(pair.up(1, channel).iv.to_vec(), bytes(&entry["up"]["iv"]));
        assert_eq!(secret.down(2, channel).key.to_vec(), bytes(&entry["down"]["key"]));
    }
}

#[test]
fn kept_messages_open() {
    let (pair, keys) = (pair(), kept("keys.json"));
    let secret = EpochSecret::new(1, bytes(&keys["epoch_secret"]).try_into().unwrap());
    let mut up = Stream::ALL.map(|stream| {
        let mut opener = Opener::up(1, stream);
        opener.renew(1, pair.up(1, stream.into()));
        opener
    });
    let mut down = Stream::ALL.map(|stream| {
        let mut opener = Opener::down(2, stream);
        opener.renew(1, secret.down(2, stream.into()));
        opener
    });
    for entry in kept("messages.json").as_array().unwrap() {
        let stream = usize::try_from(entry["stream"].as_u64().unwrap()).unwrap();
        let opener = if entry["direction"] == "up" { &mut up[stream] } else { &mut down[stream] };
        match opener.open(&bytes(&entry["sealed"])) {
            Ok(Opened::Fresh { message, .. }) => assert_eq!(message, bytes(&entry["clear"])),
            other => panic!("{other:?} for {entry}"),
        }
    }
}

#[test]
fn kept_receipts_verify_as_they_did() {
    for entry in kept("receipts.json").as_array().unwrap() {
        let receipt = Receipt::read(&bytes(&entry["file"])).unwrap();
        assert_eq!(receipt.entries().len() as u64, entry["entries"].as_u64().unwrap());
        assert_eq!(receipt.verify().is_ok(), entry["verifies"].as_bool().unwrap());
    }
}

//! What technicians point at: the kept bytes mean what they meant, and a line that is too long is refused.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use farhand_protocol::channel::chat::Chat;
use farhand_protocol::channel::encode;
use farhand_protocol::channel::pointing::{Colour, MAX_PLACES, Mark, Place, Pointing, Shape};
use farhand_protocol::envelope::HEAD_LEN;
use serde_json::{Value, json};

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn kept_bytes_mean_what_they_meant() {
    let kept: Vec<Value> = serde_json::from_str(include_str!("../vectors/pointing.json")).unwrap();
    assert!(kept.len() > 8);
    for entry in kept {
        let bytes = unhex(entry["hex"].as_str().unwrap());
        let message = Chat::decode(&bytes[HEAD_LEN..]).unwrap();
        assert_eq!(json!(message), entry["meaning"]);
    }
}

fn draw(places: usize) -> Vec<u8> {
    let mark = Mark { shape: Shape::Free, colour: Colour::Red, places: vec![Place { x: 1, y: 2 }; places] };
    let mut body = Vec::new();
    encode(&Chat::Pointing { pointing: Pointing::Draw { number: 1, stays: false, mark } }, &mut body);
    body
}

#[test]
fn a_line_of_too_many_places_is_refused() {
    assert!(Chat::decode(&draw(MAX_PLACES)).is_ok());
    assert!(Chat::decode(&draw(MAX_PLACES + 1)).is_err());
}

#[test]
fn a_newer_version_s_message_is_read_as_far_as_it_goes() {
    let newer = json!({ "type": "pointing", "pointing": { "type": "stamp", "at": { "x": 1, "y": 1 } } });
    let mut body = Vec::new();
    encode(&newer, &mut body);
    assert_eq!(Chat::decode(&body).unwrap(), Chat::Pointing { pointing: Pointing::Unknown });
}

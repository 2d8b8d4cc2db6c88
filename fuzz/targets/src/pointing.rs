//! What consoles point at, and the agent's end that keeps it in bounds.

use std::time::{Duration, Instant};

use farhand_agent_core::tools::pointing::{MAX_LINE, MAX_MARKS, Pointing as End};
use farhand_protocol::channel::chat::Chat;
use farhand_protocol::channel::encode;
use farhand_protocol::channel::monitors::Area;
use farhand_protocol::channel::pointing::{MAX_PLACES, Pointing};

const AREA: Area = Area { x: -640, y: 30, width: 640, height: 480 };

/// Bodies of messages, each after a byte for who says it and two for its length. Nothing is drawn outside of what the
/// technician sees, and never more than a screen's worth.
pub fn pointing(data: &[u8]) {
    let (mut end, mut now) = (End::default(), Instant::now());
    let mut rest = data;
    while let Some(([who, high, low], more)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(more.len());
        let (body, next) = more.split_at(length);
        rest = next;
        now += Duration::from_millis(u64::from(*who) * 8);
        match who % 16 {
            0 => end.handle_gone(*who),
            1 => drop(end.handle_end()),
            2 => end.handle_timeout(now),
            _ => say(&mut end, *who, body, now),
        }
        if let Some(scene) = end.poll_output() {
            assert!(scene.marks.len() <= MAX_MARKS);
            let places = scene.marks.iter().flat_map(|mark| {
                assert!(!mark.places.is_empty() && mark.places.len() <= MAX_LINE);
                &mark.places
            });
            for place in places.chain(&scene.lights) {
                assert!(AREA.contains(place.x, place.y), "{place:?}");
            }
        }
    }
    end.handle_end();
    assert!(end.is_empty() && end.poll_timeout().is_none());
}

fn say(end: &mut End, who: u8, body: &[u8], now: Instant) {
    let Ok(message @ Chat::Pointing { .. }) = Chat::decode(body) else { return };
    let mut again = Vec::new();
    encode(&message, &mut again);
    assert_eq!(Chat::decode(&again).expect("what was read can be read again"), message);
    if let Chat::Pointing { pointing } = message {
        if let Pointing::Draw { mark, .. } = &pointing {
            assert!(mark.places.len() <= MAX_PLACES);
        }
        end.handle_message(who, pointing, AREA, now);
    }
}

//! Over a path that loses datagrams every message arrives once, in order.

use std::time::Duration;

use super::common::{AGENT, RESET, VIEWER, World, sequence, until};
use farhand_link::quic::IDLE_AFTER;
use farhand_link::{Carrier, LinkEvent};
use farhand_netem::{Direction, Netem, Outages, Path};
use farhand_protocol::envelope::Stream;

async fn exactly_once_in_order(path: Path, seed: u64) {
    const MESSAGES: u32 = 400;
    let world = World::new().await;
    let netem = world.netem(Path::default(), seed);
    let port = netem.local_addr().port();
    let mut agent = world.link_by(AGENT, port, Carrier::Quic).await;
    let mut viewer = world.link_by(VIEWER, port, Carrier::Quic).await;
    // From here on: a hand-shake that meets the losses is right to give UDP up.
    netem.set(path);
    let mut sent = 0;
    // As often as it takes to meet a loss: a quick machine may be done before the path's first outage.
    while sent == 0 || lost(&netem) == 0 {
        assert!(sent < 40 * MESSAGES, "the path lost nothing");
        for round in 0..MESSAGES {
            // Small ones go twice, large ones once.
            let length = if round % 3 == 0 { 3_000 } else { 40 };
            viewer.send(Stream::Input, 0, &vec![0; length]);
            agent.send(Stream::Control, 0, &vec![0; length]);
        }
        for expected in sent..sent + MESSAGES {
            let (stream, message) = agent.message().await;
            assert_eq!((stream, sequence(&message)), (Stream::Input, expected));
            let (stream, message) = viewer.message().await;
            assert_eq!((stream, sequence(&message)), (Stream::Control, expected));
        }
        sent += MESSAGES;
    }
    let last = agent.send(Stream::Screen, RESET, b"last");
    assert_eq!(viewer.message().await, (Stream::Screen, last));
}

fn lost(netem: &Netem) -> u64 {
    let (there, back) = netem.figures();
    there.lost + back.lost
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_percent_of_loss_cost_no_message() {
    let direction = Direction { delay: Duration::from_millis(25), loss: 0.02, ..Direction::default() };
    exactly_once_in_order(Path::both(direction), 11).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenth_of_loss_costs_no_message() {
    let direction = Direction { delay: Duration::from_millis(5), loss: 0.1, ..Direction::default() };
    exactly_once_in_order(Path::both(direction), 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outages_cost_no_message() {
    let outages = Outages { length: Duration::from_millis(30), share: 0.2 };
    let direction =
        Direction { delay: Duration::from_millis(10), outages: Some(outages), ..Direction::default() };
    exactly_once_in_order(Path::both(direction), 13).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_side_that_falls_silent_is_noticed_by_the_other_and_by_the_service() {
    let world = World::with(|config| config.idle_after = IDLE_AFTER).await;
    let netem = world.netem(Path::default(), 1);
    let mut viewer = world.link_by(VIEWER, netem.local_addr().port(), Carrier::Quic).await;
    netem.set(Path::blocked());
    assert!(matches!(viewer.event().await, LinkEvent::Lost { .. }));
    until("the service let it go", || world.server.metrics().participants[0].1 == 0).await;
}

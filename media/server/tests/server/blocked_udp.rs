//! Where UDP is blocked, messages go by the WebSocket, and return to QUIC when it comes back.

use std::time::Duration;

use super::common::{AGENT, Client, RESET, VIEWER, World, sequence, until};
use farhand_link::quic::IDLE_AFTER;
use farhand_link::{Carrier, LinkEvent};
use farhand_netem::Path;
use farhand_protocol::envelope::{HEAD_LEN, Stream};
use farhand_protocol::framing::close;

/// Is soon on the WebSocket, and as soon as it can on QUIC.
fn quick(world: &World, port: u16) -> farhand_link::LinkConfig {
    let mut config = world.link_config(VIEWER, port);
    config.timing.fall_back_after = Duration::from_millis(100);
    config.timing.probe_every = Duration::from_millis(100);
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_port_leads_to_the_websocket_and_an_open_one_back_without_a_gap() {
    let world = World::new().await;
    let netem = world.netem(Path::blocked(), 1);
    let mut agent = world.link(AGENT).await;
    let mut viewer = Client::start(quick(&world, netem.local_addr().port()), VIEWER);
    let connected = LinkEvent::Connected { carrier: Carrier::WebSocket, participant: VIEWER };
    assert_eq!(viewer.event().await, connected);
    let key = viewer.send(Stream::Input, 0, b"key");
    assert_eq!(agent.message().await, (Stream::Input, key));
    let frame = agent.send(Stream::Screen, RESET, &[3; 10_000]);
    assert_eq!(viewer.message().await, (Stream::Screen, frame));
    // A piece of a file, as long as it may be; the agent names the console behind the head.
    let piece = vec![VIEWER; Stream::Files.max_message() - HEAD_LEN];
    let file = agent.send(Stream::Files, 0, &piece);
    assert_eq!(viewer.message().await, (Stream::Files, file));
    let file = viewer.send(Stream::Files, 0, &piece);
    assert_eq!(agent.message().await, (Stream::Files, file));

    // Both talk all the while that the carrier changes, and nothing is lost, doubled or overtaken.
    netem.set(Path::default());
    let (mut switched, mut after) = (false, 0);
    let (mut at_agent, mut at_viewer) = (1, 1);
    while after < 20 {
        viewer.send(Stream::Input, 0, b"key");
        agent.send(Stream::Screen, RESET, &[4; 2_000]);
        let (stream, message) = agent.message().await;
        assert_eq!((stream, sequence(&message)), (Stream::Input, at_agent));
        at_agent += 1;
        loop {
            match viewer.event().await {
                LinkEvent::Switched { carrier: Carrier::Quic } => switched = true,
                LinkEvent::Message { stream: Stream::Screen, message } => {
                    assert_eq!(sequence(&message), at_viewer);
                    at_viewer += 1;
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        after += u32::from(switched);
    }
    assert_eq!(viewer.handle.stats().carrier, Some(Carrier::Quic));
    until("the WebSocket is gone", || world.participants() == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_websocket_a_bad_message_is_refused_with_its_code() {
    let world = World::new().await;
    let netem = world.netem(Path::blocked(), 1);
    let mut viewer = Client::start(quick(&world, netem.local_addr().port()), VIEWER);
    let connected = LinkEvent::Connected { carrier: Carrier::WebSocket, participant: VIEWER };
    assert_eq!(viewer.event().await, connected);
    let forged = super::common::message(AGENT, Stream::Input, 0, 0, b"key");
    viewer.handle.send(Stream::Input, forged).unwrap();
    let event = viewer.event().await;
    assert!(matches!(event, LinkEvent::Refused { code: close::PROTOCOL, .. }), "{event:?}");
    until("it is counted", || world.refused("forged_sender") == 1).await;
    until("it is gone", || world.participants() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_websocket_a_bad_ticket_is_refused_and_a_new_one_asked_for() {
    let world = World::new().await;
    let netem = world.netem(Path::blocked(), 1);
    let mut config = quick(&world, netem.local_addr().port());
    config.offer.ticket = "nonsense".to_owned();
    let mut viewer = Client::start(config, VIEWER);
    let event = viewer.event().await;
    assert!(matches!(event, LinkEvent::Refused { code: close::TICKET_REFUSED, .. }), "{event:?}");
    assert_eq!(viewer.event().await, LinkEvent::OfferNeeded);
    viewer.handle.renew(world.offer(VIEWER, netem.local_addr().port()));
    let connected = LinkEvent::Connected { carrier: Carrier::WebSocket, participant: VIEWER };
    assert_eq!(viewer.event().await, connected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_udp_dies_under_a_link_it_goes_on_by_the_websocket() {
    let world = World::with(|config| config.idle_after = IDLE_AFTER).await;
    let netem = world.netem(Path::default(), 1);
    let mut agent = world.link(AGENT).await;
    let mut viewer = Client::start(quick(&world, netem.local_addr().port()), VIEWER);
    // On a busy machine the WebSocket may be there first.
    loop {
        match viewer.event().await {
            LinkEvent::Connected { carrier: Carrier::Quic, participant: VIEWER }
            | LinkEvent::Switched { carrier: Carrier::Quic } => break,
            LinkEvent::Connected { carrier: Carrier::WebSocket, participant: VIEWER } => {}
            other => panic!("{other:?}"),
        }
    }
    netem.set(Path::blocked());
    assert!(matches!(viewer.event().await, LinkEvent::Lost { .. }));
    let connected = LinkEvent::Connected { carrier: Carrier::WebSocket, participant: VIEWER };
    assert_eq!(viewer.event().await, connected);
    let key = viewer.send(Stream::Input, 0, b"key");
    assert_eq!(agent.message().await, (Stream::Input, key));
}

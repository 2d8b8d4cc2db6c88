//! Two participants talk through the media service.

use super::common::{AGENT, Client, FRAME, RESET, SECOND, VIEWER, World, sequence, until};
use farhand_link::{Carrier, LinkEvent, Udp};
use farhand_netem::Path;
use farhand_protocol::envelope::{HEAD_LEN, MAX_MESSAGE, Stream};
use farhand_protocol::framing::close;

/// Sends in both directions on every stream that goes there, and receives it all in order.
async fn talk(agent: &mut Client, viewer: &mut Client) {
    let ask = viewer.send(Stream::Control, 0, b"ask");
    assert_eq!(agent.message().await, (Stream::Control, ask));
    let ready = viewer.send(Stream::Screen, 0, b"reset");
    assert_eq!(agent.message().await, (Stream::Screen, ready));
    let large = vec![7; MAX_MESSAGE - 64];
    let sent = [
        agent.send(Stream::Screen, RESET, &large),
        agent.send(Stream::Screen, FRAME, b"small"),
        agent.send(Stream::Screen, FRAME, &large),
    ];
    for frame in sent {
        assert_eq!(viewer.message().await, (Stream::Screen, frame));
    }
    let consent = agent.send(Stream::Control, 0, b"consent");
    assert_eq!(viewer.message().await, (Stream::Control, consent));
    let key = viewer.send(Stream::Input, 0, b"key");
    assert_eq!(agent.message().await, (Stream::Input, key));
    let pointer = viewer.send(Stream::Pointer, 0, b"pointer");
    assert_eq!(agent.message().await, (Stream::Pointer, pointer));
    // A piece of a file, as long as it may be; the agent names the console behind the head.
    let piece = vec![VIEWER; Stream::Files.max_message() - HEAD_LEN];
    let file = agent.send(Stream::Files, 0, &piece);
    assert_eq!(viewer.message().await, (Stream::Files, file));
    let file = viewer.send(Stream::Files, 0, &piece);
    assert_eq!(agent.message().await, (Stream::Files, file));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stream_reaches_the_other_side_whole_and_in_order() {
    let world = World::new().await;
    let mut agent = world.link(AGENT).await;
    let mut viewer = world.link(VIEWER).await;
    talk(&mut agent, &mut viewer).await;
    assert_eq!(world.participants(), 2);
    assert_eq!(world.server.metrics().rooms, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_without_the_systems_help_carries_the_same() {
    let world = World::new().await;
    let mut ends = Vec::new();
    for participant in [AGENT, VIEWER] {
        let mut config = world.link_config(participant, world.server.local_addr().port());
        config.udp = Udp::Plain;
        let mut end = Client::start(config, participant);
        assert_eq!(end.event().await, LinkEvent::Connected { carrier: Carrier::Quic, participant });
        ends.push(end);
    }
    let [agent, viewer] = ends.as_mut_slice() else { panic!("two ends") };
    talk(agent, viewer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_agent_shows_reaches_every_viewer_and_no_viewer_hears_another() {
    let world = World::new().await;
    let mut agent = world.link(AGENT).await;
    let mut viewers = [world.link(VIEWER).await, world.link(SECOND).await];
    for viewer in &mut viewers {
        let ask = viewer.send(Stream::Control, 0, b"ask");
        assert_eq!(agent.message().await, (Stream::Control, ask));
    }
    let frame = agent.send(Stream::Screen, RESET, b"pixels");
    for viewer in &mut viewers {
        assert_eq!(viewer.message().await, (Stream::Screen, frame.clone()));
    }
}

/// The bytes that an agent uploads for the same frames, while so many watch; and those that the service relays.
async fn bytes_up(viewers: u8) -> (u64, u64) {
    let world = World::new().await;
    let netem = world.netem(Path::default(), 1);
    let mut agent = world.link_by(AGENT, netem.local_addr().port(), farhand_link::Carrier::Quic).await;
    let mut watching = Vec::new();
    for number in 0..viewers {
        let mut viewer = world.link(VIEWER + number).await;
        let ask = viewer.send(Stream::Control, 0, b"ask");
        assert_eq!(agent.message().await, (Stream::Control, ask));
        watching.push(viewer);
    }
    netem.clear_figures();
    let relayed = world.server.metrics().bytes;
    for frame in 0..200 {
        let sent = agent.send(Stream::Screen, if frame == 0 { RESET } else { FRAME }, &[7; 4000]);
        // Each has it before the next one leaves, so that nobody is too slow for any.
        for viewer in &mut watching {
            assert_eq!(viewer.message().await, (Stream::Screen, sent.clone()));
        }
    }
    (netem.figures().0.bytes, world.server.metrics().bytes - relayed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_one_upload_however_many_watch() {
    let (alone, relayed_to_one) = bytes_up(1).await;
    let (three, relayed_to_three) = bytes_up(3).await;
    println!(
        "bytes up for one viewer: {alone}, for three: {three}; relayed: {relayed_to_one}, {relayed_to_three}"
    );
    assert!(alone > 200 * 4000, "{alone}");
    assert_eq!(relayed_to_three, 3 * relayed_to_one);
    // What differs is what QUIC says again, and that is little here.
    assert!(three < alone + alone / 4, "{three} for three viewers, {alone} for one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_connection_of_a_participant_takes_the_place_of_the_older() {
    let world = World::new().await;
    let mut agent = world.link(AGENT).await;
    let mut old = world.link(VIEWER).await;
    old.at_rest().await;
    let mut new = world.link(VIEWER).await;
    let refused = old.event().await;
    assert!(matches!(refused, LinkEvent::Refused { code: close::REPLACED, .. }), "{refused:?}");
    assert_eq!(old.events.recv().await, None);
    talk(&mut agent, &mut new).await;
    assert_eq!(world.participants(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_before_a_link_is_closed_still_arrives() {
    let world = World::new().await;
    let mut agent = world.link(AGENT).await;
    let mut viewer = world.link(VIEWER).await;
    let end = viewer.send(Stream::Control, 0, b"end");
    viewer.handle.close();
    assert_eq!(agent.message().await, (Stream::Control, end));
    until("the viewer is gone", || world.participants() == 1).await;
    assert_eq!(viewer.events.recv().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_session_is_closed_and_its_tickets_open_nothing() {
    let world = World::new().await;
    let mut agent = world.link(AGENT).await;
    let mut viewer = world.link(VIEWER).await;
    world.server.close_session("session");
    for client in [&mut agent, &mut viewer] {
        // Whom the word does not reach is told when it comes back.
        let event = match client.event().await {
            LinkEvent::Lost { .. } => client.event().await,
            event => event,
        };
        assert!(matches!(event, LinkEvent::Refused { code: close::ENDED, .. }), "{event:?}");
        assert_eq!(client.events.recv().await, None);
    }
    let mut late = Client::start(world.link_config(VIEWER, world.server.local_addr().port()), VIEWER);
    let event = late.event().await;
    assert!(matches!(event, LinkEvent::Refused { code: close::ENDED, .. }), "{event:?}");
    until("the rooms are gone", || world.server.metrics().rooms == 0).await;
    assert!(world.refused("session_ended") >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_participant_that_is_kicked_goes_alone() {
    let world = World::new().await;
    let _agent = world.link(AGENT).await;
    let mut viewer = world.link(VIEWER).await;
    viewer.at_rest().await;
    world.server.kick("session", VIEWER);
    let event = viewer.event().await;
    assert!(matches!(event, LinkEvent::Refused { code: close::ENDED, .. }), "{event:?}");
    until("only the agent is left", || world.participants() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_address_loses_no_message() {
    let world = World::new().await;
    let netem = world.netem(Path::default(), 1);
    let mut agent = world.link_by(AGENT, netem.local_addr().port(), farhand_link::Carrier::Quic).await;
    let mut viewer = world.link(VIEWER).await;
    talk(&mut agent, &mut viewer).await;
    for round in 0..20u32 {
        if round % 5 == 0 {
            netem.move_clients();
        }
        let key = viewer.send(Stream::Input, 0, &round.to_be_bytes());
        assert_eq!(agent.message().await, (Stream::Input, key));
        let frame = agent.send(Stream::Screen, FRAME, &[1; 3000]);
        assert_eq!(viewer.message().await, (Stream::Screen, frame));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_without_a_runtime_can_send() {
    let world = World::new().await;
    let agent = world.link(AGENT).await;
    let mut viewer = world.link(VIEWER).await;
    let handle = agent.handle.clone();
    std::thread::spawn(move || {
        for sequence in 0..100 {
            let message = super::common::message(AGENT, Stream::Screen, sequence, RESET, &[0; 2000]);
            handle.send(Stream::Screen, message).unwrap();
        }
    })
    .join()
    .unwrap();
    // A reset takes the place of what waits before it, so that only the last is certain to come.
    loop {
        let (stream, message) = viewer.message().await;
        assert_eq!(stream, Stream::Screen);
        if sequence(&message) == 99 {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_of_a_restarted_service_is_followed_at_once() {
    let (before, after) = (World::new().await, World::new().await);
    let mut viewer = before.link(VIEWER).await;
    // The same service's next offer changes nothing.
    viewer.handle.renew(before.offer(VIEWER, before.server.local_addr().port()));
    let mut agent = before.link(AGENT).await;
    talk(&mut agent, &mut viewer).await;
    viewer.handle.renew(after.offer(VIEWER, after.server.local_addr().port()));
    assert!(matches!(viewer.event().await, LinkEvent::Lost { .. }));
    let connected = LinkEvent::Connected { carrier: farhand_link::Carrier::Quic, participant: VIEWER };
    assert_eq!(viewer.event().await, connected);
    assert_eq!(after.participants(), 1);
}

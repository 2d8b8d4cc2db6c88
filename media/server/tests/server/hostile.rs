//! What breaks the rules is refused with the right code and counted, and nobody else notices.
#![allow(clippy::unwrap_used)]

use super::common::{AGENT, FRAME, PATIENCE, RESET, SECOND, VIEWER, World, message, now_ms, until};
use bytes::Bytes;
use farhand_link::quic::{Broken, Receiver};
use farhand_protocol::envelope::{HEAD_LEN, MAX_MESSAGE, Stream};
use farhand_protocol::framing::{close, write_frame};
use farhand_protocol::session::Role;
use farhand_room::{Ticket, TicketKey};

/// A session in which an agent and a viewer go on talking after each outrage.
struct Bystanders {
    agent: super::common::Client,
    viewer: super::common::Client,
}

impl Bystanders {
    async fn new(world: &World) -> Self {
        Self { agent: world.link(AGENT).await, viewer: world.link(SECOND).await }
    }

    async fn are_undisturbed(&mut self) {
        let key = self.viewer.send(Stream::Input, 0, b"key");
        assert_eq!(self.agent.message().await, (Stream::Input, key));
        let frame = self.agent.send(Stream::Screen, RESET, b"frame");
        assert_eq!(self.viewer.message().await, (Stream::Screen, frame));
    }
}

async fn refused_ticket(world: &World, ticket: &str) -> u32 {
    let connection = world.connect().await;
    match tokio::time::timeout(PATIENCE, Receiver::connect(connection, ticket)).await.unwrap() {
        Err(Broken::Closed { code, .. }) => code,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the ticket was accepted"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_is_forged_expired_or_none_opens_nothing() {
    let world = World::new().await;
    let mut bystanders = Bystanders::new(&world).await;
    let good = Ticket {
        session: "session".to_owned(),
        participant: VIEWER,
        role: Role::Technician,
        expires_at: now_ms() + 60_000,
    };
    let forged = TicketKey::generate().unwrap().sign(&good).unwrap();
    let expired = world.key.sign(&Ticket { expires_at: now_ms() - 1, ..good.clone() }).unwrap();
    let mut altered = world.key.sign(&good).unwrap().into_bytes();
    altered[5] = if altered[5] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    for (ticket, reason) in [
        (forged.as_str(), "ticket_forged"),
        (altered.as_str(), "ticket_forged"),
        (expired.as_str(), "ticket_expired"),
        ("not a ticket", "ticket_malformed"),
    ] {
        let before = world.refused(reason);
        assert_eq!(refused_ticket(&world, ticket).await, close::TICKET_REFUSED, "{reason}");
        until(reason, || world.refused(reason) == before + 1).await;
        bystanders.are_undisturbed().await;
    }
    assert_eq!(world.participants(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_session_is_a_room_of_its_own() {
    let world = World::new().await;
    let mut bystanders = Bystanders::new(&world).await;
    let ticket = world.ticket("another session", AGENT, Role::Agent);
    let (mut opening, accepted) = Receiver::connect(world.connect().await, &ticket).await.unwrap();
    assert!(accepted.present.is_empty());
    let mut frame = Vec::new();
    write_frame(&message(AGENT, Stream::Screen, 0, RESET, b"foreign"), &mut frame).unwrap();
    let screen = &mut opening.sending.iter_mut().find(|(stream, _)| *stream == Stream::Screen).unwrap().1;
    screen.write_all(&frame).await.unwrap();
    // What comes next at the viewer is its own agent's frame.
    bystanders.are_undisturbed().await;
    assert_eq!(world.server.metrics().rooms, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_agent_is_refused() {
    let world = World::new().await;
    let mut bystanders = Bystanders::new(&world).await;
    let ticket = world.ticket("session", 9, Role::Agent);
    assert_eq!(refused_ticket(&world, &ticket).await, close::TICKET_REFUSED);
    assert_eq!(world.refused("role_taken"), 1);
    bystanders.are_undisturbed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_ticket_a_connection_is_closed_in_time() {
    let world = World::new().await;
    let mut bystanders = Bystanders::new(&world).await;
    let connection = world.connect().await;
    let closed = tokio::time::timeout(PATIENCE, connection.closed()).await.unwrap();
    assert!(matches!(
        farhand_link::quic::broken_connection(&closed),
        Broken::Closed { code: close::NO_TICKET, .. }
    ));
    until("it is counted", || world.refused("no_ticket") == 1).await;
    bystanders.are_undisturbed().await;
}

/// Bytes on a stream, the code that they earn and the reason that is counted.
async fn outrage(stream: Stream, bytes: &[u8], reason: &str) {
    let world = World::new().await;
    let mut bystanders = Bystanders::new(&world).await;
    let mut raw = world.raw(VIEWER).await;
    raw.stream(stream).write_all(bytes).await.unwrap();
    assert_eq!(raw.closed().await, close::PROTOCOL, "{reason}");
    until(reason, || world.refused(reason) == 1).await;
    until("it left the room", || world.participants() == 2).await;
    bystanders.are_undisturbed().await;
}

fn frame(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_frame(message, &mut out).unwrap();
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_over_the_limit_is_refused_unread() {
    let length = u16::try_from(MAX_MESSAGE + 1).unwrap();
    outrage(Stream::Control, &length.to_be_bytes(), "oversized").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_without_a_head_is_refused() {
    outrage(Stream::Control, &frame(&[1; HEAD_LEN - 1]), "malformed").await;
    outrage(Stream::Input, &[0, 0], "malformed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_in_anothers_name_is_refused() {
    outrage(Stream::Input, &frame(&message(SECOND, Stream::Input, 0, 0, b"key")), "forged_sender").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_another_stream_is_refused() {
    outrage(Stream::Control, &frame(&message(VIEWER, Stream::Input, 0, 0, b"key")), "unknown_stream").await;
    outrage(Stream::Control, &frame(&[1, 9, 0, VIEWER, 0, 0, 0, 0]), "unknown_stream").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_sends_input_is_refused() {
    let world = World::new().await;
    let mut raw = world.raw(AGENT).await;
    let input = frame(&message(AGENT, Stream::Input, 0, 0, b"key"));
    raw.stream(Stream::Input).write_all(&input).await.unwrap();
    assert_eq!(raw.closed().await, close::PROTOCOL);
    until("it is counted", || world.refused("direction") == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_does_not_exist_is_refused() {
    let world = World::new().await;
    let mut bystanders = Bystanders::new(&world).await;
    for byte in [3, 77] {
        let raw = world.raw(VIEWER).await;
        let (mut send, _recv) = raw.connection.open_bi().await.unwrap();
        send.write_all(&[byte]).await.unwrap();
        assert_eq!(raw.closed().await, close::PROTOCOL);
        bystanders.are_undisturbed().await;
    }
    until("both are counted", || world.refused("unknown_stream") == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_datagram_that_is_none_of_ours_is_refused() {
    let world = World::new().await;
    let mut bystanders = Bystanders::new(&world).await;
    let raw = world.raw(VIEWER).await;
    raw.connection.send_datagram(Bytes::from_static(&[9, 9, 9])).unwrap();
    assert_eq!(raw.closed().await, close::PROTOCOL);
    bystanders.are_undisturbed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_does_not_read_delays_no_other() {
    let world = World::new().await;
    let mut bystanders = Bystanders::new(&world).await;
    // Lets the service send little, and then reads nothing.
    let stuck = world.raw(VIEWER).await;
    stuck.connection.set_receive_window(quinn::VarInt::from_u32(0));
    let body = vec![5; 15_000];
    let first = bystanders.agent.send(Stream::Screen, RESET, &body);
    assert_eq!(bystanders.viewer.message().await, (Stream::Screen, first));
    let mut rounds = 0;
    while world.server.metrics().cuts == 0 {
        let frame = bystanders.agent.send(Stream::Screen, FRAME, &body);
        assert_eq!(bystanders.viewer.message().await, (Stream::Screen, frame));
        rounds += 1;
        assert!(rounds < 100_000, "the stuck viewer is never cut");
    }
    bystanders.are_undisturbed().await;
    assert_eq!(world.participants(), 3);
    drop(stuck);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_gets_so_many_connections_and_no_more() {
    let world = World::with(|config| config.connections_per_address = 2).await;
    let mut agent = world.link(AGENT).await;
    let mut viewer = world.link(VIEWER).await;
    let config = world.link_config(SECOND, world.server.local_addr().port());
    let _third = super::common::Client::start(config, SECOND);
    until("the third is refused", || world.refused("address_full") > 0).await;
    let key = viewer.send(Stream::Input, 0, b"key");
    assert_eq!(agent.message().await, (Stream::Input, key));
    assert_eq!(world.participants(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_bytes_on_the_port_disturb_nobody() {
    let world = World::new().await;
    let mut bystanders = Bystanders::new(&world).await;
    let socket = tokio::net::UdpSocket::bind(super::common::local()).await.unwrap();
    let mut seed = 7u32;
    for length in 1..400 {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                seed.to_be_bytes()[0]
            })
            .collect();
        socket.send_to(&bytes, world.server.local_addr()).await.unwrap();
    }
    bystanders.are_undisturbed().await;
}

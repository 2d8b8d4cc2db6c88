//! A room under any sequence of connections and messages.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use farhand_protocol::envelope::{Head, Reach, ScreenHead, Stream};
use farhand_protocol::session::Role;
use farhand_room::room::{Limits, Output, Room};

#[derive(Arbitrary, Debug)]
enum Step {
    Join { participant: u8, agent: bool, carry_over: bool },
    Leave(u8),
    Raw { connection: u8, stream: u8, bytes: Vec<u8> },
    Sound { connection: u8, sender: u8, stream: u8, flags: u8, sequence: u32, length: u16 },
    Take { connection: u8, urgent_only: bool, files: bool },
    Wait(u8),
}

/// Any sequence: nothing reaches its own sender or a stranger, and nobody is told of a connection that never was.
pub fn room(data: &[u8]) {
    let mut source = Unstructured::new(data);
    let limits =
        Limits { urgent_bytes: 20_000, screen_bytes: 20_000, reset_bytes: 60_000, ..Limits::default() };
    let mut room = Room::new(limits);
    let mut now = Instant::now();
    let mut connections: Vec<(u64, u8)> = Vec::new();
    let mut closed = HashSet::new();
    while !source.is_empty() {
        let Ok(step) = source.arbitrary() else { return };
        let pick = |at: u8| connections.get(usize::from(at) % connections.len().max(1)).copied();
        match step {
            Step::Join { participant, agent, carry_over } => {
                let connection = connections.len() as u64 + 1;
                let role = if agent { Role::Agent } else { Role::Technician };
                let participant = participant % 8;
                if let Ok(present) = room.handle_join(connection, participant, role, carry_over) {
                    assert!(!present.contains(&participant));
                    connections.push((connection, participant));
                }
            }
            Step::Leave(at) => {
                if let Some((connection, _)) = pick(at) {
                    room.handle_leave(connection);
                    closed.insert(connection);
                }
            }
            Step::Raw { connection, stream, bytes } => {
                let stream = Stream::ALL[usize::from(stream) % Stream::ALL.len()];
                if let Some((connection, _)) = pick(connection) {
                    let _ = room.handle_message(connection, stream, Bytes::from(bytes), now);
                }
            }
            Step::Sound { connection, sender, stream, flags, sequence, length } => {
                let stream = Stream::ALL[usize::from(stream) % Stream::ALL.len()];
                let mut message = Vec::new();
                Head { stream, flags: flags & 15, sender: sender % 8, sequence }.write(&mut message);
                ScreenHead { frame: sequence, captured_us: 0 }.write(&mut message);
                message.resize(message.len() + usize::from(length) % 17_000, 0);
                if let Some((connection, participant)) = pick(connection) {
                    let taken = room.handle_message(connection, stream, Bytes::from(message), now);
                    let forged = participant != sender % 8 && room.connections().any(|id| id == connection);
                    assert!(!forged || taken.is_err(), "a forged sender was relayed");
                }
            }
            Step::Take { connection, urgent_only, files } => {
                let reach = match (urgent_only, files) {
                    (true, _) => Reach::Urgent,
                    (false, false) => Reach::Screen,
                    (false, true) => Reach::Files,
                };
                if let Some((connection, participant)) = pick(connection)
                    && let Some((stream, message)) = room.take(connection, reach, now)
                {
                    assert!(!closed.contains(&connection));
                    let head = Head::read(&message).expect("the room relays only what has a head");
                    assert!(head.stream == stream && head.sender != participant);
                }
            }
            Step::Wait(ms) => now += Duration::from_millis(u64::from(ms) * 10),
        }
        while let Some(output) = room.poll_output() {
            match output {
                Output::Wake { connection } => {
                    assert!(connections.iter().any(|(id, _)| *id == connection));
                }
                Output::Close { connection, .. } => assert!(closed.insert(connection), "closed twice"),
            }
        }
        assert!(room.connections().all(|connection| !closed.contains(&connection)));
    }
}

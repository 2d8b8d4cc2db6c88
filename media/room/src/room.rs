//! The room of one session: who is in it, and who gets which message.
//!
//! The agent's control, screen and chat messages go to every viewer, its clipboard, files and diagnostics to the one that
//! they name, a viewer's messages to the agent, and nothing else goes anywhere. Bodies are never read. A shell owns the connections: it hands messages in by [`Room::handle_message`],
//! carries out what [`Room::poll_output`] says, and fetches what a connection may write by [`Room::take`].

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::{
    EnvelopeError, HEAD_LEN, Head, MAX_DATAGRAM, Reach, SCREEN_HEAD_LEN, Stream,
};
use farhand_protocol::session::Role;

use crate::outbox::{Outbox, Overflow, SCREEN_AGE};

/// A connection, as the shell numbers them. Never used again.
pub type ConnectionId = u64;

/// Bounds of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Participants at once.
    pub participants: usize,
    /// Bytes of one sender that may wait for one receiver, besides the screen and files. Beyond, the viewer of the two
    /// is closed: it floods, or it does not read.
    pub urgent_bytes: usize,
    /// Bytes of files of one sender that may wait for one receiver; beyond likewise. The ends keep far below by the
    /// credit that the receiver gives.
    pub file_bytes: usize,
    /// Bytes of screen that may wait for a viewer before it is cut to the next reset.
    pub screen_bytes: usize,
    /// How long the oldest of them may wait.
    pub screen_age: Duration,
    /// Bytes that may wait while a reset is on its way, which takes the time that it takes.
    pub reset_bytes: usize,
    /// A viewer that was cut is shown the gap at most this often.
    pub probe_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            participants: 16,
            urgent_bytes: 1024 * 1024,
            file_bytes: 4 * 1024 * 1024,
            screen_bytes: 2 * 1024 * 1024,
            screen_age: SCREEN_AGE,
            reset_bytes: 32 * 1024 * 1024,
            probe_every: Duration::from_millis(500),
        }
    }
}

/// What a room did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Messages queued, once for each receiver.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Screen messages dropped: for slow viewers, and before a reset.
    pub dropped: u64,
    /// Times that a viewer was cut.
    pub cuts: u64,
}

/// What the shell does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// There is something to [`Room::take`] for this connection.
    Wake {
        /// Which.
        connection: ConnectionId,
    },
    /// The connection is no longer in the room and is closed.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Why.
        why: Closed,
    },
}

/// Why the room closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closed {
    /// A newer connection of the same participant took its place.
    Replaced,
    /// A viewer does not read its control messages, or sends more than the agent reads.
    Overflow,
}

/// Why a participant was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum JoinError {
    /// [`Limits::participants`] are in.
    #[error("the room is full")]
    Full,
    /// The participant is known by another role, the role is of a newer version, or another agent is in.
    #[error("the participant's role is taken or not known")]
    Role,
}

/// A message that breaks the protocol. The shell closes its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The head is none.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The head names another stream than the one that the message came on.
    #[error("a message of one stream came on another")]
    StreamMismatch,
    /// The head names another sender.
    #[error("the sender is forged")]
    ForgedSender,
    /// The sender's role does not speak on this stream.
    #[error("the stream does not go in this direction")]
    Direction,
    /// Over the limit of its stream.
    #[error("the message is too large for its stream")]
    Long,
}

#[derive(Debug)]
struct Member {
    role: Role,
    connection: ConnectionId,
    outbox: Outbox,
}

/// The room of one session.
#[derive(Debug)]
pub struct Room {
    limits: Limits,
    members: BTreeMap<ParticipantId, Member>,
    outputs: VecDeque<Output>,
    stats: Stats,
    /// See [`Room::inputs`].
    inputs: u64,
}

impl Room {
    /// An empty room.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            members: BTreeMap::new(),
            outputs: VecDeque::new(),
            stats: Stats::default(),
            inputs: 0,
        }
    }

    /// Lets a participant in, whose ticket the shell has verified; returns who else is in. An older connection of the
    /// same participant is closed. With `carry_over`, what waited for that one goes to the new one: right when the old
    /// one still delivers what it took.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn handle_join(
        &mut self,
        connection: ConnectionId,
        participant: ParticipantId,
        role: Role,
        carry_over: bool,
    ) -> Result<Vec<ParticipantId>, JoinError> {
        let other_agent =
            |(id, member): (&ParticipantId, &Member)| *id != participant && member.role == Role::Agent;
        if role == Role::Unknown {
            return Err(JoinError::Role);
        }
        if role == Role::Agent && self.members.iter().any(other_agent) {
            return Err(JoinError::Role);
        }
        let full = self.members.len() >= self.limits.participants;
        match self.members.get_mut(&participant) {
            Some(member) if member.role != role => return Err(JoinError::Role),
            Some(member) => {
                self.outputs
                    .push_back(Output::Close { connection: member.connection, why: Closed::Replaced });
                member.connection = connection;
                if !carry_over {
                    member.outbox = Outbox::new();
                } else if !member.outbox.is_empty() {
                    self.outputs.push_back(Output::Wake { connection });
                }
            }
            None if full => return Err(JoinError::Full),
            None => {
                self.members.insert(participant, Member { role, connection, outbox: Outbox::new() });
            }
        }
        Ok(self.members.keys().copied().filter(|id| *id != participant).collect())
    }

    /// A connection is gone. One that was replaced is gone already.
    pub fn handle_leave(&mut self, connection: ConnectionId) {
        self.members.retain(|_, member| member.connection != connection);
    }

    /// Relays a message that came from `connection` on `stream`. One of a connection that is not (or no longer) in
    /// the room goes nowhere.
    ///
    /// # Errors
    /// [`Violation`]; the shell closes the connection and calls [`Room::handle_leave`].
    pub fn handle_message(
        &mut self,
        connection: ConnectionId,
        stream: Stream,
        message: Bytes,
        now: Instant,
    ) -> Result<(), Violation> {
        let head = Head::read(&message)?;
        let Some((sender, role)) = self.of_connection(connection) else { return Ok(()) };
        if head.stream != stream {
            return Err(Violation::StreamMismatch);
        }
        if head.sender != sender {
            return Err(Violation::ForgedSender);
        }
        match (role, stream) {
            (Role::Agent, Stream::Control | Stream::Chat) => {
                self.relay_to_viewers(stream, head.flags, &message, now)
            }
            (Role::Agent, Stream::Screen) => {
                if message.len() < SCREEN_HEAD_LEN {
                    return Err(EnvelopeError::Short.into());
                }
                self.relay_to_viewers(stream, head.flags, &message, now);
            }
            (Role::Agent, Stream::Clipboard | Stream::Files | Stream::Diagnostics) => {
                let to = message.get(HEAD_LEN).copied().ok_or(EnvelopeError::Short)?;
                self.relay_to_viewer(to, stream, message);
            }
            (Role::Agent, Stream::Input | Stream::Pointer) | (Role::Unknown, _) => {
                return Err(Violation::Direction);
            }
            (Role::Technician, Stream::Pointer) => {
                if message.len() > MAX_DATAGRAM {
                    return Err(Violation::Long);
                }
                self.inputs += 1;
                self.relay_to_agent(sender, stream, message);
            }
            (
                Role::Technician,
                Stream::Control
                | Stream::Input
                | Stream::Screen
                | Stream::Chat
                | Stream::Clipboard
                | Stream::Files
                | Stream::Diagnostics,
            ) => {
                self.inputs += u64::from(stream == Stream::Input);
                self.relay_to_agent(sender, stream, message);
            }
        }
        Ok(())
    }

    /// The next message to write to a connection, most urgent first, as far as `reach` goes.
    pub fn take(&mut self, connection: ConnectionId, reach: Reach, now: Instant) -> Option<(Stream, Bytes)> {
        let member = self.members.values_mut().find(|member| member.connection == connection)?;
        member.outbox.take(reach, now, &self.limits, &mut self.stats)
    }

    /// What the shell does next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Every connection that is in.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.members.values().map(|member| member.connection)
    }

    /// The connection of a participant.
    #[must_use]
    pub fn connection_of(&self, participant: ParticipantId) -> Option<ConnectionId> {
        self.members.get(&participant).map(|member| member.connection)
    }

    /// Nobody is in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// What the room did so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Inputs of technicians that came so far: keys, buttons and moves of the pointer, whatever they say.
    #[must_use]
    pub fn inputs(&self) -> u64 {
        self.inputs
    }

    fn of_connection(&self, connection: ConnectionId) -> Option<(ParticipantId, Role)> {
        let mut members = self.members.iter();
        members.find(|(_, member)| member.connection == connection).map(|(id, member)| (*id, member.role))
    }

    fn relay_to_viewers(&mut self, stream: Stream, flags: u8, message: &Bytes, now: Instant) {
        let mut overflown = None;
        for (id, member) in &mut self.members {
            if member.role == Role::Agent {
                continue;
            }
            self.stats.messages += 1;
            self.stats.bytes += message.len() as u64;
            if stream == Stream::Screen {
                member.outbox.push_screen(flags, message.clone(), now, &self.limits, &mut self.stats);
            } else if member.outbox.push_urgent(0, stream, message.clone(), &self.limits) == Err(Overflow) {
                overflown = Some(*id);
                continue;
            }
            self.outputs.push_back(Output::Wake { connection: member.connection });
        }
        // Of two at once the second is found with the next message.
        if let Some(id) = overflown {
            self.close_overflown(id);
        }
    }

    /// One who is not there gets nothing.
    fn relay_to_viewer(&mut self, to: ParticipantId, stream: Stream, message: Bytes) {
        let Some(member) = self.members.get_mut(&to).filter(|member| member.role != Role::Agent) else {
            return;
        };
        self.stats.messages += 1;
        self.stats.bytes += message.len() as u64;
        if member.outbox.push_urgent(0, stream, message, &self.limits) == Err(Overflow) {
            return self.close_overflown(to);
        }
        self.outputs.push_back(Output::Wake { connection: member.connection });
    }

    fn relay_to_agent(&mut self, sender: ParticipantId, stream: Stream, message: Bytes) {
        let Some(agent) = self.members.values_mut().find(|member| member.role == Role::Agent) else { return };
        self.stats.messages += 1;
        self.stats.bytes += message.len() as u64;
        if stream == Stream::Pointer {
            agent.outbox.push_pointer(sender, message);
        } else if agent.outbox.push_urgent(sender, stream, message, &self.limits) == Err(Overflow) {
            return self.close_overflown(sender);
        }
        self.outputs.push_back(Output::Wake { connection: agent.connection });
    }

    fn close_overflown(&mut self, viewer: ParticipantId) {
        if let Some(member) = self.members.remove(&viewer) {
            self.outputs.push_back(Output::Close { connection: member.connection, why: Closed::Overflow });
        }
    }
}

#[cfg(test)]
#[path = "room_tests.rs"]
mod tests;

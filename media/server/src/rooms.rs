//! The rooms of all sessions, and the connections in them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_link::quic::Broken;
use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::{EnvelopeError, Reach, Stream};
use farhand_protocol::framing::{Accepted, FrameError};
use farhand_room::{
    Closed, ConnectionId, JoinError, Limits, Output, Room, Stats, Ticket, TicketError, Violation,
};

use crate::counters::{Carrier, Reason};

/// An ended session's tickets are refused for so long; they live much shorter.
const REMEMBER_ENDED: Duration = Duration::from_secs(15 * 60);

/// A connection as the room's shell needs it.
pub(crate) trait Peer: Send + Sync {
    /// There is something to write.
    fn wake(&self);
    /// Closes the connection.
    fn close(&self, code: u32, why: &'static str);
}

struct Held {
    carrier: Carrier,
    /// `None` until the ticket's answer is written.
    peer: Option<Arc<dyn Peer>>,
    /// Set when the connection has to go before it has a peer.
    closed: Option<(u32, &'static str)>,
}

struct State {
    room: Room,
    held: HashMap<ConnectionId, Held>,
}

/// One session's room.
pub(crate) struct Cell {
    session: String,
    state: Mutex<State>,
}

/// What to do once no lock is held.
enum Deed {
    Wake(Arc<dyn Peer>),
    Close(Arc<dyn Peer>, Reason),
}

impl Cell {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Relays a message and wakes its receivers.
    pub(crate) fn handle_message(
        &self,
        connection: ConnectionId,
        stream: Stream,
        message: Bytes,
    ) -> Result<(), Reason> {
        let mut state = self.lock();
        state.room.handle_message(connection, stream, message, Instant::now()).map_err(violation)?;
        let deeds = state.deeds();
        drop(state);
        carry_out(deeds);
        Ok(())
    }

    /// The next message to write to a connection.
    pub(crate) fn take(&self, connection: ConnectionId, reach: Reach) -> Option<(Stream, Bytes)> {
        self.lock().room.take(connection, reach, Instant::now())
    }

    /// The connection's ticket is answered: from now on it is woken. Says why it has to go, when it has.
    pub(crate) fn present(
        &self,
        connection: ConnectionId,
        peer: Arc<dyn Peer>,
    ) -> Option<(u32, &'static str)> {
        let mut state = self.lock();
        let Some(held) = state.held.get_mut(&connection) else {
            return Some((Reason::Replaced.code(), Reason::Replaced.name()));
        };
        held.peer = Some(peer);
        held.closed
    }
}

impl State {
    fn deeds(&mut self) -> Vec<Deed> {
        let mut deeds = Vec::new();
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Wake { connection } => {
                    if let Some(peer) = self.held.get(&connection).and_then(|held| held.peer.clone()) {
                        deeds.push(Deed::Wake(peer));
                    }
                }
                Output::Close { connection, why } => {
                    let reason = match why {
                        Closed::Replaced => Reason::Replaced,
                        Closed::Overflow => Reason::Overflow,
                    };
                    if let Some(held) = self.held.get_mut(&connection) {
                        held.closed = Some((reason.code(), reason.name()));
                        deeds.extend(held.peer.clone().map(|peer| Deed::Close(peer, reason)));
                    }
                }
            }
        }
        deeds
    }
}

fn carry_out(deeds: Vec<Deed>) {
    for deed in deeds {
        match deed {
            Deed::Wake(peer) => peer.wake(),
            Deed::Close(peer, reason) => peer.close(reason.code(), reason.name()),
        }
    }
}

/// A participant's place in its room.
pub(crate) struct Place {
    pub(crate) cell: Arc<Cell>,
    pub(crate) connection: ConnectionId,
    pub(crate) accepted: Accepted,
}

/// The rooms of all sessions.
pub(crate) struct Rooms {
    limits: Limits,
    cells: Mutex<HashMap<String, Arc<Cell>>>,
    ended: Mutex<HashMap<String, Instant>>,
    numbers: AtomicU64,
    /// What rooms that are gone did.
    past: Mutex<Stats>,
}

impl Rooms {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            cells: Mutex::default(),
            ended: Mutex::default(),
            numbers: AtomicU64::new(1),
            past: Mutex::default(),
        }
    }

    /// Lets the bearer of a verified ticket in. An older connection of it is closed.
    pub(crate) fn join(&self, ticket: &Ticket, carrier: Carrier) -> Result<Place, Reason> {
        let mut cells = lock(&self.cells);
        if lock(&self.ended).contains_key(&ticket.session) {
            return Err(Reason::SessionEnded);
        }
        let connection = self.numbers.fetch_add(1, Ordering::Relaxed);
        let cell = cells.entry(ticket.session.clone()).or_insert_with(|| {
            let state = State { room: Room::new(self.limits), held: HashMap::new() };
            Arc::new(Cell { session: ticket.session.clone(), state: Mutex::new(state) })
        });
        let cell = cell.clone();
        let mut state = cell.lock();
        let old = state.room.connection_of(ticket.participant).and_then(|old| state.held.get(&old));
        // A WebSocket delivers what it took before it closes; a QUIC connection that is replaced is broken.
        let carry_over =
            old.is_some_and(|old| old.carrier == Carrier::WebSocket) && carrier != Carrier::WebSocket;
        let joined = state.room.handle_join(connection, ticket.participant, ticket.role, carry_over);
        let present = match joined {
            Ok(present) => present,
            Err(error) => {
                if state.room.is_empty() {
                    cells.remove(&ticket.session);
                }
                return Err(match error {
                    JoinError::Full => Reason::RoomFull,
                    JoinError::Role => Reason::RoleTaken,
                });
            }
        };
        state.held.insert(connection, Held { carrier, peer: None, closed: None });
        let deeds = state.deeds();
        drop(state);
        drop(cells);
        carry_out(deeds);
        let accepted = Accepted { participant: ticket.participant, present };
        Ok(Place { cell, connection, accepted })
    }

    /// A connection is gone.
    pub(crate) fn leave(&self, cell: &Cell, connection: ConnectionId) {
        let mut cells = lock(&self.cells);
        let mut state = cell.lock();
        state.room.handle_leave(connection);
        state.held.remove(&connection);
        if state.room.is_empty() && state.held.is_empty() && cells.remove(&cell.session).is_some() {
            let (done, mut past) = (state.room.stats(), lock(&self.past));
            add(&mut past, done);
        }
    }

    /// Closes every connection of a session; its tickets open none from now on.
    pub(crate) fn end(&self, session: &str, now: Instant) {
        let cells = lock(&self.cells);
        let mut ended = lock(&self.ended);
        ended.retain(|_, at| now.saturating_duration_since(*at) < REMEMBER_ENDED);
        ended.insert(session.to_owned(), now);
        drop(ended);
        let cell = cells.get(session).cloned();
        drop(cells);
        if let Some(cell) = cell {
            close(&cell, |_, _| true, Reason::SessionEnded.code(), "ended");
        }
    }

    /// Closes one participant's connection.
    pub(crate) fn kick(&self, session: &str, participant: ParticipantId) {
        let cell = lock(&self.cells).get(session).cloned();
        if let Some(cell) = cell {
            let of = |room: &Room, connection| room.connection_of(participant) == Some(connection);
            close(&cell, of, Reason::SessionEnded.code(), "ended");
        }
    }

    /// Closes every connection.
    pub(crate) fn close_all(&self, code: u32, why: &'static str) {
        let cells: Vec<_> = lock(&self.cells).values().cloned().collect();
        for cell in cells {
            close(&cell, |_, _| true, code, why);
        }
    }

    /// Inputs of technicians in a session's room, since the first of those who are in it came.
    pub(crate) fn inputs(&self, session: &str) -> u64 {
        let cell = lock(&self.cells).get(session).cloned();
        cell.map_or(0, |cell| cell.lock().room.inputs())
    }

    /// Rooms now, and what all rooms did.
    pub(crate) fn stats(&self) -> (u64, Stats) {
        let cells = lock(&self.cells);
        let mut stats = *lock(&self.past);
        for cell in cells.values() {
            add(&mut stats, cell.lock().room.stats());
        }
        (cells.len() as u64, stats)
    }
}

fn close(cell: &Cell, which: impl Fn(&Room, ConnectionId) -> bool, code: u32, why: &'static str) {
    let mut state = cell.lock();
    let State { room, held } = &mut *state;
    let mut peers = Vec::new();
    for (connection, held) in held {
        if which(room, *connection) {
            held.closed = Some((code, why));
            peers.extend(held.peer.clone());
        }
    }
    drop(state);
    for peer in peers {
        peer.close(code, why);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add(sum: &mut Stats, more: Stats) {
    sum.messages += more.messages;
    sum.bytes += more.bytes;
    sum.dropped += more.dropped;
    sum.cuts += more.cuts;
}

fn violation(violation: Violation) -> Reason {
    match violation {
        Violation::Envelope(EnvelopeError::Long) | Violation::Long => Reason::Oversized,
        Violation::Envelope(EnvelopeError::Short | EnvelopeError::Layout(_) | EnvelopeError::Sealed) => {
            Reason::Malformed
        }
        Violation::Envelope(EnvelopeError::Stream(_)) | Violation::StreamMismatch => Reason::UnknownStream,
        Violation::ForgedSender => Reason::ForgedSender,
        Violation::Direction => Reason::Direction,
    }
}

/// Why a ticket is refused.
pub(crate) fn ticket(error: TicketError) -> Reason {
    match error {
        TicketError::Malformed | TicketError::Impossible => Reason::TicketMalformed,
        TicketError::Forged => Reason::TicketForged,
        TicketError::Expired => Reason::TicketExpired,
    }
}

/// Why bytes are refused.
pub(crate) fn frame(error: &FrameError) -> Reason {
    match error {
        FrameError::Long(_) => Reason::Oversized,
        FrameError::Empty => Reason::Malformed,
        FrameError::Stream(_) => Reason::UnknownStream,
    }
}

/// Why a connection broke, when it is the far side's fault.
pub(crate) fn broken(broken: &Broken) -> Option<Reason> {
    match broken {
        Broken::Closed { .. } | Broken::Lost(_) => None,
        Broken::Frame(error) => Some(frame(error)),
        Broken::Streams(_) => Some(Reason::UnknownStream),
    }
}

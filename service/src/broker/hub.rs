//! The broker's core: which sessions there are, who may come in, which socket is whose, and what everybody is told.
//! No socket, no clock, no runtime: every input comes with its time, everything to do comes out of
//! [`Hub::poll_output`].

mod colleagues;
mod inputs;
mod types;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::session::code::Number;
use farhand_protocol::session::{
    EndReason, Role, Session, SessionConfig, SessionOutput, SessionSnapshot, SessionState,
};
use farhand_protocol::signal::FromService;

pub use self::colleagues::{InviteRefused, Invitee};
use self::colleagues::{Invited, NOBODY};
pub use self::types::{
    AttachRefused, CloseWhy, CreateRefused, CreateSession, Created, JoinRefused, JoinedRoom, Outgoing,
    Output, Owner, Seat, SocketId, Who,
};
use super::timers::Timers;
use crate::audit::{Actor, Event};
use crate::clock::Now;
use crate::identity::TokenHash;
use crate::store::{Ended, OpenSession, ParticipantRow, ParticipantSecret, SessionRow, Tenant, Write};

/// Times and limits of the broker.
#[derive(Clone, Copy, Debug)]
pub struct HubConfig {
    /// Times of each session.
    pub session: SessionConfig,
    /// A socket says hello within this time.
    pub hello_within: Duration,
    /// Open sessions of one user.
    pub sessions_per_owner: usize,
    /// Signals of one socket within [`SIGNAL_WINDOW`].
    pub signals: u32,
    /// How long it is remembered what became of a code.
    pub remember_codes: Duration,
}

/// The time over which a socket's signals are counted.
pub const SIGNAL_WINDOW: Duration = Duration::from_secs(10);
/// Codes whose end is remembered, at most.
const MAX_FATES: usize = 20_000;
/// Added to a kept revision when a session is loaded again: more than could have been told but not written.
const REVISION_GAP: u64 = 1_000;

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            session: SessionConfig::default(),
            hello_within: Duration::from_secs(10),
            sessions_per_owner: 20,
            signals: 200,
            remember_codes: Duration::from_secs(24 * 60 * 60),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Due {
    Room(String),
    /// The session's time is over.
    Length(String),
    Greeting(SocketId),
    Code(String),
}

struct Room {
    tenant: Tenant,
    owner: Owner,
    code: Number,
    session: Session,
    secrets: Vec<(ParticipantId, ParticipantSecret)>,
    sockets: HashMap<ParticipantId, SocketId>,
    /// Colleagues who have not come yet.
    invited: BTreeMap<ParticipantId, Invited>,
    /// The revision of the consent snapshot that was last written down.
    consent: Option<u64>,
    /// When the customer joined, milliseconds since 1970.
    joined_at: Option<u64>,
}

struct Socket {
    seat: Seat,
    greeted: bool,
    window: Instant,
    signals: u32,
}

/// What became of a code that no longer opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Used,
    Expired,
    Ended,
}

/// The broker. See the module.
pub struct Hub {
    config: HubConfig,
    rooms: HashMap<String, Room>,
    /// Numbers of the codes that wait, and the session of each.
    codes: HashMap<Number, String>,
    fates: HashMap<Number, Fate>,
    sockets: HashMap<SocketId, Socket>,
    last_socket: u64,
    timers: Timers<Due>,
    outputs: VecDeque<Output>,
}

impl Hub {
    /// Without any session.
    #[must_use]
    pub fn new(config: HubConfig) -> Self {
        Self {
            config,
            rooms: HashMap::new(),
            codes: HashMap::new(),
            fates: HashMap::new(),
            sockets: HashMap::new(),
            last_socket: 0,
            timers: Timers::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Loads a session again that had not ended when the service did: nobody is here, everybody may come back.
    pub fn handle_restore(&mut self, open: OpenSession, now: Now) {
        let OpenSession { tenant, session: row, participants } = open;
        let state = match row.state.as_str() {
            "waiting" => SessionState::Waiting,
            "claimed" => SessionState::Claimed,
            "live" => SessionState::Live,
            "interrupted" => SessionState::Interrupted,
            _ => SessionState::Ended { reason: EndReason::Service },
        };
        let Ok(code) = Number::parse(&row.code) else { return };
        let of_owner = participants.iter().find(|p| p.secret == ParticipantSecret::User(row.owner.clone()));
        let owner = Owner {
            tenant: tenant.clone(),
            user: row.owner.clone(),
            name: of_owner.map(|p| p.name.clone()).unwrap_or_default(),
            organisation: of_owner.map(|p| p.organisation.clone()).unwrap_or_default(),
            policy: row.policy.clone(),
        };
        let snapshot = SessionSnapshot {
            id: row.id.clone(),
            revision: row.revision + REVISION_GAP,
            state,
            participants: participants
                .iter()
                .map(|p| farhand_protocol::session::Participant {
                    id: p.id,
                    role: p.role,
                    name: p.name.clone(),
                    organisation: p.organisation.clone(),
                    connected: false,
                    media: false,
                    gone: p.secret == NOBODY,
                })
                .collect(),
            code_expires_at: row.code_expires_at,
            created_at: row.created_at,
            back_until: row.back_until,
        };
        let session = Session::restore(snapshot, self.config.session, now.instant, now.unix_ms);
        match state {
            SessionState::Waiting => drop(self.codes.insert(code, row.id.clone())),
            SessionState::Claimed
            | SessionState::Live
            | SessionState::Interrupted
            | SessionState::Ended { .. }
            | SessionState::Unknown => self.remember(code, Fate::Used, now),
        }
        let room = Room {
            tenant,
            owner,
            code,
            session,
            secrets: participants.into_iter().map(|p| (p.id, p.secret)).collect(),
            sockets: HashMap::new(),
            invited: BTreeMap::new(),
            consent: None,
            joined_at: row.joined_at,
        };
        self.rooms.insert(row.id.clone(), room);
        self.limit(&row.id, now);
        self.settle(&row.id, &Actor::Service, None, now);
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(due) = self.timers.pop_due(now.instant) {
            match due {
                Due::Room(id) => {
                    if let Some(room) = self.rooms.get_mut(&id) {
                        room.session.handle_timeout(now.instant);
                        self.settle(&id, &Actor::Service, None, now);
                    }
                }
                Due::Length(id) => self.finish(&id, EndReason::Service, &Actor::Service, None, now),
                Due::Greeting(socket) => {
                    self.refuse(
                        socket,
                        "hello_missing",
                        "This program did not say hello in time. Try again.",
                        now,
                    );
                }
                Due::Code(code) => {
                    if let Ok(code) = Number::parse(&code) {
                        self.fates.remove(&code);
                    }
                }
            }
        }
    }

    /// When [`Hub::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first()
    }

    /// What to do next; call it until it is empty after every input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// A user's sessions that have not ended, newest first: their own, and those into which they came.
    #[must_use]
    pub fn list(&self, tenant: &Tenant, user: &str) -> Vec<Created> {
        let mut own: Vec<_> = self
            .rooms
            .values()
            .filter(|room| room.tenant == *tenant)
            .filter(|room| room.place_of(user).is_some_and(|place| !room.invited.contains_key(&place)))
            .map(Room::created)
            .collect();
        own.sort_by(|a, b| (b.session.created_at, &b.session.id).cmp(&(a.session.created_at, &a.session.id)));
        own
    }

    /// The user who started a session of this tenant.
    #[must_use]
    pub fn owner(&self, tenant: &Tenant, session: &str) -> Option<&str> {
        self.rooms.get(session).filter(|room| room.tenant == *tenant).map(|room| room.owner.user.as_str())
    }

    /// The sign-ins on which open sockets rest, and whether a session that one of them is in is live.
    #[must_use]
    pub fn resting(&self) -> Vec<(TokenHash, bool)> {
        let mut resting: HashMap<TokenHash, bool> = HashMap::new();
        for held in self.sockets.values() {
            let Some(sign_in) = held.seat.sign_in else { continue };
            let live =
                self.rooms.get(&held.seat.session).is_some_and(|r| r.session.state() == SessionState::Live);
            *resting.entry(sign_in).or_default() |= live;
        }
        resting.into_iter().collect()
    }

    /// How many sessions are open, by state.
    #[must_use]
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        [SessionState::Waiting, SessionState::Claimed, SessionState::Live, SessionState::Interrupted]
            .into_iter()
            .map(|state| {
                (name_of(state), self.rooms.values().filter(|r| r.session.state() == state).count() as u64)
            })
            .collect()
    }

    /// Tells what came out of a session's machine, keeps it, and clears away a session that ended.
    fn settle(&mut self, id: &str, actor: &Actor, from: Option<IpAddr>, now: Now) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        let mut over = None;
        while let Some(output) = room.session.poll_output() {
            match output {
                SessionOutput::Snapshot(snapshot) => {
                    let ended = match snapshot.state {
                        SessionState::Ended { reason } => Some(Ended { at: now.unix_ms, reason }),
                        SessionState::Waiting
                        | SessionState::Claimed
                        | SessionState::Live
                        | SessionState::Interrupted
                        | SessionState::Unknown => None,
                    };
                    self.outputs.push_back(Output::Keep(Write::Session(
                        room.tenant.clone(),
                        room.row(&snapshot, ended),
                    )));
                    for socket in room.sockets.values() {
                        let signal = FromService::Session { snapshot: snapshot.clone() };
                        self.outputs
                            .push_back(Output::Send { socket: *socket, message: Outgoing::Signal(signal) });
                    }
                }
                SessionOutput::Ended(reason) => over = Some(reason),
            }
        }
        // A session that was restored after its end was reached says so by its state alone.
        let over = over.or(match room.session.state() {
            SessionState::Ended { reason } => Some(reason),
            SessionState::Waiting
            | SessionState::Claimed
            | SessionState::Live
            | SessionState::Interrupted
            | SessionState::Unknown => None,
        });
        self.timers.set(Due::Room(id.to_owned()), room.session.poll_timeout());
        if let Some(reason) = over {
            self.end(id, reason, actor, from, now);
        }
    }

    fn end(&mut self, id: &str, reason: EndReason, actor: &Actor, from: Option<IpAddr>, now: Now) {
        let Some(room) = self.rooms.remove(id) else { return };
        self.timers.set(Due::Room(id.to_owned()), None);
        self.timers.set(Due::Length(id.to_owned()), None);
        let fate = match reason {
            EndReason::CodeExpired => Fate::Expired,
            EndReason::Technician
            | EndReason::Customer
            | EndReason::Refused
            | EndReason::Blocked
            | EndReason::Lost
            | EndReason::Service
            | EndReason::Unknown => Fate::Ended,
        };
        if self.codes.remove(&room.code).is_some() {
            self.remember(room.code, fate, now);
        }
        let going: Vec<_> = self
            .sockets
            .iter()
            .filter(|(_, s)| s.seat.session == id)
            .map(|(socket, s)| (*socket, s.greeted))
            .collect();
        for (socket, greeted) in going {
            if greeted {
                let ended = Outgoing::Signal(FromService::Ended { reason });
                self.outputs.push_back(Output::Send { socket, message: ended });
            }
            self.drop_socket(socket, CloseWhy::Ended);
        }
        self.outputs.push_back(Output::EndMedia { session: id.to_owned() });
        let mut event = Event::new(actor.clone(), "session_end").session(id).detail(format!("{reason:?}"));
        if let Some(from) = from {
            event = event.from(from);
        }
        self.outputs.push_back(Output::Keep(Write::Audit(room.tenant, event.row(now.unix_ms))));
    }

    /// Sets when the session's time is over, as its policy says, counted from when the customer joined.
    fn limit(&mut self, id: &str, now: Now) {
        let Some(room) = self.rooms.get(id) else { return };
        let (Some(minutes), Some(joined_at)) = (room.owner.policy.session_minutes, room.joined_at) else {
            return;
        };
        let over = joined_at.saturating_add(u64::from(minutes) * 60_000);
        let left = Duration::from_millis(over.saturating_sub(now.unix_ms));
        self.timers.set(Due::Length(id.to_owned()), Some(now.instant + left));
    }

    fn remember(&mut self, code: Number, fate: Fate, now: Now) {
        while self.fates.len() >= MAX_FATES {
            // Whichever goes, its code reads as unknown from then on.
            let Some(forgotten) = self.fates.keys().next().copied() else { break };
            self.fates.remove(&forgotten);
            self.timers.set(Due::Code(forgotten.digits().to_owned()), None);
        }
        self.fates.insert(code, fate);
        self.timers.set(Due::Code(code.digits().to_owned()), Some(now.instant + self.config.remember_codes));
    }

    /// Tells a socket what it did wrong, counts it and closes it; nobody else is disturbed.
    fn refuse(&mut self, socket: SocketId, code: &'static str, message: &'static str, now: Now) {
        if !self.sockets.contains_key(&socket) {
            return;
        }
        self.outputs.push_back(Output::Refused);
        let problem = FromService::Problem { code: code.to_owned(), message: message.to_owned() };
        self.outputs.push_back(Output::Send { socket, message: Outgoing::Signal(problem) });
        self.leave(socket, CloseWhy::Refused, now);
    }

    /// The socket goes, and its participant with it if this was its socket.
    fn leave(&mut self, socket: SocketId, why: CloseWhy, now: Now) {
        let Some(seat) = self.drop_socket(socket, why) else { return };
        let Some(room) = self.rooms.get_mut(&seat.session) else { return };
        if room.sockets.get(&seat.participant) == Some(&socket) {
            room.sockets.remove(&seat.participant);
            room.session.handle_socket(seat.participant, false, now.instant).ok();
            self.settle(&seat.session, &Actor::Service, None, now);
        }
    }

    fn drop_socket(&mut self, socket: SocketId, why: CloseWhy) -> Option<Seat> {
        let gone = self.sockets.remove(&socket)?;
        self.timers.set(Due::Greeting(socket), None);
        self.outputs.push_back(Output::Close { socket, why });
        Some(gone.seat)
    }
}

impl Room {
    fn created(&self) -> Created {
        Created { code: self.code.digits().to_owned(), session: self.session.snapshot() }
    }

    fn row(&self, snapshot: &SessionSnapshot, ended: Option<Ended>) -> SessionRow {
        SessionRow {
            id: snapshot.id.clone(),
            owner: self.owner.user.clone(),
            code: self.code.digits().to_owned(),
            code_expires_at: snapshot.code_expires_at,
            created_at: snapshot.created_at,
            state: name_of(snapshot.state).to_owned(),
            revision: snapshot.revision,
            ended,
            joined_at: self.joined_at,
            policy: self.owner.policy.clone(),
            back_until: snapshot.back_until,
        }
    }

    fn participant_row(&self, id: ParticipantId, secret: ParticipantSecret) -> Option<ParticipantRow> {
        let participant = self.session.participants().iter().find(|p| p.id == id)?;
        Some(ParticipantRow {
            session: self.session.id().to_owned(),
            id,
            role: participant.role,
            name: participant.name.clone(),
            organisation: participant.organisation.clone(),
            secret,
        })
    }

    fn role_of(&self, id: ParticipantId) -> Role {
        self.session.participants().iter().find(|p| p.id == id).map_or(Role::Unknown, |p| p.role)
    }
}

fn name_of(state: SessionState) -> &'static str {
    match state {
        SessionState::Waiting => "waiting",
        SessionState::Claimed => "claimed",
        SessionState::Live => "live",
        SessionState::Interrupted => "interrupted",
        SessionState::Ended { .. } => "ended",
        SessionState::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests;

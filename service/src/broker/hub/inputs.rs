//! What the hub is told by people and programs.

use std::net::IpAddr;
use std::time::Duration;

use farhand_protocol::ParticipantId;
use farhand_protocol::consent::{ConsentSnapshot, ConsentState};
use farhand_protocol::session::code::Number;
use farhand_protocol::session::{EndReason, Role, Session, SessionRefused};
use farhand_protocol::signal::{FromService, ToService};
use farhand_protocol::version::VersionRange;

use super::{
    AttachRefused, CloseWhy, CreateRefused, CreateSession, Created, Due, Fate, Hub, JoinRefused, JoinedRoom,
    Outgoing, Output, Room, SIGNAL_WINDOW, Seat, Socket, SocketId, Who,
};
use crate::audit::{Actor, Event};
use crate::clock::Now;
use crate::identity::TokenHash;
use crate::store::{ParticipantSecret, Tenant, Write};

impl Hub {
    /// A user starts a session.
    ///
    /// # Errors
    /// [`CreateRefused`]; nothing changed.
    pub fn handle_create(
        &mut self,
        create: CreateSession,
        from: Option<IpAddr>,
        now: Now,
    ) -> Result<Created, CreateRefused> {
        let CreateSession { id, code, owner } = create;
        if self.codes.contains_key(&code) || self.fates.contains_key(&code) || self.rooms.contains_key(&id) {
            return Err(CreateRefused::CodeTaken);
        }
        let open =
            self.rooms.values().filter(|r| r.tenant == owner.tenant && r.owner.user == owner.user).count();
        if open >= self.config.sessions_per_owner {
            return Err(CreateRefused::TooMany);
        }
        let mut session = Session::new(id.clone(), self.config.session, now.instant, now.unix_ms);
        let participant = session
            .handle_join(Role::Technician, &owner.name, &owner.organisation, now.instant)
            .expect("a new session has room for its first participant");
        // The snapshot of the join is what is answered; nobody else is there to be told.
        while session.poll_output().is_some() {}
        let secret = ParticipantSecret::User(owner.user.clone());
        let actor = Actor::User(owner.user.clone());
        let tenant = owner.tenant.clone();
        let room = Room {
            tenant: tenant.clone(),
            owner,
            code,
            session,
            secrets: vec![(participant, secret.clone())],
            sockets: std::collections::HashMap::new(),
            invited: std::collections::BTreeMap::new(),
            consent: None,
            joined_at: None,
        };
        let row = room.row(&room.session.snapshot(), None);
        self.outputs.push_back(Output::Keep(Write::Session(tenant.clone(), row)));
        self.keep_participant(&room, participant, secret);
        self.keep_event(&tenant, Event::new(actor, "session_create").session(&id), from, now);
        self.timers.set(Due::Room(id.clone()), room.session.poll_timeout());
        self.codes.insert(code, id.clone());
        let created = room.created();
        self.rooms.insert(id, room);
        Ok(created)
    }

    /// An agent brings a code; `token` is the hash of what it will prove itself with.
    ///
    /// # Errors
    /// [`JoinRefused`]; nothing changed.
    pub fn handle_join(
        &mut self,
        code: Number,
        token: TokenHash,
        from: IpAddr,
        now: Now,
    ) -> Result<JoinedRoom, JoinRefused> {
        let refused = |fates: &std::collections::HashMap<Number, Fate>| match fates.get(&code) {
            Some(Fate::Used) => JoinRefused::Used,
            Some(Fate::Expired) => JoinRefused::Expired,
            Some(Fate::Ended) => JoinRefused::Ended,
            None => JoinRefused::Unknown,
        };
        let Some(id) = self.codes.get(&code).cloned() else { return Err(refused(&self.fates)) };
        let Some(room) = self.rooms.get_mut(&id) else { return Err(JoinRefused::Unknown) };
        match room.session.handle_join(Role::Agent, "", "", now.instant) {
            Ok(participant) => {
                let secret = ParticipantSecret::Token(token);
                room.secrets.push((participant, secret.clone()));
                room.joined_at = Some(now.unix_ms);
                let (tenant, owner) = (room.tenant.clone(), room.owner.clone());
                self.codes.remove(&code);
                self.remember(code, Fate::Used, now);
                // The session's row comes before the participant's, which refers to it.
                self.settle(&id, &Actor::Agent, Some(from), now);
                let row = self.rooms.get(&id).and_then(|room| room.participant_row(participant, secret));
                if let Some(row) = row {
                    self.outputs.push_back(Output::Keep(Write::Participant(tenant.clone(), row)));
                }
                self.keep_event(&tenant, Event::new(Actor::Agent, "join").session(&id), Some(from), now);
                self.limit(&id, now);
                Ok(JoinedRoom {
                    session: id,
                    technician: owner.name,
                    organisation: owner.organisation,
                    tenant,
                    ceiling: owner.policy,
                })
            }
            // Its time ran out just now, and the timer has not come yet.
            Err(SessionRefused::Ended) => {
                self.settle(&id, &Actor::Service, None, now);
                Err(refused(&self.fates))
            }
            Err(SessionRefused::CodeUsed) => Err(JoinRefused::Used),
            Err(
                SessionRefused::UnknownParticipant
                | SessionRefused::Full
                | SessionRefused::Role
                | SessionRefused::NotConnected,
            ) => Err(JoinRefused::Unknown),
        }
    }

    /// Whether somebody may open a socket of a session, and as whom.
    ///
    /// # Errors
    /// [`AttachRefused`].
    pub fn may_attach(&self, session: &str, who: &Who) -> Result<Seat, AttachRefused> {
        // Who holds no right to it cannot learn whether a session exists.
        let unknown = match who {
            Who::User { .. } => AttachRefused::NoSession,
            Who::Token(_) => AttachRefused::NotYours,
        };
        let room = self.rooms.get(session).ok_or(unknown)?;
        let own = |secret: &ParticipantSecret| match (secret, who) {
            (ParticipantSecret::User(owner), Who::User { tenant, user, .. }) => {
                *tenant == room.tenant && owner == user
            }
            (ParticipantSecret::Token(hash), Who::Token(given)) => hash == given,
            (ParticipantSecret::User(_), Who::Token(_)) | (ParticipantSecret::Token(_), Who::User { .. }) => {
                false
            }
        };
        let (participant, _) = room.secrets.iter().find(|(_, secret)| own(secret)).ok_or(unknown)?;
        let sign_in = match who {
            Who::User { sign_in, .. } => Some(*sign_in),
            Who::Token(_) => None,
        };
        let (participant, role) = (*participant, room.role_of(*participant));
        Ok(Seat { session: session.to_owned(), participant, role, sign_in })
    }

    /// A socket was opened for a seat that [`Hub::may_attach`] gave. `None` when the session ended meanwhile.
    pub fn handle_attach(&mut self, seat: Seat, now: Now) -> Option<SocketId> {
        self.rooms.get(&seat.session)?;
        self.last_socket += 1;
        let socket = SocketId(self.last_socket);
        self.sockets.insert(socket, Socket { seat, greeted: false, window: now.instant, signals: 0 });
        self.timers.set(Due::Greeting(socket), Some(now.instant + self.config.hello_within));
        Some(socket)
    }

    /// Somebody signed out: what rests on that sign-in ends, on the socket and on the media path. The session waits
    /// for its technician as after any loss.
    pub fn handle_sign_out(&mut self, sign_in: &TokenHash, now: Now) {
        let resting: Vec<_> = self
            .sockets
            .iter()
            .filter(|(_, held)| held.seat.sign_in.as_ref() == Some(sign_in))
            .map(|(socket, held)| (*socket, held.seat.clone()))
            .collect();
        for (socket, seat) in resting {
            let problem = FromService::Problem {
                code: "signed_out".to_owned(),
                message: "Your sign-in has ended. Sign in again to go on with this session.".to_owned(),
            };
            self.outputs.push_back(Output::Send { socket, message: Outgoing::Signal(problem) });
            self.outputs
                .push_back(Output::KickMedia { session: seat.session, participant: seat.participant });
            self.leave(socket, CloseWhy::Refused, now);
        }
    }

    /// A sign-in was replaced by a new one: what rested on the old rests on the new.
    pub fn handle_rotate(&mut self, before: &TokenHash, after: TokenHash) {
        for held in self.sockets.values_mut().filter(|held| held.seat.sign_in.as_ref() == Some(before)) {
            held.seat.sign_in = Some(after);
        }
    }

    /// A user is gone: their sessions end.
    pub fn handle_owner_gone(&mut self, tenant: &Tenant, user: &str, now: Now) {
        let owned: Vec<String> = self
            .rooms
            .iter()
            .filter(|(_, room)| room.tenant == *tenant && room.owner.user == user)
            .map(|(id, _)| id.clone())
            .collect();
        for id in owned {
            self.finish(&id, EndReason::Service, &Actor::Service, None, now);
        }
    }

    /// A socket is gone.
    pub fn handle_detach(&mut self, socket: SocketId, now: Now) {
        self.leave(socket, CloseWhy::Gone, now);
    }

    /// A socket sent something that is no signal.
    pub fn handle_garbage(&mut self, socket: SocketId, now: Now) {
        self.refuse(
            socket,
            "signal_unreadable",
            "This program sent something that the service cannot read. Reload the page or update the program.",
            now,
        );
    }

    /// A socket sent a signal.
    pub fn handle_signal(&mut self, socket: SocketId, signal: ToService, now: Now) {
        let Some(held) = self.sockets.get_mut(&socket) else { return };
        if now.instant.saturating_duration_since(held.window) >= SIGNAL_WINDOW {
            (held.window, held.signals) = (now.instant, 0);
        }
        held.signals += 1;
        let (seat, greeted, too_many) = (held.seat.clone(), held.greeted, held.signals > self.config.signals);
        if too_many {
            return self.refuse(
                socket,
                "signals_many",
                "This program sends too many signals. Reload or update it.",
                now,
            );
        }
        match (signal, greeted) {
            (ToService::Hello { versions, program }, false) => {
                self.hello(socket, &seat, versions, &program, now)
            }
            (ToService::Unknown, true) => {}
            (ToService::RenewMedia, true) => {
                self.outputs.push_back(Output::Send { socket, message: Outgoing::Offer { seat } });
            }
            (ToService::Media { up }, true) => self.media(&seat, up, now),
            (ToService::Consent { snapshot }, true) => self.consent(socket, &seat, snapshot, now),
            (ToService::Leave, true) => self.leaves(&seat, now),
            (ToService::Remove { participant }, true) => self.removes(&seat, participant, now),
            (ToService::Unproven { participant }, true) => self.unproven(&seat, participant, now),
            (ToService::HandOver { to }, true) => self.hands_over(&seat, to, now),
            (ToService::Restarting { seconds }, true) => self.restarting(&seat, seconds, now),
            // A colleague's end is their own.
            (ToService::End, true) if seat.role == Role::Technician => self.leaves(&seat, now),
            (ToService::End, true) => {
                let actor = self.actor(&seat);
                self.finish(&seat.session, EndReason::by(seat.role), &actor, None, now);
            }
            (ToService::Ping { nonce }, true) => {
                let pong = Outgoing::Signal(FromService::Pong { nonce });
                self.outputs.push_back(Output::Send { socket, message: pong });
            }
            (ToService::Hello { .. }, true) => {
                self.refuse(
                    socket,
                    "hello_twice",
                    "This program said hello twice. Reload or update it.",
                    now,
                );
            }
            (
                ToService::Unknown
                | ToService::RenewMedia
                | ToService::Media { .. }
                | ToService::Consent { .. }
                | ToService::End
                | ToService::Leave
                | ToService::Remove { .. }
                | ToService::Unproven { .. }
                | ToService::HandOver { .. }
                | ToService::Restarting { .. }
                | ToService::Ping { .. },
                false,
            ) => {
                self.refuse(
                    socket,
                    "hello_first",
                    "This program did not say hello first. Reload or update it.",
                    now,
                );
            }
        }
    }

    /// Ends a session of this tenant; whether there was one.
    pub fn handle_end(
        &mut self,
        tenant: &Tenant,
        session: &str,
        reason: EndReason,
        actor: &Actor,
        from: Option<IpAddr>,
        now: Now,
    ) -> bool {
        let here = self.rooms.get(session).is_some_and(|room| room.tenant == *tenant);
        if here {
            self.finish(session, reason, actor, from, now);
        }
        here
    }

    pub(super) fn finish(
        &mut self,
        session: &str,
        reason: EndReason,
        actor: &Actor,
        from: Option<IpAddr>,
        now: Now,
    ) {
        if let Some(room) = self.rooms.get_mut(session) {
            room.session.handle_end(reason, now.instant).ok();
            self.settle(session, actor, from, now);
        }
    }

    fn hello(&mut self, socket: SocketId, seat: &Seat, versions: VersionRange, program: &str, now: Now) {
        let Some(version) = VersionRange::ours().agree(versions) else {
            return self.refuse(
                socket,
                "version",
                "This program and the service speak no common version of the protocol. Update whichever is older.",
                now,
            );
        };
        self.came(seat, now);
        let Some(room) = self.rooms.get_mut(&seat.session) else { return };
        let older = room.sockets.insert(seat.participant, socket);
        if let Some(held) = self.sockets.get_mut(&socket) {
            held.greeted = true;
        }
        self.timers.set(Due::Greeting(socket), None);
        if let Some(older) = older {
            let problem = FromService::Problem {
                code: "replaced".to_owned(),
                message: "This session was opened again elsewhere, and goes on there.".to_owned(),
            };
            self.outputs.push_back(Output::Send { socket: older, message: Outgoing::Signal(problem) });
            self.drop_socket(older, CloseWhy::Replaced);
        }
        let shown: String = program.chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
        tracing::debug!(session = %seat.session, participant = seat.participant, program = %shown, "hello");
        let Some(room) = self.rooms.get_mut(&seat.session) else { return };
        // The newcomer learns by its welcome what the others learn by a snapshot.
        room.sockets.remove(&seat.participant);
        room.session.handle_socket(seat.participant, true, now.instant).ok();
        self.settle(&seat.session, &Actor::Service, None, now);
        let Some(room) = self.rooms.get_mut(&seat.session) else { return };
        room.sockets.insert(seat.participant, socket);
        let message = Outgoing::Welcome {
            version,
            seat: seat.clone(),
            session: room.session.snapshot(),
            now: now.unix_ms,
        };
        self.outputs.push_back(Output::Send { socket, message });
    }

    fn media(&mut self, seat: &Seat, up: bool, now: Now) {
        let Some(room) = self.rooms.get_mut(&seat.session) else { return };
        match up {
            true => room.session.handle_media_up(seat.participant, now.instant).ok(),
            false => room.session.handle_media_down(seat.participant, now.instant).ok(),
        };
        self.settle(&seat.session, &Actor::Service, None, now);
    }

    /// The customer's computer restarts: the session waits for it as long as the customer said, and no longer than the
    /// group's sessions last.
    fn restarting(&mut self, seat: &Seat, seconds: u32, now: Now) {
        let Some(room) = self.rooms.get_mut(&seat.session) else { return };
        let within = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
        let taken = room.session.handle_restarting(seat.participant, within, now.instant, now.unix_ms);
        let until = room.session.snapshot().back_until;
        if taken.is_ok() && within.is_some() == until.is_some() {
            let tenant = room.tenant.clone();
            let event =
                Event::new(Actor::Agent, "restart").session(&seat.session).detail(seconds.to_string());
            self.keep_event(&tenant, event, None, now);
        }
        self.settle(&seat.session, &Actor::Agent, None, now);
    }

    /// The service writes consent down. It decides nothing by it, but that a session whose consent is over is over:
    /// that takes power away and never gives any.
    fn consent(&mut self, socket: SocketId, seat: &Seat, snapshot: ConsentSnapshot, now: Now) {
        match seat.role {
            Role::Agent => {}
            Role::Technician | Role::Unknown => {
                return self.refuse(
                    socket,
                    "consent_not_yours",
                    "Only the customer's own computer says what the customer allows.",
                    now,
                );
            }
        }
        let Some(room) = self.rooms.get_mut(&seat.session) else { return };
        if room.consent.is_some_and(|seen| seen >= snapshot.revision) {
            return;
        }
        room.consent = Some(snapshot.revision);
        let tenant = room.tenant.clone();
        let event = Event::new(Actor::Agent, "consent").session(&seat.session).detail(told(&snapshot.state));
        self.keep_event(&tenant, event, None, now);
        if let ConsentState::Ended { why } = snapshot.state {
            self.finish(&seat.session, EndReason::from_consent(why), &Actor::Agent, None, now);
        }
    }

    pub(super) fn actor(&self, seat: &Seat) -> Actor {
        match seat.role {
            Role::Agent => Actor::Agent,
            Role::Technician | Role::Unknown => self
                .rooms
                .get(&seat.session)
                .and_then(|room| room.secrets.iter().find(|(id, _)| *id == seat.participant))
                .map_or(Actor::Anonymous, |(_, secret)| match secret {
                    ParticipantSecret::User(user) => Actor::User(user.clone()),
                    ParticipantSecret::Token(_) => Actor::Anonymous,
                }),
        }
    }

    fn keep_participant(&mut self, room: &Room, id: ParticipantId, secret: ParticipantSecret) {
        if let Some(row) = room.participant_row(id, secret) {
            self.outputs.push_back(Output::Keep(Write::Participant(room.tenant.clone(), row)));
        }
    }

    fn keep_event(&mut self, tenant: &Tenant, event: Event, from: Option<IpAddr>, now: Now) {
        let event = match from {
            Some(from) => event.from(from),
            None => event,
        };
        self.outputs.push_back(Output::Keep(Write::Audit(tenant.clone(), event.row(now.unix_ms))));
    }
}

/// The consent's state as it stands in the audit: the wire form, which names rights and reasons and nothing personal.
fn told(state: &ConsentState) -> String {
    serde_json::to_string(state).unwrap_or_default()
}

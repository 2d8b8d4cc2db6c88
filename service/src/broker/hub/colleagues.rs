//! Colleagues in a session: who is invited, who comes, who leaves or is sent away, and who goes on in whose place. The
//! service only opens the door: what a colleague may do, the customer's own computer asks and decides.

use farhand_protocol::ParticipantId;
use farhand_protocol::api::ColleagueInvitation;
use farhand_protocol::channel::together::Purpose;
use farhand_protocol::session::{Role, SessionState};
use farhand_protocol::signal::{FromService, LeftWhy};

use super::{CloseWhy, Hub, Outgoing, Output, Room, Seat};
use crate::audit::{Actor, Event};
use crate::clock::Now;
use crate::store::{ParticipantSecret, Tenant, Write};

/// Colleagues who are invited into a session and have not come, at most.
pub const MAX_INVITED: usize = 8;
/// How a participant proves itself whose part is over: no token has this hash.
pub(super) const NOBODY: ParticipantSecret = ParticipantSecret::Token([0; 32]);

/// Somebody who is to be invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitee {
    /// The user.
    pub user: String,
    /// Name as customers see it.
    pub name: String,
    /// The organisation's name.
    pub organisation: String,
}

/// Why nobody was invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteRefused {
    /// There is no such session of the caller's.
    NoSession,
    /// The customer is not there yet.
    NoCustomer,
    /// They are in it, or invited.
    Already,
    /// As many as may be.
    Full,
}

/// An invitation that was not followed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invited {
    from: String,
    purpose: Purpose,
    at: u64,
}

impl Hub {
    /// A session's technician invites a colleague. They have a place in it from now on, and may open its socket.
    ///
    /// # Errors
    /// [`InviteRefused`]; nothing changed.
    pub fn handle_invite(
        &mut self,
        tenant: &Tenant,
        session: &str,
        host: &str,
        invitee: Invitee,
        purpose: Purpose,
        now: Now,
    ) -> Result<ParticipantId, InviteRefused> {
        let room =
            self.rooms.get_mut(session).filter(|room| room.tenant == *tenant && room.owner.user == host);
        let room = room.ok_or(InviteRefused::NoSession)?;
        match room.session.state() {
            SessionState::Live | SessionState::Interrupted => {}
            SessionState::Waiting
            | SessionState::Claimed
            | SessionState::Ended { .. }
            | SessionState::Unknown => return Err(InviteRefused::NoCustomer),
        }
        let secret = ParticipantSecret::User(invitee.user.clone());
        if room.secrets.iter().any(|(_, known)| *known == secret) {
            return Err(InviteRefused::Already);
        }
        if room.invited.len() >= MAX_INVITED {
            return Err(InviteRefused::Full);
        }
        let Invitee { user, name, organisation } = invitee;
        let participant = room
            .session
            .handle_join(Role::Technician, &name, &organisation, now.instant)
            .map_err(|_| InviteRefused::Full)?;
        let from = room.owner.name.clone();
        room.invited.insert(participant, Invited { from, purpose, at: now.unix_ms });
        room.secrets.push((participant, secret.clone()));
        let row = room.participant_row(participant, secret);
        if let Some(row) = row {
            self.outputs.push_back(Output::Keep(Write::Participant(tenant.clone(), row)));
        }
        let event =
            Event::new(Actor::User(host.to_owned()), "colleague_invite").session(session).detail(user);
        self.outputs.push_back(Output::Keep(Write::Audit(tenant.clone(), event.row(now.unix_ms))));
        self.settle(session, &Actor::User(host.to_owned()), None, now);
        Ok(participant)
    }

    /// Sessions into which a user is invited and has not come, newest first.
    #[must_use]
    pub fn invitations(&self, tenant: &Tenant, user: &str) -> Vec<ColleagueInvitation> {
        let mut found: Vec<_> = self
            .rooms
            .iter()
            .filter(|(_, room)| room.tenant == *tenant)
            .filter_map(|(id, room)| {
                let Invited { from, purpose, at } = room.invited.get(&room.place_of(user)?)?.clone();
                Some(ColleagueInvitation { session: id.clone(), from, purpose, at })
            })
            .collect();
        found.sort_by(|a, b| (b.at, &b.session).cmp(&(a.at, &a.session)));
        found
    }

    /// A user does not follow an invitation; whether there was one.
    pub fn handle_decline(&mut self, tenant: &Tenant, session: &str, user: &str, now: Now) -> bool {
        let room = self.rooms.get(session).filter(|room| room.tenant == *tenant);
        let place =
            room.and_then(|room| room.place_of(user).filter(|place| room.invited.contains_key(place)));
        let Some(place) = place else { return false };
        self.part(session, place, LeftWhy::Left, &Actor::User(user.to_owned()), now);
        true
    }

    /// A technician leaves for good. The one whose session it is ends it by that.
    pub(super) fn leaves(&mut self, seat: &Seat, now: Now) {
        let actor = self.actor(seat);
        if self.is_host(seat) {
            return self.finish(
                &seat.session,
                farhand_protocol::session::EndReason::by(seat.role),
                &actor,
                None,
                now,
            );
        }
        self.part(&seat.session, seat.participant, LeftWhy::Left, &actor, now);
    }

    /// A colleague must go: the session's technician says so, or the customer's computer.
    pub(super) fn removes(&mut self, seat: &Seat, participant: ParticipantId, now: Now) {
        let why = match seat.role {
            Role::Agent => LeftWhy::Refused,
            Role::Technician if self.is_host(seat) => LeftWhy::Removed,
            Role::Technician | Role::Unknown => return,
        };
        // Nobody sends the session's own technician away: they end it, or hand it over.
        let theirs = Seat { participant, ..seat.clone() };
        if !self.is_host(&theirs) {
            let actor = self.actor(seat);
            self.part(&seat.session, participant, why, &actor, now);
        }
    }

    /// The customer's computer says that whoever came as a colleague has not the digits: the invitation is void, and
    /// another one is another place with other digits.
    pub(super) fn unproven(&mut self, seat: &Seat, participant: ParticipantId, now: Now) {
        let theirs = Seat { participant, ..seat.clone() };
        if seat.role == Role::Agent && !self.is_host(&theirs) {
            let actor = self.actor(seat);
            self.part(&seat.session, participant, LeftWhy::Unproven, &actor, now);
        }
    }

    /// The customer agreed that a colleague goes on in place of the session's technician.
    pub(super) fn hands_over(&mut self, seat: &Seat, to: ParticipantId, now: Now) {
        let Some(room) = self.rooms.get_mut(&seat.session).filter(|_| seat.role == Role::Agent) else {
            return;
        };
        let heir = room.secrets.iter().find_map(|(id, secret)| match secret {
            ParticipantSecret::User(user) if *id == to => Some(user.clone()),
            ParticipantSecret::User(_) | ParticipantSecret::Token(_) => None,
        });
        let (Some(heir), Some(from)) = (heir, room.place_of(&room.owner.user)) else { return };
        let Some(person) = room.session.participants().iter().find(|p| p.id == to && !p.gone) else { return };
        if from == to {
            return;
        }
        (room.owner.name, room.owner.organisation) = (person.name.clone(), person.organisation.clone());
        room.owner.user = heir.clone();
        let row = room.row(&room.session.snapshot(), None);
        let tenant = room.tenant.clone();
        self.outputs.push_back(Output::Keep(Write::Session(tenant.clone(), row)));
        let event = Event::new(Actor::Agent, "hand_over").session(&seat.session).detail(heir);
        self.outputs.push_back(Output::Keep(Write::Audit(tenant, event.row(now.unix_ms))));
        self.part(&seat.session, from, LeftWhy::HandedOver, &Actor::Agent, now);
    }

    /// An invited colleague's socket says hello.
    pub(super) fn came(&mut self, seat: &Seat, now: Now) {
        let Some(room) = self.rooms.get_mut(&seat.session) else { return };
        if room.invited.remove(&seat.participant).is_some() {
            let tenant = room.tenant.clone();
            let event = Event::new(self.actor(seat), "colleague_join").session(&seat.session);
            self.outputs.push_back(Output::Keep(Write::Audit(tenant, event.row(now.unix_ms))));
        }
    }

    fn is_host(&self, seat: &Seat) -> bool {
        let room = self.rooms.get(&seat.session);
        room.is_some_and(|room| room.place_of(&room.owner.user) == Some(seat.participant))
    }

    /// A technician's part in a session is over, and the session goes on: nothing that they have opens it again.
    fn part(&mut self, session: &str, participant: ParticipantId, why: LeftWhy, actor: &Actor, now: Now) {
        let Some(room) = self.rooms.get_mut(session) else { return };
        if room.role_of(participant) != Role::Technician {
            return;
        }
        let Some(place) = room.secrets.iter().position(|(id, _)| *id == participant) else { return };
        room.secrets.remove(place);
        room.invited.remove(&participant);
        let row = room.participant_row(participant, NOBODY);
        let tenant = room.tenant.clone();
        let socket = room.sockets.remove(&participant);
        room.session.handle_leave(participant, now.instant).ok();
        if let Some(row) = row {
            self.outputs.push_back(Output::Keep(Write::Participant(tenant.clone(), row)));
        }
        let event = Event::new(actor.clone(), "colleague_leave").session(session).detail(format!("{why:?}"));
        self.outputs.push_back(Output::Keep(Write::Audit(tenant, event.row(now.unix_ms))));
        if let Some(socket) = socket {
            let left = Outgoing::Signal(FromService::Left { why });
            self.outputs.push_back(Output::Send { socket, message: left });
            self.drop_socket(socket, CloseWhy::Ended);
        }
        // Sockets that have not said hello yet.
        let others: Vec<_> = self
            .sockets
            .iter()
            .filter(|(_, held)| held.seat.session == session && held.seat.participant == participant)
            .map(|(socket, _)| *socket)
            .collect();
        for socket in others {
            self.drop_socket(socket, CloseWhy::Refused);
        }
        self.outputs.push_back(Output::KickMedia { session: session.to_owned(), participant });
        self.settle(session, actor, None, now);
    }
}

impl Room {
    /// The place of a user, by whose sign-in it is.
    pub(super) fn place_of(&self, user: &str) -> Option<ParticipantId> {
        let theirs =
            |secret: &ParticipantSecret| matches!(secret, ParticipantSecret::User(known) if known == user);
        self.secrets.iter().find(|(_, secret)| theirs(secret)).map(|(id, _)| *id)
    }
}

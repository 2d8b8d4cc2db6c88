//! The session machine.
//!
//! | state | inputs | time |
//! |---|---|---|
//! | waiting | agent joins → claimed; end | the code expires → ended |
//! | claimed | agent and a technician are both here → live; end | nobody needed came in time → ended |
//! | live | one of them is away → interrupted; end | |
//! | interrupted | both are here again → live; end | grace over → ended |
//! | ended | everything is refused | |
//!
//! An agent whose machine restarts says so before: it may be away for longer than the grace ([`Session::handle_restarting`]).
//!
//! A participant is here while its socket and its media link stand. A socket that breaks takes the report of the
//! media link with it: whoever comes back says again that the link stands.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{EndReason, MAX_NAME, MAX_PARTICIPANTS, Participant, Role, SessionSnapshot, SessionState};
use crate::ParticipantId;
use crate::channel::restart::MAX_BACK_WITHIN;

/// Times of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// How long the code works.
    pub code_valid: Duration,
    /// How long agent and technician have for their first links once the code is used.
    pub connect_within: Duration,
    /// How long somebody needed may be away.
    pub grace: Duration,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            code_valid: Duration::from_secs(30 * 60),
            connect_within: Duration::from_secs(120),
            grace: Duration::from_secs(120),
        }
    }
}

/// What the service does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOutput {
    /// The session changed: send this to everybody in it.
    Snapshot(SessionSnapshot),
    /// The session is over. Comes once, after the last snapshot.
    Ended(EndReason),
}

/// Why an input was refused. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionRefused {
    /// The session is over.
    #[error("the session has ended")]
    Ended,
    /// The code is used up.
    #[error("the code has been used already")]
    CodeUsed,
    /// Nobody with this number is in the session.
    #[error("there is no such participant in the session")]
    UnknownParticipant,
    /// The session holds as many participants as it can.
    #[error("the session has too many participants")]
    Full,
    /// A role that nobody can join with.
    #[error("nobody can join with this role")]
    Role,
    /// A media link without a socket that reports it.
    #[error("the participant has no socket")]
    NotConnected,
}

/// One session. See the module's table.
#[derive(Clone, Debug)]
pub struct Session {
    config: SessionConfig,
    id: String,
    state: SessionState,
    /// When the state ends by time alone.
    deadline: Option<Instant>,
    /// The agent's machine restarts: it is waited for until then, by both clocks.
    pub(super) back: Option<(Instant, u64)>,
    participants: Vec<Participant>,
    revision: u64,
    created_at: u64,
    code_expires_at: u64,
    outputs: VecDeque<SessionOutput>,
}

impl Session {
    /// A session that waits for its customer. `created_at` is the wall clock in milliseconds since 1970, for people.
    #[must_use]
    pub fn new(id: String, config: SessionConfig, now: Instant, created_at: u64) -> Self {
        Self {
            config,
            id,
            state: SessionState::Waiting,
            deadline: Some(now + config.code_valid),
            back: None,
            participants: Vec::new(),
            revision: 1,
            created_at,
            code_expires_at: created_at.saturating_add(millis(config.code_valid)),
            outputs: VecDeque::new(),
        }
    }

    /// A session as a snapshot kept it, after a restart of its owner: nobody is here, everybody may come back within
    /// the grace. `wall` is the wall clock in milliseconds since 1970.
    #[must_use]
    pub fn restore(snapshot: SessionSnapshot, config: SessionConfig, now: Instant, wall: u64) -> Self {
        let back = snapshot.back_until.map(|until| {
            let left = Duration::from_millis(until.saturating_sub(wall)).min(MAX_BACK);
            (now + left, until)
        });
        let back = back.filter(|(due, _)| *due > now);
        let (state, left) = match snapshot.state {
            SessionState::Waiting => {
                let left = Duration::from_millis(snapshot.code_expires_at.saturating_sub(wall));
                (SessionState::Waiting, Some(left.min(config.code_valid)))
            }
            SessionState::Claimed => (SessionState::Claimed, Some(config.connect_within)),
            SessionState::Live | SessionState::Interrupted => {
                let left = back.map_or(config.grace, |(due, _)| config.grace.max(due - now));
                (SessionState::Interrupted, Some(left))
            }
            SessionState::Ended { reason } => (SessionState::Ended { reason }, None),
            SessionState::Unknown => (SessionState::Ended { reason: EndReason::Service }, None),
        };
        let participants = snapshot.participants.into_iter();
        Self {
            config,
            id: snapshot.id,
            state,
            deadline: left.map(|left| now + left),
            back: back.filter(|_| state == SessionState::Interrupted),
            participants: participants.map(|p| Participant { connected: false, media: false, ..p }).collect(),
            revision: snapshot.revision + 1,
            created_at: snapshot.created_at,
            code_expires_at: snapshot.code_expires_at,
            outputs: VecDeque::new(),
        }
    }

    /// Where the session stands.
    #[must_use]
    pub const fn state(&self) -> SessionState {
        self.state
    }

    /// The session's identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Everybody who is or was in it.
    #[must_use]
    pub fn participants(&self) -> &[Participant] {
        &self.participants
    }

    /// The whole session, as everybody in it sees it.
    #[must_use]
    pub fn snapshot(&self) -> SessionSnapshot {
        SessionSnapshot {
            id: self.id.clone(),
            revision: self.revision,
            state: self.state,
            participants: self.participants.clone(),
            code_expires_at: self.code_expires_at,
            created_at: self.created_at,
            back_until: self.back.map(|(_, until)| until),
        }
    }

    /// Somebody joins: an agent uses the code up, a technician comes by its sign-in. Names are cut to
    /// [`MAX_NAME`] bytes.
    ///
    /// # Errors
    /// [`SessionRefused`]; nothing changed.
    pub fn handle_join(
        &mut self,
        role: Role,
        name: &str,
        organisation: &str,
        now: Instant,
    ) -> Result<ParticipantId, SessionRefused> {
        self.handle_timeout(now);
        self.settle(|session| session.join(role, name, organisation, now))
    }

    /// A participant's socket was opened or is gone.
    ///
    /// # Errors
    /// [`SessionRefused`]; nothing changed.
    pub fn handle_socket(
        &mut self,
        who: ParticipantId,
        up: bool,
        now: Instant,
    ) -> Result<(), SessionRefused> {
        self.handle_timeout(now);
        self.settle(|session| {
            let participant = session.participant(who)?;
            if up && participant.gone {
                return Err(SessionRefused::UnknownParticipant);
            }
            participant.connected = up;
            participant.media = false;
            session.presence(now);
            Ok(())
        })
    }

    /// A participant reports that its media link stands.
    ///
    /// # Errors
    /// [`SessionRefused`]; nothing changed.
    pub fn handle_media_up(&mut self, who: ParticipantId, now: Instant) -> Result<(), SessionRefused> {
        self.media(who, true, now)
    }

    /// A participant reports that its media link is down.
    ///
    /// # Errors
    /// [`SessionRefused`]; nothing changed.
    pub fn handle_media_down(&mut self, who: ParticipantId, now: Instant) -> Result<(), SessionRefused> {
        self.media(who, false, now)
    }

    /// The agent's machine restarts, and the agent is expected back within this time, at most [`MAX_BACK_WITHIN`]; or it
    /// does not restart after all. `wall` is the wall clock in milliseconds since 1970, for people. Nothing in a session
    /// that was never live.
    ///
    /// # Errors
    /// [`SessionRefused`]; nothing changed. Only the agent's machine restarts.
    pub fn handle_restarting(
        &mut self,
        who: ParticipantId,
        within: Option<Duration>,
        now: Instant,
        wall: u64,
    ) -> Result<(), SessionRefused> {
        self.handle_timeout(now);
        self.settle(|session| {
            if session.participant(who)?.role != Role::Agent {
                return Err(SessionRefused::Role);
            }
            if let SessionState::Live | SessionState::Interrupted = session.state {
                let within = within.map(|within| within.min(MAX_BACK));
                if session.back.is_some() && within.is_none() && session.state == SessionState::Interrupted {
                    session.deadline = Some(now + session.config.grace);
                }
                session.back = within.map(|within| (now + within, wall.saturating_add(millis(within))));
                session.presence(now);
            }
            Ok(())
        })
    }

    /// A technician's part in the session is over for good; the session goes on.
    ///
    /// # Errors
    /// [`SessionRefused`]; nothing changed. An agent does not leave: it ends the session.
    pub fn handle_leave(&mut self, who: ParticipantId, now: Instant) -> Result<(), SessionRefused> {
        self.handle_timeout(now);
        self.settle(|session| {
            let participant = session.participant(who)?;
            if participant.role != Role::Technician {
                return Err(SessionRefused::Role);
            }
            (participant.connected, participant.media, participant.gone) = (false, false, true);
            session.presence(now);
            Ok(())
        })
    }

    /// Somebody ends the session; see [`EndReason::by`] and [`EndReason::from_consent`].
    ///
    /// # Errors
    /// [`SessionRefused::Ended`] when it is over already.
    pub fn handle_end(&mut self, reason: EndReason, now: Instant) -> Result<(), SessionRefused> {
        self.handle_timeout(now);
        self.settle(|session| {
            session.alive()?;
            session.enter(SessionState::Ended { reason }, None);
            Ok(())
        })
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|due| due <= now) {
            self.settle(|session| {
                let reason = match session.state {
                    SessionState::Waiting => EndReason::CodeExpired,
                    SessionState::Claimed
                    | SessionState::Live
                    | SessionState::Interrupted
                    | SessionState::Ended { .. }
                    | SessionState::Unknown => EndReason::Lost,
                };
                session.enter(SessionState::Ended { reason }, None);
            });
        }
    }

    /// When [`Session::handle_timeout`] is due.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// What to do next; call it until it is empty after every input.
    pub fn poll_output(&mut self) -> Option<SessionOutput> {
        self.outputs.pop_front()
    }

    fn join(
        &mut self,
        role: Role,
        name: &str,
        organisation: &str,
        now: Instant,
    ) -> Result<ParticipantId, SessionRefused> {
        self.alive()?;
        let claims = match role {
            Role::Agent if self.state != SessionState::Waiting => return Err(SessionRefused::CodeUsed),
            Role::Agent => true,
            Role::Technician => false,
            Role::Unknown => return Err(SessionRefused::Role),
        };
        // The agent's place is kept for it, however many technicians came before.
        let places = if claims { MAX_PARTICIPANTS } else { MAX_PARTICIPANTS - 1 };
        let technicians = self.participants.iter().filter(|p| p.role != Role::Agent).count();
        let taken = if claims { self.participants.len() } else { technicians };
        if taken >= places {
            return Err(SessionRefused::Full);
        }
        let id = ParticipantId::try_from(self.participants.len() + 1).map_err(|_| SessionRefused::Full)?;
        self.participants.push(Participant {
            id,
            role,
            name: cut(name).to_owned(),
            organisation: cut(organisation).to_owned(),
            connected: false,
            media: false,
            gone: false,
        });
        if claims {
            self.enter(SessionState::Claimed, Some(now + self.config.connect_within));
        }
        Ok(id)
    }

    fn media(&mut self, who: ParticipantId, up: bool, now: Instant) -> Result<(), SessionRefused> {
        self.handle_timeout(now);
        self.settle(|session| {
            let participant = session.participant(who)?;
            if up && !participant.connected {
                return Err(SessionRefused::NotConnected);
            }
            participant.media = up;
            let back = up && participant.role == Role::Agent && session.back.take().is_some();
            if back && session.state == SessionState::Interrupted {
                // Whoever else is away has the usual time from now on.
                session.deadline = Some(now + session.config.grace);
            }
            session.presence(now);
            Ok(())
        })
    }

    fn presence(&mut self, now: Instant) {
        let here = |role| self.participants.iter().any(|p| p.role == role && p.connected && p.media);
        let both = here(Role::Agent) && here(Role::Technician);
        self.back = self.back.filter(|(due, _)| *due > now);
        let expected = self.back.map(|(due, _)| due).filter(|_| !here(Role::Agent));
        match self.state {
            SessionState::Claimed | SessionState::Interrupted if both => self.enter(SessionState::Live, None),
            SessionState::Live if !both => {
                let grace = now + self.config.grace;
                self.enter(SessionState::Interrupted, Some(expected.map_or(grace, |due| due.max(grace))));
            }
            SessionState::Interrupted if expected.is_some() => self.deadline = self.deadline.max(expected),
            SessionState::Waiting
            | SessionState::Claimed
            | SessionState::Live
            | SessionState::Interrupted
            | SessionState::Ended { .. }
            | SessionState::Unknown => {}
        }
    }

    fn enter(&mut self, state: SessionState, deadline: Option<Instant>) {
        self.state = state;
        self.deadline = deadline;
        if let SessionState::Ended { .. } = state {
            self.back = None;
            for participant in &mut self.participants {
                participant.media = false;
            }
        }
    }

    fn alive(&self) -> Result<(), SessionRefused> {
        match self.state {
            SessionState::Ended { .. } => Err(SessionRefused::Ended),
            SessionState::Waiting
            | SessionState::Claimed
            | SessionState::Live
            | SessionState::Interrupted
            | SessionState::Unknown => Ok(()),
        }
    }

    fn participant(&mut self, who: ParticipantId) -> Result<&mut Participant, SessionRefused> {
        self.alive()?;
        self.participants.iter_mut().find(|p| p.id == who).ok_or(SessionRefused::UnknownParticipant)
    }

    /// Makes a change, and says what it means outside.
    fn settle<R>(&mut self, change: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.snapshot();
        let result = change(self);
        if self.snapshot() != before {
            self.revision += 1;
            self.outputs.push_back(SessionOutput::Snapshot(self.snapshot()));
            if let SessionState::Ended { reason } = self.state {
                self.outputs.push_back(SessionOutput::Ended(reason));
            }
        }
        result
    }
}

/// The longest time for which an agent is waited for.
const MAX_BACK: Duration = Duration::from_secs(MAX_BACK_WITHIN as u64);

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The longest start of a text that fits into [`MAX_NAME`].
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_NAME)]
}

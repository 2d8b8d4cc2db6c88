//! A group's times, kept by the service: how long a session lasts, and how long it may stand unused. The customer's agent
//! keeps the same and is usually first; this ends the session when agent or page do not. Only input counts as use, which
//! the media service sees pass without reading it.

use std::collections::HashMap;
use std::time::Duration;

use farhand_protocol::session::EndReason;
use tokio::sync::watch;

use crate::app::App;
use crate::audit::{Actor, Event};
use crate::store::{RunningSession, StoreError};

/// Sessions are looked at this often: a limit is kept to within this time.
pub const EVERY: Duration = Duration::from_secs(15);

/// Which limit is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The session lasted long enough.
    Length,
    /// Nobody used it.
    Idle,
}

impl Over {
    fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Idle => "idle",
        }
    }
}

/// What is known of a session's use.
#[derive(Clone, Copy, Debug)]
struct Use {
    /// Inputs that had passed at the last look.
    inputs: u64,
    /// When a look last found more of them, milliseconds since 1970.
    at: u64,
}

/// Keeps the times of all sessions.
#[derive(Debug)]
pub struct Limits {
    /// Sessions from before are taken as used at this time, milliseconds since 1970.
    began: u64,
    uses: HashMap<String, Use>,
}

impl Limits {
    /// From now (milliseconds since 1970) on.
    #[must_use]
    pub fn new(now: u64) -> Self {
        Self { began: now, uses: HashMap::new() }
    }

    /// Which limit of a session is over, if any. `inputs` is how many have passed so far; a number that is lower than
    /// the one before is of a room that began anew.
    pub fn handle_look(&mut self, session: &RunningSession, inputs: u64, now: u64) -> Option<Over> {
        let minutes = |limit: Option<u32>| limit.map(|minutes| u64::from(minutes) * 60_000);
        let first = Use { inputs: 0, at: session.joined_at.max(self.began) };
        let seen = self.uses.entry(session.id.clone()).or_insert(first);
        if inputs != seen.inputs {
            let at = if inputs == 0 { seen.at } else { now };
            *seen = Use { inputs, at };
        }
        let over = |since: u64, limit: Option<u64>| limit.is_some_and(|l| now >= since.saturating_add(l));
        if over(session.joined_at, minutes(session.policy.session_minutes)) {
            Some(Over::Length)
        } else if over(seen.at, minutes(session.policy.idle_minutes)) {
            Some(Over::Idle)
        } else {
            None
        }
    }

    /// Forgets all sessions but these.
    pub fn keep(&mut self, running: &[RunningSession]) {
        self.uses.retain(|id, _| running.iter().any(|session| session.id == *id));
    }
}

/// Looks until the service ends.
pub async fn run(app: App, mut ending: watch::Receiver<bool>) {
    let mut limits = Limits::new(app.now().unix_ms);
    loop {
        let next = app.now().unix_ms + u64::try_from(EVERY.as_millis()).unwrap_or(u64::MAX);
        if let Err(error) = look(&app, &mut limits).await {
            tracing::error!(%error, "the limits of sessions could not be looked at");
        }
        tokio::select! {
            () = app.clock().until(next) => {}
            () = crate::app::ended(&mut ending) => return,
        }
    }
}

async fn look(app: &App, limits: &mut Limits) -> Result<(), StoreError> {
    let mut running = app.store().running_sessions().await?;
    running.retain(|one| one.policy.session_minutes.is_some() || one.policy.idle_minutes.is_some());
    limits.keep(&running);
    for session in running {
        let inputs = app.media().inputs(&session.id);
        let Some(over) = limits.handle_look(&session, inputs, app.now().unix_ms) else { continue };
        let event = Event::new(Actor::Service, "session_limit").session(&session.id).outcome(over.name());
        app.audit(&session.tenant, event).later();
        app.broker().end(&session.tenant, &session.id, EndReason::Service, &Actor::Service, None).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use farhand_protocol::api::Policy;

    use super::*;
    use crate::store::Tenant;

    const MINUTE: u64 = 60_000;

    fn session(session_minutes: Option<u32>, idle_minutes: Option<u32>) -> RunningSession {
        let policy = Policy { session_minutes, idle_minutes, ..Policy::default() };
        RunningSession { tenant: Tenant("a".into()), id: "s".into(), joined_at: 1_000, policy }
    }

    #[test]
    fn a_session_ends_when_its_length_is_over_however_much_it_is_used() {
        let (mut limits, session) = (Limits::new(0), session(Some(10), Some(2)));
        for minute in 0..10 {
            assert_eq!(limits.handle_look(&session, minute + 1, 1_000 + minute * MINUTE), None);
        }
        assert_eq!(limits.handle_look(&session, 11, 1_000 + 10 * MINUTE), Some(Over::Length));
    }

    #[test]
    fn a_session_ends_when_nobody_used_it_for_its_time() {
        let (mut limits, session) = (Limits::new(0), session(None, Some(5)));
        assert_eq!(limits.handle_look(&session, 0, 1_000 + 5 * MINUTE - 1), None);
        assert_eq!(limits.handle_look(&session, 3, 5 * MINUTE), None);
        assert_eq!(limits.handle_look(&session, 3, 10 * MINUTE - 1), None);
        // Everybody left the room: no use. A new room with its first input: use.
        assert_eq!(limits.handle_look(&session, 0, 10 * MINUTE - 1), None);
        assert_eq!(limits.handle_look(&session, 1, 10 * MINUTE - 1), None);
        assert_eq!(limits.handle_look(&session, 1, 14 * MINUTE), None);
        assert_eq!(limits.handle_look(&session, 1, 15 * MINUTE), Some(Over::Idle));
    }

    #[test]
    fn after_a_restart_the_length_goes_on_and_disuse_counts_anew() {
        let began = 9 * MINUTE;
        let mut limits = Limits::new(began);
        assert_eq!(limits.handle_look(&session(None, Some(5)), 0, began + 5 * MINUTE - 1), None);
        assert_eq!(limits.handle_look(&session(None, Some(5)), 0, began + 5 * MINUTE), Some(Over::Idle));
        assert_eq!(limits.handle_look(&session(Some(10), None), 0, began + 2 * MINUTE), Some(Over::Length));
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let (mut limits, session) = (Limits::new(0), session(None, Some(5)));
        limits.handle_look(&session, 1, 2_000);
        limits.keep(&[]);
        assert!(limits.uses.is_empty());
    }
}

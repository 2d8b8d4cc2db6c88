//! Colleagues whom a technician brings in: what each of them may do, which the customer is asked for each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::together::Purpose;
use farhand_protocol::consent::{Consent, ConsentConfig, ConsentSnapshot, ConsentState};
use farhand_protocol::rights::{Right, Rights};

/// Colleagues at once, invited ones included.
pub const MAX_COLLEAGUES: usize = 8;
/// A colleague who is away for longer is asked for anew.
pub const AWAY_FOR: Duration = Duration::from_secs(120);
/// Prompts of one colleague are numbered from their number times this, so that no two prompts of a session are the same.
const ASKS_EACH: u32 = 1_000_000;

/// One colleague.
#[derive(Debug)]
pub struct Colleague {
    /// Who brought them in.
    pub by: ParticipantId,
    /// What for.
    pub purpose: Purpose,
    /// What the customer allows them, and nobody else.
    pub consent: Consent,
    /// They have the session's keys, or get them when they come back.
    pub admitted: bool,
    /// Since when they are away.
    pub away: Option<Instant>,
    /// Of what the consoles are told.
    revision: u64,
}

impl Colleague {
    /// Somebody who is to come. `bound` is what they may ask for at most, `config` the session's own.
    #[must_use]
    pub fn new(
        participant: ParticipantId,
        by: ParticipantId,
        purpose: Purpose,
        bound: Rights,
        config: ConsentConfig,
    ) -> Self {
        let bound = match purpose {
            Purpose::Watch => bound.intersection(Rights::of(&[Right::View])),
            Purpose::Help | Purpose::TakeOver => bound,
            Purpose::Unknown => Rights::EMPTY,
        };
        let config = ConsentConfig { policy: config.policy.intersection(bound), ..config };
        let consent = Consent::new(config).numbered_from(u32::from(participant) * ASKS_EACH);
        Self { by, purpose, consent, admitted: false, away: None, revision: 0 }
    }

    /// Where their consent stands, told under the session's: what holds that holds theirs.
    pub fn told(&mut self, session: &ConsentState) -> ConsentSnapshot {
        self.revision += 1;
        let own = self.consent.snapshot().state;
        let state = match (own, session) {
            (ConsentState::Granted { rights, more: _ }, ConsentState::Held { holds, rights: _ }) => {
                ConsentState::Held { rights, holds: holds.clone() }
            }
            (_, ConsentState::Ended { why }) => ConsentState::Ended { why: *why },
            (own, _) => own,
        };
        ConsentSnapshot { revision: self.revision, state }
    }

    /// When something is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.consent.poll_timeout(), self.away.map(|at| at + AWAY_FOR)].into_iter().flatten().min()
    }

    /// Whether they were away for too long.
    #[must_use]
    pub fn lapsed(&self, now: Instant) -> bool {
        self.away.is_some_and(|at| now.saturating_duration_since(at) >= AWAY_FOR)
    }
}

/// All of them.
pub type Colleagues = BTreeMap<ParticipantId, Colleague>;

//! The consent machine.
//!
//! | state | local input | remote input | time |
//! |---|---|---|---|
//! | fresh | `Standing` → granted | `Ask` → asking | |
//! | asking | `Allow` of this ask → granted; `Refuse` of this ask → ended | a newer `Ask` replaces; `LinkLost` → fresh | → ended |
//! | granted | `Allow`, `Refuse` of the ask for more; `Withdraw`, `WithdrawAll`; `Hold`, `DesktopLocked` → held | `Ask` for more; `GiveUp`; `LinkLost` → held | the ask for more lapses |
//! | held | `Resume`, `DesktopUnlocked` lift their own hold; further holds; `Withdraw`; `WithdrawAll`, which lifts the customer's | `LinkBack` lifts its own hold; `GiveUp` | → ended |
//! | ended | refused | refused | |
//!
//! `Stop`, `Block` and `End` end every state. That the desktop is locked or the link down is remembered in the first two
//! states as well, so that a grant made meanwhile starts held.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{AskId, Carried, ConsentEnd, ConsentSnapshot, ConsentState, Hold};
use crate::rights::{Right, Rights};

/// How long a pause by the customer or a locked desktop may last before consent ends.
pub const PAUSE_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Inputs that only the customer's own machine can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Local {
    /// Rights that the machine's owner gave beforehand (unattended access).
    Standing(Rights),
    /// The customer allows what a prompt asks, or a part of it.
    Allow {
        /// The prompt answered.
        ask: AskId,
        /// What is allowed.
        rights: Rights,
    },
    /// The customer says No to a prompt: also by closing it or by Escape.
    Refuse {
        /// The prompt answered.
        ask: AskId,
    },
    /// The customer takes a right back.
    Withdraw(Right),
    /// The customer takes every right back, and what is asked for beside them is refused. The session stays.
    WithdrawAll,
    /// The customer pauses.
    Hold,
    /// The customer goes on after a pause.
    Resume,
    /// The desktop was locked.
    DesktopLocked,
    /// The desktop was unlocked.
    DesktopUnlocked,
    /// The customer ends everything.
    Stop,
    /// Whoever asks is one whom the customer never wants to be asked by again.
    Block,
}

/// Inputs that come over the network. None can widen a grant: there is no variant for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remote {
    /// The technician would like to have these rights.
    Ask {
        /// All that is wanted.
        rights: Rights,
    },
    /// The technician gives rights back.
    GiveUp {
        /// What is given back.
        rights: Rights,
    },
    /// The media link is down.
    LinkLost,
    /// The media link stands again.
    LinkBack,
    /// The technician or the service ends the session.
    End,
}

/// What the shell does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Show a prompt; silence until `expires` means no.
    Prompt {
        /// Names the prompt in the answer.
        ask: AskId,
        /// What is asked for, already cut to what the policy admits.
        rights: Rights,
        /// When it lapses.
        expires: Instant,
    },
    /// The prompt is over, answered or not: take it off the screen.
    PromptGone {
        /// Which.
        ask: AskId,
    },
    /// Consent changed: send this to the consoles and to the service.
    Snapshot(ConsentSnapshot),
    /// Control ended, for whatever cause: release every key and button held. Comes once for each end of control.
    ControlEnded,
    /// Consent is over for good.
    Ended(ConsentEnd),
}

/// What the machine's owner or administrator sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentConfig {
    /// Rights that may be granted at all.
    pub policy: Rights,
    /// How long a prompt waits for an answer.
    pub answer_within: Duration,
    /// How long a lost link may stay away.
    pub grace: Duration,
    /// After this many refusals no more prompts are shown. A prompt that lapses is a refusal.
    pub max_refusals: u8,
}

impl Default for ConsentConfig {
    fn default() -> Self {
        Self {
            policy: Rights::ALL,
            answer_within: Duration::from_secs(60),
            grace: Duration::from_secs(120),
            max_refusals: 3,
        }
    }
}

/// Why an input was refused. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsentRefused {
    /// Consent is over.
    #[error("consent has ended")]
    Ended,
    /// The answer is to a prompt that is no longer shown.
    #[error("the prompt answered is no longer shown")]
    StaleAsk,
    /// The state has no use for the input.
    #[error("this is not possible now")]
    NotNow,
    /// The policy admits none of the rights, or all of them are granted already.
    #[error("nothing of what is asked can be granted")]
    NothingToGrant,
    /// The customer refused too often: no more prompts.
    #[error("the customer has refused too often to be asked again")]
    TooManyRefusals,
}

/// The customer's consent. See the module's table.
#[derive(Clone, Debug)]
pub struct Consent {
    pub(super) config: ConsentConfig,
    pub(super) pause_limit: Duration,
    pub(super) state: State,
    pub(super) holds: Holds,
    pub(super) refusals: u8,
    pub(super) last_ask: u32,
    revision: u64,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Fresh,
    Asking(Ask),
    Granted { rights: Rights, more: Option<Ask> },
    Held { rights: Rights },
    Ended(ConsentEnd),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) id: AskId,
    pub(super) rights: Rights,
    pub(super) expires: Instant,
}

/// How far the numbers of a consent that goes on are from those of the one before it.
const CARRIED_GAP: u32 = 1_000;

/// The holds that stand, each with the time at which it has lasted too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Holds {
    pub(super) customer: Option<Instant>,
    pub(super) locked: Option<Instant>,
    pub(super) link: Option<Instant>,
}

impl Holds {
    fn all(self) -> [(Hold, Option<Instant>); 3] {
        [(Hold::Customer, self.customer), (Hold::DesktopLocked, self.locked), (Hold::LinkLost, self.link)]
    }

    pub(super) fn reasons(self) -> Vec<Hold> {
        self.all().into_iter().filter_map(|(hold, until)| until.map(|_| hold)).collect()
    }

    fn is_empty(self) -> bool {
        self.first_deadline().is_none()
    }

    fn first_deadline(self) -> Option<Instant> {
        self.all().into_iter().filter_map(|(_, until)| until).min()
    }
}

impl Consent {
    /// Nothing asked, nothing granted; the link stands and the desktop is unlocked.
    #[must_use]
    pub fn new(config: ConsentConfig) -> Self {
        Self {
            config,
            pause_limit: PAUSE_LIMIT,
            state: State::Fresh,
            holds: Holds::default(),
            refusals: 0,
            last_ask: 0,
            revision: 0,
            outputs: VecDeque::new(),
        }
    }

    /// With another limit than [`PAUSE_LIMIT`] for a pause or a locked desktop.
    #[must_use]
    pub const fn with_pause_limit(mut self, limit: Duration) -> Self {
        self.pause_limit = limit;
        self
    }

    /// With prompts numbered from here on, so that several consents of one customer do not answer one another's.
    #[must_use]
    pub const fn numbered_from(mut self, last_ask: u32) -> Self {
        self.last_ask = last_ask;
        self
    }

    /// Goes on where another consent of the same customer stopped, whose machine restarted meanwhile: what they allowed
    /// to be carried over is held, as after a lost link, until [`Remote::LinkBack`] or `until`; where that is nothing,
    /// nothing is granted. Nothing is carried over that the policy does not admit.
    #[must_use]
    pub fn carried(mut self, carried: Carried, until: Instant) -> Self {
        let Carried { rights, last_ask, refusals, revision } = carried;
        (self.last_ask, self.refusals, self.revision) = (last_ask, refusals, revision);
        let rights = rights.intersection(self.config.policy);
        if !rights.is_empty() {
            self.state = State::Held { rights };
        }
        self.holds.link = Some(until);
        self
    }

    /// What another consent of the same customer needs to go on after a restart of their machine, with these rights at
    /// most. Numbers go on at a distance, so that nothing that is said meanwhile comes twice.
    #[must_use]
    pub fn to_carry(&self, rights: Rights) -> Carried {
        let granted = match &self.state {
            // What is held is not allowed at this moment.
            State::Granted { rights, .. } => *rights,
            State::Fresh | State::Asking(_) | State::Held { .. } | State::Ended(_) => Rights::EMPTY,
        };
        Carried {
            rights: granted.intersection(rights),
            last_ask: self.last_ask.saturating_add(CARRIED_GAP),
            refusals: self.refusals,
            revision: self.revision.saturating_add(u64::from(CARRIED_GAP)),
        }
    }

    /// The one gate: whether an effect that needs this right may happen now.
    #[must_use]
    pub fn permits(&self, right: Right) -> bool {
        match &self.state {
            State::Granted { rights, .. } => rights.contains(right),
            State::Fresh | State::Asking(_) | State::Held { .. } | State::Ended(_) => false,
        }
    }

    /// Rights granted, held or not.
    #[must_use]
    pub fn granted(&self) -> Rights {
        match &self.state {
            State::Granted { rights, .. } | State::Held { rights } => *rights,
            State::Fresh | State::Asking(_) | State::Ended(_) => Rights::EMPTY,
        }
    }

    /// Where consent stands, as consoles see it.
    #[must_use]
    pub fn snapshot(&self) -> ConsentSnapshot {
        let state = match &self.state {
            State::Fresh => ConsentState::Fresh,
            State::Asking(ask) => ConsentState::Asking { rights: ask.rights },
            State::Granted { rights, more } => {
                ConsentState::Granted { rights: *rights, more: more.map(|ask| ask.rights) }
            }
            State::Held { rights } => ConsentState::Held { rights: *rights, holds: self.holds.reasons() },
            State::Ended(why) => ConsentState::Ended { why: *why },
        };
        ConsentSnapshot { revision: self.revision, state }
    }

    /// Takes an input of the customer's machine.
    ///
    /// # Errors
    /// [`ConsentRefused`]; nothing changed but what time alone changes.
    pub fn handle_local(&mut self, input: Local, now: Instant) -> Result<(), ConsentRefused> {
        self.handle_timeout(now);
        self.settle(|consent| consent.local(input, now))
    }

    /// Takes an input from the network.
    ///
    /// # Errors
    /// [`ConsentRefused`]; nothing changed but what time alone changes.
    pub fn handle_remote(&mut self, input: Remote, now: Instant) -> Result<(), ConsentRefused> {
        self.handle_timeout(now);
        self.settle(|consent| consent.remote(input, now))
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|due| due <= now) {
            self.settle(Self::lapse);
        }
    }

    /// When [`Consent::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Asking(ask) => Some(ask.expires),
            State::Granted { more, .. } => more.map(|ask| ask.expires),
            State::Held { .. } => self.holds.first_deadline(),
            State::Fresh | State::Ended(_) => None,
        }
    }

    /// What to do next; call it until it is empty after every input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn local(&mut self, input: Local, now: Instant) -> Result<(), ConsentRefused> {
        if let State::Ended(_) = self.state {
            return Err(ConsentRefused::Ended);
        }
        match input {
            Local::Standing(rights) => self.stand(rights, now),
            Local::Allow { ask, rights } => self.allow(ask, rights, now),
            Local::Refuse { ask } => self.refuse(ask),
            Local::Withdraw(right) => self.narrow(|rights| rights.without(right)),
            Local::WithdrawAll => self.withdraw_all(),
            Local::Hold => match self.state {
                State::Granted { .. } | State::Held { .. } => {
                    self.holds.customer.get_or_insert(now + self.pause_limit);
                    self.hold();
                    Ok(())
                }
                State::Fresh | State::Asking(_) | State::Ended(_) => Err(ConsentRefused::NotNow),
            },
            Local::Resume => match self.holds.customer.take() {
                Some(_) => {
                    self.lift();
                    Ok(())
                }
                None => Err(ConsentRefused::NotNow),
            },
            Local::DesktopLocked => {
                self.holds.locked.get_or_insert(now + self.pause_limit);
                self.hold();
                Ok(())
            }
            Local::DesktopUnlocked => {
                self.holds.locked = None;
                self.lift();
                Ok(())
            }
            Local::Stop => {
                self.state = State::Ended(ConsentEnd::Stopped);
                Ok(())
            }
            Local::Block => {
                self.state = State::Ended(ConsentEnd::Blocked);
                Ok(())
            }
        }
    }

    fn remote(&mut self, input: Remote, now: Instant) -> Result<(), ConsentRefused> {
        if let State::Ended(_) = self.state {
            return Err(ConsentRefused::Ended);
        }
        match input {
            Remote::Ask { rights } => self.ask(rights, now),
            Remote::GiveUp { rights } => self.give_up(rights),
            Remote::LinkLost => {
                self.holds.link.get_or_insert(now + self.config.grace);
                if let State::Asking(_) = self.state {
                    self.state = State::Fresh;
                }
                self.hold();
                Ok(())
            }
            Remote::LinkBack => {
                self.holds.link = None;
                self.lift();
                Ok(())
            }
            Remote::End => {
                self.state = State::Ended(ConsentEnd::EndedRemotely);
                Ok(())
            }
        }
    }

    fn lapse(&mut self) {
        match self.state {
            State::Asking(_) => self.state = State::Ended(ConsentEnd::TimedOut),
            State::Granted { rights, .. } => {
                self.refusals = self.refusals.saturating_add(1);
                self.state = State::Granted { rights, more: None };
            }
            State::Held { .. } => self.state = State::Ended(ConsentEnd::GraceOver),
            State::Fresh | State::Ended(_) => {}
        }
    }

    fn stand(&mut self, rights: Rights, now: Instant) -> Result<(), ConsentRefused> {
        let rights = rights.intersection(self.config.policy);
        match self.state {
            State::Fresh if rights.is_empty() => Err(ConsentRefused::NothingToGrant),
            State::Fresh => {
                self.grant(rights, now);
                Ok(())
            }
            State::Asking(_) | State::Granted { .. } | State::Held { .. } | State::Ended(_) => {
                Err(ConsentRefused::NotNow)
            }
        }
    }

    fn allow(&mut self, id: AskId, rights: Rights, now: Instant) -> Result<(), ConsentRefused> {
        let (granted, ask) = self.answered(id)?;
        let rights = rights.intersection(ask.rights).intersection(self.config.policy);
        if granted.contains_all(rights) {
            return self.refuse(id);
        }
        self.grant(granted.union(rights), now);
        Ok(())
    }

    fn refuse(&mut self, id: AskId) -> Result<(), ConsentRefused> {
        self.answered(id)?;
        self.refusals = self.refusals.saturating_add(1);
        match self.state {
            State::Granted { rights, .. } => self.state = State::Granted { rights, more: None },
            State::Fresh | State::Asking(_) | State::Held { .. } | State::Ended(_) => {
                self.state = State::Ended(ConsentEnd::Refused);
            }
        }
        Ok(())
    }

    /// The rights granted so far and the ask that an answer is to.
    fn answered(&self, id: AskId) -> Result<(Rights, Ask), ConsentRefused> {
        let shown = match self.state {
            State::Asking(ask) => Some((Rights::EMPTY, ask)),
            State::Granted { rights, more } => more.map(|ask| (rights, ask)),
            State::Fresh | State::Held { .. } | State::Ended(_) => None,
        };
        shown.filter(|(_, ask)| ask.id == id).ok_or(ConsentRefused::StaleAsk)
    }

    fn ask(&mut self, wanted: Rights, now: Instant) -> Result<(), ConsentRefused> {
        let rights = wanted.intersection(self.config.policy);
        if self.granted().contains_all(rights) {
            return Err(ConsentRefused::NothingToGrant);
        }
        match self.state {
            // An ask cannot come over a link that is down.
            State::Fresh if self.holds.link.is_some() => Err(ConsentRefused::NotNow),
            // Said again, as after a reconnect: the prompt stays.
            State::Asking(ask) if ask.rights == rights => Ok(()),
            State::Granted { more: Some(ask), .. } if ask.rights == rights => Ok(()),
            State::Fresh | State::Asking(_) => {
                self.state = State::Asking(self.prompt(rights, now)?);
                Ok(())
            }
            State::Granted { rights: granted, .. } => {
                let more = Some(self.prompt(rights, now)?);
                self.state = State::Granted { rights: granted, more };
                Ok(())
            }
            State::Held { .. } | State::Ended(_) => Err(ConsentRefused::NotNow),
        }
    }

    fn prompt(&mut self, rights: Rights, now: Instant) -> Result<Ask, ConsentRefused> {
        if self.refusals >= self.config.max_refusals {
            return Err(ConsentRefused::TooManyRefusals);
        }
        // Numbers never come twice: a session with four thousand million prompts has had enough of them.
        self.last_ask = self.last_ask.checked_add(1).ok_or(ConsentRefused::TooManyRefusals)?;
        Ok(Ask { id: AskId(self.last_ask), rights, expires: now + self.config.answer_within })
    }

    fn give_up(&mut self, rights: Rights) -> Result<(), ConsentRefused> {
        // A set that names control contains view because control implies it; giving up control alone keeps view.
        if let State::Granted { more, .. } = &mut self.state
            && more.is_some_and(|ask| rights.strongest().any(|right| ask.rights.contains(right)))
        {
            *more = None;
        }
        self.narrow(|granted| rights.strongest().fold(granted, Rights::without))
    }

    fn withdraw_all(&mut self) -> Result<(), ConsentRefused> {
        if let State::Granted { more: more @ Some(_), .. } = &mut self.state {
            *more = None;
            self.refusals = self.refusals.saturating_add(1);
        }
        self.narrow(|_| Rights::EMPTY)?;
        // Where nothing is allowed there is nothing to pause, and nobody could ask anew while it lasts.
        self.holds.customer = None;
        self.lift();
        Ok(())
    }

    fn narrow(&mut self, less: impl FnOnce(Rights) -> Rights) -> Result<(), ConsentRefused> {
        match &mut self.state {
            State::Granted { rights, .. } | State::Held { rights } => {
                *rights = less(*rights);
                Ok(())
            }
            State::Fresh | State::Asking(_) | State::Ended(_) => Err(ConsentRefused::NotNow),
        }
    }

    /// Grants; what stands in the way by now holds it from the start.
    fn grant(&mut self, rights: Rights, now: Instant) {
        self.holds.locked = self.holds.locked.map(|_| now + self.pause_limit);
        self.holds.link = self.holds.link.map(|_| now + self.config.grace);
        self.state = State::Granted { rights, more: None };
        self.hold();
    }

    /// Goes from granted to held when a hold stands.
    fn hold(&mut self) {
        if let State::Granted { rights, .. } = self.state
            && !self.holds.is_empty()
        {
            self.state = State::Held { rights };
        }
    }

    /// Goes from held to granted when no hold stands.
    fn lift(&mut self) {
        if let State::Held { rights } = self.state
            && self.holds.is_empty()
        {
            self.state = State::Granted { rights, more: None };
        }
    }

    fn shown(&self) -> Option<Ask> {
        match self.state {
            State::Asking(ask) => Some(ask),
            State::Granted { more, .. } => more,
            State::Fresh | State::Held { .. } | State::Ended(_) => None,
        }
    }

    /// Makes a change, and says what it means outside: one place, so that no edge can forget it.
    fn settle<R>(&mut self, change: impl FnOnce(&mut Self) -> R) -> R {
        let (state, shown, control) = (self.snapshot().state, self.shown(), self.permits(Right::Control));
        let result = change(self);
        if let Some(old) = shown
            && self.shown() != shown
        {
            self.outputs.push_back(Output::PromptGone { ask: old.id });
        }
        if control && !self.permits(Right::Control) {
            self.outputs.push_back(Output::ControlEnded);
        }
        if let Some(new) = self.shown()
            && self.shown() != shown
        {
            self.outputs.push_back(Output::Prompt { ask: new.id, rights: new.rights, expires: new.expires });
        }
        if self.snapshot().state != state {
            self.revision += 1;
            self.outputs.push_back(Output::Snapshot(self.snapshot()));
            if let State::Ended(why) = self.state {
                self.outputs.push_back(Output::Ended(why));
            }
        }
        result
    }
}

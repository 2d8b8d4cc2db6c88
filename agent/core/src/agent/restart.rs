//! Restarting the customer's computer, and coming back. A technician may only wish it; the customer says whether, and for
//! how long what they allow now stays allowed. What is carried over is held until the console that it was allowed to has
//! shown that it is the same one, and goes when its time is over.

use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::Control;
use farhand_protocol::channel::restart::{MAX_BACK_WITHIN, Restart, RestartFailed, RestartStage};
use farhand_protocol::consent::{Carried, Consent, ConsentState, Hold, Local, Remote};
use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::signal::ToService;

use super::Agent;
use crate::output::{Output, RestartAsk, RestartOutput};

/// Minutes that a customer can choose from; 0 asks them again.
pub const CHOICES: [u32; 4] = [0, 10, 30, 60];
/// A session waits for at least so long, whatever is asked for anew afterwards.
pub const WAITS: Duration = Duration::from_secs(30 * 60);
/// A customer who asked for it themselves may take their time.
const OWN_ANSWER: Duration = Duration::from_secs(5 * 60);
/// After so many times that the customer said no, or nothing, they are not asked any more.
const MAX_REFUSED: u8 = 3;
/// The service has this long to say that it waits for this computer. Nothing restarts before it has.
pub const KEPT_WITHIN: Duration = Duration::from_secs(5);
/// The system has this long to restart; it may have to ask for a password.
pub const GOES_WITHIN: Duration = Duration::from_secs(75);
/// And this long when the customer's window is gone, as it is when the computer goes down.
pub const GOES_ALONE_WITHIN: Duration = Duration::from_secs(15);

/// What is known of it.
#[derive(Debug)]
pub(super) struct Restarting {
    told: Restart,
    /// This program can restart the computer.
    possible: bool,
    asked: Option<RestartAsk>,
    questions: u32,
    refused: u8,
    /// The customer said yes, and the shell is about it.
    going: Option<Going>,
    /// Of before a restart: what stays allowed until when.
    carried: Option<(Vec<Right>, Instant)>,
    /// Who has to show that they are whom it was allowed to.
    awaited: Option<ParticipantId>,
    /// How long a minute that a customer chooses lasts.
    minute: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Going {
    within: Duration,
    ask_again: bool,
    step: Step,
}

/// How far the restart itself is.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The shell writes down what is needed to come back.
    Writes,
    /// The service is to say that it waits, until then.
    ServiceIsTold { by: Instant },
    /// The system was told to restart, and goes down before then.
    Goes { by: Instant },
}

impl Step {
    const fn by(self) -> Option<Instant> {
        match self {
            Self::Writes => None,
            Self::ServiceIsTold { by } | Self::Goes { by } => Some(by),
        }
    }
}

impl Default for Restarting {
    fn default() -> Self {
        Self {
            told: Restart::default(),
            possible: false,
            asked: None,
            questions: 0,
            refused: 0,
            going: None,
            carried: None,
            awaited: None,
            minute: Duration::from_secs(60),
        }
    }
}

impl Restarting {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let carried = self.carried.as_ref().map(|(_, until)| *until);
        let going = self.going.and_then(|going| going.step.by());
        self.asked.map(|asked| asked.expires).into_iter().chain(carried).chain(going).min()
    }

    pub(super) const fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// Nobody is let in again before they have shown who they are.
    pub(super) const fn awaits(&self) -> bool {
        self.awaited.is_some()
    }
}

impl Agent {
    /// The shell has found out whether this program can restart the computer. `minute` is how long a minute that the
    /// customer chooses lasts: never more than one.
    pub fn handle_restart_possible(&mut self, possible: bool, minute: Duration) {
        self.restart.minute = minute.min(Duration::from_secs(60));
        self.restart.possible = possible;
        self.restart_stage(self.restart.told.stage);
    }

    /// Whether the customer can restart this computer from here, and be asked to.
    #[must_use]
    pub const fn can_restart(&self) -> bool {
        self.restart.possible
    }

    /// Whose session it is now; nobody's before somebody was let in.
    #[must_use]
    pub fn lead(&self) -> Option<ParticipantId> {
        self.leads.last().copied()
    }

    /// Where it stands.
    #[must_use]
    pub const fn restart(&self) -> Restart {
        self.restart.told
    }

    /// The question that waits for an answer.
    #[must_use]
    pub const fn restart_asked(&self) -> Option<RestartAsk> {
        self.restart.asked
    }

    /// Until when what was allowed before a restart stays so; nothing when that is over, or none of it is left.
    #[must_use]
    pub fn carried_until(&self) -> Option<Instant> {
        let (rights, until) = self.restart.carried.as_ref()?;
        let granted = self.consent.granted();
        rights.iter().any(|right| granted.contains(*right)).then_some(*until)
    }

    /// The number of the newest line of the chat, for [`Agent::handle_carried`].
    #[must_use]
    pub const fn chat_newest(&self) -> u32 {
        self.chat.newest()
    }

    /// This agent goes on with a session of before a restart of its computer: what the customer let stay is held until
    /// this console has shown that it is the same, and is theirs until `until`; nobody is waited for after `waits`. The
    /// chat's numbers go on after `chat`.
    pub fn handle_carried(
        &mut self,
        carried: Carried,
        console: ParticipantId,
        until: Instant,
        waits: Instant,
        chat: u32,
    ) {
        self.consent = Consent::new(self.consent_config).carried(carried, waits.max(until));
        self.chat.go_on_after(chat);
        self.restart.awaited = Some(console);
        self.restart.refused = 0;
        let rights: Vec<Right> =
            Right::ALL.into_iter().filter(|r| self.consent.granted().contains(*r)).collect();
        self.restart.carried = (!rights.is_empty()).then_some((rights, until));
        self.outputs.push_back(Output::Consent(self.consent.snapshot()));
    }

    /// A technician would like the computer to be restarted.
    pub(super) fn restart_wished(&mut self, sender: ParticipantId, now: Instant) {
        let allowed = !self.consent.granted().is_empty() && self.restart.refused < MAX_REFUSED;
        if !allowed || !self.can_ask() {
            self.counters.consent_refused += 1;
            return;
        }
        self.used(now);
        self.ask_for_restart(Some(sender), now + self.consent_config.answer_within);
    }

    /// The customer would like to restart their computer, and have the technician back.
    pub(super) fn restart_by_customer(&mut self, now: Instant) {
        if self.can_ask() {
            self.ask_for_restart(None, now + OWN_ANSWER);
        }
    }

    fn can_ask(&self) -> bool {
        self.restart.possible && self.restart.asked.is_none() && self.restart.going.is_none()
    }

    fn ask_for_restart(&mut self, by: Option<ParticipantId>, expires: Instant) {
        self.restart.questions += 1;
        let asked = RestartAsk { question: self.restart.questions, by, rights: self.carryable(), expires };
        self.restart.asked = Some(asked);
        // A held key or button must not reach the question, and nothing may lie over it.
        self.release_all();
        self.erase_marks();
        self.outputs.push_back(Output::Restart(RestartOutput::Ask(asked)));
        self.restart_stage(RestartStage::Asking);
    }

    /// What could be carried over: what is allowed at this moment. Where less than everything is shared nobody knows
    /// whether the same window or screen is there afterwards, so that is chosen anew.
    fn carryable(&self) -> Rights {
        if self.shares_everything() { self.consent.to_carry(Rights::ALL).rights } else { Rights::EMPTY }
    }

    /// The customer agreed, for so many minutes.
    pub(super) fn restart_allowed(&mut self, question: u32, minutes: u32) {
        let Some(asked) = self.restart.asked.take_if(|asked| asked.question == question) else { return };
        self.outputs.push_back(Output::Restart(RestartOutput::Gone(question)));
        let minutes = minutes.min(MAX_BACK_WITHIN / 60);
        // No more than was shown, and no more than is allowed now.
        let rights = if minutes == 0 { Rights::EMPTY } else { asked.rights.intersection(self.carryable()) };
        let minutes = if rights.is_empty() { 0 } else { minutes };
        let lasts = self.restart.minute * minutes;
        let within = lasts.max(WAITS).min(Duration::from_secs(MAX_BACK_WITHIN.into()));
        self.restart.going = Some(Going { within, ask_again: rights.is_empty(), step: Step::Writes });
        let carried = self.consent.to_carry(rights);
        self.outputs.push_back(Output::Restart(RestartOutput::Now { minutes, lasts, within, carried }));
    }

    /// The customer said no.
    pub(super) fn restart_refused(&mut self, question: u32) {
        if let Some(asked) = self.restart.asked.take_if(|asked| asked.question == question) {
            self.restart_no(asked);
        }
    }

    fn restart_no(&mut self, asked: RestartAsk) {
        self.outputs.push_back(Output::Restart(RestartOutput::Gone(asked.question)));
        self.restart.refused += u8::from(asked.by.is_some());
        self.restart_stage(RestartStage::Refused);
    }

    /// What is needed to come back is written down: everybody is told before the computer is. It restarts
    /// ([`RestartOutput::Go`]) once the service has said that it waits.
    pub fn handle_restart_kept(&mut self, now: Instant) {
        let Some(going) = &mut self.restart.going else { return };
        going.step = Step::ServiceIsTold { by: now + KEPT_WITHIN };
        let Going { within, ask_again, .. } = *going;
        let seconds = seconds(within);
        self.restart_stage(RestartStage::Going { seconds, ask_again });
        self.signal(ToService::Restarting { seconds });
    }

    /// The service says until when it waits for this computer, if it does.
    pub(super) fn restart_waited_for(&mut self, waits: bool, now: Instant) {
        let Some(going) = &mut self.restart.going else { return };
        if waits && matches!(going.step, Step::ServiceIsTold { .. }) {
            going.step = Step::Goes { by: now + GOES_WITHIN };
            self.outputs.push_back(Output::Restart(RestartOutput::Go));
        }
    }

    /// The service welcomed this agent anew, and takes that for its being back.
    pub(super) fn restart_service_back(&mut self) {
        let Some(Going { within, step, .. }) = self.restart.going else { return };
        match step {
            Step::Writes => {}
            Step::ServiceIsTold { .. } | Step::Goes { .. } => {
                self.signal(ToService::Restarting { seconds: seconds(within) });
            }
        }
    }

    /// While the computer was about to restart, the customer's window went and cannot be kept. That is how a computer goes
    /// down; one that does not is not left without a window for long.
    pub fn handle_restart_alone(&mut self, now: Instant) {
        let Some(going) = &mut self.restart.going else { return };
        let alone = now + GOES_ALONE_WITHIN;
        match &mut going.step {
            Step::Writes => {}
            Step::ServiceIsTold { by } | Step::Goes { by } => *by = alone.min(*by),
        }
    }

    /// What another agent needs to go on with after the restart, as it stands now: of what the customer let stay (`of`)
    /// without what they have taken back or put on hold since. That the way to the technician is lost takes nothing away.
    #[must_use]
    pub fn restart_carries(&self, of: Rights) -> Carried {
        let stays = match self.consent.snapshot().state {
            ConsentState::Granted { rights, .. } => rights,
            ConsentState::Held { rights, holds } if holds == [Hold::LinkLost] => rights,
            ConsentState::Fresh
            | ConsentState::Asking { .. }
            | ConsentState::Held { .. }
            | ConsentState::Ended { .. }
            | ConsentState::Unknown => Rights::EMPTY,
        };
        Carried { rights: of.intersection(stays), ..self.consent.to_carry(of) }
    }

    /// The computer does not restart after all.
    pub fn handle_restart_failed(&mut self, why: RestartFailed) {
        if self.restart.going.take().is_none() {
            return;
        }
        if matches!(self.restart.told.stage, RestartStage::Going { .. }) {
            self.signal(ToService::Restarting { seconds: 0 });
        }
        self.restart_stage(RestartStage::Failed { why });
    }

    /// The computer restarts: from now on nothing is allowed here. What was carried over is held, as after a lost link,
    /// the rest is taken back; colleagues are brought in anew.
    pub fn handle_restart_begins(&mut self, now: Instant) {
        let Some(going) = self.restart.going.take() else { return };
        let colleagues: Vec<_> = self.colleagues.keys().copied().collect();
        colleagues.into_iter().for_each(|id| self.part_with(id));
        if going.ask_again && !self.consent.granted().is_empty() {
            self.local(Local::WithdrawAll, now);
        } else {
            self.remote(Remote::LinkLost, now);
        }
        self.release_all();
    }

    /// A console and this agent know each other. If it is the one that was awaited, what was held for it is allowed again.
    pub(super) fn restart_met(&mut self, console: ParticipantId, now: Instant) {
        if self.restart.awaited.take_if(|awaited| *awaited == console).is_none() {
            return;
        }
        if self.link_up && !self.all_away {
            self.remote(Remote::LinkBack, now);
        }
        let left = self.restart.carried.as_ref().map(|(_, until)| until.saturating_duration_since(now));
        self.restart_stage(RestartStage::Back { seconds: left.map_or(0, seconds) });
    }

    /// The customer allowed this anew: it does not end with what they let stay.
    pub(super) fn restart_allowed_anew(&mut self, rights: Rights) {
        if let Some((carried, _)) = &mut self.restart.carried {
            carried.retain(|right| !rights.contains(*right));
        }
    }

    pub(super) fn restart_timeout(&mut self, now: Instant) {
        if let Some(asked) = self.restart.asked.take_if(|asked| asked.expires <= now) {
            self.restart_no(asked);
        }
        if let Some(Going { step, .. }) = self.restart.going
            && step.by().is_some_and(|by| by <= now)
        {
            let why = match step {
                Step::Writes | Step::ServiceIsTold { .. } => RestartFailed::NotKept,
                Step::Goes { .. } => RestartFailed::NotHere,
            };
            self.handle_restart_failed(why);
        }
        let Some((rights, _)) = self.restart.carried.take_if(|(_, until)| *until <= now) else { return };
        let before = self.consent.granted();
        for right in rights {
            if self.consent.granted().contains(right) {
                self.local(Local::Withdraw(right), now);
            }
        }
        if self.consent.granted() != before {
            self.restart_stage(RestartStage::TimeOver);
        }
    }

    /// Consent is over: nobody is asked any more.
    pub(super) fn restart_over(&mut self) {
        if let Some(asked) = self.restart.asked.take() {
            self.outputs.push_back(Output::Restart(RestartOutput::Gone(asked.question)));
        }
        self.restart.carried = None;
        // What the system was not told yet it is not told any more.
        self.restart.going = None;
    }

    /// Tells everybody who was let in.
    pub(super) fn say_restart(&mut self) {
        let restart = self.restart.told;
        if restart != Restart::default() {
            self.say(&Control::Restart { restart });
        }
    }

    fn restart_stage(&mut self, stage: RestartStage) {
        // Whoever may not ask any more is not offered to.
        let possible = self.restart.possible && self.restart.refused < MAX_REFUSED;
        self.restart_stands(Restart { possible, stage });
    }

    fn restart_stands(&mut self, restart: Restart) {
        if restart != self.restart.told {
            self.restart.told = restart;
            self.say(&Control::Restart { restart });
            self.outputs.push_back(Output::Restart(RestartOutput::Stands(restart)));
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

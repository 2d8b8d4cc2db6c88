//! Restarting the customer's computer: a technician wishes, the customer decides, and what they let stay is held until
//! whoever it was allowed to is back, and goes when its time is over.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

use std::time::{Duration, Instant};

use farhand_agent_core::{
    Agent, AgentConfig, FromCustomer, GOES_ALONE_WITHIN, GOES_WITHIN, Inject, KEPT_WITHIN, Output,
    RestartAsk, RestartOutput,
};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::restart::{Restart, RestartFailed, RestartStage};
use farhand_protocol::channel::together::Wish;
use farhand_protocol::channel::{Control, Input};
use farhand_protocol::consent::{Carried, ConsentConfig, ConsentState};
use farhand_protocol::envelope::{HEAD_LEN, Stream, Writer};
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::session::{SessionSnapshot, SessionState};
use farhand_protocol::signal::ToService;

const ME: ParticipantId = 7;
const ADA: ParticipantId = 1;
const EVE: ParticipantId = 3;
const VIEW: Rights = Rights::of(&[Right::View]);
const BOTH: Rights = Rights::of(&[Right::View, Right::Control]);
const MINUTE: Duration = Duration::from_secs(60);

struct Session {
    agent: Agent,
    ada: Writer,
    now: Instant,
}

/// What the agent wants of the shell.
struct Wanted {
    outputs: Vec<Output>,
}

impl Wanted {
    fn asked(&self) -> Option<RestartAsk> {
        self.outputs.iter().find_map(|output| match output {
            Output::Restart(RestartOutput::Ask(asked)) => Some(*asked),
            _ => None,
        })
    }

    fn goes(&self) -> Option<(u32, Duration, Duration, Carried)> {
        self.outputs.iter().find_map(|output| match output {
            Output::Restart(RestartOutput::Now { minutes, lasts, within, carried }) => {
                Some((*minutes, *lasts, *within, *carried))
            }
            _ => None,
        })
    }

    /// The system is told to restart.
    fn restarts(&self) -> bool {
        self.outputs.iter().any(|output| matches!(output, Output::Restart(RestartOutput::Go)))
    }

    /// What the consoles heard of it last.
    fn heard(&self) -> Option<Restart> {
        let said = self.outputs.iter().filter_map(|output| match output {
            Output::Send { stream: Stream::Control, message } => {
                match Control::decode(&message[HEAD_LEN..]) {
                    Ok(Control::Restart { restart }) => Some(restart),
                    _ => None,
                }
            }
            _ => None,
        });
        said.last()
    }

    fn to_service(&self) -> Vec<u32> {
        let said = self.outputs.iter().filter_map(|output| match output {
            Output::Signal(ToService::Restarting { seconds }) => Some(*seconds),
            _ => None,
        });
        said.collect()
    }

    fn pressed(&self) -> bool {
        self.outputs.iter().any(|output| matches!(output, Output::Inject(Inject::Key { down: true, .. })))
    }
}

impl Session {
    fn new() -> Self {
        let now = Instant::now();
        let mut agent = Agent::new(AgentConfig { participant: ME, consent: ConsentConfig::default() });
        agent.handle_restart_possible(true, MINUTE);
        agent.handle_link_up(now);
        agent.handle_met(ADA, now);
        Self { agent, ada: Writer::new(ADA), now }
    }

    fn allowed(rights: Rights) -> Self {
        let mut session = Self::new();
        session.allow(rights);
        session.take();
        session
    }

    fn say(&mut self, control: &Control) {
        let message = self.ada.message(Stream::Control, control);
        self.agent.handle_message(Stream::Control, &message, self.now);
    }

    fn wish(&mut self) -> Wanted {
        self.say(&Control::Wish { wish: Wish::Restart });
        self.take()
    }

    fn allow(&mut self, rights: Rights) {
        self.say(&Control::Ask { rights });
        let prompt = self.agent.prompt().expect("a prompt is shown");
        self.customer(FromCustomer::Allow { ask: prompt.ask, rights: prompt.rights });
    }

    fn customer(&mut self, action: FromCustomer) {
        self.agent.handle_customer(action, self.now);
    }

    fn answer(&mut self, question: u32, minutes: u32) -> Wanted {
        self.customer(FromCustomer::AllowRestart { question, minutes });
        self.take()
    }

    fn wait(&mut self, time: Duration) -> Wanted {
        self.now += time;
        self.agent.handle_timeout(self.now);
        self.take()
    }

    /// The service tells the session anew, with or without that it waits for this computer.
    fn service(&mut self, waits: bool) -> Wanted {
        let snapshot = SessionSnapshot {
            id: "s".into(),
            revision: 1,
            state: SessionState::Live,
            participants: Vec::new(),
            code_expires_at: 0,
            created_at: 0,
            back_until: waits.then_some(1_800_000),
        };
        self.agent.handle_session(&snapshot, self.now);
        self.take()
    }

    /// The customer let it restart, and what is needed is written down.
    fn going(rights: Rights) -> Self {
        let mut session = Self::allowed(rights);
        let asked = session.wish().asked().unwrap();
        session.answer(asked.question, 10);
        session.agent.handle_restart_kept(session.now);
        session.take();
        session
    }

    fn presses(&mut self) -> bool {
        let message = self.ada.message(Stream::Input, &Input::Key { usage: Usage(4), down: true });
        self.agent.handle_message(Stream::Input, &message, self.now);
        self.take().pressed()
    }

    fn take(&mut self) -> Wanted {
        Wanted { outputs: std::iter::from_fn(|| self.agent.poll_output()).collect() }
    }

    fn stage(&self) -> RestartStage {
        self.agent.restart().stage
    }

    fn rights(&self) -> Rights {
        self.agent.consent().state.rights()
    }

    /// After the restart: another agent, which goes on with what this one left.
    fn back(carried: Carried, allowed: Duration, waits: Duration) -> Self {
        let now = Instant::now();
        let mut agent = Agent::new(AgentConfig { participant: ME, consent: ConsentConfig::default() });
        agent.handle_restart_possible(true, MINUTE);
        agent.handle_carried(carried, ADA, now + allowed, now + waits, 4);
        Self { agent, ada: Writer::new(ADA), now }
    }
}

#[test]
fn a_technician_who_was_given_nothing_asks_for_nothing() {
    let mut session = Session::new();
    assert!(session.wish().asked().is_none());
    session.allow(VIEW);
    session.take();
    assert!(session.wish().asked().is_some());
    // Where it cannot be done, nobody is asked.
    let mut session = Session::allowed(VIEW);
    session.agent.handle_restart_possible(false, MINUTE);
    session.take();
    assert!(session.wish().asked().is_none());
    session.customer(FromCustomer::AskRestart);
    assert!(session.take().asked().is_none());
}

#[test]
fn while_it_is_asked_nobody_presses_and_silence_means_no() {
    let mut session = Session::allowed(BOTH);
    assert!(session.presses());
    let wanted = session.wish();
    let asked = wanted.asked().unwrap();
    assert_eq!((asked.by, asked.rights), (Some(ADA), BOTH));
    assert_eq!(wanted.heard(), Some(Restart { possible: true, stage: RestartStage::Asking }));
    let released = |output: &Output| matches!(output, Output::Inject(Inject::Key { down: false, .. }));
    assert!(wanted.outputs.iter().any(released), "what is held does not reach the question");
    assert!(!session.presses());
    assert!(session.wish().asked().is_none(), "once is enough");
    let wanted = session.wait(MINUTE);
    assert_eq!(wanted.heard().unwrap().stage, RestartStage::Refused);
    assert!(wanted.goes().is_none() && session.presses());
    assert!(session.answer(asked.question, 60).goes().is_none(), "the answer comes too late");
}

#[test]
fn after_three_refusals_nobody_is_asked_any_more_but_the_customer_may() {
    let mut session = Session::allowed(VIEW);
    for more in [true, true, false] {
        let asked = session.wish().asked().unwrap();
        session.customer(FromCustomer::RefuseRestart(asked.question));
        let heard = session.take().heard().unwrap();
        // Whoever cannot ask any more is told so, and not left with a button that does nothing.
        assert_eq!(heard, Restart { possible: more, stage: RestartStage::Refused });
    }
    assert!(session.agent.can_restart());
    assert!(session.wish().asked().is_none());
    session.customer(FromCustomer::AskRestart);
    let asked = session.take().asked().unwrap();
    assert_eq!(asked.by, None);
    assert!(session.answer(asked.question, 10).goes().is_some());
}

#[test]
fn what_is_carried_is_what_was_shown_is_allowed_now_and_was_chosen() {
    // Minutes that the customer chose; what is carried, for how long, and for how long the session waits.
    for (minutes, rights, lasts, waits) in
        [(0, Rights::EMPTY, 0, 30), (10, BOTH, 10, 30), (60, BOTH, 60, 60), (9_999, BOTH, 60, 60)]
    {
        let mut session = Session::allowed(BOTH);
        let asked = session.wish().asked().unwrap();
        let (told, for_long, within, carried) = session.answer(asked.question, minutes).goes().unwrap();
        assert_eq!(carried.rights, rights, "{minutes}");
        assert_eq!((told, for_long, within), (lasts, MINUTE * lasts, MINUTE * waits), "{minutes}");
        assert_eq!(session.stage(), RestartStage::Asking, "nobody is told before it can be done");
        session.agent.handle_restart_kept(session.now);
        let wanted = session.take();
        assert_eq!(wanted.to_service(), [waits * 60]);
        let going = RestartStage::Going { seconds: waits * 60, ask_again: rights.is_empty() };
        assert_eq!(wanted.heard().unwrap().stage, going);
        assert_eq!(session.rights(), BOTH, "until it restarts all is as before");
        session.agent.handle_restart_begins(session.now);
        session.take();
        assert_eq!(session.rights(), rights);
        assert!(!session.presses(), "and then nothing is allowed here");
    }
    // What was taken back while the question was shown is not carried.
    let mut session = Session::allowed(BOTH);
    let asked = session.wish().asked().unwrap();
    session.customer(FromCustomer::TakeBackControl);
    assert_eq!(session.answer(asked.question, 10).goes().unwrap().3.rights, VIEW);
    // On hold nothing is.
    let mut session = Session::allowed(BOTH);
    session.customer(FromCustomer::Pause);
    session.take();
    let asked = session.wish().asked().unwrap();
    assert_eq!(asked.rights, Rights::EMPTY);
    let (minutes, _, _, carried) = session.answer(asked.question, 60).goes().unwrap();
    assert_eq!((minutes, carried.rights), (0, Rights::EMPTY));
}

#[test]
fn what_could_not_be_done_changes_nothing() {
    for kept in [false, true] {
        let mut session = Session::allowed(BOTH);
        let asked = session.wish().asked().unwrap();
        session.answer(asked.question, 10);
        if kept {
            session.agent.handle_restart_kept(session.now);
            session.take();
        }
        session.agent.handle_restart_failed(RestartFailed::NotAllowed);
        let wanted = session.take();
        assert_eq!(wanted.heard().unwrap().stage, RestartStage::Failed { why: RestartFailed::NotAllowed });
        assert_eq!(wanted.to_service(), if kept { vec![0] } else { vec![] }, "the service waits no longer");
        session.agent.handle_restart_begins(session.now);
        assert!(session.presses());
        assert!(session.wish().asked().is_some(), "and it can be asked for again");
    }
}

fn carried(rights: Rights) -> Carried {
    let mut session = Session::allowed(rights);
    let asked = session.wish().asked().unwrap();
    session.answer(asked.question, 10).goes().unwrap().3
}

#[test]
fn nothing_is_allowed_before_whoever_it_was_allowed_to_is_there() {
    let mut session = Session::back(carried(BOTH), 6 * MINUTE, 26 * MINUTE);
    assert!(matches!(session.agent.consent().state, ConsentState::Held { .. }));
    session.agent.handle_link_up(session.now);
    assert!(!session.agent.may_capture() && !session.presses());
    // Somebody else of the same session is not it.
    session.agent.handle_met(EVE, session.now);
    assert!(!session.agent.may_capture());
    session.agent.handle_met(ADA, session.now);
    let wanted = session.take();
    assert_eq!(wanted.heard().unwrap().stage, RestartStage::Back { seconds: 360 });
    assert!(session.agent.may_capture() && session.presses());
    assert_eq!(session.agent.carried_until(), Some(session.now + 6 * MINUTE));
    assert_eq!(session.agent.chat_newest(), 4, "the chat's numbers go on");
}

#[test]
fn when_the_customers_time_is_over_it_is_asked_for_anew_and_the_session_stays() {
    let mut session = Session::back(carried(BOTH), 6 * MINUTE, 26 * MINUTE);
    session.agent.handle_link_up(session.now);
    session.agent.handle_met(ADA, session.now);
    session.take();
    assert_eq!(session.agent.poll_timeout(), Some(session.now + 6 * MINUTE));
    assert!(session.wait(6 * MINUTE - Duration::from_millis(1)).heard().is_none());
    assert!(session.agent.may_capture());
    let wanted = session.wait(Duration::from_millis(1));
    assert_eq!(wanted.heard().unwrap().stage, RestartStage::TimeOver);
    assert!(!session.agent.may_capture() && session.agent.carried_until().is_none());
    session.allow(VIEW);
    assert!(session.agent.may_capture());
    session.wait(60 * MINUTE);
    assert!(session.agent.may_capture(), "what is allowed anew stays");
}

#[test]
fn what_is_allowed_anew_does_not_end_with_what_was_carried() {
    let mut session = Session::back(carried(VIEW), 6 * MINUTE, 26 * MINUTE);
    session.agent.handle_link_up(session.now);
    session.agent.handle_met(ADA, session.now);
    session.allow(BOTH);
    session.take();
    let wanted = session.wait(6 * MINUTE);
    assert_eq!(session.rights(), BOTH, "to control implies to see, and the customer just said so");
    assert!(wanted.heard().is_none());
}

#[test]
fn whoever_comes_after_the_time_is_asked_for_and_after_the_waiting_nobody_is() {
    let mut session = Session::back(carried(BOTH), MINUTE, 26 * MINUTE);
    session.wait(2 * MINUTE);
    session.agent.handle_link_up(session.now);
    session.agent.handle_met(ADA, session.now);
    session.take();
    assert!(!session.agent.may_capture());
    session.allow(VIEW);
    assert!(session.agent.may_capture());
    // Asked anew from the start.
    let mut session = Session::back(carried(BOTH), Duration::ZERO, 26 * MINUTE);
    session.agent.handle_timeout(session.now);
    session.agent.handle_link_up(session.now);
    session.agent.handle_met(ADA, session.now);
    assert!(!session.agent.may_capture());
    // Nobody comes at all.
    let mut session = Session::back(carried(BOTH), MINUTE, 26 * MINUTE);
    session.wait(26 * MINUTE);
    assert!(matches!(session.agent.consent().state, ConsentState::Ended { .. }));
}

#[test]
fn a_link_that_comes_and_goes_does_not_let_anybody_in() {
    let mut session = Session::back(carried(BOTH), 6 * MINUTE, 26 * MINUTE);
    for _ in 0..3 {
        session.agent.handle_link_up(session.now);
        assert!(!session.agent.may_capture());
        session.agent.handle_link_lost(session.now);
    }
    session.agent.handle_link_up(session.now);
    session.customer(FromCustomer::RevokeAll);
    session.agent.handle_met(ADA, session.now);
    assert!(!session.agent.may_capture(), "what the customer takes back meanwhile is gone");
}

#[test]
fn a_minute_is_never_longer_than_a_minute() {
    let mut session = Session::allowed(VIEW);
    session.agent.handle_restart_possible(true, 100 * MINUTE);
    let asked = session.wish().asked().unwrap();
    assert_eq!(session.answer(asked.question, 10).goes().unwrap().1, 10 * MINUTE);
}

#[test]
fn nothing_restarts_before_the_service_has_said_that_it_waits() {
    let mut session = Session::going(BOTH);
    assert!(!session.service(false).restarts(), "that is of before it heard of it");
    assert!(session.service(true).restarts());
    assert!(!session.service(true).restarts(), "once is enough");
    // It does not say so in time.
    let mut session = Session::going(BOTH);
    assert!(session.wait(KEPT_WITHIN - Duration::from_millis(1)).heard().is_none());
    let wanted = session.wait(Duration::from_millis(1));
    assert_eq!(wanted.heard().unwrap().stage, RestartStage::Failed { why: RestartFailed::NotKept });
    assert_eq!(wanted.to_service(), [0]);
    assert!(!session.service(true).restarts(), "and not when it says so too late");
    assert!(session.presses(), "the session goes on");
    // A service that welcomes this agent anew takes it for being back, so it is told again.
    let mut session = Session::going(BOTH);
    session.service(true);
    session.agent.handle_service_back();
    assert_eq!(session.take().to_service(), [30 * 60]);
}

#[test]
fn whoever_ends_the_session_meanwhile_restarts_nothing() {
    let mut session = Session::going(BOTH);
    session.customer(FromCustomer::Stop);
    session.take();
    assert!(!session.service(true).restarts());
}

#[test]
fn a_computer_that_does_not_restart_is_given_up() {
    for alone in [false, true] {
        let mut session = Session::going(BOTH);
        session.service(true);
        let within = if alone { GOES_ALONE_WITHIN } else { GOES_WITHIN };
        if alone {
            session.agent.handle_restart_alone(session.now);
        }
        assert!(session.wait(within - Duration::from_millis(1)).heard().is_none(), "{alone}");
        let wanted = session.wait(Duration::from_millis(1));
        let failed = RestartStage::Failed { why: RestartFailed::NotHere };
        assert_eq!((wanted.heard().unwrap().stage, wanted.to_service()), (failed, vec![0]), "{alone}");
        session.agent.handle_restart_begins(session.now);
        assert!(session.presses(), "it may be said too late");
    }
}

#[test]
fn what_is_carried_in_the_end_is_what_is_allowed_then() {
    let mut session = Session::going(BOTH);
    let before = session.agent.restart_carries(BOTH);
    assert_eq!(before.rights, BOTH);
    session.agent.handle_link_lost(session.now);
    let lost = session.agent.restart_carries(BOTH);
    assert_eq!(lost.rights, BOTH, "a network that goes first takes nothing away");
    assert!(lost.revision > before.revision, "and no number comes twice");
    session.agent.handle_link_up(session.now);
    assert_eq!(session.agent.restart_carries(VIEW).rights, VIEW, "no more than was chosen");
    session.customer(FromCustomer::TakeBackControl);
    assert_eq!(session.agent.restart_carries(BOTH).rights, VIEW);
    session.customer(FromCustomer::Pause);
    assert_eq!(session.agent.restart_carries(BOTH).rights, Rights::EMPTY);
}

//! The customer's screen at the end: a technician wishes, the customer decides, and everybody learns what came of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

use std::time::Instant;

use farhand_agent_core::{Agent, AgentConfig, FromCustomer, Output};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::Control;
use farhand_protocol::channel::at_end::{LockDone, LockWay, ScreenLock};
use farhand_protocol::channel::together::Wish;
use farhand_protocol::consent::ConsentConfig;
use farhand_protocol::envelope::{HEAD_LEN, Stream, Writer};
use farhand_protocol::rights::{Right, Rights};

const ADA: ParticipantId = 1;
const VIEW: Rights = Rights::of(&[Right::View]);

struct Session {
    agent: Agent,
    ada: Writer,
    now: Instant,
}

impl Session {
    fn new(way: LockWay) -> Self {
        let now = Instant::now();
        let mut agent = Agent::new(AgentConfig { participant: 7, consent: ConsentConfig::default() });
        agent.handle_lock_way(way);
        agent.handle_link_up(now);
        agent.handle_met(ADA, now);
        Self { agent, ada: Writer::new(ADA), now }
    }

    fn say(&mut self, control: &Control) {
        let message = self.ada.message(Stream::Control, control);
        self.agent.handle_message(Stream::Control, &message, self.now);
    }

    fn wish(&mut self, lock: bool) {
        self.say(&Control::Wish { wish: Wish::LockAtEnd { lock } });
    }

    fn allow(&mut self) {
        self.say(&Control::Ask { rights: VIEW });
        let ask = self.agent.prompt().expect("a prompt is shown").ask;
        self.customer(FromCustomer::Allow { ask, rights: VIEW });
    }

    fn customer(&mut self, action: FromCustomer) {
        self.agent.handle_customer(action, self.now);
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.agent.poll_output()).collect()
    }

    /// Ends it; whether the screen is locked before anything else.
    fn locks(&mut self) -> bool {
        self.outputs();
        self.say(&Control::End);
        let outputs = self.outputs();
        let lock = outputs.iter().position(|output| *output == Output::LockNow);
        let end = outputs.iter().position(|output| matches!(output, Output::Ended(_)));
        assert!(lock.is_none_or(|lock| lock < end.expect("it has ended")));
        lock.is_some()
    }
}

/// What the consoles heard of it last.
fn heard(outputs: &[Output]) -> Option<ScreenLock> {
    let said = outputs.iter().filter_map(|output| match output {
        Output::Send { stream: Stream::Control, message } => match Control::decode(&message[HEAD_LEN..]) {
            Ok(Control::ScreenLock { lock }) => Some(lock),
            _ => None,
        },
        _ => None,
    });
    said.last()
}

#[test]
fn a_technician_who_was_allowed_something_may_wish_it_and_hears_what_came_of_it() {
    let mut session = Session::new(LockWay::Locks);
    session.allow();
    session.outputs();
    session.wish(true);
    let wanted = ScreenLock { way: LockWay::Locks, wanted: true, by_customer: false, done: LockDone::NotYet };
    let outputs = session.outputs();
    assert_eq!(heard(&outputs), Some(wanted));
    assert!(outputs.contains(&Output::ScreenLock(wanted)), "the customer is shown it");
    assert!(session.locks());
    session.agent.handle_locked(LockDone::Locked);
    assert_eq!(heard(&session.outputs()), Some(ScreenLock { done: LockDone::Locked, ..wanted }));
}

#[test]
fn without_a_grant_a_wish_is_nothing() {
    let mut session = Session::new(LockWay::Locks);
    session.wish(true);
    assert!(!session.agent.screen_lock().wanted);
    assert!(!session.locks());
}

#[test]
fn what_the_customer_chose_goes_before_every_wish() {
    for chosen in [true, false] {
        let mut session = Session::new(LockWay::Covers);
        session.allow();
        session.wish(!chosen);
        session.customer(FromCustomer::LockAtEnd(chosen));
        session.wish(!chosen);
        let lock = session.agent.screen_lock();
        assert_eq!((lock.wanted, lock.by_customer), (chosen, true));
        assert_eq!(session.locks(), chosen);
    }
}

#[test]
fn the_customer_alone_may_choose_it_and_it_counts_however_it_ends() {
    let mut session = Session::new(LockWay::Locks);
    session.customer(FromCustomer::LockAtEnd(true));
    session.outputs();
    session.customer(FromCustomer::Stop);
    assert!(session.outputs().contains(&Output::LockNow));
}

#[test]
fn where_nothing_locks_nothing_is_promised() {
    let mut session = Session::new(LockWay::None);
    session.allow();
    session.wish(true);
    session.customer(FromCustomer::LockAtEnd(true));
    let lock = session.agent.screen_lock();
    assert_eq!((lock.way, lock.wanted), (LockWay::None, false));
    assert!(!session.locks());
}

#[test]
fn whoever_comes_later_is_told_where_it_stands() {
    let mut session = Session::new(LockWay::Covers);
    session.outputs();
    session.agent.handle_let_in(ADA);
    let told = ScreenLock { way: LockWay::Covers, ..ScreenLock::default() };
    assert_eq!(heard(&session.outputs()), Some(told));
}

#[test]
fn it_is_locked_once() {
    let mut session = Session::new(LockWay::Locks);
    session.customer(FromCustomer::LockAtEnd(true));
    assert!(session.locks());
    session.agent.handle_session_ended(session.now);
    session.customer(FromCustomer::Stop);
    assert!(!session.outputs().contains(&Output::LockNow));
}

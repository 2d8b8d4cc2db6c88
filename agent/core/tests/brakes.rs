//! The customer's brakes and what technicians point at, through the whole agent: the gate stands before both.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

use std::time::Instant;

use farhand_agent_core::tools::pointing::{FADES_AFTER, Scene};
use farhand_agent_core::{Agent, AgentConfig, FromCustomer, Output, Prompt};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::chat::Chat;
use farhand_protocol::channel::monitors::Area;
use farhand_protocol::channel::pointing::{Colour, Mark, Place, Pointing, Shape};
use farhand_protocol::channel::{Control, encode};
use farhand_protocol::consent::{ConsentConfig, ConsentEnd, ConsentState};
use farhand_protocol::envelope::{HEAD_LEN, Stream, Writer};
use farhand_protocol::rights::{Right, Rights};
use serde::Serialize;

const ADA: ParticipantId = 1;
const VIEW: Rights = Rights::of(&[Right::View]);
const CONTROL: Rights = Rights::of(&[Right::Control]);

struct Session {
    agent: Agent,
    ada: Writer,
    now: Instant,
}

impl Session {
    fn new() -> Self {
        let policy = Rights::of(&[Right::Control, Right::Files]);
        let consent = ConsentConfig { policy, ..ConsentConfig::default() };
        let now = Instant::now();
        let mut agent = Agent::new(AgentConfig { participant: 7, consent });
        agent.handle_area(Area { x: 0, y: 0, width: 800, height: 600 });
        agent.handle_link_up(now);
        agent.handle_met(ADA, now);
        Self { agent, ada: Writer::new(ADA), now }
    }

    fn say<T: Serialize>(&mut self, stream: Stream, message: &T) {
        let message = self.ada.message(stream, message);
        self.agent.handle_message(stream, &message, self.now);
    }

    fn ask(&mut self, rights: Rights) -> Prompt {
        self.say(Stream::Control, &Control::Ask { rights });
        let prompts = self.outputs().into_iter().filter_map(|output| match output {
            Output::Prompt(prompt) => Some(prompt),
            _ => None,
        });
        prompts.last().expect("a prompt is shown")
    }

    fn allow(&mut self, asked: Rights, allowed: Rights) {
        let ask = self.ask(asked).ask;
        self.agent.handle_customer(FromCustomer::Allow { ask, rights: allowed }, self.now);
    }

    fn customer(&mut self, action: FromCustomer) {
        self.agent.handle_customer(action, self.now);
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.agent.poll_output()).collect()
    }

    /// What is drawn now, if that changed, and whether the consoles were told that it is cleared.
    fn drawn(&mut self) -> (Option<Scene>, bool) {
        let mut cleared = Vec::new();
        encode(&Chat::Pointing { pointing: Pointing::Cleared }, &mut cleared);
        let outputs = self.outputs();
        let told = outputs.iter().any(|output| {
            matches!(output, Output::Send { stream: Stream::Chat, message } if message[HEAD_LEN..] == cleared)
        });
        let scenes = outputs.into_iter().filter_map(|output| match output {
            Output::Pointing(scene) => Some(scene),
            _ => None,
        });
        (scenes.last(), told)
    }

    fn draw(&mut self) {
        let places = vec![Place { x: 1, y: 1 }, Place { x: 50, y: 60 }];
        let mark = Mark { shape: Shape::Arrow, colour: Colour::Red, places };
        let pointing = Pointing::Draw { number: 1, stays: true, mark };
        self.say(Stream::Chat, &Chat::Pointing { pointing });
    }

    fn granted(&self) -> Rights {
        match self.agent.consent().state {
            ConsentState::Granted { rights, .. } | ConsentState::Held { rights, .. } => rights,
            _ => Rights::EMPTY,
        }
    }
}

#[test]
fn nobody_points_without_the_view() {
    let mut session = Session::new();
    session.draw();
    assert_eq!(session.drawn().0, None);
    assert!(!session.agent.is_pointed_at());
    session.allow(VIEW, VIEW);
    session.draw();
    assert_eq!(session.drawn().0.map(|scene| scene.marks.len()), Some(1));
    assert!(session.agent.is_pointed_at());
}

#[test]
fn what_is_drawn_goes_with_the_view_at_a_question_and_when_the_customer_wants_it_so() {
    type End = fn(&mut Session);
    let ends: [(&str, End); 6] = [
        ("the customer clears it", |s| s.customer(FromCustomer::EraseMarks)),
        ("a pause", |s| s.customer(FromCustomer::Pause)),
        ("everything revoked", |s| s.customer(FromCustomer::RevokeAll)),
        ("the view taken back", |s| s.customer(FromCustomer::Withdraw(Right::View))),
        ("a question, over which nothing may lie", |s| {
            s.say(Stream::Control, &Control::Ask { rights: CONTROL });
        }),
        ("the end", |s| s.customer(FromCustomer::Stop)),
    ];
    for (why, end) in ends {
        let mut session = Session::new();
        session.allow(VIEW, VIEW);
        session.draw();
        session.drawn();
        end(&mut session);
        let (scene, told) = session.drawn();
        assert_eq!(scene, Some(Scene::default()), "{why}");
        assert!(told, "{why}: the technician is told");
    }
    let mut session = Session::new();
    session.allow(VIEW, VIEW);
    session.draw();
    session.drawn();
    session.agent.handle_link_lost(session.now);
    assert_eq!(session.drawn().0, Some(Scene::default()), "a lost link");
}

#[test]
fn nobody_draws_over_a_question() {
    let mut session = Session::new();
    session.allow(VIEW, VIEW);
    session.ask(CONTROL);
    session.draw();
    assert_eq!(session.drawn().0, None);
}

#[test]
fn a_mark_fades_by_the_agent_s_own_time() {
    let mut session = Session::new();
    session.allow(VIEW, VIEW);
    let mark = Mark { shape: Shape::Free, colour: Colour::Blue, places: vec![Place { x: 3, y: 3 }] };
    let pointing = Pointing::Draw { number: 1, stays: false, mark };
    session.say(Stream::Chat, &Chat::Pointing { pointing });
    session.drawn();
    let due = session.agent.poll_timeout().expect("it fades");
    assert_eq!(due, session.now + FADES_AFTER);
    session.agent.handle_timeout(due);
    assert_eq!(session.drawn(), (Some(Scene::default()), false));
}

#[test]
fn a_part_of_what_is_asked_is_allowed_and_no_more() {
    let mut session = Session::new();
    let asked = Rights::of(&[Right::Control, Right::Files]);
    session.allow(asked, VIEW);
    assert_eq!(session.granted(), VIEW);
    // What was not asked cannot be allowed, whatever the window says.
    session.allow(CONTROL, Rights::ALL);
    assert_eq!(session.granted(), CONTROL);
}

#[test]
fn everything_revoked_is_revoked_and_the_session_stays() {
    let mut session = Session::new();
    session.allow(CONTROL, CONTROL);
    session.customer(FromCustomer::RevokeAll);
    assert_eq!(session.granted(), Rights::EMPTY);
    assert!(!session.outputs().iter().any(|output| matches!(output, Output::Ended(_))));
    session.allow(VIEW, VIEW);
    assert_eq!(session.granted(), VIEW);
}

#[test]
fn whoever_is_blocked_has_a_session_that_is_over_and_says_why() {
    let mut session = Session::new();
    session.ask(VIEW);
    session.customer(FromCustomer::Block);
    assert_eq!(session.agent.consent().state, ConsentState::Ended { why: ConsentEnd::Blocked });
    assert!(session.outputs().contains(&Output::Ended(ConsentEnd::Blocked)));
}

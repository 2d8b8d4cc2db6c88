//! Several technicians: each does what the customer allowed them, and nothing more.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use farhand_agent_core::{Agent, AgentConfig, FromCustomer, Inject, Output, Prompt};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::together::{Purpose, Together};
use farhand_protocol::channel::{self, Control, Input};
use farhand_protocol::consent::{ConsentConfig, ConsentSnapshot, ConsentState};
use farhand_protocol::envelope::{HEAD_LEN, Head, Stream};
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::session::{Participant, Role, SessionSnapshot, SessionState};
use farhand_protocol::signal::ToService;

const ME: ParticipantId = 2;
const ADA: ParticipantId = 1;
const BOB: ParticipantId = 3;
const EVE: ParticipantId = 4;
const A: Usage = Usage(0x04);
const VIEW: Rights = Rights::of(&[Right::View]);
const BOTH: Rights = Rights::of(&[Right::View, Right::Control]);

struct Scene {
    agent: Agent,
    now: Instant,
    sequences: BTreeMap<ParticipantId, u32>,
}

impl Scene {
    /// The customer has allowed Ada this.
    fn with(rights: Rights) -> Self {
        let agent = Agent::new(AgentConfig { participant: ME, consent: ConsentConfig::default() });
        let mut scene = Self { agent, now: Instant::now(), sequences: BTreeMap::new() };
        scene.agent.handle_link_up(scene.now);
        scene.agent.handle_met(ADA, scene.now);
        scene.say(ADA, Stream::Control, &Control::Ask { rights });
        scene.allow();
        scene
    }

    fn say<T: serde::Serialize>(&mut self, sender: ParticipantId, stream: Stream, body: &T) {
        let sequence = self.sequences.entry(sender).or_default();
        let mut message = Vec::with_capacity(HEAD_LEN);
        Head { stream, flags: 0, sender, sequence: *sequence }.write(&mut message);
        *sequence += 1;
        channel::encode(body, &mut message);
        self.agent.handle_message(stream, &message, self.now);
    }

    fn introduce(&mut self, by: ParticipantId, participant: ParticipantId, purpose: Purpose) {
        let message = Together::Introduce {
            participant,
            name: "Bob".into(),
            organisation: "Help".into(),
            purpose,
            rights: Rights::ALL,
            digits: "4711".into(),
        };
        self.say(by, Stream::Control, &Control::Together { message });
    }

    fn take(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.agent.poll_output()).collect()
    }

    fn prompt(&self) -> Prompt {
        self.agent.prompt().expect("a prompt is shown")
    }

    fn allow(&mut self) -> Vec<Output> {
        let prompt = self.prompt();
        self.agent.handle_customer(FromCustomer::Allow { ask: prompt.ask, rights: prompt.rights }, self.now);
        self.take()
    }

    fn refuse(&mut self) -> Vec<Output> {
        let ask = self.prompt().ask;
        self.agent.handle_customer(FromCustomer::Refuse(ask), self.now);
        self.take()
    }

    /// Bob is introduced, has shown who he is, and the customer agreed.
    fn bob_in(&mut self, purpose: Purpose) {
        self.introduce(ADA, BOB, purpose);
        self.agent.handle_met(BOB, self.now);
        self.allow();
        self.agent.handle_admitted(BOB);
        self.take();
    }

    fn presses(&mut self, sender: ParticipantId) -> bool {
        self.say(sender, Stream::Input, &Input::Key { usage: A, down: true });
        let pressed = injected(&self.take()).contains(&Inject::Key { usage: A, down: true });
        self.say(sender, Stream::Input, &Input::Key { usage: A, down: false });
        self.take();
        pressed
    }
}

fn injected(outputs: &[Output]) -> Vec<Inject> {
    outputs
        .iter()
        .filter_map(|o| if let Output::Inject(inject) = o { Some(inject.clone()) } else { None })
        .collect()
}

fn put_out(outputs: &[Output], who: ParticipantId) -> bool {
    outputs.contains(&Output::PutOut(who))
}

/// What the consoles were told last of a colleague.
fn told(outputs: &[Output], who: ParticipantId) -> Option<ConsentSnapshot> {
    let read = |output: &Output| match output {
        Output::Send { stream: Stream::Control, message } => match Control::decode(&message[HEAD_LEN..]) {
            Ok(Control::Together { message: Together::Rights { to, snapshot } }) if to == who => {
                Some(snapshot)
            }
            _ => None,
        },
        _ => None,
    };
    outputs.iter().rev().find_map(read)
}

#[test]
fn a_colleague_is_asked_for_when_they_have_shown_who_they_are_and_gets_keys_when_the_customer_agrees() {
    let mut scene = Scene::with(BOTH);
    scene.introduce(ADA, BOB, Purpose::Watch);
    let introduced = scene.take();
    assert!(
        introduced
            .iter()
            .any(|o| matches!(o, Output::Introduce { participant: BOB, digits, .. } if digits == "4711"))
    );
    assert_eq!(scene.agent.prompt(), None, "nobody is asked about a name");
    scene.agent.handle_met(BOB, scene.now);
    let prompt = scene.prompt();
    assert_eq!((prompt.asker, prompt.rights), (BOB, VIEW));
    assert!(!scene.take().contains(&Output::Admit(BOB)));
    let outputs = scene.allow();
    assert!(outputs.contains(&Output::Admit(BOB)));
    assert!(
        matches!(told(&outputs, BOB).unwrap().state, ConsentState::Granted { rights, .. } if rights == VIEW)
    );
    assert_eq!(scene.agent.colleagues(), [(BOB, VIEW)]);
}

#[test]
fn who_may_watch_presses_nothing_whatever_the_other_may_and_who_may_help_does() {
    let mut scene = Scene::with(BOTH);
    scene.bob_in(Purpose::Watch);
    assert!(scene.presses(ADA) && !scene.presses(BOB));
    // Nor by asking for more than they were brought in for.
    scene.say(BOB, Stream::Control, &Control::Ask { rights: BOTH });
    assert_eq!(scene.agent.prompt(), None);
    assert!(!scene.presses(BOB));

    let mut scene = Scene::with(VIEW);
    scene.bob_in(Purpose::Help);
    assert!(!scene.presses(ADA) && scene.presses(BOB), "each has their own");
    scene.agent.handle_customer(FromCustomer::TakeBackControl, scene.now);
    assert!(!scene.presses(BOB));
    assert_eq!(scene.agent.colleagues(), [(BOB, VIEW)]);
}

#[test]
fn what_is_held_or_ended_is_so_for_everybody_and_held_keys_are_let_go() {
    let mut scene = Scene::with(BOTH);
    scene.bob_in(Purpose::Help);
    scene.say(BOB, Stream::Input, &Input::Key { usage: A, down: true });
    scene.take();
    scene.agent.handle_customer(FromCustomer::Pause, scene.now);
    let outputs = scene.take();
    assert_eq!(injected(&outputs), [Inject::Key { usage: A, down: false }]);
    assert!(matches!(told(&outputs, BOB).unwrap().state, ConsentState::Held { .. }));
    assert!(!scene.presses(BOB));
    scene.agent.handle_customer(FromCustomer::Resume, scene.now);
    scene.take();
    assert!(scene.presses(BOB), "without another question");
    scene.agent.handle_link_lost(scene.now);
    assert!(!scene.presses(BOB));
    scene.agent.handle_link_up(scene.now);
    scene.take();
    assert!(scene.presses(BOB));
    scene.agent.handle_customer(FromCustomer::RevokeAll, scene.now);
    assert!(put_out(&scene.take(), BOB));
    assert!(scene.agent.colleagues().is_empty());
}

#[test]
fn a_refused_a_silent_and_a_removed_colleague_are_put_out_and_the_session_goes_on() {
    for how in ["refused", "silent", "dismissed", "leaves", "gone"] {
        let mut scene = Scene::with(BOTH);
        match how {
            "refused" | "silent" => {
                scene.introduce(ADA, BOB, Purpose::Help);
                scene.agent.handle_met(BOB, scene.now);
                scene.take();
            }
            _ => scene.bob_in(Purpose::Help),
        }
        let outputs = match how {
            "refused" => scene.refuse(),
            "silent" => {
                scene.now += ConsentConfig::default().answer_within;
                scene.agent.handle_timeout(scene.now);
                scene.take()
            }
            "dismissed" => {
                let message = Together::Dismiss { participant: BOB };
                scene.say(ADA, Stream::Control, &Control::Together { message });
                scene.take()
            }
            "leaves" => {
                scene.say(BOB, Stream::Control, &Control::End);
                scene.take()
            }
            _ => {
                scene.agent.handle_session(&snapshot(true), scene.now);
                scene.take()
            }
        };
        assert!(put_out(&outputs, BOB), "{how}");
        if how != "gone" {
            let removes = Output::Signal(ToService::Remove { participant: BOB });
            assert!(outputs.contains(&removes), "{how}");
        }
        assert_eq!(scene.agent.prompt(), None, "{how}");
        assert!(!scene.presses(BOB) && scene.presses(ADA), "{how}");
        // Shown again who they are, they are still nobody.
        scene.agent.handle_met(BOB, scene.now);
        assert!(!scene.presses(BOB), "{how}");
        scene.introduce(ADA, BOB, Purpose::Help);
        assert!(
            !scene.take().iter().any(|o| matches!(o, Output::Introduce { .. })),
            "{how}: a new one is a new number"
        );
    }
}

fn snapshot(bob_gone: bool) -> SessionSnapshot {
    let person = |id, role, gone: bool| Participant {
        id,
        role,
        name: String::new(),
        organisation: String::new(),
        connected: !gone,
        media: !gone,
        gone,
    };
    SessionSnapshot {
        id: "s".into(),
        revision: 1,
        state: SessionState::Live,
        participants: vec![
            person(ADA, Role::Technician, false),
            person(ME, Role::Agent, false),
            person(BOB, Role::Technician, bob_gone),
        ],
        code_expires_at: 0,
        created_at: 0,
        back_until: None,
    }
}

#[test]
fn a_colleague_brings_in_nobody_and_ends_nothing() {
    let mut scene = Scene::with(BOTH);
    scene.bob_in(Purpose::Help);
    scene.introduce(BOB, EVE, Purpose::Help);
    let message = Together::Dismiss { participant: ADA };
    scene.say(BOB, Stream::Control, &Control::Together { message });
    let outputs = scene.take();
    assert!(
        !outputs.iter().any(|o| matches!(o, Output::Introduce { .. } | Output::PutOut(_))),
        "{outputs:?}"
    );
    // Nor does a stranger, nor is anybody introduced who is in.
    scene.introduce(EVE, 9, Purpose::Help);
    scene.introduce(ADA, ADA, Purpose::Watch);
    scene.introduce(ADA, ME, Purpose::Watch);
    assert!(!scene.take().iter().any(|o| matches!(o, Output::Introduce { .. })));
    scene.say(BOB, Stream::Control, &Control::GiveUp { rights: VIEW });
    assert!(scene.presses(ADA), "giving up is for oneself");
}

#[test]
fn questions_come_one_after_another_and_an_answer_is_for_its_own() {
    let mut scene = Scene::with(VIEW);
    scene.introduce(ADA, BOB, Purpose::Watch);
    scene.introduce(ADA, EVE, Purpose::Help);
    scene.agent.handle_met(BOB, scene.now);
    scene.agent.handle_met(EVE, scene.now);
    scene.say(ADA, Stream::Control, &Control::Ask { rights: BOTH });
    let first = scene.prompt();
    assert_eq!(first.asker, BOB);
    let shown = scene.take().into_iter().filter(|o| matches!(o, Output::Prompt(_))).count();
    assert_eq!(shown, 1);
    scene.refuse();
    let second = scene.prompt();
    assert_eq!(second.asker, EVE);
    // An answer to the first says nothing of the second.
    scene.agent.handle_customer(FromCustomer::Allow { ask: first.ask, rights: Rights::ALL }, scene.now);
    assert_eq!(scene.prompt(), second);
    scene.allow();
    assert_eq!(scene.agent.colleagues(), [(EVE, BOTH)]);
    assert_eq!(scene.prompt().asker, ADA);
    scene.refuse();
    assert_eq!(scene.agent.prompt(), None);
    assert!(!scene.presses(ADA));
}

#[test]
fn who_takes_over_has_what_the_customer_agreed_to_and_who_gave_it_away_has_nothing() {
    let mut scene = Scene::with(BOTH);
    scene.introduce(ADA, BOB, Purpose::TakeOver);
    scene.agent.handle_met(BOB, scene.now);
    let prompt = scene.prompt();
    assert_eq!((prompt.asker, prompt.rights), (BOB, BOTH));
    scene.take();
    // They agree to the view only.
    scene.agent.handle_customer(FromCustomer::Allow { ask: prompt.ask, rights: VIEW }, scene.now);
    let outputs = scene.take();
    assert!(put_out(&outputs, ADA) && outputs.contains(&Output::Admit(BOB)));
    assert!(outputs.contains(&Output::Signal(ToService::HandOver { to: BOB })));
    scene.agent.handle_admitted(BOB);
    scene.take();
    assert!(!scene.presses(ADA) && !scene.presses(BOB));
    scene.say(ADA, Stream::Control, &Control::Ask { rights: BOTH });
    scene.say(ADA, Stream::Control, &Control::End);
    assert_eq!(scene.agent.prompt(), None, "whose part is over asks nothing and ends nothing");
    // The session is Bob's now.
    scene.say(BOB, Stream::Control, &Control::Ask { rights: BOTH });
    scene.allow();
    assert!(scene.presses(BOB));
    scene.introduce(BOB, EVE, Purpose::Watch);
    assert!(scene.take().iter().any(|o| matches!(o, Output::Introduce { participant: EVE, .. })));
    // Refused, nothing changes.
    let mut scene = Scene::with(BOTH);
    scene.introduce(ADA, BOB, Purpose::TakeOver);
    scene.agent.handle_met(BOB, scene.now);
    scene.refuse();
    assert!(scene.presses(ADA) && !scene.presses(BOB));
}

#[test]
fn a_colleague_who_is_away_comes_back_by_themselves_for_a_while_and_no_longer() {
    let mut scene = Scene::with(BOTH);
    scene.agent.handle_session(&snapshot(false), scene.now);
    scene.bob_in(Purpose::Help);
    scene.agent.handle_session(&snapshot(false), scene.now);
    let away = |scene: &mut Scene| {
        let mut away = snapshot(false);
        (away.participants[2].connected, away.participants[2].media) = (false, false);
        scene.agent.handle_session(&away, scene.now);
        scene.take();
    };
    away(&mut scene);
    scene.now += Duration::from_secs(119);
    scene.agent.handle_timeout(scene.now);
    scene.agent.handle_session(&snapshot(false), scene.now);
    scene.agent.handle_met(BOB, scene.now);
    assert_eq!(scene.agent.prompt(), None);
    assert!(scene.presses(BOB));
    away(&mut scene);
    scene.now += Duration::from_secs(120);
    scene.agent.handle_timeout(scene.now);
    assert!(put_out(&scene.take(), BOB));
    assert!(scene.presses(ADA));
}

#[test]
fn a_colleague_without_the_digits_is_out_and_who_invited_them_learns_why() {
    let mut scene = Scene::with(VIEW);
    scene.introduce(ADA, BOB, Purpose::Watch);
    scene.take();
    scene.agent.handle_unproven(BOB);
    let outputs = scene.take();
    assert!(put_out(&outputs, BOB));
    assert!(outputs.contains(&Output::Signal(ToService::Unproven { participant: BOB })));
    let heard = outputs.iter().any(|output| match output {
        Output::Send { stream: Stream::Control, message } => {
            Control::decode(&message[HEAD_LEN..]).unwrap()
                == Control::Together { message: Together::Unproven { participant: BOB } }
        }
        _ => false,
    });
    assert!(heard);
    // The place is used up: whoever comes by it later is nobody.
    scene.agent.handle_met(BOB, scene.now);
    assert_eq!(scene.agent.prompt(), None);
    scene.agent.handle_unproven(BOB);
    assert_eq!(scene.take(), []);
}

#[test]
fn who_was_let_in_is_not_put_out_by_somebody_who_guesses_digits() {
    let mut scene = Scene::with(VIEW);
    scene.bob_in(Purpose::Watch);
    scene.agent.handle_unproven(BOB);
    assert_eq!(scene.take(), []);
    assert!(scene.agent.permits(Right::View, BOB));
    // And no console says of another that they are unproven.
    scene.say(ADA, Stream::Control, &Control::Together { message: Together::Unproven { participant: BOB } });
    assert!(scene.agent.permits(Right::View, BOB));
}

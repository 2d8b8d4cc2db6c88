use farhand_protocol::channel::Button;
use farhand_protocol::channel::monitors::Area;
use farhand_protocol::consent::{ConsentEnd, ConsentState, Hold};
use farhand_protocol::envelope::{SCREEN_HEAD_LEN, ScreenHead, flags};
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::Rights;
use farhand_protocol::session::{Participant, Role, SessionSnapshot, SessionState};

use super::screen::RESET_EVERY;
use super::*;
use crate::output::{FromCustomer, Inject};

const ME: ParticipantId = 7;
const ADA: ParticipantId = 1;
const BOB: ParticipantId = 2;
const A: Usage = Usage(0x04);
const SHIFT: Usage = Usage(0xe1);
const MS: Duration = Duration::from_millis(1);
const SCREEN: Area = Area { x: 0, y: 0, width: 800, height: 600 };

fn both() -> Rights {
    Rights::of(&[Right::View, Right::Control])
}

struct Scene {
    agent: Agent,
    now: Instant,
    sequences: BTreeMap<(ParticipantId, u8), u32>,
    outputs: Vec<Output>,
}

impl Scene {
    fn new() -> Self {
        let consent = ConsentConfig { policy: both(), ..ConsentConfig::default() };
        let agent = Agent::new(AgentConfig { participant: ME, consent });
        let mut scene = Self { agent, now: Instant::now(), sequences: BTreeMap::new(), outputs: Vec::new() };
        scene.agent.handle_area(SCREEN);
        scene.agent.handle_link_up(scene.now);
        scene.take();
        scene
    }

    /// View and control are allowed, and Ada watches.
    fn controlled() -> Self {
        let mut scene = Self::new();
        scene.control(ADA, &Control::Ask { rights: both() });
        let ask = scene.prompt().ask;
        scene.agent.handle_customer(FromCustomer::Allow { ask, rights: Rights::ALL }, scene.now);
        scene.feedback(ADA, ScreenFeedback::Reset);
        scene.take();
        assert!(scene.agent.consent.permits(Right::Control));
        scene
    }

    fn message(&mut self, sender: ParticipantId, stream: Stream, body: &[u8]) -> Vec<u8> {
        let next = self.sequences.entry((sender, stream as u8)).or_default();
        let head = Head { stream, flags: 0, sender, sequence: *next };
        *next += 1;
        let mut message = Vec::new();
        head.write(&mut message);
        message.extend_from_slice(body);
        message
    }

    fn say<T: serde::Serialize>(&mut self, sender: ParticipantId, stream: Stream, body: &T) {
        let mut bytes = Vec::new();
        channel::encode(body, &mut bytes);
        let message = self.message(sender, stream, &bytes);
        self.agent.handle_message(stream, &message, self.now);
    }

    fn control(&mut self, sender: ParticipantId, control: &Control) {
        self.say(sender, Stream::Control, control);
    }

    fn input(&mut self, sender: ParticipantId, input: &Input) {
        self.say(sender, Stream::Input, input);
    }

    fn feedback(&mut self, sender: ParticipantId, feedback: ScreenFeedback) {
        self.say(sender, Stream::Screen, &feedback);
    }

    fn take(&mut self) -> Vec<Output> {
        while let Some(output) = self.agent.poll_output() {
            self.outputs.push(output);
        }
        std::mem::take(&mut self.outputs)
    }

    fn injected(&mut self) -> Vec<Inject> {
        let outputs = self.take();
        outputs
            .into_iter()
            .filter_map(|o| if let Output::Inject(inject) = o { Some(inject) } else { None })
            .collect()
    }

    fn prompt(&mut self) -> Prompt {
        let outputs = self.take();
        let prompt =
            outputs.iter().find_map(|o| if let Output::Prompt(prompt) = o { Some(*prompt) } else { None });
        prompt.expect("a prompt is shown")
    }

    fn hold_keys(&mut self) {
        self.input(ADA, &Input::Key { usage: A, down: true });
        self.input(ADA, &Input::Key { usage: SHIFT, down: true });
        self.input(ADA, &Input::Button { button: Button::Left, down: true, x: 1, y: 1 });
        assert_eq!(self.injected().len(), 4, "two keys, a move and a button");
    }

    /// Each of the three is released, once, and nothing else happens.
    fn assert_released_once(&mut self, why: &str) {
        let up = self.injected();
        assert_eq!(up.len(), 3, "{why}: {up:?}");
        for inject in [
            Inject::Key { usage: A, down: false },
            Inject::Key { usage: SHIFT, down: false },
            Inject::Button { button: Button::Left, down: false },
        ] {
            assert!(up.contains(&inject), "{why}: {inject:?}");
        }
        self.agent.handle_link_lost(self.now);
        self.agent.handle_session_ended(self.now);
        assert_eq!(self.injected(), vec![], "{why}: released once");
    }
}

fn snapshot(media: bool) -> SessionSnapshot {
    SessionSnapshot {
        id: "s".into(),
        revision: 1,
        state: SessionState::Live,
        participants: vec![
            Participant {
                id: ADA,
                role: Role::Technician,
                name: "Ada".into(),
                organisation: "Help".into(),
                connected: true,
                media,
                gone: false,
            },
            Participant {
                id: ME,
                role: Role::Agent,
                name: String::new(),
                organisation: String::new(),
                connected: true,
                media: true,
                gone: false,
            },
        ],
        code_expires_at: 0,
        created_at: 0,
        back_until: None,
    }
}

#[test]
fn input_before_a_grant_is_dropped_and_counted() {
    let mut scene = Scene::new();
    scene.input(ADA, &Input::Key { usage: A, down: true });
    scene.input(ADA, &Input::Button { button: Button::Left, down: true, x: 1, y: 1 });
    scene.input(ADA, &Input::Wheel { dx: 0, dy: 120, x: 1, y: 1 });
    scene.input(ADA, &Input::Text { text: "rm".into() });
    scene.say(ADA, Stream::Pointer, &Pointer { x: 3, y: 3 });
    assert_eq!(scene.injected(), vec![]);
    assert_eq!(scene.agent.counters().input_without_right, 5);
}

#[test]
fn nothing_is_captured_before_a_grant() {
    let mut scene = Scene::new();
    scene.feedback(ADA, ScreenFeedback::Reset);
    assert_eq!(scene.agent.screen_turn(true, 0, scene.now), Turn::Stop);
    let frame = FrameReady { payload: &[1], reset: true, exact: true, captured_us: 0, area: SCREEN };
    assert!(!scene.agent.handle_frame(frame, scene.now, |_| panic!("nothing may leave")));
    assert_eq!(scene.agent.counters().frames_withheld, 1);
}

#[test]
fn no_message_from_far_away_widens_a_grant() {
    let mut scene = Scene::new();
    scene.control(ADA, &Control::Ask { rights: Rights::of(&[Right::View]) });
    let ask = scene.prompt().ask;
    scene.agent.handle_customer(FromCustomer::Allow { ask, rights: Rights::ALL }, scene.now);
    scene.take();

    let granted =
        ConsentSnapshot { revision: 999, state: ConsentState::Granted { rights: Rights::ALL, more: None } };
    scene.control(ADA, &Control::Consent { snapshot: granted });
    for rights in [Rights::ALL, both(), Rights::of(&[Right::Control]), Rights::EMPTY] {
        scene.control(ADA, &Control::Ask { rights });
        scene.control(ADA, &Control::GiveUp { rights: Rights::EMPTY });
        assert!(!scene.agent.consent.permits(Right::Control));
        assert!(!scene.agent.consent.permits(Right::Files));
    }
    // The prompt for more is answered by its own number only.
    scene.agent.handle_customer(FromCustomer::Allow { ask, rights: Rights::ALL }, scene.now);
    assert!(!scene.agent.consent.permits(Right::Control));
    assert_eq!(scene.agent.counters().local_refused, 1);
}

#[test]
fn an_ask_for_everything_is_cut_to_the_policy() {
    let mut scene = Scene::new();
    scene.control(ADA, &Control::Ask { rights: Rights::ALL });
    let prompt = scene.prompt();
    assert_eq!((prompt.rights, prompt.asker, prompt.granted), (both(), ADA, Rights::EMPTY));
    scene.agent.handle_customer(FromCustomer::Allow { ask: prompt.ask, rights: prompt.rights }, scene.now);
    for right in Right::ALL {
        let permitted = matches!(right, Right::View | Right::Control);
        assert_eq!(scene.agent.consent.permits(right), permitted, "{right:?}");
    }
}

type End = fn(&mut Scene);

#[test]
fn held_keys_are_released_once_however_control_ends() {
    let ends: [(&str, End); 14] = [
        ("the link is lost", |s| s.agent.handle_link_lost(s.now)),
        ("control is taken back", |s| s.agent.handle_customer(FromCustomer::TakeBackControl, s.now)),
        ("paused", |s| s.agent.handle_customer(FromCustomer::Pause, s.now)),
        ("stopped", |s| s.agent.handle_customer(FromCustomer::Stop, s.now)),
        ("the desktop is locked", |s| s.agent.handle_desktop(true, s.now)),
        ("given up", |s| s.control(ADA, &Control::GiveUp { rights: Rights::of(&[Right::Control]) })),
        ("view is given up", |s| s.control(ADA, &Control::GiveUp { rights: Rights::of(&[Right::View]) })),
        ("the technician ends", |s| s.control(ADA, &Control::End)),
        ("the service ends", |s| s.agent.handle_session_ended(s.now)),
        ("the viewer lost focus", |s| s.input(ADA, &Input::ReleaseAll)),
        ("the viewer's link is down", |s| {
            s.agent.handle_session(&snapshot(true), s.now);
            s.agent.handle_session(&snapshot(false), s.now);
        }),
        ("the viewer's page is loaded anew", |s| {
            s.sequences.remove(&(ADA, Stream::Control as u8));
            s.control(ADA, &Control::Ping { nonce: 1 });
        }),
        ("something that the viewer said is missing", |s| {
            *s.sequences.get_mut(&(ADA, Stream::Input as u8)).unwrap() += 1;
            s.input(ADA, &Input::Unknown);
        }),
        ("the viewer floods", |s| {
            for _ in 0..3000 {
                s.input(ADA, &Input::Unknown);
            }
        }),
    ];
    for (why, end) in ends {
        let mut scene = Scene::controlled();
        scene.hold_keys();
        end(&mut scene);
        scene.assert_released_once(why);
    }
}

#[test]
fn a_holder_who_falls_silent_with_the_first_key_is_missed_within_two_seconds() {
    let mut scene = Scene::controlled();
    // As a console does when it begins: it measures, and answers when it is measured.
    scene.control(ADA, &Control::Ping { nonce: 1 });
    let asks = |outputs: Vec<Output>| {
        let bodies = outputs.into_iter().filter_map(|output| match output {
            Output::Send { stream: Stream::Control, message } => Control::decode(&message[HEAD_LEN..]).ok(),
            _ => None,
        });
        bodies.filter(|control| matches!(control, Control::Ping { .. })).count()
    };
    assert_eq!(asks(scene.take()), 1, "whether it answers is asked before anything is held");
    scene.control(ADA, &Control::Pong { nonce: 0 });
    scene.now += Duration::from_secs(60);
    scene.control(ADA, &Control::Ping { nonce: 2 });
    assert_eq!(asks(scene.take()), 0, "and once only");
    scene.hold_keys();
    let held = scene.now;
    while scene.injected().is_empty() {
        let due = scene.agent.poll_timeout().expect("the silence is watched");
        assert!(due > scene.now && due <= held + HOLDER_SILENT, "{:?}", due - held);
        scene.now = due;
        scene.agent.handle_timeout(due);
        if due == held + HOLDER_SILENT {
            scene.assert_released_once("silent since the first key");
            return;
        }
    }
    panic!("released before its time");
}

#[test]
fn the_link_lost_at_every_step_leaves_no_key_held() {
    let steps: [End; 8] = [
        |s| s.input(ADA, &Input::Key { usage: A, down: true }),
        |s| s.input(ADA, &Input::Key { usage: SHIFT, down: true }),
        |s| s.input(ADA, &Input::Button { button: Button::Left, down: true, x: 5, y: 5 }),
        |s| s.say(ADA, Stream::Pointer, &Pointer { x: 9, y: 9 }),
        |s| s.input(ADA, &Input::Key { usage: A, down: false }),
        |s| s.input(BOB, &Input::Key { usage: SHIFT, down: true }),
        |s| s.input(ADA, &Input::ReleaseAll),
        |s| s.input(BOB, &Input::Button { button: Button::Right, down: true, x: 0, y: 0 }),
    ];
    for killed_at in 0..=steps.len() {
        let mut scene = Scene::controlled();
        for step in &steps[..killed_at] {
            step(&mut scene);
        }
        scene.agent.handle_link_lost(scene.now);
        for step in &steps[killed_at..] {
            step(&mut scene);
        }
        let mut down: Vec<Inject> = Vec::new();
        for inject in scene.injected() {
            match inject {
                Inject::Key { usage, down: true } => down.push(Inject::Key { usage, down: false }),
                Inject::Button { button, down: true } => down.push(Inject::Button { button, down: false }),
                Inject::Key { down: false, .. } | Inject::Button { down: false, .. } => {
                    let at = down.iter().position(|held| *held == inject).expect("was down");
                    down.swap_remove(at);
                }
                Inject::Pointer { .. }
                | Inject::PointerBy { .. }
                | Inject::Wheel { .. }
                | Inject::Text(_)
                | Inject::Letter(_)
                | Inject::StopText => {}
            }
        }
        assert_eq!(down, vec![], "killed at step {killed_at}");
    }
}

#[test]
fn nothing_is_injected_while_a_prompt_is_shown() {
    let mut scene = Scene::new();
    scene.agent.consent = Consent::new(ConsentConfig::default());
    scene.control(ADA, &Control::Ask { rights: both() });
    let first = scene.prompt().ask;
    scene.agent.handle_customer(FromCustomer::Allow { ask: first, rights: Rights::ALL }, scene.now);
    scene.take();
    scene.hold_keys();
    scene.control(ADA, &Control::Ask { rights: both().with(Right::Files) });
    let up = scene.take();
    let position = |wanted: fn(&Output) -> bool| up.iter().position(wanted);
    let released = position(|o| matches!(o, Output::Inject(_))).expect("keys are released");
    let prompted = position(|o| matches!(o, Output::Prompt(_))).expect("a prompt is shown");
    assert!(released < prompted, "before the prompt is shown");
    let Output::Prompt(prompt) = up[prompted] else { panic!("a prompt") };
    assert_eq!(prompt.granted, both());

    scene.input(ADA, &Input::Key { usage: A, down: true });
    scene.input(ADA, &Input::Button { button: Button::Left, down: true, x: 400, y: 300 });
    scene.input(ADA, &Input::Button { button: Button::Left, down: false, x: 400, y: 300 });
    scene.input(ADA, &Input::Text { text: "\n".into() });
    scene.say(ADA, Stream::Pointer, &Pointer { x: 400, y: 300 });
    assert_eq!(scene.injected(), vec![]);
    assert_eq!(scene.agent.counters().input_during_prompt, 4);

    scene.agent.handle_customer(FromCustomer::Refuse(prompt.ask), scene.now);
    scene.take();
    scene.input(ADA, &Input::Key { usage: A, down: true });
    assert_eq!(scene.injected(), vec![Inject::Key { usage: A, down: true }], "control goes on");
}

#[test]
fn silence_means_no() {
    let mut scene = Scene::new();
    scene.control(ADA, &Control::Ask { rights: both() });
    let prompt = scene.prompt();
    assert_eq!(scene.agent.poll_timeout(), Some(prompt.expires));
    scene.now = prompt.expires;
    scene.agent.handle_timeout(scene.now);
    let outputs = scene.take();
    assert!(outputs.contains(&Output::PromptGone(prompt.ask)));
    assert!(outputs.contains(&Output::Ended(ConsentEnd::TimedOut)));
    scene.agent.handle_customer(FromCustomer::Allow { ask: prompt.ask, rights: prompt.rights }, scene.now);
    assert!(!scene.agent.may_capture(), "too late");
}

#[test]
fn the_pointer_stays_on_the_screen_and_only_the_newest_counts() {
    let mut scene = Scene::controlled();
    scene.say(ADA, Stream::Pointer, &Pointer { x: -5, y: i32::MAX });
    assert_eq!(scene.injected(), vec![Inject::Pointer { x: 0, y: 599 }]);
    let mut bytes = Vec::new();
    channel::encode(&Pointer { x: 1, y: 1 }, &mut bytes);
    let late = scene.message(ADA, Stream::Pointer, &bytes);
    scene.say(ADA, Stream::Pointer, &Pointer { x: 2, y: 2 });
    assert_eq!(scene.injected(), vec![Inject::Pointer { x: 2, y: 2 }]);
    scene.agent.handle_message(Stream::Pointer, &late, scene.now);
    assert_eq!(scene.injected(), vec![]);
    assert_eq!(scene.agent.counters().out_of_order, 1);
}

#[test]
fn the_customers_pointer_is_told_and_the_technicians_is_not_told_back() {
    let mut scene = Scene::controlled();
    scene.say(ADA, Stream::Pointer, &Pointer { x: 20, y: 30 });
    scene.take();
    scene.agent.handle_cursor_at(20, 30, scene.now);
    assert_eq!(scene.take(), vec![]);
    scene.agent.handle_cursor_at(21, 30, scene.now);
    assert_eq!(scene.take().len(), 1);
    scene.now += OWN_POSITION_FOR + MS;
    scene.agent.handle_cursor_at(20, 30, scene.now);
    assert_eq!(scene.take().len(), 1, "long ago");
}

#[test]
fn a_frame_goes_through_the_gate_and_is_cut() {
    let mut scene = Scene::controlled();
    let Turn::Go { reset, .. } = scene.agent.screen_turn(false, 0, scene.now) else { panic!("a new viewer") };
    assert!(reset);
    let payload = vec![3; 40_000];
    let mut messages = Vec::new();
    let frame = FrameReady { payload: &payload, reset: true, exact: true, captured_us: 77, area: SCREEN };
    assert!(scene.agent.handle_frame(frame, scene.now, |message| messages.push(message)));
    assert_eq!(messages.len(), 3);
    let heads: Vec<Head> = messages.iter().map(|m| Head::read(m).unwrap()).collect();
    assert_eq!(heads.iter().map(|h| h.sequence).collect::<Vec<_>>(), vec![0, 1, 2]);
    assert!(heads.iter().all(|h| h.sender == ME && h.flags & flags::RESET != 0));
    assert_eq!(ScreenHead::read(&messages[0]).unwrap(), ScreenHead { frame: 0, captured_us: 77 });
    let bytes: usize = messages.iter().map(|m| m.len() - SCREEN_HEAD_LEN).sum();
    assert_eq!(bytes, payload.len());
    assert_eq!(scene.agent.screen_turn(false, 0, scene.now), Turn::Wait(scene.agent.pacer.silent_at()));
}

#[test]
fn whole_frames_are_rationed() {
    let mut scene = Scene::controlled();
    let frame = FrameReady { payload: &[1], reset: true, exact: true, captured_us: 0, area: SCREEN };
    assert!(scene.agent.handle_frame(frame, scene.now, drop));
    scene.now += MS * 50;
    scene.feedback(ADA, ScreenFeedback::Drawn { frame: 0, draw_us: 0 });
    scene.feedback(ADA, ScreenFeedback::Reset);
    let Turn::Wait(Some(at)) = scene.agent.screen_turn(false, 0, scene.now) else { panic!("later") };
    assert_eq!(at, scene.now - MS * 50 + RESET_EVERY);
    assert!(matches!(scene.agent.screen_turn(true, 0, scene.now), Turn::Go { reset: false, .. }));
    assert!(matches!(scene.agent.screen_turn(false, 0, at), Turn::Go { reset: true, .. }));
}

#[test]
fn a_view_that_ends_between_capture_and_sending_sends_nothing() {
    let ends: [End; 4] = [
        |s| s.agent.handle_customer(FromCustomer::Pause, s.now),
        |s| s.agent.handle_customer(FromCustomer::Stop, s.now),
        |s| s.agent.handle_link_lost(s.now),
        |s| s.control(ADA, &Control::End),
    ];
    for end in ends {
        let mut scene = Scene::controlled();
        assert!(matches!(scene.agent.screen_turn(true, 0, scene.now), Turn::Go { .. }));
        end(&mut scene);
        let frame = FrameReady { payload: &[1], reset: false, exact: true, captured_us: 0, area: SCREEN };
        assert!(!scene.agent.handle_frame(frame, scene.now, |_| panic!("withheld")));
        assert_eq!(scene.agent.screen_turn(true, 0, scene.now), Turn::Stop);
    }
}

#[test]
fn after_a_lost_link_the_stream_starts_with_a_whole_frame() {
    let mut scene = Scene::controlled();
    let frame = FrameReady { payload: &[1], reset: true, exact: true, captured_us: 0, area: SCREEN };
    assert!(scene.agent.handle_frame(frame, scene.now, drop));
    scene.agent.handle_link_lost(scene.now);
    assert_eq!(
        scene.agent.consent().state,
        ConsentState::Held { rights: both(), holds: vec![Hold::LinkLost] }
    );
    scene.take();
    scene.now += Duration::from_secs(5);
    scene.agent.handle_link_up(scene.now);
    assert!(matches!(scene.agent.screen_turn(false, 0, scene.now), Turn::Go { reset: true, .. }));
    let told = scene.take();
    assert!(told.contains(&Output::Signal(ToService::Media { up: true })));
    assert!(
        told.iter().any(|o| matches!(o, Output::Send { stream: Stream::Control, .. })),
        "consent is told"
    );
}

#[test]
fn consent_is_held_while_every_technician_is_away() {
    let mut scene = Scene::controlled();
    scene.agent.handle_session(&snapshot(false), scene.now);
    assert!(scene.agent.may_capture(), "who was never here by the service's word is not away");
    scene.agent.handle_session(&snapshot(true), scene.now);
    scene.agent.handle_session(&snapshot(false), scene.now);
    let held = ConsentState::Held { rights: both(), holds: vec![Hold::LinkLost] };
    assert_eq!(scene.agent.consent().state, held);
    // This agent's own link may come and go meanwhile.
    scene.agent.handle_link_lost(scene.now);
    scene.agent.handle_link_up(scene.now);
    assert_eq!(scene.agent.consent().state, held);
    scene.agent.handle_session(&snapshot(true), scene.now);
    assert_eq!(scene.agent.consent().state, ConsentState::Granted { rights: both(), more: None });
    scene.agent.handle_session(&snapshot(false), scene.now);
    scene.now = scene.agent.poll_timeout().expect("the grace");
    scene.agent.handle_timeout(scene.now);
    assert_eq!(scene.agent.consent().state, ConsentState::Ended { why: ConsentEnd::GraceOver });
}

#[test]
fn a_viewer_that_was_away_only_by_the_services_word_sees_on_without_asking() {
    let mut scene = Scene::controlled();
    scene.agent.handle_session(&snapshot(true), scene.now);
    scene.feedback(ADA, ScreenFeedback::Reset);
    assert!(matches!(scene.agent.screen_turn(true, 0, scene.now), Turn::Go { .. }));
    // The service was started again and does not know yet that Ada's link stands; Ada has noticed nothing.
    scene.agent.handle_session(&snapshot(false), scene.now);
    assert_eq!(scene.agent.screen_turn(true, 0, scene.now), Turn::Stop);
    scene.now += RESET_EVERY;
    scene.take();
    scene.agent.handle_session(&snapshot(true), scene.now);
    assert!(scene.take().contains(&Output::ScreenOpen), "the screen's thread is told");
    assert!(matches!(scene.agent.screen_turn(false, 0, scene.now), Turn::Go { reset: true, .. }));
}

#[test]
fn a_new_speaker_is_told_where_consent_stands() {
    let mut scene = Scene::controlled();
    scene.control(BOB, &Control::Ping { nonce: 5 });
    let told = scene.take();
    let bodies: Vec<Control> = told
        .iter()
        .filter_map(|o| if let Output::Send { message, .. } = o { Some(message) } else { None })
        .map(|message| Control::decode(&message[HEAD_LEN..]).unwrap())
        .collect();
    assert!(bodies.iter().any(|c| matches!(c, Control::Consent { .. })), "{bodies:?}");
    assert!(bodies.contains(&Control::Pong { nonce: 5 }));
}

#[test]
fn a_holder_that_stops_answering_pings_holds_no_more() {
    let mut scene = Scene::controlled();
    scene.control(ADA, &Control::Pong { nonce: 0 });
    scene.input(ADA, &Input::Key { usage: A, down: true });
    scene.take();
    let killed = scene.now;
    let mut released = None;
    while released.is_none() && scene.now < killed + Duration::from_secs(5) {
        scene.now = scene.agent.poll_timeout().expect("a held key is watched");
        scene.agent.handle_timeout(scene.now);
        released = scene.injected().first().map(|_| scene.now);
    }
    let after = released.expect("released") - killed;
    assert!(after <= Duration::from_secs(2), "{after:?}");
}

#[test]
fn a_viewer_that_never_answered_a_ping_may_hold_a_key() {
    let mut scene = Scene::controlled();
    scene.input(ADA, &Input::Key { usage: SHIFT, down: true });
    scene.take();
    for _ in 0..20 {
        scene.now = scene.agent.poll_timeout().expect("pinged");
        scene.agent.handle_timeout(scene.now);
    }
    assert_eq!(scene.injected(), vec![]);
}

#[test]
fn hostile_bytes_are_counted_and_have_no_effect() {
    let mut scene = Scene::controlled();
    scene.take();
    let before = scene.agent.consent();
    let head = |sender, stream: Stream, sequence| {
        let mut bytes = Vec::new();
        Head { stream, flags: 0, sender, sequence }.write(&mut bytes);
        bytes
    };
    for length in 0..HEAD_LEN {
        scene.agent.handle_message(Stream::Control, &head(ADA, Stream::Control, 50)[..length], scene.now);
    }
    scene.agent.handle_message(Stream::Control, &head(ME, Stream::Control, 50), scene.now);
    scene.agent.handle_message(Stream::Control, &head(0, Stream::Control, 50), scene.now);
    scene.agent.handle_message(Stream::Input, &head(ADA, Stream::Control, 50), scene.now);
    scene.agent.handle_message(Stream::Control, &vec![1; 20_000], scene.now);
    for (at, garbage) in [&[0xc1][..], &[0xff; 64], &[0x81, 0xa4], b"{}", &[]].iter().enumerate() {
        for stream in Stream::ALL {
            let mut message = head(ADA, stream, 100 + at as u32);
            message.extend_from_slice(garbage);
            scene.agent.handle_message(stream, &message, scene.now);
        }
    }
    assert_eq!(scene.injected(), vec![]);
    let counters = scene.agent.counters();
    assert_eq!(counters.wrong_sender, 3);
    assert_eq!(counters.malformed, HEAD_LEN as u64 + 1 + 5 * Stream::ALL.len() as u64);
    assert_eq!(scene.agent.consent(), before);
}

#[test]
fn the_cursor_is_sent_when_it_changes_and_to_whoever_comes() {
    let mut scene = Scene::controlled();
    let cursor = Cursor { width: 1, height: 1, hot_x: 0, hot_y: 0, rgba: vec![1, 2, 3, 4] };
    scene.agent.handle_cursor(cursor.clone());
    assert_eq!(scene.take().len(), 1);
    scene.agent.handle_cursor(cursor);
    assert_eq!(scene.take(), vec![], "the same");
    scene.feedback(BOB, ScreenFeedback::Reset);
    let sent = scene.take().into_iter().filter(|o| matches!(o, Output::Send { .. })).count();
    assert!(sent >= 2, "consent and cursor");
}

#[test]
fn a_ceilings_times_end_control_whatever_the_service_says() {
    let mut scene = Scene::controlled();
    let (session, idle) = (Duration::from_secs(600), Duration::from_secs(60));
    scene.agent.handle_limits(Some(session), Some(idle), scene.now);
    scene.input(ADA, &Input::Key { usage: A, down: true });
    scene.take();
    scene.now += Duration::from_secs(59);
    scene.agent.handle_timeout(scene.now);
    assert!(scene.agent.consent.permits(Right::Control), "in use a moment ago");
    scene.now += Duration::from_secs(1);
    scene.agent.handle_timeout(scene.now);
    assert!(!scene.agent.consent.permits(Right::View));
    assert!(matches!(scene.agent.consent().state, ConsentState::Ended { .. }));
    let released = scene.take().iter().any(|o| matches!(o, Output::Inject(Inject::Key { down: false, .. })));
    assert!(released, "held keys go with control");
}

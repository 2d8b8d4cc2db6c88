use std::collections::BTreeMap;
use std::time::Instant;

use farhand_protocol::channel::clipboard::{ClipboardContent, ClipboardFormat, ClipboardWhy, Watch};
use farhand_protocol::channel::{Button, Control, Input};
use farhand_protocol::consent::ConsentConfig;
use farhand_protocol::envelope::{Head, TO_HEAD_LEN};
use farhand_protocol::rights::Rights;

use super::*;
use crate::agent::AgentConfig;
use crate::output::FromCustomer;
use crate::tools::clipboard::Output as Task;

const ME: ParticipantId = 7;
const ADA: ParticipantId = 1;

struct Scene {
    agent: Agent,
    now: Instant,
    sequences: BTreeMap<u8, u32>,
}

impl Scene {
    fn granted(rights: &[Right]) -> Self {
        let consent = ConsentConfig { policy: Rights::ALL, ..ConsentConfig::default() };
        let agent = Agent::new(AgentConfig { participant: ME, consent });
        let mut scene = Self { agent, now: Instant::now(), sequences: BTreeMap::new() };
        scene.agent.handle_link_up(scene.now);
        scene.say(Stream::Control, &Control::Ask { rights: Rights::of(rights) });
        let ask = scene.agent.prompt().expect("a prompt is shown").ask;
        scene.agent.handle_customer(FromCustomer::Allow { ask, rights: Rights::ALL }, scene.now);
        scene.outputs();
        scene
    }

    fn say<T: serde::Serialize>(&mut self, stream: Stream, content: &T) {
        let next = self.sequences.entry(stream as u8).or_default();
        let mut message = Vec::new();
        Head { stream, flags: 0, sender: ADA, sequence: *next }.write(&mut message);
        *next += 1;
        encode(content, &mut message);
        self.agent.handle_message(stream, &message, self.now);
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.agent.poll_output()).collect()
    }

    fn tasks(&mut self) -> Vec<Task> {
        let task = |output| if let Output::Clipboard(task) = output { Some(task) } else { None };
        self.outputs().into_iter().filter_map(task).collect()
    }

    fn told(&mut self) -> Vec<Clipboard> {
        let read = |output| match output {
            Output::Send { stream: Stream::Clipboard, message } => {
                assert_eq!(message[TO_HEAD_LEN - 1], ADA, "to nobody else");
                Some(Clipboard::decode(&message[TO_HEAD_LEN..]).unwrap())
            }
            _ => None,
        };
        self.outputs().into_iter().filter_map(read).collect()
    }

    fn injected(&mut self) -> Vec<Inject> {
        let inject = |output| if let Output::Inject(inject) = output { Some(inject) } else { None };
        self.outputs().into_iter().filter_map(inject).collect()
    }
}

fn text(text: &str) -> ClipboardContent {
    ClipboardContent { parts: vec![(ClipboardFormat::Text, text.into())], files: vec![] }
}

#[test]
fn the_clipboard_is_a_right_of_its_own() {
    let mut scene = Scene::granted(&[Right::View, Right::Control]);
    scene.say(Stream::Clipboard, &Clipboard::Fetch { request: 5 });
    let nothing = Clipboard::Nothing { request: 5, why: ClipboardWhy::NotAllowed };
    assert_eq!(scene.told(), [nothing]);
    scene.say(Stream::Clipboard, &Clipboard::Watch { watch: Watch::On });
    assert_eq!(scene.tasks(), []);
}

#[test]
fn a_pause_while_it_is_read_keeps_what_was_read_here() {
    let mut scene = Scene::granted(&[Right::View, Right::Clipboard]);
    scene.say(Stream::Clipboard, &Clipboard::Watch { watch: Watch::On });
    scene.say(Stream::Clipboard, &Clipboard::Fetch { request: 5 });
    assert_eq!(scene.tasks(), [Task::Watch(true), Task::Read]);
    scene.agent.handle_customer(FromCustomer::Pause, scene.now);
    assert_eq!(scene.tasks(), [Task::Watch(false)]);
    scene.agent.handle_clipboard(Done::Read(Ok(text("private"))));
    scene.agent.handle_clipboard(Done::Changed);
    assert_eq!(scene.told(), []);
    scene.agent.handle_customer(FromCustomer::Resume, scene.now);
    assert_eq!(scene.tasks(), [], "a console says anew what it wants");
}

#[test]
fn what_was_offered_before_the_link_was_lost_is_not_sent_after_it() {
    let mut scene = Scene::granted(&[Right::View, Right::Clipboard]);
    scene.say(Stream::Clipboard, &Clipboard::Fetch { request: 5 });
    scene.agent.handle_clipboard(Done::Read(Ok(text("hello"))));
    assert!(matches!(scene.told().as_slice(), [Clipboard::Offer { transfer: 1, .. }]));
    scene.agent.handle_link_lost(scene.now);
    scene.agent.handle_link_up(scene.now);
    scene.say(Stream::Clipboard, &Clipboard::Credit { transfer: 1, bytes: 100 });
    assert_eq!(scene.told(), []);
}

#[test]
fn letters_and_steps_of_the_pointer_need_control() {
    let asked = [
        Input::Letter { letter: "z".into() },
        Input::PointerBy { dx: 3, dy: 100_000 },
        Input::ButtonHere { button: Button::Back, down: true },
        Input::ButtonHere { button: Button::Back, down: false },
        Input::WheelHere { dx: 0, dy: 120 },
    ];
    let mut scene = Scene::granted(&[Right::View]);
    asked.iter().for_each(|input| scene.say(Stream::Input, input));
    assert_eq!(scene.injected(), []);
    let mut scene = Scene::granted(&[Right::View, Right::Control]);
    asked.iter().for_each(|input| scene.say(Stream::Input, input));
    let expected = [
        Inject::Letter('z'),
        Inject::PointerBy { dx: 3, dy: 4096 },
        Inject::Button { button: Button::Back, down: true },
        Inject::Button { button: Button::Back, down: false },
        Inject::Wheel { dx: 0, dy: 120 },
    ];
    assert_eq!(scene.injected(), expected);
    scene.say(Stream::Input, &Input::Letter { letter: "ab".into() });
    scene.say(Stream::Input, &Input::Letter { letter: String::new() });
    assert_eq!(scene.injected(), [], "one character is one");
}

#[test]
fn typing_stops_when_it_shall_and_when_control_ends() {
    let mut scene = Scene::granted(&[Right::View, Right::Control]);
    let typed = Input::Text { text: "rm -r".into() };
    scene.say(Stream::Input, &typed);
    scene.say(Stream::Input, &Input::StopText);
    scene.say(Stream::Input, &Input::StopText);
    assert_eq!(scene.injected(), [Inject::Text("rm -r".into()), Inject::StopText]);
    scene.say(Stream::Input, &typed);
    scene.injected();
    scene.agent.handle_customer(FromCustomer::TakeBackControl, scene.now);
    assert_eq!(scene.injected(), [Inject::StopText]);
    scene.agent.handle_customer(FromCustomer::Stop, scene.now);
    assert_eq!(scene.injected(), [], "once");
}

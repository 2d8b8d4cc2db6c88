//! What a technician can do to a desktop of which a part is shared.

use farhand_protocol::channel::monitors::Monitor;
use farhand_protocol::channel::{Button, Input, Pointer, ScreenFeedback};
use farhand_protocol::consent::ConsentConfig;
use farhand_protocol::envelope::{HEAD_LEN, Head};
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::Rights;

use super::*;
use crate::agent::{AgentConfig, FrameReady, Turn};
use crate::output::FromCustomer;

const ADA: ParticipantId = 1;
const A: Usage = Usage(0x04);
const LEFT: Area = Area { x: 0, y: 0, width: 800, height: 600 };
const RIGHT: Area = Area { x: 800, y: 0, width: 640, height: 480 };

struct World {
    agent: Agent,
    now: Instant,
    sequences: BTreeMap<u8, u32>,
    frames: u32,
}

impl World {
    /// Ada sees and controls.
    fn new() -> Self {
        let both = Rights::of(&[Right::View, Right::Control]);
        let consent = ConsentConfig { policy: both, ..ConsentConfig::default() };
        let agent = Agent::new(AgentConfig { participant: 7, consent });
        let mut world = Self { agent, now: Instant::now(), sequences: BTreeMap::new(), frames: 0 };
        world.agent.handle_link_up(world.now);
        world.say(Stream::Control, &Control::Ask { rights: both });
        let ask = world.agent.prompt().unwrap().ask;
        world.agent.handle_customer(FromCustomer::Allow { ask, rights: both }, world.now);
        world.say(Stream::Screen, &ScreenFeedback::Reset);
        world.outputs();
        world
    }

    fn say<T: serde::Serialize>(&mut self, stream: Stream, body: &T) {
        let next = self.sequences.entry(stream as u8).or_default();
        let mut message = Vec::new();
        Head { stream, flags: 0, sender: ADA, sequence: *next }.write(&mut message);
        *next += 1;
        channel::encode(body, &mut message);
        self.agent.handle_message(stream, &message, self.now);
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.agent.poll_output()).collect()
    }

    fn injected(&mut self) -> Vec<Inject> {
        let injected = |output| if let Output::Inject(inject) = output { Some(inject) } else { None };
        self.outputs().into_iter().filter_map(injected).collect()
    }

    /// A frame of this area leaves.
    fn frame(&mut self, area: Area) -> u32 {
        self.now += Duration::from_secs(1);
        let turn = self.agent.screen_turn(true, 0, self.now);
        assert!(matches!(turn, Turn::Go { .. }), "{turn:?}");
        let frame = FrameReady { payload: &[1], reset: self.frames == 0, exact: true, captured_us: 0, area };
        assert!(self.agent.handle_frame(frame, self.now, |_| {}));
        self.frames += 1;
        self.frames - 1
    }

    fn drawn(&mut self, frame: u32) {
        self.say(Stream::Screen, &ScreenFeedback::Drawn { frame, draw_us: 100 });
    }

    /// A frame of this area that Ada has seen for long enough.
    fn shown(&mut self, area: Area) {
        let frame = self.frame(area);
        self.drawn(frame);
        self.now += SETTLES;
        self.outputs();
    }

    fn press(&mut self, down: bool, x: i32, y: i32) -> Vec<Inject> {
        self.say(Stream::Input, &Input::Button { button: Button::Left, down, x, y });
        self.injected()
    }

    fn click(&mut self, x: i32, y: i32) -> Option<(i32, i32)> {
        let pressed = self.press(true, x, y);
        self.press(false, x, y);
        match pressed.as_slice() {
            [Inject::Pointer { x, y }, Inject::Button { down: true, .. }] => Some((*x, *y)),
            [] => None,
            other => panic!("{other:?}"),
        }
    }

    fn key(&mut self, down: bool) -> Vec<Inject> {
        self.say(Stream::Input, &Input::Key { usage: A, down });
        self.injected()
    }

    fn see(&mut self, share: Share, change: impl FnOnce(&mut DeskSeen)) {
        let area = self.agent.area();
        let monitors =
            Monitors { share, list: Vec::new(), choice: Choice::All, area, hidden: 0, paused: false };
        let mut seen = DeskSeen { monitors, blocked: Vec::new(), keys: true };
        change(&mut seen);
        self.agent.handle_desk(seen);
    }

    fn refused(&mut self) -> u64 {
        self.agent.counters().input_outside
    }
}

#[test]
fn a_place_in_the_picture_is_counted_from_the_corner_of_what_is_shown() {
    let mut world = World::new();
    world.shown(LEFT);
    assert_eq!(world.click(10, 20), Some((10, 20)));
    world.shown(RIGHT);
    assert_eq!(world.click(10, 20), Some((810, 20)));
    assert_eq!(world.click(9999, -5), Some((1439, 0)), "its edge is as far as it goes");
    world.say(Stream::Pointer, &Pointer { x: 1, y: 2 });
    assert_eq!(world.injected(), [Inject::Pointer { x: 801, y: 2 }]);
    world.say(Stream::Input, &Input::Wheel { dx: 0, dy: 120, x: 3, y: 4 });
    assert_eq!(world.injected()[0], Inject::Pointer { x: 803, y: 4 });
}

#[test]
fn a_click_that_was_aimed_at_the_picture_before_strikes_nothing() {
    let mut world = World::new();
    world.shown(LEFT);
    let frame = world.frame(RIGHT);
    assert_eq!(world.click(10, 20), None, "Ada still sees the left monitor");
    world.drawn(frame);
    world.outputs();
    assert_eq!(world.click(10, 20), None, "on its way while the picture changed");
    world.now += SETTLES;
    assert_eq!(world.click(10, 20), Some((810, 20)));
    assert_eq!(world.refused(), 2);
    // Whatever the other monitor is like: nothing to draw means that nothing looks different.
    world.agent.handle_area(LEFT);
    assert_eq!(world.click(10, 20), Some((10, 20)));
}

#[test]
fn keys_and_releases_are_not_lost_while_the_picture_changes() {
    let mut world = World::new();
    world.shown(LEFT);
    assert_eq!(world.press(true, 5, 5).len(), 2);
    world.frame(RIGHT);
    assert_eq!(world.key(true), [Inject::Key { usage: A, down: true }]);
    let released = world.press(false, 6, 6);
    assert_eq!(released.last(), Some(&Inject::Button { button: Button::Left, down: false }));
    assert_eq!(world.key(false), [Inject::Key { usage: A, down: false }]);
}

#[test]
fn a_window_that_is_dragged_does_not_run_away_from_the_hand() {
    let mut world = World::new();
    let at = |x| Area { x, y: 100, width: 300, height: 200 };
    world.see(Share::Window { here: true }, |_| {});
    world.shown(at(100));
    assert_eq!(world.press(true, 50, 10)[0], Inject::Pointer { x: 150, y: 110 });
    world.frame(at(110));
    world.say(Stream::Pointer, &Pointer { x: 60, y: 10 });
    assert_eq!(world.injected(), [Inject::Pointer { x: 160, y: 110 }], "from where it was grasped");
    assert_eq!(world.press(false, 60, 10)[0], Inject::Pointer { x: 160, y: 110 });
    // Moved, it looks the same: its places mean the same at once.
    assert_eq!(world.click(50, 10), Some((160, 110)));
}

#[test]
fn nobody_presses_where_something_is_covered_or_gone() {
    let mut world = World::new();
    world.shown(LEFT);
    let covered = Area { x: 100, y: 100, width: 50, height: 50 };
    world.see(Share::Everything, |seen| seen.blocked = vec![covered]);
    assert_eq!((world.click(120, 120), world.click(99, 120)), (None, Some((99, 120))));
    world.say(Stream::Pointer, &Pointer { x: 120, y: 120 });
    world.say(Stream::Input, &Input::Wheel { dx: 0, dy: 120, x: 120, y: 120 });
    assert_eq!(world.injected(), []);
    for share in [Share::Window { here: false }, Share::Monitor { here: false }] {
        world.see(share, |_| {});
        assert_eq!(world.click(10, 10), None, "{share:?}");
    }
    world.see(Share::Window { here: true }, |seen| seen.keys = false);
    assert_eq!(world.key(true), []);
    world.say(Stream::Input, &Input::Text { text: "secret".into() });
    assert_eq!(world.injected(), [], "the keyboard is another window's");
    assert_eq!(world.click(10, 10), Some((10, 10)), "a click gives it the keyboard back");
}

#[test]
fn control_pauses_while_a_guarded_window_is_in_front_and_what_is_held_is_let_go() {
    let mut world = World::new();
    world.shown(LEFT);
    world.key(true);
    world.press(true, 1, 1);
    world.see(Share::Everything, |seen| seen.monitors.paused = true);
    assert!(world.agent.is_paused_by_window());
    let up = world.injected();
    assert_eq!(up.len(), 2, "{up:?}");
    assert_eq!((world.key(true), world.click(5, 5)), (vec![], None));
    world.see(Share::Everything, |_| {});
    assert_eq!(world.key(true).len(), 1);
    assert_eq!(world.click(5, 5), Some((5, 5)), "it goes on by itself");
}

#[test]
fn monitors_are_told_when_they_change_and_to_whoever_is_let_in() {
    let mut world = World::new();
    world.shown(LEFT);
    let told = |world: &mut World| -> Vec<Monitors> {
        let read = |output| match output {
            Output::Send { stream: Stream::Control, message } => {
                match Control::decode(&message[HEAD_LEN..]).unwrap() {
                    Control::Monitors { monitors } => Some(monitors),
                    _ => None,
                }
            }
            _ => None,
        };
        world.outputs().into_iter().filter_map(read).collect()
    };
    let monitor = Monitor { id: 3, name: "M".into(), area: LEFT, scale: 100, primary: true };
    let list = |seen: &mut DeskSeen| seen.monitors.list = vec![monitor.clone()];
    world.see(Share::Everything, list);
    assert_eq!(told(&mut world)[0].list, std::slice::from_ref(&monitor));
    world.see(Share::Everything, |seen| {
        list(seen);
        seen.blocked = vec![RIGHT];
    });
    assert_eq!(told(&mut world), [], "where nothing new is to be told");
    world.agent.handle_let_in(ADA);
    assert_eq!(told(&mut world).len(), 1);
}

#[test]
fn the_technicians_choice_is_passed_on_while_they_may_see() {
    let mut world = World::new();
    let choice = Choice::One { id: 3 };
    world.say(Stream::Control, &Control::ShowMonitor { choice });
    assert!(world.outputs().contains(&Output::ShowMonitor(choice)));
    world.say(Stream::Control, &Control::ShowMonitor { choice: Choice::Unknown });
    world.agent.handle_customer(FromCustomer::Pause, world.now);
    world.say(Stream::Control, &Control::ShowMonitor { choice });
    let passed = world.outputs().into_iter().any(|output| matches!(output, Output::ShowMonitor(_)));
    assert!(!passed);
}

#[test]
fn where_the_pointer_is_outside_of_what_is_shared_nobody_is_told() {
    let mut world = World::new();
    world.shown(RIGHT);
    let told = |world: &mut World, x, y| {
        world.agent.handle_cursor_at(x, y, world.now);
        let read = |output| match output {
            Output::Send { stream: Stream::Control, message } => Control::decode(&message[HEAD_LEN..]).ok(),
            _ => None,
        };
        world.outputs().into_iter().find_map(read)
    };
    assert_eq!(told(&mut world, 900, 5), Some(Control::CursorAt { x: 100, y: 5 }));
    assert_eq!(told(&mut world, 10, 5), Some(Control::CursorAt { x: OUTSIDE.0, y: OUTSIDE.1 }));
    assert_eq!(told(&mut world, 300, 5), None);
    assert_eq!(told(&mut world, 801, 6), Some(Control::CursorAt { x: 1, y: 6 }));
}

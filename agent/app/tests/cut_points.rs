//! A link that breaks anywhere in a control sequence: the console's end, the agent's end and the agent itself, wired
//! together over a path that a seed cuts. No key stays down, nothing is done twice, and nobody is asked again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_agent::sealing::{Me, SealEvent, Sealing};
use farhand_agent_core::{Agent, AgentConfig, FromCustomer, Inject, Output};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::{Button, Control, Input};
use farhand_protocol::consent::{ConsentConfig, ConsentState};
use farhand_protocol::envelope::{Stream, Writer};
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::session::{Participant, Role, SessionSnapshot, SessionState};
use farhand_protocol::version::{Version, VersionRange};
use farhand_seal::context::{Identity, Offer, View};
use farhand_seal::ends::{self, Console, ConsoleOutput};
use farhand_seal::secret::Secret;

const CONSOLE: ParticipantId = 1;
const AGENT: ParticipantId = 2;
/// Cuts that are tried, each at another message.
const CUTS: u64 = 240;
/// What the technician does, in steps; a multiple of four, so that the last key is let go as well.
const STEPS: usize = 92;

/// Xorshift: the same run for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn random(&mut self) -> [u8; 80] {
        std::array::from_fn(|_| self.below(256) as u8)
    }
}

struct World {
    dice: Dice,
    start: Instant,
    passed: Duration,
    agent: Agent,
    sealing: Sealing,
    console: Console,
    writer: Writer,
    up: bool,
    /// Messages on their way: those of a stream keep their order, and no others.
    to_agent: Vec<VecDeque<Bytes>>,
    to_console: Vec<VecDeque<Bytes>>,
    delivered: u64,
    injected: Vec<Inject>,
    prompts: usize,
}

fn identity() -> Identity {
    Identity { name: "Ada".into(), organisation: "Help".into() }
}

fn snapshot(here: bool) -> SessionSnapshot {
    let person = |id, role, name: &str, organisation: &str, here: bool| Participant {
        id,
        role,
        name: name.into(),
        organisation: organisation.into(),
        connected: here,
        media: here,
        gone: false,
    };
    SessionSnapshot {
        id: "s-1".into(),
        revision: 1,
        state: SessionState::Live,
        participants: vec![
            person(CONSOLE, Role::Technician, "Ada", "Help", here),
            person(AGENT, Role::Agent, "", "", true),
        ],
        code_expires_at: 0,
        created_at: 0,
        back_until: None,
    }
}

impl World {
    /// A session with control, on a path that stands.
    fn controlled(seed: u64) -> Self {
        let secret = Secret::Link([7; 16]);
        let view = View {
            session: "s-1".into(),
            agent: AGENT,
            console: CONSOLE,
            technician: identity(),
            customer: Identity::default(),
            version: Version(1),
        };
        let offer =
            Offer { view: view.clone(), versions: VersionRange::ours(), rights: Rights::ALL, key: [9; 32] };
        let mut console = Console::new(offer, vec![secret.clone()]);
        console.handle_view(view);
        let me = Me { session: "s-1".into(), participant: AGENT, version: Version(1), rights: Rights::ALL };
        let lanes = || Stream::ALL.iter().map(|_| VecDeque::new()).collect();
        let mut world = Self {
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            start: Instant::now(),
            passed: Duration::from_secs(1),
            agent: Agent::new(AgentConfig { participant: AGENT, consent: ConsentConfig::default() }),
            sealing: Sealing::new(me, secret),
            console,
            writer: Writer::new(CONSOLE),
            up: true,
            to_agent: lanes(),
            to_console: lanes(),
            delivered: 0,
            injected: Vec::new(),
            prompts: 0,
        };
        world.sealing.session(&snapshot(true));
        world.agent.handle_session(&snapshot(true), world.now());
        world.agent.handle_link_up(world.now());
        world.agent.handle_area(farhand_protocol::channel::monitors::Area {
            x: 0,
            y: 0,
            width: 800,
            height: 600,
        });
        world.settle();
        let rights = Rights::of(&[Right::Control]);
        world.say(Stream::Control, &Control::Ask { rights });
        world.settle();
        assert_eq!(world.prompts, 1);
        assert!(world.may_control());
        world
    }

    fn now(&self) -> Instant {
        self.start + self.passed
    }

    fn may_control(&self) -> bool {
        matches!(self.agent.consent().state, ConsentState::Granted { rights, .. } if rights.contains(Right::Control))
    }

    /// What the worker does with a message of its own.
    fn say<T: serde::Serialize>(&mut self, stream: Stream, body: &T) {
        let message = self.writer.message(stream, body);
        if let Ok(Some(sealed)) = self.console.say(stream, &message, self.passed) {
            self.send_up(stream, sealed.into());
        }
    }

    fn send_up(&mut self, stream: Stream, message: Bytes) {
        if self.up {
            self.to_agent[stream as usize].push_back(message);
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.console.poll_output() {
            if let ConsoleOutput::Signal { to, signal } = output {
                self.send_up(Stream::Control, ends::carry(CONSOLE, to, &signal).into());
            }
        }
        while let Some((stream, _, sealed)) = self.console.poll_said(self.passed) {
            self.send_up(stream, sealed.into());
        }
        while self.console.poll_message().is_some() {}
        loop {
            if let Some(event) = self.sealing.poll_event() {
                match event {
                    SealEvent::Send(message) if self.up => {
                        self.to_console[Stream::Control as usize].push_back(message);
                    }
                    SealEvent::Send(_) | SealEvent::Refused(_) => {}
                    SealEvent::Sealed(console) => self.agent.handle_met(console, self.now()),
                    SealEvent::WrongSecret | SealEvent::Tampered | SealEvent::Unproven(_) => {
                        panic!("the two ends know each other")
                    }
                }
                continue;
            }
            let Some(output) = self.agent.poll_output() else { return };
            match output {
                Output::Send { stream, message } => {
                    if let Some(sealed) = self.sealing.outgoing(stream, message).filter(|_| self.up) {
                        self.to_console[stream as usize].push_back(sealed);
                    }
                }
                Output::Inject(inject) => self.injected.push(inject),
                Output::Prompt(prompt) => {
                    self.prompts += 1;
                    let action = FromCustomer::Allow { ask: prompt.ask, rights: prompt.rights };
                    self.agent.handle_customer(action, self.now());
                }
                _ => {}
            }
        }
    }

    /// Delivers one message, of either way, if there is one.
    fn deliver(&mut self) -> bool {
        let lanes = Stream::ALL.len();
        let first = self.dice.below(2 * lanes);
        for at in (0..2 * lanes).map(|step| (first + step) % (2 * lanes)) {
            let (stream, up) = (Stream::ALL[at % lanes], at < lanes);
            let lane = if up { &mut self.to_agent } else { &mut self.to_console };
            let Some(message) = lane[at % lanes].pop_front() else { continue };
            self.delivered += 1;
            if up {
                if let Some(clear) = self.sealing.incoming(stream, message) {
                    self.agent.handle_message(stream, &clear, self.now());
                }
            } else if let Some((from, signal)) = ends::carried(CONSOLE, &message) {
                let random = self.dice.random();
                let _ = self.console.handle_signal(from, signal, &random);
            } else {
                let _ = self.console.open(stream, &message);
            }
            self.drain();
            return true;
        }
        false
    }

    fn pass(&mut self, time: Duration) {
        let until = self.passed + time;
        while let Some(due) = self.agent.poll_timeout().filter(|due| *due <= self.start + until) {
            self.passed = self.passed.max(due.saturating_duration_since(self.start));
            self.agent.handle_timeout(self.now());
            self.drain();
        }
        self.passed = until;
        self.drain();
    }

    fn settle(&mut self) {
        loop {
            self.drain();
            if !self.deliver() {
                return;
            }
        }
    }

    /// The way breaks: of what is on it, some more arrives, and the rest never. It stands again after a while.
    fn cut(&mut self, away: Duration) {
        let more = self.dice.below(6);
        for _ in 0..more {
            self.deliver();
        }
        self.up = false;
        self.to_agent.iter_mut().chain(&mut self.to_console).for_each(VecDeque::clear);
        self.agent.handle_link_lost(self.now());
        self.drain();
        let told = self.dice.below(2) == 0;
        if told {
            self.sealing.session(&snapshot(false));
            self.agent.handle_session(&snapshot(false), self.now());
        }
        self.drain();
        self.assert_nothing_is_down("while the way is broken");
        self.pass(away);
        self.up = true;
        if told {
            self.sealing.session(&snapshot(true));
            self.agent.handle_session(&snapshot(true), self.now());
        }
        // Whichever end is back first.
        if self.dice.below(2) == 0 {
            self.agent_is_back();
            self.console_is_back();
        } else {
            self.console_is_back();
            self.agent_is_back();
        }
    }

    fn agent_is_back(&mut self) {
        self.sealing.link_up();
        self.agent.handle_link_up(self.now());
        self.drain();
    }

    fn console_is_back(&mut self) {
        self.console.handle_link_up();
        self.console.handle_renewal(self.passed);
        self.drain();
    }

    /// What is down after all that was injected; each press goes before its release, and none comes twice.
    fn down(&self) -> BTreeSet<String> {
        let mut down = BTreeSet::new();
        for inject in &self.injected {
            let (name, pressed) = match inject {
                Inject::Key { usage, down } => (format!("{usage:?}"), *down),
                Inject::Button { button, down } => (format!("{button:?}"), *down),
                _ => continue,
            };
            if pressed {
                assert!(down.insert(name.clone()), "{name} went down twice");
            } else {
                assert!(down.remove(&name), "{name} was let go twice");
            }
        }
        down
    }

    fn assert_nothing_is_down(&self, when: &str) {
        assert_eq!(self.down(), BTreeSet::new(), "{when}");
    }

    fn typed(&self) -> Vec<usize> {
        let text = |inject: &Inject| match inject {
            Inject::Text(text) => text.parse().ok(),
            _ => None,
        };
        self.injected.iter().filter_map(text).collect()
    }
}

/// One step of what a technician does; every press is let go a little later.
fn act(world: &mut World, step: usize) {
    let usage = Usage(0x04 + (step / 4 % 8) as u16);
    let down = step % 4 < 2;
    match step % 4 {
        0 | 3 => world.say(Stream::Input, &Input::Key { usage, down }),
        1 => world.say(Stream::Input, &Input::Text { text: step.to_string() }),
        _ => {
            world.say(Stream::Input, &Input::Button { button: Button::Left, down: true, x: 5, y: 5 });
            world.say(Stream::Input, &Input::Button { button: Button::Left, down: false, x: 5, y: 5 });
        }
    }
}

#[test]
fn wherever_the_way_breaks_no_key_stays_down_and_nothing_is_done_twice_or_asked_again() {
    // How many messages there are in all, so that the cuts lie everywhere.
    let all = {
        let mut world = World::controlled(1);
        (0..STEPS).for_each(|step| act(&mut world, step));
        world.settle();
        world.delivered
    };
    let mut hit = 0;
    for seed in 1..=CUTS {
        let mut world = World::controlled(seed);
        let begun = world.delivered;
        let at = begun + seed * (all - begun) / (CUTS + 1);
        let (mut step, mut since, mut cuts) = (0, None, 0);
        while step < STEPS || world.deliver() {
            if world.delivered >= at && cuts < 2 {
                // The second one while the two ends still shake hands, or soon after.
                let soon = world.delivered >= at + 1 + seed % 9;
                if cuts == 0 || soon {
                    let away = Duration::from_millis(world.dice.below(119_000) as u64);
                    world.cut(away);
                    cuts += 1;
                    since = Some(step);
                }
            }
            world.pass(Duration::from_millis(1));
            if step < STEPS && world.dice.below(2) == 0 {
                act(&mut world, step);
                step += 1;
            } else {
                world.deliver();
            }
        }
        hit += cuts;
        world.pass(ends::WAIT_FOR_KEYS);
        world.settle();
        world.assert_nothing_is_down(&format!("seed {seed}, at the end"));
        assert_eq!(world.prompts, 1, "seed {seed}: nobody is asked again");
        assert!(world.may_control(), "seed {seed}: {:?}", world.agent.consent().state);
        let typed = world.typed();
        assert!(typed.windows(2).all(|pair| pair[0] < pair[1]), "seed {seed}: once and in order: {typed:?}");
        let wanted = (since.unwrap_or(0)..STEPS).filter(|step| step % 4 == 1);
        let missing: Vec<_> = wanted.filter(|step| !typed.contains(step)).collect();
        assert!(missing.is_empty(), "seed {seed}: typed after the way stood again, and lost: {missing:?}");
        // And the session goes on.
        act(&mut world, STEPS * 4 + 1);
        world.settle();
        assert_eq!(world.typed().last(), Some(&(STEPS * 4 + 1)), "seed {seed}");
    }
    assert!(hit >= 200, "{hit} cuts");
}

#[test]
fn who_is_away_for_too_long_is_not_let_in_again_without_a_question() {
    let mut world = World::controlled(3);
    world.cut(ConsentConfig::default().grace);
    world.settle();
    assert!(!world.may_control());
    act(&mut world, 1);
    world.settle();
    assert_eq!(world.typed(), Vec::<usize>::new());
}

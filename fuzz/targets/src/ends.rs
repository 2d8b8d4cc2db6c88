//! Two whole ends of a sealed session, with whoever relays between them in the fuzzer's hands.

use std::collections::HashSet;

use arbitrary::{Arbitrary, Unstructured};
use farhand_protocol::channel::{Control, Input, Pointer};
use farhand_protocol::envelope::{Stream, Writer};
use farhand_seal::ends::{Agent, AgentOutput, Console, ConsoleOutput, carried, carry};
use farhand_seal::handshake::RANDOM;
use farhand_seal::secret::Secret;

use crate::seal::{AGENT, CONSOLE, offer};

/// Messages on their way at most; a relay that keeps more tells nothing new.
const MAX_UNDER_WAY: usize = 64;

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Step {
    Deliver,
    Again(u8),
    Late(u8),
    Drop(u8),
    Change { which: u8, at: u16, by: u8 },
    Cut { which: u8, at: u16 },
    Longer { which: u8, with: u8 },
    Back(u8),
    MadeUp { to_agent: bool, stream: u8, body: [u8; 24] },
    TechnicianSays(u8),
    AgentSays(u8),
    LinkUp { console: bool },
    Renew,
    Left,
}

/// A message on its way.
#[derive(Clone, Debug)]
struct UnderWay {
    to_agent: bool,
    message: Vec<u8>,
}

struct World {
    agent: Agent,
    console: Console,
    /// Random bytes that never come again.
    drawn: u64,
    under_way: Vec<UnderWay>,
    passed: Vec<UnderWay>,
    /// What was said and came out, each way: `[to the agent, to the console]`.
    said: [Vec<Vec<u8>>; 2],
    heard: [HashSet<Vec<u8>>; 2],
    newest: [[Option<usize>; 4]; 2],
    writers: [Writer; 2],
}

impl World {
    fn new() -> Self {
        let secret = Secret::Link([5; 16]);
        let mut world = Self {
            agent: Agent::new(offer()),
            console: Console::new(offer(), vec![secret.clone()]),
            drawn: 0,
            under_way: Vec::new(),
            passed: Vec::new(),
            said: Default::default(),
            heard: Default::default(),
            newest: Default::default(),
            writers: [Writer::new(CONSOLE), Writer::new(AGENT)],
        };
        world.agent.handle_view(offer().view);
        world.console.handle_view(offer().view);
        let random = world.random();
        world.agent.handle_secret(CONSOLE, secret, &random).expect("the agent may begin");
        world.drain();
        world
    }

    fn random(&mut self) -> [u8; RANDOM] {
        self.drawn += 1;
        let mut state = self.drawn;
        std::array::from_fn(|_| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 33) as u8
        })
    }

    fn drain(&mut self) {
        let mut new = Vec::new();
        while let Some(output) = self.agent.poll_output() {
            if let AgentOutput::Signal { to, signal } = output {
                new.push(UnderWay { to_agent: false, message: carry(AGENT, to, &signal) });
            }
        }
        while let Some(output) = self.console.poll_output() {
            if let ConsoleOutput::Signal { to, signal } = output {
                new.push(UnderWay { to_agent: true, message: carry(CONSOLE, to, &signal) });
            }
        }
        while let Some((stream, message)) = self.console.poll_message() {
            self.came(false, stream, message);
        }
        self.under_way.extend(new);
        self.under_way.truncate(MAX_UNDER_WAY);
    }

    /// Something came out at an end: it was said, once, and what was said before it on its stream does not come later.
    fn came(&mut self, to_agent: bool, stream: Stream, message: Vec<u8>) {
        let way = usize::from(!to_agent);
        let at = self.said[way].iter().position(|said| *said == message);
        let at = at.expect("only what the other end said comes out");
        assert!(self.heard[way].insert(message), "it comes out once");
        let newest = &mut self.newest[way][stream as usize];
        assert!(stream == Stream::Pointer || newest.is_none_or(|newest| newest < at), "in its order");
        *newest = Some(newest.map_or(at, |newest| newest.max(at)));
    }

    fn deliver(&mut self, UnderWay { to_agent, message }: UnderWay) {
        let random = self.random();
        let stream = message.get(1).and_then(|number| Stream::from_byte(*number));
        // The room lets nothing pass whose head it cannot read.
        let Some(stream) = stream else { return };
        if to_agent {
            match carried(AGENT, &message) {
                Some((from, signal)) => {
                    let _ = self.agent.handle_signal(from, signal, &random);
                }
                None => {
                    if let Ok(Some(clear)) = self.agent.open(stream, &message) {
                        self.came(true, stream, clear);
                    }
                }
            }
        } else {
            match carried(CONSOLE, &message) {
                Some((from, signal)) => {
                    let _ = self.console.handle_signal(from, signal, &random);
                }
                None => {
                    if let Ok(Some(clear)) = self.console.open(stream, &message) {
                        self.came(false, stream, clear);
                    }
                }
            }
        }
        self.drain();
    }

    fn say(&mut self, up: bool, what: u8) {
        let way = usize::from(!up);
        let stream = match (up, what % 3) {
            (true, 0) => Stream::Input,
            (true, 1) => Stream::Pointer,
            (true | false, _) => Stream::Control,
        };
        let writer = &mut self.writers[way];
        let clear = match stream {
            Stream::Input => writer.message(stream, &Input::Text { text: what.to_string() }),
            Stream::Pointer => writer.message(stream, &Pointer { x: what.into(), y: 0 }),
            Stream::Control
            | Stream::Screen
            | Stream::Chat
            | Stream::Clipboard
            | Stream::Files
            | Stream::Diagnostics => writer.message(stream, &Control::CursorAt { x: what.into(), y: 0 }),
        };
        let sealed = if up { self.console.seal(stream, &clear) } else { self.agent.seal(stream, &clear) };
        if let Ok(message) = sealed {
            assert_ne!(message, clear);
            self.said[way].push(clear);
            self.under_way.push(UnderWay { to_agent: up, message });
        }
    }

    fn pick(&self, which: u8) -> Option<UnderWay> {
        let all = self.under_way.iter().chain(&self.passed);
        let count = self.under_way.len() + self.passed.len();
        all.cycle().nth(usize::from(which) % count.max(1)).filter(|_| count > 0).cloned()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Deliver if self.under_way.is_empty() => {}
            Step::Deliver => {
                let next = self.under_way.remove(0);
                self.passed.push(next.clone());
                if self.passed.len() > MAX_UNDER_WAY {
                    self.passed.remove(0);
                }
                self.deliver(next);
            }
            Step::Again(which) => self.hand_on(which, |_| {}),
            Step::Late(which) => {
                if !self.under_way.is_empty() {
                    let held = self.under_way.remove(usize::from(which) % self.under_way.len());
                    self.under_way.push(held);
                }
            }
            Step::Drop(which) => {
                if !self.under_way.is_empty() {
                    self.under_way.remove(usize::from(which) % self.under_way.len());
                }
            }
            Step::Change { which, at, by } => self.hand_on(which, |changed| {
                let at = usize::from(at) % changed.message.len();
                changed.message[at] ^= by;
            }),
            Step::Cut { which, at } => self.hand_on(which, |changed| {
                let at = usize::from(at) % changed.message.len();
                changed.message.truncate(at);
            }),
            Step::Longer { which, with } => self.hand_on(which, |changed| changed.message.push(with)),
            Step::Back(which) => self.hand_on(which, |changed| changed.to_agent = !changed.to_agent),
            Step::MadeUp { to_agent, stream, body } => {
                let sender = if to_agent { CONSOLE } else { AGENT };
                let mut message = vec![1, stream % 4, 128, sender];
                message.extend_from_slice(&body);
                self.deliver(UnderWay { to_agent, message });
            }
            Step::TechnicianSays(what) => self.say(true, what),
            Step::AgentSays(what) => self.say(false, what),
            Step::LinkUp { console: true } => self.console.handle_link_up(),
            Step::LinkUp { console: false } => {
                let random = self.random();
                let _ = self.agent.handle_link_up(&random);
            }
            Step::Renew => {
                let random = self.random();
                let _ = self.agent.renew(&random);
            }
            Step::Left => {
                let random = self.random();
                let _ = self.agent.handle_left(CONSOLE, &random);
            }
        }
        self.drain();
    }

    /// Delivers one more of a message, changed or not; the message itself stays where it is.
    fn hand_on(&mut self, which: u8, change: impl Fn(&mut UnderWay)) {
        if let Some(mut changed) = self.pick(which) {
            change(&mut changed);
            self.deliver(changed);
        }
    }
}

/// Any sequence of what a relay can do between two ends: what comes out at an end was said at the other, comes once and
/// in its order.
pub fn ends(data: &[u8]) {
    let mut source = Unstructured::new(data);
    let mut world = World::new();
    while !source.is_empty() {
        let Ok(step) = source.arbitrary() else { return };
        world.step(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An undisturbed session, as the target sees it: so that its promises are not kept by nothing ever coming out.
    #[test]
    fn an_honest_relay_brings_everything() {
        let mut world = World::new();
        for _ in 0..20 {
            world.step(Step::Deliver);
        }
        for what in 0..9 {
            world.step(Step::TechnicianSays(what));
            world.step(Step::AgentSays(what));
            world.step(Step::Renew);
            // An end keeps the keys of the epoch before; what is two epochs late is gone.
            while !world.under_way.is_empty() {
                world.step(Step::Deliver);
            }
        }
        assert_eq!([world.heard[0].len(), world.heard[1].len()], [9, 9]);
    }
}

//! Two ends, and random bytes that are the same in every run.
#![allow(dead_code, reason = "each test file uses its share")]

use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::version::{Version, VersionRange};
use farhand_seal::context::{Identity, Offer, View};
use farhand_seal::handshake::{Established, Handshake, Output, RANDOM};
use farhand_seal::secret::Secret;

pub const AGENT: u8 = 2;
pub const CONSOLE: u8 = 1;

/// Bytes that look random and come again (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn draw<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed >> 32) as u8
        })
    }
}

pub fn view(console: u8) -> View {
    View {
        session: "s-1".into(),
        agent: AGENT,
        console,
        technician: Identity { name: "Ada".into(), organisation: "Example Help".into() },
        customer: Identity::default(),
        version: Version(1),
    }
}

pub fn offer(console: u8, key: u8) -> Offer {
    Offer {
        view: view(console),
        versions: VersionRange { oldest: Version(1), newest: Version(1) },
        rights: Rights::of(&[Right::Control]),
        key: [key; 32],
    }
}

pub fn digits(text: &str) -> Secret {
    Secret::digits(text).unwrap()
}

/// Both ends, and somebody between them.
pub struct Ends {
    pub agent: Handshake,
    pub console: Handshake,
    pub dice: Dice,
    /// What the people at the two ends were told.
    pub at_agent: Vec<Output>,
    pub at_console: Vec<Output>,
}

impl Ends {
    pub fn new(secret: &str) -> Self {
        Self::with(offer(CONSOLE, 10), offer(CONSOLE, 20), secret)
    }

    pub fn with(agent: Offer, console: Offer, secret: &str) -> Self {
        Self {
            agent: Handshake::agent(agent),
            console: Handshake::console(console, vec![digits(secret)]),
            dice: Dice(7),
            at_agent: Vec::new(),
            at_console: Vec::new(),
        }
    }

    pub fn random(&mut self) -> [u8; RANDOM] {
        self.dice.draw()
    }

    /// A person types, and messages go both ways until none is left. `between` may change them, or make them nothing.
    pub fn try_code(&mut self, typed: &str, mut between: impl FnMut(bool, Vec<u8>) -> Option<Vec<u8>>) {
        let random = self.random();
        self.agent.handle_secret(&digits(typed), &random).unwrap();
        loop {
            let mut moved = false;
            while let Some(output) = self.agent.poll_output() {
                moved = true;
                match output {
                    Output::Send(message) => {
                        let random = self.random();
                        if let Some(message) = between(true, message) {
                            let _ = self.console.handle_message(&message, &random);
                        }
                    }
                    told => self.at_agent.push(told),
                }
            }
            while let Some(output) = self.console.poll_output() {
                moved = true;
                match output {
                    Output::Send(message) => {
                        let random = self.random();
                        if let Some(message) = between(false, message) {
                            let _ = self.agent.handle_message(&message, &random);
                        }
                    }
                    told => self.at_console.push(told),
                }
            }
            if !moved {
                return;
            }
        }
    }

    pub fn established(&self) -> (Option<&Established>, Option<&Established>) {
        (self.at_agent.iter().find_map(done), self.at_console.iter().find_map(done))
    }
}

fn done(output: &Output) -> Option<&Established> {
    match output {
        Output::Done(established) => Some(established),
        _ => None,
    }
}

/// The keys of an agent and a console that met.
pub fn pair(console: u8) -> farhand_seal::keys::Pair {
    let mut ends = Ends::with(offer(console, 10), offer(console, 20), "5710");
    ends.dice = Dice(u64::from(console));
    ends.try_code("5710", |_, message| Some(message));
    ends.established().0.unwrap().pair.clone()
}

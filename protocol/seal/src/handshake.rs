//! The hand-shake between a console and the agent, through a service that passes the messages on.
//!
//! The agent, where a person typed the code or opened the link, starts: it is the draft's initiator A. The console,
//! which made the secret, answers. Both confirm twice: once that the *secret* is the same, once that everything else is
//! (both [`Offer`]s). So a wrong code is told from a service that says different things to the two ends.
//!
//! ```text
//! agent → console   Start    run, kind of secret, Ya, ADa
//! console → agent   Answer   run, Yb, ADb, tags of B
//! agent → console   Confirm  run, tags of A
//! either way        Stop     run, why (unauthenticated: it only tells the person what the other end saw)
//! ```
//!
//! Whoever stands between the ends and does not know the secret gets one guess for each try of either end, and every try
//! is counted when it gives something away: at the agent when it says whether an answer fits, at the console with its
//! answer. Nobody but the two ends can count, and neither knows what the other has counted until they know each other. So
//! the three guesses are shared out beforehand: [`AGENT_TRIES`] and [`CONSOLE_TRIES`].

use std::collections::VecDeque;

use curve25519_dalek::scalar::Scalar;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::bytes::{ReadError, Reader, lv_cat, put};
use crate::context::{Difference, MAX_OFFER, Offer};
use crate::cpace::{self, Isk, Share};
use crate::keys::Pair;
use crate::secret::Secret;

/// Wrong tries of a code or link at both ends together; whoever stands between them gets as many guesses at most.
pub const TRIES: u8 = AGENT_TRIES + CONSOLE_TRIES;
/// Wrong tries at the agent. A person who typed wrong is given a new code rather than a second try: with two here and two
/// at the console, four guesses would be given away.
pub const AGENT_TRIES: u8 = 1;
/// Wrong tries at the console.
pub const CONSOLE_TRIES: u8 = 2;
/// The largest hand-shake message, in bytes.
pub const MAX_HANDSHAKE: usize = 2048;
/// Random bytes for one input.
pub const RANDOM: usize = 80;

const RUN: usize = 16;
const TAG: usize = 64;

/// Which end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The customer's machine: it starts with what a person typed or opened.
    Agent,
    /// A technician's console: it made the secret, and answers.
    Console,
}

impl Side {
    const fn tries(self) -> u8 {
        match self {
            Self::Agent => AGENT_TRIES,
            Self::Console => CONSOLE_TRIES,
        }
    }
}

/// Why an end stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stop {
    /// The two ends do not have the same secret: a typing mistake, or somebody's guess.
    WrongSecret,
    /// The secret is the same, and something else is not: somebody between the ends changed it.
    Tampered,
    /// No tries are left of the secret.
    Void,
}

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this to the other end.
    Send(Vec<u8>),
    /// The secret was wrong, or at the console a try that was answered came to nothing. Both ends show it. With the last
    /// one the secret is void.
    WrongSecret {
        /// How many tries are left at this end.
        left: u8,
    },
    /// Somebody between the ends changed something; the session must not go on. Where it is known, what.
    Tampered(Option<Difference>),
    /// Another try was refused: the code or link is void.
    Void,
    /// The other end says that it stopped, without proof: for people.
    OtherStopped(Stop),
    /// The two ends know each other.
    Done(Box<Established>),
}

/// What a finished hand-shake leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Established {
    /// The keys of the two.
    pub pair: Pair,
    /// What the other end said of itself; its view is the same as this end's.
    pub theirs: Offer,
}

/// Why a message of the other end was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// Not a hand-shake message.
    #[error("the hand-shake message cannot be read: {0}")]
    Malformed(#[from] ReadError),
    /// A message that does not fit to where the hand-shake stands, or of an earlier run.
    #[error("the hand-shake message comes out of turn")]
    Turn,
    /// This is the end that answers; it was given its secret when it was made.
    #[error("this end does not start")]
    Side,
}

/// One end's hand-shake.
#[derive(Debug)]
pub struct Handshake {
    side: Side,
    offer: Offer,
    /// The console's, at most one of a kind.
    secrets: Vec<Secret>,
    /// Tries that gave something away and did not succeed (yet).
    tries: u8,
    /// The person was told of the last of them.
    told: bool,
    state: State,
    outputs: VecDeque<Output>,
}

enum State {
    /// Agent: a person must type. Console: the agent must start.
    Waiting,
    /// Agent: the console must answer.
    Started { run: [u8; RUN], scalar: Zeroizing<Scalar>, share: Share, message: Vec<u8>, counts: bool },
    /// Console: the agent must confirm.
    Answered { run: [u8; RUN], keys: Box<Keys>, theirs: Box<Offer>, copies: Box<Copies>, counts: bool },
    /// The ends know each other.
    Done,
    /// Nothing comes of it any more.
    Over,
}

/// What came and what was answered, for a start that comes twice.
struct Copies {
    start: Vec<u8>,
    answer: Vec<u8>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Waiting => "Waiting",
            Self::Started { .. } => "Started",
            Self::Answered { .. } => "Answered",
            Self::Done => "Done",
            Self::Over => "Over",
        })
    }
}

enum Message<'a> {
    Start { kind: u8, share: Share, offer: &'a [u8] },
    Answer { share: Share, offer: &'a [u8], tags: Tags },
    Confirm { tags: Tags },
    Stop(Stop),
}

/// Proofs of the secret alone, and of everything.
#[derive(Clone, Copy)]
struct Tags {
    secret: [u8; TAG],
    whole: [u8; TAG],
}

enum Verdict {
    Fits,
    WrongSecret,
    Tampered,
}

/// Both ends' view of one run of CPace.
struct Keys {
    isk: Isk,
    /// With empty associated data: only secret, channel and shares are in it.
    secret_mac: Isk,
    whole_mac: Isk,
    a: Vec<u8>,
    b: Vec<u8>,
    a_bare: Vec<u8>,
    b_bare: Vec<u8>,
}

impl Keys {
    /// Nothing when the other end's share is not one.
    fn new(
        sid: &[u8],
        scalar: &Scalar,
        theirs: &Share,
        (a, ad_a): (&Share, &[u8]),
        (b, ad_b): (&Share, &[u8]),
    ) -> Option<Self> {
        let point = cpace::shared_point(scalar, theirs)?;
        let isk = cpace::isk(sid, &point, &cpace::transcript(a, ad_a, b, ad_b));
        let bare = cpace::isk(sid, &point, &cpace::transcript(a, b"", b, b""));
        Some(Self {
            secret_mac: cpace::mac_key(sid, &bare),
            whole_mac: cpace::mac_key(sid, &isk),
            isk,
            a: lv_cat(&[a, ad_a]),
            b: lv_cat(&[b, ad_b]),
            a_bare: lv_cat(&[a, b""]),
            b_bare: lv_cat(&[b, b""]),
        })
    }

    fn tags(&self, side: Side) -> Tags {
        let (bare, whole) = self.said(side);
        let tag = |key: &Isk, said: &[u8]| mac(key, said).finalize().into_bytes().into();
        Tags { secret: tag(&self.secret_mac, bare), whole: tag(&self.whole_mac, whole) }
    }

    fn verify(&self, side: Side, tags: &Tags) -> Verdict {
        let (bare, whole) = self.said(side);
        let secret = mac(&self.secret_mac, bare).verify_slice(&tags.secret).is_ok();
        let whole = mac(&self.whole_mac, whole).verify_slice(&tags.whole).is_ok();
        match (secret, whole) {
            (true, true) => Verdict::Fits,
            (true, false) => Verdict::Tampered,
            (false, true | false) => Verdict::WrongSecret,
        }
    }

    fn said(&self, side: Side) -> (&[u8], &[u8]) {
        match side {
            Side::Agent => (&self.a_bare, &self.a),
            Side::Console => (&self.b_bare, &self.b),
        }
    }
}

fn mac(key: &Isk, said: &[u8]) -> Hmac<Sha512> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_slice()).expect("HMAC takes a key of any length");
    mac.update(said);
    mac
}

impl Handshake {
    /// The agent's end. It starts with [`Handshake::handle_secret`].
    #[must_use]
    pub const fn agent(offer: Offer) -> Self {
        Self::new(Side::Agent, offer, Vec::new())
    }

    /// The same with fewer tries: those of an earlier hand-shake of the same code count on.
    #[must_use]
    pub const fn after(mut self, left: u8) -> Self {
        if left < self.side.tries() {
            self.tries = self.side.tries() - left;
        }
        self
    }

    /// The console's end, with the secrets that it made, one of a kind. It answers whoever starts, [`CONSOLE_TRIES`]
    /// times in all.
    #[must_use]
    pub const fn console(offer: Offer, secrets: Vec<Secret>) -> Self {
        Self::new(Side::Console, offer, secrets)
    }

    const fn new(side: Side, offer: Offer, secrets: Vec<Secret>) -> Self {
        Self { side, offer, secrets, tries: 0, told: true, state: State::Waiting, outputs: VecDeque::new() }
    }

    /// Tries that are left at this end.
    #[must_use]
    pub const fn left(&self) -> u8 {
        self.side.tries() - self.tries
    }

    /// Console: whoever started is gone, or another takes its place. A try that was answered and came to nothing is
    /// told; it was counted with the answer.
    pub fn handle_gone(&mut self) {
        if !self.told {
            self.told = true;
            self.outputs.push_back(Output::WrongSecret { left: self.left() });
        }
    }

    /// What happens next. Drain it after each input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Agent: a person typed a code or opened a link. A start tells nobody anything about the secret, so it may be made
    /// again when no answer comes; the answer is the try. `random` must be fresh.
    ///
    /// # Errors
    /// [`HandshakeError::Side`] at a console; [`HandshakeError::Turn`] when the hand-shake is over.
    pub fn handle_secret(&mut self, secret: &Secret, random: &[u8; RANDOM]) -> Result<(), HandshakeError> {
        match (self.side, &self.state) {
            (Side::Console, _) => return Err(HandshakeError::Side),
            (Side::Agent, State::Waiting | State::Started { .. }) => {}
            (Side::Agent, State::Answered { .. } | State::Done | State::Over) => {
                return Err(HandshakeError::Turn);
            }
        }
        if self.left() == 0 {
            self.void();
            return Ok(());
        }
        let (run, scalar) = Self::draw(random);
        let generator = cpace::generator(&secret.prs(), &self.offer.view.channel(), &self.sid(&run));
        let share = cpace::share(&scalar, &generator);
        let mut message = vec![KIND_START];
        message.extend_from_slice(&run);
        message.push(secret.kind());
        message.extend_from_slice(&share);
        put(&mut message, &self.offer.write());
        self.outputs.push_back(Output::Send(message.clone()));
        self.state = State::Started { run, scalar, share, message, counts: counts(secret.kind()) };
        Ok(())
    }

    /// Agent: says its start again, when it waits for an answer; whether it does. The same bytes give nothing more away,
    /// and a console that answered them answers the same.
    pub fn repeat(&mut self) -> bool {
        match &self.state {
            State::Started { message, .. } => {
                self.outputs.push_back(Output::Send(message.clone()));
                true
            }
            State::Waiting | State::Answered { .. } | State::Done | State::Over => false,
        }
    }

    /// The other end said this. `random` must be fresh.
    ///
    /// # Errors
    /// [`HandshakeError`]; nothing changed, and the message counts for nothing.
    pub fn handle_message(&mut self, message: &[u8], random: &[u8; RANDOM]) -> Result<(), HandshakeError> {
        let bytes = message;
        let (run, message) = read(message)?;
        if let State::Answered { copies, .. } = &self.state
            && copies.start == bytes
        {
            let answer = copies.answer.clone();
            self.outputs.push_back(Output::Send(answer));
            return Ok(());
        }
        match (std::mem::replace(&mut self.state, State::Over), message) {
            (State::Waiting | State::Answered { .. }, Message::Start { kind, share, offer })
                if self.side == Side::Console =>
            {
                self.handle_gone();
                self.answer((run, bytes), kind, &share, offer, random);
            }
            (
                State::Started { run: ours, scalar, share, counts, .. },
                Message::Answer { share: theirs, offer, tags },
            ) if run == ours => {
                self.tries += u8::from(counts);
                self.answered((run, counts), (&scalar, &share), (&theirs, offer), &tags);
            }
            (State::Answered { run: ours, keys, theirs, counts, .. }, Message::Confirm { tags })
                if run == ours =>
            {
                match keys.verify(Side::Agent, &tags) {
                    Verdict::Fits => self.done(&keys, *theirs, counts),
                    Verdict::WrongSecret => self.wrong(run),
                    Verdict::Tampered => self.tampered(run, None),
                }
            }
            (State::Started { run: ours, .. } | State::Answered { run: ours, .. }, Message::Stop(why))
                if run == ours =>
            {
                match (why, self.side) {
                    // Nobody proves it. It costs the try that was counted already, and nothing else.
                    (Stop::WrongSecret | Stop::Void, Side::Console) => {
                        self.handle_gone();
                        self.next_try();
                    }
                    (Stop::WrongSecret, Side::Agent) => {
                        self.outputs.push_back(Output::OtherStopped(why));
                        self.next_try();
                    }
                    (Stop::Void, Side::Agent) => {
                        self.outputs.extend([Output::OtherStopped(why), Output::Void]);
                    }
                    (Stop::Tampered, Side::Agent | Side::Console) => {
                        self.told = true;
                        self.outputs.push_back(Output::OtherStopped(why));
                    }
                }
            }
            (
                state,
                Message::Start { .. } | Message::Answer { .. } | Message::Confirm { .. } | Message::Stop(_),
            ) => {
                self.state = state;
                return Err(HandshakeError::Turn);
            }
        }
        Ok(())
    }

    /// Console: the agent started a run.
    fn answer(
        &mut self,
        (run, start): ([u8; RUN], &[u8]),
        kind: u8,
        theirs: &Share,
        offer: &[u8],
        random: &[u8; RANDOM],
    ) {
        if counts(kind) && self.left() == 0 {
            self.send_stop(run, Stop::Void);
            self.void();
            return;
        }
        // A difference that is plain to see is said before anything is given away.
        let read = Offer::read(offer);
        let difference = read.as_ref().map_or(None, |theirs| self.offer.difference(theirs));
        let (Ok(their_offer), None) = (read, difference) else { return self.tampered(run, difference) };
        let Some(secret) = self.secrets.iter().find(|secret| secret.kind() == kind) else {
            // A kind that this console never gave out: nobody learns anything by it, and it counts for nothing.
            self.send_stop(run, Stop::WrongSecret);
            self.state = State::Waiting;
            return;
        };
        let sid = self.sid(&run);
        let (_, scalar) = Self::draw(random);
        let generator = cpace::generator(&secret.prs(), &self.offer.view.channel(), &sid);
        let share = cpace::share(&scalar, &generator);
        let ours = self.offer.write();
        let Some(keys) = Keys::new(&sid, &scalar, theirs, (theirs, offer), (&share, &ours)) else {
            return self.tampered(run, None);
        };
        let counts = counts(kind);
        self.tries += u8::from(counts);
        self.told = !counts;
        let mut message = vec![KIND_ANSWER];
        message.extend_from_slice(&run);
        message.extend_from_slice(&share);
        put(&mut message, &ours);
        keys.tags(Side::Console).write(&mut message);
        self.outputs.push_back(Output::Send(message.clone()));
        let copies = Box::new(Copies { start: start.to_vec(), answer: message });
        let (keys, theirs) = (Box::new(keys), Box::new(their_offer));
        self.state = State::Answered { run, keys, theirs, copies, counts };
    }

    /// Agent: the console answered.
    fn answered(
        &mut self,
        (run, counts): ([u8; RUN], bool),
        (scalar, share): (&Scalar, &Share),
        (theirs, offer): (&Share, &[u8]),
        tags: &Tags,
    ) {
        let sid = self.sid(&run);
        let ours = self.offer.write();
        let Some(keys) = Keys::new(&sid, scalar, theirs, (share, &ours), (theirs, offer)) else {
            return self.tampered(run, None);
        };
        let difference = Offer::read(offer).map(|theirs| (self.offer.difference(&theirs), theirs));
        match (keys.verify(Side::Console, tags), difference) {
            (Verdict::WrongSecret, _) => self.wrong(run),
            (Verdict::Fits, Ok((None, their_offer))) => {
                let mut message = vec![KIND_CONFIRM];
                message.extend_from_slice(&run);
                keys.tags(Side::Agent).write(&mut message);
                self.outputs.push_back(Output::Send(message));
                self.done(&keys, their_offer, counts);
            }
            (Verdict::Fits | Verdict::Tampered, difference) => {
                self.tampered(run, difference.ok().and_then(|(difference, _)| difference));
            }
        }
    }

    fn done(&mut self, keys: &Keys, theirs: Offer, counted: bool) {
        self.tries -= u8::from(counted);
        self.told = true;
        self.state = State::Done;
        let pair = Pair::new(&keys.isk, self.offer.view.agent, self.offer.view.console);
        self.outputs.push_back(Output::Done(Box::new(Established { pair, theirs })));
    }

    fn wrong(&mut self, run: [u8; RUN]) {
        self.send_stop(run, Stop::WrongSecret);
        self.told = true;
        self.outputs.push_back(Output::WrongSecret { left: self.left() });
        self.next_try();
    }

    fn next_try(&mut self) {
        self.state = if self.left() == 0 { State::Over } else { State::Waiting };
    }

    fn void(&mut self) {
        self.state = State::Over;
        self.outputs.push_back(Output::Void);
    }

    fn tampered(&mut self, run: [u8; RUN], difference: Option<Difference>) {
        self.send_stop(run, Stop::Tampered);
        self.told = true;
        self.state = State::Over;
        self.outputs.push_back(Output::Tampered(difference));
    }

    fn send_stop(&mut self, run: [u8; RUN], why: Stop) {
        let mut message = vec![KIND_STOP];
        message.extend_from_slice(&run);
        message.push(match why {
            Stop::WrongSecret => 1,
            Stop::Tampered => 2,
            Stop::Void => 3,
        });
        self.outputs.push_back(Output::Send(message));
    }

    fn draw(random: &[u8; RANDOM]) -> ([u8; RUN], Zeroizing<Scalar>) {
        let (run, wide) = random.split_first_chunk::<RUN>().expect("16 of 80 bytes");
        (*run, cpace::scalar(wide.try_into().expect("64 of 80 bytes")))
    }

    /// The draft's session identifier: unique for each run.
    fn sid(&self, run: &[u8; RUN]) -> Vec<u8> {
        lv_cat(&[self.offer.view.session.as_bytes(), run])
    }
}

/// Whether a secret of this kind can be guessed at all: nobody guesses what a hand-shake left.
const fn counts(kind: u8) -> bool {
    kind != 2
}

const KIND_START: u8 = 1;
const KIND_ANSWER: u8 = 2;
const KIND_CONFIRM: u8 = 3;
const KIND_STOP: u8 = 4;

impl Tags {
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.secret);
        out.extend_from_slice(&self.whole);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        Ok(Self { secret: reader.array()?, whole: reader.array()? })
    }
}

fn read(bytes: &[u8]) -> Result<([u8; RUN], Message<'_>), ReadError> {
    if bytes.len() > MAX_HANDSHAKE {
        return Err(ReadError::Long);
    }
    let mut reader = Reader::new(bytes);
    let kind = reader.byte()?;
    let run = reader.array()?;
    let message = match kind {
        KIND_START => {
            Message::Start { kind: reader.byte()?, share: reader.array()?, offer: reader.string(MAX_OFFER)? }
        }
        KIND_ANSWER => Message::Answer {
            share: reader.array()?,
            offer: reader.string(MAX_OFFER)?,
            tags: Tags::read(&mut reader)?,
        },
        KIND_CONFIRM => Message::Confirm { tags: Tags::read(&mut reader)? },
        KIND_STOP => Message::Stop(match reader.byte()? {
            1 => Stop::WrongSecret,
            2 => Stop::Tampered,
            3 => Stop::Void,
            _ => return Err(ReadError::Malformed),
        }),
        _ => return Err(ReadError::Malformed),
    };
    reader.end()?;
    Ok((run, message))
}

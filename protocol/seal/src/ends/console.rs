//! A console's end.

use std::collections::VecDeque;
use std::time::Duration;

use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::Stream;

use super::before::Before;
use super::waiting::Waiting;
use super::{
    HAND_OVER, HANDSHAKE, NotOpened, NotSealed, Outcome, READY, SignalRefused, Told, at, read_signal, signal,
    told,
};
use crate::Random;
use crate::context::{Offer, View};
use crate::epochs::open_hand_over;
use crate::handshake::{CONSOLE_TRIES, Handshake};
use crate::keys::{Epoch, Pair, StreamKey};
use crate::message::{OpenError, Opened, Opener, Prepared, Sealer};
use crate::secret::Secret;

/// Messages of one stream that wait for their keys, at most; the oldest is given up first.
pub const MAX_HELD: usize = 64;

/// What the console's shell does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this to the agent, through the service.
    Signal {
        /// The agent.
        to: ParticipantId,
        /// The signal.
        signal: Vec<u8>,
    },
    /// Tell the person.
    Told(Told),
    /// There are keys, for the first time or new ones: what is sent from now on reaches the agent.
    Keys(Epoch),
}

/// A message that another cipher deciphers or seals, see [`Console::prepare`] and [`Console::say_elsewhere`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Names the hand-shake whose key it has.
    pub generation: u32,
    /// Names the key.
    pub epoch: Epoch,
    /// What is in front is associated data.
    pub start: usize,
    /// AES-GCM's.
    pub nonce: [u8; 12],
}

struct Keys {
    /// Counts hand-shakes: the same numbers mean other keys after another.
    generation: u32,
    pair: Pair,
    epoch: Epoch,
    sealers: [Sealer; Stream::ALL.len()],
    openers: [Opener; Stream::ALL.len()],
    /// Of the hand-shake before.
    before: Before,
}

/// A console's end.
pub struct Console {
    /// For every hand-shake but its view.
    offer: Offer,
    secrets: Vec<Secret>,
    handshake: Option<Handshake>,
    view: Option<View>,
    /// Tries that are left of the code and the link.
    left: u8,
    /// After the hand-shake, until the first hand-over.
    pair: Option<Pair>,
    keys: Option<Keys>,
    held: [VecDeque<Vec<u8>>; Stream::ALL.len()],
    ready: VecDeque<(Stream, Vec<u8>)>,
    waiting: Waiting,
    outputs: VecDeque<Output>,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let epoch = self.keys.as_ref().map(|keys| keys.epoch);
        f.debug_struct("Console").field("left", &self.left).field("epoch", &epoch).finish_non_exhaustive()
    }
}

impl Console {
    /// An end with the secrets that it made, one of a kind. The offer's view is replaced by
    /// [`Console::handle_view`].
    #[must_use]
    pub fn new(offer: Offer, secrets: Vec<Secret>) -> Self {
        Self {
            offer,
            secrets,
            handshake: None,
            view: None,
            left: CONSOLE_TRIES,
            pair: None,
            keys: None,
            held: Default::default(),
            ready: VecDeque::new(),
            waiting: Waiting::default(),
            outputs: VecDeque::new(),
        }
    }

    /// The same with fewer tries: those of before a reload count on.
    #[must_use]
    pub fn after(mut self, left: u8) -> Self {
        self.left = self.left.min(left);
        self
    }

    /// Tries that are left of the code and the link.
    #[must_use]
    pub fn left(&self) -> u8 {
        self.handshake.as_ref().map_or(self.left, Handshake::left)
    }

    /// The agent is not there any more, as the service says. A try that it left unfinished is told.
    pub fn handle_gone(&mut self) {
        if let Some(handshake) = &mut self.handshake {
            handshake.handle_gone();
            self.drain();
        }
    }

    /// The service says of the session what is in this view. The first one, and each that differs, tells the agent that
    /// this console is ready.
    pub fn handle_view(&mut self, view: View) {
        if self.view.as_ref() == Some(&view) {
            return;
        }
        if let Some(handshake) = &mut self.handshake {
            // However often the service changes the view, tries count on, and each is told.
            handshake.handle_gone();
            self.left = self.left.min(handshake.left());
            self.drain();
        }
        let offer = Offer { view: view.clone(), ..self.offer.clone() };
        self.handshake = Some(Handshake::console(offer, self.secrets.clone()).after(self.left));
        self.outputs.push_back(Output::Signal { to: view.agent, signal: signal(READY, &[]) });
        self.view = Some(view);
    }

    /// The way to the agent stands, for the first time or again: the agent is told that this console is ready, for it may
    /// have been counted as gone.
    pub fn handle_link_up(&mut self) {
        if let Some(view) = &self.view {
            self.outputs.push_back(Output::Signal { to: view.agent, signal: signal(READY, &[]) });
        }
    }

    /// What to keep for the next hand-shake with the same agent, after a reload; nothing before the first.
    #[must_use]
    pub fn resumption(&self) -> Option<Secret> {
        // Of the newest hand-shake, which the agent remembers, whether or not its keys are here yet.
        self.pair.as_ref().or(self.keys.as_ref().map(|keys| &keys.pair)).map(Pair::resumption)
    }

    /// The service passed this on. `random` must be fresh.
    ///
    /// # Errors
    /// [`SignalRefused`]; nothing changed.
    pub fn handle_signal(
        &mut self,
        from: ParticipantId,
        bytes: &[u8],
        random: &Random,
    ) -> Result<(), SignalRefused> {
        let (kind, content) = read_signal(bytes)?;
        let view = self.view.as_ref().filter(|view| view.agent == from).ok_or(SignalRefused::Foreign)?;
        match kind {
            HANDSHAKE => {
                let handshake = self.handshake.as_mut().ok_or(SignalRefused::Foreign)?;
                let taken = handshake.handle_message(content, random);
                if taken == Err(crate::handshake::HandshakeError::Turn)
                    && (self.pair.is_some() || self.keys.is_some())
                {
                    // The agent starts again after a hand-shake that this end finished: it was restarted, or its
                    // confirmation was on its way when a link broke. Only who has the secret gets through.
                    let offer = Offer { view: view.clone(), ..self.offer.clone() };
                    let mut again = Handshake::console(offer, self.secrets.clone()).after(handshake.left());
                    again.handle_message(content, random)?;
                    *handshake = again;
                } else {
                    taken?;
                }
                self.drain();
                Ok(())
            }
            HAND_OVER => self.hand_over(content),
            _ => Err(SignalRefused::Foreign),
        }
    }

    /// What to do next. Drain it after each input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Messages that waited for their keys and are open now. Drain it after each signal.
    pub fn poll_message(&mut self) -> Option<(Stream, Vec<u8>)> {
        self.ready.pop_front()
    }

    /// Seals a message to the agent.
    ///
    /// # Errors
    /// [`NotSealed`]: it must not be sent.
    pub fn seal(&mut self, stream: Stream, message: &[u8]) -> Result<Vec<u8>, NotSealed> {
        let keys = self.keys.as_mut().ok_or(NotSealed::NoKeys)?;
        Ok(keys.sealers[at(stream)].seal(message)?)
    }

    /// Says something to the agent: sealed, or nothing while it waits for the keys of a hand-shake that has begun anew.
    /// What waited comes out of [`Console::poll_said`], in order. `now` is a clock that only goes forward.
    ///
    /// # Errors
    /// [`NotSealed`]: it must not be sent.
    pub fn say(
        &mut self,
        stream: Stream,
        message: &[u8],
        now: Duration,
    ) -> Result<Option<Vec<u8>>, NotSealed> {
        if self.keys.is_some() && self.waiting.holds(stream, now) {
            self.waiting.push(stream, message.to_vec(), now);
            return Ok(None);
        }
        self.seal(stream, message).map(Some)
    }

    /// Like [`Console::say`], for another cipher to seal: what it needs, and the message with room for the tag. It has its
    /// number from now on, and goes in this order. Nothing where the message must go to [`Console::say`].
    ///
    /// # Errors
    /// [`NotSealed`]: it must not be sent.
    pub fn say_elsewhere(
        &mut self,
        stream: Stream,
        message: &[u8],
        now: Duration,
    ) -> Result<Option<(Elsewhere, Vec<u8>)>, NotSealed> {
        let Some(keys) = self.keys.as_mut().filter(|_| !self.waiting.holds(stream, now)) else {
            return Ok(None);
        };
        let sealer = &mut keys.sealers[at(stream)];
        let (Prepared { epoch, counter, start }, bytes) = sealer.prepare(message)?;
        let nonce = sealer.key().nonce(counter);
        Ok(Some((Elsewhere { generation: keys.generation, epoch, start, nonce }, bytes)))
    }

    /// The newest key of what this console says on a stream, for another cipher, with its epoch.
    #[must_use]
    pub fn key_up(&self, stream: Stream) -> Option<(Epoch, &StreamKey)> {
        let sealer = &self.keys.as_ref()?.sealers[at(stream)];
        Some((sealer.epoch(), sealer.key()))
    }

    /// The two ends shake hands anew, from now on: what this console says waits for the new keys.
    pub fn handle_renewal(&mut self, now: Duration) {
        if self.keys.is_some() {
            self.waiting.begin(now);
        }
    }

    /// A message that waited and may go now: its stream, clear and sealed. Drain it after each signal, and at
    /// [`Console::poll_timeout`].
    pub fn poll_said(&mut self, now: Duration) -> Option<(Stream, Vec<u8>, Vec<u8>)> {
        loop {
            let (stream, message) = self.waiting.take(now)?;
            if let Ok(sealed) = self.seal(stream, &message) {
                return Some((stream, message, sealed));
            }
        }
    }

    /// When [`Console::poll_said`] has something that waits for no keys any more.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.waiting.until()
    }

    /// Opens a message of the agent; nothing when it is the second copy of one, or waits for its keys.
    ///
    /// # Errors
    /// [`NotOpened`]: it has no effect.
    pub fn open(&mut self, stream: Stream, message: &[u8]) -> Result<Option<Vec<u8>>, NotOpened> {
        let newest = self.keys.as_ref().map_or(0, |keys| keys.epoch);
        let opened = match &mut self.keys {
            Some(keys) => match keys.openers[at(stream)].open(message) {
                Err(OpenError::Epoch(epoch)) if epoch <= newest => {
                    keys.before.open(stream, message, OpenError::Epoch(epoch))
                }
                opened => {
                    if opened.is_ok() {
                        keys.before.passed(stream);
                    }
                    opened
                }
            },
            // The agent is done first, and may be heard before its keys are here.
            None if self.view.is_some() => Err(OpenError::Epoch(Epoch::MAX)),
            None => return Err(NotOpened::Stranger),
        };
        match opened {
            Ok(Opened::Fresh { message, skipped: _ }) => Ok(Some(message)),
            Ok(Opened::Double) => Ok(None),
            Err(OpenError::Epoch(epoch)) if epoch > newest => {
                let held = &mut self.held[at(stream)];
                if held.len() == MAX_HELD {
                    held.pop_front();
                }
                held.push_back(message.to_vec());
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What another cipher needs to decipher a message of the agent, to be handed to [`Console::finish`] in the order in
    /// which messages came; nothing when the message must go to [`Console::open`].
    ///
    /// # Errors
    /// [`NotOpened`]: it has no effect.
    pub fn prepare(&self, stream: Stream, message: &[u8]) -> Result<Option<Elsewhere>, NotOpened> {
        let Some(keys) = &self.keys else { return Ok(None) };
        let opener = &keys.openers[at(stream)];
        let prepared = match opener.prepare(message) {
            Ok(prepared) => prepared,
            Err(OpenError::Epoch(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(key) = opener.key(prepared.epoch) else { return Ok(None) };
        let nonce = key.nonce(prepared.counter);
        Ok(Some(Elsewhere {
            generation: keys.generation,
            epoch: prepared.epoch,
            start: prepared.start,
            nonce,
        }))
    }

    /// The key of what the agent sends on a stream in an epoch, for another cipher; nothing when it is not here.
    #[must_use]
    pub fn key(&self, stream: Stream, epoch: Epoch) -> Option<&StreamKey> {
        self.keys.as_ref()?.openers[at(stream)].key(epoch)
    }

    /// A message was deciphered elsewhere: its text, or nothing when it was not genuine. Gives what [`Console::open`]
    /// would, and nothing when there was another hand-shake meanwhile.
    ///
    /// # Errors
    /// [`NotOpened`]: it has no effect.
    pub fn finish(
        &mut self,
        stream: Stream,
        generation: u32,
        message: &[u8],
        text: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, NotOpened> {
        let Some(keys) = self.keys.as_mut().filter(|keys| keys.generation == generation) else {
            return Ok(None);
        };
        let opened = keys.openers[at(stream)].finish(message, text)?;
        keys.before.passed(stream);
        match opened {
            Opened::Fresh { message, skipped: _ } => Ok(Some(message)),
            Opened::Double => Ok(None),
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.handshake.as_mut().and_then(Handshake::poll_output) {
            match told(output) {
                Ok(told) => self.outputs.push_back(Output::Told(told)),
                Err(Outcome::Send(message)) => {
                    let to = self.offer_agent();
                    self.outputs.push_back(Output::Signal { to, signal: signal(HANDSHAKE, &message) });
                }
                Err(Outcome::Done(established)) => {
                    let resumption = established.pair.resumption();
                    self.secrets.retain(|secret| !matches!(secret, Secret::Resumed(_)));
                    self.secrets.push(resumption);
                    self.pair = Some(established.pair);
                    self.outputs.push_back(Output::Told(Told::Sealed(Box::new(established.theirs))));
                }
            }
        }
    }

    fn offer_agent(&self) -> ParticipantId {
        self.view.as_ref().map_or(0, |view| view.agent)
    }

    fn hand_over(&mut self, content: &[u8]) -> Result<(), SignalRefused> {
        // New keys first: after another hand-shake the older ones have had their time.
        let newer = match &self.pair {
            Some(pair) => Some((pair.clone(), open_hand_over(pair, 0, content)?)),
            None => None,
        };
        let (secret, epoch) = match (newer, &mut self.keys) {
            (Some((pair, secret)), keys) => {
                let epoch = secret.epoch();
                let generation = keys.as_ref().map_or(0, |keys| keys.generation.wrapping_add(1));
                let mut before = Before::default();
                if let Some(older) = keys.take() {
                    before.put(older.openers);
                }
                *keys = Some(Keys {
                    generation,
                    before,
                    sealers: Stream::ALL.map(|stream| Sealer::up(&pair, epoch, stream)),
                    openers: Stream::ALL.map(|stream| Opener::down(pair.agent(), stream)),
                    pair,
                    epoch,
                });
                self.pair = None;
                (secret, epoch)
            }
            (None, Some(keys)) => {
                let secret = open_hand_over(&keys.pair, keys.epoch, content)?;
                keys.epoch = secret.epoch();
                for (sealer, stream) in keys.sealers.iter_mut().zip(Stream::ALL) {
                    sealer.renew(keys.epoch, keys.pair.up(keys.epoch, stream.into()));
                }
                let epoch = keys.epoch;
                (secret, epoch)
            }
            (None, None) => return Err(SignalRefused::Foreign),
        };
        if let Some(keys) = &mut self.keys {
            for (opener, stream) in keys.openers.iter_mut().zip(Stream::ALL) {
                opener.renew(epoch, secret.down(keys.pair.agent(), stream.into()));
            }
        }
        self.waiting.end();
        self.outputs.push_back(Output::Keys(epoch));
        for stream in Stream::ALL {
            for message in std::mem::take(&mut self.held[at(stream)]) {
                if let Ok(Some(message)) = self.open(stream, &message) {
                    self.ready.push_back((stream, message));
                }
            }
        }
        Ok(())
    }
}

//! The agent's end.

use std::collections::{BTreeMap, VecDeque};

use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::{HEAD_LEN, Stream};

use super::before::Before;
use super::{
    HAND_OVER, HANDSHAKE, NotOpened, NotSealed, Outcome, READY, SignalRefused, Told, at, read_signal, signal,
    told,
};
use crate::Random;
use crate::context::{Offer, View};
use crate::epochs::{self, Epochs, Refused};
use crate::handshake::{AGENT_TRIES, Established, Handshake, HandshakeError};
use crate::keys::{Channel, Pair};
use crate::message::{Opened, Opener, Sealer};
use crate::secret::Secret;

/// What the agent's shell does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this to that console, through the service.
    Signal {
        /// Which console.
        to: ParticipantId,
        /// The signal.
        signal: Vec<u8>,
    },
    /// Tell the person, about that console.
    Told {
        /// Which console.
        console: ParticipantId,
        /// What.
        told: Told,
    },
}

struct Peer {
    handshake: Handshake,
    view: View,
    /// What a person typed or opened, until it was tried.
    next: Option<Secret>,
    resumption: Option<Secret>,
    /// What the newest hand-shake was made by, until something comes under its keys: its confirmation may have been lost
    /// on the way, and then the console comes back by this.
    older: Option<Secret>,
    /// The other of the two was tried since the console was here again.
    tried_both: bool,
    openers: Option<[Opener; Stream::ALL.len()]>,
    /// Of the hand-shake before.
    before: Before,
    place: Place,
}

/// Whether a console gets the session's keys when its hand-shake is done.
enum Place {
    /// It does: it has the session's own code or link.
    Member,
    /// A colleague whom a member introduced. They get no keys before the customer agrees; until then these of the pair
    /// wait.
    Guest(Option<Pair>),
    /// A colleague to whom the customer agreed.
    Admitted,
}

impl Peer {
    fn new(handshake: Handshake, view: View) -> Self {
        Self {
            handshake,
            view,
            next: None,
            resumption: None,
            older: None,
            tried_both: false,
            openers: None,
            before: Before::default(),
            place: Place::Member,
        }
    }
}

/// The agent's end of all its consoles.
pub struct Agent {
    me: ParticipantId,
    /// For every hand-shake but its view.
    offer: Offer,
    peers: BTreeMap<ParticipantId, Peer>,
    epochs: Epochs,
    sealers: Option<[Sealer; Stream::ALL.len()]>,
    outputs: VecDeque<Output>,
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("me", &self.me).field("epochs", &self.epochs).finish_non_exhaustive()
    }
}

impl Agent {
    /// An end that knows nobody. The offer's view is replaced for each console.
    #[must_use]
    pub fn new(offer: Offer) -> Self {
        let me = offer.view.agent;
        Self {
            me,
            offer,
            peers: BTreeMap::new(),
            epochs: Epochs::new(me),
            sealers: None,
            outputs: VecDeque::new(),
        }
    }

    /// The service says of a console what is in this view. What was agreed on under another view stays; the next
    /// hand-shake is under this one.
    pub fn handle_view(&mut self, view: View) {
        let console = view.console;
        let offer = Offer { view: View { agent: self.me, ..view.clone() }, ..self.offer.clone() };
        match self.peers.get_mut(&console) {
            Some(peer) if peer.view == view => {}
            Some(peer) => {
                peer.handshake = Handshake::agent(offer).after(peer.handshake.left());
                peer.view = view;
            }
            None => {
                self.peers.insert(console, Peer::new(Handshake::agent(offer), view));
            }
        }
    }

    /// A person typed a code or opened a link, which is for this console. The hand-shake starts at once, and again
    /// whenever the console says that it is ready; the first answer uses the secret up. `random` must be fresh.
    ///
    /// # Errors
    /// [`SignalRefused`] when the console is not known, or no try is left.
    pub fn handle_secret(
        &mut self,
        console: ParticipantId,
        secret: Secret,
        random: &Random,
    ) -> Result<(), SignalRefused> {
        let peer = self.peers.get_mut(&console).ok_or(SignalRefused::Foreign)?;
        peer.next = Some(secret);
        self.begin(console, random)
    }

    /// A console that is in introduced a colleague, whose console will have this secret. Nobody else's does: they come in
    /// by it alone, and get no keys before [`Agent::admit`].
    ///
    /// # Errors
    /// [`SignalRefused::Foreign`] when the console is not known, or was let in by another secret.
    pub fn introduce(
        &mut self,
        console: ParticipantId,
        secret: Secret,
        random: &Random,
    ) -> Result<(), SignalRefused> {
        let peer = self.peers.get_mut(&console).ok_or(SignalRefused::Foreign)?;
        if peer.resumption.is_some() || peer.next.is_some() {
            return Err(SignalRefused::Foreign);
        }
        peer.place = Place::Guest(None);
        self.handle_secret(console, secret, random)
    }

    /// The customer agreed to a colleague: they get the session's keys, now or when their hand-shake is done. What was
    /// sent before stays closed to them. `random` must be fresh.
    ///
    /// # Errors
    /// [`Refused`]: no more consoles, or the session must end.
    pub fn admit(&mut self, console: ParticipantId, random: &Random) -> Result<(), Refused> {
        let Some(peer) = self.peers.get_mut(&console) else { return Ok(()) };
        let pair = match std::mem::replace(&mut peer.place, Place::Admitted) {
            Place::Guest(pair) => pair,
            Place::Member => {
                peer.place = Place::Member;
                None
            }
            Place::Admitted => None,
        };
        match pair {
            Some(pair) => self.let_in(console, pair, random),
            None => Ok(()),
        }
    }

    /// A colleague is put out, or will not come: they open nothing that is sent from now on, and do not come back by what
    /// their hand-shake left them. `random` must be fresh.
    ///
    /// # Errors
    /// [`Refused::Spent`]: the session must end.
    pub fn put_out(&mut self, console: ParticipantId, random: &Random) -> Result<(), Refused> {
        if let Some(peer) = self.peers.get_mut(&console) {
            *peer = Peer::new(
                Handshake::agent(Offer {
                    view: View { agent: self.me, ..peer.view.clone() },
                    ..self.offer.clone()
                })
                .after(0),
                peer.view.clone(),
            );
            peer.place = Place::Guest(None);
        }
        self.epochs.handle_leave(console, first_32(random))?;
        self.drain_epochs();
        Ok(())
    }

    /// The service passed this on from a console. `random` must be fresh.
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
        let peer = self.peers.get_mut(&from).ok_or(SignalRefused::Foreign)?;
        match kind {
            READY if content.is_empty() => {
                if peer.next.is_some() || peer.resumption.is_some() {
                    self.start(from, random)
                } else {
                    Ok(())
                }
            }
            HANDSHAKE => {
                peer.handshake.handle_message(content, random)?;
                self.drain(from, random)
            }
            _ => Err(SignalRefused::Foreign),
        }
    }

    /// The way to the consoles stands, for the first time or again: a hand-shake whose start may have been lost begins
    /// anew. `random` must be fresh.
    ///
    /// # Errors
    /// [`SignalRefused`] when no try is left.
    pub fn handle_link_up(&mut self, random: &Random) -> Result<(), SignalRefused> {
        // One only, for one number of random bytes: there is one secret that a person typed.
        let waiting = self.peers.iter().find(|(_, peer)| peer.next.is_some()).map(|(console, _)| *console);
        waiting.map_or(Ok(()), |console| self.start(console, random))
    }

    /// A console is here again: it is let in by what its hand-shake left it. One that had none waits. `random` must be
    /// fresh.
    ///
    /// # Errors
    /// [`SignalRefused`] when the console is not known.
    pub fn handle_back(&mut self, console: ParticipantId, random: &Random) -> Result<(), SignalRefused> {
        let peer = self.peers.get(&console).ok_or(SignalRefused::Foreign)?;
        if peer.resumption.is_some() { self.start(console, random) } else { Ok(()) }
    }

    /// A console left, or was put out: it opens nothing that is sent from now on. It may come back by what its
    /// hand-shake left it. `random` must be fresh.
    ///
    /// # Errors
    /// [`Refused::Spent`]: the session must end.
    pub fn handle_left(&mut self, console: ParticipantId, random: &Random) -> Result<(), Refused> {
        if let Some(peer) = self.peers.get_mut(&console) {
            peer.openers = None;
            peer.before.clear();
            if let Place::Guest(pair) = &mut peer.place {
                *pair = None;
            }
        }
        self.epochs.handle_leave(console, first_32(random))?;
        self.drain_epochs();
        Ok(())
    }

    /// What to do next. Drain it after each input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Consoles that were let in.
    pub fn members(&self) -> impl Iterator<Item = ParticipantId> {
        self.epochs.members()
    }

    /// What the last hand-shake with a console left: by it the two know each other again, once. Nothing before that, or for
    /// one that is put out.
    #[must_use]
    pub fn resumption(&self, console: ParticipantId) -> Option<Secret> {
        self.peers.get(&console)?.resumption.clone()
    }

    /// Whether a key has sealed so many messages that [`Agent::renew`] is due.
    #[must_use]
    pub fn renewal_due(&self) -> bool {
        self.sealers.iter().flatten().any(Sealer::renewal_due)
    }

    /// Begins a new epoch. `random` must be fresh.
    ///
    /// # Errors
    /// [`Refused::Spent`]: the session must end.
    pub fn renew(&mut self, random: &Random) -> Result<(), Refused> {
        self.epochs.handle_renewal(first_32(random))?;
        self.drain_epochs();
        Ok(())
    }

    /// Seals a message to all consoles.
    ///
    /// # Errors
    /// [`NotSealed`]: it must not be sent.
    pub fn seal(&mut self, stream: Stream, message: &[u8]) -> Result<Vec<u8>, NotSealed> {
        // Without anybody who could open it there is nothing to say.
        if self.epochs.members().next().is_none() {
            return Err(NotSealed::NoKeys);
        }
        let sealers = self.sealers.as_mut().ok_or(NotSealed::NoKeys)?;
        Ok(sealers[at(stream)].seal(message)?)
    }

    /// Opens a message of a console; nothing when it is the second copy of one.
    ///
    /// # Errors
    /// [`NotOpened`]: it has no effect.
    pub fn open(&mut self, stream: Stream, message: &[u8]) -> Result<Option<Vec<u8>>, NotOpened> {
        let sender = message.get(HEAD_LEN - 5).copied().ok_or(NotOpened::Stranger)?;
        let peer = self.peers.get_mut(&sender).ok_or(NotOpened::Stranger)?;
        let openers = peer.openers.as_mut().ok_or(NotOpened::Stranger)?;
        let opened = match openers[at(stream)].open(message) {
            Ok(opened) => {
                peer.before.passed(stream);
                peer.older = None;
                opened
            }
            Err(why) => peer.before.open(stream, message, why)?,
        };
        match opened {
            Opened::Fresh { message, skipped: _ } => Ok(Some(message)),
            Opened::Double => Ok(None),
        }
    }

    /// Says the start again that waits for its answer, or makes one.
    fn start(&mut self, console: ParticipantId, random: &Random) -> Result<(), SignalRefused> {
        let waits = self.peers.get_mut(&console).is_some_and(|peer| peer.handshake.repeat());
        if waits {
            return self.drain(console, random);
        }
        if let Some(peer) = self.peers.get_mut(&console) {
            peer.tried_both = false;
        }
        self.begin(console, random)
    }

    /// The console does not have what the newest hand-shake left, which it may never have finished: it is asked once for
    /// what that one was made by. Whether there is such a thing.
    fn by_the_older(&mut self, console: ParticipantId) -> bool {
        let Some(peer) = self.peers.get_mut(&console) else { return false };
        if peer.next.is_some() || std::mem::replace(&mut peer.tried_both, true) {
            return false;
        }
        let Some(older) = peer.older.take() else { return false };
        peer.older = peer.resumption.replace(older);
        true
    }

    fn begin(&mut self, console: ParticipantId, random: &Random) -> Result<(), SignalRefused> {
        let Some(peer) = self.peers.get_mut(&console) else { return Err(SignalRefused::Foreign) };
        let Some(secret) = peer.next.clone().or_else(|| peer.resumption.clone()) else { return Ok(()) };
        let begun = match peer.handshake.handle_secret(&secret, random) {
            Err(HandshakeError::Turn) if matches!(secret, Secret::Resumed(_)) => {
                // Done before, or given up: nobody guesses a resumption, so it has tries of its own.
                let offer =
                    Offer { view: View { agent: self.me, ..peer.view.clone() }, ..self.offer.clone() };
                peer.handshake = Handshake::agent(offer).after(AGENT_TRIES);
                peer.handshake.handle_secret(&secret, random)
            }
            begun => begun,
        };
        begun?;
        self.drain(console, random)
    }

    fn drain(&mut self, console: ParticipantId, random: &Random) -> Result<(), SignalRefused> {
        while let Some(output) = self.peers.get_mut(&console).and_then(|peer| peer.handshake.poll_output()) {
            match told(output) {
                // Nobody guesses a resumption, so another try gives nothing away.
                Ok(Told::WrongSecret { .. }) if self.by_the_older(console) => self.begin(console, random)?,
                Ok(told) => {
                    // A person must type again.
                    if let Some(peer) = self.peers.get_mut(&console) {
                        peer.next = None;
                    }
                    self.outputs.push_back(Output::Told { console, told });
                }
                Err(Outcome::Send(message)) => {
                    let signal = signal(HANDSHAKE, &message);
                    self.outputs.push_back(Output::Signal { to: console, signal });
                }
                Err(Outcome::Done(established)) => {
                    let Established { pair, theirs } = *established;
                    let Some(peer) = self.peers.get_mut(&console) else { continue };
                    let by = peer.resumption.replace(pair.resumption());
                    peer.older = by.filter(|_| peer.next.is_none());
                    peer.next = None;
                    let told = Output::Told { console, told: Told::Sealed(Box::new(theirs)) };
                    match &mut peer.place {
                        Place::Guest(waiting) => {
                            *waiting = Some(pair);
                            self.outputs.push_back(told);
                        }
                        Place::Member | Place::Admitted => {
                            self.outputs.push_back(told);
                            self.let_in(console, pair, random)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn let_in(&mut self, console: ParticipantId, pair: Pair, random: &Random) -> Result<(), Refused> {
        self.epochs.handle_join(pair, first_32(random))?;
        if let Some(peer) = self.peers.get_mut(&console) {
            // Another pair of keys, and numbers that start anew. What is on its way has the last ones.
            if let Some(older) = peer.openers.replace(Stream::ALL.map(|stream| Opener::up(console, stream))) {
                peer.before.put(older);
            }
        }
        self.drain_epochs();
        Ok(())
    }

    fn drain_epochs(&mut self) {
        while let Some(output) = self.epochs.poll_output() {
            match output {
                epochs::Output::HandOver { to, message } => {
                    self.outputs.push_back(Output::Signal { to, signal: signal(HAND_OVER, &message) });
                }
                epochs::Output::Began(_) => self.take_up(),
            }
        }
    }

    /// Every stream goes on under the current epoch's keys.
    fn take_up(&mut self) {
        let Some(secret) = self.epochs.current() else { return };
        let me = self.me;
        match &mut self.sealers {
            Some(sealers) => {
                for (sealer, stream) in sealers.iter_mut().zip(Stream::ALL) {
                    sealer.renew(secret.epoch(), secret.down(me, stream.into()));
                }
            }
            None => self.sealers = Some(Stream::ALL.map(|stream| Sealer::down(secret, me, stream))),
        }
        for (console, peer) in &mut self.peers {
            let Some(openers) = &mut peer.openers else { continue };
            for (opener, stream) in openers.iter_mut().zip(Stream::ALL) {
                if let Some((epoch, key)) = self.epochs.up(*console, Channel::from(stream)) {
                    opener.renew(epoch, key);
                }
            }
        }
    }
}

fn first_32(random: &Random) -> [u8; 32] {
    *random.first_chunk::<32>().expect("32 of 80 bytes")
}

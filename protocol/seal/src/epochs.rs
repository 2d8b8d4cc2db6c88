//! The agent's side of epochs: whenever somebody comes or leaves, a new secret, handed to everybody who is there.

use std::collections::{BTreeMap, VecDeque};

use farhand_protocol::ParticipantId;
use farhand_protocol::session::MAX_PARTICIPANTS;
use zeroize::Zeroizing;

use crate::LABEL;
use crate::aead::{Cipher, TAG};
use crate::bytes::lv_cat;
use crate::keys::{Channel, Epoch, EpochSecret, Pair, StreamKey};

/// Bytes of a hand-over: `epoch u16 | sealed secret | tag`.
pub const HAND_OVER: usize = 2 + 32 + TAG;

/// What the agent does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this to that console.
    HandOver {
        /// Which console.
        to: ParticipantId,
        /// For [`open_hand_over`].
        message: Vec<u8>,
    },
    /// From the next message on everything is sealed under the keys of this epoch.
    Began(Epoch),
}

/// Why nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// As many consoles as a session may have.
    #[error("no more consoles can be let in")]
    Full,
    /// The numbers of epochs are used up; the session must end.
    #[error("the session has changed its keys as often as it may")]
    Spent,
    /// The keys are for another agent.
    #[error("the keys are for another agent")]
    Foreign,
}

/// Every console that may open what the agent sends, and the secret that they share.
#[derive(Debug)]
pub struct Epochs {
    agent: ParticipantId,
    members: BTreeMap<ParticipantId, Pair>,
    current: Option<EpochSecret>,
    outputs: VecDeque<Output>,
}

impl Epochs {
    /// Nobody is there.
    #[must_use]
    pub const fn new(agent: ParticipantId) -> Self {
        Self { agent, members: BTreeMap::new(), current: None, outputs: VecDeque::new() }
    }

    /// A console is let in, or comes again with new keys. What was sent before stays closed to it. `random` must be
    /// fresh.
    ///
    /// # Errors
    /// [`Refused`]; nothing changed.
    pub fn handle_join(&mut self, pair: Pair, random: [u8; 32]) -> Result<(), Refused> {
        if pair.agent() != self.agent {
            return Err(Refused::Foreign);
        }
        if self.members.len() >= MAX_PARTICIPANTS && !self.members.contains_key(&pair.console()) {
            return Err(Refused::Full);
        }
        let epoch = self.next_epoch()?;
        self.members.insert(pair.console(), pair);
        self.begin(epoch, random);
        Ok(())
    }

    /// A console left or was put out: it opens nothing that is sent from now on. `random` must be fresh.
    ///
    /// # Errors
    /// [`Refused::Spent`]; nothing changed.
    pub fn handle_leave(&mut self, console: ParticipantId, random: [u8; 32]) -> Result<(), Refused> {
        if !self.members.contains_key(&console) {
            return Ok(());
        }
        let epoch = self.next_epoch()?;
        self.members.remove(&console);
        self.begin(epoch, random);
        Ok(())
    }

    /// A key has sealed many messages, or the agent's numbers start anew. `random` must be fresh.
    ///
    /// # Errors
    /// [`Refused::Spent`]; nothing changed.
    pub fn handle_renewal(&mut self, random: [u8; 32]) -> Result<(), Refused> {
        let epoch = self.next_epoch()?;
        self.begin(epoch, random);
        Ok(())
    }

    /// What to do next. Drain it after each input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The current secret; nothing before the first console came.
    #[must_use]
    pub const fn current(&self) -> Option<&EpochSecret> {
        self.current.as_ref()
    }

    /// The key of what a console sends on a channel in the current epoch; nothing for one that was not let in.
    #[must_use]
    pub fn up(&self, console: ParticipantId, channel: Channel) -> Option<(Epoch, StreamKey)> {
        let epoch = self.current.as_ref()?.epoch();
        self.members.get(&console).map(|pair| (epoch, pair.up(epoch, channel)))
    }

    /// Who was let in.
    pub fn members(&self) -> impl Iterator<Item = ParticipantId> {
        self.members.keys().copied()
    }

    fn next_epoch(&self) -> Result<Epoch, Refused> {
        self.current.as_ref().map_or(0, EpochSecret::epoch).checked_add(1).ok_or(Refused::Spent)
    }

    fn begin(&mut self, epoch: Epoch, random: [u8; 32]) {
        let secret = EpochSecret::new(epoch, random);
        // Every other console learns the new key before the first message under it is written.
        for (to, pair) in &self.members {
            self.outputs.push_back(Output::HandOver { to: *to, message: hand_over(pair, &secret) });
        }
        self.outputs.push_back(Output::Began(epoch));
        self.current = Some(secret);
    }
}

fn head(pair: &Pair, epoch: Epoch) -> Vec<u8> {
    lv_cat(&[LABEL, b"hand over", &[pair.agent()], &[pair.console()], &epoch.to_be_bytes()])
}

/// An epoch goes to a console once under one pair of keys, so its number is the counter.
fn hand_over(pair: &Pair, secret: &EpochSecret) -> Vec<u8> {
    let epoch = secret.epoch();
    let mut text = Zeroizing::new(*secret.secret());
    let tag = Cipher::new(pair.hand_over()).seal(u64::from(epoch), &head(pair, epoch), text.as_mut());
    [&epoch.to_be_bytes()[..], text.as_slice(), &tag].concat()
}

/// Why a hand-over was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandOverError {
    /// Not [`HAND_OVER`] bytes.
    #[error("the new keys are not as long as they must be")]
    Length,
    /// Forged, changed on its way, or for another console.
    #[error("the new keys were changed on their way, or are forged")]
    Broken,
    /// Not newer than what is here.
    #[error("the keys are not newer than those that are here")]
    Old,
}

/// Opens a hand-over at a console. `newest` is the newest epoch that it has, 0 for none.
///
/// # Errors
/// [`HandOverError`].
pub fn open_hand_over(pair: &Pair, newest: Epoch, message: &[u8]) -> Result<EpochSecret, HandOverError> {
    let message: [u8; HAND_OVER] = message.try_into().map_err(|_| HandOverError::Length)?;
    let (epoch, sealed) = message.split_at(2);
    let epoch = Epoch::from_be_bytes([epoch[0], epoch[1]]);
    let mut sealed = Zeroizing::new(sealed.to_vec());
    let text = Cipher::new(pair.hand_over())
        .open(u64::from(epoch), &head(pair, epoch), &mut sealed)
        .map_err(|_| HandOverError::Broken)?;
    let secret = <[u8; 32]>::try_from(&*text).map_err(|_| HandOverError::Broken)?;
    if epoch <= newest {
        return Err(HandOverError::Old);
    }
    Ok(EpochSecret::new(epoch, secret))
}

//! The whole of one end: hand-shakes, epochs and all its streams. [`Agent`] for the customer's machine, [`Console`] for
//! a technician's; both are told of signals and messages, and say what to send.
//!
//! A signal between the ends is `kind u8 | content`: 0 a console is ready and asks the agent to start, 1 a hand-shake
//! message, 2 a hand-over. It travels as a message of the control stream ([`carry`]), which the room relays unread.

mod agent;
mod before;
mod console;
mod waiting;

use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::{HEAD_LEN, Head, Stream, flags};

pub use self::agent::{Agent, Output as AgentOutput};
pub use self::console::{Console, Elsewhere, MAX_HELD, Output as ConsoleOutput};
pub use self::waiting::{MAX_WAITING, STALE_AFTER, WAIT_FOR_KEYS};
use crate::context::{Difference, Offer};
use crate::handshake::{self, Stop};
use crate::message::{EPOCH, OpenError, SealError};

/// The longest signal between the ends, in bytes.
pub const MAX_SIGNAL: usize = handshake::MAX_HANDSHAKE + 1;

const READY: u8 = 0;
const HANDSHAKE: u8 = 1;
const HAND_OVER: u8 = 2;

/// What the person at an end is told. Everything but [`Told::OtherStopped`] is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The two ends know each other; what the other end said of itself.
    Sealed(Box<Offer>),
    /// The code or link was wrong; so many tries are left.
    WrongSecret {
        /// Tries.
        left: u8,
    },
    /// Somebody between the ends changed something; the session must end. Where it is known, what.
    Tampered(Option<Difference>),
    /// The code or link is void.
    Void,
    /// The other end says that it stopped.
    OtherStopped(Stop),
}

/// Why a message is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSealed {
    /// There are no keys yet: nobody could open it.
    #[error("there are no keys yet")]
    NoKeys,
    /// It cannot be sealed.
    #[error(transparent)]
    Refused(#[from] SealError),
}

/// Why a message of the far side has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// Its sender was not let in, or there are no keys yet.
    #[error("the message is from somebody who was not let in")]
    Stranger,
    /// It did not open.
    #[error(transparent)]
    Refused(#[from] OpenError),
}

/// Why a signal of the far side has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignalRefused {
    /// It is empty, too long, of no kind that this end takes, or from nobody that it speaks with.
    #[error("the signal is none that this end takes")]
    Foreign,
    /// The hand-shake does not take it.
    #[error(transparent)]
    Handshake(#[from] handshake::HandshakeError),
    /// The keys in it are not genuine or not new.
    #[error(transparent)]
    HandOver(#[from] crate::epochs::HandOverError),
    /// Nobody more can be let in.
    #[error(transparent)]
    Epochs(#[from] crate::epochs::Refused),
}

fn told(output: handshake::Output) -> Result<Told, Outcome> {
    Ok(match output {
        handshake::Output::Send(message) => return Err(Outcome::Send(message)),
        handshake::Output::Done(established) => return Err(Outcome::Done(established)),
        handshake::Output::WrongSecret { left } => Told::WrongSecret { left },
        handshake::Output::Tampered(difference) => Told::Tampered(difference),
        handshake::Output::Void => Told::Void,
        handshake::Output::OtherStopped(stop) => Told::OtherStopped(stop),
    })
}

enum Outcome {
    Send(Vec<u8>),
    Done(Box<handshake::Established>),
}

fn signal(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind], content].concat()
}

/// Kind and content of a signal.
fn read_signal(signal: &[u8]) -> Result<(u8, &[u8]), SignalRefused> {
    if signal.len() > MAX_SIGNAL {
        return Err(SignalRefused::Foreign);
    }
    signal.split_first().map(|(kind, content)| (*kind, content)).ok_or(SignalRefused::Foreign)
}

const fn at(stream: Stream) -> usize {
    stream as usize
}

/// A signal as a message of the control stream, which the room relays as any other: sealed by its flag, of epoch 0,
/// which has no keys; then the participant that it is for, for what the agent says goes to everybody.
#[must_use]
pub fn carry(from: ParticipantId, to: ParticipantId, signal: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEAD_LEN + EPOCH + 1 + signal.len());
    Head { stream: Stream::Control, flags: flags::SEALED, sender: from, sequence: 0 }.write(&mut message);
    message.extend_from_slice(&[0; EPOCH]);
    message.push(to);
    message.extend_from_slice(signal);
    message
}

/// Whether a message is a signal, for whomever.
#[must_use]
pub fn is_signal(message: &[u8]) -> bool {
    let head = Head::read(message).ok();
    let control = head.is_some_and(|head| head.stream == Stream::Control && head.flags & flags::SEALED != 0);
    control && message.get(HEAD_LEN..HEAD_LEN + EPOCH) == Some(&[0; EPOCH])
}

/// A signal that [`carry`] made a message of: its sender, and its bytes. Nothing when it is another message, or a signal
/// for somebody else.
#[must_use]
pub fn carried(me: ParticipantId, message: &[u8]) -> Option<(ParticipantId, &[u8])> {
    let head = Head::read(message).ok()?;
    let (rest, signal) = message.split_at_checked(HEAD_LEN + EPOCH + 1)?;
    let epoch = &rest[HEAD_LEN..HEAD_LEN + EPOCH];
    let ours = head.stream == Stream::Control && head.flags & flags::SEALED != 0 && *epoch == [0; EPOCH];
    (ours && rest[HEAD_LEN + EPOCH] == me).then_some((head.sender, signal))
}

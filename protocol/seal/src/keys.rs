//! The key schedule. Everything is HKDF-SHA-512; every derivation names the construction, what the key is for, and
//! everything that tells it from another key.
//!
//! Console → agent: keys from the [`Pair`] of the two, so that no console can speak as another. Agent → consoles: keys
//! from the [`EpochSecret`] that the agent hands to each console. Both change with the epoch.

use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::Stream;
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::LABEL;
use crate::bytes::lv_cat;
use crate::cpace::Isk;

/// Number of a generation of keys; it goes up by one whenever somebody comes or leaves, starting at 1.
pub type Epoch = u16;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Direction {
    /// Console → agent.
    Up = 0,
    /// Agent → every console.
    Down = 1,
}

/// What has keys of its own in each direction. Numbers are for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Channel {
    /// [`Stream::Control`].
    Control = 0,
    /// [`Stream::Input`].
    Input = 1,
    /// [`Stream::Screen`].
    Screen = 2,
    /// [`Stream::Pointer`], datagrams.
    Pointer = 3,
    /// [`Stream::Files`].
    Files = 16,
    /// [`Stream::Chat`].
    Chat = 17,
    /// [`Stream::Clipboard`].
    Clipboard = 18,
    /// [`Stream::Diagnostics`].
    Diagnostics = 19,
    /// A camera's track, by SFrame (RFC 9605). Reserved.
    Camera = 64,
    /// A voice's track, by SFrame (RFC 9605). Reserved.
    Voice = 65,
    /// A screen that a browser shares as a track, by SFrame (RFC 9605). Reserved.
    ScreenTrack = 66,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 11] = [
        Self::Control,
        Self::Input,
        Self::Screen,
        Self::Pointer,
        Self::Files,
        Self::Chat,
        Self::Clipboard,
        Self::Diagnostics,
        Self::Camera,
        Self::Voice,
        Self::ScreenTrack,
    ];
}

impl From<Stream> for Channel {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Control => Self::Control,
            Stream::Input => Self::Input,
            Stream::Screen => Self::Screen,
            Stream::Pointer => Self::Pointer,
            Stream::Chat => Self::Chat,
            Stream::Clipboard => Self::Clipboard,
            Stream::Files => Self::Files,
            Stream::Diagnostics => Self::Diagnostics,
        }
    }
}

/// An AES-256 key and what its nonces are combined with. Debug output hides it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct StreamKey {
    /// AES-256 key.
    pub key: [u8; 32],
    /// Combined with the counter.
    pub iv: [u8; 12],
}

impl StreamKey {
    /// The nonce of the message with this counter: the counter in the last eight bytes, exclusive-or `iv`.
    #[must_use]
    pub fn nonce(&self, counter: u64) -> [u8; 12] {
        let mut nonce = self.iv;
        for (place, byte) in nonce[4..].iter_mut().zip(counter.to_be_bytes()) {
            *place ^= byte;
        }
        nonce
    }
}

impl std::fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StreamKey(..)")
    }
}

/// Where keys are derived from.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
struct Root([u8; 64]);

impl Root {
    fn extract(salt: &[u8], secret: &[u8]) -> Self {
        let (root, _) = Hkdf::<Sha512>::extract(Some(salt), secret);
        Self(root.into())
    }

    fn expand<const N: usize>(&self, info: &[&[u8]]) -> Zeroizing<[u8; N]> {
        let mut out = Zeroizing::new([0; N]);
        let info = lv_cat(&[&[LABEL], info].concat());
        Hkdf::<Sha512>::from_prk(&self.0)
            .expect("a root is as long as the hash")
            .expand(&info, out.as_mut())
            .expect("no key is longer than 255 hashes");
        out
    }

    fn stream_key(
        &self,
        epoch: Epoch,
        sender: ParticipantId,
        direction: Direction,
        channel: Channel,
    ) -> StreamKey {
        let info: [&[u8]; 5] =
            [b"message", &epoch.to_be_bytes(), &[sender], &[direction as u8], &[channel as u8]];
        let bytes = self.expand::<44>(&info);
        let (key, iv) = bytes.split_at(32);
        StreamKey { key: key.try_into().expect("32 of 44 bytes"), iv: iv.try_into().expect("12 of 44 bytes") }
    }

    /// The base key of SFrame, RFC 9605 section 4.4.2, for cipher suite 5 (AES_256_GCM_SHA512_128).
    fn frame_key(&self, epoch: Epoch, sender: ParticipantId, channel: Channel) -> Zeroizing<[u8; 32]> {
        self.expand(&[b"sframe", &epoch.to_be_bytes(), &[sender], &[channel as u8]])
    }
}

/// The key id (KID) of a track in SFrame's header: unique for epoch, sender and channel.
#[must_use]
pub fn frame_key_id(epoch: Epoch, sender: ParticipantId, channel: Channel) -> u64 {
    u64::from(epoch) << 16 | u64::from(sender) << 8 | u64::from(channel as u8)
}

/// What a console and the agent have after their hand-shake. Debug output hides it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Pair {
    root: Root,
    #[zeroize(skip)]
    agent: ParticipantId,
    #[zeroize(skip)]
    console: ParticipantId,
}

impl Pair {
    /// From CPace's key. The transcript, with both offers in it, went into that key.
    pub(crate) fn new(isk: &Isk, agent: ParticipantId, console: ParticipantId) -> Self {
        Self { root: Root::extract(LABEL, isk.as_slice()), agent, console }
    }

    /// The agent's number.
    #[must_use]
    pub const fn agent(&self) -> ParticipantId {
        self.agent
    }

    /// The console's number.
    #[must_use]
    pub const fn console(&self) -> ParticipantId {
        self.console
    }

    /// The key of what this console sends to the agent on a channel.
    #[must_use]
    pub fn up(&self, epoch: Epoch, channel: Channel) -> StreamKey {
        self.root.stream_key(epoch, self.console, Direction::Up, channel)
    }

    /// The key under which the agent hands this console an epoch's secret.
    #[must_use]
    pub fn hand_over(&self) -> StreamKey {
        let bytes = self.root.expand::<44>(&[b"hand over", &[self.agent], &[self.console]]);
        let (key, iv) = bytes.split_at(32);
        StreamKey { key: key.try_into().expect("32 of 44 bytes"), iv: iv.try_into().expect("12 of 44 bytes") }
    }

    /// SFrame's base key for a track of this console.
    #[must_use]
    pub fn frame_key(&self, epoch: Epoch, channel: Channel) -> Zeroizing<[u8; 32]> {
        self.root.frame_key(epoch, self.console, channel)
    }

    /// What the two ends do their next hand-shake with, after a reload or a lost connection: no one guesses it.
    #[must_use]
    pub fn resumption(&self) -> crate::secret::Secret {
        crate::secret::Secret::Resumed(*self.root.expand(&[b"resumption"]))
    }
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pair(agent {}, console {}, ..)", self.agent, self.console)
    }
}

/// What every console of one epoch has: it opens what the agent sends. Debug output hides it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct EpochSecret {
    secret: [u8; 32],
    root: Root,
    #[zeroize(skip)]
    epoch: Epoch,
}

impl EpochSecret {
    /// From 32 random bytes.
    #[must_use]
    pub fn new(epoch: Epoch, secret: [u8; 32]) -> Self {
        Self { secret, root: Root::extract(&lv_cat(&[LABEL, b"epoch"]), &secret), epoch }
    }

    /// Its number.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The bytes that are handed over.
    #[cfg(any(feature = "ring", feature = "soft"))]
    pub(crate) const fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The key of what the agent with this number sends on a channel.
    #[must_use]
    pub fn down(&self, agent: ParticipantId, channel: Channel) -> StreamKey {
        self.root.stream_key(self.epoch, agent, Direction::Down, channel)
    }

    /// SFrame's base key for a track of the agent.
    #[must_use]
    pub fn frame_key(&self, agent: ParticipantId, channel: Channel) -> Zeroizing<[u8; 32]> {
        self.root.frame_key(self.epoch, agent, channel)
    }
}

impl std::fmt::Debug for EpochSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EpochSecret({}, ..)", self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn pair(agent: u8, console: u8) -> Pair {
        Pair::new(&Zeroizing::new([9; 64]), agent, console)
    }

    #[test]
    fn no_two_keys_are_the_same() {
        let mut seen = HashSet::new();
        let mut count = 0;
        let mut take = |key: StreamKey| {
            count += 1;
            seen.insert(key.key);
        };
        for epoch in [1, 2, 256] {
            let secret = EpochSecret::new(epoch, [3; 32]);
            for channel in Channel::ALL {
                for participant in [1, 2, 3] {
                    take(secret.down(participant, channel));
                }
                take(pair(2, 1).up(epoch, channel));
                take(pair(2, 3).up(epoch, channel));
            }
        }
        take(pair(2, 1).hand_over());
        take(pair(2, 3).hand_over());
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn a_counter_has_its_own_nonce() {
        let key = StreamKey { key: [0; 32], iv: [0xa5; 12] };
        let nonces: HashSet<_> = [0, 1, 255, 256, u64::MAX].map(|counter| key.nonce(counter)).into();
        assert_eq!(nonces.len(), 5);
        assert_eq!(key.nonce(0), [0xa5; 12]);
        assert_eq!(key.nonce(1)[11], 0xa4);
    }

    #[test]
    fn track_keys_are_apart_from_message_keys_and_have_their_own_ids() {
        let secret = EpochSecret::new(1, [3; 32]);
        assert_ne!(secret.frame_key(2, Channel::Camera).as_slice(), secret.down(2, Channel::Camera).key);
        assert_ne!(frame_key_id(1, 2, Channel::Camera), frame_key_id(1, 2, Channel::Voice));
        assert_ne!(frame_key_id(1, 2, Channel::Camera), frame_key_id(2, 2, Channel::Camera));
    }

    #[test]
    fn keys_do_not_show_in_logs() {
        let shown =
            format!("{:?} {:?} {:?}", pair(2, 1), EpochSecret::new(1, [77; 32]), pair(2, 1).hand_over());
        assert_eq!(shown, "Pair(agent 2, console 1, ..) EpochSecret(1, ..) StreamKey(..)");
    }
}

//! What an end still opens of a hand-shake that another has followed: messages that were on their way meanwhile.

use farhand_protocol::envelope::Stream;

use super::at;
use crate::message::{OpenError, Opened, Opener};

/// The openers of the hand-shake before, stream by stream, until the first message under the newer keys.
#[derive(Debug, Default)]
pub(super) struct Before([Option<Opener>; Stream::ALL.len()]);

impl Before {
    /// Another hand-shake took the place of one with these openers.
    pub(super) fn put(&mut self, openers: [Opener; Stream::ALL.len()]) {
        self.0 = openers.map(Some);
    }

    /// Whoever it was of has no part any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A message came under the newer keys: what is older comes too late.
    pub(super) fn passed(&mut self, stream: Stream) {
        self.0[at(stream)] = None;
    }

    /// Opens a message that the newer keys do not open; `why` is what they say of it.
    pub(super) fn open(
        &mut self,
        stream: Stream,
        message: &[u8],
        why: OpenError,
    ) -> Result<Opened, OpenError> {
        match (why, &mut self.0[at(stream)]) {
            (OpenError::Epoch(_), Some(opener)) => opener.open(message),
            (why, _) => Err(why),
        }
    }
}

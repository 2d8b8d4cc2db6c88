//! What a console says while the two ends shake hands anew. Whether the agent still has the keys of before, nobody here
//! knows: so the newest messages wait for the new ones, for a moment.

use std::collections::VecDeque;
use std::time::Duration;

use farhand_protocol::envelope::Stream;

/// Messages that wait, at most; the oldest is given up first. A release comes after its press, so none is lost whose
/// press is not; and whatever a console holds down is let go when its new hand-shake is done.
pub const MAX_WAITING: usize = 256;
/// A message that waited for longer is not sent any more: what it was meant for may have changed meanwhile.
pub const STALE_AFTER: Duration = Duration::from_secs(2);
/// After so long nobody shakes hands: the keys of before are good, or the agent is away.
pub const WAIT_FOR_KEYS: Duration = Duration::from_millis(1500);

#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Since when the two ends shake hands anew; nothing while they do not.
    since: Option<Duration>,
    messages: VecDeque<(Duration, Stream, Vec<u8>)>,
}

impl Waiting {
    /// The ends shake hands anew.
    pub(super) fn begin(&mut self, now: Duration) {
        self.since = Some(now);
    }

    /// There are new keys.
    pub(super) fn end(&mut self) {
        self.since = None;
    }

    /// Whether a message of this stream waits now. Pointers and acknowledgements are worth nothing later.
    pub(super) fn holds(&mut self, stream: Stream, now: Duration) -> bool {
        if self.since.is_some_and(|since| now.saturating_sub(since) >= WAIT_FOR_KEYS) {
            self.since = None;
        }
        let waits = match stream {
            Stream::Control
            | Stream::Input
            | Stream::Chat
            | Stream::Clipboard
            | Stream::Files
            | Stream::Diagnostics => true,
            Stream::Screen | Stream::Pointer => false,
        };
        // What is newer does not pass what waits still.
        waits && (self.since.is_some() || !self.messages.is_empty())
    }

    pub(super) fn push(&mut self, stream: Stream, message: Vec<u8>, now: Duration) {
        if self.messages.len() == MAX_WAITING {
            self.messages.pop_front();
        }
        self.messages.push_back((now, stream, message));
    }

    /// The next message that may go; those that waited for too long are left out.
    pub(super) fn take(&mut self, now: Duration) -> Option<(Stream, Vec<u8>)> {
        if self.since.is_some_and(|since| now.saturating_sub(since) < WAIT_FOR_KEYS) {
            return None;
        }
        self.since = None;
        loop {
            let (at, stream, message) = self.messages.pop_front()?;
            if now.saturating_sub(at) < STALE_AFTER || bulk(stream) {
                return Some((stream, message));
            }
        }
    }

    /// Until when messages wait at most; what waits for nothing any more is due at once.
    pub(super) fn until(&self) -> Option<Duration> {
        if self.messages.is_empty() {
            return None;
        }
        Some(self.since.map_or(Duration::ZERO, |since| since + WAIT_FOR_KEYS))
    }
}

/// What is as good later as now: nobody presses anything by it.
const fn bulk(stream: Stream) -> bool {
    match stream {
        Stream::Chat | Stream::Clipboard | Stream::Files | Stream::Diagnostics => true,
        Stream::Control | Stream::Input | Stream::Screen | Stream::Pointer => false,
    }
}

//! Who may say what, in which order and how often.

use std::collections::BTreeMap;
use std::time::Instant;

use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::{Head, Stream, flags};

/// Why a message was refused before it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SenderRefused {
    /// It names nobody, this agent, or another stream than it came on; or claims to be sealed.
    #[error("the message's head does not fit where it came from")]
    Head,
    /// It came twice or after a newer one.
    #[error("the message came twice or too late")]
    OutOfOrder,
    /// Its sender says more than a person can.
    #[error("the sender is over its limit")]
    OverLimit,
}

/// What an accepted head tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The sender has not spoken before, or starts again from the beginning (a page loaded anew).
    pub new: bool,
    /// Messages missing before this one on its stream.
    pub missing: u32,
}

/// Messages a second, and at once, that one participant may send on each stream.
const fn limits(stream: Stream) -> (f64, f64) {
    match stream {
        Stream::Control => (50.0, 100.0),
        Stream::Input => (1000.0, 2000.0),
        Stream::Screen => (1000.0, 1000.0),
        Stream::Pointer => (2000.0, 2000.0),
        Stream::Chat => (100.0, 200.0),
        Stream::Clipboard | Stream::Diagnostics => (2000.0, 2000.0),
        Stream::Files => (20_000.0, 20_000.0),
    }
}

#[derive(Clone, Copy, Debug)]
struct Lane {
    next: Option<u32>,
    tokens: f64,
    filled: Instant,
}

/// The sequences and limits of everybody who speaks to this agent.
#[derive(Debug)]
pub struct Senders {
    me: ParticipantId,
    lanes: BTreeMap<ParticipantId, [Lane; Stream::ALL.len()]>,
    sequences: [u32; Stream::ALL.len()],
}

impl Senders {
    /// For the agent that is participant `me`.
    #[must_use]
    pub fn new(me: ParticipantId) -> Self {
        Self { me, lanes: BTreeMap::new(), sequences: [0; Stream::ALL.len()] }
    }

    /// Checks a message's head.
    ///
    /// On an ordered stream a sequence comes after the one before. 0 starts again: a page that was loaded anew counts
    /// from the beginning, as the same participant.
    ///
    /// # Errors
    /// [`SenderRefused`].
    pub fn check(&mut self, stream: Stream, head: Head, now: Instant) -> Result<Accepted, SenderRefused> {
        let foreign = head.sender == 0 || head.sender == self.me || head.stream != stream;
        if foreign || head.flags & flags::SEALED != 0 {
            return Err(SenderRefused::Head);
        }
        let known = self.lanes.contains_key(&head.sender);
        let lanes = self.lanes.entry(head.sender).or_insert_with(|| {
            Stream::ALL.map(|stream| Lane { next: None, tokens: limits(stream).1, filled: now })
        });
        let lane = &mut lanes[stream as usize];
        let (rate, burst) = limits(stream);
        let passed = now.saturating_duration_since(lane.filled).as_secs_f64();
        lane.tokens = (lane.tokens + passed * rate).min(burst);
        lane.filled = lane.filled.max(now);
        if lane.tokens < 1.0 {
            return Err(SenderRefused::OverLimit);
        }
        lane.tokens -= 1.0;

        let ahead = lane.next.map_or(0, |next| head.sequence.wrapping_sub(next));
        let behind = ahead > u32::MAX / 2;
        let again = behind && head.sequence == 0 && stream != Stream::Pointer;
        if behind && !again {
            return Err(SenderRefused::OutOfOrder);
        }
        lane.next = Some(head.sequence.wrapping_add(1));
        if again {
            // Only the newest pointer counts, and after a new start the old count says nothing about which that is.
            lanes[Stream::Pointer as usize].next = None;
        }
        let missing = if again || stream == Stream::Pointer { 0 } else { ahead };
        Ok(Accepted { new: !known || again, missing })
    }

    /// The participant may count from anywhere again: it has shown anew who it is, as a page that was loaded again.
    pub fn restart(&mut self, sender: ParticipantId) {
        for lane in self.lanes.get_mut(&sender).into_iter().flatten() {
            lane.next = None;
        }
    }

    /// The head of this agent's next message on a stream.
    pub fn next_head(&mut self, stream: Stream) -> Head {
        let sequence = self.sequence_mut(stream);
        let next = *sequence;
        *sequence = next.wrapping_add(1);
        Head { stream, flags: 0, sender: self.me, sequence: next }
    }

    /// The number of this agent's next message on a stream, for a cutter that takes several.
    pub fn sequence_mut(&mut self, stream: Stream) -> &mut u32 {
        &mut self.sequences[stream as usize]
    }

    /// The agent's own participant number.
    #[must_use]
    pub fn me(&self) -> ParticipantId {
        self.me
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn head(stream: Stream, sender: ParticipantId, sequence: u32) -> Head {
        Head { stream, flags: 0, sender, sequence }
    }

    #[test]
    fn replays_and_late_messages_are_refused() {
        let now = Instant::now();
        let mut senders = Senders::new(9);
        for sequence in 0..5 {
            let accepted = senders.check(Stream::Input, head(Stream::Input, 1, sequence), now).unwrap();
            assert_eq!(accepted, Accepted { new: sequence == 0, missing: 0 });
        }
        for sequence in 1..5 {
            let refused = senders.check(Stream::Input, head(Stream::Input, 1, sequence), now);
            assert_eq!(refused, Err(SenderRefused::OutOfOrder), "{sequence}");
        }
        let accepted = senders.check(Stream::Input, head(Stream::Input, 1, 8), now).unwrap();
        assert_eq!(accepted.missing, 3);
    }

    #[test]
    fn a_page_loaded_anew_starts_from_the_beginning() {
        let now = Instant::now();
        let mut senders = Senders::new(9);
        senders.check(Stream::Pointer, head(Stream::Pointer, 1, 700), now).unwrap();
        senders.check(Stream::Control, head(Stream::Control, 1, 0), now).unwrap();
        senders.check(Stream::Control, head(Stream::Control, 1, 1), now).unwrap();
        let stale = senders.check(Stream::Pointer, head(Stream::Pointer, 1, 3), now);
        assert_eq!(stale, Err(SenderRefused::OutOfOrder));
        assert!(senders.check(Stream::Control, head(Stream::Control, 1, 0), now).unwrap().new);
        assert!(senders.check(Stream::Pointer, head(Stream::Pointer, 1, 3), now).is_ok());
    }

    #[test]
    fn whoever_has_shown_anew_who_they_are_may_count_from_anywhere() {
        let now = Instant::now();
        let mut senders = Senders::new(9);
        senders.check(Stream::Control, head(Stream::Control, 1, 700), now).unwrap();
        senders.check(Stream::Control, head(Stream::Control, 2, 700), now).unwrap();
        senders.restart(1);
        let accepted = senders.check(Stream::Control, head(Stream::Control, 1, 4), now).unwrap();
        assert_eq!(accepted.missing, 0, "what it said before nobody could open");
        let other = senders.check(Stream::Control, head(Stream::Control, 2, 4), now);
        assert_eq!(other, Err(SenderRefused::OutOfOrder), "nobody else may");
    }

    #[test]
    fn heads_that_do_not_fit_are_refused() {
        let now = Instant::now();
        let mut senders = Senders::new(9);
        let sealed = Head { flags: flags::SEALED, ..head(Stream::Control, 1, 0) };
        for (stream, head) in [
            (Stream::Control, head(Stream::Control, 0, 0)),
            (Stream::Control, head(Stream::Control, 9, 0)),
            (Stream::Control, head(Stream::Input, 1, 0)),
            (Stream::Control, sealed),
        ] {
            assert_eq!(senders.check(stream, head, now), Err(SenderRefused::Head), "{head:?}");
        }
    }

    #[test]
    fn only_newer_pointers_count_and_numbers_wrap() {
        let now = Instant::now();
        let mut senders = Senders::new(9);
        for (sequence, good) in
            [(u32::MAX - 1, true), (u32::MAX, true), (u32::MAX, false), (1, true), (0, false)]
        {
            let result = senders.check(Stream::Pointer, head(Stream::Pointer, 1, sequence), now);
            assert_eq!(result.is_ok(), good, "{sequence}");
        }
    }

    #[test]
    fn a_flood_is_limited_and_time_lifts_the_limit() {
        let now = Instant::now();
        let mut senders = Senders::new(9);
        let mut accepted = 0;
        for sequence in 0..10_000 {
            match senders.check(Stream::Control, head(Stream::Control, 1, sequence), now) {
                Ok(_) => accepted += 1,
                Err(refused) => assert_eq!(refused, SenderRefused::OverLimit),
            }
        }
        assert_eq!(accepted, 100);
        let later = now + Duration::from_secs(1);
        assert!(senders.check(Stream::Control, head(Stream::Control, 1, 10_000), later).is_ok());
        assert!(senders.check(Stream::Control, head(Stream::Control, 2, 0), now).is_ok(), "others go on");
    }

    #[test]
    fn own_sequences_count_up_per_stream() {
        let mut senders = Senders::new(9);
        assert_eq!(senders.next_head(Stream::Control).sequence, 0);
        *senders.sequence_mut(Stream::Screen) += 5;
        assert_eq!(senders.next_head(Stream::Screen).sequence, 5);
        assert_eq!(senders.next_head(Stream::Control).sequence, 1);
        assert_eq!(senders.me(), 9);
    }
}

//! What waits for one participant: urgent messages in order, the newest pointer position of each sender, and for a
//! viewer the screen, which is cut to its next reset when it grows stale.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::{Reach, Stream, flags};

use crate::room::{Limits, Stats};

/// A message that waits.
#[derive(Debug)]
struct Waiting {
    message: Bytes,
    at: Instant,
    reset: bool,
}

/// Where a viewer stands in the screen stream.
#[derive(Debug)]
enum Screen {
    /// Waits for the first piece of a frame that needs no earlier one.
    ///
    /// After a cut, `probe` is the newest message that was dropped. It goes out when the viewer has drained the rest,
    /// so that the viewer sees the gap and asks for a reset even when the screen stands still from then on.
    Cut { probe: Option<Bytes>, probed_at: Option<Instant>, may_probe: bool },
    /// Every message goes to the viewer.
    Flowing,
}

/// Why a message could not be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

#[derive(Debug)]
pub(crate) struct Outbox {
    control: VecDeque<(ParticipantId, Bytes)>,
    input: VecDeque<(ParticipantId, Bytes)>,
    feedback: VecDeque<(ParticipantId, Bytes)>,
    chat: VecDeque<(ParticipantId, Bytes)>,
    clipboard: VecDeque<(ParticipantId, Bytes)>,
    diagnostics: VecDeque<(ParticipantId, Bytes)>,
    /// Bytes that wait in those above, by sender.
    urgent_bytes: BTreeMap<ParticipantId, usize>,
    files: VecDeque<(ParticipantId, Bytes)>,
    /// Bytes of files that wait, by sender.
    file_bytes: BTreeMap<ParticipantId, usize>,
    pointers: BTreeMap<ParticipantId, Bytes>,
    screen: VecDeque<Waiting>,
    screen_bytes: usize,
    state: Screen,
    /// When the last piece of a reset left. What waited behind it is not to blame for its age.
    reset_left_at: Option<Instant>,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            control: VecDeque::new(),
            input: VecDeque::new(),
            feedback: VecDeque::new(),
            chat: VecDeque::new(),
            clipboard: VecDeque::new(),
            diagnostics: VecDeque::new(),
            urgent_bytes: BTreeMap::new(),
            files: VecDeque::new(),
            file_bytes: BTreeMap::new(),
            pointers: BTreeMap::new(),
            screen: VecDeque::new(),
            screen_bytes: 0,
            state: Screen::Cut { probe: None, probed_at: None, may_probe: false },
            reset_left_at: None,
        }
    }

    /// Queues a message that must arrive.
    pub(crate) fn push_urgent(
        &mut self,
        sender: ParticipantId,
        stream: Stream,
        message: Bytes,
        limits: &Limits,
    ) -> Result<(), Overflow> {
        let (lane, bytes, most) = match stream {
            Stream::Control => (&mut self.control, &mut self.urgent_bytes, limits.urgent_bytes),
            Stream::Input => (&mut self.input, &mut self.urgent_bytes, limits.urgent_bytes),
            Stream::Screen | Stream::Pointer => {
                (&mut self.feedback, &mut self.urgent_bytes, limits.urgent_bytes)
            }
            Stream::Chat => (&mut self.chat, &mut self.urgent_bytes, limits.urgent_bytes),
            Stream::Clipboard => (&mut self.clipboard, &mut self.urgent_bytes, limits.urgent_bytes),
            Stream::Diagnostics => (&mut self.diagnostics, &mut self.urgent_bytes, limits.urgent_bytes),
            Stream::Files => (&mut self.files, &mut self.file_bytes, limits.file_bytes),
        };
        let waiting = bytes.entry(sender).or_default();
        if *waiting + message.len() > most {
            return Err(Overflow);
        }
        *waiting += message.len();
        lane.push_back((sender, message));
        Ok(())
    }

    /// Queues a pointer position in place of the sender's older one.
    pub(crate) fn push_pointer(&mut self, sender: ParticipantId, message: Bytes) {
        self.pointers.insert(sender, message);
    }

    /// Queues a screen message, or drops it when the viewer waits for a reset or falls too far behind with it.
    pub(crate) fn push_screen(
        &mut self,
        frame_flags: u8,
        message: Bytes,
        now: Instant,
        limits: &Limits,
        stats: &mut Stats,
    ) {
        let reset = frame_flags & flags::RESET != 0;
        if reset && frame_flags & flags::FIRST != 0 {
            // A whole picture begins: what waits before it would only delay it.
            stats.dropped += self.screen.len() as u64;
            self.screen.clear();
            self.screen_bytes = 0;
            self.reset_left_at = None;
            self.state = Screen::Flowing;
        }
        match &mut self.state {
            Screen::Cut { probe, may_probe, .. } => {
                stats.dropped += 1;
                if *may_probe {
                    *probe = Some(message);
                }
            }
            Screen::Flowing => {
                self.screen_bytes += message.len();
                self.screen.push_back(Waiting { message, at: now, reset });
                if self.is_over(now, limits) {
                    self.cut(stats);
                }
            }
        }
    }

    /// The next message to write, most urgent first, as far as `reach` goes.
    pub(crate) fn take(
        &mut self,
        reach: Reach,
        now: Instant,
        limits: &Limits,
        stats: &mut Stats,
    ) -> Option<(Stream, Bytes)> {
        for (stream, lane) in [
            (Stream::Control, &mut self.control),
            (Stream::Input, &mut self.input),
            (Stream::Screen, &mut self.feedback),
            (Stream::Chat, &mut self.chat),
            (Stream::Clipboard, &mut self.clipboard),
            (Stream::Diagnostics, &mut self.diagnostics),
        ] {
            if let Some(message) = pop(lane, &mut self.urgent_bytes) {
                return Some((stream, message));
            }
        }
        if let Some((_, message)) = self.pointers.pop_first() {
            return Some((Stream::Pointer, message));
        }
        if reach < Reach::Screen {
            return None;
        }
        if let Some(message) = self.take_screen(now, limits, stats) {
            return Some((Stream::Screen, message));
        }
        if reach < Reach::Files {
            return None;
        }
        Some((Stream::Files, pop(&mut self.files, &mut self.file_bytes)?))
    }

    fn take_screen(&mut self, now: Instant, limits: &Limits, stats: &mut Stats) -> Option<Bytes> {
        if self.is_over(now, limits) {
            self.cut(stats);
        }
        match self.screen.pop_front() {
            Some(waiting) => {
                self.screen_bytes -= waiting.message.len();
                if waiting.reset {
                    self.reset_left_at = Some(now);
                }
                Some(waiting.message)
            }
            None => self.take_probe(now, limits),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.control.is_empty()
            && self.input.is_empty()
            && self.feedback.is_empty()
            && self.chat.is_empty()
            && self.clipboard.is_empty()
            && self.diagnostics.is_empty()
            && self.files.is_empty()
            && self.pointers.is_empty()
            && self.screen.is_empty()
    }

    fn take_probe(&mut self, now: Instant, limits: &Limits) -> Option<Bytes> {
        match &mut self.state {
            Screen::Flowing => None,
            Screen::Cut { probe, probed_at, may_probe: _ } => {
                if probed_at.is_some_and(|at| now < at + limits.probe_every) {
                    return None;
                }
                let message = probe.take()?;
                *probed_at = Some(now);
                Some(message)
            }
        }
    }

    fn is_over(&self, now: Instant, limits: &Limits) -> bool {
        let Some(oldest) = self.screen.front() else { return false };
        if oldest.reset {
            return self.screen_bytes > limits.reset_bytes;
        }
        let since = self.reset_left_at.map_or(oldest.at, |left| left.max(oldest.at));
        self.screen_bytes > limits.screen_bytes || now.saturating_duration_since(since) > limits.screen_age
    }

    fn cut(&mut self, stats: &mut Stats) {
        stats.cuts += 1;
        stats.dropped += self.screen.len() as u64;
        let probe = self.screen.pop_back().map(|waiting| waiting.message);
        self.screen.clear();
        self.screen_bytes = 0;
        self.reset_left_at = None;
        self.state = Screen::Cut { probe, probed_at: None, may_probe: true };
    }
}

/// The first message that waits, off its sender's account.
fn pop(
    lane: &mut VecDeque<(ParticipantId, Bytes)>,
    bytes: &mut BTreeMap<ParticipantId, usize>,
) -> Option<Bytes> {
    let (sender, message) = lane.pop_front()?;
    if let Some(waiting) = bytes.get_mut(&sender) {
        *waiting -= message.len();
        if *waiting == 0 {
            bytes.remove(&sender);
        }
    }
    Some(message)
}

/// The default of [`Limits::screen_age`].
pub const SCREEN_AGE: Duration = Duration::from_millis(400);

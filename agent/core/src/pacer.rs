//! Flow control of the screen stream: how many frames may be on their way, and how fast.
//!
//! Viewers acknowledge drawn frames cumulatively. `round trip × frames a second + 2` frames may be under way, at least
//! [`MIN_WINDOW`]; damage accumulates at the capturer meanwhile, so nothing queues. The most advanced viewer counts: a
//! slow one is cut by the room and never holds the others. A lost acknowledgement cannot stop the stream, for the
//! window opens again after `max(4 × round trip, 500 ms)`.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;

/// At least so many frames may be under way.
pub const MIN_WINDOW: u32 = 4;
/// At most so many frames are remembered as under way.
const MAX_WINDOW: u32 = 128;
/// Frames a second over a longer time.
const MAX_FPS: f64 = 90.0;
/// Frames that may follow one another at once after a pause.
const BURST: f64 = 4.0;
/// The window opens again after four round trips, at least this.
const REOPEN_AFTER: Duration = Duration::from_millis(500);
/// A viewer that says nothing for so long, while frames are under way to it, does not count until it speaks again.
const SILENT_AFTER: Duration = Duration::from_secs(2);
/// The queue is the smallest acknowledgement time of this span, less the base.
const QUEUE_SPAN: Duration = Duration::from_millis(100);
/// The base is the smallest acknowledgement time of one to two of these.
const BASE_SPAN: Duration = Duration::from_secs(10);
/// Above this queue the rate falls.
const QUEUE_HIGH: Duration = Duration::from_millis(25);
/// Below this queue the rate grows.
const QUEUE_LOW: Duration = Duration::from_millis(12);
/// The rate falls to this share of what was delivered, and of itself.
const FALL: f64 = 0.85;
/// Frames that met no queue make the path look faster than it is, so the rate falls below what they say; not below this
/// share of it.
const LEAST_OF_DELIVERED: f64 = 0.4;
/// The rate grows by this factor each [`STEP`].
const GROWTH: f64 = 1.1;
/// The rate changes at most once in this time, or in a round trip.
const STEP: Duration = Duration::from_millis(100);
/// The best of what frames say of the path's rate within this time counts.
const PEAK_SPAN: Duration = Duration::from_secs(1);
/// With fewer bytes under way a late acknowledgement says nothing of the path's rate, only of a busy machine.
const TELLING: usize = 6 * 1024;
/// The first fall from "no limit" goes no lower than this, bits a second; what the path delivers is not known well yet.
const FIRST_FALL: f64 = 4e6;
/// A frame of so many bytes tells the codec how long such frames take, for [`HEAVY_FOR`].
const HEAVY: usize = 32 * 1024;
/// See [`HEAVY`].
const HEAVY_FOR: Duration = Duration::from_secs(2);
/// No limit at all in practice, bits a second.
const RATE_MAX: f64 = 400e6;
/// The lowest rate target, bits a second.
const RATE_MIN: f64 = 400e3;
/// A frame may leave while no more than this is still owed to the rate.
const DEBT_ALLOWED: Duration = Duration::from_millis(12);
/// A frame waits while the link has more than this left to send, and more than [`BACKLOG_FREE`] bytes.
const BACKLOG_ALLOWED: Duration = Duration::from_millis(25);
/// So many bytes in the link are never a queue.
const BACKLOG_FREE: usize = 16 * 1024;
/// How long until a backlog is looked at again.
const BACKLOG_AGAIN: Duration = Duration::from_millis(4);

/// What the codec should know of the path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pressure {
    /// Target for the screen stream, bits a second.
    pub rate: u64,
    /// How long what is already sent will take to arrive.
    pub backlog: Duration,
}

/// Whether a frame may be captured and sent now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Admission {
    /// Yes.
    Go(Pressure),
    /// Not before this time, unless an acknowledgement comes.
    NotBefore(Instant),
    /// Nobody looks.
    NoViewer,
}

#[derive(Debug)]
struct Viewer {
    /// The last time it said anything.
    heard: Instant,
    /// Whether it went silent with frames under way.
    silent: bool,
    /// Whether it cannot be reached for now.
    away: bool,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    frame: u32,
    at: Instant,
    bytes: usize,
    /// Bytes under way when it left, its own included.
    queued: usize,
}

/// Flow control; see the module.
#[derive(Debug)]
pub struct Pacer {
    viewers: BTreeMap<ParticipantId, Viewer>,
    next_frame: u32,
    under_way: VecDeque<Sent>,
    /// When the window last moved, by an acknowledgement or by itself.
    progress: Option<Instant>,
    acks: VecDeque<(Instant, Duration)>,
    base: Base,
    /// What frames said of the path's rate of late, bits a second, falling.
    peaks: VecDeque<(Instant, f64)>,
    /// When a heavy frame arrived last, and how long it took beyond the base.
    heavy: Option<(Instant, Duration)>,
    rate: f64,
    rate_changed: Option<Instant>,
    /// Bits owed to the rate.
    debt: f64,
    tokens: f64,
    refilled: Option<Instant>,
    reopened: u64,
    impossible: u64,
}

/// The smallest of one to two spans.
#[derive(Debug, Default)]
struct Base {
    now: Option<Duration>,
    before: Option<Duration>,
    since: Option<Instant>,
}

impl Base {
    fn add(&mut self, value: Duration, now: Instant) {
        if self.since.is_none_or(|since| now.duration_since(since) >= BASE_SPAN) {
            self.before = self.now.take();
            self.since = Some(now);
        }
        self.now = Some(self.now.map_or(value, |least| least.min(value)));
    }

    fn get(&self) -> Option<Duration> {
        match (self.now, self.before) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

impl Default for Pacer {
    fn default() -> Self {
        Self::new()
    }
}

impl Pacer {
    /// A pacer that knows nothing of the path yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            viewers: BTreeMap::new(),
            next_frame: 0,
            under_way: VecDeque::new(),
            progress: None,
            acks: VecDeque::new(),
            base: Base::default(),
            peaks: VecDeque::new(),
            heavy: None,
            rate: RATE_MAX,
            rate_changed: None,
            debt: 0.0,
            tokens: BURST,
            refilled: None,
            reopened: 0,
            impossible: 0,
        }
    }

    /// The viewer is ready for frames: it asked for a whole one.
    pub fn handle_ready(&mut self, viewer: ParticipantId, now: Instant) {
        self.viewers.insert(viewer, Viewer { heard: now, silent: false, away: false });
    }

    /// Any sign of life of a participant.
    pub fn handle_heard(&mut self, viewer: ParticipantId, now: Instant) {
        if let Some(viewer) = self.viewers.get_mut(&viewer) {
            viewer.heard = now;
            viewer.silent = false;
        }
    }

    /// The viewer cannot be reached for now, as far as is known.
    pub fn handle_away(&mut self, viewer: ParticipantId) {
        if let Some(viewer) = self.viewers.get_mut(&viewer) {
            viewer.away = true;
        }
    }

    /// A participant can be reached again. Says whether it is a viewer that was away: it may have missed frames, and does
    /// not ask for a whole one where it has noticed nothing itself.
    pub fn handle_back(&mut self, viewer: ParticipantId, now: Instant) -> bool {
        let Some(viewer) = self.viewers.get_mut(&viewer).filter(|viewer| viewer.away) else { return false };
        *viewer = Viewer { heard: now, silent: false, away: false };
        true
    }

    /// The viewer is gone for good.
    pub fn handle_gone(&mut self, viewer: ParticipantId) {
        self.viewers.remove(&viewer);
    }

    /// The link was lost or changed: what was under way may never be acknowledged, and the path is another.
    pub fn handle_path_changed(&mut self) {
        self.under_way.clear();
        self.progress = None;
        self.acks.clear();
        self.peaks.clear();
        self.heavy = None;
        self.base = Base::default();
        self.rate = RATE_MAX;
        self.debt = 0.0;
    }

    /// A viewer drew every frame up to this one, taking `draw` for the last. Says whether the window moved.
    pub fn handle_drawn(&mut self, viewer: ParticipantId, frame: u32, draw: Duration, now: Instant) -> bool {
        if !self.viewers.contains_key(&viewer) {
            return false;
        }
        if self.next_frame.wrapping_sub(frame).wrapping_sub(1) > u32::MAX / 2 {
            self.impossible += 1;
            return false;
        }
        self.handle_heard(viewer, now);
        let mut newest = None;
        while let Some(sent) = self.under_way.front().copied() {
            if newer(sent.frame, frame) {
                break;
            }
            self.under_way.pop_front();
            newest = Some(sent);
        }
        let Some(sent) = newest else { return false };
        self.progress = Some(now);
        let taken = now.saturating_duration_since(sent.at);
        // A viewer may claim any drawing time; at most half of what was measured is believed.
        let path = taken.saturating_sub(draw.min(taken / 2));
        self.base.add(path, now);
        self.acks.push_back((now, path));
        self.forget(now);
        self.measure(sent.queued, path, now);
        if sent.bytes >= HEAVY {
            self.heavy = Some((now, path.saturating_sub(self.base.get().unwrap_or(path))));
        }
        self.adapt(now);
        // What has arrived is not owed any more.
        let under_way: usize = self.under_way.iter().map(|sent| sent.bytes).sum();
        self.debt = self.debt.min(under_way as f64 * 8.0);
        true
    }

    /// May a frame be captured now? `backlog` is what the link has not yet put on the wire, in bytes.
    pub fn admit(&mut self, backlog: usize, now: Instant) -> Admission {
        if !self.has_viewer(now) {
            return Admission::NoViewer;
        }
        self.refill(now);
        let in_link = bits_take(backlog as f64 * 8.0, self.rate);
        if backlog > BACKLOG_FREE && in_link > BACKLOG_ALLOWED {
            return Admission::NotBefore(now + BACKLOG_AGAIN);
        }
        let owed = bits_take(self.debt, self.rate);
        if owed > DEBT_ALLOWED {
            return Admission::NotBefore(now + (owed - DEBT_ALLOWED).max(Duration::from_micros(200)));
        }
        if self.tokens < 1.0 {
            return Admission::NotBefore(now + Duration::from_secs_f64((1.0 - self.tokens) / MAX_FPS));
        }
        if self.under_way.len() as u32 >= self.window(now) {
            let reopens = self.progress.unwrap_or(now) + self.reopen_after();
            if now < reopens {
                return Admission::NotBefore(reopens);
            }
            self.under_way.clear();
            self.progress = Some(now);
            self.reopened += 1;
        }
        let heavy = self.heavy.filter(|(at, _)| now.saturating_duration_since(*at) <= HEAVY_FOR);
        let heavy = heavy.map_or(Duration::ZERO, |(_, took)| took);
        Admission::Go(Pressure {
            rate: self.rate as u64,
            backlog: self.queue(now).unwrap_or_default().max(in_link).max(owed).max(heavy),
        })
    }

    /// A frame leaves now; returns its number.
    pub fn handle_sent(&mut self, bytes: usize, now: Instant) -> u32 {
        self.refill(now);
        let frame = self.next_frame;
        self.next_frame = frame.wrapping_add(1);
        if self.under_way.is_empty() {
            self.progress = Some(now);
        }
        let queued = bytes + self.under_way.iter().map(|sent| sent.bytes).sum::<usize>();
        self.under_way.push_back(Sent { frame, at: now, bytes, queued });
        if self.under_way.len() > MAX_WINDOW as usize {
            self.under_way.pop_front();
        }
        self.tokens -= 1.0;
        self.debt += bytes as f64 * 8.0;
        frame
    }

    /// Whether somebody looks and answers.
    #[must_use]
    pub fn has_viewer(&mut self, now: Instant) -> bool {
        if let Some(oldest) = self.under_way.front().map(|sent| sent.at) {
            for viewer in self.viewers.values_mut() {
                let waiting_since = viewer.heard.max(oldest);
                viewer.silent |= now.saturating_duration_since(waiting_since) >= SILENT_AFTER;
            }
        }
        self.viewers.values().any(|viewer| !viewer.silent && !viewer.away)
    }

    /// When the last viewer will count as silent if nothing is heard; `None` without frames under way.
    #[must_use]
    pub fn silent_at(&self) -> Option<Instant> {
        let oldest = self.under_way.front()?.at;
        self.viewers
            .values()
            .filter(|v| !v.silent && !v.away)
            .map(|v| v.heard.max(oldest) + SILENT_AFTER)
            .max()
    }

    /// The smallest acknowledgement time of late: the round trip without a queue.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.base.get()
    }

    /// How long frames wait on the path, by the acknowledgements of the last 100 ms.
    #[must_use]
    pub fn queue(&self, now: Instant) -> Option<Duration> {
        let least = self
            .acks
            .iter()
            .filter(|(at, _)| now.saturating_duration_since(*at) <= QUEUE_SPAN)
            .map(|(_, taken)| *taken)
            .min()?;
        Some(least.saturating_sub(self.base.get()?))
    }

    /// The rate target, bits a second.
    #[must_use]
    pub fn rate(&self) -> u64 {
        self.rate as u64
    }

    /// How often the window opened by itself.
    #[must_use]
    pub fn reopened(&self) -> u64 {
        self.reopened
    }

    /// How many acknowledgements were impossible.
    #[must_use]
    pub fn impossible(&self) -> u64 {
        self.impossible
    }

    /// Frames that may be under way now.
    fn window(&self, now: Instant) -> u32 {
        let Some(trip) = self.base.get() else { return MIN_WINDOW };
        let recent =
            self.acks.iter().filter(|(at, _)| now.saturating_duration_since(*at) <= Duration::from_secs(1));
        let fps = (recent.count() as f64).clamp(10.0, MAX_FPS);
        ((trip.as_secs_f64() * fps).ceil() as u32).saturating_add(2).clamp(MIN_WINDOW, MAX_WINDOW)
    }

    fn reopen_after(&self) -> Duration {
        // Before the first acknowledgement the path may be a slow one, and the first frame a large one.
        let trip = self.base.get().unwrap_or(Duration::from_millis(250));
        let trip = self.acks.back().map_or(trip, |(_, taken)| trip.max(*taken));
        (trip * 4).max(REOPEN_AFTER)
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.refilled.unwrap_or(now)).as_secs_f64();
        self.refilled = Some(self.refilled.map_or(now, |at| at.max(now)));
        self.tokens = (self.tokens + passed * MAX_FPS).min(BURST);
        self.debt = (self.debt - passed * self.rate).max(0.0);
    }

    fn forget(&mut self, now: Instant) {
        let second = Duration::from_secs(1);
        while self.acks.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > second) {
            self.acks.pop_front();
        }
    }

    /// Notes what a frame says of the path's rate: what was under way with it took the time beyond the base.
    fn measure(&mut self, queued: usize, path: Duration, now: Instant) {
        let beyond = path.saturating_sub(self.base.get().unwrap_or(path));
        if queued < TELLING || beyond < QUEUE_LOW {
            return;
        }
        let rate = queued as f64 * 8.0 / beyond.as_secs_f64();
        while self.peaks.back().is_some_and(|(_, lower)| *lower <= rate) {
            self.peaks.pop_back();
        }
        self.peaks.push_back((now, rate));
        while self.peaks.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > PEAK_SPAN) {
            self.peaks.pop_front();
        }
    }

    fn adapt(&mut self, now: Instant) {
        let Some(queue) = self.queue(now) else { return };
        let step = self.base.get().unwrap_or_default().max(STEP);
        if self.rate_changed.is_some_and(|at| now.saturating_duration_since(at) < step) {
            return;
        }
        let recent = |(at, _): &&(Instant, f64)| now.saturating_duration_since(*at) <= PEAK_SPAN;
        if queue > QUEUE_HIGH {
            let Some(&(_, delivered)) = self.peaks.iter().find(recent) else { return };
            let floor = if self.rate >= RATE_MAX { FIRST_FALL } else { (self.rate / 2.0).max(RATE_MIN) };
            let step = (self.rate * FALL).max(delivered * LEAST_OF_DELIVERED);
            self.rate = (delivered * FALL).min(step).clamp(floor.min(self.rate), self.rate);
            self.rate_changed = Some(now);
        } else if queue < QUEUE_LOW && self.rate < RATE_MAX {
            self.rate = (self.rate * GROWTH).min(RATE_MAX);
            self.rate_changed = Some(now);
        }
    }
}

/// Whether frame `a` is newer than frame `b`.
fn newer(a: u32, b: u32) -> bool {
    let ahead = a.wrapping_sub(b);
    ahead != 0 && ahead <= u32::MAX / 2
}

fn bits_take(bits: f64, rate: f64) -> Duration {
    Duration::from_secs_f64((bits / rate.max(RATE_MIN)).clamp(0.0, 60.0))
}

#[cfg(test)]
#[path = "pacer_tests.rs"]
mod tests;

//! The screen thread: waits for damage, and takes a frame from the capturer through gate, codec and link. Nothing
//! polls. While nobody may see or nobody looks, it holds no capturer at all.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use farhand_agent_core::{Agent, DeskSeen, FrameReady, Pressure, Turn};
use farhand_agent_host::capture::{Backend, CaptureError, Capturer, Happened, Waker, open_capturer};
use farhand_agent_host::encode::{Beside, CodecChoice, EncoderOptions, open_video_encoder};
use farhand_agent_host::monitors::{Choice, Seen, Share, View, WindowRule};
use farhand_link::LinkHandle;
use farhand_protocol::channel::together::Prefer;
use farhand_protocol::envelope::Stream;
use farhand_screen::{Encoder, NoVideo, Options, VideoEncoder};

use crate::sealing::Sealing;

/// A capturer that failed is opened again after this long.
const OPEN_AGAIN: Duration = Duration::from_secs(2);
/// While the desktop asks the customer by itself, it is looked this often whether they have answered.
const AGREED_WITHIN: Duration = Duration::from_millis(150);
/// Where it has agreed before anybody could read that it asks, nothing is said of it.
const ASKS_VISIBLY: Duration = Duration::from_secs(1);
/// The rate is told to the video codec when it has changed by a tenth.
const RATE_STEP: f64 = 0.1;

/// The video codec's share of the rate; the rest is for what is exact.
const VIDEO_SHARE: f64 = 0.8;
/// Who wants many pictures rather than sharp ones gets smaller ones: this share of it.
const SMOOTH_SHARE: f64 = 0.5;
/// More than this, in bits a second, makes video no better, only later.
const VIDEO_RATE_MAX: f64 = 8e6;

/// What the screen thread tells.
#[derive(Clone, Debug, PartialEq)]
pub enum ScreenEvent {
    /// Outputs of the agent wait to be carried out.
    Outputs,
    /// A picture was captured, the first since the capturer was opened.
    Captures,
    /// The screen cannot be captured; it is tried again.
    Failed(CaptureError),
}

/// The agent, as both the session's task and the screen thread use it. Held for microseconds.
pub type SharedAgent = Arc<Mutex<Agent>>;

/// Locks the agent.
pub fn lock(agent: &SharedAgent) -> std::sync::MutexGuard<'_, Agent> {
    // A panic elsewhere cannot leave the agent half changed in a way that grants anything.
    agent.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Orders {
    woken: bool,
    quit: bool,
    waker: Option<Waker>,
    refused: Vec<u8>,
    view: View,
    /// Another one than the capturer was told.
    view_changed: bool,
    prefer: Option<Prefer>,
}

struct Shared {
    orders: Mutex<Orders>,
    changed: Condvar,
}

impl Shared {
    fn orders(&self) -> std::sync::MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way out for frames.
#[derive(Clone, Debug)]
pub struct Way {
    /// The link.
    pub link: LinkHandle,
    /// Seals what leaves for it.
    pub sealing: Sealing,
}

/// Steers the screen thread.
pub struct ScreenHandle {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for ScreenHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScreenHandle")
    }
}

impl ScreenHandle {
    /// Something changed: the thread looks at the agent at once.
    pub fn wake(&self) {
        let mut orders = self.shared.orders();
        orders.woken = true;
        if let Some(waker) = &orders.waker {
            waker.wake();
        }
        drop(orders);
        self.shared.changed.notify_all();
    }

    /// A viewer has no decoder for this codec.
    pub fn refuse_codec(&self, codec: u8) {
        self.shared.orders().refused.push(codec);
        self.wake();
    }

    /// The customer shares this, and nothing else is captured any more.
    pub fn share(&self, share: Share) {
        self.shared.orders().view.share = share;
        self.look_elsewhere();
    }

    /// The technician would like to see these monitors.
    pub fn choose(&self, choice: Choice) {
        self.shared.orders().view.choice = choice;
        self.look_elsewhere();
    }

    fn look_elsewhere(&self) {
        self.shared.orders().view_changed = true;
        self.wake();
    }

    /// How the picture is best where the way is narrow.
    pub fn prefer(&self, prefer: Prefer) {
        self.shared.orders().prefer = Some(prefer);
        self.wake();
    }

    /// Ends the thread and waits until its capturer is given back.
    pub fn stop(mut self) {
        self.shared.orders().quit = true;
        self.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts the screen thread. Windows that `rules` name are kept out of the picture. `tell` is called on it and must not
/// block.
///
/// # Errors
/// The system has no thread to give.
pub fn spawn(
    backend: Backend,
    agent: SharedAgent,
    way: Way,
    rules: Arc<[WindowRule]>,
    tell: impl Fn(ScreenEvent) + Send + 'static,
) -> std::io::Result<ScreenHandle> {
    let orders = Orders { view: View { rules, ..View::default() }, ..Orders::default() };
    let shared = Arc::new(Shared { orders: Mutex::new(orders), changed: Condvar::new() });
    let screen = Screen {
        backend,
        agent,
        way,
        shared: Arc::clone(&shared),
        tell: Box::new(tell),
        epoch: Instant::now(),
        payload: Vec::new(),
        codecs: Codecs::new(Arc::clone(&shared)),
    };
    let thread = std::thread::Builder::new().name("screen".into()).spawn(move || screen.run())?;
    Ok(ScreenHandle { shared, thread: Some(thread) })
}

struct Screen {
    backend: Backend,
    agent: SharedAgent,
    way: Way,
    shared: Arc<Shared>,
    tell: Box<dyn Fn(ScreenEvent) + Send>,
    /// Frames' capture times count from here.
    epoch: Instant,
    payload: Vec<u8>,
    codecs: Codecs,
}

impl Screen {
    fn run(mut self) {
        let mut encoder = match Encoder::new(Options::default()) {
            Ok(encoder) => encoder,
            Err(error) => {
                tracing::error!(%error, "no screen encoder");
                return;
            }
        };
        let mut failed: Option<Instant> = None;
        let mut asking: Option<Instant> = None;
        let mut lost = false;
        loop {
            if !self.wait_for_work(failed) {
                return;
            }
            failed = None;
            let ended = match open_capturer(self.backend) {
                Ok(capturer) => {
                    asking = None;
                    // Whoever was told that the picture is old waits for a whole one, also where nothing has changed.
                    if std::mem::take(&mut lost) {
                        encoder.request_reset();
                    }
                    self.shared.orders().waker = Some(capturer.waker());
                    tracing::debug!("capture starts");
                    let ended = self.stream(capturer, &mut encoder);
                    self.shared.orders().waker = None;
                    tracing::debug!("capture stops");
                    ended
                }
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                lost = true;
                let now = Instant::now();
                if error == CaptureError::NotAgreed {
                    let since = *asking.get_or_insert(now);
                    failed = Some(now + AGREED_WITHIN);
                    if now.duration_since(since) < ASKS_VISIBLY {
                        continue;
                    }
                } else {
                    tracing::warn!(%error, "the screen cannot be captured");
                    asking = None;
                    failed = Some(now + OPEN_AGAIN);
                }
                (self.tell)(ScreenEvent::Failed(error));
            }
        }
    }

    /// Blocks until there is something to capture for; `false` when the thread ends.
    fn wait_for_work(&self, not_before: Option<Instant>) -> bool {
        let mut orders = self.shared.orders();
        loop {
            if orders.quit {
                return false;
            }
            orders.woken = false;
            drop(orders);
            let now = Instant::now();
            let early =
                not_before.and_then(|at| at.checked_duration_since(now)).filter(|left| !left.is_zero());
            let wanted = !matches!(lock(&self.agent).screen_turn(true, 0, now), Turn::Stop);
            if wanted && early.is_none() {
                return true;
            }
            orders = self.shared.orders();
            if orders.woken || orders.quit {
                continue;
            }
            orders = match early.filter(|_| wanted) {
                Some(left) => {
                    self.shared.changed.wait_timeout(orders, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.shared.changed.wait(orders).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Captures until nobody may see or nobody looks.
    fn stream(&mut self, mut capturer: Box<dyn Capturer>, encoder: &mut Encoder) -> Result<(), CaptureError> {
        let mut damage = true;
        let mut captured = false;
        let mut pressure = Pressure { rate: u64::MAX, backlog: Duration::ZERO };
        // A fresh capturer reports everything as changed; its first wait would only say so.
        let mut happened = Happened {
            damage: true,
            cursor_shape: true,
            cursor_moved: true,
            desk: true,
            ..Happened::default()
        };
        self.shared.orders().view_changed = true;
        loop {
            {
                let mut orders = self.shared.orders();
                if orders.quit {
                    return Ok(());
                }
                orders.woken = false;
                if std::mem::take(&mut orders.view_changed) {
                    let view = orders.view.clone();
                    drop(orders);
                    capturer.set_view(view)?;
                    (happened.damage, happened.desk) = (true, true);
                    orders = self.shared.orders();
                }
                for codec in orders.refused.drain(..) {
                    self.codecs.refuse(codec);
                    encoder.request_reset();
                }
                if let Some(prefer) = orders.prefer.take()
                    && self.codecs.prefer(prefer)
                {
                    // The rate is told anew.
                    pressure.rate = u64::MAX;
                    encoder.request_reset();
                }
            }
            damage |= happened.damage | happened.resized;
            if happened.desk {
                lock(&self.agent).handle_desk(desk(capturer.seen()));
                (self.tell)(ScreenEvent::Outputs);
            }
            if happened.cursor_shape || happened.cursor_moved {
                self.cursor(capturer.as_mut(), happened)?;
            }

            let now = Instant::now();
            let repair = encoder.wants_at().filter(|at| *at <= now).is_some();
            let picture = self.codecs.is_finished();
            let backlog = self.way.link.backlog();
            let turn = lock(&self.agent).screen_turn(damage || repair || picture, backlog, now);
            let until = match turn {
                Turn::Stop => return Ok(()),
                Turn::Wait(until) => until,
                Turn::Go { pressure: now_pressure, reset } => {
                    if reset {
                        encoder.request_reset();
                    }
                    self.codecs.set_rate(&mut pressure, now_pressure);
                    self.frame(capturer.as_mut(), encoder, now_pressure)?;
                    if !std::mem::replace(&mut captured, true) {
                        (self.tell)(ScreenEvent::Captures);
                    }
                    damage = false;
                    happened = Happened::default();
                    continue;
                }
            };
            let repair_at = if repair { None } else { encoder.wants_at() };
            let until = [until, repair_at].into_iter().flatten().min();
            happened = capturer.wait(until)?;
        }
    }

    fn frame(
        &mut self,
        capturer: &mut dyn Capturer,
        encoder: &mut Encoder,
        pressure: Pressure,
    ) -> Result<(), CaptureError> {
        let captured = capturer.grab()?;
        let area = captured.area;
        let captured_us = micros(captured.captured_at.saturating_duration_since(self.epoch));
        self.payload.clear();
        let encoded = encoder.encode(
            captured.frame,
            captured.damage,
            Instant::now(),
            farhand_screen::Pressure { backlog: pressure.backlog },
            self.codecs.current(),
            &mut self.payload,
        );
        let info = match encoded {
            Ok(info) => info,
            Err(error) => return Err(CaptureError::Refused { detail: error.to_string() }),
        };
        if info.empty {
            lock(&self.agent).handle_area(area);
            return Ok(());
        }
        let (reset, exact) = (info.reset, info.exact);
        let frame = FrameReady { payload: &self.payload, reset, exact, captured_us, area };
        let way = &self.way;
        let mut dropped = None;
        let mut unsealed = false;
        let sent = lock(&self.agent).handle_frame(frame, Instant::now(), |message| {
            match way.sealing.outgoing(Stream::Screen, message).map(|m| way.link.send(Stream::Screen, m)) {
                Some(Ok(())) => {}
                Some(Err(error)) => dropped = Some(error),
                None => unsealed = true,
            }
        });
        if let Some(error) = &dropped {
            tracing::debug!(%error, "a frame was not taken by the link");
        }
        if unsealed || dropped.is_some() {
            lock(&self.agent).handle_frame_lost();
        }
        if !sent {
            encoder.request_reset();
        }
        Ok(())
    }

    fn cursor(&self, capturer: &mut dyn Capturer, happened: Happened) -> Result<(), CaptureError> {
        if happened.cursor_shape {
            let cursor = capturer.cursor()?;
            lock(&self.agent).handle_cursor(cursor);
        }
        if happened.cursor_moved {
            let (x, y) = capturer.cursor_at()?;
            lock(&self.agent).handle_cursor_at(x, y, Instant::now());
        }
        (self.tell)(ScreenEvent::Outputs);
        Ok(())
    }
}

fn desk(seen: Seen) -> DeskSeen {
    let Seen { monitors, blocked, keys } = seen;
    DeskSeen { monitors, blocked, keys }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The video codec in use: what this machine has and no viewer refused, in a thread of its own.
struct Codecs {
    opened: bool,
    encoder: Option<Box<dyn VideoEncoder + Send>>,
    refused: Vec<u8>,
    none: NoVideo,
    prefer: Prefer,
    shared: Arc<Shared>,
}

impl Codecs {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            opened: false,
            encoder: None,
            refused: Vec::new(),
            none: NoVideo,
            prefer: Prefer::Automatic,
            shared,
        }
    }

    /// A picture that was begun waits to be sent.
    fn is_finished(&mut self) -> bool {
        self.encoder.as_mut().is_some_and(|encoder| encoder.is_finished())
    }

    /// Gives the codec a thread of its own, which wakes the screen thread.
    fn beside(&self, encoder: Box<dyn VideoEncoder + Send>) -> Box<dyn VideoEncoder + Send> {
        let shared = Arc::clone(&self.shared);
        let wake = move || {
            if let Some(waker) = &shared.orders().waker {
                waker.wake();
            }
        };
        Box::new(Beside::new(encoder, wake))
    }

    fn refuse(&mut self, codec: u8) {
        if self.refused.len() < 16 && !self.refused.contains(&codec) {
            self.refused.push(codec);
        }
        if self.encoder.as_ref().is_some_and(|encoder| encoder.codec() == codec) {
            self.encoder = None;
            self.opened = false;
        }
    }

    /// Whether that is something new.
    fn prefer(&mut self, prefer: Prefer) -> bool {
        std::mem::replace(&mut self.prefer, prefer) != prefer
    }

    fn current(&mut self) -> &mut dyn VideoEncoder {
        match self.prefer {
            // Every pixel as it is: what moves takes longer.
            Prefer::Sharp => return &mut self.none,
            Prefer::Automatic | Prefer::Smooth | Prefer::Unknown => {}
        }
        if !self.opened {
            self.opened = true;
            self.encoder = self.open();
        }
        match &mut self.encoder {
            Some(encoder) => encoder.as_mut(),
            None => &mut self.none,
        }
    }

    fn open(&self) -> Option<Box<dyn VideoEncoder + Send>> {
        let choices: &[CodecChoice] = if self.refused.is_empty() {
            &[CodecChoice::Auto]
        } else {
            &[CodecChoice::H264, CodecChoice::Av1]
        };
        for choice in choices {
            match open_video_encoder(*choice, EncoderOptions::default()) {
                Ok(encoder) if !self.refused.contains(&encoder.codec()) => return Some(self.beside(encoder)),
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "no video codec of this kind"),
            }
        }
        tracing::info!("everything is sent exactly: there is no video codec");
        None
    }

    fn set_rate(&mut self, told: &mut Pressure, now: Pressure) {
        let change = (told.rate as f64 - now.rate as f64).abs();
        if change > told.rate as f64 * RATE_STEP {
            *told = now;
            let share = match self.prefer {
                Prefer::Smooth => VIDEO_SHARE * SMOOTH_SHARE,
                Prefer::Automatic | Prefer::Sharp | Prefer::Unknown => VIDEO_SHARE,
            };
            let rate = (now.rate as f64 * share).min(VIDEO_RATE_MAX);
            self.current().set_rate(rate as u32);
        }
    }
}

/// Whether there is a screen that can be captured, for a sentence before a code is used up.
///
/// # Errors
/// [`CaptureError`].
pub fn probe(backend: Backend) -> Result<(), CaptureError> {
    farhand_agent_host::capture::probe(backend)
}

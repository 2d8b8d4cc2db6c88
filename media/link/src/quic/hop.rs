//! The writing side of a hop.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use farhand_protocol::envelope::{Reach, Stream};
use farhand_protocol::framing::{DOUBLE_UP_TO, Datagram, Doubler};
use tokio::io::AsyncWrite;

use super::controller::Calm;
use super::gauge::Gauge;
use super::session::Session;
use super::{LANES, lane, priority};

/// Bytes of urgent messages that wait for quinn before no more are taken from their source.
const URGENT_AHEAD: usize = 64 * 1024;
/// quinn finds a lost packet by a later one that arrives. When nothing follows a large message, a few bytes follow it
/// after these times: what was lost at its end is then found after one round trip and not after a probe timeout, and
/// so is a second sending that was lost again.
const POKES_AFTER: [Duration; 3] =
    [Duration::from_millis(6), Duration::from_millis(50), Duration::from_millis(110)];
/// A small message that no other follows goes a third time so much after its second: nothing else would show that
/// both were lost, as in an outage of some tens of milliseconds.
const THIRD_AFTER: Duration = Duration::from_millis(25);
/// While there is no room, the gauge is looked at again after this: a change of path replaces the controller.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Where a hop's messages come from: the next one, most urgent first. What lies beyond the reach stays where it is.
pub type Source<'a> = dyn FnMut(Reach) -> Option<(Stream, Bytes)> + Send + 'a;

/// Places in the array of lanes.
const SCREEN: usize = 2;
const FILES: usize = 5;

struct Lane<S> {
    stream: Option<S>,
    pending: VecDeque<Bytes>,
    bytes: usize,
    /// Position of the next message in the stream.
    next: u32,
    doubler: Doubler,
}

impl<S: AsyncWrite + Unpin> Lane<S> {
    fn push(&mut self, message: Bytes, now: Instant) {
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
        self.doubler.handle_sent(self.next, message.clone(), now);
        self.next = self.next.wrapping_add(1);
        self.bytes += 2 + message.len();
        self.pending.push_back(Bytes::copy_from_slice(&length));
        self.pending.push_back(message);
    }

    /// Writes what quinn takes.
    fn write(&mut self, cx: &mut Context<'_>, gauge: &Gauge) {
        let Some(stream) = &mut self.stream else { return };
        while let Some(front) = self.pending.front_mut() {
            // Counted first: it may be on the wire before the call returns.
            let length = front.len();
            gauge.written(length);
            match Pin::new(&mut *stream).poll_write(cx, front) {
                // The reading side finds out why and ends the hop.
                Poll::Ready(Ok(0) | Err(_)) | Poll::Pending => {
                    gauge.not_taken(length);
                    break;
                }
                Poll::Ready(Ok(some)) => {
                    gauge.not_taken(length - some);
                    front.advance(some);
                    self.bytes -= some;
                    if front.is_empty() {
                        self.pending.pop_front();
                    }
                }
            }
        }
    }
}

struct Sender<S: Session> {
    lanes: [Lane<S::Send>; LANES],
    gauge: Arc<Gauge>,
    waker: Option<Waker>,
    /// What the task's timer is set to, so that another thread wakes it only for an earlier one.
    armed: Option<Instant>,
    /// When the last large message was written, and how many pokes have followed it.
    large: Option<(Instant, usize)>,
    third: Option<(Instant, Datagram)>,
    look_at: Option<Instant>,
}

/// The writing side of a hop. Any thread may [`Hop::pump`] it: a message then goes from the reader of one connection
/// to the socket of another without a task in between.
pub struct Hop<S: Session> {
    session: S,
    sender: Mutex<Sender<S>>,
}

impl<S: Session> Hop<S> {
    /// The writing side of a session whose ticket was accepted.
    pub fn new(session: S) -> Self {
        let lane =
            || Lane { stream: None, pending: VecDeque::new(), bytes: 0, next: 0, doubler: Doubler::new() };
        let sender = Sender {
            lanes: std::array::from_fn(|_| lane()),
            gauge: gauge_of(&session),
            waker: None,
            armed: None,
            large: None,
            third: None,
            look_at: None,
        };
        Self { session, sender: Mutex::new(sender) }
    }

    /// The session.
    pub fn session(&self) -> &S {
        &self.session
    }

    /// Gives the hop the sending half of an ordered stream.
    pub fn attach(&self, stream: Stream, send: S::Send) {
        S::set_priority(&send, priority(stream));
        if let Some(lane) = lane(stream) {
            self.lock().lanes[lane].stream = Some(send);
        }
    }

    /// Bytes that were taken from the source and are not yet on the wire. Files, which let everything pass, do not
    /// count.
    pub fn backlog(&self) -> usize {
        let sender = self.lock();
        let lanes = Stream::ORDERED.into_iter().zip(&sender.lanes);
        let waiting = lanes.filter(|(stream, _)| *stream != Stream::Files).map(|(_, lane)| lane.bytes);
        sender.gauge.unsent() + waiting.sum::<usize>()
    }

    /// The controller's gauge.
    pub fn gauge(&self) -> Arc<Gauge> {
        self.lock().gauge.clone()
    }

    /// Writes what the source has and quinn takes. Called when the source has something new.
    pub fn pump(&self, now: Instant, source: &mut Source<'_>) {
        let mut sender = self.lock();
        // Before its first drive nobody could be told of room; the drive pumps.
        let Some(waker) = sender.waker.clone() else { return };
        sender.pump(&self.session, &mut Context::from_waker(&waker), now, source);
        let due = sender.poll_timeout();
        if due.is_some_and(|due| sender.armed.is_none_or(|armed| due < armed)) {
            waker.wake();
        }
    }

    /// The hop's own task calls this whenever it is woken: remembers its waker, sends what is due and pumps. Says when
    /// to call again at the latest.
    pub fn drive(&self, cx: &mut Context<'_>, now: Instant, source: &mut Source<'_>) -> Option<Instant> {
        let mut sender = self.lock();
        if !sender.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            sender.waker = Some(cx.waker().clone());
        }
        sender.handle_timeout(&self.session, now);
        sender.pump(&self.session, cx, now, source);
        sender.armed = sender.poll_timeout();
        sender.armed
    }

    fn lock(&self) -> MutexGuard<'_, Sender<S>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Session> Sender<S> {
    fn pump(&mut self, session: &S, cx: &mut Context<'_>, now: Instant, source: &mut Source<'_>) {
        self.look_at = None;
        loop {
            self.gauge.register(cx.waker());
            if !self.take_from(session, cx, now, source) {
                return;
            }
            if !self.gauge.has_room() {
                self.look_at = Some(now + LOOK_AGAIN);
                return;
            }
        }
    }

    /// Takes and writes messages while there are any. Says whether screen may have stayed behind for want of room.
    fn take_from(
        &mut self,
        session: &S,
        cx: &mut Context<'_>,
        now: Instant,
        source: &mut Source<'_>,
    ) -> bool {
        loop {
            // What is left of earlier messages goes first; quinn wakes the task when it takes more.
            self.write(cx);
            let lanes = Stream::ORDERED.into_iter().zip(&self.lanes);
            let urgent = lanes.filter(|(stream, _)| !matches!(stream, Stream::Screen | Stream::Files));
            let urgent: usize = urgent.map(|(_, lane)| lane.bytes).sum();
            if urgent > URGENT_AHEAD {
                return false;
            }
            let blocked = |lane: &Lane<S::Send>| lane.bytes > 0 || lane.stream.is_none();
            let full = !self.gauge.has_room();
            let screen = blocked(&self.lanes[SCREEN]);
            let reach = match (full || screen, blocked(&self.lanes[FILES])) {
                (true, _) => Reach::Urgent,
                (false, true) => Reach::Screen,
                (false, false) => Reach::Files,
            };
            let Some((stream, message)) = source(reach) else { return full && !screen };
            match lane(stream) {
                Some(lane) => {
                    self.third = None;
                    self.large = if message.len() > DOUBLE_UP_TO { Some((now, 0)) } else { self.large };
                    self.lanes[lane].push(message, now);
                }
                None => self.datagram(session, &Datagram::Pointer { message }),
            }
        }
    }

    fn write(&mut self, cx: &mut Context<'_>) {
        for lane in &mut self.lanes {
            lane.write(cx, &self.gauge);
        }
    }

    fn datagram(&self, session: &S, datagram: &Datagram) {
        let bytes = Bytes::from(datagram.write());
        self.gauge.written(bytes.len());
        session.send_datagram(bytes);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let copies = self.lanes.iter().filter_map(|lane| lane.doubler.poll_timeout());
        let third = self.third.as_ref().map(|(at, _)| *at);
        copies.chain(third).chain(self.poke_at()).chain(self.look_at).min()
    }

    fn poke_at(&self) -> Option<Instant> {
        let (at, pokes) = self.large?;
        POKES_AFTER.get(pokes).map(|after| at + *after)
    }

    fn handle_timeout(&mut self, session: &S, now: Instant) {
        for (lane, stream) in Stream::ORDERED.into_iter().enumerate() {
            self.lanes[lane].doubler.handle_timeout(now);
            while let Some((index, message)) = self.lanes[lane].doubler.poll_output() {
                let copy = Datagram::Copy { stream, index, message };
                self.datagram(session, &copy);
                self.third = Some((now + THIRD_AFTER, copy));
            }
        }
        if let Some((_, copy)) = self.third.take_if(|(at, _)| *at <= now) {
            self.datagram(session, &copy);
        }
        if self.poke_at().is_some_and(|at| at <= now) {
            self.large = self.large.map(|(at, pokes)| (at, pokes + 1));
            // A copy of a message that was delivered half an index space ago: every receiver passes it over.
            let index = self.lanes[SCREEN].next.wrapping_sub(1 << 31);
            let message = Bytes::from_static(&[0]);
            self.datagram(session, &Datagram::Copy { stream: Stream::Screen, index, message });
        }
        if self.look_at.is_some_and(|at| at <= now) {
            self.look_at = None;
            self.gauge = gauge_of(session);
        }
    }
}

/// The gauge of a session's present path. Without one (a foreign controller) nothing ever seems to wait.
fn gauge_of<S: Session>(session: &S) -> Arc<Gauge> {
    match session.connection().congestion_state().into_any().downcast::<Calm>() {
        Ok(calm) => calm.gauge(),
        Err(_) => Arc::default(),
    }
}

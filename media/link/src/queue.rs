//! What waits to be sent, and what the handle and the link's task share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_protocol::api::MediaOffer;
use farhand_protocol::envelope::{MAX_DATAGRAM, Reach, Stream};
use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

use crate::handle::{Carrier, LinkError, LinkStats, MAX_BACKLOG, MAX_URGENT_BACKLOG};
use crate::quic::Hop;

/// The order in which messages leave.
const ORDER: [(Stream, Reach); Stream::ALL.len()] = [
    (Stream::Control, Reach::Urgent),
    (Stream::Input, Reach::Urgent),
    (Stream::Chat, Reach::Urgent),
    (Stream::Clipboard, Reach::Urgent),
    (Stream::Diagnostics, Reach::Urgent),
    (Stream::Pointer, Reach::Urgent),
    (Stream::Screen, Reach::Screen),
    (Stream::Files, Reach::Files),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Down,
    Up,
    /// Between two carriers: messages wait.
    Switching,
    Closing,
    Closed,
}

#[derive(Debug)]
struct Queue {
    state: State,
    waiting: [VecDeque<Bytes>; Stream::ALL.len()],
    bytes: [usize; Stream::ALL.len()],
}

impl Queue {
    fn push(&mut self, stream: Stream, message: Bytes) -> Result<(), LinkError> {
        match self.state {
            State::Down => return Err(LinkError::Down),
            State::Closing | State::Closed => return Err(LinkError::Closed),
            State::Up | State::Switching => {}
        }
        let (longest, most) = match stream {
            Stream::Control | Stream::Input | Stream::Chat | Stream::Clipboard | Stream::Diagnostics => {
                (stream.max_message(), MAX_URGENT_BACKLOG)
            }
            Stream::Screen | Stream::Files => (stream.max_message(), MAX_BACKLOG),
            Stream::Pointer => (MAX_DATAGRAM, MAX_DATAGRAM),
        };
        if message.is_empty() || message.len() > longest {
            return Err(LinkError::TooLarge);
        }
        let at = stream as usize;
        if stream == Stream::Pointer {
            self.waiting[at].clear();
            self.bytes[at] = 0;
        }
        if self.bytes[at] + message.len() > most {
            return Err(LinkError::Full);
        }
        self.bytes[at] += message.len();
        self.waiting[at].push_back(message);
        Ok(())
    }

    fn take(&mut self, reach: Reach) -> Option<(Stream, Bytes)> {
        if !matches!(self.state, State::Up | State::Closing) {
            return None;
        }
        for (stream, _) in ORDER.into_iter().filter(|(_, wanted)| *wanted <= reach) {
            let at = stream as usize;
            if let Some(message) = self.waiting[at].pop_front() {
                self.bytes[at] -= message.len();
                return Some((stream, message));
            }
        }
        None
    }

    fn clear(&mut self) {
        self.waiting.iter_mut().for_each(VecDeque::clear);
        self.bytes = [0; Stream::ALL.len()];
    }
}

/// Who is told that there is something to send.
#[derive(Clone)]
enum Active {
    None,
    Quic(Arc<Hop<quinn::Connection>>),
    WebSocket,
}

/// Shared by the handle and the task.
pub(crate) struct Shared {
    queue: Mutex<Queue>,
    active: Mutex<Active>,
    /// Wakes the WebSocket's loop.
    pub(crate) socket_waker: AtomicWaker,
    socket_rtt: Mutex<(Duration, Duration)>,
    offer: Mutex<MediaOffer>,
    offer_at: Mutex<Instant>,
    /// A newer offer came, or the link is to close.
    pub(crate) changed: Notify,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(offer: MediaOffer) -> Self {
        let queue = Queue { state: State::Down, waiting: Default::default(), bytes: [0; Stream::ALL.len()] };
        Self {
            queue: Mutex::new(queue),
            active: Mutex::new(Active::None),
            socket_waker: AtomicWaker::new(),
            socket_rtt: Mutex::default(),
            offer: Mutex::new(offer),
            offer_at: Mutex::new(Instant::now()),
            changed: Notify::new(),
        }
    }

    pub(crate) fn send(&self, stream: Stream, message: Bytes) -> Result<(), LinkError> {
        lock(&self.queue).push(stream, message)?;
        self.wake();
        Ok(())
    }

    /// The next message to write, most urgent first.
    pub(crate) fn take(&self, reach: Reach) -> Option<(Stream, Bytes)> {
        lock(&self.queue).take(reach)
    }

    /// Bytes that wait. Files, which let everything pass, do not count.
    pub(crate) fn backlog(&self) -> usize {
        let bytes = lock(&self.queue).bytes;
        let waiting = bytes.iter().sum::<usize>() - bytes[Stream::Files as usize];
        let active = lock(&self.active).clone();
        match active {
            Active::Quic(hop) => waiting + hop.backlog(),
            Active::WebSocket | Active::None => waiting,
        }
    }

    pub(crate) fn offer(&self) -> MediaOffer {
        lock(&self.offer).clone()
    }

    /// How long ago the offer came.
    pub(crate) fn offer_age(&self) -> Duration {
        lock(&self.offer_at).elapsed()
    }

    pub(crate) fn renew(&self, offer: MediaOffer) {
        *lock(&self.offer) = offer;
        *lock(&self.offer_at) = Instant::now();
        self.changed.notify_one();
    }

    /// Messages flow by QUIC from now on.
    pub(crate) fn up_by_quic(&self, hop: Arc<Hop<quinn::Connection>>) {
        *lock(&self.active) = Active::Quic(hop);
        self.up();
    }

    /// Messages flow by WebSocket from now on.
    pub(crate) fn up_by_socket(&self) {
        *lock(&self.socket_rtt) = (Duration::ZERO, Duration::MAX);
        *lock(&self.active) = Active::WebSocket;
        self.up();
    }

    /// Messages wait until the next `up`.
    pub(crate) fn pause(&self) {
        let mut queue = lock(&self.queue);
        if queue.state == State::Up {
            queue.state = State::Switching;
        }
    }

    /// Goes on with the carrier that there is.
    pub(crate) fn resume(&self) {
        self.up();
        self.wake();
    }

    /// There is no connection; what waits is stale.
    pub(crate) fn down(&self) {
        *lock(&self.active) = Active::None;
        let mut queue = lock(&self.queue);
        queue.clear();
        if matches!(queue.state, State::Up | State::Switching) {
            queue.state = State::Down;
        }
    }

    /// Takes no more messages and sends what waits.
    pub(crate) fn close(&self) {
        let mut queue = lock(&self.queue);
        if queue.state != State::Closed {
            queue.state = State::Closing;
        }
        drop(queue);
        self.wake();
        self.changed.notify_one();
    }

    pub(crate) fn closed(&self) {
        *lock(&self.active) = Active::None;
        let mut queue = lock(&self.queue);
        queue.clear();
        queue.state = State::Closed;
    }

    pub(crate) fn is_closing(&self) -> bool {
        matches!(lock(&self.queue).state, State::Closing | State::Closed)
    }

    pub(crate) fn socket_round_trip(&self, rtt: Duration) {
        let mut now = lock(&self.socket_rtt);
        *now = (rtt, now.1.min(rtt));
    }

    pub(crate) fn stats(&self) -> LinkStats {
        let active = lock(&self.active).clone();
        match active {
            Active::None => LinkStats::default(),
            Active::WebSocket => {
                let (rtt, min_rtt) = *lock(&self.socket_rtt);
                let min_rtt = min_rtt.min(rtt);
                LinkStats { carrier: Some(Carrier::WebSocket), rtt, min_rtt, ..LinkStats::default() }
            }
            Active::Quic(hop) => {
                let (connection, stats) = (hop.session(), hop.session().stats());
                LinkStats {
                    carrier: Some(Carrier::Quic),
                    rtt: connection.rtt(),
                    min_rtt: connection.min_rtt(),
                    window: stats.path.cwnd,
                    sent_packets: stats.path.sent_packets,
                    lost_packets: stats.path.lost_packets,
                    sent_bytes: stats.udp_tx.bytes,
                    received_bytes: stats.udp_rx.bytes,
                }
            }
        }
    }

    fn up(&self) {
        let mut queue = lock(&self.queue);
        if matches!(queue.state, State::Down | State::Switching) {
            queue.state = State::Up;
        }
    }

    /// The carrier looks at the queue. On QUIC the caller's own thread writes.
    fn wake(&self) {
        let active = lock(&self.active).clone();
        match active {
            Active::None => {}
            Active::Quic(hop) => hop.pump(Instant::now(), &mut |reach| self.take(reach)),
            Active::WebSocket => self.socket_waker.wake(),
        }
    }
}

#[cfg(test)]
mod tests {
    use farhand_protocol::envelope::{MAX_FILES_MESSAGE, MAX_MESSAGE};

    use super::*;

    fn queue(state: State) -> Queue {
        Queue { state, waiting: Default::default(), bytes: [0; Stream::ALL.len()] }
    }

    #[test]
    fn urgent_messages_leave_before_the_screen_and_the_newest_pointer_alone() {
        let mut queue = queue(State::Up);
        for (stream, text) in [
            (Stream::Screen, "screen"),
            (Stream::Pointer, "old"),
            (Stream::Input, "key"),
            (Stream::Pointer, "new"),
            (Stream::Control, "ask"),
        ] {
            queue.push(stream, Bytes::from(text)).unwrap();
        }
        let taken: Vec<_> =
            std::iter::from_fn(|| queue.take(Reach::Files)).map(|(_, message)| message).collect();
        assert_eq!(taken, ["ask", "key", "new", "screen"]);
        assert_eq!(queue.bytes, [0; Stream::ALL.len()]);
    }

    #[test]
    fn a_full_screen_leaves_room_for_control() {
        let mut queue = queue(State::Up);
        let message = Bytes::from(vec![0; MAX_MESSAGE]);
        while queue.push(Stream::Screen, message.clone()).is_ok() {}
        assert_eq!(queue.push(Stream::Screen, message.clone()), Err(LinkError::Full));
        assert_eq!(queue.push(Stream::Control, message), Ok(()));
        assert!(queue.bytes[Stream::Screen as usize] <= MAX_BACKLOG);
    }

    #[test]
    fn nothing_is_taken_from_the_caller_while_there_is_no_connection() {
        let message = Bytes::from_static(b"x");
        assert_eq!(queue(State::Down).push(Stream::Control, message.clone()), Err(LinkError::Down));
        assert_eq!(queue(State::Closing).push(Stream::Control, message.clone()), Err(LinkError::Closed));
        assert_eq!(queue(State::Closed).push(Stream::Control, message), Err(LinkError::Closed));
    }

    #[test]
    fn between_two_carriers_messages_wait() {
        let mut queue = queue(State::Switching);
        queue.push(Stream::Input, Bytes::from_static(b"key")).unwrap();
        assert_eq!(queue.take(Reach::Files), None);
        queue.state = State::Up;
        assert_eq!(queue.take(Reach::Files), Some((Stream::Input, Bytes::from_static(b"key"))));
    }

    #[test]
    fn a_message_over_the_limit_of_its_stream_is_refused() {
        let mut queue = queue(State::Up);
        for (stream, length) in [
            (Stream::Control, MAX_MESSAGE + 1),
            (Stream::Screen, MAX_MESSAGE + 1),
            (Stream::Files, MAX_FILES_MESSAGE + 1),
            (Stream::Pointer, MAX_DATAGRAM + 1),
            (Stream::Input, 0),
        ] {
            let message = Bytes::from(vec![0; length]);
            assert_eq!(queue.push(stream, message), Err(LinkError::TooLarge));
        }
        assert_eq!(queue.push(Stream::Files, Bytes::from(vec![0; MAX_FILES_MESSAGE])), Ok(()));
    }
}

//! How much of what was written to a connection it has not yet put on the wire.
//!
//! quinn takes all that its send window allows and does not say how much of it still waits. The controller sees each
//! packet that leaves, so it keeps this gauge; the hop writes screen messages only while little waits, so that what is
//! stale can still be dropped and an urgent message never stands behind a queue that nobody sees.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use futures_util::task::AtomicWaker;

/// Counted as overhead of each packet. Above the truth on purpose: the gauge then reads too high, which the next
/// moment without anything to send puts right, instead of too low, which would let a queue grow unseen.
const OVERHEAD: u64 = 80;
const PACKET: u64 = 1200;
/// This much may wait in any case: one message of the largest size.
const SMALLEST_SLACK: u64 = 16 * 1024;

/// See the module.
#[derive(Debug, Default)]
pub struct Gauge {
    unsent: AtomicI64,
    window: AtomicU64,
    waker: AtomicWaker,
}

impl Gauge {
    /// Bytes that wait in the connection.
    pub fn unsent(&self) -> usize {
        usize::try_from(self.unsent.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// Whether more may be written to the screen's stream.
    pub fn has_room(&self) -> bool {
        let slack = SMALLEST_SLACK.max(self.window.load(Ordering::Relaxed) / 4);
        (self.unsent() as u64) < slack
    }

    /// The congestion window, in bytes.
    pub fn window(&self) -> u64 {
        self.window.load(Ordering::Relaxed)
    }

    /// Whom to wake when there is room again.
    pub(super) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    /// Bytes were written to the connection.
    pub(super) fn written(&self, bytes: usize) {
        self.unsent.fetch_add(i64::try_from(bytes).unwrap_or(i64::MAX / 2), Ordering::Relaxed);
    }

    /// Of what was counted by [`Gauge::written`], so much was not taken.
    pub(super) fn not_taken(&self, bytes: usize) {
        self.unsent.fetch_sub(i64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
    }

    pub(super) fn handle_sent(&self, bytes: u64) {
        let content = bytes.saturating_sub(bytes.div_ceil(PACKET) * OVERHEAD);
        let content = i64::try_from(content).unwrap_or(0);
        let before = self.unsent.fetch_sub(content, Ordering::Relaxed);
        if before < content {
            self.unsent.fetch_max(0, Ordering::Relaxed);
        }
        self.wake();
    }

    pub(super) fn handle_lost(&self, bytes: u64) {
        self.written(usize::try_from(bytes).unwrap_or(0));
    }

    pub(super) fn handle_idle(&self) {
        if self.unsent.swap(0, Ordering::Relaxed) > 0 {
            self.wake();
        }
    }

    pub(super) fn set_window(&self, window: u64) {
        self.window.store(window, Ordering::Relaxed);
    }

    fn wake(&self) {
        if self.has_room() {
            self.waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_again_when_packets_left() {
        let gauge = Gauge::default();
        gauge.written(40_000);
        assert!(!gauge.has_room());
        for _ in 0..25 {
            gauge.handle_sent(1200);
        }
        assert!(gauge.has_room());
    }

    #[test]
    fn a_lost_packet_waits_again_and_idleness_clears_every_error() {
        let gauge = Gauge::default();
        gauge.written(1000);
        gauge.handle_sent(1200);
        assert_eq!(gauge.unsent(), 0);
        gauge.handle_lost(1200);
        assert_eq!(gauge.unsent(), 1200);
        gauge.handle_idle();
        assert_eq!(gauge.unsent(), 0);
    }
}

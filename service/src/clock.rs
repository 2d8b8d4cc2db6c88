//! Time as the shells read it and hand it to the cores.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// For spans.
    pub instant: Instant,
    /// For people and for what outlives the process: milliseconds since 1970.
    pub unix_ms: u64,
}

impl Now {
    /// Reads both clocks.
    #[must_use]
    pub fn read() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { instant: Instant::now(), unix_ms: millis(since) }
    }
}

/// What jobs read the time from and wait by: the machine's clock, or one that a test moves.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Machine,
    /// Where it began, and how far it has been moved.
    Moved(Now, Arc<watch::Sender<Duration>>),
}

impl Clock {
    /// The machine's.
    #[must_use]
    pub fn machine() -> Self {
        Self(Source::Machine)
    }

    /// One that stands still at this time (milliseconds since 1970) until it is moved.
    #[must_use]
    pub fn moved_by_hand(unix_ms: u64) -> Self {
        let start = Now { instant: Instant::now(), unix_ms };
        Self(Source::Moved(start, Arc::new(watch::Sender::new(Duration::ZERO))))
    }

    /// Moves a clock that is moved by hand; the machine's stays as it is.
    pub fn advance(&self, by: Duration) {
        match &self.0 {
            Source::Machine => {}
            Source::Moved(_, moved) => moved.send_modify(|so_far| *so_far += by),
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Now {
        match &self.0 {
            Source::Machine => Now::read(),
            Source::Moved(start, moved) => {
                let moved = *moved.borrow();
                Now { instant: start.instant + moved, unix_ms: start.unix_ms.saturating_add(millis(moved)) }
            }
        }
    }

    /// Waits until this time (milliseconds since 1970).
    pub async fn until(&self, unix_ms: u64) {
        /// The machine's clock may be set, and the machine may sleep: it is looked at again after this time.
        const LOOK: Duration = Duration::from_secs(60);
        match &self.0 {
            Source::Machine => loop {
                let left = Duration::from_millis(unix_ms.saturating_sub(Now::read().unix_ms));
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(LOOK)).await;
            },
            Source::Moved(start, moved) => {
                let wanted = Duration::from_millis(unix_ms.saturating_sub(start.unix_ms));
                // The sender lives as long as this clock.
                moved.subscribe().wait_for(|so_far| *so_far >= wanted).await.ok();
            }
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clock_that_is_moved_by_hand_goes_as_far_as_it_is_moved() {
        let clock = Clock::moved_by_hand(1_000);
        let before = clock.now();
        clock.until(1_000).await;
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.until(61_000).await;
                clock.now().unix_ms
            }
        });
        clock.advance(Duration::from_secs(30));
        assert_eq!(clock.now().unix_ms, 31_000);
        assert_eq!(clock.now().instant - before.instant, Duration::from_secs(30));
        clock.advance(Duration::from_secs(30));
        assert_eq!(waiting.await.unwrap(), 61_000);
    }
}

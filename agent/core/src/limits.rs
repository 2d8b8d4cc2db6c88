//! The ceiling's times: how long a session may last, and how long it may stand unused. The service keeps the same; the
//! customer's machine does not lean on that.

use std::time::{Duration, Instant};

/// The times of one session.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    ends_at: Option<Instant>,
    idle: Option<Duration>,
    used: Instant,
}

impl Limits {
    /// From now on.
    #[must_use]
    pub fn new(session: Option<Duration>, idle: Option<Duration>, now: Instant) -> Self {
        Self { ends_at: session.map(|lasts| now + lasts), idle, used: now }
    }

    /// A technician did something.
    pub fn handle_use(&mut self, now: Instant) {
        self.used = now;
    }

    /// When the first of the times is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.ends_at, self.idle.map(|idle| self.used + idle)].into_iter().flatten().min()
    }

    /// Whether one of them is.
    #[must_use]
    pub fn over(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|due| due <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_time_is_over_first_ends_it() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut limits = Limits::new(Some(Duration::from_secs(100)), Some(Duration::from_secs(30)), now);
        assert!(!limits.over(at(29)) && limits.over(at(30)));
        limits.handle_use(at(20));
        assert_eq!(limits.poll_timeout(), Some(at(50)));
        limits.handle_use(at(90));
        assert!(!limits.over(at(99)) && limits.over(at(100)));
        assert_eq!(Limits::new(None, None, now).poll_timeout(), None);
    }
}

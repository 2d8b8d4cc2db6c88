//! Slows down whoever guesses. Pure: `now` is an argument.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Keys remembered at most; beyond that the ones that have been quiet longest are forgotten.
const MAX_KEYS: usize = 50_000;

/// How many failures are let pass, and for how long the door then stays shut.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Failures in a row that shut the door.
    pub failures: u32,
    /// How long it stays shut. Further tries while it is shut do not prolong it.
    pub shut: Duration,
    /// Quiet time after which failures are forgotten.
    pub forget: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    failures: u32,
    last: Instant,
    shut_until: Option<Instant>,
}

/// Failures by key.
#[derive(Debug)]
pub struct Throttle<K> {
    limit: Limit,
    entries: HashMap<K, Entry>,
}

impl<K: Clone + Eq + Hash> Throttle<K> {
    /// With this limit.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        Self { limit, entries: HashMap::new() }
    }

    /// How long the door stays shut for this key; `None` when it is open.
    #[must_use]
    pub fn shut_for(&self, key: &K, now: Instant) -> Option<Duration> {
        let until = self.entries.get(key)?.shut_until?;
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// A failure. Returns whether this one shut the door.
    pub fn failed(&mut self, key: &K, now: Instant) -> bool {
        if self.shut_for(key, now).is_some() {
            return false;
        }
        if self.entries.len() >= MAX_KEYS && !self.entries.contains_key(key) {
            self.make_room(now);
        }
        let fresh = Entry { failures: 0, last: now, shut_until: None };
        let entry = self.entries.entry(key.clone()).or_insert(fresh);
        if entry.shut_until.is_some() || now.saturating_duration_since(entry.last) >= self.limit.forget {
            *entry = fresh;
        }
        entry.failures += 1;
        entry.last = now;
        let shut = entry.failures >= self.limit.failures;
        if shut {
            entry.shut_until = Some(now + self.limit.shut);
        }
        shut
    }

    /// A success: failures in a row start anew.
    pub fn succeeded(&mut self, key: &K) {
        self.entries.remove(key);
    }

    fn make_room(&mut self, now: Instant) {
        let forget = self.limit.forget.max(self.limit.shut);
        self.entries.retain(|_, e| now.saturating_duration_since(e.last) < forget);
        if self.entries.len() >= MAX_KEYS {
            let mut times: Vec<_> = self.entries.values().map(|e| e.last).collect();
            let middle = times.len() / 2;
            let (_, &mut median, _) = times.select_nth_unstable(middle);
            self.entries.retain(|_, e| e.last > median);
        }
    }
}

/// How many requests a key may make: `burst` at once, and one more every `each`.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// At once.
    pub burst: u32,
    /// Then one more each time.
    pub each: Duration,
}

/// Requests by key, whatever their outcome (GCRA: a key's state is the time at which its allowance is whole again).
#[derive(Debug)]
pub struct Rate<K> {
    pace: Pace,
    whole_at: HashMap<K, Instant>,
}

impl<K: Clone + Eq + Hash> Rate<K> {
    /// At this pace.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self { pace, whole_at: HashMap::new() }
    }

    /// One request now.
    ///
    /// # Errors
    /// How long to wait, when it is one too many; it is not counted then.
    pub fn ask(&mut self, key: &K, now: Instant) -> Result<(), Duration> {
        if self.whole_at.len() >= MAX_KEYS && !self.whole_at.contains_key(key) {
            self.whole_at.retain(|_, at| *at > now);
            if self.whole_at.len() >= MAX_KEYS {
                // Whoever floods from so many addresses is slowed down by what each request costs.
                self.whole_at.clear();
            }
        }
        let whole_at = self.whole_at.get(key).copied().filter(|at| *at > now).unwrap_or(now);
        let next = whole_at + self.pace.each;
        let most = now + self.pace.each * self.pace.burst;
        if next > most {
            return Err(next - most);
        }
        self.whole_at.insert(key.clone(), next);
        Ok(())
    }
}

/// What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber has to himself.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit =
        Limit { failures: 3, shut: Duration::from_secs(300), forget: Duration::from_secs(600) };

    #[test]
    fn the_third_failure_shuts_for_exactly_the_time() {
        let mut throttle = Throttle::new(LIMIT);
        let now = Instant::now();
        assert!(!throttle.failed(&"k", now));
        assert!(!throttle.failed(&"k", now));
        assert_eq!(throttle.shut_for(&"k", now), None);
        assert!(throttle.failed(&"k", now));
        assert_eq!(throttle.shut_for(&"k", now), Some(LIMIT.shut));
        // Tries while shut prolong nothing, and others are untouched.
        assert!(!throttle.failed(&"k", now + Duration::from_secs(299)));
        assert_eq!(throttle.shut_for(&"k", now + Duration::from_secs(299)), Some(Duration::from_secs(1)));
        assert_eq!(throttle.shut_for(&"k", now + LIMIT.shut), None);
        assert_eq!(throttle.shut_for(&"other", now), None);
        // And it counts anew.
        assert!(!throttle.failed(&"k", now + LIMIT.shut));
    }

    #[test]
    fn success_and_quiet_forget() {
        let mut throttle = Throttle::new(LIMIT);
        let now = Instant::now();
        throttle.failed(&"k", now);
        throttle.failed(&"k", now);
        throttle.succeeded(&"k");
        assert!(!throttle.failed(&"k", now));
        throttle.failed(&"k", now);
        assert!(!throttle.failed(&"k", now + LIMIT.forget));
    }

    #[test]
    fn memory_is_bounded() {
        let mut throttle = Throttle::new(LIMIT);
        let now = Instant::now();
        for n in 0..(MAX_KEYS as u64 * 2) {
            throttle.failed(&n, now + Duration::from_micros(n));
        }
        assert!(throttle.entries.len() <= MAX_KEYS);
    }

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let mut rate = Rate::new(Pace { burst: 3, each: Duration::from_secs(10) });
        let now = Instant::now();
        let at = |s| now + Duration::from_secs(s);
        assert!((0..3).all(|_| rate.ask(&"k", now).is_ok()));
        assert_eq!(rate.ask(&"k", now), Err(Duration::from_secs(10)));
        assert_eq!(rate.ask(&"k", at(9)), Err(Duration::from_secs(1)));
        assert_eq!(rate.ask(&"other", now), Ok(()));
        assert_eq!(rate.ask(&"k", at(10)), Ok(()));
        assert!(rate.ask(&"k", at(10)).is_err());
        assert!((0..3).all(|_| rate.ask(&"k", at(1000)).is_ok()));
    }

    #[test]
    fn an_ipv6_subscriber_is_one_address() {
        let one = network("2001:db8::1".parse().unwrap());
        assert_eq!(one, network("2001:db8::ffff:0:1".parse().unwrap()));
        assert_ne!(one, network("2001:db8:0:1::1".parse().unwrap()));
        assert_eq!(network("::ffff:1.2.3.4".parse().unwrap()), network("1.2.3.4".parse().unwrap()));
    }
}

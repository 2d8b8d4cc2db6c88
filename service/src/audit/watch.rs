//! Keeps a flood of refusals from flooding the audit log: of each kind one entry a minute and network, so that whoever
//! knocks a thousand times is noted and told of once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// One entry of a kind and network within this time.
pub const ONCE_IN: Duration = Duration::from_secs(60);
/// Networks that are remembered; beyond them nothing new is noted until some are forgotten.
const REMEMBERED: usize = 10_000;

/// What was noted lately.
#[derive(Debug, Default)]
pub struct Watch(HashMap<(&'static str, IpAddr), Instant>);

impl Watch {
    /// Whether a refusal of this kind from this network is to be noted now.
    pub fn admits(&mut self, kind: &'static str, network: IpAddr, now: Instant) -> bool {
        let lately = |at: &Instant| now.saturating_duration_since(*at) < ONCE_IN;
        if self.0.get(&(kind, network)).is_some_and(lately) {
            return false;
        }
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, at| lately(at));
        }
        if self.0.len() >= REMEMBERED {
            return false;
        }
        self.0.insert((kind, network), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_noted_once_a_minute_and_takes_bounded_memory() {
        let (mut watch, start) = (Watch::default(), Instant::now());
        let network = |n: u32| IpAddr::from(n.to_be_bytes());
        assert!(watch.admits("origin", network(1), start));
        assert!(!watch.admits("origin", network(1), start + ONCE_IN / 2));
        assert!(watch.admits("throttle", network(1), start));
        assert!(watch.admits("origin", network(1), start + ONCE_IN));
        for n in 0..3 * u32::try_from(REMEMBERED).unwrap() {
            watch.admits("origin", network(n), start + ONCE_IN);
        }
        assert_eq!(watch.0.len(), REMEMBERED);
        assert!(watch.admits("origin", network(u32::MAX), start + ONCE_IN * 2), "and goes on");
    }
}

//! When something is due, for many things at once.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

/// At most one time for each key.
#[derive(Debug)]
pub struct Timers<K> {
    order: BTreeSet<(Instant, K)>,
    by_key: HashMap<K, Instant>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { order: BTreeSet::new(), by_key: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash + Ord> Timers<K> {
    /// Sets, moves or removes the key's time.
    pub fn set(&mut self, key: K, due: Option<Instant>) {
        let before = match due {
            Some(due) => self.by_key.insert(key.clone(), due),
            None => self.by_key.remove(&key),
        };
        if let Some(before) = before {
            self.order.remove(&(before, key.clone()));
        }
        if let Some(due) = due {
            self.order.insert((due, key));
        }
    }

    /// The first time.
    pub fn first(&self) -> Option<Instant> {
        self.order.first().map(|(due, _)| *due)
    }

    /// The key that was due first, if it is due, removed.
    pub fn pop_due(&mut self, now: Instant) -> Option<K> {
        if self.first()? > now {
            return None;
        }
        let (_, key) = self.order.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn keys_come_in_the_order_of_their_times_and_once() {
        let mut timers = Timers::default();
        let now = Instant::now();
        let at = |s| now + Duration::from_secs(s);
        timers.set("a", Some(at(3)));
        timers.set("b", Some(at(1)));
        timers.set("c", Some(at(2)));
        timers.set("a", Some(at(0)));
        timers.set("c", None);
        assert_eq!(timers.first(), Some(at(0)));
        assert_eq!(timers.pop_due(at(1)), Some("a"));
        assert_eq!(timers.pop_due(at(1)), Some("b"));
        assert_eq!(timers.pop_due(at(9)), None);
        assert_eq!(timers.first(), None);
    }
}

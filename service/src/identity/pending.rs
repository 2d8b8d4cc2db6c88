//! What waits for somebody's next step: half-done sign-ins and passkeys being asked for. In memory and bounded, since
//! anybody may begin one; whoever is forgotten begins again. Pure: `now` is an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::{Token, TokenHash};

/// How long a next step is waited for.
pub const LASTS: Duration = Duration::from_secs(300);
/// Steps that wait at most; the oldest go first.
const MAX: usize = 20_000;

#[derive(Debug)]
struct Entry<T> {
    until: Instant,
    tries: u32,
    what: T,
}

/// Steps that wait, by their tickets.
#[derive(Debug)]
pub struct Pending<T> {
    entries: HashMap<TokenHash, Entry<T>>,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { entries: HashMap::new() }
    }
}

impl<T: Clone> Pending<T> {
    /// Waits for the next step; returns its ticket.
    pub fn begin(&mut self, what: T, now: Instant) -> Token {
        if self.entries.len() >= MAX {
            self.entries.retain(|_, entry| entry.until > now);
        }
        if self.entries.len() >= MAX {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.until).map(|(hash, _)| *hash);
            oldest.and_then(|hash| self.entries.remove(&hash));
        }
        let ticket = Token::generate();
        self.entries.insert(ticket.hash(), Entry { until: now + LASTS, tries: 0, what });
        ticket
    }

    /// What waits behind a ticket. Counts a try; after `tries` of them the ticket is gone.
    pub fn look(&mut self, ticket: &str, tries: u32, now: Instant) -> Option<T> {
        let hash = Token::parse(ticket)?.hash();
        let entry = self.entries.get_mut(&hash)?;
        entry.tries += 1;
        if entry.until <= now || entry.tries > tries {
            self.entries.remove(&hash);
            return None;
        }
        Some(entry.what.clone())
    }

    /// Takes what waits behind a ticket, once.
    pub fn take(&mut self, ticket: &str, now: Instant) -> Option<T> {
        let entry = self.entries.remove(&Token::parse(ticket)?.hash())?;
        (entry.until > now).then_some(entry.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_for_its_time_and_its_tries() {
        let mut pending = Pending::default();
        let now = Instant::now();
        let ticket = pending.begin("a", now);
        assert_eq!(pending.look(ticket.reveal(), 2, now), Some("a"));
        assert_eq!(pending.look(ticket.reveal(), 2, now), Some("a"));
        assert_eq!(pending.look(ticket.reveal(), 2, now), None);
        assert_eq!(pending.take(ticket.reveal(), now), None);
        let ticket = pending.begin("b", now);
        assert_eq!(pending.take(ticket.reveal(), now + LASTS), None);
        let ticket = pending.begin("c", now);
        assert_eq!(pending.take(ticket.reveal(), now), Some("c"));
        assert_eq!(pending.take(ticket.reveal(), now), None);
        assert_eq!(pending.take("nonsense", now), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut pending = Pending::default();
        let now = Instant::now();
        for n in 0..(MAX as u64 + 10) {
            pending.begin(n, now + Duration::from_millis(n));
        }
        assert_eq!(pending.entries.len(), MAX);
    }
}

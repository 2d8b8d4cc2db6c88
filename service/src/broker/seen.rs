//! Whose console was heard of lately: consoles that are open ask for invitations now and then. In memory only.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::store::Tenant;

/// Whose console says nothing for so long is not online.
const ONLINE_FOR: Duration = Duration::from_secs(30);
/// Users who are remembered, at most; then those who were not heard of lately are forgotten.
const MOST: usize = 50_000;

#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<HashMap<(String, String), Instant>>);

impl Seen {
    pub(super) fn note(&self, tenant: &Tenant, user: &str, now: Instant) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.retain(|_, at| now.saturating_duration_since(*at) < ONLINE_FOR);
        }
        if seen.len() < MOST {
            seen.insert((tenant.0.clone(), user.to_owned()), now);
        }
    }

    pub(super) fn is_online(&self, tenant: &Tenant, user: &str, now: Instant) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = seen.get(&(tenant.0.clone(), user.to_owned()));
        at.is_some_and(|at| now.saturating_duration_since(*at) < ONLINE_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_is_online_for_a_while_and_nobody_of_another_organisation() {
        let (seen, now) = (Seen::default(), Instant::now());
        let (ours, others) = (Tenant("a".into()), Tenant("b".into()));
        seen.note(&ours, "u1", now);
        assert!(seen.is_online(&ours, "u1", now + ONLINE_FOR / 2));
        assert!(!seen.is_online(&ours, "u1", now + ONLINE_FOR));
        assert!(!seen.is_online(&ours, "u2", now));
        assert!(!seen.is_online(&others, "u1", now));
    }
}

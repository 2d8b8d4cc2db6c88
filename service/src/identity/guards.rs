//! What stands before every try to come in, and what waits for the next step of one. In memory: a soft lock and a
//! half-done sign-in end with the process, and nobody can end the process from outside.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use farhand_protocol::api::Method;

use super::Token;
use super::passkey::{Challenge, Site};
use super::pending::Pending;
use super::throttle::{Limit, Pace, Rate, Throttle};
use crate::store::Tenant;

/// Failed sign-ins of one address (I4's soft lock, kept by what was typed and not by whether there is such a user).
const BY_EMAIL: Limit =
    Limit { failures: 5, shut: Duration::from_secs(300), forget: Duration::from_secs(24 * 60 * 60) };
/// Failed sign-ins from one network.
const BY_NETWORK: Limit =
    Limit { failures: 50, shut: Duration::from_secs(300), forget: Duration::from_secs(600) };
/// Wrong codes from one network.
const WRONG_CODES: Limit =
    Limit { failures: 20, shut: Duration::from_secs(300), forget: Duration::from_secs(600) };
/// Tries to come in from one network, right or wrong: each may cost a password hash.
const TRIES: Pace = Pace { burst: 120, each: Duration::from_millis(500) };
/// Mails that one network may cause.
const MAILS: Pace = Pace { burst: 10, each: Duration::from_secs(60) };
/// Mails that may be caused for one address, so that nobody's mailbox is filled.
const MAILS_TO: Pace = Pace { burst: 3, each: Duration::from_secs(600) };
/// Tries of a second method for one ticket.
const SECOND_TRIES: u32 = 5;
/// Characters of an address that are kept; nobody's is longer (RFC 5321).
const MAX_KEY: usize = 254;

/// A sign-in that waits for another method.
#[derive(Clone, Debug)]
pub struct HalfDone {
    /// The tenant.
    pub tenant: Tenant,
    /// The user.
    pub user: String,
    /// The address, for the soft lock.
    pub email: String,
    /// What was passed.
    pub passed: Method,
    /// What a passkey was asked.
    pub asked: Option<(Site, Challenge)>,
}

/// A passkey that was asked for without naming anybody, or that is being made.
#[derive(Clone, Debug)]
pub struct PasskeyAsked {
    /// Where.
    pub site: Site,
    /// What.
    pub challenge: Challenge,
    /// For whom one is being made.
    pub maker: Option<(Tenant, String)>,
}

/// All of them.
#[derive(Debug)]
pub struct Guards {
    by_email: Mutex<Throttle<String>>,
    by_network: Mutex<Throttle<IpAddr>>,
    wrong_codes: Mutex<Throttle<IpAddr>>,
    tries: Mutex<Rate<IpAddr>>,
    mails: Mutex<Rate<IpAddr>>,
    mails_to: Mutex<Rate<String>>,
    half_done: Mutex<Pending<HalfDone>>,
    passkeys: Mutex<Pending<PasskeyAsked>>,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            by_email: Mutex::new(Throttle::new(BY_EMAIL)),
            by_network: Mutex::new(Throttle::new(BY_NETWORK)),
            wrong_codes: Mutex::new(Throttle::new(WRONG_CODES)),
            tries: Mutex::new(Rate::new(TRIES)),
            mails: Mutex::new(Rate::new(MAILS)),
            mails_to: Mutex::new(Rate::new(MAILS_TO)),
            half_done: Mutex::default(),
            passkeys: Mutex::default(),
        }
    }
}

impl Guards {
    /// How long this address and this network may not sign in by password.
    #[must_use]
    pub fn sign_in_shut_for(&self, email: &str, network: IpAddr, now: Instant) -> Option<Duration> {
        let by_email = lock(&self.by_email).shut_for(&key(email), now);
        by_email.max(lock(&self.by_network).shut_for(&network, now))
    }

    /// How long this address is locked.
    #[must_use]
    pub fn locked_for(&self, email: &str, now: Instant) -> Option<Duration> {
        lock(&self.by_email).shut_for(&key(email), now)
    }

    /// A sign-in failed. Returns whether this one locked the address.
    pub fn sign_in_failed(&self, email: &str, network: IpAddr, now: Instant) -> bool {
        lock(&self.by_network).failed(&network, now);
        lock(&self.by_email).failed(&key(email), now)
    }

    /// A sign-in succeeded, with every method that it needed.
    pub fn sign_in_succeeded(&self, email: &str) {
        lock(&self.by_email).succeeded(&key(email));
    }

    /// How long this network may not try codes.
    #[must_use]
    pub fn join_shut_for(&self, network: IpAddr, now: Instant) -> Option<Duration> {
        lock(&self.wrong_codes).shut_for(&network, now)
    }

    /// A code was wrong. Returns whether this one shut the door.
    pub fn join_failed(&self, network: IpAddr, now: Instant) -> bool {
        lock(&self.wrong_codes).failed(&network, now)
    }

    /// Somebody tries to come in.
    ///
    /// # Errors
    /// How long to wait.
    pub fn a_try(&self, network: IpAddr, now: Instant) -> Result<(), Duration> {
        lock(&self.tries).ask(&network, now)
    }

    /// Somebody who is not signed in causes a mail.
    ///
    /// # Errors
    /// How long to wait.
    pub fn a_mail(&self, network: IpAddr, now: Instant) -> Result<(), Duration> {
        lock(&self.mails).ask(&network, now)
    }

    /// Whether another mail may go to this address.
    #[must_use]
    pub fn a_mail_to(&self, email: &str, now: Instant) -> bool {
        lock(&self.mails_to).ask(&key(email), now).is_ok()
    }

    /// A sign-in waits for another method.
    pub fn half_done(&self, half: HalfDone, now: Instant) -> Token {
        lock(&self.half_done).begin(half, now)
    }

    /// The sign-in that waits; counts a try.
    #[must_use]
    pub fn look_half_done(&self, ticket: &str, now: Instant) -> Option<HalfDone> {
        lock(&self.half_done).look(ticket, SECOND_TRIES, now)
    }

    /// The sign-in is done; false when another request was faster.
    #[must_use]
    pub fn take_half_done(&self, ticket: &str, now: Instant) -> bool {
        lock(&self.half_done).take(ticket, now).is_some()
    }

    /// A passkey is asked for.
    pub fn passkey_asked(&self, asked: PasskeyAsked, now: Instant) -> Token {
        lock(&self.passkeys).begin(asked, now)
    }

    /// What a passkey was asked, once.
    #[must_use]
    pub fn take_passkey(&self, ticket: &str, now: Instant) -> Option<PasskeyAsked> {
        lock(&self.passkeys).take(ticket, now)
    }
}

/// What is kept of what was typed is bounded.
fn key(email: &str) -> String {
    email.chars().take(MAX_KEY).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What every handler can reach.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use farhand_media_server::MediaServer;
use tokio::sync::watch;

use crate::audit::Event;
use crate::broker::Broker;
use crate::clock::Now;
use crate::config::Config;
use crate::demo::Demo;
use crate::identity::password::Passwords;
use crate::identity::throttle::{Limit, Throttle};
use crate::metrics::Metrics;
use crate::set_up::SetUpDoor;
use crate::store::{Store, Tenant, Written};

/// A sign-in stands for this long.
pub const SIGN_IN_LASTS: Duration = Duration::from_secs(12 * 60 * 60);

/// Failed sign-ins of one address (I4's soft lock, kept by what was typed and not by whether there is such a user).
const BY_EMAIL: Limit =
    Limit { failures: 5, shut: Duration::from_secs(300), forget: Duration::from_secs(24 * 60 * 60) };
/// Failed sign-ins from one network.
const BY_NETWORK: Limit =
    Limit { failures: 50, shut: Duration::from_secs(300), forget: Duration::from_secs(600) };
/// Wrong codes from one network.
const WRONG_CODES: Limit =
    Limit { failures: 20, shut: Duration::from_secs(300), forget: Duration::from_secs(600) };

/// What of the certificate the handlers tell.
#[derive(Clone, Debug)]
pub struct CertificateFacts {
    /// SHA-256, lower-case hex.
    pub fingerprint: String,
    /// Whether no authority vouches for it.
    pub self_signed: bool,
}

/// Counts what is alive, so that the end can wait for it.
#[derive(Clone, Debug)]
pub struct Living(watch::Sender<usize>);

impl Living {
    /// Nothing is alive yet.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// One more, until it is dropped.
    #[must_use]
    pub fn one(&self) -> Life {
        self.0.send_modify(|count| *count += 1);
        Life(self.0.clone())
    }

    /// Waits until nothing is alive.
    pub async fn none(&self) {
        self.0.subscribe().wait_for(|count| *count == 0).await.ok();
    }
}

impl Default for Living {
    fn default() -> Self {
        Self::new()
    }
}

/// Waits until the service ends.
pub async fn ended(ending: &mut watch::Receiver<bool>) {
    // An error means that whoever could say so is gone, which is an end as well.
    ending.wait_for(|ending| *ending).await.ok();
}

/// One that is alive.
#[derive(Debug)]
pub struct Life(watch::Sender<usize>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// The parts that [`App`] is made of.
pub struct Parts {
    /// Configuration.
    pub config: Config,
    /// Where people reach the service: `https://host:port`.
    pub url: String,
    /// Store.
    pub store: Store,
    /// Broker.
    pub broker: Broker,
    /// Media service.
    pub media: MediaServer,
    /// Its UDP port as people are told it.
    pub media_port: u16,
    /// Pages.
    pub pages: crate::http::Pages,
    /// Password hashing.
    pub passwords: Passwords,
    /// The set-up link.
    pub set_up: SetUpDoor,
    /// With `--demo`.
    pub demo: Option<Demo>,
    /// The HTTPS certificate.
    pub certificate: CertificateFacts,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Turns true when the service ends.
    pub ending: watch::Receiver<bool>,
    /// Counts what the service waits for when it ends.
    pub living: Living,
}

struct Inner {
    parts: Parts,
    by_email: Mutex<Throttle<String>>,
    by_network: Mutex<Throttle<IpAddr>>,
    wrong_codes: Mutex<Throttle<IpAddr>>,
}

/// The service's state. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

impl App {
    /// From its parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner {
                parts,
                by_email: Mutex::new(Throttle::new(BY_EMAIL)),
                by_network: Mutex::new(Throttle::new(BY_NETWORK)),
                wrong_codes: Mutex::new(Throttle::new(WRONG_CODES)),
            }),
        }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.parts.config
    }

    /// Where people reach the service when the request does not say.
    #[must_use]
    pub fn url(&self) -> String {
        self.inner.parts.url.clone()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.parts.store
    }

    /// The session broker.
    #[must_use]
    pub fn broker(&self) -> &Broker {
        &self.inner.parts.broker
    }

    /// The media service.
    #[must_use]
    pub fn media(&self) -> &MediaServer {
        &self.inner.parts.media
    }

    /// The media service's UDP port, as people are told it.
    #[must_use]
    pub fn media_port(&self) -> u16 {
        self.inner.parts.media_port
    }

    /// The web pages.
    #[must_use]
    pub fn pages(&self) -> &crate::http::Pages {
        &self.inner.parts.pages
    }

    /// Password hashing.
    #[must_use]
    pub fn passwords(&self) -> &Passwords {
        &self.inner.parts.passwords
    }

    /// The set-up link's door.
    #[must_use]
    pub fn set_up(&self) -> &SetUpDoor {
        &self.inner.parts.set_up
    }

    /// The demo, with `--demo`.
    #[must_use]
    pub fn demo(&self) -> Option<&Demo> {
        self.inner.parts.demo.as_ref()
    }

    /// The HTTPS certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateFacts {
        &self.inner.parts.certificate
    }

    /// Counters.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.inner.parts.metrics
    }

    /// Turns true when the service ends.
    #[must_use]
    pub fn ending(&self) -> watch::Receiver<bool> {
        self.inner.parts.ending.clone()
    }

    /// Held by what the service waits for when it ends, for a short while.
    #[must_use]
    pub fn living(&self) -> Life {
        self.inner.parts.living.one()
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Now {
        Now::read()
    }

    /// Writes an audit row.
    pub fn audit(&self, tenant: &Tenant, event: Event) -> Written {
        self.store().tenant(tenant.clone()).audit(event.row(self.now().unix_ms))
    }

    /// How long this address and this network may not sign in.
    #[must_use]
    pub fn sign_in_shut_for(&self, email: &str, network: IpAddr) -> Option<Duration> {
        let now = self.now().instant;
        let by_email = lock(&self.inner.by_email).shut_for(&email.to_owned(), now);
        by_email.max(lock(&self.inner.by_network).shut_for(&network, now))
    }

    /// A sign-in failed.
    pub fn sign_in_failed(&self, email: &str, network: IpAddr) {
        let now = self.now().instant;
        // What is kept of what was typed is bounded.
        let key: String = email.chars().take(254).collect();
        lock(&self.inner.by_email).failed(&key, now);
        lock(&self.inner.by_network).failed(&network, now);
    }

    /// A sign-in succeeded.
    pub fn sign_in_succeeded(&self, email: &str) {
        lock(&self.inner.by_email).succeeded(&email.to_owned());
    }

    /// How long this network may not try codes.
    #[must_use]
    pub fn join_shut_for(&self, network: IpAddr) -> Option<Duration> {
        lock(&self.inner.wrong_codes).shut_for(&network, self.now().instant)
    }

    /// A code was wrong. Returns whether this one shut the door.
    pub fn join_failed(&self, network: IpAddr) -> bool {
        lock(&self.inner.wrong_codes).failed(&network, self.now().instant)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

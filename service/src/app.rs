//! What every handler can reach.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use farhand_media_server::MediaServer;
use tokio::sync::watch;

use crate::audit::watch::Watch;
use crate::audit::{Actor, Event};
use crate::broker::Broker;
use crate::clock::{Clock, Now};
use crate::config::Config;
use crate::demo::Demo;
use crate::downloads::Downloads;
use crate::identity::domain::Lookups;
use crate::identity::guards::Guards;
use crate::identity::password::Passwords;
use crate::identity::throttle::network;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::outward::Outward;
use crate::set_up::SetUpDoor;
use crate::store::{Store, Tenant, Written};

/// A sign-in stands for this long.
pub const SIGN_IN_LASTS: Duration = Duration::from_secs(12 * 60 * 60);

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
    /// Signed releases for download.
    pub downloads: Option<Arc<Downloads>>,
    /// Password hashing.
    pub passwords: Passwords,
    /// The set-up link.
    pub set_up: SetUpDoor,
    /// With `--demo`.
    pub demo: Option<Demo>,
    /// Mail.
    pub mailer: Mailer,
    /// Looks domains up.
    pub lookups: Lookups,
    /// Requests to addresses that somebody of a tenant names.
    pub outward: Outward,
    /// The time.
    pub clock: Clock,
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
    guards: Guards,
    watch: Mutex<Watch>,
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
        Self { inner: Arc::new(Inner { parts, guards: Guards::default(), watch: Mutex::default() }) }
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

    /// Signed releases for download.
    #[must_use]
    pub fn downloads(&self) -> Option<&Arc<Downloads>> {
        self.inner.parts.downloads.as_ref()
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
        self.inner.parts.clock.now()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.parts.clock
    }

    /// What stands before every try to come in.
    #[must_use]
    pub fn guards(&self) -> &Guards {
        &self.inner.guards
    }

    /// Mail.
    #[must_use]
    pub fn mailer(&self) -> &Mailer {
        &self.inner.parts.mailer
    }

    /// Requests to addresses that somebody of a tenant names.
    #[must_use]
    pub fn outward(&self) -> &Outward {
        &self.inner.parts.outward
    }

    /// Looks domains up.
    #[must_use]
    pub fn lookups(&self) -> &Lookups {
        &self.inner.parts.lookups
    }

    /// Notes a refusal that is a security event (O2) and belongs to no tenant. A flood of them is noted once a minute.
    pub fn alarm(&self, action: &'static str, outcome: &'static str, from: IpAddr) {
        let admitted = self.inner.watch.lock().unwrap_or_else(PoisonError::into_inner).admits(
            action,
            network(from),
            self.now().instant,
        );
        if admitted {
            let event = Event::new(Actor::Anonymous, action).outcome(outcome).from(from).security();
            self.audit(&Tenant::none(), event).later();
        }
    }

    /// Writes an audit row.
    pub fn audit(&self, tenant: &Tenant, event: Event) -> Written {
        self.store().tenant(tenant.clone()).audit(event.row(self.now().unix_ms))
    }
}

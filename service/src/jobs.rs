//! What runs beside the requests: deletion of what is due, alerts, certificates, limits of sessions, proven domains.

use std::collections::BTreeSet;
use std::sync::Arc;

use farhand_protocol::session::EndReason;
use tokio::sync::watch;

use crate::app::App;
use crate::audit::alert::{Alerts, Mail};
use crate::audit::{Actor, Event};
use crate::broker::Broker;
use crate::config::CertificateSource;
use crate::mail::Mailer;
use crate::retention::{Keeper, Running};
use crate::store::{AlertWay, StoreError, Tenant};
use crate::tls::Shown;
use crate::tls::acme::Acme;
use crate::tls::files::Files;

/// Why the media service refuses what an honest participant does not send. Tickets that are only late are none of them.
const REFUSED_TICKETS: [&str; 3] = ["ticket_malformed", "ticket_forged", "forged_sender"];

/// Starts everything; it ends with the service.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn start(app: &App, shown: &Arc<Shown>, ending: &watch::Receiver<bool>) -> Result<(), StoreError> {
    let config = app.config();
    tokio::spawn(keeper(app).run(ending.clone()));

    // Whoever hosts is told of what belongs to nobody: strangers at the door.
    let own: BTreeSet<_> = config.alert_webhook.iter().cloned().map(AlertWay::Webhook).collect();
    app.store().tenant(Tenant::none()).set_alerts(&own, app.now().unix_ms).await?;
    let alerts =
        Alerts::new(app.store().clone(), app.outward().clone(), app.mailer().clone(), app.clock().clone());
    tokio::spawn(alerts.run(ending.clone()));

    tokio::spawn(tickets(app.clone(), ending.clone()));
    tokio::spawn(crate::limits::run(app.clone(), ending.clone()));
    tokio::spawn(crate::domains::run(app.clone(), ending.clone()));

    match &config.certificate {
        CertificateSource::SelfSigned => {}
        CertificateSource::Files { certificate, key } => {
            let files = Files::new(certificate.clone(), key.clone(), Arc::clone(shown), app.clock().clone());
            tokio::spawn(files.run(ending.clone()));
        }
        CertificateSource::Acme(settings) => {
            let (data, clock) = (config.data.clone(), app.clock().clone());
            tokio::spawn(Acme::new(settings.clone(), data, Arc::clone(shown), clock).run(ending.clone()));
        }
    }
    Ok(())
}

/// Looks each minute whether the media service refused tickets, over whichever carrier, and notes it.
async fn tickets(app: App, mut ending: watch::Receiver<bool>) {
    let refused = || -> u64 {
        let counts = app.media().metrics().refused;
        counts.iter().filter(|(reason, _)| REFUSED_TICKETS.contains(reason)).map(|(_, count)| count).sum()
    };
    let mut before = refused();
    loop {
        let next = app.now().unix_ms + 60_000;
        tokio::select! {
            () = app.clock().until(next) => {}
            () = crate::app::ended(&mut ending) => return,
        }
        let now = refused();
        if now > before {
            let event = Event::new(Actor::Service, "ticket")
                .outcome("refused")
                .detail(format!("{} in the last minute", now - before))
                .security();
            app.audit(&Tenant::none(), event).later();
        }
        before = now;
    }
}

/// What deletes content, for the job and for requests.
#[must_use]
pub fn keeper(app: &App) -> Keeper<Broker> {
    Keeper::new(app.store().clone(), app.broker().clone(), app.clock().clone())
}

impl Running for Broker {
    async fn end(&self, tenant: &Tenant, sessions: &[String]) -> Result<(), StoreError> {
        for session in sessions {
            Broker::end(self, tenant, session, EndReason::Service, &Actor::Service, None).await?;
        }
        Ok(())
    }

    async fn tenant_gone(&self, _: &Tenant) {
        // Sign-ins are rows and go with the others; sockets end with their sessions.
    }
}

impl Mail for Mailer {
    async fn send(&self, tenant: &Tenant, to: &str, subject: &str, text: &str) -> Result<(), StoreError> {
        self.put(tenant, to, subject, text).await
    }
}

//! Proven domains are looked at again each day: a domain that was given up, or sold, is not shown to customers for ever.
//! What a look means is [`crate::identity::domain`]'s to say.

use std::time::Duration;

use farhand_protocol::api::UserRole;
use tokio::sync::watch;

use crate::app::App;
use crate::audit::{Actor, Event};
use crate::identity::domain::{Change, GRACE, Missing};
use crate::mail::Letter;
use crate::store::{DomainRow, StoreError, TenantStore};

/// The job runs this often, and at the start.
pub const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Looks until the service ends.
pub async fn run(app: App, mut ending: watch::Receiver<bool>) {
    loop {
        let next = app.now().unix_ms + u64::try_from(EVERY.as_millis()).unwrap_or(u64::MAX);
        let looking = async {
            if let Err(error) = look_at_all(&app).await {
                tracing::error!(%error, "proven domains could not be looked at; it is tried again tomorrow");
            }
            app.clock().until(next).await;
        };
        tokio::select! {
            () = looking => {}
            () = crate::app::ended(&mut ending) => return,
        }
    }
}

async fn look_at_all(app: &App) -> Result<(), StoreError> {
    for tenant in app.store().proven_domains().await? {
        let tenant = app.store().tenant(tenant);
        if let Some(named) = tenant.organisation().await?.and_then(|row| row.domain) {
            look(app, &tenant, &named).await?.ok();
        }
    }
    Ok(())
}

/// Looks at one domain, keeps what was found, and tells administrators when a proof is missing.
///
/// # Errors
/// [`StoreError`] outside, what to mend inside.
pub async fn look(
    app: &App,
    tenant: &TenantStore,
    named: &DomainRow,
) -> Result<Result<(), Missing>, StoreError> {
    let found = app.lookups().look(&named.name, &named.proof).await;
    let (proven, change) = named.proven().after(found, app.now().unix_ms);
    tenant.domain_looked(&named.name, proven, found.err().map(Missing::code)).await?;
    let domain = named.name.as_str();
    let (action, letter) = match change {
        Change::Same => return Ok(found),
        Change::Proven => ("domain_proven", None),
        Change::Missed => {
            let days = GRACE.as_secs() / (24 * 60 * 60);
            ("domain_missed", Some(Letter::ProofMissing { domain, days }))
        }
        Change::Withdrawn => ("domain_withdrawn", Some(Letter::ProofWithdrawn { domain })),
    };
    let event = Event::new(Actor::Service, action).detail(domain);
    let event = if change == Change::Withdrawn { event.security() } else { event };
    app.audit(tenant.tenant(), event).later();
    if let Some(letter) = letter {
        for person in tenant.people().await? {
            if person.user.role == UserRole::Administrator {
                app.mailer().write(tenant.tenant(), &person.user.email, &letter).await?;
            }
        }
    }
    Ok(found)
}

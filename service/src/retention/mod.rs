//! How long content is kept, its return and its deletion (O4, O5): on request, when its time is over, and when a
//! subscription has ended. What deletes runs as a job by a [`Clock`]; what was deleted on request is confirmed with a
//! signature that anybody can check.

mod archive;
mod export;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use self::export::{ExportError, export};
use crate::audit::{Actor, Event};
use crate::clock::Clock;
use crate::identity::random_id;
use crate::store::{Deletion, Store, StoreError, Subject, Tenant};
use crate::vault::Signed;

/// The job runs this often.
pub const EVERY: Duration = Duration::from_secs(60 * 60);
/// Content goes within this time of the end of the subscription (O5).
pub const AFTER_SUBSCRIPTION: Duration = days(90);
/// A deletion that was asked for is done within this time at the latest (O4).
pub const ON_REQUEST: Duration = days(30);
/// Audit entries are kept at least this long, also where sessions go sooner: they are what an investigation asks for.
pub const AUDIT_AT_LEAST: Duration = days(365);
/// Entries of the installation's own audit log, which belong to no tenant, are kept this long.
pub const OWN_AUDIT: Duration = days(730);
/// Sessions that are deleted together.
const AT_ONCE: u32 = 100;

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

/// Ends what still runs of what is to be deleted. The session broker does.
pub trait Running: Send + Sync {
    /// Ends these sessions of the tenant, and returns when they have ended on the disk.
    fn end(
        &self,
        tenant: &Tenant,
        sessions: &[String],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// The tenant is gone: whoever is signed in is not any more.
    fn tenant_gone(&self, tenant: &Tenant) -> impl Future<Output = ()> + Send;
}

/// What a confirmation says. Its JSON is what is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// `deletion`.
    pub confirms: String,
    /// The deletion's identifier.
    pub id: String,
    /// The tenant.
    pub organisation: String,
    /// `sessions`, `all_sessions` or `organisation`.
    pub what: String,
    /// The sessions, where they were named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<String>,
    /// Who asked.
    pub requested_by: String,
    /// Milliseconds since 1970.
    pub requested_at: u64,
    /// Milliseconds since 1970.
    pub done_at: u64,
    /// How many rows went, by table.
    pub rows: Vec<(String, u64)>,
    /// Whether the key was destroyed, so that copies of the database cannot be read either.
    pub key_destroyed: bool,
    /// The key whose signature this statement carries, in base64: `farhand keys public` prints it.
    pub signed_by: String,
}

/// What deletes. Cheap to clone where its parts are.
#[derive(Clone, Debug)]
pub struct Keeper<R> {
    store: Store,
    running: R,
    clock: Clock,
}

impl<R: Running> Keeper<R> {
    /// From its parts.
    #[must_use]
    pub fn new(store: Store, running: R, clock: Clock) -> Self {
        Self { store, running, clock }
    }

    /// Deletes what is due, until the service ends.
    pub async fn run(self, mut ending: watch::Receiver<bool>) {
        loop {
            let next = self.clock.now().unix_ms + millis(EVERY);
            if let Err(error) = self.delete_due().await {
                tracing::error!(%error, "what is due to be deleted could not be; it is tried again in an hour");
            }
            tokio::select! {
                () = self.clock.until(next) => {}
                () = crate::app::ended(&mut ending) => return,
            }
        }
    }

    /// Deletes at once, as somebody asked. Who asked has been asked again, and may.
    ///
    /// # Errors
    /// [`StoreError`]. The request stands, and the job tries again.
    pub async fn delete(
        &self,
        tenant: &Tenant,
        subject: Subject,
        requested_by: &Actor,
    ) -> Result<(Deletion, Signed), StoreError> {
        let id = self.request(tenant, subject, requested_by, Duration::ZERO).await?;
        let signed = self.carry_out(tenant, &id).await?;
        let deletion = self.store.tenant(tenant.clone()).deletion(&id).await?;
        Ok((deletion.ok_or(StoreError::Unreadable { what: "record of a deletion" })?, signed))
    }

    /// Asks for a deletion that the job does after some time, 30 days at most. Returns its identifier.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn request(
        &self,
        tenant: &Tenant,
        subject: Subject,
        requested_by: &Actor,
        after: Duration,
    ) -> Result<String, StoreError> {
        let now = self.clock.now().unix_ms;
        let deletion = Deletion {
            id: random_id(8),
            subject,
            requested_by: requested_by.name(),
            requested_at: now,
            // The job that does it runs each hour, and within the time is before its end.
            due_at: now + millis(after.min(ON_REQUEST - EVERY)),
            done_at: None,
            confirmation: None,
        };
        let store = self.store.tenant(tenant.clone());
        store.add_deletion(&deletion).await?;
        let event = Event::new(requested_by.clone(), "delete_request").detail(deletion.subject.name());
        store.audit(event.row(now)).wait().await?;
        Ok(deletion.id)
    }

    /// Deletes everything whose time has come.
    ///
    /// # Errors
    /// [`StoreError`]; what was deleted until then stays so.
    pub async fn delete_due(&self) -> Result<(), StoreError> {
        let now = self.clock.now().unix_ms;
        // Within 90 days of the end is before they are over.
        let ended = now.saturating_sub(millis(AFTER_SUBSCRIPTION - EVERY));
        for tenant in self.store.subscriptions_ended(ended).await? {
            self.request(&tenant, Subject::Tenant, &Actor::Service, Duration::ZERO).await?;
        }
        for (tenant, id) in self.store.deletions_due(now).await? {
            self.carry_out(&tenant, &id).await?;
        }
        for (tenant, kept) in self.store.retention_times().await? {
            self.let_go(&tenant, days(kept.into()), now).await?;
        }
        self.store.prune_own_audit(now.saturating_sub(millis(OWN_AUDIT)), now).await?;
        Ok(())
    }

    /// Lets go what is older than the tenant keeps it.
    async fn let_go(&self, tenant: &Tenant, kept: Duration, now: u64) -> Result<(), StoreError> {
        let store = self.store.tenant(tenant.clone());
        let before = now.saturating_sub(millis(kept));
        let mut count = 0;
        loop {
            let sessions = store.sessions_ended_before(before, AT_ONCE).await?;
            if sessions.is_empty() {
                break;
            }
            count += sessions.len();
            store.delete_sessions(&sessions).await?;
        }
        let entries = store.prune_audit(now.saturating_sub(millis(kept.max(AUDIT_AT_LEAST)))).await?;
        if count > 0 || entries > 0 {
            let event = Event::new(Actor::Service, "retention")
                .detail(format!("{count} sessions and {entries} audit entries"));
            store.audit(event.row(now)).wait().await?;
            self.store.forget_deleted().await?;
        }
        Ok(())
    }

    /// Does what was asked for, and confirms it.
    async fn carry_out(&self, tenant: &Tenant, id: &str) -> Result<Signed, StoreError> {
        let store = self.store.tenant(tenant.clone());
        let unreadable = StoreError::Unreadable { what: "record of a deletion" };
        let deletion = store.deletion(id).await?.ok_or(unreadable)?;
        let now = self.clock.now().unix_ms;
        let open = store.sessions_open().await?;
        let rows = match &deletion.subject {
            Subject::Sessions(sessions) => {
                let open: Vec<_> = open.into_iter().filter(|session| sessions.contains(session)).collect();
                self.running.end(tenant, &open).await?;
                store.delete_sessions(sessions).await?
            }
            Subject::AllSessions => {
                self.running.end(tenant, &open).await?;
                self.delete_all_sessions(tenant, open).await?
            }
            Subject::Tenant => {
                self.running.end(tenant, &open).await?;
                self.running.tenant_gone(tenant).await;
                store.delete_everything(now).await?
            }
        };
        let whole = deletion.subject == Subject::Tenant;
        let signer = self.store.signer(now).await?;
        let statement = Statement {
            confirms: "deletion".into(),
            id: id.to_owned(),
            organisation: tenant.0.clone(),
            what: deletion.subject.name().into(),
            sessions: match &deletion.subject {
                Subject::Sessions(sessions) => sessions.clone(),
                Subject::AllSessions | Subject::Tenant => Vec::new(),
            },
            requested_by: deletion.requested_by.clone(),
            requested_at: deletion.requested_at,
            done_at: now,
            rows: rows.into_iter().map(|(table, count)| (table.to_owned(), count)).collect(),
            key_destroyed: whole,
            signed_by: signer.public_key(),
        };
        let text = serde_json::to_string(&statement).expect("a statement is plain data");
        let signed = signer.sign(text);
        store.confirm_deletion(id, now, &signed).await?;
        // What is left of a tenant is in the installation's log.
        let log = if whole { Tenant::none() } else { tenant.clone() };
        let event = Event::new(Actor::Service, "delete_done").detail(format!("{} {id}", statement.what));
        self.store.tenant(log).audit(event.row(now)).wait().await?;
        self.store.forget_deleted().await?;
        Ok(signed)
    }

    async fn delete_all_sessions(
        &self,
        tenant: &Tenant,
        ended_just_now: Vec<String>,
    ) -> Result<Vec<(&'static str, u64)>, StoreError> {
        let store = self.store.tenant(tenant.clone());
        let mut sessions = ended_just_now;
        let mut gone = store.delete_sessions(&sessions).await?;
        loop {
            sessions = store.sessions_ended_before(u64::MAX, AT_ONCE).await?;
            if sessions.is_empty() {
                return Ok(gone);
            }
            let more = store.delete_sessions(&sessions).await?;
            gone.iter_mut().zip(more).for_each(|((_, sum), (_, count))| *sum += count);
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

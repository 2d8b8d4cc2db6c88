//! Tells of security events as they happen (O2): by a webhook, by mail. The audit log is the queue, with a mark for each
//! receiver of how far it was told, so nothing is lost while a receiver or the service is away.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::outward::Outward;
use crate::store::{AlertTarget, AlertWay, AuditEntry, Store, StoreError, Tenant};

/// Events in one message at most.
const AT_ONCE: u32 = 50;
/// After a failure; doubled with each further one.
const RETRY: Duration = Duration::from_secs(60);
/// The longest pause between two tries.
const RETRY_AT_MOST: Duration = Duration::from_secs(60 * 60);
/// Receivers are looked at again after this time in any case.
const LOOK: Duration = Duration::from_secs(15 * 60);

/// Who sends mail. The outbox keeps it until it is sent.
pub trait Mail: Send + Sync {
    /// Puts a mail into the outbox.
    fn send(
        &self,
        tenant: &Tenant,
        to: &str,
        subject: &str,
        text: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Tells receivers.
pub struct Alerts<M> {
    store: Store,
    outward: Outward,
    mail: M,
    clock: Clock,
}

impl<M: Mail> Alerts<M> {
    /// From its parts.
    #[must_use]
    pub fn new(store: Store, outward: Outward, mail: M, clock: Clock) -> Self {
        Self { store, outward, mail, clock }
    }

    /// Tells until the service ends.
    pub async fn run(self, mut ending: watch::Receiver<bool>) {
        loop {
            let again = match self.tell().await {
                Ok(again) => again,
                Err(error) => {
                    tracing::error!(%error, "security events could not be told");
                    self.clock.now().unix_ms + millis(RETRY)
                }
            };
            tokio::select! {
                () = self.store.security_events().notified() => {}
                () = self.clock.until(again) => {}
                () = crate::app::ended(&mut ending) => return,
            }
        }
    }

    /// Tells everybody what they have not been told. Returns when to look again, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`StoreError`]; receivers that cannot be reached are no error, but tried again.
    pub async fn tell(&self) -> Result<u64, StoreError> {
        let now = self.clock.now().unix_ms;
        let mut again = now + millis(LOOK);
        for tenant in self.store.tenants_with_alerts().await? {
            let targets = match self.store.tenant(tenant.clone()).alerts().await {
                Ok(targets) => targets,
                // The tenant is being deleted.
                Err(StoreError::Vault(crate::vault::VaultError::Destroyed)) => continue,
                Err(other) => return Err(other),
            };
            for target in targets {
                if target.retry_at > now {
                    again = again.min(target.retry_at);
                } else if let Some(retry_at) = self.tell_one(&tenant, &target, now).await? {
                    again = again.min(retry_at);
                }
            }
        }
        Ok(again)
    }

    /// Returns when to try again, where it failed.
    async fn tell_one(
        &self,
        tenant: &Tenant,
        target: &AlertTarget,
        now: u64,
    ) -> Result<Option<u64>, StoreError> {
        let store = self.store.tenant(tenant.clone());
        let mut sent = target.sent;
        loop {
            let events = store.security_events_after(sent, AT_ONCE).await?;
            let Some(last) = events.last() else { return Ok(None) };
            let told = match &target.way {
                AlertWay::Webhook(address) => {
                    let body = json!({ "event": "security", "organisation": tenant.0, "entries": events });
                    self.outward.post(address, &body).await.map_err(|e| e.to_string())
                }
                AlertWay::Mail(address) => {
                    let text = text(&events);
                    self.mail.send(tenant, address, SUBJECT, &text).await.map_err(|e| e.to_string())
                }
            };
            if let Err(why) = told {
                let times = u32::try_from(target.failures).unwrap_or(u32::MAX).min(10);
                let retry_at = now + millis((RETRY * 2_u32.pow(times)).min(RETRY_AT_MOST));
                // Neither the address, which may hold a secret, nor the events.
                tracing::warn!(%tenant, %why, failures = target.failures + 1, "a receiver of security events was not reached");
                store.alert_failed(&target.id, retry_at).await?;
                return Ok(Some(retry_at));
            }
            sent = last.number;
            store.alert_sent(&target.id, sent).await?;
        }
    }
}

/// Mails are in English and German, since the service does not know who reads them.
const SUBJECT: &str = "Farhand: security events / Sicherheitsereignisse";

fn text(events: &[AuditEntry]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "Security events were recorded in your organisation. The audit log shows them in full.\n\
         In Ihrer Organisation wurden Sicherheitsereignisse festgehalten. Das Protokoll zeigt sie vollständig.\n\n",
    );
    for event in events {
        let AuditEntry { number, row, .. } = event;
        let address = if row.address.is_empty() { "-" } else { &row.address };
        writeln!(text, "#{number}  {}  {}  {}  {address}", utc(row.at), row.action, row.outcome)
            .expect("writing to a string does not fail");
    }
    text
}

/// A time for people, in UTC.
fn utc(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000;
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

/// The date of a day since 1970, in the Gregorian calendar.
fn date(mut days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let months = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in months {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

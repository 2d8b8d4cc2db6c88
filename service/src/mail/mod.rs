//! Mail: every letter is written into its tenant's outbox first, so that nothing is lost while the mail server or the
//! service is away; one task sends what is due. Without a mail server the letters stay in the outbox, where
//! administrators and `farhand outbox` find them.

mod letter;

use std::sync::Arc;
use std::time::Duration;

use farhand_protocol::api::MailState;
use lettre::message::{Mailbox, header::ContentType};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::sync::{Notify, watch};

pub use self::letter::Letter;
use crate::clock::Clock;
use crate::config::Smtp;
use crate::identity::random_id;
use crate::store::{MailRow, Store, StoreError, Tenant};

/// The outbox is looked at again after this time, whether or not something was put into it.
const LOOK: Duration = Duration::from_secs(30);
/// Letters looked at together.
const AT_ONCE: u32 = 20;
/// After the first failure; doubled with each further one.
const RETRY: Duration = Duration::from_secs(60);
/// The longest pause between two tries.
const RETRY_AT_MOST: Duration = Duration::from_secs(60 * 60);
/// Tries before a letter is given up: about a day.
const TRIES: u32 = 30;
/// Talking to the mail server takes at most this long.
const WITHIN: Duration = Duration::from_secs(30);
/// Characters of what the mail server said that are kept.
const MAX_ERROR: usize = 300;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Writes letters and sends them. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    server: Option<(Transport, Mailbox)>,
    due: Notify,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("sends", &self.sends()).finish_non_exhaustive()
    }
}

impl Mailer {
    /// With a mail server, or without.
    #[must_use]
    pub fn new(store: Store, clock: Clock, smtp: Option<&Smtp>) -> Self {
        let server = smtp.map(|smtp| (smtp.transport(WITHIN), smtp.from.clone()));
        Self { inner: Arc::new(Inner { store, clock, server, due: Notify::new() }) }
    }

    /// Whether there is a mail server.
    #[must_use]
    pub fn sends(&self) -> bool {
        self.inner.server.is_some()
    }

    /// Writes a letter; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write(&self, tenant: &Tenant, to: &str, letter: &Letter<'_>) -> Result<(), StoreError> {
        let (subject, text) = letter.text();
        self.put(tenant, to, &subject, &text).await
    }

    /// Puts a letter into the outbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(&self, tenant: &Tenant, to: &str, subject: &str, text: &str) -> Result<(), StoreError> {
        let now = self.inner.clock.now().unix_ms;
        let store = self.inner.store.tenant(tenant.clone());
        store.add_mail(&random_id(8), to, subject, text, now).await?;
        self.inner.due.notify_one();
        Ok(())
    }

    /// Something in the outbox is due earlier than was known.
    pub fn look(&self) {
        self.inner.due.notify_one();
    }

    /// Sends until the service ends. Does nothing without a mail server.
    pub async fn run(self, mut ending: watch::Receiver<bool>) {
        let Some((transport, from)) = &self.inner.server else { return };
        loop {
            if let Err(error) = self.send_due(transport, from).await {
                tracing::error!(%error, "the outbox could not be read or written");
            }
            tokio::select! {
                () = self.inner.due.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = crate::app::ended(&mut ending) => return,
            }
        }
    }

    async fn send_due(&self, transport: &Transport, from: &Mailbox) -> Result<(), StoreError> {
        loop {
            let now = self.inner.clock.now().unix_ms;
            let due = self.inner.store.mails_due(now, AT_ONCE).await?;
            if due.is_empty() {
                return Ok(());
            }
            for (tenant, id) in due {
                let store = self.inner.store.tenant(tenant);
                let Some(mail) = store.mail(&id).await? else { continue };
                let sent = match message(from, &mail) {
                    Ok(message) => match tokio::time::timeout(WITHIN, transport.send(message)).await {
                        Ok(Ok(_)) => Ok(()),
                        Ok(Err(error)) => Err((error.is_permanent(), error.to_string())),
                        Err(_) => Err((false, "the mail server did not answer in time".to_owned())),
                    },
                    Err(why) => Err((true, why)),
                };
                let tries = mail.tries + 1;
                match sent {
                    Ok(()) => store.mail_tried(&id, MailState::Sent, now, None).await?,
                    Err((for_good, why)) => {
                        let why: String = why.chars().take(MAX_ERROR).collect();
                        tracing::warn!(mail = %id, tries, %why, "a mail could not be sent");
                        let state =
                            if for_good || tries >= TRIES { MailState::Failed } else { MailState::Waiting };
                        let next = now + u64::try_from(pause(tries).as_millis()).unwrap_or(0);
                        store.mail_tried(&id, state, next, Some(&why)).await?;
                    }
                }
            }
        }
    }
}

/// How long to wait after so many tries.
fn pause(tries: u32) -> Duration {
    RETRY.saturating_mul(1 << tries.saturating_sub(1).min(10)).min(RETRY_AT_MOST)
}

fn message(from: &Mailbox, mail: &MailRow) -> Result<Message, String> {
    let to = mail.to.parse().map_err(|_| "the address cannot be written to".to_owned())?;
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.subject.as_str())
        .header(ContentType::TEXT_PLAIN)
        .body(mail.text.clone())
        .map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stop_growing() {
        assert_eq!(pause(1), Duration::from_secs(60));
        assert_eq!(pause(2), Duration::from_secs(120));
        assert_eq!(pause(30), RETRY_AT_MOST);
        let all: Duration = (1..TRIES).map(pause).sum();
        assert!(all > Duration::from_secs(20 * 60 * 60), "a day's outage loses nothing: {all:?}");
    }

    #[test]
    fn an_address_cannot_add_a_header() {
        let mut mail = MailRow {
            id: "m".into(),
            to: "ada@example.org".into(),
            subject: "Hello\r\nBcc: eve@example.org".into(),
            text: "Text.".into(),
            state: MailState::Waiting,
            tries: 0,
            error: None,
            created_at: 0,
        };
        let from: Mailbox = "Farhand <farhand@example.org>".parse().unwrap();
        let text = String::from_utf8(message(&from, &mail).unwrap().formatted()).unwrap();
        assert!(!text.lines().any(|line| line.starts_with("Bcc:")), "{text}");
        mail.to = "ada@example.org\r\nBcc: eve@example.org".into();
        assert!(message(&from, &mail).is_err());
    }
}

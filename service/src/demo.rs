//! The demo organisation and the queue of codes for the demo computer.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use farhand_protocol::api::UserRole;
use tokio::sync::{Notify, watch};

use crate::identity::password::Passwords;
use crate::identity::{Token, TokenHash, random_id};
use crate::store::{Store, Tenant, UserRow, UserWithPassword};
use crate::tls::write_secret;

/// The demo user's address.
pub const EMAIL: &str = "demo@farhand.example";
/// The demo user's password is kept in this file of the data folder.
pub const PASSWORD_FILE: &str = "demo.password";
/// The demo computer's token is kept in this file of the data folder.
pub const TOKEN_FILE: &str = "demo.token";
/// Codes that wait at most; older ones are forgotten.
const MAX_WAITING: usize = 8;
/// How long a question for the next code waits.
const WAIT: Duration = Duration::from_secs(25);

/// What `--demo` adds.
pub struct Demo {
    password: String,
    token: TokenHash,
    waiting: Mutex<VecDeque<String>>,
    added: Notify,
}

impl Demo {
    /// Makes the demo organisation at the first start, and reads its password and token at later ones.
    ///
    /// # Errors
    /// When the data folder or the database cannot be written.
    pub async fn open(data: &Path, store: &Store, passwords: &Passwords, now: u64) -> anyhow::Result<Self> {
        let tenant = store.tenant(Tenant("demo".to_owned()));
        let password = secret(&data.join(PASSWORD_FILE), || format!("demo-{}-7", random_id(6)))?;
        let token = secret(&data.join(TOKEN_FILE), || Token::generate().reveal().to_owned())?;
        let token = Token::parse(&token).with_context(|| {
            format!("{} holds no token; remove the file and start again", data.join(TOKEN_FILE).display())
        })?;
        let password_hash = passwords.hash(password.clone()).await?;
        match store.user_by_email(EMAIL).await? {
            None => {
                let user = UserRow {
                    id: "demo".to_owned(),
                    email: EMAIL.to_owned(),
                    name: "Demo Technician".to_owned(),
                    role: UserRole::Administrator,
                };
                tenant.create("Demo Help Desk", &UserWithPassword { user, password_hash }, now).await?;
            }
            Some(known) => store.tenant(known.tenant).set_password(&known.id, &password_hash).await?,
        }
        Ok(Self { password, token: token.hash(), waiting: Mutex::default(), added: Notify::new() })
    }

    /// The demo user's password, which is printed.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Whether this is the demo computer's token.
    #[must_use]
    pub fn is_token(&self, token: &Token) -> bool {
        token.hash() == self.token
    }

    /// A code for the demo computer.
    pub fn offer(&self, code: String) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(code);
        while waiting.len() > MAX_WAITING {
            waiting.pop_front();
        }
        self.added.notify_one();
    }

    /// The next code; `None` when none came in time or the service ends.
    pub async fn next(&self, mut ending: watch::Receiver<bool>) -> Option<String> {
        let first = async {
            loop {
                if let Some(code) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
                    return code;
                }
                self.added.notified().await;
            }
        };
        tokio::select! {
            code = first => Some(code),
            () = tokio::time::sleep(WAIT) => None,
            () = crate::app::ended(&mut ending) => None,
        }
    }
}

fn secret(path: &Path, make: impl FnOnce() -> String) -> anyhow::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let made = make();
            write_secret(path, made.as_bytes()).with_context(|| {
                format!("{} cannot be written; check the data folder's rights", path.display())
            })?;
            Ok(made)
        }
        Err(e) => Err(e)
            .with_context(|| format!("{} cannot be read; check the data folder's rights", path.display())),
    }
}

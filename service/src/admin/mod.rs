//! `farhand admin`: what whoever runs the service does without being anybody's administrator. It works on the data
//! folder, beside a running service or without one; every act is in the organisation's audit log.

pub mod outbox;

use std::process::ExitCode;

use clap::Subcommand;
use farhand_protocol::api::UserRole;

use crate::audit::{Actor, Event};
use crate::clock::Now;
use crate::config::{Config, Flags};
use crate::identity::{Token, random_id};
use crate::store::{InvitationRow, PersonChange, Store, StoreError, Tenant};
use crate::vault::command::open;

/// An invitation's link works this long.
const INVITATION_DAYS: u64 = 7;
/// A link to set a new password works this long.
const RESET_MINUTES: u64 = 60;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What is done.
#[derive(Subcommand)]
pub enum Command {
    /// List the organisations.
    Organisations {
        /// Where the data is.
        #[command(flatten)]
        settings: Box<Flags>,
    },
    /// Make an organisation, and print the link by which its first administrator comes in.
    Create {
        /// The organisation's name.
        #[arg(long)]
        name: String,
        /// The first administrator's e-mail address.
        #[arg(long)]
        email: String,
        /// Where the data is.
        #[command(flatten)]
        settings: Box<Flags>,
    },
    /// Let a user in again: unlock the account, and print a link to set a new password.
    Reset {
        /// The user's e-mail address.
        #[arg(long)]
        email: String,
        /// Make the user an administrator.
        #[arg(long)]
        administrator: bool,
        /// Take away authenticator app, passkeys and recovery codes: for whoever lost them all.
        #[arg(long)]
        remove_methods: bool,
        /// Where the data is.
        #[command(flatten)]
        settings: Box<Flags>,
    },
    /// List a user's sign-ins.
    SignIns {
        /// The user's e-mail address.
        #[arg(long)]
        email: String,
        /// Where the data is.
        #[command(flatten)]
        settings: Box<Flags>,
    },
    /// End a user's sign-ins: one, or all. Open pages notice within ten seconds.
    SignOut {
        /// The user's e-mail address.
        #[arg(long)]
        email: String,
        /// The sign-in, as `sign-ins` lists it; without it all of them.
        #[arg(long)]
        id: Option<String>,
        /// Where the data is.
        #[command(flatten)]
        settings: Box<Flags>,
    },
}

/// Runs it. Ends with 0 when it is done, 2 when it could not be.
pub async fn run(command: Command, environment: impl IntoIterator<Item = (String, String)>) -> ExitCode {
    let (settings, act) = match command {
        Command::Organisations { settings } => (settings, Act::Organisations),
        Command::Create { name, email, settings } => (settings, Act::Create { name, email }),
        Command::Reset { email, administrator, remove_methods, settings } => {
            (settings, Act::Reset { email, administrator, remove_methods })
        }
        Command::SignIns { email, settings } => (settings, Act::SignIns { email }),
        Command::SignOut { email, id, settings } => (settings, Act::SignOut { email, id }),
    };
    let done = async {
        let config = Config::read(*settings, environment)?;
        let store = open(&config).await?;
        let done = act.run(&config, &store).await;
        store.close().await;
        done
    };
    finish(done.await)
}

fn finish(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("farhand: {error:#}");
            ExitCode::from(2)
        }
    }
}

enum Act {
    Organisations,
    Create { name: String, email: String },
    Reset { email: String, administrator: bool, remove_methods: bool },
    SignIns { email: String },
    SignOut { email: String, id: Option<String> },
}

impl Act {
    async fn run(self, config: &Config, store: &Store) -> anyhow::Result<()> {
        let now = Now::read().unix_ms;
        match self {
            Self::Organisations => {
                for (tenant, name, _) in store.tenants().await? {
                    let people = store.tenant(tenant.clone()).people().await?.len();
                    println!("{tenant}  {}  {people} people", plain(&name));
                }
            }
            Self::Create { name, email } => {
                let email = address(&email)?;
                anyhow::ensure!(
                    store.user_by_email(&email).await?.is_none(),
                    "{email} has an account already. One address signs in to one organisation; name another."
                );
                let name = name.trim();
                let usable = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
                anyhow::ensure!(usable, "The name must have 1 to 100 characters.");
                let tenant = store.tenant(Tenant(random_id(8)));
                tenant.create_empty(name, now).await?;
                let token = Token::generate();
                let invitation = InvitationRow {
                    id: random_id(8),
                    email,
                    name: String::new(),
                    role: UserRole::Administrator,
                    group: None,
                    created_at: now,
                    expires_at: now + INVITATION_DAYS * DAY_MS,
                };
                tenant.add_invitation(&invitation, &token.hash()).await?;
                record(store, tenant.tenant(), "organisation_create", String::new(), now).await?;
                eprintln!(
                    "The organisation {} is made. Its first administrator comes in by this link, once:",
                    tenant.tenant()
                );
                println!("{}/invitation#{}", base(config), token.reveal());
            }
            Self::Reset { email, administrator, remove_methods } => {
                let (tenant, user) = known(store, &email).await?;
                let store_of = store.tenant(tenant.clone());
                let person = store_of.person(&user).await?.ok_or_else(|| unknown(&email))?;
                let role = if administrator { UserRole::Administrator } else { person.user.role };
                let change = PersonChange { role, group: person.group, locked: false };
                store_of.change_person(&user, &change).await?;
                if remove_methods {
                    store_of.remove_methods(&user).await?;
                }
                store_of.remove_sign_ins(&user).await?;
                let token = Token::generate();
                store_of.put_reset(&user, &token.hash(), now + RESET_MINUTES * 60_000).await?;
                let detail =
                    format!("user:{user} administrator:{administrator} remove_methods:{remove_methods}");
                record(store, &tenant, "person_reset", detail, now).await?;
                eprintln!(
                    "The user's sign-ins have ended. This link sets a new password, once, within {RESET_MINUTES} minutes:"
                );
                println!("{}/reset#{}", base(config), token.reveal());
            }
            Self::SignIns { email } => {
                let (tenant, user) = known(store, &email).await?;
                for row in store.tenant(tenant).sign_ins(&user).await? {
                    let left = row.expires_at.saturating_sub(now) / 60_000;
                    println!("{}  {}  {}  ends in {left} min", row.id, row.address, plain(&row.program));
                }
            }
            Self::SignOut { email, id } => {
                let (tenant, user) = known(store, &email).await?;
                let store_of = store.tenant(tenant.clone());
                match &id {
                    None => store_of.remove_sign_ins(&user).await?,
                    Some(id) => {
                        let rows = store_of.sign_ins(&user).await?;
                        let row = rows.iter().find(|row| row.id == *id);
                        let row = row.ok_or_else(|| {
                            anyhow::anyhow!("There is no such sign-in. `farhand admin sign-ins` lists them.")
                        })?;
                        store_of.remove_sign_in(&row.token_hash).await?;
                    }
                }
                record(store, &tenant, "person_sign_out", format!("user:{user}"), now).await?;
            }
        }
        Ok(())
    }
}

async fn record(
    store: &Store,
    tenant: &Tenant,
    action: &'static str,
    detail: String,
    now: u64,
) -> Result<(), StoreError> {
    let event = Event::new(Actor::Operator, action).detail(detail);
    store.tenant(tenant.clone()).audit(event.row(now)).wait().await
}

async fn known(store: &Store, email: &str) -> anyhow::Result<(Tenant, String)> {
    let email = address(email)?;
    let known = store.user_by_email(&email).await?.ok_or_else(|| unknown(&email))?;
    Ok((known.tenant, known.id))
}

fn unknown(email: &str) -> anyhow::Error {
    anyhow::anyhow!("Nobody signs in with {}. Check the address.", plain(email))
}

fn address(text: &str) -> anyhow::Result<String> {
    let email = text.trim().to_lowercase();
    anyhow::ensure!(
        email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
            && email.len() <= 254,
        "{} is no e-mail address. Write it like name@example.org.",
        plain(&email)
    );
    Ok(email)
}

fn base(config: &Config) -> String {
    crate::serve::url(config, config.listen)
}

/// Text of somebody's choosing, without what a terminal would take for a command.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

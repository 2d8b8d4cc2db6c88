//! `farhand keys`.

use std::process::ExitCode;

use clap::Subcommand;

use super::RootSource;
use crate::audit::{Actor, Event};
use crate::clock::Now;
use crate::config::{Config, Flags};
use crate::store::{Database, Store, StoreError, Tenant};

/// What is done with the keys.
#[derive(Subcommand)]
pub enum Command {
    /// Make new versions of the root key and of every organisation's key, and seal everything anew. May run beside the
    /// service.
    Rotate {
        /// Forget old versions of the root key at the end. Backups of the key folder from before then open nothing.
        #[arg(long)]
        forget_old_root: bool,
        /// Where the data is, as for `farhand serve`.
        #[command(flatten)]
        settings: Box<Flags>,
    },
    /// Print the public key (Ed25519, base64) by which confirmations of deletions can be checked.
    Public {
        /// Where the data is, as for `farhand serve`.
        #[command(flatten)]
        settings: Box<Flags>,
    },
}

/// Runs it.
pub async fn run(command: Command, environment: impl IntoIterator<Item = (String, String)>) -> ExitCode {
    let settings = match &command {
        Command::Rotate { settings, .. } | Command::Public { settings } => settings.as_ref().clone(),
    };
    let config = match Config::read(settings, environment) {
        Ok(config) => config,
        Err(error) => return complain(2, &error.to_string()),
    };
    let done = match command {
        Command::Rotate { forget_old_root, .. } => rotate(&config, forget_old_root).await,
        Command::Public { .. } => public(&config).await,
    };
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => complain(1, &error.to_string()),
    }
}

async fn rotate(config: &Config, forget_old_root: bool) -> Result<String, StoreError> {
    let store = open(config).await?;
    let now = Now::read().unix_ms;
    let rotated = store.vault().rotate()?;
    let sealed = store.reseal().await?;
    if forget_old_root {
        store.vault().forget_old_root()?;
    }
    let detail = format!("root key version {}, {} keys, {sealed} values", rotated.root, rotated.tenants);
    let event = Event::new(Actor::Operator, "keys_rotate").detail(detail);
    store.tenant(Tenant::none()).audit(event.row(now)).wait().await?;
    store.close().await;
    let root = match rotated.new_root {
        true => format!("The root key has a new version, {}.", rotated.root),
        false => format!(
            "The root key is provided from outside; version {} of it is in use. To change it, provide a text with a \
             further line and run this again.",
            rotated.root
        ),
    };
    Ok(format!(
        "{root} {} keys have a new version, and {sealed} values were sealed with them anew. Audit entries stay sealed \
         with the keys they were written with.",
        rotated.tenants
    ))
}

async fn public(config: &Config) -> Result<String, StoreError> {
    let store = open(config).await?;
    let key = store.signer(Now::read().unix_ms).await?.public_key();
    store.close().await;
    Ok(key)
}

/// Opens what `farhand serve` with the same settings would.
pub(crate) async fn open(config: &Config) -> Result<Store, StoreError> {
    let root = RootSource::find(&config.data, |name| std::env::var(name).ok());
    let database = Database::in_folder(&config.data);
    if !config.data.join(crate::store::FILE).exists() {
        return Err(StoreError::Open {
            path: config.data.join(crate::store::FILE),
            why: "there is no such file".into(),
        });
    }
    Store::open_with(&database, &config.data, root).await
}

fn complain(code: u8, what: &str) -> ExitCode {
    eprintln!("farhand: {what}");
    ExitCode::from(code)
}

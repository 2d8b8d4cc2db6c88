//! `farhand outbox`: the mails that wait, for whoever runs a service without a mail server.

use std::process::ExitCode;

use farhand_protocol::api::MailState;

use super::{finish, plain};
use crate::config::{Config, Flags};
use crate::vault::command::open;

/// Mails that are shown of each organisation.
const MAILS: u32 = 200;

/// What is shown.
#[derive(clap::Args)]
pub struct Arguments {
    /// Show those that were sent, too.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    settings: Box<Flags>,
}

/// Runs it. Ends with 0 when it is done, 2 when it could not be.
pub async fn run(arguments: Arguments, environment: impl IntoIterator<Item = (String, String)>) -> ExitCode {
    let done = async {
        let config = Config::read(*arguments.settings, environment)?;
        let store = open(&config).await?;
        for (tenant, name, _) in store.tenants().await? {
            for mail in store.tenant(tenant).mails(MAILS).await? {
                let state = match mail.state {
                    MailState::Waiting => "waiting",
                    MailState::Sent if !arguments.all => continue,
                    MailState::Sent => "sent",
                    MailState::Failed => "failed",
                };
                println!("{}  {}  {state}  to {}", mail.id, plain(&name), plain(&mail.to));
                println!("  {}", plain(&mail.subject));
                if let Some(error) = &mail.error {
                    println!("  the mail server said: {}", plain(error));
                }
                mail.text.lines().for_each(|line| println!("    {}", plain(line)));
                println!();
            }
        }
        store.close().await;
        Ok(())
    };
    finish(done.await)
}

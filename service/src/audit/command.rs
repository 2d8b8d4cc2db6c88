//! `farhand audit`.

use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::chain::{Finding, Head};
use crate::config::{Config, Flags};
use crate::identity::hex;
use crate::store::{ChainReport, Store, Tenant};
use crate::vault::command::open;

/// What is done with the audit log.
#[derive(Subcommand)]
pub enum Command {
    /// Check that nothing in the audit log was changed, removed or reordered. May run beside the service.
    Verify {
        /// A mark that an earlier check printed, ORGANISATION:NUMBER:HASH: the entry must still be there as it was. May be
        /// given several times.
        #[arg(long, value_name = "MARK")]
        mark: Vec<String>,
        /// Where the data is, as for `farhand serve`.
        #[command(flatten)]
        settings: Box<Flags>,
    },
    /// Print the audit log as JSON lines, oldest first.
    Export {
        /// The organisation; without it, what belongs to none.
        #[arg(long, value_name = "ID", default_value = "")]
        organisation: String,
        /// Where the data is, as for `farhand serve`.
        #[command(flatten)]
        settings: Box<Flags>,
    },
}

/// Runs it. Ends with 0 when all is well, 1 when the log was tampered with, 2 when it could not be looked at.
pub async fn run(command: Command, environment: impl IntoIterator<Item = (String, String)>) -> ExitCode {
    let (settings, task) = match command {
        Command::Verify { mark, settings } => (settings, Task::Verify(mark)),
        Command::Export { organisation, settings } => (settings, Task::Export(Tenant(organisation))),
    };
    let config = match Config::read(*settings, environment) {
        Ok(config) => config,
        Err(error) => return complain(&error.to_string()),
    };
    let store = match open(&config).await {
        Ok(store) => store,
        Err(error) => return complain(&error.to_string()),
    };
    let done = match task {
        Task::Verify(marks) => verify(&store, &marks).await,
        Task::Export(tenant) => export(&store, &tenant).await.map(|()| true),
    };
    store.close().await;
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => complain(&error.to_string()),
    }
}

enum Task {
    Verify(Vec<String>),
    Export(Tenant),
}

/// Whether all is well. What is wrong is named on standard error, a mark of every chain on standard output.
async fn verify(store: &Store, marks: &[String]) -> anyhow::Result<bool> {
    let mut reports = store.verify_audit().await?;
    for mark in marks {
        check_mark(store, mark, &mut reports).await?;
    }
    let mut sound = true;
    for ChainReport { tenant, head, report } in &reports {
        let name = if tenant.0.is_empty() { "the installation" } else { &tenant.0 };
        for finding in &report.findings {
            eprintln!("{name}: {finding}");
        }
        let unnamed = report.wrong.saturating_sub(report.findings.len() as u64);
        if unnamed > 0 {
            eprintln!("{name}: and {unnamed} more");
        }
        sound &= report.is_sound();
        if let Some(Head { last, hash, .. }) = head {
            println!("{}:{last}:{}", tenant.0, hex(hash));
        }
    }
    let entries: u64 = reports.iter().map(|one| one.report.entries).sum();
    match sound {
        true => eprintln!(
            "The audit log is whole: {entries} entries in {} chains. The lines above mark where each ends; keep them \
             elsewhere, and give them with --mark to a later check.",
            reports.len()
        ),
        false => eprintln!(
            "The audit log was tampered with. Keep a copy of the data folder as it is, and find out who did."
        ),
    }
    Ok(sound)
}

/// An entry that was there must still be there as it was, unless its time is over.
async fn check_mark(store: &Store, mark: &str, reports: &mut Vec<ChainReport>) -> anyhow::Result<()> {
    let wrong = || {
        anyhow::anyhow!(
            "{mark:?} is no mark; it should be ORGANISATION:NUMBER:HASH as an earlier check printed it."
        )
    };
    let (rest, hash) = mark.rsplit_once(':').ok_or_else(wrong)?;
    let (tenant, number) = rest.rsplit_once(':').ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let tenant = Tenant(tenant.to_owned());
    let chain = reports.iter_mut().find(|one| one.tenant == tenant);
    let Some(chain) = chain else {
        let mut gone = store.tenant(tenant).verify_audit().await?;
        gone.report.add(Finding::NoHead);
        reports.push(gone);
        return Ok(());
    };
    let still = match &chain.head {
        // An empty chain had nothing to mark.
        Some(head) if number == 0 || number + 1 < head.first => true,
        Some(head) if number + 1 == head.first => hex(&head.base) == hash,
        Some(_) | None => {
            let entry = store.tenant(tenant).audit_after(number - 1).await?.into_iter().next();
            entry.is_some_and(|entry| entry.number == number && entry.hash == hash)
        }
    };
    if !still {
        chain.report.add(Finding::Changed { number });
    }
    Ok(())
}

async fn export(store: &Store, tenant: &Tenant) -> anyhow::Result<()> {
    let log = store.tenant(tenant.clone());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut after = 0;
    loop {
        let entries = log.audit_after(after).await?;
        let Some(last) = entries.last() else { break };
        after = last.number;
        for entry in &entries {
            serde_json::to_writer(&mut out, entry)?;
            out.write_all(b"\n")?;
        }
    }
    if let Some(Head { first, last, hash, .. }) = log.audit_head().await? {
        // The end is a line of its own, so that a copy that was cut off can be told.
        let end =
            json!({ "end": { "organisation": tenant.0, "first": first, "last": last, "hash": hex(&hash) } });
        writeln!(out, "{end}")?;
    }
    out.flush()?;
    Ok(())
}

fn complain(what: &str) -> ExitCode {
    eprintln!("farhand: {what}");
    ExitCode::from(2)
}

//! The return of content: one archive with a file of JSON lines for each table.

use serde::Serialize;
use serde_json::{Map, Value};
use tokio::io::AsyncWrite;

use super::archive::Archive;
use crate::identity::{hex, sha256};
use crate::store::catalogue::Table;
use crate::store::{StoreError, TenantStore, exported};

/// Bytes of a file in the archive, about; a longer table is several files, so that none is held in memory whole.
const PART: usize = 4 * 1024 * 1024;

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The content cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Whoever takes the archive went away.
    #[error("the archive cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// What is in the archive; its last file, `contents.json`.
#[derive(Serialize)]
struct Contents {
    organisation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// Milliseconds since 1970.
    exported_at: u64,
    files: Vec<File>,
    about: &'static str,
}

#[derive(Serialize)]
struct File {
    name: String,
    rows: usize,
    sha256: String,
}

const ABOUT: &str = "Each .jsonl file holds one JSON object a line, of the table it is named after. Times are milliseconds \
                     since 1970 in UTC. Passwords, tokens and keys are not exported.";

/// Writes everything of a tenant, or what belongs to one of its sessions, as a tar archive. `now` is in milliseconds since
/// 1970.
///
/// # Errors
/// [`ExportError`]. What was written until then is no whole archive.
pub async fn export(
    store: &TenantStore,
    session: Option<&str>,
    now: u64,
    out: impl AsyncWrite + Unpin,
) -> Result<(), ExportError> {
    let mut archive = Archive::new(out, now / 1000);
    let mut files = Vec::new();
    for table in exported(session.is_some()) {
        write_table(store, table, session, &mut archive, &mut files).await?;
    }
    let contents = Contents {
        organisation: store.tenant().0.clone(),
        session: session.map(str::to_owned),
        exported_at: now,
        files,
        about: ABOUT,
    };
    let text = serde_json::to_vec_pretty(&contents).expect("the list is plain data");
    archive.file("contents.json", &text).await?;
    archive.finish().await?;
    Ok(())
}

async fn write_table<W: AsyncWrite + Unpin>(
    store: &TenantStore,
    table: &'static Table,
    session: Option<&str>,
    archive: &mut Archive<W>,
    files: &mut Vec<File>,
) -> Result<(), ExportError> {
    let (mut text, mut rows, mut part) = (Vec::new(), 0, 1);
    let mut after = None;
    loop {
        let page = store.contents(table, session, after.as_ref()).await?;
        for row in page.rows {
            line(row, &mut text);
            rows += 1;
        }
        after = page.next;
        let last = after.is_none();
        if (last && rows > 0) || text.len() >= PART {
            let name = match (part, last) {
                (1, true) => format!("{}.jsonl", table.name),
                (part, _) => format!("{}.{part:04}.jsonl", table.name),
            };
            archive.file(&name, &text).await?;
            files.push(File { name, rows, sha256: hex(&sha256(&text)) });
            text.clear();
            (rows, part) = (0, part + 1);
        }
        if last {
            return Ok(());
        }
    }
}

fn line(row: Map<String, Value>, text: &mut Vec<u8>) {
    serde_json::to_writer(&mut *text, &row).expect("writing to memory does not fail");
    text.push(b'\n');
}

//! The one writer of what happens in sessions: rows queue up, and all that wait are committed in one transaction,
//! because a commit that reaches the disk costs as much for fifty rows as for one.

use std::sync::Arc;

use sqlx::{AnyConnection, AnyPool, Connection as _};
use tokio::sync::{Notify, mpsc, oneshot};

use super::audit::Chains;
use super::rows::{participant_place, participant_role_name, policy_text, reason_name, to_i64};
use super::{AuditRow, ParticipantRow, ParticipantSecret, SessionRow, StoreError, Tenant, sql};
use crate::audit::chain::Hash;
use crate::vault::{Place, Vault};

/// Rows committed together at most.
const BATCH: usize = 256;

/// One row to be written.
#[derive(Clone)]
pub enum Write {
    /// Where a session stands.
    Session(Tenant, SessionRow),
    /// A new participant.
    Participant(Tenant, ParticipantRow),
    /// What happened.
    Audit(Tenant, AuditRow),
    /// The tenant's audit chain is let go with the tenant, at this time.
    EndAudit(Tenant, u64),
}

struct Job {
    rows: Vec<Write>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// Becomes ready when the rows are on the disk. Dropping it does not take them back.
#[must_use = "await it to know the rows on the disk, or drop it on purpose"]
pub struct Written(Option<oneshot::Receiver<Result<(), StoreError>>>);

impl Written {
    /// There was nothing to write.
    pub fn nothing() -> Self {
        Self(None)
    }

    /// Waits for the disk.
    ///
    /// # Errors
    /// [`StoreError`] when the rows could not be written.
    pub async fn wait(self) -> Result<(), StoreError> {
        match self.0 {
            Some(done) => done.await.unwrap_or(Err(StoreError::Closed)),
            None => Ok(()),
        }
    }

    /// The rows are written, whenever that is; a failure is logged by the writer.
    pub fn later(self) {
        drop(self);
    }
}

#[derive(Clone, Debug)]
pub(super) struct Writer {
    jobs: mpsc::UnboundedSender<Job>,
}

impl Writer {
    pub(super) fn start(pool: AnyPool, vault: Vault, security: Arc<Notify>) -> Self {
        let (jobs, queue) = mpsc::unbounded_channel();
        tokio::spawn(run(pool, Keeper { chains: Chains::new(vault.clone()), vault, security }, queue));
        Self { jobs }
    }

    pub(super) fn write(&self, rows: Vec<Write>) -> Written {
        let (done, written) = oneshot::channel();
        // When the writer is gone the receiver reports it.
        self.jobs.send(Job { rows, done }).ok();
        Written(Some(written))
    }
}

/// What the writer needs besides the database.
struct Keeper {
    chains: Chains,
    vault: Vault,
    /// Told when a security event is on the disk.
    security: Arc<Notify>,
}

async fn run(pool: AnyPool, mut keeper: Keeper, mut queue: mpsc::UnboundedReceiver<Job>) {
    let mut jobs = Vec::new();
    while queue.recv_many(&mut jobs, BATCH).await > 0 {
        match keeper.commit(&pool, &jobs).await {
            Ok(()) => jobs.drain(..).for_each(|job| drop(job.done.send(Ok(())))),
            // One bad row must not take the others with it.
            Err(_) => {
                for job in jobs.drain(..) {
                    let alone = keeper.commit(&pool, std::slice::from_ref(&job)).await;
                    if let Err(error) = &alone {
                        tracing::error!(%error, rows = job.rows.len(), "rows could not be written to the database");
                    }
                    job.done.send(alone).ok();
                }
            }
        }
    }
}

impl Keeper {
    async fn commit(&mut self, pool: &AnyPool, jobs: &[Job]) -> Result<(), StoreError> {
        if jobs.iter().all(|job| job.rows.is_empty()) {
            return Ok(());
        }
        let mut connection = pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let (moved, ended, security) = self.rows(&mut transaction, jobs).await?;
        transaction.commit().await?;
        self.chains.committed(moved);
        ended.iter().for_each(|tenant| self.chains.forget(tenant));
        if security {
            self.security.notify_one();
        }
        Ok(())
    }

    async fn rows(
        &self,
        connection: &mut AnyConnection,
        jobs: &[Job],
    ) -> Result<(Vec<(Tenant, u64, Hash)>, Vec<Tenant>, bool), StoreError> {
        let mut audit = Vec::new();
        let mut ended = Vec::new();
        for row in jobs.iter().flat_map(|job| &job.rows) {
            match row {
                Write::Session(tenant, row) => put_session(&mut *connection, tenant, row).await?,
                Write::Participant(tenant, row) => {
                    put_participant(&mut *connection, &self.vault, tenant, row).await?;
                }
                Write::Audit(tenant, row) => audit.push((tenant, row)),
                Write::EndAudit(tenant, at) => ended.push((tenant, *at)),
            }
        }
        let mut moved = self.chains.append(&mut *connection, &audit).await?;
        for (tenant, at) in &ended {
            moved.extend(self.chains.end(&mut *connection, tenant, *at).await?);
        }
        let security = audit.iter().any(|(_, row)| row.security);
        Ok((moved, ended.into_iter().map(|(tenant, _)| tenant.clone()).collect(), security))
    }
}

async fn put_session(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    row: &SessionRow,
) -> Result<(), StoreError> {
    sqlx::query(sql::tenant::PUT_SESSION)
        .bind(tenant.0.as_str())
        .bind(row.id.as_str())
        .bind(row.owner.as_str())
        .bind(row.code.as_str())
        .bind(to_i64(row.code_expires_at))
        .bind(to_i64(row.created_at))
        .bind(row.state.as_str())
        .bind(to_i64(row.revision))
        .bind(row.ended.map(|e| to_i64(e.at)))
        .bind(row.ended.map(|e| reason_name(e.reason)))
        .bind(row.joined_at.map(to_i64))
        .bind(policy_text(&row.policy))
        .bind(row.back_until.map(to_i64))
        .execute(connection)
        .await?;
    Ok(())
}

async fn put_participant(
    connection: &mut AnyConnection,
    vault: &Vault,
    tenant: &Tenant,
    row: &ParticipantRow,
) -> Result<(), StoreError> {
    let (user, token) = match &row.secret {
        ParticipantSecret::User(user) => (Some(user.as_str()), None),
        ParticipantSecret::Token(hash) => (None, Some(hash.to_vec())),
    };
    let name = participant_place(&row.session, i64::from(row.id));
    let seal = |column, text: &str| {
        let place = Place { tenant: &tenant.0, table: "participants", column, row: &name };
        vault.seal(&place, text.as_bytes())
    };
    sqlx::query(sql::tenant::PUT_PARTICIPANT)
        .bind(tenant.0.as_str())
        .bind(row.session.as_str())
        .bind(i64::from(row.id))
        .bind(participant_role_name(row.role))
        .bind(seal("name", &row.name)?)
        .bind(seal("organisation", &row.organisation)?)
        .bind(user)
        .bind(token)
        .execute(connection)
        .await?;
    Ok(())
}

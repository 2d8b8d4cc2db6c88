//! The one writer of what happens in sessions: rows queue up, and all that wait are committed in one transaction,
//! because a commit that reaches the disk costs as much for fifty rows as for one.

use sqlx::{AnyConnection, AnyPool, Connection as _};
use tokio::sync::{mpsc, oneshot};

use super::rows::{participant_role_name, reason_name, to_i64};
use super::{AuditRow, ParticipantRow, ParticipantSecret, SessionRow, StoreError, Tenant, sql};

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
    pub(super) fn start(pool: AnyPool) -> Self {
        let (jobs, queue) = mpsc::unbounded_channel();
        tokio::spawn(run(pool, queue));
        Self { jobs }
    }

    pub(super) fn write(&self, rows: Vec<Write>) -> Written {
        let (done, written) = oneshot::channel();
        // When the writer is gone the receiver reports it.
        self.jobs.send(Job { rows, done }).ok();
        Written(Some(written))
    }
}

async fn run(pool: AnyPool, mut queue: mpsc::UnboundedReceiver<Job>) {
    let mut ids = AuditIds::default();
    let mut jobs = Vec::new();
    while queue.recv_many(&mut jobs, BATCH).await > 0 {
        let together = match pool.acquire().await {
            Ok(mut connection) => commit(&mut connection, &jobs, &mut ids).await,
            Err(e) => Err(e),
        };
        match together {
            Ok(()) => jobs.drain(..).for_each(|job| drop(job.done.send(Ok(())))),
            // One bad row must not take the others with it.
            Err(_) => {
                for job in jobs.drain(..) {
                    let alone = match pool.acquire().await {
                        Ok(mut connection) => {
                            commit(&mut connection, std::slice::from_ref(&job), &mut ids).await
                        }
                        Err(e) => Err(e),
                    };
                    if let Err(error) = &alone {
                        tracing::error!(%error, rows = job.rows.len(), "rows could not be written to the database");
                    }
                    job.done.send(alone.map_err(StoreError::from)).ok();
                }
            }
        }
    }
}

async fn commit(connection: &mut AnyConnection, jobs: &[Job], ids: &mut AuditIds) -> Result<(), sqlx::Error> {
    if jobs.iter().all(|job| job.rows.is_empty()) {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    for row in jobs.iter().flat_map(|job| &job.rows) {
        insert(&mut transaction, row, ids).await?;
    }
    transaction.commit().await
}

async fn insert(connection: &mut AnyConnection, row: &Write, ids: &mut AuditIds) -> Result<(), sqlx::Error> {
    match row {
        Write::Session(tenant, row) => {
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
                .execute(connection)
                .await?
        }
        Write::Participant(tenant, row) => {
            let (user, token) = match &row.secret {
                ParticipantSecret::User(user) => (Some(user.as_str()), None),
                ParticipantSecret::Token(hash) => (None, Some(hash.to_vec())),
            };
            sqlx::query(sql::tenant::PUT_PARTICIPANT)
                .bind(tenant.0.as_str())
                .bind(row.session.as_str())
                .bind(i64::from(row.id))
                .bind(participant_role_name(row.role))
                .bind(row.name.as_str())
                .bind(row.organisation.as_str())
                .bind(user)
                .bind(token)
                .execute(connection)
                .await?
        }
        Write::Audit(tenant, row) => {
            sqlx::query(sql::tenant::ADD_AUDIT)
                .bind(tenant.0.as_str())
                .bind(ids.next(row.at))
                .bind(to_i64(row.at))
                .bind(row.actor.as_str())
                .bind(row.action.as_str())
                .bind(row.session.as_deref())
                .bind(row.outcome.as_str())
                .bind(row.address.as_str())
                .bind(row.detail.as_str())
                .execute(connection)
                .await?
        }
    };
    Ok(())
}

/// Identifiers of audit rows sort in the order in which the rows were written: time, then a count, then a random part
/// that keeps two starts within one millisecond apart.
#[derive(Default)]
struct AuditIds {
    at: u64,
    count: u32,
}

impl AuditIds {
    fn next(&mut self, at: u64) -> String {
        if at > self.at {
            (self.at, self.count) = (at, 0);
        } else {
            self.count += 1;
        }
        format!("{:012x}{:08x}{}", self.at, self.count, crate::identity::random_id(4))
    }
}

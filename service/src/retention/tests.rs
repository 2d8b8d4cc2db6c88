use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};

use farhand_protocol::api::UserRole;
use farhand_protocol::session::{EndReason, Role};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::store::{
    Database, Ended, ParticipantRow, ParticipantSecret, SessionRow, UserRow, UserWithPassword, Write,
};
use crate::testing::postgres;
use crate::vault::{RootSource, verify};

const START: u64 = 1_800_000_000_000;
const DAY: Duration = days(1);

/// A broker that only ends sessions.
#[derive(Clone)]
struct Broker {
    store: Store,
    gone: Arc<Mutex<Vec<Tenant>>>,
}

impl Running for Broker {
    async fn end(&self, tenant: &Tenant, sessions: &[String]) -> Result<(), StoreError> {
        let rows =
            sessions.iter().map(|id| Write::Session(tenant.clone(), session(id, Some(START)))).collect();
        self.store.write(rows).wait().await
    }

    async fn tenant_gone(&self, tenant: &Tenant) {
        self.gone.lock().unwrap().push(tenant.clone());
    }
}

struct World {
    folder: TempDir,
    database: Database,
    store: Store,
    clock: Clock,
    keeper: Keeper<Broker>,
}

impl World {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::in_folder(folder.path());
        Self::start(folder, database).await
    }

    async fn postgres() -> Option<Self> {
        let database = Database::Postgres(postgres::database().await?);
        Some(Self::start(tempfile::tempdir().unwrap(), database).await)
    }

    async fn start(folder: TempDir, database: Database) -> Self {
        let root = RootSource::file(folder.path());
        let store = Store::open_with(&database, folder.path(), root).await.unwrap();
        let clock = Clock::moved_by_hand(START);
        let broker = Broker { store: store.clone(), gone: Arc::default() };
        let keeper = Keeper::new(store.clone(), broker, clock.clone());
        let world = Self { folder, database, store, clock, keeper };
        for tenant in ["a", "b"] {
            world.fill(tenant).await;
        }
        world
    }

    /// A tenant with a user, an old session, a new one, an open one, and what happened.
    async fn fill(&self, id: &str) {
        let tenant = Tenant(id.into());
        let user = UserRow {
            id: "u".into(),
            email: format!("ada@{id}.example"),
            name: format!("Ada of {id}"),
            role: UserRole::Administrator,
        };
        let first = UserWithPassword { user, password_hash: "$argon2id$hidden".into() };
        self.tenant(id).create("Help Desk", &first, START).await.unwrap();
        let mut rows = Vec::new();
        for (name, ended) in [("old", Some(START - millis(DAY * 40))), ("new", Some(START)), ("open", None)] {
            let name = format!("{id}-{name}");
            rows.push(Write::Session(tenant.clone(), session(&name, ended)));
            rows.push(Write::Participant(tenant.clone(), participant(&name)));
            let event = Event::new(Actor::Agent, "join").session(&name).from([192, 0, 2, 1].into());
            rows.push(Write::Audit(tenant.clone(), event.row(START - millis(DAY * 400))));
        }
        self.store.write(rows).wait().await.unwrap();
    }

    fn tenant(&self, id: &str) -> crate::store::TenantStore {
        self.store.tenant(Tenant(id.into()))
    }

    async fn sessions(&self, id: &str) -> u64 {
        self.tenant(id).kept().await.unwrap().0
    }

    async fn archive(&self, id: &str, session: Option<&str>) -> BTreeMap<String, String> {
        let mut bytes = Vec::new();
        export(&self.tenant(id), session, START, &mut bytes).await.unwrap();
        unpack(&bytes)
    }
}

fn session(id: &str, ended: Option<u64>) -> SessionRow {
    SessionRow {
        id: id.into(),
        owner: "u".into(),
        code: format!("{:010}", id.bytes().fold(7_u64, |sum, b| (sum * 31 + u64::from(b)) % 10_000_000_000)),
        code_expires_at: START,
        created_at: START - millis(DAY * 41),
        state: if ended.is_some() { "ended".into() } else { "live".into() },
        revision: 1,
        ended: ended.map(|at| Ended { at, reason: EndReason::Customer }),
        joined_at: None,
        policy: farhand_protocol::api::Policy::default(),
        back_until: None,
    }
}

fn participant(session: &str) -> ParticipantRow {
    ParticipantRow {
        session: session.into(),
        id: 1,
        role: Role::Agent,
        name: format!("Customer of {session}"),
        organisation: String::new(),
        secret: ParticipantSecret::Token([5; 32]),
    }
}

/// With the system's own program, so that it is known that others can read it.
fn unpack(bytes: &[u8]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.tar"), bytes).unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let status = Command::new("tar").arg("-xf").arg(folder.path().join("a.tar")).arg("-C").arg(&out).status();
    assert!(status.unwrap().success());
    std::fs::read_dir(out)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

fn lines(archive: &BTreeMap<String, String>, name: &str) -> Vec<Value> {
    archive[name].lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::World::sqlite().await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(world) = super::World::postgres().await {
                    super::$name(world).await;
                }
            })*
        }
    };
}

on_both!(
    a_tenants_archive_holds_its_content_open_and_nobody_elses,
    a_sessions_archive_holds_that_customers_content_alone,
    a_long_table_is_exported_whole,
    deletion_on_request_is_done_at_once_and_confirmed,
    a_deletion_that_was_asked_for_later_is_done_in_time,
    a_tenant_goes_with_its_key,
    content_goes_within_ninety_days_of_the_subscriptions_end,
    sessions_go_when_the_tenants_time_is_over,
    keys_rotate_and_everything_is_sealed_anew,
);

async fn a_tenants_archive_holds_its_content_open_and_nobody_elses(world: World) {
    let archive = world.archive("a", None).await;
    assert_eq!(lines(&archive, "users.jsonl")[0]["email"], "ada@a.example");
    let names: Vec<_> = lines(&archive, "participants.jsonl")
        .iter()
        .map(|p| p["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["Customer of a-new", "Customer of a-old", "Customer of a-open"]);
    assert_eq!(lines(&archive, "audit_entries.jsonl")[0]["address"], "192.0.2.1");
    let all: String = archive.values().map(String::as_str).collect();
    for hidden in ["argon2", "b.example", "password_hash", "token_hash", "b-old", "unreadable"] {
        assert!(!all.contains(hidden), "{hidden} is exported");
    }
    let contents: Value = serde_json::from_str(&archive["contents.json"]).unwrap();
    assert_eq!(contents["organisation"], "a");
    for file in contents["files"].as_array().unwrap() {
        let text = &archive[file["name"].as_str().unwrap()];
        assert_eq!(file["rows"].as_u64().unwrap() as usize, text.lines().count());
        assert_eq!(file["sha256"], crate::identity::hex(&crate::identity::sha256(text.as_bytes())));
    }
    assert_eq!(contents["files"].as_array().unwrap().len(), archive.len() - 1);
}

async fn a_sessions_archive_holds_that_customers_content_alone(world: World) {
    let archive = world.archive("a", Some("a-old")).await;
    let files: Vec<_> = archive.keys().map(String::as_str).collect();
    for file in ["audit_entries.jsonl", "contents.json", "participants.jsonl", "sessions.jsonl"] {
        assert!(files.contains(&file), "{files:?}");
    }
    let all: String = archive.values().map(String::as_str).collect();
    assert!(all.contains("Customer of a-old"));
    for other in ["a-new", "a-open", "ada@"] {
        assert!(!all.contains(other), "{other}");
    }
    // Another tenant's session is nobody's here.
    assert_eq!(world.archive("a", Some("b-old")).await.keys().collect::<Vec<_>>(), ["contents.json"]);
}

async fn a_long_table_is_exported_whole(world: World) {
    let rows = (0..1_234)
        .map(|n| Write::Audit(Tenant("a".into()), Event::new(Actor::Service, "tick").row(START + n)))
        .collect();
    world.store.write(rows).wait().await.unwrap();
    let archive = world.archive("a", None).await;
    let numbers: Vec<_> =
        lines(&archive, "audit_entries.jsonl").iter().map(|e| e["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=1_237).collect::<Vec<_>>());
}

async fn deletion_on_request_is_done_at_once_and_confirmed(world: World) {
    let subject = Subject::Sessions(vec!["a-old".into(), "a-open".into(), "b-old".into()]);
    let who = Actor::User("u".into());
    let (deletion, signed) = world.keeper.delete(&Tenant("a".into()), subject.clone(), &who).await.unwrap();
    assert_eq!((world.sessions("a").await, world.sessions("b").await), (1, 3), "another tenant's stays");
    assert!(world.tenant("a").participants("a-open").await.unwrap().is_empty());
    assert_eq!((deletion.done_at, deletion.subject), (Some(START), subject));
    // Anybody who has the public key can check it.
    let public_key = world.store.signer(START).await.unwrap().public_key();
    assert!(verify(&signed, &public_key));
    assert!(signed.statement.contains(&public_key));
    let statement: Statement = serde_json::from_str(&signed.statement).unwrap();
    assert_eq!((statement.organisation.as_str(), statement.requested_by.as_str()), ("a", "user:u"));
    assert!(
        statement.rows.contains(&("sessions".into(), 2))
            && statement.rows.contains(&("participants".into(), 2))
    );
    assert!(!verify(
        &Signed { statement: signed.statement.replace('2', "3"), ..signed.clone() },
        &public_key
    ));
    let kept = world.tenant("a").deletions(9).await.unwrap();
    assert_eq!(kept[0].confirmation, Some((signed.statement, signed.signature)));
    let steps: Vec<_> =
        world.tenant("a").audit_rows(2).await.unwrap().into_iter().map(|r| r.action).collect();
    assert_eq!(steps, ["delete_done", "delete_request"]);
    // All the rest.
    world.keeper.delete(&Tenant("a".into()), Subject::AllSessions, &who).await.unwrap();
    assert_eq!((world.sessions("a").await, world.sessions("b").await), (0, 3));
    if let Database::Sqlite(path) = &world.database {
        world.store.close().await;
        let file = std::fs::read(path).unwrap();
        let sealed_for = b"a-old";
        let left = file.windows(sealed_for.len()).filter(|w| w == sealed_for).count();
        // In the audit log, and in the record and its statement.
        assert!(left <= 4, "{left} places in the file still name the session");
    }
}

async fn a_deletion_that_was_asked_for_later_is_done_in_time(world: World) {
    let tenant = Tenant("a".into());
    let who = Actor::User("u".into());
    let id = world.keeper.request(&tenant, Subject::AllSessions, &who, days(365)).await.unwrap();
    world.clock.advance(DAY * 29);
    world.keeper.delete_due().await.unwrap();
    assert_eq!(world.sessions("a").await, 3);
    world.clock.advance(DAY - EVERY);
    world.keeper.delete_due().await.unwrap();
    assert_eq!(world.sessions("a").await, 0, "within 30 days, however long was asked for");
    let done = world.tenant("a").deletion(&id).await.unwrap().unwrap();
    assert!(done.done_at.unwrap() <= START + millis(ON_REQUEST) && done.confirmation.is_some());
}

async fn a_tenant_goes_with_its_key(world: World) {
    // A backup from before.
    let backup = world.archive("a", None).await;
    assert!(backup["participants.jsonl"].contains("Customer"));
    let sealed = world.tenant("a").seal("users", "note", "1", b"x").unwrap();
    let (deletion, signed) =
        world.keeper.delete(&Tenant("a".into()), Subject::Tenant, &Actor::User("u".into())).await.unwrap();
    let statement: Statement = serde_json::from_str(&signed.statement).unwrap();
    assert!(statement.key_destroyed && statement.rows.contains(&("users".into(), 1)));
    assert!(world.tenant("a").open("users", "note", "1", &sealed).is_err(), "its key opens nothing");
    assert_eq!(world.keeper.running.gone.lock().unwrap().as_slice(), [Tenant("a".into())]);
    assert_eq!(world.sessions("a").await, 0);
    assert!(world.store.user_by_email("ada@a.example").await.unwrap().is_none());
    assert_eq!(world.tenant("a").audit_rows(9).await.unwrap(), []);
    assert_eq!(world.sessions("b").await, 3);
    // What is left is the record, and a log that is whole.
    assert_eq!(world.tenant("a").deletions(9).await.unwrap()[0].id, deletion.id);
    assert!(world.store.verify_audit().await.unwrap().iter().all(|chain| chain.report.is_sound()));
    let own = world.tenant("").audit_rows(2).await.unwrap();
    assert_eq!(own[0].action, "delete_done");
    // The job leaves it alone from now on.
    world.clock.advance(DAY * 100);
    world.keeper.delete_due().await.unwrap();
    assert_eq!(world.tenant("a").deletions(9).await.unwrap().len(), 1);
}

async fn content_goes_within_ninety_days_of_the_subscriptions_end(world: World) {
    let end = START + millis(DAY * 10);
    world.tenant("a").set_subscription_end(Some(end)).await.unwrap();
    world.tenant("b").set_subscription_end(None).await.unwrap();
    assert_eq!(world.tenant("a").retention().await.unwrap().subscription_ends_at, Some(end));
    world.clock.advance(DAY * 99);
    world.keeper.delete_due().await.unwrap();
    assert_eq!(world.sessions("a").await, 3);
    world.clock.advance(DAY - EVERY);
    world.keeper.delete_due().await.unwrap();
    assert_eq!((world.sessions("a").await, world.sessions("b").await), (0, 3));
    let record = &world.tenant("a").deletions(9).await.unwrap()[0];
    assert_eq!((record.subject.clone(), record.requested_by.as_str()), (Subject::Tenant, "service"));
    assert!(record.done_at.unwrap() <= end + millis(AFTER_SUBSCRIPTION));
}

async fn sessions_go_when_the_tenants_time_is_over(world: World) {
    world.tenant("a").set_retention_days(Some(30)).await.unwrap();
    world.tenant("b").set_retention_days(Some(30)).await.unwrap();
    world.tenant("b").set_retention_days(None).await.unwrap();
    let (ending, ended) = watch::channel(false);
    let running = tokio::spawn(world.keeper.clone().run(ended));
    // The job as it runs, hour by hour of a clock that is moved.
    until(&world, "a", 2).await;
    assert_eq!(world.sessions("b").await, 3);
    world.clock.advance(DAY * 31);
    until(&world, "a", 1).await;
    ending.send_replace(true);
    running.await.unwrap();
    let rows = world.tenant("a").audit_rows(9).await.unwrap();
    assert!(rows.iter().all(|row| row.action == "retention"), "entries older than a year went: {rows:?}");
    assert!(world.store.verify_audit().await.unwrap().iter().all(|chain| chain.report.is_sound()));
}

/// Waits until so many sessions are left.
async fn until(world: &World, tenant: &str, sessions: u64) {
    let reached = async {
        while world.sessions(tenant).await != sessions {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
}

async fn keys_rotate_and_everything_is_sealed_anew(world: World) {
    let before = world.archive("a", None).await;
    world.store.signer(START).await.unwrap();
    assert_eq!(world.store.reseal().await.unwrap(), 0);
    world.store.vault().rotate().unwrap();
    let count = world.store.reseal().await.unwrap();
    assert!(count >= 13, "names of six participants and of two users, and the signing key: {count}");
    assert_eq!(world.store.reseal().await.unwrap(), 0);
    world.store.vault().forget_old_root().unwrap();
    let after = world.archive("a", None).await;
    assert_eq!(before, after);
    // A new start reads it all.
    world.store.close().await;
    let root = RootSource::file(world.folder.path());
    let store = Store::open_with(&world.database, world.folder.path(), root).await.unwrap();
    assert_eq!(store.reseal().await.unwrap(), 0);
    assert_eq!(store.tenant(Tenant("a".into())).participants("a-old").await.unwrap().len(), 1);
}

use farhand_protocol::api::UserRole;
use farhand_protocol::session::{EndReason, Role};
use sqlx::{AssertSqlSafe, Executor as _};

use super::*;
use crate::testing::postgres;

mod audit;
mod catalogue;

/// A store on one of the two databases; the same tests run on both.
pub(super) struct World {
    folder: tempfile::TempDir,
    database: Database,
    store: Store,
}

impl World {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::in_folder(folder.path());
        Self::new(folder, database).await
    }

    /// `None` where no PostgreSQL is installed.
    async fn postgres() -> Option<Self> {
        let database = Database::Postgres(postgres::database().await?);
        Some(Self::new(tempfile::tempdir().unwrap(), database).await)
    }

    async fn new(folder: tempfile::TempDir, database: Database) -> Self {
        let store = open(&folder, &database).await.unwrap();
        Self { folder, database, store }
    }

    /// Closes the database and opens it again.
    async fn again(self) -> Self {
        self.store.close().await;
        Self::new(self.folder, self.database).await
    }

    fn tenant(&self, id: &str) -> TenantStore {
        self.store.tenant(Tenant(id.into()))
    }

    /// What somebody does who has the database and no key.
    async fn attack(&self, sql: &str) {
        self.store.write.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    }
}

async fn open(folder: &tempfile::TempDir, database: &Database) -> Result<Store, StoreError> {
    Store::open_with(database, folder.path(), RootSource::file(folder.path())).await
}

/// Runs each of these tests on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::store::tests::World::sqlite().await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(world) = crate::store::tests::World::postgres().await {
                    super::$name(world).await;
                }
            })*
        }
    };
}
use on_both;

on_both!(
    a_tenant_sees_only_its_own,
    open_sessions_come_back_and_ended_ones_do_not,
    audit_rows_keep_their_order_within_one_millisecond,
    a_newer_database_is_refused_with_a_sentence,
    a_sealed_value_that_is_moved_does_not_open,
    participants_names_are_sealed,
    a_sound_database_says_so,
);

fn user(id: &str, email: &str) -> UserWithPassword {
    UserWithPassword {
        user: UserRow {
            id: id.into(),
            email: email.into(),
            name: "Ada".into(),
            role: UserRole::Administrator,
        },
        password_hash: "$argon2id$test".into(),
    }
}

fn session(id: &str, code: &str) -> SessionRow {
    SessionRow {
        id: id.into(),
        owner: "u".into(),
        code: code.into(),
        code_expires_at: 90,
        created_at: 10,
        state: "waiting".into(),
        revision: 1,
        ended: None,
        joined_at: None,
        policy: farhand_protocol::api::Policy::default(),
        back_until: None,
    }
}

#[tokio::test]
async fn a_folder_with_odd_characters_works() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("a b?c=%41#ü");
    std::fs::create_dir(&odd).unwrap();
    let store = Store::open(&odd).await.unwrap();
    assert!(!store.is_set_up().await.unwrap());
    assert_eq!(store.check().await.unwrap(), None);
    assert!(odd.join(FILE).exists());
}

async fn a_tenant_sees_only_its_own(world: World) {
    let store = world.store.clone();
    let (a, b) = (store.tenant(Tenant("a".into())), store.tenant(Tenant("b".into())));
    a.create("A", &user("u", "a@example"), 1).await.unwrap();
    b.create("B", &user("v", "b@example"), 1).await.unwrap();
    assert!(store.is_set_up().await.unwrap());
    assert!(matches!(a.add_user(&user("w", "b@example"), 1).await, Err(StoreError::Taken)));
    assert!(a.user("v").await.unwrap().is_none());
    assert_eq!(b.user("v").await.unwrap().unwrap().email, "b@example");

    let sign_in = SignInRow {
        token_hash: [7; 32],
        user: "u".into(),
        created_at: 1,
        expires_at: 5,
        id: "s".into(),
        seen_at: 1,
        address: "192.0.2.1".into(),
        program: String::new(),
        methods: vec![farhand_protocol::api::Method::Password],
    };
    a.add_sign_in(&sign_in).await.unwrap();
    b.remove_sign_in(&[7; 32]).await.unwrap();
    assert_eq!(store.sign_in_by_token(&[7; 32]).await.unwrap().unwrap().tenant.0, "a");
    a.remove_sign_in(&[7; 32]).await.unwrap();
    assert!(store.sign_in_by_token(&[7; 32]).await.unwrap().is_none());
    // A sign-in for a user of another tenant cannot be written at all.
    assert!(b.add_sign_in(&sign_in).await.is_err());
}

async fn open_sessions_come_back_and_ended_ones_do_not(world: World) {
    let store = world.store.clone();
    let tenant = Tenant("a".into());
    store.tenant(tenant.clone()).create("A", &user("u", "a@example"), 1).await.unwrap();
    let row = session("s1", "1111111111");
    let agent = ParticipantRow {
        session: "s1".into(),
        id: 2,
        role: Role::Agent,
        name: String::new(),
        organisation: String::new(),
        secret: ParticipantSecret::Token([9; 32]),
    };
    let mut ended = session("s2", "2222222222");
    store
        .write(vec![
            Write::Session(tenant.clone(), row.clone()),
            Write::Participant(tenant.clone(), agent.clone()),
            Write::Session(tenant.clone(), ended.clone()),
        ])
        .wait()
        .await
        .unwrap();
    // The same code twice among open ones: refused by the database itself.
    assert!(matches!(
        store.write(vec![Write::Session(tenant.clone(), session("s3", "1111111111"))]).wait().await,
        Err(StoreError::Taken)
    ));
    ended.ended = Some(Ended { at: 20, reason: EndReason::Customer });
    ended.state = "ended".into();
    store.write(vec![Write::Session(tenant.clone(), ended)]).wait().await.unwrap();
    store.close().await;

    let world = world.again().await;
    let store = &world.store;
    let open = store.open_sessions().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].session, row);
    assert_eq!(open[0].tenant, tenant);
    assert!(open[0].participants == vec![agent]);
}

async fn audit_rows_keep_their_order_within_one_millisecond(world: World) {
    let store = world.store.clone();
    let tenant = store.tenant(Tenant("a".into()));
    for n in 0..20 {
        let row = AuditRow {
            at: 5,
            actor: "service".into(),
            action: format!("a{n}"),
            session: None,
            outcome: "ok".into(),
            address: String::new(),
            detail: String::new(),
            security: false,
        };
        tenant.audit(row).wait().await.unwrap();
    }
    let names: Vec<_> = tenant.audit_rows(100).await.unwrap().into_iter().map(|r| r.action).collect();
    let expected: Vec<_> = (0..20).rev().map(|n| format!("a{n}")).collect();
    assert_eq!(names, expected);
    assert!(store.tenant(Tenant("b".into())).audit_rows(100).await.unwrap().is_empty());
}

async fn a_newer_database_is_refused_with_a_sentence(world: World) {
    let store = world.store.clone();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', TRUE, '00', 0)",
    )
    .execute(&store.write)
    .await
    .unwrap();
    store.close().await;
    let refused = open(&world.folder, &world.database).await.unwrap_err();
    assert!(matches!(refused, StoreError::Newer { version: 9999, .. }));
    assert!(refused.to_string().contains("newer version of farhand"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), [b'x'; 4096]).unwrap();
    let refused = Store::open(folder.path()).await.unwrap_err().to_string();
    assert!(refused.contains("cannot be opened") && refused.contains("--data"), "{refused}");
    let refused = Store::open(&folder.path().join("missing")).await.unwrap_err().to_string();
    assert!(refused.contains("cannot be opened"), "{refused}");
}

async fn a_sealed_value_that_is_moved_does_not_open(world: World) {
    let store = world.store.clone();
    let (a, b) = (store.tenant(Tenant("a".into())), store.tenant(Tenant("b".into())));
    let sealed = a.seal("users", "name", "u1", "Ada".as_bytes()).unwrap();
    assert_eq!(a.open_text("users", "name", "u1", &sealed).unwrap(), "Ada");
    b.seal("users", "name", "u1", b"x").unwrap();
    let refused = |result: Result<Vec<u8>, StoreError>| {
        assert!(matches!(result, Err(StoreError::Vault(VaultError::Refused))));
    };
    refused(a.open("users", "name", "u2", &sealed));
    refused(a.open("users", "email", "u1", &sealed));
    refused(a.open("guests", "name", "u1", &sealed));
    refused(b.open("users", "name", "u1", &sealed));
    let world = world.again().await;
    let again = world.tenant("a");
    assert_eq!(again.open("users", "name", "u1", &sealed).unwrap(), b"Ada");
}

async fn participants_names_are_sealed(world: World) {
    let tenant = Tenant("a".into());
    world.tenant("a").create("A", &user("u", "a@example"), 1).await.unwrap();
    let mut row = ParticipantRow {
        session: "s1".into(),
        id: 1,
        role: Role::Technician,
        name: "Ada Lovelace".into(),
        organisation: "Help Desk".into(),
        secret: ParticipantSecret::User("u".into()),
    };
    let write = |row: &ParticipantRow| Write::Participant(tenant.clone(), row.clone());
    let session = Write::Session(tenant.clone(), session("s1", "1111111111"));
    world.store.write(vec![session, write(&row)]).wait().await.unwrap();
    row.id = 2;
    row.name = "Bob".into();
    world.store.write(vec![write(&row)]).wait().await.unwrap();
    let names = |rows: Vec<ParticipantRow>| rows.into_iter().map(|r| r.name).collect::<Vec<_>>();
    assert_eq!(names(world.tenant("a").participants("s1").await.unwrap()), ["Ada Lovelace", "Bob"]);
    // One participant's name does not open as another's.
    world
        .attack(
            "UPDATE participants SET name = (SELECT name FROM participants WHERE participant = 1) \
             WHERE participant = 2",
        )
        .await;
    let refused = world.tenant("a").participants("s1").await;
    assert!(matches!(refused, Err(StoreError::Vault(VaultError::Refused))));
    if let Database::Sqlite(path) = &world.database {
        world.store.close().await;
        let file = std::fs::read(path).unwrap();
        assert!(!file.windows(12).any(|w| w == b"Ada Lovelace"), "no name stands in the file");
    }
}

async fn a_sound_database_says_so(world: World) {
    assert_eq!(world.store.check().await.unwrap(), None);
    assert!(!world.store.is_set_up().await.unwrap());
}

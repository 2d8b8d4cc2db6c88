use farhand_protocol::api::UserRole;
use farhand_protocol::session::{EndReason, Role};

use super::*;

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
    }
}

async fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    (folder, store)
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

#[tokio::test]
async fn a_tenant_sees_only_its_own() {
    let (_folder, store) = open().await;
    let (a, b) = (store.tenant(Tenant("a".into())), store.tenant(Tenant("b".into())));
    a.create("A", &user("u", "a@example"), 1).await.unwrap();
    b.create("B", &user("v", "b@example"), 1).await.unwrap();
    assert!(store.is_set_up().await.unwrap());
    assert!(matches!(a.add_user(&user("w", "b@example"), 1).await, Err(StoreError::Taken)));
    assert!(a.user("v").await.unwrap().is_none());
    assert_eq!(b.user("v").await.unwrap().unwrap().email, "b@example");

    let sign_in = SignInRow { token_hash: [7; 32], user: "u".into(), created_at: 1, expires_at: 5 };
    a.add_sign_in(&sign_in).await.unwrap();
    b.remove_sign_in(&[7; 32]).await.unwrap();
    assert_eq!(store.sign_in_by_token(&[7; 32]).await.unwrap().unwrap().tenant.0, "a");
    a.remove_sign_in(&[7; 32]).await.unwrap();
    assert!(store.sign_in_by_token(&[7; 32]).await.unwrap().is_none());
    // A sign-in for a user of another tenant cannot be written at all.
    assert!(b.add_sign_in(&sign_in).await.is_err());
}

#[tokio::test]
async fn open_sessions_come_back_and_ended_ones_do_not() {
    let (folder, store) = open().await;
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

    let store = Store::open(folder.path()).await.unwrap();
    let open = store.open_sessions().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].session, row);
    assert_eq!(open[0].tenant, tenant);
    assert!(open[0].participants == vec![agent]);
}

#[tokio::test]
async fn audit_rows_keep_their_order_within_one_millisecond() {
    let (_folder, store) = open().await;
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
        };
        tenant.audit(row).wait().await.unwrap();
    }
    let names: Vec<_> = tenant.audit_rows(100).await.unwrap().into_iter().map(|r| r.action).collect();
    let expected: Vec<_> = (0..20).rev().map(|n| format!("a{n}")).collect();
    assert_eq!(names, expected);
    assert!(store.tenant(Tenant("b".into())).audit_rows(100).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_newer_database_is_refused_with_a_sentence() {
    let (folder, store) = open().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', TRUE, x'00', 0)",
    )
    .execute(&store.write)
    .await
    .unwrap();
    store.close().await;
    let refused = Store::open(folder.path()).await.unwrap_err();
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

#[tokio::test]
async fn a_sealed_value_that_is_moved_does_not_open() {
    let (folder, store) = open().await;
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
    store.close().await;
    let again = Store::open(folder.path()).await.unwrap().tenant(Tenant("a".into()));
    assert_eq!(again.open("users", "name", "u1", &sealed).unwrap(), b"Ada");
}

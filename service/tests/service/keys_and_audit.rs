//! `farhand keys` and `farhand audit`, beside the running service and on a folder that somebody changed.

use std::path::Path;
use std::process::{Output, Stdio};

use farhand_service::store::FILE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tokio::process::Command;

use super::world::{EMAIL, PATIENCE, World};

async fn farhand(arguments: &[&str], data: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farhand"));
    command.args(arguments).arg("--data").arg(data).stdin(Stdio::null()).kill_on_drop(true);
    tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap()
}

async fn verify(data: &Path, marks: &[&str]) -> (i32, String, String) {
    let mut arguments = vec!["audit", "verify"];
    arguments.extend(marks.iter().flat_map(|mark| ["--mark", mark]));
    let output = farhand(&arguments, data).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What somebody does who has the file and no key.
async fn attack(data: &Path, sql: &str) {
    sqlx::any::install_default_drivers();
    let mut connection =
        AnyConnection::connect(&format!("sqlite://{}", data.join(FILE).display())).await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

/// Some entries for every chain.
async fn happenings(world: &World) {
    for password in ["wrong horse 1", "wrong horse 2"] {
        world.post("/api/v1/sign-in", &json!({ "email": EMAIL, "password": password })).await;
        world.post("/api/v1/sign-in", &json!({ "email": "nobody@example.org", "password": password })).await;
    }
    world.service.app().store().write(Vec::new()).wait().await.unwrap();
}

#[tokio::test]
async fn the_log_is_checked_beside_the_running_service() {
    let world = World::set_up().await;
    happenings(&world).await;
    let (code, marks, said) = verify(world.folder.path(), &[]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("is whole") && marks.lines().count() == 2, "{marks}{said}");
    let marks: Vec<_> = marks.lines().collect();
    // Later, the same marks still hold.
    happenings(&world).await;
    let (code, _, said) = verify(world.folder.path(), &marks).await;
    assert_eq!(code, 0, "{said}");
    let (code, _, said) = verify(world.folder.path(), &["nonsense"]).await;
    assert!(code == 2 && said.contains("is no mark"), "{said}");
}

#[tokio::test]
async fn a_changed_file_is_found_and_the_entry_named() {
    let world = World::set_up().await;
    happenings(&world).await;
    let World { folder, service, .. } = world;
    service.stop().await;
    attack(folder.path(), "UPDATE audit_entries SET outcome = 'ok' WHERE tenant <> '' AND number = 2").await;
    let (code, _, said) = verify(folder.path(), &[]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("entry 3 does not follow") && said.contains("tampered"), "{said}");
}

#[tokio::test]
async fn a_folder_that_was_put_back_is_found_by_a_mark() {
    let world = World::set_up().await;
    happenings(&world).await;
    let World { folder, service, clock, .. } = world;
    service.stop().await;
    let file = folder.path().join(FILE);
    let before = std::fs::read(&file).unwrap();
    // More happens, and is marked.
    let service = farhand_service::serve::Service::start(super::world::config(folder.path())).await.unwrap();
    let http = super::world::client(folder.path());
    let world = World { folder, service, http, clock };
    happenings(&world).await;
    let World { folder, service, .. } = world;
    service.stop().await;
    let (_, marks, _) = verify(folder.path(), &[]).await;
    std::fs::write(&file, before).unwrap();
    let (code, _, said) = verify(folder.path(), &[]).await;
    assert_eq!(code, 0, "an older state is sound in itself: {said}");
    let marks: Vec<_> = marks.lines().collect();
    let (code, _, said) = verify(folder.path(), &marks).await;
    assert_eq!(code, 1, "{said}");
}

#[tokio::test]
async fn the_log_is_exported_as_json_lines() {
    let world = World::set_up().await;
    happenings(&world).await;
    let output = farhand(&["audit", "export"], world.folder.path()).await;
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (end, entries) = lines.split_last().unwrap();
    assert_eq!(end["end"]["last"], entries.last().unwrap()["number"]);
    assert_eq!(end["end"]["hash"], entries.last().unwrap()["hash"]);
    let failures =
        entries.iter().filter(|entry| entry["action"] == "sign_in" && entry["address"] == "127.0.0.1");
    assert_eq!(failures.count(), 2);
    for pair in entries.windows(2) {
        assert_eq!(pair[1]["previous"], pair[0]["hash"]);
    }
}

#[tokio::test]
async fn keys_rotate_beside_the_running_service() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let name = async |world: &World, token: &str| {
        let answer = world.with_token(Method::GET, "/api/v1/me", token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json::<Value>().await.unwrap()["name"].clone()
    };
    assert_eq!(name(&world, &token).await, "Ada");
    for round in 2..4 {
        let output = farhand(&["keys", "rotate", "--forget-old-root"], world.folder.path()).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains(&format!("new version, {round}.")), "{said}");
        assert_eq!(name(&world, &token).await, "Ada");
    }
    let root = std::fs::read_to_string(world.folder.path().join("root.key")).unwrap();
    assert_eq!(root.lines().filter(|line| !line.starts_with('#')).count(), 1, "old versions are forgotten");
    // Written with the newest key by the running service, and read after a restart.
    world.create(&token).await;
    let world = world.restart().await;
    assert_eq!(name(&world, &token).await, "Ada");
    let (code, _, said) = verify(world.folder.path(), &[]).await;
    assert_eq!(code, 0, "{said}");
    // The signing key is the same before and after.
    let public = async || farhand(&["keys", "public"], world.folder.path()).await.stdout;
    let key = public().await;
    assert_eq!(key.len(), 45, "32 bytes in base64, and the end of the line");
    assert!(farhand(&["keys", "rotate"], world.folder.path()).await.status.success());
    assert_eq!(public().await, key);
}

#[tokio::test]
async fn a_folder_without_a_database_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["audit", "verify"][..], &["keys", "rotate"]] {
        let output = farhand(arguments, folder.path()).await;
        assert_ne!(output.status.code(), Some(0));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("cannot be opened") && said.lines().count() == 1, "{said}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "and nothing is made");
    }
}

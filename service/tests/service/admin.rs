//! `farhand admin` and `farhand outbox`, beside a running service.

use std::path::Path;

use farhand_protocol::api::InvitationShown;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::process::Command;

use super::world::{EMAIL, PASSWORD, World, problem};

/// Runs the program on this folder; its exit code and what it said on both outputs.
async fn farhand(data: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_farhand"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .env_clear()
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn an_organisation_is_made_and_its_administrator_comes_in_by_the_link() {
    let world = World::set_up().await;
    let data = world.folder.path();
    let made = farhand(data, &["admin", "create", "--name", "Second", "--email", "Eve@Example.org"]).await;
    assert_eq!(made.0, 0, "{made:?}");
    let token = made.1.trim().split_once("/invitation#").unwrap().1;
    let shown = world.post("/api/v1/invitation", &json!({ "token": token })).await;
    let shown: InvitationShown = shown.json().await.unwrap();
    assert_eq!((shown.organisation.as_str(), shown.email.as_str()), ("Second", "eve@example.org"));
    let form = json!({ "token": token, "name": "Eve", "password": PASSWORD });
    assert_eq!(world.post("/api/v1/invitation/accept", &form).await.status(), StatusCode::OK);
    let eve = world.sign_in_as("eve@example.org", PASSWORD).await;
    let people = world.with_token(Method::GET, "/api/v1/people", &eve).send().await.unwrap();
    assert_eq!(people.json::<farhand_protocol::api::People>().await.unwrap().people.len(), 1);
    let list = farhand(data, &["admin", "organisations"]).await;
    assert!(list.1.contains("Help Desk") && list.1.contains("Second"), "{list:?}");
    let taken = farhand(data, &["admin", "create", "--name", "Third", "--email", EMAIL]).await;
    assert!(taken.0 == 2 && taken.2.contains("has an account already"), "{taken:?}");
}

#[tokio::test]
async fn an_administrator_who_is_locked_out_comes_in_again() {
    let world = World::set_up().await;
    let data = world.folder.path();
    let standing = world.sign_in().await;
    let reset = farhand(data, &["admin", "reset", "--email", EMAIL, "--remove-methods"]).await;
    assert_eq!(reset.0, 0, "{reset:?}");
    assert_eq!(world.with_token(Method::GET, "/api/v1/me", &standing).send().await.unwrap().status(), 401);
    let token = reset.1.trim().split_once("/reset#").unwrap().1;
    let form = json!({ "token": token, "password": "another horse 2" });
    assert_eq!(world.post("/api/v1/password-reset/finish", &form).await.status(), StatusCode::NO_CONTENT);
    world.sign_in_as(EMAIL, "another horse 2").await;
    let nobody = farhand(data, &["admin", "reset", "--email", "nobody@example.org"]).await;
    assert!(nobody.0 == 2 && nobody.2.contains("Nobody signs in"), "{nobody:?}");
}

#[tokio::test]
async fn sign_ins_are_listed_and_ended_from_the_command_line() {
    let world = World::set_up().await;
    let data = world.folder.path();
    let (one, two) = (world.sign_in().await, world.sign_in().await);
    let list = farhand(data, &["admin", "sign-ins", "--email", EMAIL]).await;
    assert_eq!(list.1.lines().count(), 3, "{list:?}");
    let id = list.1.lines().next().unwrap().split_whitespace().next().unwrap();
    assert_eq!(farhand(data, &["admin", "sign-out", "--email", EMAIL, "--id", id]).await.0, 0);
    assert_eq!(farhand(data, &["admin", "sign-ins", "--email", EMAIL]).await.1.lines().count(), 2);
    assert_eq!(farhand(data, &["admin", "sign-out", "--email", EMAIL]).await.0, 0);
    for token in [one, two] {
        let me = world.with_token(Method::GET, "/api/v1/me", &token).send().await.unwrap();
        assert_eq!(problem(me).await.1.code, "sign_in_needed");
    }
}

#[tokio::test]
async fn the_outbox_shows_what_waits() {
    let world = World::set_up().await;
    world.post("/api/v1/password-reset", &json!({ "email": EMAIL })).await;
    world.mails_to(EMAIL, 1).await;
    let shown = farhand(world.folder.path(), &["outbox"]).await;
    assert!(shown.0 == 0 && shown.1.contains(EMAIL) && shown.1.contains("/reset#"), "{shown:?}");
}

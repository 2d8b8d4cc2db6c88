//! How people come and go: invitations, new passwords by mail, roles.

use std::time::Duration;

use farhand_protocol::api::{InvitationShown, People, Person, SignedIn};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::world::{EMAIL, PASSWORD, World, problem};

async fn as_administrator(world: &World, method: Method, path: &str, form: &Value) -> Response {
    let token = world.sign_in().await;
    world.with_token(method, path, &token).json(form).send().await.unwrap()
}

#[tokio::test]
async fn an_invitation_makes_one_account_once() {
    let world = World::set_up().await;
    let form = json!({ "email": " Tom@Example.org ", "role": "technician" });
    let invited = as_administrator(&world, Method::POST, "/api/v1/invitations", &form).await;
    assert_eq!(invited.status(), StatusCode::CREATED);
    let again = as_administrator(&world, Method::POST, "/api/v1/invitations", &form).await;
    assert_eq!(problem(again).await.1.code, "invited_already");
    let token = world.link_to("tom@example.org", "/invitation#", 1).await;
    let shown = world.post("/api/v1/invitation", &json!({ "token": token })).await;
    let shown: InvitationShown = shown.json().await.unwrap();
    assert_eq!((shown.organisation.as_str(), shown.email.as_str()), ("Help Desk", "tom@example.org"));
    let accept = |password: &str| json!({ "token": token, "name": "Tom", "password": password });
    let weak = world.post("/api/v1/invitation/accept", &accept("password1")).await;
    assert_eq!(problem(weak).await.1.code, "password_weak");
    let accepted = world.post("/api/v1/invitation/accept", &accept(PASSWORD)).await;
    assert_eq!(accepted.status(), StatusCode::OK);
    assert_eq!(accepted.json::<SignedIn>().await.unwrap().user.name, "Tom");
    let used = world.post("/api/v1/invitation/accept", &accept(PASSWORD)).await;
    assert_eq!(problem(used).await.1.code, "link_gone");
    let taken = as_administrator(&world, Method::POST, "/api/v1/invitations", &form).await;
    assert_eq!(problem(taken).await.1.code, "email_taken");
    let people: People =
        as_administrator(&world, Method::GET, "/api/v1/people", &json!({})).await.json().await.unwrap();
    assert_eq!(people.people.len(), 2);
    assert!(people.invitations.is_empty());
}

#[tokio::test]
async fn a_link_ends_with_its_time_with_a_newer_one_and_when_it_is_taken_back() {
    let world = World::set_up().await;
    let form = json!({ "email": "tom@example.org", "role": "technician" });
    let invited = as_administrator(&world, Method::POST, "/api/v1/invitations", &form).await;
    let id = invited.json::<farhand_protocol::api::Invitation>().await.unwrap().id;
    let first = world.link_to("tom@example.org", "/invitation#", 1).await;
    let path = format!("/api/v1/invitations/{id}/again");
    assert_eq!(as_administrator(&world, Method::POST, &path, &json!({})).await.status(), StatusCode::OK);
    let second = world.link_to("tom@example.org", "/invitation#", 2).await;
    let show =
        async |token: &str| world.post("/api/v1/invitation", &json!({ "token": token })).await.status();
    assert_eq!((show(&first).await, show(&second).await), (StatusCode::GONE, StatusCode::OK));
    world.clock.advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(show(&second).await, StatusCode::GONE);
    assert_eq!(as_administrator(&world, Method::POST, &path, &json!({})).await.status(), StatusCode::OK);
    let third = world.link_to("tom@example.org", "/invitation#", 3).await;
    assert_eq!(show(&third).await, StatusCode::OK);
    let path = format!("/api/v1/invitations/{id}");
    assert_eq!(
        as_administrator(&world, Method::DELETE, &path, &json!({})).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(show(&third).await, StatusCode::GONE);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_mail_alone() {
    let world = World::set_up().await;
    let standing = world.sign_in().await;
    for email in ["nobody@example.org", EMAIL] {
        let asked = world.post("/api/v1/password-reset", &json!({ "email": email })).await;
        assert_eq!(asked.status(), StatusCode::ACCEPTED);
        assert_eq!(asked.text().await.unwrap(), "");
    }
    let token = world.link_to(EMAIL, "/reset#", 1).await;
    let finish = async |password: &str| {
        let form = json!({ "token": token, "password": password });
        world.post("/api/v1/password-reset/finish", &form).await
    };
    assert_eq!(problem(finish("password1").await).await.1.code, "password_weak");
    assert_eq!(finish("another horse 2").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(problem(finish("a third horse 3").await).await.1.code, "link_gone");
    // Whoever was signed in is out, and the new password opens.
    assert_eq!(world.with_token(Method::GET, "/api/v1/me", &standing).send().await.unwrap().status(), 401);
    world.sign_in_as(EMAIL, "another horse 2").await;
}

#[tokio::test]
async fn a_link_in_a_mail_never_names_the_host_that_was_asked() {
    let world = World::set_up().await;
    let request = world.http.post(world.url("/api/v1/password-reset")).header("host", "evil.example");
    request.json(&json!({ "email": EMAIL })).send().await.unwrap();
    let mails = world.mails_to(EMAIL, 1).await;
    assert!(!mails[0].text.contains("evil.example") && mails[0].text.contains(&world.origin()), "{mails:?}");
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let world = World::set_up().await;
    let people: People =
        as_administrator(&world, Method::GET, "/api/v1/people", &json!({})).await.json().await.unwrap();
    let path = format!("/api/v1/people/{}", people.people[0].id);
    for change in [json!({ "role": "technician" }), json!({ "locked": true })] {
        let refused = as_administrator(&world, Method::PATCH, &path, &change).await;
        assert_eq!(problem(refused).await.1.code, "last_administrator", "{change}");
    }
    let refused = as_administrator(&world, Method::DELETE, &path, &json!({})).await;
    assert_eq!(problem(refused).await.1.code, "last_administrator");
}

#[tokio::test]
async fn whoever_is_locked_or_removed_is_out_at_once() {
    let world = World::set_up().await;
    let tom = world.technician("tom@example.org").await;
    let me: farhand_protocol::api::User =
        world.with_token(Method::GET, "/api/v1/me", &tom).send().await.unwrap().json().await.unwrap();
    let session = world.create(&tom).await.session.id;
    let mut socket = world.session_socket(&session, &tom).await.unwrap();
    socket.hello().await;
    let path = format!("/api/v1/people/{}", me.id);
    let locked = as_administrator(&world, Method::PATCH, &path, &json!({ "locked": true })).await;
    assert!(locked.json::<Person>().await.unwrap().locked);
    assert_eq!(socket.closed().await, Some(1008));
    assert_eq!(world.with_token(Method::GET, "/api/v1/me", &tom).send().await.unwrap().status(), 401);
    let form = json!({ "email": "tom@example.org", "password": PASSWORD });
    assert_eq!(problem(world.post("/api/v1/sign-in", &form).await).await.1.code, "account_locked");
    as_administrator(&world, Method::PATCH, &path, &json!({ "locked": false })).await;
    let tom = world.sign_in_as("tom@example.org", PASSWORD).await;
    let mut socket = world.session_socket(&session, &tom).await.unwrap();
    socket.hello().await;
    assert_eq!(
        as_administrator(&world, Method::DELETE, &path, &json!({})).await.status(),
        StatusCode::NO_CONTENT
    );
    socket.closed().await;
    assert_eq!(world.with_token(Method::GET, "/api/v1/me", &tom).send().await.unwrap().status(), 401);
    // The session is over, and its history keeps the name.
    let token = world.sign_in().await;
    let history = world.with_token(Method::GET, "/api/v1/history", &token).send().await.unwrap();
    let history: farhand_protocol::api::History = history.json().await.unwrap();
    assert_eq!(history.sessions[0].technician_name, "Tom");
    assert!(history.sessions[0].ended_at.is_some());
}

//! O2: what is suspicious is marked in the audit log, once and not in floods, and told to who asked for it.

use farhand_protocol::api::Outbox;
use farhand_protocol::framing::close;
use farhand_protocol::signal::FromService;
use farhand_service::audit::watch::ONCE_IN;
use farhand_service::identity::Token;
use farhand_service::store::{AuditFilter, Tenant};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::session::media_socket;
use super::world::{EMAIL, PATIENCE, World};

/// The security events that belong to no tenant, oldest first.
async fn strangers(world: &World) -> Vec<String> {
    let store = world.service.app().store();
    store.write(Vec::new()).wait().await.unwrap();
    let filter = AuditFilter { security: true, ..AuditFilter::default() };
    let entries = store.tenant(Tenant::none()).audit_entries(&filter, 100).await.unwrap();
    entries.iter().rev().map(|entry| format!("{} {}", entry.row.action, entry.row.outcome)).collect()
}

#[tokio::test]
async fn strangers_at_the_door_are_noted_once() {
    let world = World::set_up().await;
    for _ in 0..3 {
        let asked = world.http.post(world.url("/api/v1/sign-in")).header("origin", "https://evil.example");
        let answer = asked.json(&json!({ "email": EMAIL, "password": "x" })).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let token = Token::generate();
        let answer = world.with_token(Method::GET, "/api/v1/me", token.reveal()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(strangers(&world).await, ["origin foreign_origin", "token token_unknown"]);
}

#[tokio::test]
async fn tampered_tokens_are_noted_and_honest_old_ones_are_not() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let joined = world.join(&created.code).await;
    let tampered = |token: &str| {
        let last = if token.ends_with('A') { "B" } else { "A" };
        format!("{}{last}", &token[..token.len() - 1])
    };
    // An agent that comes back after the end, and somebody who signed out: nothing to be alarmed about.
    let path = format!("/api/v1/sessions/{}", created.session.id);
    assert_eq!(world.with_token(Method::DELETE, &path, &token).send().await.unwrap().status(), 204);
    let refused = world.session_socket(&joined.session, &joined.token).await.err();
    assert_eq!(refused, Some(StatusCode::UNAUTHORIZED));
    assert_eq!(strangers(&world).await, Vec::<String>::new());
    // A session's token, changed.
    let refused = world.session_socket(&joined.session, &tampered(&joined.token)).await.err();
    assert_eq!(refused, Some(StatusCode::UNAUTHORIZED));
    assert_eq!(strangers(&world).await, ["token token_unknown"]);
    // A sign-in's, in the cookie, once the minute is over in which one was noted.
    world.clock.advance(ONCE_IN);
    let cookie = format!("__Host-farhand={}", tampered(&token));
    let answer = world.http.get(world.url("/api/v1/me")).header("cookie", cookie).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    // An API key's.
    let form = json!({ "name": "Dashboard", "scopes": ["people_read"], "days": 1 });
    let made = world.with_token(Method::POST, "/api/v1/api-keys", &token).json(&form).send().await.unwrap();
    let secret = made.json::<farhand_protocol::api::ApiKeyCreated>().await.unwrap().secret;
    world.clock.advance(ONCE_IN);
    let answer = world.with_token(Method::GET, "/api/v1/people", &tampered(&secret)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(strangers(&world).await, ["token token_unknown", "token token_unknown", "token key_unknown"]);
    // Everything of a token stands in none of it.
    let rows = world.service.app().store().tenant(Tenant::none()).audit_rows(100).await.unwrap();
    let text = serde_json::to_string(&rows).unwrap();
    for secret in [&token, &joined.token, &secret] {
        assert!(!text.contains(&secret[5..20]), "{text}");
    }
}

#[tokio::test]
async fn a_refused_media_ticket_is_noted_within_the_minute() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let mut technician = world.session_socket(&created.session.id, &token).await.unwrap();
    let FromService::Welcome { media, .. } = technician.hello().await else { panic!("no welcome") };
    // The ticket itself opens the path, and nothing is noted.
    let mut genuine = media_socket(&world, &media.ticket).await;
    assert!(genuine.next().await.is_some());
    world.clock.advance(ONCE_IN);
    for ticket in [media.ticket.replace(&media.ticket[20..21], "_"), "not a ticket".to_owned()] {
        let mut refused = media_socket(&world, &ticket).await;
        assert!(refused.closed().await.is_some_and(|code| code >= 4000));
    }
    assert_eq!(strangers(&world).await, Vec::<String>::new());
    let noted = async || !strangers(&world).await.is_empty();
    world.clock.advance(ONCE_IN);
    world.until(noted).await;
    assert_eq!(strangers(&world).await, ["ticket refused"]);
    // The key is a new one after each start: what the old one signed opens nothing.
    let world = world.restart().await;
    let mut old = media_socket(&world, &media.ticket).await;
    assert_eq!(old.closed().await, Some(u16::try_from(4000 + close::TICKET_REFUSED).unwrap()));
}

#[tokio::test]
async fn a_lock_is_mailed_to_who_asked_for_it() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let form = json!({ "emails": ["security@example.org"] });
    let answer = world.with_token(Method::PUT, "/api/v1/alerts", &token).json(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    for n in 0..5 {
        let form = json!({ "email": EMAIL, "password": format!("wrong horse {n}") });
        assert_eq!(world.post("/api/v1/sign-in", &form).await.status(), StatusCode::UNAUTHORIZED);
    }
    // Whoever goes on is noted as well, in the installation's own log: who it is, nobody knows.
    let form = json!({ "email": EMAIL, "password": "wrong horse 6" });
    assert_eq!(world.post("/api/v1/sign-in", &form).await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(strangers(&world).await, ["throttle sign_in_slow_down"]);
    let mailed = async {
        loop {
            let answer = world.with_token(Method::GET, "/api/v1/outbox", &token).send().await.unwrap();
            let outbox: Outbox = answer.json().await.unwrap();
            if let Some(mail) = outbox.mails.into_iter().find(|mail| mail.to == "security@example.org") {
                return mail;
            }
        }
    };
    let mail = tokio::time::timeout(PATIENCE, mailed).await.unwrap();
    assert!(mail.subject.contains("security events"), "{}", mail.subject);
}

#[tokio::test]
async fn a_webhook_to_this_machine_is_refused() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    for address in ["https://127.0.0.1/", "https://[::1]/", "http://example.org/", "https://169.254.169.254/"]
    {
        let form = json!({ "webhook": address, "emails": [] });
        let answer =
            world.with_token(Method::PUT, "/api/v1/alerts", &token).json(&form).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{address}: {}", answer.status());
    }
}

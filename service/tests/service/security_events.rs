//! O2: what is suspicious is marked in the audit log, once and not in floods, and told to who asked for it.

use farhand_protocol::api::Outbox;
use farhand_service::identity::Token;
use farhand_service::store::{AuditFilter, Tenant};
use reqwest::{Method, StatusCode};
use serde_json::json;

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

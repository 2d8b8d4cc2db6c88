//! API keys read what their scopes say, and change nothing.

use farhand_protocol::api::{ApiKeyCreated, ApiKeys};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::world::{World, problem};

#[tokio::test]
async fn a_key_reads_within_its_scopes_until_it_is_revoked() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let make = async |scopes: serde_json::Value, days: u32| {
        let form = json!({ "name": "Dashboard", "scopes": scopes, "days": days });
        world.with_token(Method::POST, "/api/v1/api-keys", &token).json(&form).send().await.unwrap()
    };
    for (scopes, days) in [(json!([]), 1), (json!(["people_read"]), 0), (json!(["people_read"]), 367)] {
        assert_eq!(problem(make(scopes, days).await).await.1.code, "key_invalid");
    }
    let made: ApiKeyCreated = make(json!(["people_read", "people_read"]), 30).await.json().await.unwrap();
    assert!(made.secret.starts_with("fhk_"));
    assert_eq!(made.key.scopes.len(), 1);
    let with_key = async |method: Method, path: &str| {
        world.with_token(method, path, &made.secret).json(&json!({})).send().await.unwrap()
    };
    assert_eq!(with_key(Method::GET, "/api/v1/people").await.status(), StatusCode::OK);
    assert_eq!(problem(with_key(Method::GET, "/api/v1/history").await).await.1.code, "scope_missing");
    // What stolen keys were used for elsewhere.
    for (method, path) in [
        (Method::POST, "/api/v1/sessions"),
        (Method::POST, "/api/v1/people/x/reset"),
        (Method::POST, "/api/v1/invitations"),
        (Method::POST, "/api/v1/me/password"),
        (Method::POST, "/api/v1/api-keys"),
        (Method::GET, "/api/v1/outbox"),
        (Method::GET, "/api/v1/me"),
    ] {
        assert_eq!(problem(with_key(method, path).await).await.1.code, "key_not_allowed", "{path}");
    }
    // A key is no sign-in: in a cookie it is nothing.
    let cookie = format!("__Host-farhand={}", made.secret);
    let answer = world.http.get(world.url("/api/v1/people")).header("cookie", cookie).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let list = world.with_token(Method::GET, "/api/v1/api-keys", &token).send().await.unwrap();
    let text = list.text().await.unwrap();
    assert!(!text.contains(&made.secret), "the secret is shown once");
    assert_eq!(serde_json::from_str::<ApiKeys>(&text).unwrap().keys.len(), 1);
    let path = format!("/api/v1/api-keys/{}", made.key.id);
    assert_eq!(world.with_token(Method::DELETE, &path, &token).send().await.unwrap().status(), 204);
    assert_eq!(with_key(Method::GET, "/api/v1/people").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_ends_with_its_time() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let form = json!({ "name": "Dashboard", "scopes": ["people_read"], "days": 1 });
    let made = world.with_token(Method::POST, "/api/v1/api-keys", &token).json(&form).send().await.unwrap();
    let secret = made.json::<ApiKeyCreated>().await.unwrap().secret;
    let people =
        async || world.with_token(Method::GET, "/api/v1/people", &secret).send().await.unwrap().status();
    assert_eq!(people().await, 200);
    world.clock.advance(std::time::Duration::from_secs(24 * 3600));
    assert_eq!(people().await, 401);
}

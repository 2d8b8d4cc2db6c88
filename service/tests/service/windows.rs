//! The list of windows that nobody but the customer sees: written by administrators, handed to agents.

use farhand_protocol::api::{Joined, WindowRules};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{World, problem};

const PATH: &str = "/api/v1/organisation/windows";

async fn put(world: &World, token: &str, rules: Value) -> reqwest::Response {
    world.with_token(Method::PUT, PATH, token).json(&json!({ "rules": rules })).send().await.unwrap()
}

async fn list(world: &World, token: &str) -> WindowRules {
    world.with_token(Method::GET, PATH, token).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn the_agent_is_handed_the_list_as_it_was_when_the_session_began() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    assert_eq!(list(&world, &token).await, WindowRules::default());
    let rules = json!([
        { "effect": "hide", "by": "program", "pattern": " lohnbuch* " },
        { "effect": "pause", "by": "title", "pattern": "*bank*" },
        { "effect": "pause", "by": "title", "pattern": "*bank*" },
    ]);
    assert_eq!(put(&world, &token, rules).await.status(), StatusCode::OK);
    let kept = list(&world, &token).await;
    assert_eq!(kept.rules.len(), 2, "said twice, it counts once");
    assert_eq!(kept.rules[0].pattern, "lohnbuch*");
    let created = world.create(&token).await;
    assert_eq!(put(&world, &token, json!([])).await.status(), StatusCode::OK);
    let joined: Joined = world.join(&created.code).await;
    assert_eq!(joined.ceiling.windows, kept.rules);
    let later: Joined = world.join(&world.create(&token).await.code).await;
    assert_eq!(later.ceiling.windows, []);
}

#[tokio::test]
async fn it_outlives_a_restart() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let rules = json!([{ "effect": "hide", "by": "title", "pattern": "*unmistakable*" }]);
    assert_eq!(put(&world, &token, rules).await.status(), StatusCode::OK);
    let kept = list(&world, &token).await;
    let world = world.restart().await;
    let token = world.sign_in().await;
    assert_eq!(list(&world, &token).await, kept);
}

#[tokio::test]
async fn technicians_read_it_and_only_administrators_change_it() {
    let world = World::set_up().await;
    let tom = world.technician("tom@example.org").await;
    let rules = json!([{ "effect": "hide", "by": "program", "pattern": "vault" }]);
    assert_eq!(put(&world, &tom, rules.clone()).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(put(&world, &world.sign_in().await, rules).await.status(), StatusCode::OK);
    assert_eq!(list(&world, &tom).await.rules.len(), 1);
}

#[tokio::test]
async fn lists_that_agents_cannot_keep_to_are_refused() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let rule = |pattern: &str| json!({ "effect": "hide", "by": "title", "pattern": pattern });
    let many: Vec<Value> = (0..101).map(|number| rule(&format!("window {number}"))).collect();
    for rules in [
        json!([rule("")]),
        json!([rule("*")]),
        json!([rule(&"x".repeat(101))]),
        json!([{ "effect": "explode", "by": "title", "pattern": "vault" }]),
        json!(many),
    ] {
        assert_eq!(
            problem(put(&world, &token, rules.clone()).await).await.1.code,
            "windows_invalid",
            "{rules}"
        );
    }
    // A group has no list of its own.
    let policy = json!({ "rights": [], "recorded": false, "addresses": [], "windows": [rule("vault")] });
    let form = json!({ "name": "Group", "policy": policy });
    let made = world.with_token(Method::POST, "/api/v1/groups", &token).json(&form).send().await.unwrap();
    assert_eq!(problem(made).await.1.code, "policy_invalid");
}

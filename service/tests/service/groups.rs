//! Policies: a ceiling that the service keeps, whatever a page says.

use std::time::Duration;

use farhand_protocol::api::{Group, Joined, User};
use farhand_protocol::rights::{Right, Rights};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{World, problem};

/// A technician in a group with this policy.
pub async fn technician_under(world: &World, policy: Value) -> String {
    let tom = world.technician("tom@example.org").await;
    let me: User =
        world.with_token(Method::GET, "/api/v1/me", &tom).send().await.unwrap().json().await.unwrap();
    let token = world.sign_in().await;
    let form = json!({ "name": "Group", "policy": policy });
    let made = world.with_token(Method::POST, "/api/v1/groups", &token).json(&form).send().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let group: Group = made.json().await.unwrap();
    let path = format!("/api/v1/people/{}", me.id);
    let form = json!({ "group": group.id });
    let joined = world.with_token(Method::PATCH, &path, &token).json(&form).send().await.unwrap();
    assert_eq!(joined.status(), StatusCode::OK);
    tom
}

#[tokio::test]
async fn the_agent_is_handed_the_ceiling_of_the_technicians_group() {
    let world = World::set_up().await;
    let policy =
        json!({ "rights": ["view", "files"], "recorded": true, "addresses": [], "session_minutes": 30 });
    let tom = technician_under(&world, policy).await;
    let created = world.create(&tom).await;
    let joined: Joined = world.join(&created.code).await;
    assert_eq!(joined.ceiling.rights, Rights::of(&[Right::View, Right::Files]));
    assert!(joined.ceiling.recorded);
    assert_eq!(joined.ceiling.session_minutes, Some(30));
    // Without a group nothing is limited.
    let created = world.create(&world.sign_in().await).await;
    assert_eq!(world.join(&created.code).await.ceiling, farhand_protocol::api::Policy::default());
}

#[tokio::test]
async fn a_group_works_from_its_own_addresses_only() {
    let world = World::set_up().await;
    let policy = json!({ "rights": [], "recorded": false, "addresses": ["203.0.113.0/24"] });
    let tom = technician_under(&world, policy).await;
    let refused = world.with_token(Method::GET, "/api/v1/sessions", &tom).send().await.unwrap();
    assert_eq!(problem(refused).await.1.code, "address_not_allowed");
    assert_eq!(world.session_socket("x", &tom).await.err(), Some(StatusCode::FORBIDDEN));
    let form = json!({ "email": "tom@example.org", "password": super::world::PASSWORD });
    assert_eq!(problem(world.post("/api/v1/sign-in", &form).await).await.1.code, "address_not_allowed");
}

#[tokio::test]
async fn a_groups_idle_time_ends_its_sign_ins() {
    let world = World::set_up().await;
    let policy = json!({ "rights": [], "recorded": false, "addresses": [], "idle_minutes": 10 });
    let tom = technician_under(&world, policy).await;
    let me = async || world.with_token(Method::GET, "/api/v1/me", &tom).send().await.unwrap().status();
    world.clock.advance(Duration::from_secs(599));
    assert_eq!(me().await, 200);
    world.until(async || world.seen(&tom).await == world.service.app().now().unix_ms).await;
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(me().await, 401);
}

#[tokio::test]
async fn policies_that_cannot_be_kept_are_refused() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    for policy in [
        json!({ "rights": [], "recorded": false, "addresses": ["192.0.2.1/24"] }),
        json!({ "rights": [], "recorded": false, "addresses": ["somewhere"] }),
        json!({ "rights": [], "recorded": false, "addresses": [], "session_minutes": 0 }),
        json!({ "rights": [], "recorded": false, "addresses": [], "idle_minutes": 1_000_000 }),
    ] {
        let form = json!({ "name": "Group", "policy": policy });
        let made = world.with_token(Method::POST, "/api/v1/groups", &token).json(&form).send().await.unwrap();
        assert_eq!(problem(made).await.1.code, "policy_invalid", "{policy}");
    }
}

#[tokio::test]
async fn a_session_ends_when_its_groups_time_is_over_also_after_a_restart() {
    let world = World::set_up().await;
    let policy = json!({ "rights": ["view"], "recorded": false, "addresses": [], "session_minutes": 1 });
    let tom = technician_under(&world, policy).await;
    let created = world.create(&tom).await;
    world.join(&created.code).await;
    // As if the customer had joined an hour ago: the time that is kept counts, not the process's own.
    let id = created.session.id;
    let store = world.service.app().store().clone();
    let mut open = store.open_sessions().await.unwrap().remove(0);
    open.session.joined_at = Some(open.session.created_at - 3_600_000);
    let tenant = open.tenant.clone();
    store.write(vec![farhand_service::store::Write::Session(tenant, open.session)]).wait().await.unwrap();
    let world = world.restart().await;
    let token = world.sign_in().await;
    world
        .until(async || {
            let list = world.with_token(Method::GET, "/api/v1/history", &token).send().await.unwrap();
            let history: farhand_protocol::api::History = list.json().await.unwrap();
            history.sessions.iter().any(|session| session.id == id && session.ended_at.is_some())
        })
        .await;
    let gone =
        world.session_socket(&id, &world.sign_in_as("tom@example.org", super::world::PASSWORD).await).await;
    assert_eq!(gone.err(), Some(StatusCode::NOT_FOUND));
}

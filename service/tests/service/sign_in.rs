//! I4 and its kin: the soft lock, sign-ins and how they end.

use std::time::Duration;

use farhand_protocol::api::{SignInList, SignedIn, User};
use farhand_service::broker::sign_ins;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use super::world::{EMAIL, PASSWORD, World, problem};

const WRONG: &str = "wrong horse 1";

async fn try_in(world: &World, email: &str, password: &str) -> Response {
    world.post("/api/v1/sign-in", &json!({ "email": email, "password": password })).await
}

#[tokio::test]
async fn five_failures_lock_for_exactly_300_seconds_and_tell_nobody_who_exists() {
    let world = World::set_up().await;
    let standing = world.sign_in().await;
    for email in [EMAIL, "nobody@example.org"] {
        let mut answers = Vec::new();
        for _ in 0..5 {
            let answer = try_in(&world, email, WRONG).await;
            answers.push(problem(answer).await);
        }
        assert!(
            answers
                .iter()
                .all(|(status, p)| *status == StatusCode::UNAUTHORIZED && p.code == "sign_in_wrong")
        );
        let locked = try_in(&world, email, PASSWORD).await;
        assert_eq!(locked.headers()["retry-after"], "300");
        assert_eq!(problem(locked).await.1.code, "sign_in_slow_down");
    }
    // What stands is untouched, and further tries prolong nothing.
    assert_eq!(world.with_token(Method::GET, "/api/v1/me", &standing).send().await.unwrap().status(), 200);
    world.clock.advance(Duration::from_secs(299));
    let still = try_in(&world, EMAIL, PASSWORD).await;
    assert_eq!(still.headers()["retry-after"], "1");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(try_in(&world, EMAIL, PASSWORD).await.status(), StatusCode::OK);
    assert_eq!(try_in(&world, "nobody@example.org", PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    // The user is told; nobody else is.
    let mails = world.mails_to(EMAIL, 1).await;
    assert!(mails[0].subject.contains("paused"), "{mails:?}");
}

#[tokio::test]
async fn four_failures_and_a_success_begin_anew() {
    let world = World::set_up().await;
    for _ in 0..2 {
        for _ in 0..4 {
            assert_eq!(try_in(&world, EMAIL, WRONG).await.status(), StatusCode::UNAUTHORIZED);
        }
        assert_eq!(try_in(&world, EMAIL, PASSWORD).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_new_password_is_checked_and_ends_every_other_sign_in() {
    let world = World::set_up().await;
    let (here, there) = (world.sign_in().await, world.sign_in().await);
    let change = async |current: &str, new: &str| {
        let form = json!({ "current": current, "new": new });
        let request = world.with_token(Method::POST, "/api/v1/me/password", &here);
        request.header("farhand-token", "bearer").json(&form).send().await.unwrap()
    };
    assert_eq!(problem(change(WRONG, "another horse 2").await).await.1.code, "password_wrong");
    for weak in ["short1", "no digits here", "12345678", "password1", EMAIL] {
        assert_eq!(problem(change(PASSWORD, weak).await).await.1.code, "password_weak", "{weak}");
    }
    let changed = change(PASSWORD, "another horse 2").await;
    assert_eq!(changed.status(), StatusCode::OK);
    let new = changed.json::<SignedIn>().await.unwrap().token.unwrap();
    for (token, status) in [(&here, 401), (&there, 401), (&new, 200)] {
        assert_eq!(world.with_token(Method::GET, "/api/v1/me", token).send().await.unwrap().status(), status);
    }
    assert_eq!(try_in(&world, EMAIL, PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(try_in(&world, EMAIL, "another horse 2").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn ones_sign_ins_are_listed_and_ended_one_by_one_and_everywhere() {
    let world = World::set_up().await;
    let (here, there) = (world.sign_in().await, world.sign_in().await);
    let list = async |token: &str| {
        let answer = world.with_token(Method::GET, "/api/v1/me/sign-ins", token).send().await.unwrap();
        answer.json::<SignInList>().await.unwrap().sign_ins
    };
    let sign_ins = list(&here).await;
    // One more was made by set-up.
    assert_eq!(sign_ins.len(), 3);
    assert_eq!(sign_ins.iter().filter(|one| one.this).count(), 1);
    let other = list(&there).await.into_iter().find(|one| one.this).unwrap();
    let path = format!("/api/v1/me/sign-ins/{}", other.id);
    assert_eq!(world.with_token(Method::DELETE, &path, &here).send().await.unwrap().status(), 204);
    assert_eq!(world.with_token(Method::GET, "/api/v1/me", &there).send().await.unwrap().status(), 401);
    let out = world.with_token(Method::DELETE, "/api/v1/me/sign-ins", &here).send().await.unwrap();
    assert_eq!(out.status(), 204);
    assert_eq!(world.with_token(Method::GET, "/api/v1/me", &here).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_sign_in_ends_by_disuse_and_by_its_time() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let me = async || world.with_token(Method::GET, "/api/v1/me", &token).send().await.unwrap().status();
    // Used each hour it lasts twelve.
    for _ in 0..11 {
        world.clock.advance(Duration::from_secs(3600));
        assert_eq!(me().await, 200);
        world.until(async || world.seen(&token).await == world.service.app().now().unix_ms).await;
    }
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(me().await, 401);
    let idle = world.sign_in().await;
    world.clock.advance(Duration::from_secs(2 * 3600));
    assert_eq!(world.with_token(Method::GET, "/api/v1/me", &idle).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_socket_of_a_sign_in_that_ended_closes() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let session = world.create(&token).await.session.id;
    let mut socket = world.session_socket(&session, &token).await.unwrap();
    socket.hello().await;
    // Ended by another process, as `farhand admin sign-out` does.
    let hash = farhand_service::identity::Token::parse(&token).unwrap().hash();
    let found = world.service.app().store().sign_in_by_token(&hash).await.unwrap().unwrap();
    let tenant = world.service.app().store().tenant(found.tenant);
    sign_ins::look(world.service.app()).await;
    tenant.remove_sign_ins(&found.user).await.unwrap();
    sign_ins::look(world.service.app()).await;
    assert_eq!(socket.closed().await, Some(1008));
}

#[tokio::test]
async fn a_socket_goes_on_when_its_sign_in_is_replaced() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let session = world.create(&token).await.session.id;
    let mut socket = world.session_socket(&session, &token).await.unwrap();
    socket.hello().await;
    let form = json!({ "current": PASSWORD, "new": "another horse 2" });
    let request = world.with_token(Method::POST, "/api/v1/me/password", &token);
    let changed = request.header("farhand-token", "bearer").json(&form).send().await.unwrap();
    assert_eq!(changed.status(), StatusCode::OK);
    sign_ins::look(world.service.app()).await;
    socket.send(farhand_protocol::signal::ToService::Ping { nonce: 7 }).await;
    socket
        .until(|signal| {
            matches!(signal, farhand_protocol::signal::FromService::Pong { nonce: 7 }).then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_browser_gets_a_cookie_that_no_script_reads() {
    let world = World::set_up().await;
    let answer = try_in(&world, EMAIL, PASSWORD).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["__Host-farhand=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let user = answer.json::<SignedIn>().await.unwrap();
    assert!(user.token.is_none());
    assert_eq!(user.user.email, EMAIL);
    let pair = cookie.split(';').next().unwrap();
    let me = world.http.get(world.url("/api/v1/me")).header("cookie", pair).send().await.unwrap();
    assert_eq!(me.json::<User>().await.unwrap(), user.user);
}

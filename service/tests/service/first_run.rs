//! Set-up happens once, by whoever holds the printed link, and sign-in after it.

use farhand_protocol::api::{SignedIn, User, UserRole};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::world::{EMAIL, PASSWORD, World, problem, set_up_form};

#[tokio::test]
async fn the_printed_link_makes_the_organisation_and_works_once() {
    let world = World::start().await;
    let link = world.service.ready().setup_url.clone().unwrap();
    assert!(link.starts_with(&world.url("/setup#")));
    let token = link.split_once('#').unwrap().1.to_owned();

    let (status, refused) = problem(world.post("/api/v1/setup", &set_up_form(&"x".repeat(43))).await).await;
    assert_eq!((status, refused.code.as_str()), (StatusCode::FORBIDDEN, "link_wrong"));
    for (field, value, code) in [
        ("password", "short1", "password_weak"),
        ("password", "only letters here", "password_weak"),
        ("email", "nobody", "email_invalid"),
        ("name", " ", "name_invalid"),
        ("organisation", "a\nb", "organisation_invalid"),
    ] {
        let mut form = set_up_form(&token);
        form[field] = json!(value);
        let (status, refused) = problem(world.post("/api/v1/setup", &form).await).await;
        assert_eq!((status, refused.code.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, code), "{field}");
    }

    let answer = world.post("/api/v1/setup", &set_up_form(&token)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["__Host-farhand=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let made: SignedIn = answer.json().await.unwrap();
    assert_eq!(made.token, None);
    assert_eq!((made.user.role, made.user.organisation.as_str()), (UserRole::Administrator, "Help Desk"));

    // Gone: the same answer as on a path that never was, whatever the method, the body or the spelling.
    let (_, unknown) = problem(world.post("/api/v1/no-such", &json!({})).await).await;
    for path in [
        "/api/v1/setup",
        "/api/v1/setup/",
        "/api/v1/SETUP",
        "/api/v1/./setup",
        "/api/v1/%73etup",
        "/api//v1/setup",
    ] {
        for body in [set_up_form(&token), json!({})] {
            let (status, gone) = problem(world.post(path, &body).await).await;
            assert_eq!((status, &gone), (StatusCode::NOT_FOUND, &unknown), "{path}");
        }
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
            let answer = world.http.request(method.clone(), world.url(path)).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    assert_eq!(world.get("/setup").await.status(), StatusCode::NOT_FOUND);

    // And after a restart no new link is printed.
    let world = world.restart().await;
    assert_eq!(world.service.ready().setup_url, None);
    let (status, _) = problem(world.post("/api/v1/setup", &set_up_form(&token)).await).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    world.sign_in().await;
}

#[tokio::test]
async fn two_that_use_the_link_at_once_make_one_organisation() {
    let world = World::start().await;
    let link = world.service.ready().setup_url.clone().unwrap();
    let token = link.split_once('#').unwrap().1;
    let mut second = set_up_form(token);
    second["email"] = json!("eve@example.org");
    let first = set_up_form(token);
    let (a, b) = tokio::join!(world.post("/api/v1/setup", &first), world.post("/api/v1/setup", &second));
    let mut statuses = [a.status(), b.status()];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::NOT_FOUND]);
}

#[tokio::test]
async fn sign_in_gives_a_token_that_sign_out_takes_back() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let me = world.with_token(Method::GET, "/api/v1/me", &token).send().await.unwrap();
    assert_eq!(me.headers()["cache-control"], "no-store");
    let me: User = me.json().await.unwrap();
    assert_eq!((me.email.as_str(), me.name.as_str()), (EMAIL, "Ada"));
    let out = world.with_token(Method::POST, "/api/v1/sign-out", &token).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let (status, refused) =
        problem(world.with_token(Method::GET, "/api/v1/me", &token).send().await.unwrap()).await;
    assert_eq!((status, refused.code.as_str()), (StatusCode::UNAUTHORIZED, "sign_in_needed"));
}

#[tokio::test]
async fn five_wrong_passwords_close_the_door_for_known_and_unknown_alike() {
    let world = World::set_up().await;
    let mut answers = Vec::new();
    for email in [EMAIL, "nobody@example.org"] {
        let mut told = Vec::new();
        for _ in 0..6 {
            let form = json!({ "email": email, "password": "wrong horse 1" });
            let (status, refused) = problem(world.post("/api/v1/sign-in", &form).await).await;
            told.push((status, refused.code, refused.message));
        }
        assert_eq!(told[4].0, StatusCode::UNAUTHORIZED);
        assert_eq!((told[5].0, told[5].1.as_str()), (StatusCode::TOO_MANY_REQUESTS, "sign_in_slow_down"));
        // The right password does not open it either.
        let form = json!({ "email": email, "password": PASSWORD });
        assert_eq!(world.post("/api/v1/sign-in", &form).await.status(), StatusCode::TOO_MANY_REQUESTS);
        answers.push(told);
    }
    assert_eq!(answers[0], answers[1], "the answer does not tell who exists");
}

#[tokio::test]
async fn no_secret_is_kept_as_it_is() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let joined = world.join(&created.code).await;
    let folder = world.folder;
    world.service.stop().await;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        // The folder of keys holds what the vault wrapped, and its own tests look at that.
        if path.is_dir() {
            continue;
        }
        let bytes = std::fs::read(path).unwrap();
        for secret in [token.as_str(), joined.token.as_str(), PASSWORD] {
            assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()));
        }
    }
}

#[tokio::test]
async fn the_demo_has_a_user_and_hands_its_codes_to_the_demo_computer() {
    let world = World::start_with(|config| config.demo = true).await;
    assert_eq!(world.service.ready().setup_url, None);
    let demo = world.service.demo().unwrap().clone();
    let token = world.sign_in_as(demo.email, &demo.password).await;
    let computer = std::fs::read_to_string(world.folder.path().join("demo.token")).unwrap();
    let next = world.with_token(Method::GET, "/api/v1/demo/next", computer.trim()).send();
    let create = world
        .with_token(Method::POST, "/api/v1/sessions", &token)
        .json(&json!({ "demo": true, "demo_digits": "5710" }))
        .send();
    let (next, created) = tokio::join!(next, create);
    let created: farhand_protocol::api::SessionCreated = created.unwrap().json().await.unwrap();
    let next: serde_json::Value = next.unwrap().json().await.unwrap();
    assert_eq!(next["code"], format!("{}5710", created.code));
    // The secret digits of no other session are taken, and a demo session has nobody to read them out.
    for form in [
        json!({ "demo": true }),
        json!({ "demo_digits": "5710" }),
        json!({ "demo": true, "demo_digits": "571" }),
        json!({ "demo": true, "demo_digits": "57l0" }),
    ] {
        let answer =
            world.with_token(Method::POST, "/api/v1/sessions", &token).json(&form).send().await.unwrap();
        let (status, refused) = problem(answer).await;
        assert_eq!(
            (status, refused.code.as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, "demo_digits"),
            "{form}"
        );
    }
    let (status, _) =
        problem(world.with_token(Method::GET, "/api/v1/demo/next", &token).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    // The same password after a restart.
    assert_eq!(std::fs::read_to_string(world.folder.path().join("demo.password")).unwrap(), demo.password);
}

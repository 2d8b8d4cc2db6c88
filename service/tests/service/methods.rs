//! I3: second methods, and what an organisation's demand for them does.

use std::time::Duration;

use farhand_protocol::api::{Method as Way, MethodAdded, SecondStep, SignedIn, TotpBegun};
use farhand_service::http::{Access, every};
use farhand_service::identity::totp::{Secret, step_at};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::world::{EMAIL, PASSWORD, World, problem};

async fn post(world: &World, token: &str, path: &str, form: &Value) -> Response {
    let request = world.with_token(Method::POST, path, token).header("farhand-token", "bearer");
    request.json(form).send().await.unwrap()
}

fn unbase32(text: &str) -> Vec<u8> {
    let (mut held, mut bits, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        held = (held << 5 | u32::from(value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    bytes
}

struct App(Secret);

impl App {
    /// The code that the app shows at the world's time.
    fn code(&self, world: &World) -> String {
        self.0.code(step_at(world.service.app().now().unix_ms))
    }
}

/// Adds an authenticator app; its secret, the new sign-in and the recovery codes.
async fn add_app(world: &World, token: &str) -> (App, String, Vec<String>) {
    let begun = post(world, token, "/api/v1/me/methods/totp", &json!({ "password": PASSWORD })).await;
    assert_eq!(begun.status(), StatusCode::OK);
    let begun: TotpBegun = begun.json().await.unwrap();
    assert!(begun.qr.starts_with("<svg ") && begun.uri.contains(&begun.secret));
    let app = App(Secret::of(&unbase32(&begun.secret)).unwrap());
    let wrong = post(world, token, "/api/v1/me/methods/totp/confirm", &json!({ "code": "000000" })).await;
    assert_eq!(problem(wrong).await.1.code, "code_wrong");
    let code = app.code(world);
    let added = post(world, token, "/api/v1/me/methods/totp/confirm", &json!({ "code": code })).await;
    assert_eq!(added.status(), StatusCode::OK);
    let added: MethodAdded = added.json().await.unwrap();
    assert_eq!(added.recovery_codes.len(), 10);
    (app, added.signed_in.token.unwrap(), added.recovery_codes)
}

async fn first_step(world: &World) -> SecondStep {
    let answer = world.post("/api/v1/sign-in", &json!({ "email": EMAIL, "password": PASSWORD })).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert!(answer.headers().get("set-cookie").is_none(), "half a sign-in is none");
    answer.json().await.unwrap()
}

async fn second_step(world: &World, form: Value) -> Response {
    let request = world.http.post(world.url("/api/v1/sign-in/second")).header("farhand-token", "bearer");
    request.json(&form).send().await.unwrap()
}

#[tokio::test]
async fn each_code_of_the_app_opens_once() {
    let world = World::set_up().await;
    let before = world.sign_in().await;
    let (app, token, _) = add_app(&world, &before).await;
    // Rights changed, so the sign-in was replaced.
    assert_eq!(world.with_token(Method::GET, "/api/v1/me", &before).send().await.unwrap().status(), 401);
    assert_eq!(world.with_token(Method::GET, "/api/v1/me", &token).send().await.unwrap().status(), 200);
    // The step that confirmed the app is used up.
    let step = first_step(&world).await;
    assert_eq!(step.methods, [Way::Totp, Way::Recovery]);
    let used = second_step(&world, json!({ "ticket": step.ticket, "totp": app.code(&world) })).await;
    assert_eq!(problem(used).await.1.code, "second_wrong");
    world.clock.advance(Duration::from_secs(30));
    let code = app.code(&world);
    let fresh = second_step(&world, json!({ "ticket": step.ticket, "totp": code })).await;
    assert_eq!(fresh.status(), StatusCode::OK);
    assert!(fresh.json::<SignedIn>().await.unwrap().token.is_some());
    // Neither the code nor the ticket opens again.
    let again = second_step(&world, json!({ "ticket": step.ticket, "totp": code })).await;
    assert_eq!(problem(again).await.1.code, "ticket_gone");
    let step = first_step(&world).await;
    let replayed = second_step(&world, json!({ "ticket": step.ticket, "totp": code })).await;
    assert_eq!(problem(replayed).await.1.code, "second_wrong");
}

#[tokio::test]
async fn of_two_that_bring_the_same_code_at_once_one_comes_in() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let (app, ..) = add_app(&world, &token).await;
    world.clock.advance(Duration::from_secs(30));
    let code = app.code(&world);
    let (a, b) = (first_step(&world).await, first_step(&world).await);
    let (a, b) = tokio::join!(
        second_step(&world, json!({ "ticket": a.ticket, "totp": code })),
        second_step(&world, json!({ "ticket": b.ticket, "totp": code }))
    );
    let mut statuses = [a.status().as_u16(), b.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn recovery_codes_open_once_each_and_the_same_method_twice_is_one() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let (_, _, codes) = add_app(&world, &token).await;
    let step = first_step(&world).await;
    let twice = second_step(&world, json!({ "ticket": step.ticket, "password": PASSWORD })).await;
    assert_eq!(problem(twice).await.1.code, "second_wrong");
    let none = second_step(&world, json!({ "ticket": step.ticket })).await;
    assert_eq!(problem(none).await.1.code, "one_method");
    let typed = codes[0].to_lowercase().replace('-', " ");
    let opened = second_step(&world, json!({ "ticket": step.ticket, "recovery": typed })).await;
    assert_eq!(opened.status(), StatusCode::OK);
    let step = first_step(&world).await;
    let used = second_step(&world, json!({ "ticket": step.ticket, "recovery": codes[0] })).await;
    assert_eq!(problem(used).await.1.code, "second_wrong");
}

#[tokio::test]
async fn codes_cannot_be_guessed_even_by_whoever_has_the_password() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let (app, ..) = add_app(&world, &token).await;
    let mut wrong = 0;
    // The right password between wrong codes does not begin the count anew.
    while wrong < 5 {
        let step = first_step(&world).await;
        for _ in 0..2 {
            if wrong < 5 {
                let answer = second_step(&world, json!({ "ticket": step.ticket, "totp": "000000" })).await;
                assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
                wrong += 1;
            }
        }
    }
    let shut = world.post("/api/v1/sign-in", &json!({ "email": EMAIL, "password": PASSWORD })).await;
    assert_eq!(shut.status(), StatusCode::TOO_MANY_REQUESTS);
    world.clock.advance(Duration::from_secs(300));
    let step = first_step(&world).await;
    let opened = second_step(&world, json!({ "ticket": step.ticket, "totp": app.code(&world) })).await;
    assert_eq!(opened.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_demanded_gates_everything_else() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let technician = world.technician("tom@example.org").await;
    let demand = async |token: &str| {
        let request = world.with_token(Method::PATCH, "/api/v1/organisation", token);
        request.json(&json!({ "second_method_demanded": true })).send().await.unwrap()
    };
    // Whoever demands it has it.
    assert_eq!(problem(demand(&token).await).await.1.code, "own_method_first");
    let (_, token, _) = add_app(&world, &token).await;
    assert_eq!(demand(&token).await.status(), StatusCode::OK);
    // From now on the technician, who is signed in already, reaches nothing but their own account.
    for operation in every() {
        let path = operation.path.replace("{id}", "no-such");
        let request = || {
            let request = world.with_token(operation.method.clone(), &path, &technician);
            if operation.method == Method::GET { request } else { request.json(&json!({})) }
        };
        match operation.access {
            Access::Technician | Access::Administrator => {
                let (status, problem) = problem(request().send().await.unwrap()).await;
                assert_eq!(
                    (status, problem.code.as_str()),
                    (StatusCode::FORBIDDEN, "method_needed"),
                    "{operation:?}"
                );
            }
            Access::Participant => {
                assert_eq!(world.session_socket("x", &technician).await.err(), Some(StatusCode::FORBIDDEN));
            }
            Access::Own | Access::Open | Access::SetUp | Access::Ticket | Access::Demo => {}
        }
    }
    let me = world.with_token(Method::GET, "/api/v1/me", &technician).send().await.unwrap();
    assert!(me.json::<farhand_protocol::api::User>().await.unwrap().must_add_method);
    // With the method added everything opens, and it can not be taken away again.
    let (_, technician, _) = add_app(&world, &technician).await;
    let sessions = world.with_token(Method::GET, "/api/v1/sessions", &technician).send().await.unwrap();
    assert_eq!(sessions.status(), StatusCode::OK);
    let last =
        post(&world, &technician, "/api/v1/me/methods/totp/remove", &json!({ "password": PASSWORD })).await;
    assert_eq!(problem(last).await.1.code, "last_method");
}

#[tokio::test]
async fn changing_methods_needs_the_password() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    for path in ["totp", "passkeys", "recovery", "totp/remove", "passkeys/x/remove"] {
        let path = format!("/api/v1/me/methods/{path}");
        let answer = post(&world, &token, &path, &json!({ "password": "wrong horse 1" })).await;
        let (status, refused) = problem(answer).await;
        assert!(
            matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS),
            "{path}: {refused:?}"
        );
        world.clock.advance(Duration::from_secs(300));
    }
}

//! Every operation × every kind of caller, and every route × every way to misspell it. Both come from the list that
//! the router is built from, so a new operation joins by itself.

use farhand_protocol::api::UserRole;
use farhand_service::http::{Access, Operation};
use farhand_service::identity::Token;
use farhand_service::store::{SignInRow, Tenant, UserRow, UserWithPassword};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::world::World;

/// A user of some tenant with a sign-in that ends at a time of its own.
async fn user(world: &World, tenant: &str, id: &str, role: UserRole, expires_in: i64) -> String {
    let store = world.service.app().store().tenant(Tenant(tenant.into()));
    let user = UserRow { id: id.into(), email: format!("{id}@{tenant}.example"), name: id.into(), role };
    let with_password = UserWithPassword { user, password_hash: "$argon2id$none".into() };
    let now = world.service.app().now().unix_ms;
    if store.name().await.unwrap().is_none() {
        store.create(tenant, &with_password, now).await.unwrap();
    } else {
        store.add_user(&with_password, now).await.unwrap();
    }
    let token = Token::generate();
    let row = SignInRow {
        token_hash: token.hash(),
        user: id.into(),
        created_at: now,
        expires_at: now.saturating_add_signed(expires_in),
    };
    store.add_sign_in(&row).await.unwrap();
    token.reveal().to_owned()
}

fn path(operation: Operation, session: &str) -> String {
    operation.path().replace("{id}", session)
}

async fn status(world: &World, operation: Operation, session: &str, token: Option<&str>) -> StatusCode {
    let path = path(operation, session);
    if operation.is_socket() {
        let mut request = world.socket_request(&path);
        if let Some(token) = token {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        return world.open(request).await.err().unwrap_or(StatusCode::SWITCHING_PROTOCOLS);
    }
    let mut request = world.http.request(operation.method(), world.url(&path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if operation.method() == Method::POST {
        request = request.json(&json!({}));
    }
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn nobody_does_what_is_not_theirs() {
    let world = World::set_up().await;
    let owner = world.sign_in().await;
    let created = world.create(&owner).await;
    let session = created.session.id.as_str();
    let agent = world.join(&created.code).await.token;
    let tenant = {
        let hash = Token::parse(&owner).unwrap().hash();
        world.service.app().store().sign_in_by_token(&hash).await.unwrap().unwrap().tenant.0
    };
    let day = 24 * 60 * 60 * 1000;
    let colleague = user(&world, &tenant, "colleague", UserRole::Technician, day).await;
    let stranger = user(&world, "other", "stranger", UserRole::Administrator, day).await;
    let expired = user(&world, &tenant, "expired", UserRole::Administrator, 0).await;
    let invented = Token::generate().reveal().to_owned();

    for operation in Operation::ALL {
        let nobodies = [None, Some(expired.as_str()), Some(invented.as_str()), Some("x")];
        match operation.access() {
            Access::SignedIn | Access::Participant => {
                for token in nobodies {
                    let got = status(&world, operation, session, token).await;
                    assert_eq!(got, StatusCode::UNAUTHORIZED, "{operation:?} with {token:?}");
                }
            }
            Access::SetUp | Access::Demo => {
                for token in nobodies.into_iter().chain([Some(owner.as_str()), Some(agent.as_str())]) {
                    let got = status(&world, operation, session, token).await;
                    assert_eq!(got, StatusCode::NOT_FOUND, "{operation:?} with {token:?}");
                }
            }
            // Open ones take part in the spelling below; tickets are the media service's to check.
            Access::Open | Access::Ticket => {}
        }
        // What names a session is only for those that it belongs to, and does not tell others that it exists.
        if operation.path().contains("{id}") {
            for token in [&colleague, &stranger] {
                let here = status(&world, operation, session, Some(token)).await;
                let nowhere = status(&world, operation, "no-such", Some(token)).await;
                assert_eq!((here, nowhere), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{operation:?}");
            }
        }
        // An agent's token opens its own session's socket and nothing else.
        if operation.access() == Access::SignedIn {
            assert_eq!(
                status(&world, operation, session, Some(&agent)).await,
                StatusCode::UNAUTHORIZED,
                "{operation:?}"
            );
        }
    }
    // After all that the session still stands, and only its own people are let in.
    assert!(world.session_socket(session, &agent).await.is_ok());
    assert!(world.session_socket(session, &owner).await.is_ok());
    // An administrator of the same tenant may end it; nobody's list shows another's.
    let manager = user(&world, &tenant, "manager", UserRole::Administrator, day).await;
    for token in [&manager, &colleague, &stranger] {
        let list: farhand_protocol::api::SessionList = world
            .with_token(Method::GET, "/api/v1/sessions", token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(list.sessions, []);
    }
    assert_eq!(status(&world, Operation::EndSession, session, Some(&manager)).await, StatusCode::NO_CONTENT);
}

fn misspelt(path: &str) -> Vec<String> {
    let last = path.rsplit('/').next().unwrap();
    let head = &path[..path.len() - last.len()];
    let mut variants = vec![
        format!("{path}/"),
        format!("/{path}"),
        format!("{head}/{last}"),
        format!("{head}./{last}"),
        format!("{head}x/../{last}"),
        format!("{path}/."),
        format!("{path}/x/.."),
        format!("{path};x"),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("{path}.json"),
        format!("{path}\\"),
        format!("{head}%2e/{last}"),
        format!("{head}%2f{last}"),
    ];
    for (at, letter) in path.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()) {
        let (before, after) = (&path[..at], &path[at + 1..]);
        variants.push(format!("{before}{}{after}", letter.to_ascii_uppercase()));
        variants.push(format!("{before}%{:02x}{after}", u32::from(letter)));
    }
    variants
}

/// Sends a path exactly as written, which clients would tidy.
async fn raw(world: &World, method: &Method, path: &str) -> u16 {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = world.tls().await;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
         Connection: close\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The other end may close without a TLS farewell.
    stream.read_to_end(&mut answer).await.ok();
    let answer = String::from_utf8_lossy(&answer);
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn no_misspelt_path_reaches_an_operation() {
    for set_up in [false, true] {
        let world = World::start().await;
        if set_up {
            world.do_set_up().await;
        }
        let mut paths: Vec<_> = Operation::ALL.into_iter().map(|o| (o.method(), path(o, "abc"))).collect();
        if !set_up {
            paths.retain(|(_, path)| path.ends_with("/setup"));
        }
        for (method, path) in paths {
            for variant in misspelt(&path) {
                // A variable part takes any one segment: that is another session, not another route.
                let status = raw(&world, &method, &variant).await;
                let refused = matches!(status, 400 | 401 | 404 | 405);
                assert!(refused, "{method} {variant} gave {status}");
                if path.ends_with("/setup") {
                    assert!(matches!(status, 400 | 404), "{method} {variant} gave {status}");
                }
            }
        }
    }
}

//! Pages of other sites open no socket and change nothing, whatever cookies the browser adds.

use farhand_service::http::{COOKIE, every};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::world::{EMAIL, PASSWORD, World, problem};

async fn cookie(world: &World) -> String {
    let form = json!({ "email": EMAIL, "password": PASSWORD });
    let answer = world.post("/api/v1/sign-in", &form).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with(COOKIE));
    cookie
}

fn foreign(own: &str) -> Vec<String> {
    let port = own.rsplit(':').next().unwrap();
    vec![
        "https://evil.example".into(),
        "null".into(),
        String::new(),
        format!("http://127.0.0.1:{port}"),
        "https://127.0.0.1".into(),
        format!("https://127.0.0.1:{port}.evil.example"),
        format!("https://127.0.0.1.evil.example:{port}"),
        format!("https://evil.example/?{own}"),
        format!("{own}/"),
        "file://".into(),
        "https://".into(),
    ]
}

#[tokio::test]
async fn every_socket_refuses_every_foreign_origin() {
    let world = World::set_up().await;
    let (cookie, token) = (cookie(&world).await, world.sign_in().await);
    let session = world.create(&token).await.session.id;
    let sockets: Vec<_> = every().filter(|o| o.is_socket()).collect();
    assert_eq!(sockets.len(), 2);
    for operation in sockets {
        let path = operation.path.replace("{id}", &session);
        let request = |origin: Option<&str>| {
            let mut request = world.socket_request(&path);
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
            if let Some(origin) = origin {
                request.headers_mut().insert("origin", origin.parse().unwrap());
            }
            request
        };
        for origin in foreign(&world.origin()) {
            let refused = world.open(request(Some(&origin))).await.err();
            assert_eq!(refused, Some(StatusCode::FORBIDDEN), "{path} from {origin:?}");
        }
        // A browser always names the page: a cookie without an Origin is refused too.
        assert_eq!(world.open(request(None)).await.err(), Some(StatusCode::FORBIDDEN), "{path}");
        assert!(world.open(request(Some(&world.origin()))).await.is_ok(), "{path}");
        let mut two = request(Some(&world.origin()));
        two.headers_mut().append("origin", "https://evil.example".parse().unwrap());
        assert_eq!(world.open(two).await.err(), Some(StatusCode::FORBIDDEN), "{path}");
    }
    assert!(world.metrics().await.contains("farhand_refused_total{reason=\"origin\"}"));
}

#[tokio::test]
async fn every_change_refuses_every_foreign_origin() {
    let world = World::set_up().await;
    let (cookie, token) = (cookie(&world).await, world.sign_in().await);
    let session = world.create(&token).await.session.id;
    let changing: Vec<_> = every().filter(|o| o.method != Method::GET).collect();
    assert!(changing.len() >= 6);
    for operation in changing {
        let url = world.url(&operation.path.replace("{id}", &session));
        for origin in foreign(&world.origin()) {
            let answer = world
                .http
                .request(operation.method.clone(), &url)
                .header("cookie", &cookie)
                .header("origin", &origin)
                .json(&json!({}))
                .send()
                .await
                .unwrap();
            let (status, refused) = problem(answer).await;
            assert_eq!(
                (status, refused.code.as_str()),
                (StatusCode::FORBIDDEN, "foreign_origin"),
                "{url} {origin:?}"
            );
        }
        let none =
            world.http.request(operation.method.clone(), &url).header("cookie", &cookie).json(&json!({}));
        assert_eq!(none.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{url}");
        let other_site = world
            .http
            .request(operation.method.clone(), &url)
            .header("cookie", &cookie)
            .header("origin", world.origin())
            .header("sec-fetch-site", "cross-site")
            .json(&json!({}));
        assert_eq!(other_site.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{url}");
    }
    // The session is still there, and our own page may end it.
    let url = world.url(&format!("/api/v1/sessions/{session}"));
    let own = world.http.delete(&url).header("cookie", &cookie).header("origin", world.origin());
    assert_eq!(own.send().await.unwrap().status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn no_answer_invites_other_sites() {
    let world = World::set_up().await;
    for operation in every() {
        let url = world.url(&operation.path.replace("{id}", "abc"));
        let asked = world
            .http
            .request(Method::OPTIONS, &url)
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "POST");
        let answer = asked.send().await.unwrap();
        assert!(!answer.status().is_success(), "{url}");
        assert!(answer.headers().keys().all(|name| !name.as_str().starts_with("access-control-")), "{url}");
    }
}

#[tokio::test]
async fn the_public_address_is_an_own_origin() {
    let world = World::start_with(|config| {
        config.public_url =
            Some(farhand_service::config::PublicUrl { host: "support.example".into(), port: 443 });
    })
    .await;
    let address = world.service.address();
    let post = |origin: &'static str| {
        world
            .http
            .post(format!("https://{address}/api/v1/join"))
            .header("origin", origin)
            .json(&json!({ "code": "1" }))
    };
    assert_eq!(post("https://support.example").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(post("https://support.example:8443").send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

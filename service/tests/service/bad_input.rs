//! Malformed, oversized, slow and out-of-order input is refused and counted, and nobody else notices.

use std::time::Duration;

use farhand_protocol::signal::{FromService, MAX_SIGNAL, ToService};
use futures_util::SinkExt as _;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::world::{PATIENCE, World, problem};

#[tokio::test]
async fn a_bad_signal_closes_its_own_socket_and_is_counted() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let joined = world.join(&created.code).await;
    let mut agent = world.session_socket(&joined.session, &joined.token).await.unwrap();
    agent.hello().await;
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let bad = [
        Message::Text("".into()),
        Message::Text("{}".into()),
        Message::Text("null".into()),
        Message::Text("{\"type\":\"media\"}".into()),
        Message::Text("{\"type\":\"ping\",\"nonce\":-1}".into()),
        Message::Text("{\"type\":\"hello\",\"versions\":{},\"program\":1}".into()),
        Message::Text(deep.into()),
        Message::Text("x".repeat(MAX_SIGNAL + 1).into()),
        Message::Binary(vec![0; 10].into()),
        Message::Text("{\"type\":\"end\"} trailing".into()),
    ];
    let count = bad.len();
    for message in bad {
        let mut technician = world.session_socket(&created.session.id, &token).await.unwrap();
        technician.hello().await;
        let shown = format!("{message:?}").chars().take(60).collect::<String>();
        technician.0.send(message).await.ok();
        let code = technician.closed().await;
        assert!(matches!(code, Some(1008) | None), "{shown}: {code:?}");
        agent.send(ToService::Ping { nonce: 1 }).await;
        agent.until(|signal| matches!(signal, FromService::Pong { nonce: 1 }).then_some(())).await;
    }
    let metrics = world.metrics().await;
    let counted: usize = metrics
        .lines()
        .find_map(|line| line.strip_prefix("farhand_refused_total{reason=\"signal\"} "))
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(counted, count);
}

#[tokio::test]
async fn a_signal_before_the_hello_is_answered_with_a_sentence() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let mut socket = world.session_socket(&created.session.id, &token).await.unwrap();
    socket.send(ToService::End).await;
    let (code, message) = socket
        .until(|signal| match signal {
            FromService::Problem { code, message } => Some((code, message)),
            _ => None,
        })
        .await;
    assert_eq!(code, "hello_first");
    assert!(message.ends_with('.'));
    assert_eq!(socket.closed().await, Some(1008));
    // The session did not end.
    assert!(world.session_socket(&created.session.id, &token).await.is_ok());
}

#[tokio::test]
async fn bad_bodies_are_sentences_and_never_5xx() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let send = |path: &str, kind: &'static str, body: Vec<u8>| {
        world.with_token(Method::POST, path, &token).header("content-type", kind).body(body).send()
    };
    for path in ["/api/v1/sign-in", "/api/v1/sessions", "/api/v1/join"] {
        for (kind, body, expected) in [
            ("text/plain", b"{}".to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("application/x-www-form-urlencoded", b"a=b".to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("application/json", b"{".to_vec(), StatusCode::BAD_REQUEST),
            ("application/json", vec![0xff; 100], StatusCode::BAD_REQUEST),
            ("application/json", vec![b'['; 10_000], StatusCode::BAD_REQUEST),
            ("application/json", vec![b' '; 17_000], StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let (status, _) = problem(send(path, kind, body).await.unwrap()).await;
            assert_eq!(status, expected, "{path} {kind}");
        }
    }
    for field in
        ["'; --", "$(id)", "`id`", "| id", "\u{0}", "../../etc/passwd", "<script>alert(1)</script>", "%n%s"]
    {
        for path in ["/api/v1/sign-in", "/api/v1/join"] {
            let form = json!({ "email": field, "password": field, "code": field });
            let status = world.post(path, &form).await.status();
            assert!(status.is_client_error(), "{path} {field:?}: {status}");
        }
    }
    for target in ["/api/v1/me?x=%ff", "/api/v1/sessions/%ff%fe", "/api/v1/sessions/%00/socket"] {
        let status = world.get(target).await.status();
        assert!(status.is_client_error(), "{target}: {status}");
    }
}

#[tokio::test]
async fn http_without_tls_gets_a_hint() {
    let world = World::start().await;
    let mut stream = TcpStream::connect(world.service.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("https://"), "{answer}");
}

/// Reads until the service closes, which it does in time.
async fn closes(mut stream: impl tokio::io::AsyncRead + Unpin) {
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut rest))
        .await
        .expect("it is closed")
        .ok();
}

#[tokio::test]
async fn who_says_nothing_or_says_it_slowly_is_cut_off() {
    let world = World::start().await;
    let silent = TcpStream::connect(world.service.address()).await.unwrap();
    let mut garbage = TcpStream::connect(world.service.address()).await.unwrap();
    garbage.write_all(&[0x16, 3, 1, 0xff, 0xff, 0, 0, 0, 0]).await.unwrap();
    let idle = world.tls().await;
    let mut half = world.tls().await;
    half.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nA: ").await.unwrap();
    let mut body = world.tls().await;
    let head = b"POST /api/v1/join HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
    body.write_all(head).await.unwrap();
    let mut answer = [0; 12];
    let answered = async {
        tokio::time::timeout(PATIENCE, body.read_exact(&mut answer)).await.unwrap().unwrap();
    };
    tokio::join!(closes(silent), closes(garbage), closes(idle), closes(half), answered);
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert_eq!(world.get("/healthz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn heads_without_end_are_refused() {
    let world = World::start().await;
    let mut stream = world.tls().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let line = format!("X-Filler: {}\r\n", "a".repeat(1000));
    for _ in 0..64 {
        if stream.write_all(line.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().ok();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(world.get("/healthz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_free_places_are_taken_again() {
    let world = World::start_with(|config| config.max_connections_per_address = 4).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(world.tls().await);
    }
    let refused = super::world::tls_to(world.service.address(), world.folder.path()).await;
    assert!(refused.is_err());
    drop(held);
    // The places come back as soon as the service has seen the ends.
    let again = async {
        while super::world::tls_to(world.service.address(), world.folder.path()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
}

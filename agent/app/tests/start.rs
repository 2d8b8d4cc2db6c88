//! What can go wrong at the start: each is a sentence that says what to do and an exit code, and nothing is sent to a
//! service that is not trusted.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use common::Desktop;
use ring::digest::{SHA256, digest};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A service that gives one answer to everything, over TLS with a certificate of its own.
struct FakeService {
    address: String,
    fingerprint: String,
    requests: Arc<AtomicUsize>,
    /// The last request, head and body.
    heard: Arc<Mutex<String>>,
}

impl FakeService {
    fn start(status: &'static str, body: &'static str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
        let certificate = made.cert.der().clone();
        let fingerprint = digest(&SHA256, &certificate).as_ref().iter().map(|b| format!("{b:02x}")).collect();
        let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let heard = Arc::new(Mutex::new(String::new()));
        let hears = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                serve(stream, Arc::clone(&config), (status, body), &counted, &hears);
            }
        });
        Self { address, fingerprint, requests, heard }
    }
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    (status, body): (&str, &str),
    requests: &AtomicUsize,
    heard: &Mutex<String>,
) {
    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.ends_with(b"}") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
    }
    *heard.lock().unwrap() = String::from_utf8_lossy(&request).into_owned();
    requests.fetch_add(1, Ordering::SeqCst);
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes());
    let _ = stream.flush();
}

fn join(desktop: &Desktop, arguments: &[&str]) -> Output {
    desktop
        .command(env!("CARGO_BIN_EXE_farhand-agent"))
        .arg("join")
        .args(arguments)
        .args(["--log", "json"])
        .env_remove("FARHAND_SERVER")
        .env_remove("FARHAND_FINGERPRINT")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The `failed` event's code, after checking the exit code, the sentence and that nothing panicked.
fn failed(output: &Output, exit: i32, sentence_has: &str) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked"), "{text}");
    assert_eq!(output.status.code(), Some(exit), "{text}");
    let event = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find(|event| event["event"] == "failed")
        .unwrap_or_else(|| panic!("no event: {text}"));
    let message = event["message"].as_str().unwrap();
    assert!(message.contains(sentence_has), "{message}");
    assert!(!text.contains("7352108846") && !text.contains("735 210"), "the code is not logged: {text}");
    event["code"].as_str().unwrap().to_owned()
}

const CODE: &str = "735 210 8846";

#[test]
fn the_service_gets_the_first_six_digits_and_never_the_last_four() {
    let desktop = Desktop::start();
    let service = FakeService::start("404 Not Found", r#"{"code":"code_unknown","message":"Unknown."}"#);
    let link = "735210.AAAAAAAAAAAAAAAAAAAAAA";
    let spoken: &[&[&str]] =
        &[&["7352108846"], &["735", "210", "8846"], &["735-210-8846"], &["735 210 8846"], &[link]];
    for (at, code) in spoken.iter().enumerate() {
        let mut arguments = code.to_vec();
        arguments.extend(["--server", &service.address, "--fingerprint", &service.fingerprint]);
        assert_eq!(failed(&join(&desktop, &arguments), 3, "Unknown."), "code_unknown");
        assert_eq!(service.requests.load(Ordering::SeqCst), at + 1);
        let heard = service.heard.lock().unwrap().clone();
        assert!(heard.ends_with(r#"{"code":"735210"}"#), "{heard}");
        assert!(!heard.contains("8846") && !heard.contains("AAAA"), "{heard}");
    }
}

#[test]
fn codes_that_the_service_refuses() {
    let desktop = Desktop::start();
    for (status, code) in [
        ("404 Not Found", "code_unknown"),
        ("410 Gone", "code_expired"),
        ("409 Conflict", "code_used"),
        ("410 Gone", "session_ended"),
    ] {
        let body = format!(r#"{{"code":"{code}","message":"Ask for a new one."}}"#).leak();
        let service = FakeService::start(status, body);
        let output =
            join(&desktop, &[CODE, "--server", &service.address, "--fingerprint", &service.fingerprint]);
        assert_eq!(failed(&output, 3, "Ask for a new one."), code);
    }
    let body = r#"{"code":"join_slow_down","message":"Wait a few minutes."}"#;
    let service = FakeService::start("429 Too Many Requests", body);
    let output = join(&desktop, &[CODE, "--server", &service.address, "--fingerprint", &service.fingerprint]);
    assert_eq!(failed(&output, 3, "Wait a few minutes."), "join_slow_down");
}

#[test]
fn a_certificate_that_is_not_trusted_gets_nothing() {
    let desktop = Desktop::start();
    let service = FakeService::start("200 OK", "{}");
    let output = join(&desktop, &[CODE, "--server", &service.address]);
    assert_eq!(failed(&output, 5, "--fingerprint"), "untrusted");
    let wrong = "00".repeat(32);
    let output = join(&desktop, &[CODE, "--server", &service.address, "--fingerprint", &wrong]);
    assert_eq!(failed(&output, 5, "do not go on"), "fingerprint");
    assert_eq!(service.requests.load(Ordering::SeqCst), 0, "no request was sent");
    let output = join(&desktop, &[CODE, "--server", &service.address, "--fingerprint", "abc"]);
    assert_eq!(failed(&output, 5, "64 hex digits"), "fingerprint_malformed");
}

#[test]
fn a_service_that_is_away_or_is_another_one() {
    let desktop = Desktop::start();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = join(&desktop, &[CODE, "--server", &format!("https://{closed}")]);
    assert_eq!(failed(&output, 4, "does not answer"), "unreachable");
    for (status, body) in [("200 OK", "{}"), ("200 OK", "<html>"), ("500 Oops", ""), ("302 Found", "{}")] {
        let service = FakeService::start(status, body);
        let output =
            join(&desktop, &[CODE, "--server", &service.address, "--fingerprint", &service.fingerprint]);
        assert_eq!(failed(&output, 4, "Try again"), "service", "{status} {body}");
    }
}

#[test]
fn what_is_wrong_on_this_side_is_said_before_the_code_is_used() {
    let desktop = Desktop::start();
    let service = FakeService::start("200 OK", "{}");
    let server = service.address.as_str();
    for (code, sentence) in [
        ("123", "it has 3 digits"),
        ("735210", "it has 6 digits"),
        ("735 210 88461", "it has 11 digits"),
        ("735 210 884o", "no digit"),
        ("735210.tooshort", "no digit"),
    ] {
        assert_eq!(
            failed(&join(&desktop, &[code, "--server", server]), 3, sentence),
            "code_malformed",
            "{code}"
        );
    }
    let http = server.replace("https", "http");
    assert_eq!(failed(&join(&desktop, &[CODE, "--server", &http]), 4, "https://"), "address");

    for (display, sentence) in [(None, "no display"), (Some(":4096"), "does not answer")] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_farhand-agent"));
        command.args([
            "join",
            CODE,
            "--server",
            server,
            "--fingerprint",
            &service.fingerprint,
            "--log",
            "json",
        ]);
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").envs(display.map(|d| ("DISPLAY", d)));
        assert_eq!(failed(&command.output().unwrap(), 6, sentence), "capture");
    }
    assert_eq!(service.requests.load(Ordering::SeqCst), 0);
}

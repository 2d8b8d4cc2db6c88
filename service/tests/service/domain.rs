//! A domain is proven by a record that a real name server gives, or by a file that a real HTTPS server gives; and it does
//! not stay proven when the proof goes.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use farhand_protocol::api::{Domain, Organisation};
use farhand_service::config::CertificateSource;
use farhand_service::domains::EVERY;
use farhand_service::identity::domain::{FILE, Found, GRACE, Lookups, file_url};
use farhand_service::names::Names;
use farhand_service::outward::{Outward, Reach};
use farhand_service::store::AuditFilter;
use farhand_service::tls::Identity;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio_rustls::TlsAcceptor;

use super::authority::{REQUIRED, port};
use super::world::{EMAIL, World, client_tls, problem};

const NAME: &str = "acme.test";
const RECORD: &str = "_farhand.acme.test.";

/// A name server that says that every name is this machine, and whose records the test changes.
struct Dns {
    at: SocketAddr,
    control: u16,
    _program: Child,
}

impl Dns {
    /// `None` where it is not installed.
    async fn start() -> Option<Self> {
        const PROGRAM: &str = "/usr/bin/pebble-challtestsrv";
        if !std::path::Path::new(PROGRAM).exists() {
            assert!(std::env::var_os(REQUIRED).is_none(), "{PROGRAM} is not there, but {REQUIRED} is set");
            eprintln!("no name server here: this test was left out");
            return None;
        }
        let [names, control] = [port(), port()];
        let program = Command::new(PROGRAM)
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", ""])
            .args(["-tlsalpn01", "", "-dns01", &format!("127.0.0.1:{names}")])
            .args(["-management", &format!("127.0.0.1:{control}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Some(Self { at: SocketAddr::from((Ipv4Addr::LOCALHOST, names)), control, _program: program })
    }

    async fn set(&self, world: &World, what: &str, body: serde_json::Value) {
        let url = format!("http://127.0.0.1:{}/{what}", self.control);
        // It may have to start yet.
        world
            .until(async || {
                let answer = world.http.post(&url).json(&body).send().await;
                answer.is_ok_and(|answer| answer.status().is_success())
            })
            .await;
    }

    async fn text(&self, world: &World, value: Option<&str>) {
        self.set(world, "clear-txt", json!({ "host": RECORD })).await;
        if let Some(value) = value {
            self.set(world, "set-txt", json!({ "host": RECORD, "value": value })).await;
        }
    }
}

async fn domain(world: &World, token: &str) -> Domain {
    let answer = world.with_token(Method::GET, "/api/v1/organisation", token).send().await.unwrap();
    answer.json::<Organisation>().await.unwrap().domain.unwrap()
}

async fn check(world: &World, token: &str) -> Domain {
    let asked = world.with_token(Method::POST, "/api/v1/organisation/domain/check", token);
    asked.send().await.unwrap().json().await.unwrap()
}

/// The domain that a customer is shown.
async fn shown(world: &World, token: &str) -> Option<String> {
    let created = world.create(token).await;
    world.join(&created.code).await.domain
}

/// Lets time pass and signs in again: sign-ins do not last so long. Returns once the look of that day shows.
async fn later(world: &World, by: Duration, fits: impl Fn(&Domain) -> bool) -> String {
    world.clock.advance(by);
    let token = world.sign_in().await;
    world.until(async || fits(&domain(world, &token).await)).await;
    token
}

#[tokio::test]
async fn a_domain_is_proven_by_its_record_and_not_for_ever() {
    let Some(dns) = Dns::start().await else { return };
    let world = World::start_with(|config| config.dns = Some(dns.at)).await;
    world.do_set_up().await;
    let token = world.sign_in().await;
    let nothing = world.with_token(Method::POST, "/api/v1/organisation/domain/check", &token);
    assert_eq!(problem(nothing.send().await.unwrap()).await.1.code, "domain_missing");
    let named = world.with_token(Method::POST, "/api/v1/organisation/domain", &token);
    let named: Domain = named.json(&json!({ "name": NAME })).send().await.unwrap().json().await.unwrap();
    assert_eq!(format!("{}.", named.txt_name), RECORD);

    dns.text(&world, None).await;
    // The file would be on this machine, to which no request goes: only the record counts.
    assert_eq!(check(&world, &token).await.problem.as_deref(), Some("no_record"));
    dns.text(&world, Some("farhand-verification=somebody-elses")).await;
    let other = check(&world, &token).await;
    assert_eq!((other.problem.as_deref(), other.verified_at), (Some("other_record"), None));
    assert_eq!(shown(&world, &token).await, None);
    dns.text(&world, Some(&named.value)).await;
    let proven = check(&world, &token).await;
    assert!(proven.problem.is_none() && proven.verified_at.is_some(), "{proven:?}");
    assert_eq!(shown(&world, &token).await.as_deref(), Some(NAME));

    // Nobody answers: that proves nothing, and nothing is taken away.
    dns.set(&world, "set-servfail", json!({ "host": RECORD })).await;
    let token = later(&world, EVERY, |domain| domain.problem.as_deref() == Some("unreachable")).await;
    assert_eq!(domain(&world, &token).await.shown_until, None);
    dns.set(&world, "clear-servfail", json!({ "host": RECORD })).await;
    // Another proof stands there: somebody else's now. Administrators are told, and have some days.
    dns.text(&world, Some("farhand-verification=somebody-elses")).await;
    let token = later(&world, EVERY, |domain| domain.shown_until.is_some()).await;
    assert_eq!(shown(&world, &token).await.as_deref(), Some(NAME));
    assert!(world.mails_to(EMAIL, 1).await[0].text.contains(NAME));
    // Put back in time, all is well.
    dns.text(&world, Some(&named.value)).await;
    let back = check(&world, &token).await;
    assert_eq!((back.shown_until, back.verified_at), (None, proven.verified_at));
    // Gone for good.
    dns.text(&world, None).await;
    later(&world, EVERY, |domain| domain.shown_until.is_some()).await;
    let token = later(&world, GRACE, |domain| domain.verified_at.is_none()).await;
    assert_eq!(shown(&world, &token).await, None);
    world.mails_to(EMAIL, 3).await;
    let store = world.service.app().store();
    let tenant = store.user_by_email(EMAIL).await.unwrap().unwrap().tenant;
    let filter = AuditFilter { security: true, ..AuditFilter::default() };
    world
        .until(async || {
            let entries = store.tenant(tenant.clone()).audit_entries(&filter, 100).await.unwrap();
            entries.iter().any(|entry| entry.row.action == "domain_withdrawn")
        })
        .await;
}

/// A web server with one page, over real TLS.
struct Site {
    folder: TempDir,
    at: SocketAddr,
    answer: Arc<Mutex<String>>,
}

impl Site {
    async fn start(host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let identity =
            Identity::load(&CertificateSource::SelfSigned, folder.path(), &[host.to_owned()]).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(identity.server_config().unwrap()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let answer = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut asked = Vec::new();
                    while !asked.ends_with(b"\r\n\r\n") {
                        match stream.read_u8().await {
                            Ok(byte) => asked.push(byte),
                            Err(_) => return,
                        }
                    }
                    let known = asked.starts_with(format!("GET {FILE} HTTP/1.1\r\n").as_bytes());
                    let answer = match known {
                        true => shared.lock().unwrap().clone(),
                        false => "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_owned(),
                    };
                    stream.write_all(answer.as_bytes()).await.ok();
                    stream.shutdown().await.ok();
                });
            }
        });
        Self { folder, at, answer }
    }

    fn answers(&self, status: &str, body: &str) {
        let text =
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        *self.answer.lock().unwrap() = text;
    }

    fn lookups(&self, reach: Reach, names: &Names) -> Lookups {
        let tls = client_tls(self.folder.path(), &[b"http/1.1"]);
        Lookups::new(names.clone(), Outward::with_tls(reach, names.clone(), tls).unwrap())
    }
}

#[tokio::test]
async fn a_domain_is_proven_by_the_file_that_its_web_server_gives() {
    let Some(dns) = Dns::start().await else { return };
    let names = Names::new(Some(dns.at));
    // The server answers once the program has started.
    let started = async { while names.addresses(NAME).await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(30), started).await.unwrap();
    let site = Site::start(NAME).await;
    let lookups = site.lookups(Reach::Private, &names);
    // The same address but for the port, which only root may open.
    assert_eq!(file_url(NAME), format!("https://{NAME}{FILE}"));
    let url = format!("https://{NAME}:{}{FILE}", site.at.port());
    let proof = "farhand-verification=0011223344556677";
    let (ours, not_alone) = (format!("# ours\r\n{proof}\r\n"), format!("x{proof}"));
    let long = format!("{proof}\n{}", "x".repeat(2000));
    for (status, body, found) in [
        ("200 OK", proof, Found::Proof),
        ("200 OK", ours.as_str(), Found::Proof),
        ("200 OK", "farhand-verification=ffffffffffffffff", Found::Other),
        ("200 OK", "<html>Welcome</html>", Found::Nothing),
        ("200 OK", not_alone.as_str(), Found::Nothing),
        ("200 OK", long.as_str(), Found::Nothing),
        ("404 Not Found", proof, Found::Nothing),
        ("302 Found\r\nlocation: https://acme.test/elsewhere", proof, Found::Nothing),
    ] {
        site.answers(status, body);
        assert_eq!(lookups.file(&url, proof).await, found, "{status} {body:.40}");
    }
    site.answers("200 OK", proof);
    // No request goes to this machine unless whoever hosts allows it, and none to who is not who they say.
    assert_eq!(site.lookups(Reach::Public, &names).file(&url, proof).await, Found::Unreachable);
    let stranger = Site::start(NAME).await;
    assert_eq!(stranger.lookups(Reach::Private, &names).file(&url, proof).await, Found::Unreachable);
    let elsewhere = format!("https://other.test:{}{FILE}", site.at.port());
    assert_eq!(lookups.file(&elsewhere, proof).await, Found::Unreachable, "a certificate for another name");
}

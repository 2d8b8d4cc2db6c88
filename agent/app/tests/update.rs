//! The program updates itself: only to what is newer and genuine, byte by byte, whatever the service says.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use farhand_agent::api::Server;
use farhand_agent::tls::{self, Fingerprint};
use farhand_agent::update::{Outcome, PROGRAM, UpdateError, Updates};
use farhand_release::{Release, ReleaseError, SecretKey, Version};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const TARGET: &str = "linux-x86_64-bin";
const NEW: &[u8] = b"the new program";

/// What a service answers: by path, its bytes, and how many of them it says there are.
type Files = Arc<Mutex<HashMap<String, (Vec<u8>, usize)>>>;

struct Service {
    server: Server,
    fingerprint: Fingerprint,
    files: Files,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
        let certificate = made.cert.der().clone();
        let fingerprint = Fingerprint::of(&certificate);
        let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() };
        let (files, asked) = (Files::default(), Arc::new(Mutex::new(Vec::new())));
        let (serves, hears) = (Arc::clone(&files), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                answer(stream, Arc::clone(&config), &serves, &hears);
            }
        });
        Self { server, fingerprint, files, asked }
    }

    /// Offers a release, signed by `key`; what is served may be something else.
    fn offer(&self, key: &SecretKey, version: &str, served: &[u8]) {
        let version = Version::parse(version).unwrap();
        let release = Release::of(PROGRAM, version, TARGET, "farhand-agent.new", NEW);
        let signature = release.sign(key, NEW).unwrap();
        self.serve(&format!("{TARGET}.minisig"), signature.as_bytes(), None);
        self.serve("farhand-agent.new", served, None);
    }

    fn serve(&self, name: &str, bytes: &[u8], says: Option<usize>) {
        let path = format!("/download/{PROGRAM}/{name}");
        self.files.lock().unwrap().insert(path, (bytes.to_vec(), says.unwrap_or(bytes.len())));
    }
}

fn answer(stream: TcpStream, config: Arc<ServerConfig>, files: &Files, asked: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(config).unwrap(), stream));
    let mut first = String::new();
    let mut line = String::new();
    while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
        if first.is_empty() {
            first.clone_from(&line);
        }
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let found = files.lock().unwrap().get(&path).cloned();
    asked.lock().unwrap().push(path);
    let (status, (bytes, says)) = match found {
        Some(found) => ("200 OK", found),
        None => ("404 Not Found", (Vec::new(), 0)),
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {says}\r\nconnection: close\r\n\r\n");
    let stream = stream.get_mut();
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&bytes))
        .and_then(|()| stream.flush());
}

/// A program that stands alone in a folder of its own.
struct Installed {
    place: tempfile::TempDir,
    updates: Updates,
}

fn key() -> SecretKey {
    SecretKey::from_seed(*b"releases", [5; 32])
}

impl Installed {
    fn new(version: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("farhand-agent");
        std::fs::write(&program, b"the old program").unwrap();
        let version = Version::parse(version).unwrap();
        let updates = Updates { key: key().public(), target: TARGET.into(), version, program: Some(program) };
        Self { place, updates }
    }

    fn run(&self, service: &Service) -> Result<Outcome, UpdateError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let tls = tls::client_config(Some(service.fingerprint)).unwrap();
        runtime.block_on(self.updates.run(&service.server, tls))
    }

    /// The program is what it was, and nothing lies beside it.
    fn is_untouched(&self) {
        assert_eq!(std::fs::read(self.place.path().join("farhand-agent")).unwrap(), b"the old program");
        assert_eq!(std::fs::read_dir(self.place.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_newer_genuine_version_takes_the_programs_place_and_is_said() {
    let (service, installed) = (Service::start(), Installed::new("0.1.0"));
    service.offer(&key(), "0.2.0", NEW);
    let outcome = installed.run(&service).unwrap();
    assert_eq!(outcome, Outcome::Installed(Version::parse("0.2.0").unwrap()));
    assert_eq!(outcome.said(), Some(("agent.update.installed", "0.2.0".into())));
    assert_eq!(std::fs::read(installed.place.path().join("farhand-agent")).unwrap(), NEW);
    assert_eq!(std::fs::read_dir(installed.place.path()).unwrap().count(), 1, "nothing stays beside it");
}

#[test]
fn an_old_release_is_not_taken_again_though_it_is_genuine() {
    let service = Service::start();
    service.offer(&key(), "0.2.0", NEW);
    for ours in ["0.2.0", "0.3.0"] {
        let installed = Installed::new(ours);
        assert_eq!(installed.run(&service).unwrap(), Outcome::Current, "{ours}");
        installed.is_untouched();
    }
    assert!(
        service.asked.lock().unwrap().iter().all(|path| path.ends_with(".minisig")),
        "nothing was downloaded"
    );
}

#[test]
fn an_offer_by_another_key_for_another_system_or_under_another_number_is_refused() {
    let (service, installed) = (Service::start(), Installed::new("0.1.0"));
    service.offer(&SecretKey::from_seed(*b"releases", [6; 32]), "0.2.0", NEW);
    assert_eq!(installed.run(&service).unwrap(), Outcome::Refused(ReleaseError::Signature));
    let version = Version::parse("0.2.0").unwrap();
    let good = Release::of(PROGRAM, version, TARGET, "farhand-agent.new", NEW).sign(&key(), NEW).unwrap();
    let other = Release::of(PROGRAM, version, "windows-x86_64-exe", "a.exe", NEW).sign(&key(), NEW).unwrap();
    let console = Release::of("farhand-console", version, TARGET, "a", NEW).sign(&key(), NEW).unwrap();
    for (offer, why) in [
        (good.replace("version=0.2.0", "version=0.9.0"), ReleaseError::Signature),
        (good.replace("size=15", "size=16"), ReleaseError::Signature),
        (other, ReleaseError::Target),
        (console, ReleaseError::Target),
        ("nonsense".into(), ReleaseError::Malformed),
        ("x".repeat(100_000), ReleaseError::Malformed),
    ] {
        service.serve(&format!("{TARGET}.minisig"), offer.as_bytes(), None);
        let outcome = installed.run(&service).unwrap();
        assert_eq!(outcome, Outcome::Refused(why), "{offer:.80}");
        assert_eq!(outcome.said(), Some(("agent.update.refused", String::new())));
    }
    installed.is_untouched();
}

#[test]
fn a_download_that_is_cut_changed_or_longer_is_refused() {
    let (service, installed) = (Service::start(), Installed::new("0.1.0"));
    for served in [&b"the new prograM"[..], b"the new progra", b"the new program!", b""] {
        service.offer(&key(), "0.2.0", served);
        assert_eq!(installed.run(&service).unwrap(), Outcome::Refused(ReleaseError::File), "{served:?}");
        installed.is_untouched();
    }
    // Cut by the connection, not by its end.
    service.serve("farhand-agent.new", &NEW[..5], Some(NEW.len()));
    assert!(matches!(installed.run(&service), Err(UpdateError::Broken(_))));
    installed.is_untouched();
}

#[test]
fn where_somebody_else_looks_after_programs_it_is_only_said() {
    let (service, mut installed) = (Service::start(), Installed::new("0.1.0"));
    installed.updates.program = None;
    service.offer(&key(), "0.2.0", NEW);
    let outcome = installed.run(&service).unwrap();
    assert_eq!(outcome.said(), Some(("agent.update.waiting", "0.2.0".into())));
    installed.is_untouched();
}

#[test]
fn a_service_that_offers_nothing_or_is_not_there_changes_nothing() {
    let (service, installed) = (Service::start(), Installed::new("0.1.0"));
    assert_eq!(installed.run(&service).unwrap(), Outcome::Current);
    let stranger = Service::start();
    let pinned = Service { fingerprint: stranger.fingerprint, ..service };
    assert!(installed.run(&pinned).is_err(), "nothing is read from whoever is not trusted");
    installed.is_untouched();
}

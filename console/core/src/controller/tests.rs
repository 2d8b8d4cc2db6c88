//! The controller against a mock of the desktop and a small service of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use farhand_release::{Release, SecretKey};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::shell::{Clip, ClipRead, ClipWritten, ShellError, TraySession};
use crate::types::{
    ApiBody, ApiRequest, ClipFormat, Keeping, KeyboardHold, LookAtServer, OpenSocket, Say, SocketEvent,
    SocketNumber, TearOff, TrustServer, UpdateState,
};
use crate::vault::{Cost, Keyring, KeyringError, MemoryKeyring};
use crate::watch::News;

/// Writes down what it was asked for.
#[derive(Default)]
struct Mock {
    calls: Mutex<Vec<String>>,
    told: Mutex<Vec<Event>>,
    installed: Mutex<Vec<PathBuf>>,
    downloads: Option<PathBuf>,
    clipboard: Mutex<Vec<(ClipFormat, Vec<u8>)>>,
    /// Why it gives nothing.
    refuses: Mutex<Option<Clip>>,
}

impl Mock {
    fn call(&self, text: String) {
        self.calls.lock().unwrap().push(text);
    }

    fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

impl Shell for Mock {
    fn open_session_window(&self, session: &str) -> Result<(), ShellError> {
        self.call(format!("window {session}"));
        Ok(())
    }

    fn show_main(&self) {
        self.call("show main".into());
    }

    fn tell(&self, event: Event) {
        self.told.lock().unwrap().push(event);
    }

    fn tell_page(&self, window: &str, event: Event) {
        self.call(format!("tell {window}"));
        self.told.lock().unwrap().push(event);
    }

    fn notify(&self, session: Option<&str>, title: &str, text: &str) {
        self.call(format!("notify {} {title}: {text}", session.unwrap_or("overview")));
    }

    fn show_tray(&self, sessions: &[TraySession]) {
        let labels: Vec<&str> = sessions.iter().map(|session| session.label.as_str()).collect();
        self.call(format!("tray {}", labels.join(", ")));
    }

    fn hold_keyboard(&self, window: &str, hold: bool) -> KeyboardHold {
        self.call(format!("keyboard {window} {hold}"));
        if hold { KeyboardHold::All } else { KeyboardHold::Leftovers }
    }

    fn toggle_full_screen(&self, window: &str) {
        self.call(format!("full screen {window}"));
    }

    fn system_proxy(&self, _address: &str) -> Option<String> {
        None
    }

    fn install(&self, package: &Path) -> Result<(), ShellError> {
        self.installed.lock().unwrap().push(package.to_owned());
        Ok(())
    }

    fn downloads(&self) -> Option<std::path::PathBuf> {
        self.downloads.clone()
    }

    fn read_clipboard(&self, window: &str, then: ClipRead) {
        self.call(format!("read clipboard {window}"));
        let refuses = *self.refuses.lock().unwrap();
        then(refuses.map_or_else(|| Ok(self.clipboard.lock().unwrap().clone()), Err));
    }

    fn write_clipboard(&self, window: &str, parts: Vec<(ClipFormat, Vec<u8>)>, then: ClipWritten) {
        self.call(format!("write clipboard {window}"));
        *self.clipboard.lock().unwrap() = parts;
        then(Ok(()));
    }

    fn pages_paint(&self) -> bool {
        true
    }

    fn facts(&self) -> Vec<String> {
        vec!["a mock".into()]
    }
}

/// A request as it came: its first line and headers in lower case.
struct Asked {
    head: String,
}

type Answer = (u16, Vec<u8>);

/// An HTTPS service with a certificate of its own.
struct Service {
    url: String,
    fingerprint: String,
}

impl Service {
    async fn open(answer: impl Fn(Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", answer).await.0
    }

    /// With a handle that ends it.
    async fn at(
        address: &str,
        answer: impl Fn(Asked) -> Answer + Send + Sync + 'static,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let fingerprint = farhand_link::trust::Fingerprint::of(key.cert.der()).to_string();
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let (acceptor, answer) = (acceptor.clone(), Arc::clone(&answer));
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                    let mut bytes = Vec::new();
                    let asked = loop {
                        let Ok(byte) = tls.read_u8().await else { return };
                        bytes.push(byte);
                        if !bytes.ends_with(b"\r\n\r\n") {
                            continue;
                        }
                        let head = String::from_utf8(bytes).unwrap().to_lowercase();
                        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
                        tls.read_exact(&mut body).await.unwrap();
                        break Asked { head };
                    };
                    let (status, body) = answer(asked);
                    let head = format!(
                        "HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = tls.write_all(head.as_bytes()).await;
                    let _ = tls.write_all(&body).await;
                    let _ = tls.shutdown().await;
                });
            }
        });
        (Self { url, fingerprint }, task)
    }
}

struct World {
    _place: tempfile::TempDir,
    controller: Controller<Mock>,
}

impl World {
    fn new() -> Self {
        Self::with(None)
    }

    fn with(updates: Option<Updates>) -> Self {
        let place = tempfile::tempdir().unwrap();
        let controller = Self::start(place.path(), updates);
        Self { _place: place, controller }
    }

    fn start(place: &Path, updates: Option<Updates>) -> Controller<Mock> {
        let folder = Folder::open(place).unwrap();
        let vault = Vault::open(folder.clone(), Arc::new(MemoryKeyring::default()), Cost::FOR_TESTS);
        Controller::new(Mock::default(), Parts { folder, vault, log: Log::default(), updates })
    }

    async fn trust(&self, service: &Service) -> Status {
        let address = service.url.clone();
        let seen = self.controller.look_at_server(LookAtServer { address }).await.unwrap();
        let decision = TrustServer { address: seen.address, fingerprint: seen.fingerprint };
        self.controller.trust_server(decision).await.unwrap()
    }

    async fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Result<(u16, String), Failure> {
        let request = ApiRequest {
            method: method.into(),
            path: path.into(),
            kind: None,
            body: body.map(|body| ApiBody::Text(body.to_owned())),
        };
        let answer = self.controller.api(request).await?;
        let ApiBody::Text(text) = answer.body else { panic!("it is text") };
        Ok((answer.status, text))
    }

    async fn sign_in(&self) {
        let (status, _) = self.ask("POST", "/sign-in", Some("{}")).await.unwrap();
        assert_eq!(status, 200);
    }
}

/// Lets in whoever asks, and then wants to see the token.
fn signing_in(asked: Asked) -> Answer {
    let line = asked.head.lines().next().unwrap();
    let signed_in = asked.head.contains("authorization: bearer secret-token");
    match line {
        "post /api/v1/sign-in http/1.1" => {
            assert!(asked.head.contains("farhand-token: bearer"), "{}", asked.head);
            (200, br#"{"token":"secret-token","user":{"id":"u1"}}"#.to_vec())
        }
        "get /api/v1/me http/1.1" if signed_in => (200, br#"{"id":"u1"}"#.to_vec()),
        "post /api/v1/sign-out http/1.1" if signed_in => (204, Vec::new()),
        _ => (401, br#"{"code":"sign_in_needed","message":"Sign in."}"#.to_vec()),
    }
}

#[tokio::test]
async fn a_service_is_trusted_only_as_it_was_seen() {
    let service = Service::open(signing_in).await;
    let world = World::new();
    assert_eq!(world.ask("GET", "/me", None).await.unwrap_err().code, "no_server");
    let trust = |address: &str, fingerprint: &str| {
        world
            .controller
            .trust_server(TrustServer { address: address.into(), fingerprint: fingerprint.into() })
    };
    assert_eq!(trust(&service.url, &service.fingerprint).await.unwrap_err().code, "not_seen");
    let seen = world.controller.look_at_server(LookAtServer { address: service.url.clone() }).await.unwrap();
    assert_eq!((seen.fingerprint.as_str(), seen.vouched, seen.before), (&*service.fingerprint, false, None));
    assert_eq!(trust(&service.url, &"00".repeat(32)).await.unwrap_err().code, "not_seen");
    let status = world.trust(&service).await;
    let server = status.server.unwrap();
    assert_eq!(
        (server.address, server.fingerprint),
        (service.url.clone(), Some(service.fingerprint.clone()))
    );
    assert_eq!(world.ask("GET", "/me", None).await.unwrap().0, 401);
}

#[tokio::test]
async fn another_certificate_at_the_same_address_gets_nothing() {
    let (service, running) = Service::at("127.0.0.1:0", signing_in).await;
    let world = World::new();
    world.trust(&service).await;
    world.sign_in().await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    let place = service.url.strip_prefix("https://").unwrap().to_owned();
    let (imposter, _running) =
        Service::at(&place, |asked| panic!("the imposter was asked {}", asked.head)).await;
    let failure = world.ask("GET", "/me", None).await.unwrap_err();
    assert_eq!(failure.code, "certificate_changed");
    let seen = world.controller.look_at_server(LookAtServer { address: imposter.url.clone() }).await.unwrap();
    assert_eq!(seen.before, Some(service.fingerprint), "the person is told that it is another one");
}

#[tokio::test]
async fn the_pages_never_see_the_sign_in_and_it_outlives_the_program() {
    let service = Service::open(signing_in).await;
    let place = tempfile::tempdir().unwrap();
    let keyring = Arc::new(MemoryKeyring::default());
    let start = || {
        let folder = Folder::open(place.path()).unwrap();
        let vault = Vault::open(folder.clone(), keyring.clone(), Cost::FOR_TESTS);
        let controller =
            Controller::new(Mock::default(), Parts { folder, vault, log: Log::default(), updates: None });
        World { _place: tempfile::tempdir().unwrap(), controller }
    };
    let world = start();
    world.controller.recall().await;
    world.trust(&service).await;
    let (status, body) = world.ask("POST", "/sign-in", Some(r#"{"email":"a"}"#)).await.unwrap();
    assert_eq!((status, body.as_str()), (200, r#"{"user":{"id":"u1"}}"#));
    assert_eq!(world.ask("GET", "/me", None).await.unwrap().0, 200);
    let world = start();
    world.controller.recall().await;
    assert_eq!(world.controller.status().await.keeping, Keeping::Keyring);
    assert_eq!(world.ask("GET", "/me", None).await.unwrap().0, 200, "it is signed in still");
    assert_eq!(world.ask("POST", "/sign-out", None).await.unwrap().0, 204);
    assert_eq!(world.ask("GET", "/me", None).await.unwrap().0, 401);
    let world = start();
    world.controller.recall().await;
    assert_eq!(world.ask("GET", "/me", None).await.unwrap().0, 401, "it was forgotten everywhere");
}

/// A keyring that waits until the person has unlocked it.
struct Locked {
    unlocked: Mutex<std::sync::mpsc::Receiver<()>>,
    inside: MemoryKeyring,
}

impl Keyring for Locked {
    fn write(&self, name: &str, secret: &str) -> Result<(), KeyringError> {
        // The test has gone, or said so.
        let _ = self.unlocked.lock().unwrap().recv();
        self.inside.write(name, secret)
    }

    fn read(&self, name: &str) -> Result<Option<String>, KeyringError> {
        self.inside.read(name)
    }

    fn remove(&self, name: &str) -> Result<(), KeyringError> {
        self.inside.remove(name)
    }
}

#[tokio::test]
async fn a_keyring_that_waits_for_a_person_holds_nobody_up() {
    let service = Service::open(signing_in).await;
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    let (unlock, unlocked) = std::sync::mpsc::channel();
    let inside = MemoryKeyring::default();
    let keyring = Locked { unlocked: Mutex::new(unlocked), inside };
    let vault = Vault::open(folder.clone(), Arc::new(keyring), Cost::FOR_TESTS);
    let parts = Parts { folder, vault, log: Log::default(), updates: None };
    let world = World { _place: place, controller: Controller::new(Mock::default(), parts) };
    let recalling = tokio::spawn({
        let controller = world.controller.clone();
        async move { controller.recall().await }
    });
    let status = world.trust(&service).await;
    assert_eq!((status.keeping, status.keyring), (Keeping::Nowhere, false));
    world.sign_in().await;
    drop(unlock);
    recalling.await.unwrap();
    let status = world.controller.status().await;
    assert_eq!((status.keeping, status.keyring), (Keeping::Keyring, true));
    let told = world.controller.shell().told.lock().unwrap();
    assert!(matches!(told.last(), Some(Event::Status { status }) if status.keyring), "{told:?}");
}

#[tokio::test]
async fn what_a_hostile_page_or_customer_names_opens_nothing() {
    let service = Service::open(signing_in).await;
    let world = World::new();
    world.trust(&service).await;
    world.sign_in().await;
    for evil in ["", "../x", "a/b", "<img src=x>", "a?b", "a\r\nHost: evil", &"a".repeat(65), "ä"] {
        let opened =
            world.controller.open_socket(OpenSocket { session: evil.into() }, |_: SocketEvent| true).await;
        assert_eq!(opened.unwrap_err().code, "session_unknown", "{evil:?}");
        let torn = world.controller.tear_off(&TearOff { session: evil.into() });
        assert_eq!(torn.unwrap_err().code, "session_unknown", "{evil:?}");
        world.controller.shown_by_address(&format!("farhand://session/{evil}"));
        let asked = world.ask("GET", &format!("/../{evil}"), None).await;
        assert!(asked.is_err(), "{evil:?}");
    }
    let told = world.controller.shell().told.lock().unwrap();
    assert!(!told.iter().any(|event| matches!(event, Event::ShowSession { .. })), "{told:?}");
}

#[tokio::test]
async fn a_socket_that_cannot_be_opened_says_so_and_takes_nothing_more() {
    let service = Service::open(signing_in).await;
    let world = World::new();
    world.trust(&service).await;
    let open = |heard: mpsc::UnboundedSender<SocketEvent>| {
        let request = OpenSocket { session: "s1".into() };
        world.controller.open_socket(request, move |event| heard.send(event).is_ok())
    };
    let (sender, mut events) = mpsc::unbounded_channel();
    assert_eq!(open(sender.clone()).await.unwrap_err().code, "signed_out");
    world.sign_in().await;
    let SocketNumber { socket } = open(sender).await.unwrap();
    assert_eq!(events.recv().await, Some(SocketEvent::Closed { code: 1006 }));
    assert_eq!(world.controller.say(Say { socket, text: "x".into() }), Ok(()));
    assert_eq!(world.controller.say(Say { socket: 999, text: "x".into() }), Ok(()));
}

#[tokio::test]
async fn a_customer_who_comes_is_told_by_a_notification_if_the_person_wants_it() {
    let state = Arc::new(Mutex::new("waiting"));
    let now = Arc::clone(&state);
    let service = Service::open(move |asked| {
        if asked.head.starts_with("get /api/v1/colleague-invitations ") {
            return (200, br#"{"invitations": []}"#.to_vec());
        }
        if !asked.head.starts_with("get /api/v1/sessions ") {
            return signing_in(asked);
        }
        let session = serde_json::json!({"id": "s1", "state": *now.lock().unwrap(), "revision": 1,
            "created_at": 0, "code_expires_at": 0, "participants": []});
        let list = serde_json::json!({"sessions": [{"code": "482193", "link": "", "session": session}]});
        (200, list.to_string().into_bytes())
    })
    .await;
    let world = World::new();
    world.trust(&service).await;
    world.sign_in().await;
    let words = |news: News<'_>| match news {
        News::Customer(name) => ("Somebody is here".to_owned(), name.to_owned()),
        News::Colleague(name) => ("Somebody calls".to_owned(), name.to_owned()),
    };
    world.controller.watch(words).await;
    *state.lock().unwrap() = "claimed";
    world.controller.watch(words).await;
    world.controller.watch(words).await;
    let calls = world.controller.shell().calls();
    let expected =
        ["tray 482 193 ····", "tray 482 193 ····", "notify s1 Somebody is here: ", "tray 482 193 ····"];
    assert_eq!(calls, expected);
    let quiet = Settings { notifications: false, ..Settings::default() };
    world.controller.put_settings(quiet).await.unwrap();
    for next in ["waiting", "claimed"] {
        *state.lock().unwrap() = next;
        world.controller.watch(words).await;
    }
    let notified = world.controller.shell().calls().iter().filter(|call| call.starts_with("notify")).count();
    assert_eq!(notified, 1);
}

#[tokio::test]
async fn a_colleague_who_calls_is_told_once_by_a_notification() {
    let calls = Arc::new(Mutex::new(vec!["s7"]));
    let now = Arc::clone(&calls);
    let service = Service::open(move |asked| {
        if asked.head.starts_with("get /api/v1/sessions ") {
            return (200, br#"{"sessions": []}"#.to_vec());
        }
        if !asked.head.starts_with("get /api/v1/colleague-invitations ") {
            return signing_in(asked);
        }
        let call = |session: &&str| {
            let name = "<b>Bob</b>\n".repeat(50);
            serde_json::json!({"session": session, "from": name, "purpose": "watch", "at": 1})
        };
        let invitations: Vec<_> = now.lock().unwrap().iter().map(call).collect();
        (200, serde_json::json!({"invitations": invitations}).to_string().into_bytes())
    })
    .await;
    let world = World::new();
    world.trust(&service).await;
    world.sign_in().await;
    let words = |news: News<'_>| match news {
        News::Customer(name) => ("Somebody is here".to_owned(), name.to_owned()),
        News::Colleague(name) => ("Somebody calls".to_owned(), name.to_owned()),
    };
    let told = || {
        let calls = world.controller.shell().calls();
        calls.into_iter().filter(|call| call.starts_with("notify")).collect::<Vec<_>>()
    };
    // Whoever starts the program while somebody waits for them wants to know it.
    world.controller.watch(words).await;
    world.controller.watch(words).await;
    assert_eq!(told().len(), 1);
    assert!(told()[0].starts_with("notify overview Somebody calls: <b>Bob</b>"), "{:?}", told());
    assert!(told()[0].len() < 120 && !told()[0].contains('\n'), "a far side's name is one short line");
    calls.lock().unwrap().push("s8");
    world.controller.watch(words).await;
    assert_eq!(told().len(), 2);
    calls.lock().unwrap().clear();
    world.controller.watch(words).await;
    calls.lock().unwrap().push("s8");
    world.controller.watch(words).await;
    assert_eq!(told().len(), 3, "another invitation into the same session");
    let quiet = Settings { notifications: false, ..Settings::default() };
    world.controller.put_settings(quiet).await.unwrap();
    calls.lock().unwrap().push("s9");
    world.controller.watch(words).await;
    assert_eq!(told().len(), 3);
}

#[tokio::test]
async fn only_the_services_pages_for_everybody_are_shown_in_a_browser() {
    let world = World::new();
    assert!(!world.controller.is_for_browsers("https://help.example.org/join"), "no service is chosen");
    for address in ["https://help.example.org", "https://help.example.org:8443"] {
        let known = Address::parse(address).unwrap();
        world.controller.trust_from_command_line(known, Trust::Authorities);
        for (page, shown) in
            [("/join", true), ("/api/docs", true), ("/", false), ("/join?x", false), ("/api/v1/me", false)]
        {
            assert_eq!(world.controller.is_for_browsers(&format!("{address}{page}")), shown, "{page}");
        }
        assert!(!world.controller.is_for_browsers("https://evil.example/join"));
    }
}

#[tokio::test]
async fn the_window_that_is_used_fills_its_screen() {
    let world = World::new();
    world.controller.full_screen("main");
    assert_eq!(world.controller.shell().calls(), ["full screen main"]);
}

#[tokio::test]
async fn the_keyboard_is_taken_only_if_the_person_wants_it() {
    let world = World::new();
    assert_eq!(world.controller.hold_keyboard("main", true), KeyboardHold::All);
    let modest = Settings { all_keys: false, ..Settings::default() };
    world.controller.put_settings(modest.clone()).await.unwrap();
    assert_eq!(world.controller.hold_keyboard("main", true), KeyboardHold::Leftovers);
    assert_eq!(world.controller.shell().calls(), ["keyboard main true", "keyboard main false"]);
    let wrong = Settings { proxy: ProxyChoice::Fixed { address: "socks5://x".into() }, ..modest.clone() };
    assert_eq!(world.controller.put_settings(wrong).await.unwrap_err().code, "settings_invalid");
    assert_eq!(world.controller.settings(), modest, "what is refused changes nothing");
}

#[tokio::test]
async fn windows_and_settings_are_where_they_were_left() {
    let place = tempfile::tempdir().unwrap();
    let controller = World::start(place.path(), None);
    let left = Place { x: 5.0, y: 6.0, width: 900.0, height: 700.0, maximized: true };
    controller.remember_place("main", left);
    controller.remember_place("main", Place { width: f64::NAN, ..left });
    let chosen = Settings { sounds: false, ..Settings::default() };
    controller.put_settings(chosen.clone()).await.unwrap();
    let controller = World::start(place.path(), None);
    assert_eq!((controller.place("main"), controller.settings()), (Some(left), chosen));
}

const TARGET: &str = "linux-x86_64-deb";

fn signing() -> SecretKey {
    SecretKey::from_seed(*b"releases", [3; 32])
}

/// The signature file of a version whose package is `package`.
fn signed(version: &str, package: &[u8]) -> String {
    let version = Version::parse(version).unwrap();
    let release = Release::of("farhand-console", version, TARGET, "farhand-console.deb", package);
    release.sign(&signing(), package).unwrap()
}

/// A service that offers a release and serves `package`.
async fn offering(offer: String, package: &'static [u8]) -> Service {
    Service::open(move |asked| {
        assert!(!asked.head.contains("authorization"), "a download needs no sign-in: {}", asked.head);
        match asked.head.split(' ').nth(1).unwrap() {
            "/download/farhand-console/linux-x86_64-deb.minisig" => (200, offer.clone().into_bytes()),
            "/download/farhand-console/farhand-console.deb" => (200, package.to_vec()),
            _ => (404, Vec::new()),
        }
    })
    .await
}

#[tokio::test]
async fn an_update_is_installed_when_it_is_newer_and_every_byte_is_the_signed_one() {
    let updates = |version: &str| {
        let version = Version::parse(version).unwrap();
        Some(Updates { key: signing().public(), target: TARGET.into(), version })
    };
    let service = offering(signed("0.2.0", b"package"), b"package").await;
    let world = World::with(updates("0.1.0"));
    world.trust(&service).await;
    let offered = UpdateState::Offered { version: "0.2.0".into(), size: 7 };
    assert_eq!(world.controller.check_update().await.unwrap(), offered);
    world.controller.install_update().await.unwrap();
    let installed = world.controller.shell().installed.lock().unwrap().clone();
    assert_eq!(std::fs::read(&installed[0]).unwrap(), b"package");

    // The same genuine offer, replayed to whoever has it or a newer one.
    for ours in ["0.2.0", "0.3.0"] {
        let world = World::with(updates(ours));
        world.trust(&service).await;
        assert_eq!(world.controller.check_update().await.unwrap(), UpdateState::Newest, "{ours}");
        assert_eq!(world.controller.install_update().await.unwrap_err().code, "update_gone");
        assert!(world.controller.shell().installed.lock().unwrap().is_empty());
    }

    // An old release under a new number, and another key's.
    let stranger = SecretKey::from_seed(*b"releases", [4; 32]);
    let version = Version::parse("0.9.0").unwrap();
    let strange = Release::of("farhand-console", version, TARGET, "farhand-console.deb", b"package");
    let renamed = signed("0.2.0", b"package").replace("version=0.2.0", "version=0.9.0");
    for offer in [renamed, strange.sign(&stranger, b"package").unwrap()] {
        let service = offering(offer, b"package").await;
        let world = World::with(updates("0.3.0"));
        world.trust(&service).await;
        assert_eq!(world.controller.check_update().await.unwrap_err().code, "update_refused");
    }

    // A changed byte, one too many, one too few.
    for changed in [&b"packagE"[..], b"package!", b"packag"] {
        let service = offering(signed("0.2.0", b"package"), changed).await;
        let world = World::with(updates("0.1.0"));
        world.trust(&service).await;
        assert_eq!(world.controller.install_update().await.unwrap_err().code, "update_refused");
        assert!(world.controller.shell().installed.lock().unwrap().is_empty());
    }

    // A build that knows no key asks nobody.
    let world = World::new();
    assert_eq!(world.controller.check_update().await.unwrap(), UpdateState::Unavailable);
}

#[tokio::test]
async fn a_report_names_nobody() {
    let service = Service::open(signing_in).await;
    let world = World::new();
    world.trust(&service).await;
    world.sign_in().await;
    let facts = world.controller.read_log().facts.join("\n");
    assert!(facts.contains("a mock") && facts.contains("trusted by its fingerprint"), "{facts}");
    assert!(!facts.contains("secret-token") && !facts.contains(&service.fingerprint), "{facts}");
}

#[path = "tests_desk.rs"]
mod desk;

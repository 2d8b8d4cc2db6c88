use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::extract::{Json, State};
use axum::routing::post;
use http::{HeaderMap, StatusCode, header};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::audit::{Actor, Event};
use crate::config::CertificateSource;
use crate::names::Names;
use crate::outward::Reach;
use crate::tls::{self, Identity};

const START: u64 = 1_800_000_000_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody's webhook, over real TLS.
struct Receiver {
    address: String,
    got: mpsc::UnboundedReceiver<Value>,
    answer: Arc<Mutex<(StatusCode, HeaderMap)>>,
}

type Shared = (mpsc::UnboundedSender<Value>, Arc<Mutex<(StatusCode, HeaderMap)>>);

impl Receiver {
    async fn start(folder: &TempDir) -> Self {
        let identity = Identity::load(&CertificateSource::SelfSigned, folder.path(), &[]).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(identity.server_config().unwrap()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://localhost:{}/hook", listener.local_addr().unwrap().port());
        let (sender, got) = mpsc::unbounded_channel();
        let answer = Arc::new(Mutex::new((StatusCode::NO_CONTENT, HeaderMap::new())));
        let router = axum::Router::new()
            .route(
                "/hook",
                post(async |State((sender, answer)): State<Shared>, Json(body): Json<Value>| {
                    sender.send(body).unwrap();
                    answer.lock().unwrap().clone()
                }),
            )
            .with_state((sender, Arc::clone(&answer)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, router) = (acceptor.clone(), router.clone());
                tokio::spawn(async move {
                    let Ok(tls) = acceptor.accept(stream).await else { return };
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(tls), TowerToHyperService::new(router))
                        .await
                        .ok();
                });
            }
        });
        Self { address, got, answer }
    }

    fn answers(&self, status: StatusCode) {
        self.answer.lock().unwrap().0 = status;
    }

    async fn next(&mut self) -> Value {
        tokio::time::timeout(PATIENCE, self.got.recv()).await.unwrap().unwrap()
    }
}

/// An outbox that only remembers.
#[derive(Clone, Default)]
struct Outbox(Arc<Mutex<Vec<(String, String)>>>);

impl Mail for Outbox {
    async fn send(&self, _: &Tenant, to: &str, _: &str, text: &str) -> Result<(), StoreError> {
        self.0.lock().unwrap().push((to.to_owned(), text.to_owned()));
        Ok(())
    }
}

struct World {
    folder: TempDir,
    store: Store,
    clock: Clock,
    outbox: Outbox,
    tenant: Tenant,
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let tenant = Tenant("a".into());
        Self { folder, store, clock: Clock::moved_by_hand(START), outbox: Outbox::default(), tenant }
    }

    fn alerts(&self) -> Alerts<Outbox> {
        let mut roots = rustls::RootCertStore::empty();
        let file = self.folder.path().join(tls::CERTIFICATE_FILE);
        roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
        let tls = rustls::ClientConfig::builder_with_provider(tls::crypto())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let outward = Outward::with_tls(Reach::Private, Names::new(None), tls).unwrap();
        Alerts::new(self.store.clone(), outward, self.outbox.clone(), self.clock.clone())
    }

    async fn happen(&self, action: &'static str, security: bool) {
        let event = Event::new(Actor::Anonymous, action).outcome("refused");
        let event = if security { event.security() } else { event };
        let row = event.row(self.clock.now().unix_ms);
        self.store.tenant(self.tenant.clone()).audit(row).wait().await.unwrap();
    }

    async fn tell_to(&self, ways: &[AlertWay]) {
        let ways: BTreeSet<_> = ways.iter().cloned().collect();
        self.store.tenant(self.tenant.clone()).set_alerts(&ways, START).await.unwrap();
    }
}

fn actions(body: &Value) -> Vec<&str> {
    body["entries"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_security_event_reaches_the_webhook_and_the_mailbox_once() {
    let world = World::start().await;
    let mut receiver = Receiver::start(&world.folder).await;
    world.happen("before", true).await;
    let mail = AlertWay::Mail("security@example.org".into());
    world.tell_to(&[AlertWay::Webhook(receiver.address.clone()), mail]).await;
    world.happen("sign_in", false).await;
    world.happen("sign_in_lock", true).await;
    world.happen("foreign_origin", true).await;
    let (ending, ended) = watch::channel(false);
    let running = tokio::spawn(world.alerts().run(ended));
    let body = receiver.next().await;
    assert_eq!(actions(&body), ["sign_in_lock", "foreign_origin"]);
    assert_eq!((body["event"].as_str(), body["organisation"].as_str()), (Some("security"), Some("a")));
    // One that happens while it runs is told at once.
    world.happen("ticket", true).await;
    assert_eq!(actions(&receiver.next().await), ["ticket"]);
    ending.send_replace(true);
    tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    // After a restart what was not told is, and nothing is told twice.
    world.alerts().tell().await.unwrap();
    world.alerts().tell().await.unwrap();
    assert!(receiver.got.try_recv().is_err());
    let mails = world.outbox.0.lock().unwrap().clone();
    let all: String = mails.iter().map(|(_, text)| text.as_str()).collect();
    assert!(mails.iter().all(|(to, _)| to == "security@example.org"));
    for action in ["sign_in_lock", "foreign_origin", "ticket"] {
        assert_eq!(
            all.matches(&format!("2027-01-15 08:00:00 UTC  {action}  ")).count(),
            1,
            "{action}: {all}"
        );
    }
    assert!(!all.contains("before") && !all.contains("UTC  sign_in  "), "{all}");
}

#[tokio::test]
async fn what_could_not_be_told_is_told_later() {
    let world = World::start().await;
    let mut receiver = Receiver::start(&world.folder).await;
    world.tell_to(&[AlertWay::Webhook(receiver.address.clone())]).await;
    receiver.answers(StatusCode::SERVICE_UNAVAILABLE);
    world.happen("lock", true).await;
    let alerts = world.alerts();
    assert_eq!(alerts.tell().await.unwrap(), START + 60_000);
    assert_eq!(actions(&receiver.next().await), ["lock"]);
    // Not before its time, and after a second failure twice as long.
    alerts.tell().await.unwrap();
    assert!(receiver.got.try_recv().is_err());
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(alerts.tell().await.unwrap(), START + 180_000);
    assert_eq!(actions(&receiver.next().await), ["lock"]);
    receiver.answers(StatusCode::OK);
    world.happen("throttle", true).await;
    world.clock.advance(Duration::from_secs(120));
    alerts.tell().await.unwrap();
    assert_eq!(actions(&receiver.next().await), ["lock", "throttle"]);
    alerts.tell().await.unwrap();
    assert!(receiver.got.try_recv().is_err());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::start().await;
    let mut receiver = Receiver::start(&world.folder).await;
    receiver.answers(StatusCode::TEMPORARY_REDIRECT);
    let elsewhere = receiver.address.parse().unwrap();
    receiver.answer.lock().unwrap().1.insert(header::LOCATION, elsewhere);
    world.tell_to(&[AlertWay::Webhook(receiver.address.clone())]).await;
    world.happen("lock", true).await;
    assert_eq!(world.alerts().tell().await.unwrap(), START + 60_000);
    receiver.next().await;
    assert!(receiver.got.try_recv().is_err(), "one request, and no second one");
}

#[tokio::test]
async fn who_stays_keeps_their_place_and_who_goes_hears_nothing() {
    let world = World::start().await;
    let store = world.store.tenant(world.tenant.clone());
    let (a, b) = (AlertWay::Mail("a@example.org".into()), AlertWay::Mail("b@example.org".into()));
    world.tell_to(std::slice::from_ref(&a)).await;
    world.happen("one", true).await;
    world.tell_to(&[a.clone(), b.clone()]).await;
    let sent = |targets: Vec<AlertTarget>| {
        targets.into_iter().map(|target| (target.way, target.sent)).collect::<BTreeSet<_>>()
    };
    assert_eq!(sent(store.alerts().await.unwrap()), BTreeSet::from([(a, 0), (b.clone(), 1)]));
    world.tell_to(std::slice::from_ref(&b)).await;
    assert_eq!(sent(store.alerts().await.unwrap()), BTreeSet::from([(b, 1)]));
    assert!(world.store.tenant(Tenant("b".into())).alerts().await.unwrap().is_empty());
}

#[test]
fn times_are_written_for_people() {
    for (unix_ms, expected) in [
        (0, "1970-01-01 00:00:00 UTC"),
        (951_782_399_000, "2000-02-28 23:59:59 UTC"),
        (951_782_400_000, "2000-02-29 00:00:00 UTC"),
        (1_709_251_199_000, "2024-02-29 23:59:59 UTC"),
        (4_107_542_400_000, "2100-03-01 00:00:00 UTC"),
    ] {
        assert_eq!(utc(unix_ms), expected);
    }
}

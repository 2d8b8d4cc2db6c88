//! Certificates from an authority: pebble, the ACME server that Let's Encrypt tests with, against the running service.

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use farhand_service::clock::Clock;
use farhand_service::config::{CertificateSource, PublicUrl};
use farhand_service::tls::acme::{self, Acme, AcmeSettings};
use farhand_service::tls::{self, Identity, Shown};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::world::{PATIENCE, World};

const HOST: &str = "support.example.test";
/// Set by `cargo xtask test`, which has installed pebble: then it is no excuse that there is none.
pub const REQUIRED: &str = "FARHAND_REQUIRE_PEBBLE";

/// The authority, with a name server that says that every name is here.
struct Authority {
    folder: TempDir,
    directory: String,
    roots: String,
    client: reqwest::Client,
    _programs: [Child; 2],
}

impl Authority {
    /// Looks for proofs on this port. `None` where pebble is not installed.
    async fn start(proofs: u16) -> Option<Self> {
        if !Path::new("/usr/bin/pebble").exists() {
            assert!(std::env::var_os(REQUIRED).is_none(), "pebble is not installed, but {REQUIRED} is set");
            eprintln!("no pebble here: this test was left out");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let [listen, manage, names, control] = [port(), port(), port(), port()];
        identity(folder.path());
        let file = |name: &str| folder.path().join(name).display().to_string();
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{listen}"),
            "managementListenAddress": format!("127.0.0.1:{manage}"),
            "certificate": file("pebble.pem"),
            "privateKey": file("pebble-key.pem"),
            "httpPort": 1,
            "tlsPort": proofs,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        std::fs::write(folder.path().join("pebble.json"), config.to_string()).unwrap();
        let start = |program: &str, arguments: &[String]| {
            Command::new(program)
                .args(arguments)
                .env("PEBBLE_VA_NOSLEEP", "1")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .unwrap()
        };
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let mut server =
            words(&["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", ""]);
        server.extend(words(&["-tlsalpn01", ""]));
        server.extend(["-dns01".into(), format!("127.0.0.1:{names}")]);
        server.extend(["-management".into(), format!("127.0.0.1:{control}")]);
        let mut pebble = words(&["-strict", "-config"]);
        pebble.push(file("pebble.json"));
        pebble.extend(["-dnsserver".into(), format!("127.0.0.1:{names}")]);
        let programs = [start("pebble-challtestsrv", &server), start("pebble", &pebble)];
        let root = std::fs::read(folder.path().join("root.pem")).unwrap();
        let client = client(&root);
        let directory = format!("https://localhost:{listen}/dir");
        let roots = until("pebble answers", async || {
            client.get(&directory).send().await.ok()?;
            let roots = client.get(format!("https://localhost:{manage}/roots/0")).send().await.ok()?;
            roots.text().await.ok()
        })
        .await;
        Some(Self { folder, directory, roots, client, _programs: programs })
    }

    fn settings(&self) -> AcmeSettings {
        AcmeSettings {
            directory: self.directory.clone(),
            contact: Some("ops@example.test".into()),
            root: Some(self.folder.path().join("root.pem")),
            host: HOST.into(),
        }
    }

    /// The certificate that is shown at this address, if the authority issued it for the name.
    async fn shown_at(&self, address: SocketAddr) -> Option<CertificateDer<'static>> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.roots.as_bytes()).unwrap()).unwrap();
        let config = rustls::ClientConfig::builder_with_provider(tls::crypto())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await.ok()?;
        let name = ServerName::try_from(HOST).unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
        Some(stream.get_ref().1.peer_certificates()?.first()?.clone().into_owned())
    }
}

/// A free TCP port of this machine.
pub fn port() -> u16 {
    StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Pebble's own certificate, and the root that vouches for it.
fn identity(folder: &Path) {
    let root_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&root_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".into()])
        .unwrap()
        .signed_by(&key, &Issuer::new(params, root_key))
        .unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    write("root.pem", root.pem());
    write("pebble.pem", own.pem());
    write("pebble-key.pem", key.serialize_pem());
}

fn client(root: &[u8]) -> reqwest::Client {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root).unwrap()).unwrap();
    let tls = rustls::ClientConfig::builder_with_provider(tls::crypto())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).timeout(PATIENCE).build().unwrap()
}

/// Asks again until there is an answer.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let reached = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            // Other programs need the processor to get there.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE * 3, reached).await.unwrap_or_else(|_| panic!("in time: {what}"))
}

#[tokio::test]
async fn the_service_gets_a_certificate_on_its_own_port_and_keeps_it() {
    let listen = port();
    let Some(authority) = Authority::start(listen).await else { return };
    let settings = authority.settings();
    let world = World::start_with(|config| {
        config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, listen));
        config.public_url = Some(PublicUrl { host: HOST.into(), port: 443 });
        config.certificate = CertificateSource::Acme(settings);
    })
    .await;
    let address = world.service.address();
    let shown = until("the certificate is shown", async || authority.shown_at(address).await).await;
    // An answer over it tells browsers to insist on it.
    let roots = authority.roots.clone();
    let http = client_for(&roots, address);
    let answer = http.get(format!("https://{HOST}:{listen}/api/v1/service")).send().await.unwrap();
    assert!(answer.headers()["strict-transport-security"].to_str().unwrap().contains("max-age=31536000"));
    for name in [acme::ACCOUNT_FILE, acme::CERTIFICATE_FILE, acme::KEY_FILE] {
        private(&world.folder.path().join(name));
    }
    // What is kept is what is shown.
    let kept = world.folder.path().join(acme::CERTIFICATE_FILE);
    assert_eq!(CertificateDer::from_pem_file(kept).unwrap(), shown);
    drop(authority.client);
}

fn private(path: &PathBuf) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{}", path.display());
}

fn client_for(root: &str, address: SocketAddr) -> reqwest::Client {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
    let tls = rustls::ClientConfig::builder_with_provider(tls::crypto())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).resolve(HOST, address).build().unwrap()
}

#[tokio::test]
async fn a_certificate_is_renewed_after_two_thirds_of_its_life() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let Some(authority) = Authority::start(address.port()).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let own = Identity::load(&CertificateSource::SelfSigned, folder.path(), &[]).unwrap();
    let shown = Arc::new(Shown::new(&own).unwrap());
    let acceptor = TlsAcceptor::from(Arc::new(Arc::clone(&shown).server_config()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move { acceptor.accept(stream).await.ok() });
        }
    });
    let start = farhand_service::clock::Now::read().unix_ms;
    let clock = Clock::moved_by_hand(start);
    let (ending, ended) = watch::channel(false);
    let job = Acme::new(authority.settings(), folder.path().to_owned(), shown, clock.clone());
    let job = tokio::spawn(job.run(ended));
    let first = until("the first certificate", async || authority.shown_at(address).await).await;
    let account = std::fs::read(folder.path().join(acme::ACCOUNT_FILE)).unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(&first).unwrap();
    let life = parsed.validity().not_after.timestamp() - parsed.validity().not_before.timestamp();
    let third = Duration::from_secs(u64::try_from(life / 3).unwrap());
    // Not at once and not at one third: the same one is shown after the clock was moved and looked at.
    clock.advance(third);
    assert_eq!(authority.shown_at(address).await.unwrap(), first);
    clock.advance(third + Duration::from_secs(60));
    let second = until("the second certificate", async || {
        authority.shown_at(address).await.filter(|certificate| *certificate != first)
    })
    .await;
    assert_ne!(first, second);
    // With the account that was made at the first time.
    assert_eq!(std::fs::read(folder.path().join(acme::ACCOUNT_FILE)).unwrap(), account);
    ending.send_replace(true);
    tokio::time::timeout(PATIENCE, job).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_authority_that_cannot_be_reached_leaves_the_service_running() {
    let nobody = format!("https://127.0.0.1:{}/dir", port());
    let world = World::start_with(|config| {
        config.public_url = Some(PublicUrl { host: HOST.into(), port: 443 });
        config.certificate = CertificateSource::Acme(AcmeSettings {
            directory: nobody,
            contact: None,
            root: None,
            host: HOST.into(),
        });
    })
    .await;
    // The stop-gap answers.
    let answer = world.http.get(format!("https://{}/healthz", world.service.address())).send().await.unwrap();
    assert!(answer.status().is_success());
}

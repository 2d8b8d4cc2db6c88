//! What the tests share: a service on ports of its own, a client that pins its certificate, and sockets.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use farhand_protocol::api::{Joined, Problem, SessionCreated, SignedIn};
use farhand_protocol::signal::{FromService, ToService};
use farhand_protocol::version::VersionRange;
use farhand_service::clock::{Clock, Now};
use farhand_service::config::{CertificateSource, Config, LogFormat};
use farhand_service::serve::Service;
use farhand_service::store::MailRow;
use farhand_service::tls::{self, CERTIFICATE_FILE};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, Response, StatusCode};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Nothing that a test waits for takes longer, or the test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const EMAIL: &str = "ada@example.org";
pub const PASSWORD: &str = "correct horse 1";

/// A configuration on free ports.
pub fn config(data: &Path) -> Config {
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Config {
        data: data.to_owned(),
        listen: free,
        media: free,
        media_public_port: None,
        metrics: Some(free),
        public_url: None,
        certificate: CertificateSource::SelfSigned,
        alert_webhook: None,
        private_webhooks: false,
        dns: None,
        web: None,
        agent_file: None,
        downloads: None,
        demo: false,
        smtp: None,
        log: LogFormat::Text,
        log_filter: "info".to_owned(),
        max_connections: 256,
        max_connections_per_address: 256,
    }
}

/// A running service and its folder.
pub struct World {
    pub folder: TempDir,
    pub service: Service,
    pub http: reqwest::Client,
    /// The service's clock, which stands still until it is moved.
    pub clock: Clock,
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        let clock = Clock::moved_by_hand(Now::read().unix_ms);
        let service = Service::start_with(config, clock.clone()).await.unwrap();
        let http = client(folder.path());
        Self { folder, service, http, clock }
    }

    /// With an organisation and its administrator, who is not signed in.
    pub async fn set_up() -> Self {
        let world = Self::start().await;
        world.do_set_up().await;
        world
    }

    pub async fn do_set_up(&self) {
        let link = self.service.ready().setup_url.clone().unwrap();
        let token = link.split_once('#').unwrap().1;
        let answer = self.post("/api/v1/setup", &set_up_form(token)).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }

    /// Stops the service and starts it again on the same folder and ports.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    pub async fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        let Self { folder, service, http, clock } = self;
        let mut config = config(folder.path());
        config.listen = service.address();
        change(&mut config);
        service.stop().await;
        let service = Service::start_with(config, clock.clone()).await.unwrap();
        Self { folder, service, http, clock }
    }

    /// Waits for a named condition.
    pub async fn until(&self, mut fits: impl AsyncFnMut() -> bool) {
        let waiting = async {
            while !fits().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the condition came true in time");
    }

    /// When a sign-in was noted to be used.
    pub async fn seen(&self, token: &str) -> u64 {
        let hash = farhand_service::identity::Token::parse(token).unwrap().hash();
        self.service.app().store().sign_in_by_token(&hash).await.unwrap().unwrap().seen_at
    }

    /// The mails to somebody, newest first, once there are so many.
    pub async fn mails_to(&self, to: &str, count: usize) -> Vec<MailRow> {
        let tenant = self.service.app().store().user_by_email(EMAIL).await.unwrap().unwrap().tenant;
        let store = self.service.app().store().tenant(tenant);
        let found = async || {
            let all = store.mails(100).await.unwrap();
            all.into_iter().filter(|mail| mail.to == to).collect::<Vec<_>>()
        };
        self.until(async || found().await.len() >= count).await;
        found().await
    }

    /// What stands behind `path` in the newest mail to somebody.
    pub async fn link_to(&self, to: &str, path: &str, count: usize) -> String {
        let mails = self.mails_to(to, count).await;
        let mut links: Vec<String> = mails
            .iter()
            .filter_map(|mail| mail.text.split(path).nth(1))
            .map(|rest| rest.split_whitespace().next().unwrap().to_owned())
            .collect();
        // Mails of one moment have no order; the one whose link works is the newest.
        if links.len() > 1 {
            let mut working = Vec::new();
            for link in &links {
                let hash = farhand_service::identity::Token::parse(link).unwrap().hash();
                let store = self.service.app().store();
                if store.invitation_by_token(&hash).await.unwrap().is_some()
                    || store.reset_by_token(&hash).await.unwrap().is_some()
                {
                    working.push(link.clone());
                }
            }
            links = working;
        }
        links.remove(0)
    }

    /// Invites a technician named Tom, who accepts and signs in.
    pub async fn technician(&self, email: &str) -> String {
        let token = self.sign_in().await;
        let form = json!({ "email": email, "role": "technician" });
        let invited =
            self.with_token(Method::POST, "/api/v1/invitations", &token).json(&form).send().await.unwrap();
        assert_eq!(invited.status(), StatusCode::CREATED);
        let link = self.link_to(email, "/invitation#", 1).await;
        let form = json!({ "token": link, "name": "Tom", "password": PASSWORD });
        let accepted = self.post("/api/v1/invitation/accept", &form).await;
        assert_eq!(accepted.status(), StatusCode::OK);
        self.sign_in_as(email, PASSWORD).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.service.ready().url)
    }

    pub fn origin(&self) -> String {
        self.service.ready().url.clone()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Response {
        self.http.post(self.url(path)).json(body).send().await.unwrap()
    }

    pub fn with_token(&self, method: Method, path: &str, token: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(path)).bearer_auth(token)
    }

    /// Signs the administrator in, as a program does.
    pub async fn sign_in(&self) -> String {
        self.sign_in_as(EMAIL, PASSWORD).await
    }

    pub async fn sign_in_as(&self, email: &str, password: &str) -> String {
        let answer = self
            .http
            .post(self.url("/api/v1/sign-in"))
            .header("farhand-token", "bearer")
            .json(&json!({ "email": email, "password": password }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers().get("set-cookie").is_none(), "a program gets no cookie");
        answer.json::<SignedIn>().await.unwrap().token.unwrap()
    }

    pub async fn create(&self, token: &str) -> SessionCreated {
        let answer =
            self.with_token(Method::POST, "/api/v1/sessions", token).json(&json!({})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json().await.unwrap()
    }

    pub async fn join(&self, code: &str) -> Joined {
        let answer = self.post("/api/v1/join", &json!({ "code": code })).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    pub async fn metrics(&self) -> String {
        let address = self.service.ready().metrics.unwrap();
        self.http.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap()
    }

    /// A request to open a socket, to which headers may be added.
    pub fn socket_request(&self, path: &str) -> Request {
        let url = format!("wss://{}{path}", self.service.address());
        url.into_client_request().unwrap()
    }

    pub async fn tls(&self) -> TlsStream<TcpStream> {
        tls_to(self.service.address(), self.folder.path()).await.unwrap()
    }

    /// Opens a socket, or says with which status it was refused.
    pub async fn open(&self, request: Request) -> Result<Socket, StatusCode> {
        match client_async(request, self.tls().await).await {
            Ok((stream, _)) => Ok(Socket(stream)),
            Err(SocketError::Http(answer)) => Err(StatusCode::from_u16(answer.status().as_u16()).unwrap()),
            Err(error) => panic!("the socket could not be opened: {error}"),
        }
    }

    /// A session's socket, opened as a program does.
    pub async fn session_socket(&self, session: &str, token: &str) -> Result<Socket, StatusCode> {
        let mut request = self.socket_request(&format!("/api/v1/sessions/{session}/socket"));
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        self.open(request).await
    }
}

pub fn set_up_form(token: &str) -> serde_json::Value {
    json!({ "token": token, "organisation": "Help Desk", "name": "Ada", "email": EMAIL, "password": PASSWORD })
}

pub async fn problem(answer: Response) -> (StatusCode, Problem) {
    let status = answer.status();
    let problem: Problem = answer.json().await.unwrap();
    assert!(problem.message.ends_with('.') && problem.message.len() > 20, "a sentence: {}", problem.message);
    (status, problem)
}

/// A client that takes the certificate in this folder and no other.
pub fn client(folder: &Path) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_preconfigured(client_tls(folder, &[b"h2", b"http/1.1"]))
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

pub fn client_tls(folder: &Path, protocols: &[&[u8]]) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join(CERTIFICATE_FILE)).unwrap()).unwrap();
    let mut config = rustls::ClientConfig::builder_with_provider(tls::crypto())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|p| p.to_vec()).collect();
    config
}

pub async fn tls_to(address: SocketAddr, folder: &Path) -> std::io::Result<TlsStream<TcpStream>> {
    let config = client_tls(folder, &[b"http/1.1"]);
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// A WebSocket that waits for named things.
pub struct Socket(pub WebSocketStream<TlsStream<TcpStream>>);

impl Socket {
    pub async fn send(&mut self, signal: ToService) {
        self.send_text(signal.encode()).await;
    }

    pub async fn send_text(&mut self, text: String) {
        self.0.send(Message::Text(text.into())).await.unwrap();
    }

    /// The next message, pings left out; `None` when the socket is closed.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something came in time") {
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next signal that fits, skipping others.
    pub async fn until<T>(&mut self, mut fits: impl FnMut(FromService) -> Option<T>) -> T {
        loop {
            match self.next().await {
                Some(Message::Text(text)) => {
                    if let Some(found) = fits(FromService::decode(&text).unwrap()) {
                        return found;
                    }
                }
                other => panic!("the signal did not come, but {other:?}"),
            }
        }
    }

    /// The close code with which the socket ends, everything before skipped.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Some(Message::Close(frame)) => return frame.map(|f| f.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }

    pub async fn hello(&mut self) -> FromService {
        self.send(ToService::Hello { versions: VersionRange::ours(), program: "test/1".into() }).await;
        self.until(|signal| matches!(signal, FromService::Welcome { .. }).then_some(signal)).await
    }

    pub async fn until_state(&mut self, state: farhand_protocol::session::SessionState) -> u64 {
        self.until(|signal| match signal {
            FromService::Session { snapshot } if snapshot.state == state => Some(snapshot.revision),
            _ => None,
        })
        .await
    }
}

//! Starts everything in its order, and ends it in the reverse one.

use std::fs::{File, TryLockError};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use farhand_media_server::{MediaConfig, MediaServer, StartError as MediaStartError};
use farhand_room::TicketKey;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::app::{App, CertificateFacts, Living, Parts};
use crate::broker::hub::HubConfig;
use crate::broker::{Broker, MediaSide, WEBTRANSPORT_PATH};
use crate::clock::{Clock, Now};
use crate::config::{Config, PublicUrl};
use crate::demo::Demo;
use crate::downloads::Downloads;
use crate::http::{Pages, metrics_router, router};
use crate::identity::Token;
use crate::identity::domain::Lookups;
use crate::identity::password::Passwords;
use crate::listener::{Limits, Listener};
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::names::Names;
use crate::outward::{Outward, Reach};
use crate::set_up::SetUpDoor;
use crate::store::{Database, Store, StoreError};
use crate::tls::{Identity, Shown, TlsError};
use crate::vault::RootSource;

/// The file by which a second service on the same data folder is noticed.
const LOCK_FILE: &str = "farhand.lock";
/// What is open at the end gets this long.
const END_WITHIN: Duration = Duration::from_millis(1500);
/// The media service and the database get this long each.
const CLOSE_WITHIN: Duration = Duration::from_millis(700);

/// Why the service did not start; each a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or written.
    #[error(
        "The data folder {folder} cannot be written: {why}. Give this user the right to write there, or name another \
         folder with --data."
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        why: String,
    },
    /// Another service runs on the same folder.
    #[error(
        "Another farhand is running on the data folder {0}. Stop that one first, or name another folder with --data."
    )]
    InUse(PathBuf),
    /// A TCP port cannot be had.
    #[error("TCP {address} cannot be opened: {why}. {hint}")]
    Port {
        /// Which.
        address: SocketAddr,
        /// Why.
        why: String,
        /// What to do.
        hint: String,
    },
    /// The media service did not start.
    #[error("The media service did not start: {why}. {hint}")]
    Media {
        /// Why.
        why: String,
        /// What to do.
        hint: String,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The pages cannot be read.
    #[error(transparent)]
    Pages(#[from] crate::http::PagesError),
    /// The agent file cannot be read.
    #[error(
        "The agent {path} given with --agent-file cannot be read: {why}. Check the path, or leave the flag out."
    )]
    Agent {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The folder of releases cannot be read.
    #[error(
        "The folder of releases {path} given with --downloads cannot be read: {why}. Check the path, or leave the flag \
         out."
    )]
    Downloads {
        /// The folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Anything else.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

/// The line that tells programs that the service is there.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    event: &'static str,
    /// Where people reach it.
    pub url: String,
    /// SHA-256 of the HTTPS certificate, lower-case hex.
    pub fingerprint: String,
    /// UDP port of the media service.
    pub media_port: u16,
    /// Where metrics are served.
    pub metrics: Option<SocketAddr>,
    /// The one-time set-up link, while it works.
    pub setup_url: Option<String>,
}

/// The demo user's sign-in, to be printed.
#[derive(Clone)]
pub struct DemoSignIn {
    /// E-mail address.
    pub email: &'static str,
    /// Password.
    pub password: String,
}

/// The running service.
pub struct Service {
    ready: Ready,
    demo: Option<DemoSignIn>,
    address: SocketAddr,
    app: App,
    ending: watch::Sender<bool>,
    living: Living,
    listener: JoinHandle<()>,
    metrics: Option<JoinHandle<()>>,
    _lock: File,
}

impl Service {
    /// Starts the service.
    ///
    /// # Errors
    /// [`StartError`], a sentence that says what to do.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with(config, Clock::machine()).await
    }

    /// Starts the service by this clock, which tests move.
    ///
    /// # Errors
    /// [`StartError`], a sentence that says what to do.
    pub async fn start_with(config: Config, clock: Clock) -> Result<Self, StartError> {
        let lock = lock_folder(&config.data)?;
        let names = names(&config);
        let identity = Identity::load(&config.certificate, &config.data, &names)?;
        let shown = Arc::new(Shown::new(&identity)?);
        let pages = Pages::load(config.web.as_deref())?;
        if let Some(path) = &config.agent_file {
            File::open(path).map_err(|e| StartError::Agent { path: path.clone(), why: e.to_string() })?;
        }
        let downloads = match config.downloads.clone() {
            Some(from) => {
                let path = from.folder.clone();
                let opened = Downloads::open(from);
                Some(Arc::new(opened.map_err(|e| StartError::Downloads { path, why: e.to_string() })?))
            }
            None => None,
        };
        let root = RootSource::find(&config.data, |name| std::env::var(name).ok());
        let store = Store::open_with(&Database::in_folder(&config.data), &config.data, root).await?;
        store.seal_open_names().await?;
        let socket = bind(config.listen, "--listen").await?;
        let address = local(&socket)?;
        let metrics_socket = match config.metrics {
            Some(at) => Some(bind(at, "--metrics").await?),
            None => None,
        };
        let metrics_at = metrics_socket.as_ref().map(local).transpose()?;

        let tickets = TicketKey::generate()
            .map_err(|_| anyhow::anyhow!("the operating system gives no random bytes"))?;
        let mut media_config = MediaConfig::new(config.media, tickets.clone());
        media_config.webtransport_path = WEBTRANSPORT_PATH.to_owned();
        let media = MediaServer::start(media_config).await.map_err(|e| media_failed(&e, config.media))?;
        let media_port = media.local_addr().port();

        let (ending, ended) = watch::channel(false);
        let living = Living::new();
        let counters = Arc::new(Metrics::default());
        // Where people find it, behind a router that maps ports.
        let told = config.media_public_port.unwrap_or(media_port);
        let side = MediaSide { server: media.clone(), tickets, port: told };
        let broker =
            Broker::start(HubConfig::default(), store.clone(), side, Arc::clone(&counters), ended.clone())
                .await?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let passwords = Passwords::new(cores).map_err(anyhow::Error::from)?;
        let demo = match config.demo {
            true => Some(Demo::open(&config.data, &store, &passwords, Now::read().unix_ms).await?),
            false => None,
        };
        let token = Token::generate();
        let set_up = if store.is_set_up().await? { SetUpDoor::closed() } else { SetUpDoor::open(&token) };
        let url = url(&config, address);
        let ready = Ready {
            event: "ready",
            url: url.clone(),
            fingerprint: identity.fingerprint.clone(),
            media_port,
            metrics: metrics_at,
            setup_url: set_up.is_open().then(|| format!("{url}/setup#{}", token.reveal())),
        };
        let demo_sign_in = demo
            .as_ref()
            .map(|d| DemoSignIn { email: crate::demo::EMAIL, password: d.password().to_owned() });
        let limits =
            Limits { connections: config.max_connections, per_address: config.max_connections_per_address };
        let certificate =
            CertificateFacts { fingerprint: identity.fingerprint, self_signed: identity.self_signed };
        let reach = if config.private_webhooks { Reach::Private } else { Reach::Public };
        let outside = Names::new(config.dns);
        let outward = Outward::new(reach, outside.clone()).map_err(anyhow::Error::from)?;
        let mailer = Mailer::new(store.clone(), clock.clone(), config.smtp.as_ref());
        tokio::spawn(mailer.clone().run(ended.clone()));
        let app = App::new(Parts {
            mailer,
            lookups: Lookups::new(outside, outward.clone()),
            outward,
            clock,
            config,
            url,
            store,
            broker,
            media,
            media_port: told,
            pages,
            downloads,
            passwords,
            set_up,
            demo,
            certificate,
            metrics: Arc::clone(&counters),
            ending: ended.clone(),
            living: living.clone(),
        });
        let listener = Listener {
            socket,
            tls: TlsAcceptor::from(Arc::new(Arc::clone(&shown).server_config())),
            router: router(app.clone()),
            limits,
            metrics: counters,
            living: living.clone(),
            ending: ended.clone(),
        };
        tokio::spawn(crate::broker::sign_ins::run(app.clone()));
        crate::jobs::start(&app, &shown, &ended).await?;
        let metrics = metrics_socket.map(|socket| {
            let router = metrics_router(app.clone());
            tokio::spawn(async move {
                if let Err(error) = axum::serve(socket, router).await {
                    tracing::error!(%error, "metrics are no longer served");
                }
            })
        });
        let listener = tokio::spawn(listener.run());
        tracing::info!(listen = %address, media_port, version = env!("CARGO_PKG_VERSION"), "the service is ready");
        Ok(Self { ready, demo: demo_sign_in, address, app, ending, living, listener, metrics, _lock: lock })
    }

    /// What programs are told at the start.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The demo user, with `--demo`.
    #[must_use]
    pub fn demo(&self) -> Option<&DemoSignIn> {
        self.demo.as_ref()
    }

    /// The TCP address that is served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The counters, for tests.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Ends the service: no new connection, sockets are told to come back, what runs may finish for a moment.
    /// Takes at most three seconds.
    pub async fn stop(mut self) {
        tracing::info!("the service ends");
        self.ending.send_replace(true);
        within(CLOSE_WITHIN, "the listener", self.listener).await;
        within(END_WITHIN, "connections and sockets", self.living.none()).await;
        within(CLOSE_WITHIN, "the media service", self.app.media().shutdown()).await;
        if let Some(metrics) = self.metrics.take() {
            metrics.abort();
        }
        within(CLOSE_WITHIN, "the database", self.app.store().close()).await;
    }
}

async fn within<T>(time: Duration, what: &str, done: impl Future<Output = T>) {
    if tokio::time::timeout(time, done).await.is_err() {
        tracing::debug!(what, "did not end in time, and is left");
    }
}

fn lock_folder(folder: &Path) -> Result<File, StartError> {
    let failed = |e: std::io::Error| StartError::Folder { folder: folder.to_owned(), why: e.to_string() };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(failed)?;
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(LOCK_FILE))
        .map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(folder.to_owned())),
        Err(TryLockError::Error(e)) => Err(failed(e)),
    }
}

async fn bind(address: SocketAddr, flag: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|e| StartError::Port {
        address,
        why: e.to_string(),
        hint: hint(e.kind(), flag),
    })
}

fn hint(kind: std::io::ErrorKind, flag: &str) -> String {
    use std::io::ErrorKind;
    match kind {
        ErrorKind::AddrInUse => {
            format!("Another program has this port; stop it, or name another port with {flag}.")
        }
        ErrorKind::PermissionDenied => {
            format!("Ports below 1024 need a right of their own; grant it, or name another port with {flag}.")
        }
        ErrorKind::AddrNotAvailable => {
            format!("This machine has no such address; name one of its own, or 0.0.0.0, with {flag}.")
        }
        _ => format!("Name another address with {flag}."),
    }
}

fn media_failed(error: &MediaStartError, address: SocketAddr) -> StartError {
    let hint = match error {
        MediaStartError::Bind { source, .. } => hint(source.kind(), "--media"),
        MediaStartError::Certificate(_) => {
            format!("Check the clock of this machine; it was to listen on {address}.")
        }
    };
    StartError::Media { why: error.to_string(), hint }
}

fn local(socket: &TcpListener) -> Result<SocketAddr, StartError> {
    Ok(socket.local_addr().map_err(anyhow::Error::from)?)
}

/// Where people reach a service with this configuration that listens there.
pub(crate) fn url(config: &Config, address: SocketAddr) -> String {
    if let Some(url) = &config.public_url {
        return url.origin();
    }
    let host = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    PublicUrl { host: host.to_string(), port: address.port() }.origin()
}

/// Names that the self-signed certificate is made for, besides the usual ones.
fn names(config: &Config) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(name) = std::fs::read_to_string("/etc/hostname") {
        names.push(name.trim().to_ascii_lowercase());
    }
    if !config.listen.ip().is_unspecified() {
        names.push(config.listen.ip().to_string());
    }
    names.extend(config.public_url.iter().map(|url| url.host.clone()));
    names
}

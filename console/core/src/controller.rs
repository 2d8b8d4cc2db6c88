//! What the pages ask for, carried out.

mod account;
mod desk;
mod dropped;
mod sessions;
#[cfg(test)]
mod tests;
mod updates;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use farhand_link::Proxy;
use farhand_link::trust::Trust;
use farhand_protocol::api::SessionList;
use farhand_release::{PublicKey, Version};
use tokio::sync::{Notify, OnceCell, mpsc};

use crate::api::Api;
use crate::door::Door;
use crate::drops::Drops;
use crate::files::Incoming;
use crate::folder::Folder;
use crate::log::Log;
use crate::server::{Address, Known, Seen};
use crate::settings::{Place, ProxyChoice, Settings};
use crate::shell::Shell;
use crate::types::{Event, Failure, LogPage, ServerStatus, Status};
use crate::vault::Vault;

const SETTINGS: &str = "settings.json";
const SERVER: &str = "server.json";
const LAYOUT: &str = "layout.json";
/// Windows whose places are remembered.
const MAX_PLACES: usize = 24;

/// What a controller is made of.
#[derive(Debug)]
pub struct Parts {
    /// The program's folder.
    pub folder: Folder,
    /// Where the sign-in is kept.
    pub vault: Vault,
    /// The program's log.
    pub log: Log,
    /// The public half of the key that updates are signed with, and this machine's target; none where the build takes
    /// no updates.
    pub updates: Option<Updates>,
}

/// See [`Parts::updates`].
#[derive(Clone, Debug)]
pub struct Updates {
    /// Who may sign them.
    pub key: PublicKey,
    /// Such as `linux-x86_64-deb`.
    pub target: String,
    /// What is installed.
    pub version: Version,
}

/// The program behind its pages. Clones are the same one.
pub struct Controller<S> {
    inner: Arc<Inner<S>>,
}

impl<S> Clone for Controller<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<S> std::fmt::Debug for Controller<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller").finish_non_exhaustive()
    }
}

struct Inner<S> {
    shell: S,
    folder: Folder,
    log: Log,
    updates: Option<Updates>,
    vault: tokio::sync::Mutex<Vault>,
    door: OnceCell<Door>,
    state: Mutex<State>,
    sockets: Mutex<HashMap<u32, mpsc::Sender<String>>>,
    files: Mutex<Incoming>,
    drops: Mutex<Drops>,
    next_socket: AtomicU32,
    /// Something was heard that sessions may have changed by.
    stirred: Notify,
}

#[derive(Default)]
struct State {
    settings: Settings,
    server: Option<Server>,
    /// What the person was shown last: only that can be trusted.
    seen: Option<Seen>,
    sessions: Option<SessionList>,
    /// Sessions into which colleagues call, as they were read last.
    calls: BTreeSet<String>,
    layout: HashMap<String, Place>,
}

#[derive(Clone)]
struct Server {
    address: Address,
    trust: Trust,
    proxy: Option<Proxy>,
    tls: Arc<rustls::ClientConfig>,
    api: Api,
}

impl<S: Shell> Controller<S> {
    /// Takes up what the folder holds.
    #[must_use]
    pub fn new(shell: S, parts: Parts) -> Self {
        let Parts { folder, vault, log, updates } = parts;
        let settings = folder.read::<Settings>(SETTINGS).filter(Settings::is_usable).unwrap_or_default();
        let mut layout: HashMap<String, Place> = folder.read(LAYOUT).unwrap_or_default();
        layout.retain(|_, place| place.is_sound());
        let known = folder.read::<Known>(SERVER).and_then(|known| known.read());
        let state = State { settings, layout, ..State::default() };
        let files = Incoming::new(shell.downloads());
        files.sweep(SystemTime::now());
        let inner = Inner {
            shell,
            folder,
            log,
            updates,
            vault: tokio::sync::Mutex::new(vault),
            door: OnceCell::new(),
            state: Mutex::new(state),
            sockets: Mutex::default(),
            files: Mutex::new(files),
            drops: Mutex::default(),
            next_socket: AtomicU32::new(1),
            stirred: Notify::new(),
        };
        let controller = Self { inner: Arc::new(inner) };
        if let Some((address, trust)) = known {
            controller.enter(address, trust);
        }
        controller
    }

    /// Trusts a service as the command line says, without a question.
    pub fn trust_from_command_line(&self, address: Address, trust: Trust) {
        let known = known(&address, trust);
        if let Err(error) = self.inner.folder.write(SERVER, &known) {
            tracing::warn!(%error, "the service's address could not be kept");
        }
        self.enter(address, trust);
    }

    /// The desktop.
    #[must_use]
    pub fn shell(&self) -> &S {
        &self.inner.shell
    }

    /// What the person chose.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.with(|state| state.settings.clone())
    }

    /// Where a window was.
    #[must_use]
    pub fn place(&self, window: &str) -> Option<Place> {
        self.with(|state| state.layout.get(window).copied())
    }

    /// Remembers where a window is.
    pub fn remember_place(&self, window: &str, place: Place) {
        if !place.is_sound() {
            return;
        }
        let layout = self.with(|state| {
            if state.layout.len() >= MAX_PLACES && !state.layout.contains_key(window) {
                return None;
            }
            let before = state.layout.insert(window.to_owned(), place);
            (before != Some(place)).then(|| state.layout.clone())
        });
        if let Some(layout) = layout
            && let Err(error) = self.inner.folder.write(LAYOUT, &layout)
        {
            tracing::warn!(%error, "the window's place could not be kept");
        }
    }

    /// Where the program stands.
    pub async fn status(&self) -> Status {
        let vault = self.inner.vault.lock().await;
        self.with(|state| Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            server: state.server.as_ref().map(|server| ServerStatus {
                address: server.address.url(),
                fingerprint: known(&server.address, server.trust).fingerprint,
            }),
            keeping: vault.keeping(),
            keyring: vault.has_keyring(),
            locked: vault.is_locked(),
            settings: state.settings.clone(),
            updates: self.inner.updates.is_some(),
            painted: self.inner.shell.pages_paint(),
        })
    }

    /// Keeps the settings, and takes them up at once.
    ///
    /// # Errors
    /// [`Failure`]: `settings_invalid`, `storage`.
    pub async fn put_settings(&self, settings: Settings) -> Result<Status, Failure> {
        if !settings.is_usable() {
            return Err(Failure::new(
                "settings_invalid",
                "The proxy's address is none. Write it like http://proxy:3128.",
            ));
        }
        self.inner.folder.write(SETTINGS, &settings).map_err(|error| storage(&error))?;
        let server = self.with(|state| {
            state.settings = settings;
            state.server.clone()
        });
        if let Some(server) = server {
            self.enter(server.address, server.trust);
        }
        Ok(self.changed().await)
    }

    /// The newest lines of the log, with what belongs above them.
    #[must_use]
    pub fn read_log(&self) -> LogPage {
        let mut facts = vec![crate::PROGRAM.to_owned()];
        facts.extend(self.inner.shell.facts());
        let way = self.with(|state| match &state.server {
            None => "no service is chosen".to_owned(),
            Some(Server { trust: Trust::Authorities, proxy, .. }) => {
                format!("the service is trusted by certificate authorities{}", through(proxy.as_ref()))
            }
            Some(Server { trust: Trust::Exactly(_), proxy, .. }) => {
                format!("the service is trusted by its fingerprint{}", through(proxy.as_ref()))
            }
        });
        facts.push(way);
        LogPage { lines: self.inner.log.lines(), facts }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.inner.state.lock().expect("nobody panics while it is held"))
    }

    /// Tells the pages where the program stands now.
    async fn changed(&self) -> Status {
        let status = self.status().await;
        self.inner.shell.tell(Event::Status { status: Box::new(status.clone()) });
        status
    }

    fn proxy_for(&self, address: &Address) -> Option<Proxy> {
        match self.with(|state| state.settings.proxy.clone()) {
            ProxyChoice::Direct => None,
            ProxyChoice::Fixed { address } => Proxy::parse(&address),
            ProxyChoice::System => Proxy::from_environment(&address.host).or_else(|| {
                self.inner.shell.system_proxy(&address.url()).and_then(|text| Proxy::parse(&text))
            }),
        }
    }

    /// Makes a service the one that is spoken with.
    fn enter(&self, address: Address, trust: Trust) {
        let proxy = self.proxy_for(&address);
        let made = Api::new(address.clone(), trust, proxy.as_ref()).and_then(|api| {
            Ok((api, trust.client_config().map_err(|error| Failure::new("tls", error.to_string()))?))
        });
        match made {
            Ok((api, tls)) => {
                let server = Server { address, trust, proxy, tls: Arc::new(tls), api };
                self.with(|state| state.server = Some(server));
            }
            Err(failure) => tracing::error!(failure.message, "the service cannot be spoken with"),
        }
    }

    fn server(&self) -> Result<Server, Failure> {
        self.with(|state| state.server.clone())
            .ok_or_else(|| Failure::new("no_server", "No service is chosen yet. Enter its address."))
    }

    fn next_socket(&self) -> u32 {
        self.inner.next_socket.fetch_add(1, Ordering::Relaxed)
    }
}

fn known(address: &Address, trust: Trust) -> Known {
    let fingerprint = match trust {
        Trust::Authorities => None,
        Trust::Exactly(fingerprint) => Some(fingerprint.to_string()),
    };
    Known { address: address.url(), fingerprint }
}

fn through(proxy: Option<&Proxy>) -> &'static str {
    if proxy.is_some() { ", through an HTTP proxy" } else { "" }
}

fn storage(error: &std::io::Error) -> Failure {
    Failure::new("storage", format!("The program's folder cannot be written to: {error}"))
}

/// The folder that updates are downloaded to.
fn downloads(folder: &Folder) -> PathBuf {
    folder.file("updates")
}

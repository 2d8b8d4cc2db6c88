//! What the desktop agreed to. It is asked once for all that the customer granted, keeps that for as long as it is granted,
//! and is given it back then: nothing is remembered beyond consent, and no token is asked for that would spare the
//! desktop's question the next time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ashpd::desktop::remote_desktop::{DeviceType, RemoteDesktop, SelectDevicesOptions};
use ashpd::desktop::screencast::{CursorMode, Screencast, SelectSourcesOptions, SourceType, Stream};
use ashpd::desktop::{PersistMode, ResponseError, Session};
use futures_util::future::{Either, select};
use futures_util::{StreamExt as _, pin_mut};
use zbus::Connection;

use super::capture::{arrange, where_pressed};
use super::picture::{Shape, Shared};
use crate::agreement::{Standing, Wanted};
use crate::capture::{CaptureError, Geometry};
use crate::monitors::{Area, MAX_WINDOWS};

/// A monitor or window that the desktop gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its PipeWire node, which also names it to the portal.
    pub node: u32,
    /// Where it is, and how large, in the desktop's own measure: not pixels where things are enlarged.
    pub at: (i32, i32),
    /// See above; none where that is not told.
    pub size: Option<(u32, u32)>,
    /// It is a window, or something else that is no monitor.
    pub window: bool,
    /// The desktop said itself that it is a single window.
    pub said_window: bool,
}

/// Where a source's pixels are in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its node.
    pub node: u32,
    /// In the picture's pixels.
    pub area: Area,
    /// In the desktop's own measure.
    pub size: (u32, u32),
}

/// What the desktop agreed to.
#[derive(Debug)]
pub struct Given {
    cast: Screencast,
    talk: Talk,
    /// Monitors or windows, at least one.
    pub sources: Vec<Source>,
    /// Keys may be pressed.
    pub keyboard: bool,
    /// The pointer may be moved.
    pub pointer: bool,
    places: Mutex<Vec<Place>>,
    shape: Mutex<Shape>,
}

/// A session with the portal.
#[derive(Debug)]
pub enum Talk {
    /// To see.
    View(Session<Screencast>),
    /// To see, and for keys and pointer.
    Control(RemoteDesktop, Session<RemoteDesktop>),
}

impl Given {
    /// Keys or the pointer were given.
    fn presses(&self) -> bool {
        self.keyboard || self.pointer
    }

    /// The session for keys and pointer, where there is one.
    pub fn control(&self) -> Option<(&RemoteDesktop, &Session<RemoteDesktop>)> {
        match &self.talk {
            Talk::View(_) => None,
            Talk::Control(remote, session) => Some((remote, session)),
        }
    }

    /// A connection to PipeWire that sees the sources and nothing else.
    pub fn open_remote(&self) -> Result<std::os::fd::OwnedFd, CaptureError> {
        let opened = zbus::block_on(async {
            match &self.talk {
                Talk::View(session) => self.cast.open_pipe_wire_remote(session, Default::default()).await,
                Talk::Control(_, session) => {
                    self.cast.open_pipe_wire_remote(session, Default::default()).await
                }
            }
        });
        opened.map_err(|error| CaptureError::Refused { detail: error.to_string() })
    }

    /// What the pointer looked like last: a compositor tells it once, not to each who begins to look.
    pub fn shape(&self) -> MutexGuard<'_, Shape> {
        self.shape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the sources are in the picture by now.
    pub fn places(&self) -> MutexGuard<'_, Vec<Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
enum Phase {
    /// Nobody wants anything.
    #[default]
    Idle,
    /// The desktop has been asked.
    Asking(Option<Connection>),
    /// It agreed.
    Given(Connection, Arc<Given>),
    /// It did not, or does no longer.
    Refused(CaptureError),
}

#[derive(Debug, Default)]
struct State {
    wanted: Wanted,
    /// What was wanted when somebody wanted something last; `wanted` is what the desktop was asked for.
    last: Wanted,
    /// Counts what is wanted: an answer to an earlier question is not heard any more.
    count: u64,
    phase: Phase,
}

/// The desktop of a session bus.
#[derive(Debug, Default)]
pub struct Desk {
    bus: Option<String>,
    state: Mutex<State>,
    /// Those who wait for pictures, and want to know when the desktop changes its mind.
    waiting: Mutex<Vec<Weak<Shared>>>,
}

/// The one thing that all who open the same desktop share, as they would share a display: the customer is asked once, for
/// picture, keys and pointer together.
static DESKS: Mutex<Vec<Arc<Desk>>> = Mutex::new(Vec::new());

impl Desk {
    /// The desktop of the bus with this address; of the session's if that is `None`.
    pub fn of(bus: Option<&str>) -> Arc<Self> {
        let mut desks = DESKS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = desks.iter().find(|desk| desk.bus.as_deref() == bus) {
            return Arc::clone(desk);
        }
        let desk = Arc::new(Self { bus: bus.map(str::to_owned), ..Self::default() });
        desks.push(Arc::clone(&desk));
        desk
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The customer granted this. What is more than the desktop has agreed to is asked for anew; with nothing to see,
    /// everything is given back. Never blocks.
    pub fn want(self: &Arc<Self>, wanted: Wanted) {
        let mut state = self.lock();
        let known = state.wanted;
        let last = std::mem::replace(&mut state.last, wanted);
        // Keys that the desktop's question left out are asked for again when they are granted again, and not before.
        let known = match &state.phase {
            Phase::Given(_, given) if !given.presses() && !last.control => Wanted { control: false, ..known },
            Phase::Given(..) | Phase::Idle | Phase::Asking(_) | Phase::Refused(_) => known,
        };
        let enough = known.view
            && wanted.view
            && (known.control || !wanted.control)
            && known.windows_only == wanted.windows_only;
        if enough || (!known.view && !wanted.view) {
            return;
        }
        state.wanted = wanted;
        state.count += 1;
        let count = state.count;
        let next = if wanted.view { Phase::Asking(None) } else { Phase::Idle };
        let before = std::mem::replace(&mut state.phase, next);
        drop(state);
        self.ring();
        let desk = Arc::clone(self);
        let work = move || {
            before.close();
            if wanted.view {
                desk.converse(wanted, count);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("portal".into()).spawn(work) {
            tracing::error!(%error, "no thread to ask the desktop");
            self.settle(count, Phase::Refused(CaptureError::Refused { detail: error.to_string() }));
        }
    }

    /// How the desktop stands to what is wanted.
    pub fn standing(&self) -> Standing {
        match &self.lock().phase {
            Phase::Idle | Phase::Asking(_) => Standing::Open,
            Phase::Given(_, given) if given.presses() => Standing::Agreed,
            Phase::Given(..) => Standing::OnlyLook,
            Phase::Refused(CaptureError::Declined | CaptureError::TakenBack) => Standing::Refused,
            Phase::Refused(_) => Standing::Over,
        }
    }

    /// What the desktop agreed to.
    ///
    /// # Errors
    /// Not yet, or no.
    pub fn given(&self) -> Result<Arc<Given>, CaptureError> {
        match &self.lock().phase {
            Phase::Idle | Phase::Asking(_) => Err(CaptureError::NotAgreed),
            Phase::Given(_, given) => Ok(Arc::clone(given)),
            Phase::Refused(error) => Err(error.clone()),
        }
    }

    /// Whether this is still what the desktop agrees to.
    pub fn still(&self, given: &Arc<Given>) -> Result<(), CaptureError> {
        if Arc::ptr_eq(&self.given()?, given) { Ok(()) } else { Err(CaptureError::NotAgreed) }
    }

    /// Whether there is a portal that can show the screen, without asking anybody anything.
    pub fn probe(&self) -> Result<(), CaptureError> {
        super::pipewire::library::Library::load().map_err(|detail| CaptureError::NoPipeWire { detail })?;
        zbus::block_on(async {
            let cast = Screencast::with_connection(self.connect().await?).await.map_err(no_portal)?;
            cast.available_source_types().await.map_err(no_portal).map(drop)
        })
    }

    /// Takes the answer over if it is one to what is wanted now.
    fn settle(&self, count: u64, phase: Phase) -> bool {
        let mut state = self.lock();
        let current = state.count == count;
        if current {
            state.phase = phase;
            drop(state);
            self.ring();
        } else {
            drop(state);
            phase.close();
        }
        current
    }

    /// Wakes this one whenever the desktop says something else.
    pub fn tell(&self, waiting: &Arc<Shared>) {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| one.strong_count() > 0);
        all.push(Arc::downgrade(waiting));
    }

    fn ring(&self) {
        let all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.iter().filter_map(Weak::upgrade).for_each(|one| one.ring());
    }

    async fn connect(&self) -> Result<Connection, CaptureError> {
        let builder = match &self.bus {
            None => zbus::connection::Builder::session(),
            Some(address) => zbus::connection::Builder::address(address.as_str()),
        };
        let unreachable =
            |error: zbus::Error| CaptureError::NoPortal { detail: format!("no session bus: {error}") };
        builder.map_err(unreachable)?.build().await.map_err(unreachable)
    }

    /// Asks, and then watches until the desktop takes it back or nobody wants it any more. Each time on a connection of its
    /// own: closing that ends the desktop's question, and whatever it gave.
    fn converse(&self, wanted: Wanted, count: u64) {
        zbus::block_on(async {
            let connection = match self.connect().await {
                Ok(connection) => connection,
                Err(error) => {
                    self.settle(count, Phase::Refused(error));
                    return;
                }
            };
            if !self.settle(count, Phase::Asking(Some(connection.clone()))) {
                return;
            }
            let closed = connection.clone();
            let closed = closed.closed();
            let asking = ask(connection.clone(), wanted);
            pin_mut!(closed, asking);
            let given = match select(asking, closed).await {
                Either::Left((Ok(given), _)) => Arc::new(given),
                Either::Left((Err(error), _)) => {
                    tracing::warn!(%error, "the desktop does not agree");
                    self.settle(count, Phase::Refused(error));
                    return;
                }
                Either::Right(_) => {
                    self.settle(count, Phase::Refused(CaptureError::Gone));
                    return;
                }
            };
            tracing::debug!(sources = ?given.sources, keyboard = given.keyboard, "the desktop agrees");
            if !self.settle(count, Phase::Given(connection.clone(), Arc::clone(&given))) {
                return;
            }
            let ended = async {
                match &given.talk {
                    Talk::View(session) => watch(session.receive_closed().await).await,
                    Talk::Control(_, session) => watch(session.receive_closed().await).await,
                }
            };
            let closed = connection.closed();
            pin_mut!(ended, closed);
            let why = match select(ended, closed).await {
                Either::Left((true, _)) => CaptureError::TakenBack,
                Either::Left((false, _)) | Either::Right(_) => CaptureError::Gone,
            };
            self.settle(count, Phase::Refused(why));
        });
    }
}

impl Phase {
    /// Ends whatever hangs on its connection.
    fn close(self) {
        match self {
            Self::Asking(Some(connection)) | Self::Given(connection, _) => {
                if let Err(error) = zbus::block_on(connection.close()) {
                    tracing::debug!(%error, "the connection to the portal was closed already");
                }
            }
            Self::Idle | Self::Asking(None) | Self::Refused(_) => {}
        }
    }
}

/// Comes back when the session was closed from the other side; `false` where the portal is gone instead.
async fn watch<T>(signals: Result<impl futures_util::Stream<Item = T>, ashpd::Error>) -> bool {
    match signals {
        Ok(signals) => {
            pin_mut!(signals);
            signals.next().await.is_some()
        }
        Err(error) => {
            tracing::warn!(%error, "that the desktop ends it will be seen by the picture only");
            std::future::pending().await
        }
    }
}

/// The conversation, up to the desktop's answer.
async fn ask(connection: Connection, wanted: Wanted) -> Result<Given, CaptureError> {
    let cast = Screencast::with_connection(connection.clone()).await.map_err(no_portal)?;
    let offered = cast.available_source_types().await.map_err(no_portal)?;
    let kinds = if wanted.windows_only {
        offered & SourceType::Window
    } else {
        offered & (SourceType::Monitor | SourceType::Window)
    };
    if kinds.is_empty() {
        return Err(if wanted.windows_only {
            CaptureError::CannotHide
        } else {
            CaptureError::NoPortal { detail: "it offers neither screens nor windows".to_owned() }
        });
    }
    let modes = cast.available_cursor_modes().await.unwrap_or_default();
    let cursor = [CursorMode::Metadata, CursorMode::Embedded, CursorMode::Hidden]
        .into_iter()
        .find(|mode| modes.contains(*mode));
    let sources = || {
        SelectSourcesOptions::default()
            .set_sources(kinds)
            .set_multiple(true)
            .set_cursor_mode(cursor)
            .set_persist_mode((cast.version() >= 4).then_some(PersistMode::DoNot))
    };
    let remote = if wanted.control { remote(&connection).await } else { None };
    let (talk, streams, devices) = match remote {
        Some((remote, devices)) => {
            let session = remote.create_session(Default::default()).await.map_err(failed)?;
            let options = SelectDevicesOptions::default().set_devices(devices);
            remote.select_devices(&session, options).await.and_then(|it| it.response()).map_err(failed)?;
            cast.select_sources(&session, sources()).await.and_then(|it| it.response()).map_err(failed)?;
            let started = remote.start(&session, None, Default::default()).await;
            let started = started.and_then(|it| it.response()).map_err(failed)?;
            (Talk::Control(remote, session), taken(started.streams()), Some(started.devices()))
        }
        None => {
            let session = cast.create_session(Default::default()).await.map_err(failed)?;
            cast.select_sources(&session, sources()).await.and_then(|it| it.response()).map_err(failed)?;
            let started = cast.start(&session, None, Default::default()).await;
            let started = started.and_then(|it| it.response()).map_err(failed)?;
            (Talk::View(session), taken(started.streams()), None)
        }
    };
    if streams.is_empty() {
        return Err(CaptureError::Declined);
    }
    // A list of what must be hidden cannot be honoured on a whole screen, whatever the portal answers.
    if wanted.windows_only && streams.iter().any(|source| !source.said_window) {
        return Err(CaptureError::CannotHide);
    }
    // Until the first picture says more, a pixel is one of the desktop's own measure.
    let sizes: Option<Vec<Geometry>> =
        streams.iter().map(|it| it.size.map(|(w, h)| Geometry { width: w, height: h })).collect();
    let places = sizes.map(|sizes| where_pressed(&streams, &arrange(&streams, &sizes).1)).unwrap_or_default();
    let has = |device| devices.is_some_and(|devices| devices.contains(device));
    Ok(Given {
        cast,
        talk,
        sources: streams,
        keyboard: has(DeviceType::Keyboard),
        pointer: has(DeviceType::Pointer),
        places: Mutex::new(places),
        shape: Mutex::default(),
    })
}

/// The portal for keys and pointer, with those of them that it has; none where there is none.
async fn remote(connection: &Connection) -> Option<(RemoteDesktop, ashpd::enumflags2::BitFlags<DeviceType>)> {
    let remote = match RemoteDesktop::with_connection(connection.clone()).await {
        Ok(remote) => remote,
        Err(error) => {
            tracing::info!(%error, "this desktop lets no program press keys");
            return None;
        }
    };
    let devices = remote.available_device_types().await.ok()? & (DeviceType::Keyboard | DeviceType::Pointer);
    (!devices.is_empty()).then_some((remote, devices))
}

fn taken(streams: &[Stream]) -> Vec<Source> {
    let source = |stream: &Stream| Source {
        node: stream.pipe_wire_node_id(),
        at: stream.position().unwrap_or_default(),
        size: stream.size().and_then(|(w, h)| {
            Some((u32::try_from(w).ok().filter(|w| *w > 0)?, u32::try_from(h).ok().filter(|h| *h > 0)?))
        }),
        // Whatever does not say that it is a monitor may be a window; older portals say nothing, and give places to
        // monitors only.
        window: match stream.source_type() {
            Some(SourceType::Monitor) => false,
            Some(SourceType::Window | SourceType::Virtual) => true,
            None => stream.position().is_none(),
        },
        said_window: stream.source_type() == Some(SourceType::Window),
    };
    streams.iter().take(MAX_WINDOWS).map(source).collect()
}

fn no_portal(error: ashpd::Error) -> CaptureError {
    CaptureError::NoPortal { detail: error.to_string() }
}

fn failed(error: ashpd::Error) -> CaptureError {
    match error {
        ashpd::Error::Response(ResponseError::Cancelled) => CaptureError::Declined,
        other => CaptureError::Refused { detail: other.to_string() },
    }
}

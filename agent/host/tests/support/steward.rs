//! The portal's back end in place of the desktop's own: it answers the question that a person would be asked, as a test
//! wants it, and then does what GNOME's does: it hands on to the compositor. A stand-in for the dialogue, and for nothing
//! else: what the agent says goes through the real xdg-desktop-portal, what it sees and presses is the real mutter's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use zbus::blocking::connection::Builder;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Proxy, interface};

pub const NAME: &str = "org.freedesktop.impl.portal.desktop.steward";
const PATH: &str = "/org/freedesktop/portal/desktop";
const REMOTE: &str = "org.gnome.Mutter.RemoteDesktop";
const CAST: &str = "org.gnome.Mutter.ScreenCast";
/// The left Shift key.
const SHIFT: u32 = 42;
const SESSION: &str = "org.gnome.Mutter.RemoteDesktop.Session";

type Options = HashMap<String, OwnedValue>;

/// What the person says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// The screens, and keys and pointer where they were asked for.
    #[default]
    Yes,
    /// The screens, but no keys.
    OnlyLook,
    /// Something that is a window.
    Window,
    /// The screens, without a word on what they are or where.
    Unnamed,
    /// No.
    No,
    /// Nothing: the question stays on the screen.
    Silence,
}

#[derive(Debug, Default)]
struct Inside {
    answer: Answer,
    monitors: usize,
    /// Questions that were asked: kinds of sources, way of the pointer, devices.
    asked: Vec<(u32, u32, u32)>,
    sessions: HashMap<String, Given>,
}

#[derive(Debug, Default)]
struct Given {
    cursor: u32,
    sources: u32,
    devices: u32,
    remote: Option<OwnedObjectPath>,
    streams: Vec<(OwnedObjectPath, u32)>,
}

type Shared = Arc<Mutex<Inside>>;

/// See the module.
pub struct Steward {
    bus: zbus::blocking::Connection,
    inside: Shared,
}

impl Steward {
    pub fn start(address: &str, monitors: usize) -> Self {
        let inside = Arc::new(Mutex::new(Inside { monitors, ..Inside::default() }));
        let bus = Builder::address(address)
            .unwrap()
            .serve_at(PATH, RemoteDesktop(Arc::clone(&inside)))
            .unwrap()
            .serve_at(PATH, ScreenCast(Arc::clone(&inside)))
            .unwrap()
            .name(NAME)
            .unwrap()
            .build()
            .unwrap();
        zbus::block_on(plug_in(bus.inner()));
        Self { bus, inside }
    }

    /// What the person says from now on.
    pub fn answer(&self, answer: Answer) {
        self.inside.lock().unwrap().answer = answer;
    }

    /// Kinds of sources, way of the pointer and devices of each question.
    pub fn asked(&self) -> Vec<(u32, u32, u32)> {
        self.inside.lock().unwrap().asked.clone()
    }

    /// Sessions that the desktop keeps.
    pub fn sessions(&self) -> usize {
        self.inside.lock().unwrap().sessions.len()
    }

    /// The person ends all sharing by the desktop's own means.
    pub fn take_back(&self) {
        let handles: Vec<String> = self.inside.lock().unwrap().sessions.drain().map(|(it, _)| it).collect();
        for handle in handles {
            let emitter = SignalEmitter::new(self.bus.inner(), handle).unwrap();
            zbus::block_on(Session::closed(&emitter)).unwrap();
        }
    }
}

struct Session(Shared, String);

#[interface(name = "org.freedesktop.impl.portal.Session")]
impl Session {
    async fn close(&self, #[zbus(connection)] bus: &Connection) {
        let given = self.0.lock().unwrap().sessions.remove(&self.1);
        if let Some(remote) = given.and_then(|given| given.remote) {
            let _ = proxy(bus, REMOTE, &remote, SESSION).await.call_method("Stop", &()).await;
        }
    }

    #[zbus(signal)]
    async fn closed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        1
    }
}

async fn proxy(
    bus: &Connection,
    name: &'static str,
    path: &OwnedObjectPath,
    interface: &'static str,
) -> Proxy<'static> {
    Proxy::new(bus, name, path.clone(), interface).await.unwrap()
}

/// A keyboard and a mouse, as every computer has: without them a seat has none until the first key, which is lost.
async fn plug_in(bus: &Connection) {
    let root = OwnedObjectPath::try_from("/org/gnome/Mutter/RemoteDesktop").unwrap();
    let desk = proxy(bus, REMOTE, &root, REMOTE).await;
    let session: OwnedObjectPath = desk.call("CreateSession", &()).await.unwrap();
    let session = proxy(bus, REMOTE, &session, SESSION).await;
    session.call_method("Start", &()).await.unwrap();
    for down in [true, false] {
        session.call_method("NotifyKeyboardKeycode", &(SHIFT, down)).await.unwrap();
    }
    session.call_method("NotifyPointerMotionRelative", &(20.0_f64, 20.0_f64)).await.unwrap();
}

async fn created(inside: &Shared, bus: &Connection, handle: OwnedObjectPath) -> (u32, Options) {
    let name = handle.to_string();
    inside.lock().unwrap().sessions.insert(name.clone(), Given::default());
    bus.object_server().at(handle, Session(Arc::clone(inside), name)).await.unwrap();
    (0, Options::new())
}

fn number(options: &Options, key: &str) -> u32 {
    options.get(key).and_then(|value| u32::try_from(value).ok()).unwrap_or(0)
}

/// The question, and what follows where it is answered with yes.
async fn started(inside: &Shared, bus: &Connection, handle: &str, remote: bool) -> (u32, Options) {
    let (answer, monitors, cursor) = {
        let mut inside = inside.lock().unwrap();
        let given = &inside.sessions[handle];
        let (asked, cursor) = ((given.sources, given.cursor, given.devices), given.cursor);
        inside.asked.push(asked);
        (inside.answer, inside.monitors, cursor)
    };
    match answer {
        Answer::No => return (1, Options::new()),
        Answer::Silence => std::future::pending().await,
        Answer::Yes | Answer::OnlyLook | Answer::Window | Answer::Unnamed => {}
    }
    let root = |path: &str| OwnedObjectPath::try_from(path).unwrap();
    let desk = proxy(bus, REMOTE, &root("/org/gnome/Mutter/RemoteDesktop"), REMOTE).await;
    let session: OwnedObjectPath = desk.call("CreateSession", &()).await.unwrap();
    let session_proxy = proxy(bus, REMOTE, &session, SESSION).await;
    let id: String = session_proxy.get_property("SessionId").await.unwrap();
    let cast = proxy(bus, CAST, &root("/org/gnome/Mutter/ScreenCast"), CAST).await;
    let with = HashMap::from([("remote-desktop-session-id", Value::from(id))]);
    let casting: OwnedObjectPath = cast.call("CreateSession", &(with,)).await.unwrap();
    let casting = proxy(bus, CAST, &casting, "org.gnome.Mutter.ScreenCast.Session").await;
    // Hidden, drawn in, beside: the portal has bits for them, mutter numbers.
    let mode = HashMap::from([("cursor-mode", Value::from(cursor.trailing_zeros()))]);
    let mut waiting = Vec::new();
    for monitor in 0..monitors {
        let stream: OwnedObjectPath =
            casting.call("RecordMonitor", &(format!("Meta-{monitor}"), &mode)).await.unwrap();
        let it = proxy(bus, CAST, &stream, "org.gnome.Mutter.ScreenCast.Stream").await;
        let added = it.receive_signal("PipeWireStreamAdded").await.unwrap();
        waiting.push((stream, it, added));
    }
    session_proxy.call_method("Start", &()).await.unwrap();
    let (mut streams, mut told) = (Vec::new(), Vec::new());
    for (path, it, mut added) in waiting {
        let node: u32 = added.next().await.unwrap().body().deserialize().unwrap();
        let about: HashMap<String, OwnedValue> = it.get_property("Parameters").await.unwrap();
        let kind = if answer == Answer::Window { 2_u32 } else { 1 };
        let mut properties: HashMap<String, Value<'_>> = HashMap::new();
        if answer != Answer::Unnamed {
            properties.insert("source_type".to_owned(), Value::from(kind));
        }
        for (name, value) in about {
            if name == "size" || (name == "position" && answer != Answer::Unnamed) {
                properties.insert(name, value.into());
            }
        }
        told.push((node, properties));
        streams.push((path, node));
    }
    {
        let mut inside = inside.lock().unwrap();
        let Some(given) = inside.sessions.get_mut(handle) else { return (2, Options::new()) };
        (given.remote, given.streams) = (Some(session), streams);
    }
    let mut results =
        Options::from([("streams".to_owned(), OwnedValue::try_from(Value::from(told)).unwrap())]);
    if remote {
        let devices: u32 = if answer == Answer::OnlyLook { 0 } else { 3 };
        results.insert("devices".to_owned(), devices.into());
    }
    (0, results)
}

struct ScreenCast(Shared);

#[interface(name = "org.freedesktop.impl.portal.ScreenCast")]
impl ScreenCast {
    async fn create_session(
        &self,
        _request: OwnedObjectPath,
        session: OwnedObjectPath,
        _app: String,
        _options: Options,
        #[zbus(connection)] bus: &Connection,
    ) -> (u32, Options) {
        created(&self.0, bus, session).await
    }

    fn select_sources(
        &self,
        _request: OwnedObjectPath,
        session: OwnedObjectPath,
        _app: String,
        options: Options,
    ) -> (u32, Options) {
        let mut inside = self.0.lock().unwrap();
        let Some(given) = inside.sessions.get_mut(session.as_str()) else { return (2, Options::new()) };
        (given.sources, given.cursor) = (number(&options, "types"), number(&options, "cursor_mode"));
        (0, Options::new())
    }

    async fn start(
        &self,
        _request: OwnedObjectPath,
        session: OwnedObjectPath,
        _app: String,
        _window: String,
        _options: Options,
        #[zbus(connection)] bus: &Connection,
    ) -> (u32, Options) {
        started(&self.0, bus, session.as_str(), false).await
    }

    #[zbus(property)]
    fn available_source_types(&self) -> u32 {
        3
    }

    #[zbus(property)]
    fn available_cursor_modes(&self) -> u32 {
        7
    }

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        4
    }
}

struct RemoteDesktop(Shared);

impl RemoteDesktop {
    async fn mutter<B>(&self, bus: &Connection, session: &OwnedObjectPath, method: &str, body: &B)
    where
        B: zbus::export::serde::Serialize + zbus::zvariant::DynamicType,
    {
        let remote = self.0.lock().unwrap().sessions.get(session.as_str()).and_then(|it| it.remote.clone());
        if let Some(remote) = remote {
            proxy(bus, REMOTE, &remote, SESSION).await.call_method(method, body).await.unwrap();
        }
    }
}

#[interface(name = "org.freedesktop.impl.portal.RemoteDesktop")]
impl RemoteDesktop {
    async fn create_session(
        &self,
        _request: OwnedObjectPath,
        session: OwnedObjectPath,
        _app: String,
        _options: Options,
        #[zbus(connection)] bus: &Connection,
    ) -> (u32, Options) {
        created(&self.0, bus, session).await
    }

    fn select_devices(
        &self,
        _request: OwnedObjectPath,
        session: OwnedObjectPath,
        _app: String,
        options: Options,
    ) -> (u32, Options) {
        let mut inside = self.0.lock().unwrap();
        let Some(given) = inside.sessions.get_mut(session.as_str()) else { return (2, Options::new()) };
        given.devices = number(&options, "types");
        (0, Options::new())
    }

    async fn start(
        &self,
        _request: OwnedObjectPath,
        session: OwnedObjectPath,
        _app: String,
        _window: String,
        _options: Options,
        #[zbus(connection)] bus: &Connection,
    ) -> (u32, Options) {
        started(&self.0, bus, session.as_str(), true).await
    }

    async fn notify_keyboard_keycode(
        &self,
        session: OwnedObjectPath,
        _options: Options,
        code: i32,
        state: u32,
        #[zbus(connection)] bus: &Connection,
    ) {
        self.mutter(bus, &session, "NotifyKeyboardKeycode", &(code as u32, state == 1)).await;
    }

    async fn notify_keyboard_keysym(
        &self,
        session: OwnedObjectPath,
        _options: Options,
        keysym: i32,
        state: u32,
        #[zbus(connection)] bus: &Connection,
    ) {
        self.mutter(bus, &session, "NotifyKeyboardKeysym", &(keysym as u32, state == 1)).await;
    }

    async fn notify_pointer_motion(
        &self,
        session: OwnedObjectPath,
        _options: Options,
        dx: f64,
        dy: f64,
        #[zbus(connection)] bus: &Connection,
    ) {
        self.mutter(bus, &session, "NotifyPointerMotionRelative", &(dx, dy)).await;
    }

    async fn notify_pointer_motion_absolute(
        &self,
        session: OwnedObjectPath,
        _options: Options,
        stream: u32,
        x: f64,
        y: f64,
        #[zbus(connection)] bus: &Connection,
    ) {
        let path = {
            let inside = self.0.lock().unwrap();
            let given = inside.sessions.get(session.as_str());
            let streams = given.into_iter().flat_map(|given| &given.streams);
            streams.filter(|(_, node)| *node == stream).map(|(path, _)| path.to_string()).next()
        };
        let Some(path) = path else { return };
        self.mutter(bus, &session, "NotifyPointerMotionAbsolute", &(path, x, y)).await;
    }

    async fn notify_pointer_button(
        &self,
        session: OwnedObjectPath,
        _options: Options,
        button: i32,
        state: u32,
        #[zbus(connection)] bus: &Connection,
    ) {
        self.mutter(bus, &session, "NotifyPointerButton", &(button, state == 1)).await;
    }

    async fn notify_pointer_axis(
        &self,
        session: OwnedObjectPath,
        options: Options,
        dx: f64,
        dy: f64,
        #[zbus(connection)] bus: &Connection,
    ) {
        let finish = options.get("finish").is_some_and(|it| bool::try_from(it).unwrap_or(false));
        self.mutter(bus, &session, "NotifyPointerAxis", &(dx, dy, u32::from(finish))).await;
    }

    async fn notify_pointer_axis_discrete(
        &self,
        session: OwnedObjectPath,
        _options: Options,
        axis: u32,
        steps: i32,
        #[zbus(connection)] bus: &Connection,
    ) {
        self.mutter(bus, &session, "NotifyPointerAxisDiscrete", &(axis, steps)).await;
    }

    #[zbus(property)]
    fn available_device_types(&self) -> u32 {
        3
    }

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        1
    }
}

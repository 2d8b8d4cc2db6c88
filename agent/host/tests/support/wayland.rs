//! A Wayland desktop of the tests' own: the compositor mutter without a screen, a session bus, PipeWire and
//! xdg-desktop-portal, each the real program; a steward that answers the portal's question in place of a person (see
//! [`steward`]); and a program on the desktop that covers its screen.
#![allow(
    dead_code,
    missing_docs,
    unused_imports,
    clippy::unwrap_used,
    reason = "each test file uses a part of it"
)]

#[path = "steward.rs"]
pub mod steward;

use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use tempfile::TempDir;
use wayland_client::globals::{GlobalListContents, registry_queue_init};
use wayland_client::protocol::{
    wl_buffer, wl_callback, wl_compositor, wl_keyboard, wl_pointer, wl_registry, wl_seat, wl_shm,
    wl_shm_pool, wl_surface,
};
use wayland_client::{Connection, Dispatch, EventQueue, QueueHandle, WEnum, delegate_noop};
use wayland_protocols::xdg::shell::client::{xdg_surface, xdg_toplevel, xdg_wm_base};

pub use self::steward::{Answer, Steward};

/// How long a test waits for something that must come.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// What is needed; each is in the Debian package of its name.
const PROGRAMS: [&str; 5] = [
    "/usr/bin/dbus-daemon",
    "/usr/bin/mutter",
    "/usr/bin/pipewire",
    "/usr/bin/wireplumber",
    "/usr/libexec/xdg-desktop-portal",
];

/// Where the test command has installed all of it, that it cannot run is no reason to leave tests out.
const REQUIRED: &str = "FARHAND_REQUIRE_WAYLAND";

fn left_out(why: &str) {
    assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and {why}");
    eprintln!("not tried on Wayland: {why}");
}

/// The desktop, gone when dropped.
pub struct Desktop {
    children: Vec<Child>,
    pub steward: Option<Steward>,
    folder: TempDir,
}

impl Desktop {
    /// Starts it with a monitor of each size; says what is missing where it cannot.
    pub fn start(monitors: &[(u32, u32)]) -> Option<Self> {
        let missing: Vec<&str> = PROGRAMS.into_iter().filter(|path| !Path::new(path).exists()).collect();
        if !missing.is_empty() {
            left_out(&format!("this machine lacks {}", missing.join(", ")));
            return None;
        }
        let folder = tempfile::Builder::new().prefix("farhand-wayland").tempdir().unwrap();
        let mut desktop = Self { children: Vec::new(), steward: None, folder };
        for name in ["run", "config", "home", "portals"] {
            fs::create_dir(desktop.at(name)).unwrap();
        }
        fs::set_permissions(desktop.at("run"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(
            desktop.at("portals/steward.portal"),
            format!(
                "[portal]\nDBusName={}\nInterfaces=org.freedesktop.impl.portal.ScreenCast;\
                 org.freedesktop.impl.portal.RemoteDesktop;\nUseIn=farhand\n",
                steward::NAME
            ),
        )
        .unwrap();
        // A bus that starts no program by itself.
        fs::write(
            desktop.at("bus"),
            format!(
                "<busconfig><type>session</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>\
                 <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\
                 <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
                desktop.at("run/bus").display()
            ),
        )
        .unwrap();
        let config = format!("--config-file={}", desktop.at("bus").display());
        desktop.run(Command::new("/usr/bin/dbus-daemon").args(["--nofork", "--nopidfile", &config]));
        desktop.run(&mut Command::new("/usr/bin/pipewire"));
        desktop.appears("bus");
        desktop.appears("pipewire-0");
        desktop.run(&mut Command::new("/usr/bin/wireplumber"));
        let mut compositor = Command::new("/usr/bin/mutter");
        compositor.args(["--headless", "--wayland", "--no-x11", "--wayland-display", "wayland-0"]);
        for (width, height) in monitors {
            compositor.arg("--virtual-monitor").arg(format!("{width}x{height}"));
        }
        desktop.run(&mut compositor);
        let (shown, mut over) = (desktop.at("run/wayland-0"), None);
        let compositor = desktop.children.len() - 1;
        let until = Instant::now() + PATIENCE;
        while !shown.exists() && over.is_none() {
            assert!(Instant::now() < until, "the compositor shows nothing: {}", desktop.said());
            pause();
            over = desktop.children[compositor].try_wait().unwrap();
        }
        if let Some(over) = over {
            left_out(&format!("the compositor cannot start here ({over}): {}", desktop.said()));
            return None;
        }
        desktop.answers("org.gnome.Mutter.RemoteDesktop");
        desktop.answers("org.gnome.Mutter.ScreenCast");
        desktop.steward = Some(Steward::start(&desktop.bus(), monitors.len()));
        desktop.run(&mut Command::new("/usr/libexec/xdg-desktop-portal"));
        desktop.answers("org.freedesktop.portal.Desktop");
        Some(desktop)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The session bus's address.
    pub fn bus(&self) -> String {
        format!("unix:path={}", self.at("run/bus").display())
    }

    pub fn steward(&self) -> &Steward {
        self.steward.as_ref().unwrap()
    }

    /// Runs a program on it for as long as it is there.
    fn run(&mut self, command: &mut Command) {
        let log = File::create(self.at(&format!("log-{}", self.children.len()))).unwrap();
        let command = command
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env("XDG_RUNTIME_DIR", self.at("run"))
            .env("XDG_CONFIG_HOME", self.at("config"))
            .env("HOME", self.at("home"))
            .env("XDG_CURRENT_DESKTOP", "farhand")
            .env("XDG_DESKTOP_PORTAL_DIR", self.at("portals"))
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus())
            .env("DBUS_SYSTEM_BUS_ADDRESS", self.bus())
            .env("GSETTINGS_BACKEND", "memory")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.children.push(command.spawn().unwrap());
    }

    /// Waits for a file among those of the session.
    fn appears(&self, name: &str) {
        let path = self.at("run").join(name);
        self.until(name, || path.exists());
    }

    /// Waits until somebody has this name on the bus.
    fn answers(&self, name: &str) {
        let bus = self.bus();
        let bus = zbus::blocking::connection::Builder::address(bus.as_str()).unwrap().build().unwrap();
        self.until(name, || {
            let asked = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
            let has = bus.call_method(Some(asked.0), asked.1, Some(asked.0), "NameHasOwner", &name).unwrap();
            has.body().deserialize::<bool>().unwrap()
        });
    }

    fn until(&self, what: &str, is: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is() {
            assert!(Instant::now() < until, "{what} did not come: {}", self.said());
            pause();
        }
    }

    /// What its programs wrote.
    pub fn said(&self) -> String {
        let log = |number| fs::read_to_string(self.at(&format!("log-{number}"))).unwrap_or_default();
        (0..self.children.len()).map(log).collect::<Vec<_>>().join("---\n")
    }

    /// A program that covers the screen.
    pub fn painter(&self) -> Painter {
        let until = Instant::now() + PATIENCE;
        loop {
            // A busy compositor may give a new window neither keyboard nor pointer; the next one gets them.
            if let Some(painter) = Painter::new(&self.at("run/wayland-0")) {
                return painter;
            }
            assert!(Instant::now() < until, "no window gets keyboard and pointer: {}", self.said());
        }
    }

    /// As if its session crashed.
    pub fn end(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a program on the desktop got.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Got {
    Key(u32, bool),
    Button(u32, bool, f64, f64),
    /// Downwards, and in the compositor's measure.
    Wheel(f64),
}

/// A program that covers the screen and can be painted on.
pub struct Painter {
    queue: EventQueue<Inside>,
    inside: Inside,
    surface: wl_surface::WlSurface,
    buffer: wl_buffer::WlBuffer,
    file: File,
    /// What it shows: blue, green, red.
    pub painted: Vec<[u8; 3]>,
}

#[derive(Default)]
struct Inside {
    /// What the pointer looks like over it.
    shape: Option<(wl_surface::WlSurface, wl_buffer::WlBuffer)>,
    size: Option<(i32, i32)>,
    configured: bool,
    released: bool,
    framed: bool,
    at: (f64, f64),
    got: Vec<Got>,
    seat: (Option<wl_keyboard::WlKeyboard>, Option<wl_pointer::WlPointer>),
    focused: bool,
    entered: bool,
}

impl Painter {
    /// None where it gets no keyboard or no pointer.
    fn new(socket: &Path) -> Option<Self> {
        let connection = Connection::from_socket(UnixStream::connect(socket).unwrap()).unwrap();
        let (globals, mut queue) = registry_queue_init::<Inside>(&connection).unwrap();
        let handle = queue.handle();
        let compositor: wl_compositor::WlCompositor = globals.bind(&handle, 4..=4, ()).unwrap();
        let memory: wl_shm::WlShm = globals.bind(&handle, 1..=1, ()).unwrap();
        let shell: xdg_wm_base::XdgWmBase = globals.bind(&handle, 1..=1, ()).unwrap();
        let _seat: Option<wl_seat::WlSeat> = globals.bind(&handle, 1..=5, ()).ok();
        let surface = compositor.create_surface(&handle, ());
        let xdg = shell.get_xdg_surface(&surface, &handle, ());
        let top = xdg.get_toplevel(&handle, ());
        top.set_title("painted".to_owned());
        top.set_app_id("org.farhand.painter".to_owned());
        top.set_fullscreen(None);
        surface.commit();
        let shape = compositor.create_surface(&handle, ());
        let (_memory, pixels) = sheet(&memory, &handle, (8, 8));
        let mut inside = Inside { shape: Some((shape, pixels)), ..Inside::default() };
        let until = Instant::now() + PATIENCE;
        while !inside.configured {
            assert!(Instant::now() < until, "the compositor does not place it");
            pump(&mut queue, &mut inside, until);
        }
        // Some compositors say how large the screen is only when there is something to be seen.
        let (_small, buffer) = sheet(&memory, &handle, (16, 16));
        surface.attach(Some(&buffer), 0, 0);
        surface.commit();
        while inside.size.is_none_or(|(width, _)| width == 0) {
            assert!(Instant::now() < until, "the compositor does not say how large the screen is");
            pump(&mut queue, &mut inside, until);
        }
        let size = inside.size.unwrap();
        let (file, buffer) = sheet(&memory, &handle, size);
        let painted = vec![[0x77, 0x55, 0x33]; (size.0 * size.1) as usize];
        let mut painter = Self { queue, inside, surface, buffer, file, painted };
        painter.show((0, 0, size.0, size.1));
        // It has the keyboard and lies under the pointer, whose shape it has said.
        let until = Instant::now() + PATIENCE / 6;
        while !(painter.inside.focused && painter.inside.entered) {
            if Instant::now() >= until {
                return None;
            }
            pump(&mut painter.queue, &mut painter.inside, until);
        }
        painter.queue.flush().unwrap();
        painter.inside.got.clear();
        Some(painter)
    }

    pub fn size(&self) -> (u32, u32) {
        let (width, height) = self.inside.size.unwrap();
        (width as u32, height as u32)
    }

    /// Paints a rectangle and waits until the compositor shows it.
    pub fn fill(&mut self, (x, y, w, h): (u32, u32, u32, u32), [blue, green, red]: [u8; 3]) {
        let (width, height) = self.size();
        let (w, h) = (w.min(width.saturating_sub(x)), h.min(height.saturating_sub(y)));
        if w == 0 || h == 0 {
            return;
        }
        let line = [blue, green, red, 0xff].repeat(w as usize);
        for row in y..y + h {
            let at = row * width + x;
            self.file.write_all_at(&line, u64::from(at * 4)).unwrap();
            self.painted[at as usize..(at + w) as usize].fill([blue, green, red]);
        }
        self.show((x as i32, y as i32, w as i32, h as i32));
    }

    fn show(&mut self, (x, y, w, h): (i32, i32, i32, i32)) {
        self.inside.framed = false;
        self.surface.attach(Some(&self.buffer), 0, 0);
        self.surface.damage_buffer(x, y, w, h);
        self.surface.frame(&self.queue.handle(), ());
        self.surface.commit();
        let until = Instant::now() + PATIENCE;
        while !self.inside.framed {
            assert!(Instant::now() < until, "the compositor does not show it");
            pump(&mut self.queue, &mut self.inside, until);
        }
    }

    /// What arrives next, if it does within the time.
    pub fn next(&mut self, within: Duration) -> Option<Got> {
        let until = Instant::now() + within;
        loop {
            if !self.inside.got.is_empty() {
                return Some(self.inside.got.remove(0));
            }
            if until <= Instant::now() {
                return None;
            }
            pump(&mut self.queue, &mut self.inside, until);
        }
    }
}

/// A moment before one looks again.
pub fn pause() {
    rustix::event::poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: 20_000_000 })).unwrap();
}

/// Takes in what the compositor says, or waits until the time has come.
fn pump(queue: &mut EventQueue<Inside>, inside: &mut Inside, until: Instant) {
    queue.flush().unwrap();
    if let Some(guard) = queue.prepare_read() {
        let left = Timespec::try_from(until.saturating_duration_since(Instant::now())).unwrap();
        let fd = guard.connection_fd();
        let ready = rustix::event::poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&left)).unwrap() > 0;
        if ready {
            // Another reader may have been faster.
            let _ = guard.read();
        }
    }
    queue.dispatch_pending(inside).unwrap();
}

/// Memory that the compositor shows.
fn sheet(
    memory: &wl_shm::WlShm,
    handle: &QueueHandle<Inside>,
    (width, height): (i32, i32),
) -> (File, wl_buffer::WlBuffer) {
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(&[0x77, 0x55, 0x33, 0xff].repeat((width * height) as usize), 0).unwrap();
    let pool = memory.create_pool(file.as_fd(), width * height * 4, handle, ());
    let format = wl_shm::Format::Xrgb8888;
    let buffer = pool.create_buffer(0, width, height, width * 4, format, handle, ());
    (file, buffer)
}

delegate_noop!(Inside: ignore wl_compositor::WlCompositor);
delegate_noop!(Inside: ignore wl_shm::WlShm);
delegate_noop!(Inside: ignore wl_shm_pool::WlShmPool);
delegate_noop!(Inside: ignore wl_surface::WlSurface);
delegate_noop!(Inside: ignore wl_buffer::WlBuffer);

impl Dispatch<wl_registry::WlRegistry, GlobalListContents> for Inside {
    fn event(
        _: &mut Self,
        _: &wl_registry::WlRegistry,
        _: wl_registry::Event,
        _: &GlobalListContents,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}

impl Dispatch<wl_callback::WlCallback, ()> for Inside {
    fn event(
        state: &mut Self,
        _: &wl_callback::WlCallback,
        _: wl_callback::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        state.framed = true;
    }
}

impl Dispatch<xdg_wm_base::XdgWmBase, ()> for Inside {
    fn event(
        _: &mut Self,
        shell: &xdg_wm_base::XdgWmBase,
        event: xdg_wm_base::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let xdg_wm_base::Event::Ping { serial } = event {
            shell.pong(serial);
        }
    }
}

impl Dispatch<xdg_surface::XdgSurface, ()> for Inside {
    fn event(
        state: &mut Self,
        surface: &xdg_surface::XdgSurface,
        event: xdg_surface::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let xdg_surface::Event::Configure { serial } = event {
            surface.ack_configure(serial);
            state.configured = true;
        }
    }
}

impl Dispatch<xdg_toplevel::XdgToplevel, ()> for Inside {
    fn event(
        state: &mut Self,
        _: &xdg_toplevel::XdgToplevel,
        event: xdg_toplevel::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let xdg_toplevel::Event::Configure { width, height, .. } = event
            && state.size.is_none_or(|(known, _)| known == 0)
        {
            state.size = Some((width, height));
        }
    }
}

impl Dispatch<wl_seat::WlSeat, ()> for Inside {
    fn event(
        state: &mut Self,
        seat: &wl_seat::WlSeat,
        event: wl_seat::Event,
        (): &(),
        _: &Connection,
        handle: &QueueHandle<Self>,
    ) {
        if let wl_seat::Event::Capabilities { capabilities: WEnum::Value(has) } = event {
            if has.contains(wl_seat::Capability::Keyboard) && state.seat.0.is_none() {
                state.seat.0 = Some(seat.get_keyboard(handle, ()));
            }
            if has.contains(wl_seat::Capability::Pointer) && state.seat.1.is_none() {
                state.seat.1 = Some(seat.get_pointer(handle, ()));
            }
        }
    }
}

impl Dispatch<wl_keyboard::WlKeyboard, ()> for Inside {
    fn event(
        state: &mut Self,
        _: &wl_keyboard::WlKeyboard,
        event: wl_keyboard::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        match event {
            wl_keyboard::Event::Key { key, state: WEnum::Value(to), .. } => {
                state.got.push(Got::Key(key, to == wl_keyboard::KeyState::Pressed));
            }
            wl_keyboard::Event::Enter { .. } => state.focused = true,
            wl_keyboard::Event::Leave { .. } => state.focused = false,
            _ => {}
        }
    }
}

impl Dispatch<wl_pointer::WlPointer, ()> for Inside {
    fn event(
        state: &mut Self,
        pointer: &wl_pointer::WlPointer,
        event: wl_pointer::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        match event {
            wl_pointer::Event::Enter { serial, surface_x, surface_y, .. } => {
                if let Some((shape, pixels)) = &state.shape {
                    pointer.set_cursor(serial, Some(shape), 2, 1);
                    shape.attach(Some(pixels), 0, 0);
                    shape.damage_buffer(0, 0, 8, 8);
                    shape.commit();
                }
                state.entered = true;
                state.at = (surface_x, surface_y);
            }
            wl_pointer::Event::Motion { surface_x, surface_y, .. } => state.at = (surface_x, surface_y),
            wl_pointer::Event::Button { button, state: WEnum::Value(to), .. } => {
                let down = to == wl_pointer::ButtonState::Pressed;
                state.got.push(Got::Button(button, down, state.at.0, state.at.1));
            }
            wl_pointer::Event::Axis {
                axis: WEnum::Value(wl_pointer::Axis::VerticalScroll), value, ..
            } => {
                state.got.push(Got::Wheel(value));
            }
            _ => {}
        }
    }
}

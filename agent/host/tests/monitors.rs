//! What each back end promises of monitors, shared windows and windows that must not be seen: the same on a display and
//! on a screen in memory.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use farhand_agent_host::capture::fake::FakeScreen;
use farhand_agent_host::capture::{Backend, Capturer, Geometry, Rect, open_capturer_on};
use farhand_agent_host::monitors::fake::FakeDesktop;
use farhand_agent_host::monitors::scene::{Client as SceneClient, Focus, Top};
use farhand_agent_host::monitors::{
    self, Area, Choice, Desktop as _, Monitor, Share, View, WindowEffect, WindowMark, WindowRule,
};
use support::{Desktop, Numbers, PATIENCE};
use x11rb::connection::Connection as _;
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

mod support;

const SCREEN: Area = Area { x: 0, y: 0, width: 800, height: 400 };
const LEFT: Area = Area { x: 0, y: 0, width: 480, height: 400 };
const RIGHT: Area = Area { x: 480, y: 0, width: 320, height: 400 };
const SECRET: u32 = 0xfe_01_fd;
const PLAIN: u32 = 0x20_80_40;
const OTHER: u32 = 0xc0_50_10;

fn area(x: i32, y: i32, width: u32, height: u32) -> Area {
    Area { x, y, width, height }
}

/// A desktop that the test arranges.
trait Rig {
    fn capturer(&self) -> Box<dyn Capturer>;
    fn set_monitors(&mut self, places: &[Area]);
    /// A window of one colour, above all others. Returns its number.
    fn open(&mut self, program: &str, title: &str, place: Area, colour: u32) -> u32;
    fn place(&mut self, window: u32, place: Area);
    fn close(&mut self, window: u32);
    fn focus(&mut self, window: u32);
    fn look(&mut self) -> monitors::Shareable;
}

struct Display {
    desktop: Desktop,
    connection: RustConnection,
    root: xproto::Window,
    set: Vec<u32>,
    /// Each window is of a program of its own.
    programs: Vec<RustConnection>,
}

impl Display {
    fn start() -> Self {
        let desktop = Desktop::start(SCREEN.width, SCREEN.height);
        let (connection, screen) = RustConnection::connect(Some(&desktop.display)).unwrap();
        let root = connection.setup().roots[screen].root;
        Self { desktop, connection, root, set: Vec::new(), programs: Vec::new() }
    }
}

fn open_window(
    connection: &RustConnection,
    root: u32,
    (program, title): (&str, &str),
    place: Area,
    colour: u32,
) -> u32 {
    let window = connection.generate_id().unwrap();
    let aux = xproto::CreateWindowAux::new().background_pixel(colour);
    let (width, height) = (place.width as u16, place.height as u16);
    let kind = xproto::WindowClass::INPUT_OUTPUT;
    let (x, y) = (place.x as i16, place.y as i16);
    connection.create_window(0, window, root, x, y, width, height, 0, kind, 0, &aux).unwrap();
    let class = format!("{program}\0{program}\0");
    let string = xproto::AtomEnum::STRING;
    let replace = xproto::PropMode::REPLACE;
    connection
        .change_property8(replace, window, xproto::AtomEnum::WM_CLASS, string, class.as_bytes())
        .unwrap();
    connection
        .change_property8(replace, window, xproto::AtomEnum::WM_NAME, string, title.as_bytes())
        .unwrap();
    connection.map_window(window).unwrap();
    connection.sync().unwrap();
    window
}

impl Rig for Display {
    fn capturer(&self) -> Box<dyn Capturer> {
        open_capturer_on(Backend::X11, Some(&self.desktop.display)).unwrap()
    }

    fn set_monitors(&mut self, places: &[Area]) {
        for name in self.set.drain(..) {
            self.connection.randr_delete_monitor(self.root, name).unwrap();
        }
        for (at, place) in places.iter().enumerate() {
            let name = format!("M{}", at + 1);
            let name = self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
            self.set.push(name);
            // The first takes the display's only output, and with it the place of the monitor that was there before.
            let resources = self.connection.randr_get_screen_resources(self.root).unwrap().reply().unwrap();
            let outputs = if at == 0 { resources.outputs } else { Vec::new() };
            let monitor = randr::MonitorInfo {
                name,
                primary: at == 0,
                automatic: false,
                x: place.x as i16,
                y: place.y as i16,
                width: place.width as u16,
                height: place.height as u16,
                width_in_millimeters: 100,
                height_in_millimeters: 100,
                outputs,
            };
            self.connection.randr_set_monitor(self.root, monitor).unwrap().check().unwrap();
        }
        self.connection.sync().unwrap();
    }

    fn open(&mut self, program: &str, title: &str, place: Area, colour: u32) -> u32 {
        let (connection, _) = RustConnection::connect(Some(&self.desktop.display)).unwrap();
        let window = open_window(&connection, self.root, (program, title), place, colour);
        self.programs.push(connection);
        window
    }

    fn place(&mut self, window: u32, place: Area) {
        let aux =
            xproto::ConfigureWindowAux::new().x(place.x).y(place.y).width(place.width).height(place.height);
        self.connection.configure_window(window, &aux).unwrap();
        self.connection.sync().unwrap();
    }

    fn close(&mut self, window: u32) {
        self.connection.destroy_window(window).unwrap();
        self.connection.sync().unwrap();
    }

    fn focus(&mut self, window: u32) {
        let parent = xproto::InputFocus::POINTER_ROOT;
        self.connection.set_input_focus(parent, window, x11rb::CURRENT_TIME).unwrap();
        self.connection.sync().unwrap();
    }

    fn look(&mut self) -> monitors::Shareable {
        let display = Some(self.desktop.display.as_str());
        monitors::open_desktop_on(monitors::Backend::X11, display).unwrap().look(&[]).unwrap()
    }
}

struct Memory {
    screen: FakeScreen,
    desktop: FakeDesktop,
    colours: Vec<(u32, u32)>,
}

impl Memory {
    fn start() -> Self {
        let screen = FakeScreen::new(Geometry { width: SCREEN.width, height: SCREEN.height });
        Self { screen, desktop: FakeDesktop::default(), colours: Vec::new() }
    }

    fn paint(&self) {
        let rect = |place: Area| {
            let place = place.overlap(SCREEN).unwrap_or_default();
            Rect { x: place.x as u32, y: place.y as u32, w: place.width, h: place.height }
        };
        self.screen.set_desktop(self.desktop.clone());
        self.screen.fill(rect(SCREEN), [0; 4]);
        for top in &self.desktop.windows {
            let colour = self.colours.iter().find(|(id, _)| *id == top.id).unwrap().1;
            self.screen.fill(rect(top.area), colour.to_le_bytes());
        }
    }
}

impl Rig for Memory {
    fn capturer(&self) -> Box<dyn Capturer> {
        Box::new(self.screen.capturer())
    }

    fn set_monitors(&mut self, places: &[Area]) {
        let monitor = |(at, place): (usize, &Area)| Monitor {
            id: at as u32 + 1,
            name: format!("M{}", at + 1),
            area: *place,
            scale: 100,
            primary: at == 0,
        };
        self.desktop.monitors = places.iter().enumerate().map(monitor).collect();
        self.paint();
    }

    fn open(&mut self, program: &str, title: &str, place: Area, colour: u32) -> u32 {
        let id = 0x100 * (self.colours.len() as u32 + 1);
        let client = SceneClient {
            id,
            programs: vec![program.into()],
            title: title.into(),
            owner: id,
            transient_for: None,
        };
        let opaque = vec![Area { x: 0, y: 0, ..place }];
        self.colours.push((id, colour));
        let clients = Some(vec![client]);
        self.desktop.windows.push(Top { id, area: place, mapped: true, opaque, clients, ..Top::default() });
        self.paint();
        id
    }

    fn place(&mut self, window: u32, place: Area) {
        let top = self.desktop.windows.iter_mut().find(|top| top.id == window).unwrap();
        top.area = place;
        top.opaque = vec![Area { x: 0, y: 0, ..place }];
        self.paint();
    }

    fn close(&mut self, window: u32) {
        self.desktop.windows.retain(|top| top.id != window);
        self.paint();
    }

    fn focus(&mut self, window: u32) {
        self.desktop.focus = Focus::Window(window);
        self.paint();
    }

    fn look(&mut self) -> monitors::Shareable {
        self.desktop.look(&[]).unwrap()
    }
}

fn on_both(promise: fn(&mut dyn Rig)) {
    promise(&mut Memory::start());
    promise(&mut Display::start());
}

struct Frame {
    area: Area,
    pixels: Vec<u32>,
}

impl Frame {
    fn at(&self, x: i32, y: i32) -> u32 {
        assert!(self.area.contains(x, y), "{x} {y} is not in {:?}", self.area);
        let (x, y) = ((x - self.area.x) as usize, (y - self.area.y) as usize);
        self.pixels[y * self.area.width as usize + x]
    }

    fn shows(&self, colour: u32) -> bool {
        self.pixels.contains(&colour)
    }
}

fn grab(capturer: &mut dyn Capturer) -> Frame {
    let captured = capturer.grab().unwrap();
    let frame = captured.frame;
    assert!(frame.is_consistent());
    assert_eq!((frame.width, frame.height), (captured.area.width, captured.area.height));
    for rect in captured.damage {
        assert!(rect.x + rect.w <= frame.width && rect.y + rect.h <= frame.height, "{rect:?}");
    }
    let mut pixels = Vec::new();
    for row in frame.pixels.chunks(frame.stride).take(frame.height as usize) {
        let row = row[..frame.width as usize * 4].chunks_exact(4);
        pixels.extend(row.map(|p| u32::from_le_bytes([p[0], p[1], p[2], 0])));
    }
    Frame { area: captured.area, pixels }
}

/// Waits until a frame is as it should be.
fn until(capturer: &mut dyn Capturer, what: &str, is: impl Fn(&Frame) -> bool) -> Frame {
    let end = Instant::now() + PATIENCE;
    loop {
        let frame = grab(capturer);
        if is(&frame) {
            return frame;
        }
        assert!(Instant::now() < end, "{what} did not come; the picture shows {:?}", frame.area);
        capturer.wait(Some(Instant::now() + Duration::from_millis(100))).unwrap();
    }
}

fn view(share: Share, choice: Choice) -> View {
    View { share, choice, ..View::default() }
}

fn listed(capturer: &dyn Capturer) -> Vec<Area> {
    capturer.seen().monitors.list.iter().map(|monitor| monitor.area).collect()
}

#[test]
fn the_chosen_monitor_is_shown_and_the_list_follows_the_monitors() {
    on_both(|rig| {
        rig.set_monitors(&[LEFT, RIGHT]);
        rig.open("one", "one", area(10, 10, 50, 50), PLAIN);
        rig.open("two", "two", area(500, 10, 50, 50), OTHER);
        let mut capturer = rig.capturer();
        let all = until(capturer.as_mut(), "both", |frame| frame.shows(PLAIN) && frame.shows(OTHER));
        assert_eq!(all.area, SCREEN);
        assert_eq!(listed(capturer.as_ref()), [LEFT, RIGHT]);
        let second = capturer.seen().monitors.list[1].id;
        capturer.set_view(view(Share::Everything, Choice::One { id: second })).unwrap();
        let frame = grab(capturer.as_mut());
        assert_eq!(frame.area, RIGHT, "at once");
        assert_eq!((frame.at(505, 15), frame.shows(PLAIN)), (OTHER, false));
        let shorter = area(480, 0, 320, 200);
        rig.set_monitors(&[LEFT, shorter]);
        let until_area = |capturer: &mut dyn Capturer, wanted| {
            until(capturer, "another area", |frame| frame.area == wanted)
        };
        // On a display its number is another after it was set anew, as after it was plugged out and in.
        let listed_after = |capturer: &mut dyn Capturer, wanted: &[Area]| {
            let end = Instant::now() + PATIENCE;
            while listed(capturer) != wanted {
                assert!(Instant::now() < end, "{:?} is not {wanted:?}", listed(capturer));
                capturer.wait(Some(Instant::now() + Duration::from_millis(100))).unwrap();
            }
        };
        listed_after(capturer.as_mut(), &[LEFT, shorter]);
        let second = capturer.seen().monitors.list[1].id;
        capturer.set_view(view(Share::Everything, Choice::One { id: second })).unwrap();
        assert_eq!(until_area(capturer.as_mut(), shorter).at(505, 15), OTHER);
        rig.set_monitors(&[LEFT]);
        until_area(capturer.as_mut(), SCREEN);
    });
}

#[test]
fn a_shared_monitor_is_all_that_is_ever_seen() {
    on_both(|rig| {
        rig.set_monitors(&[LEFT, RIGHT]);
        rig.open("two", "two", area(500, 10, 50, 50), SECRET);
        let mut capturer = rig.capturer();
        let (first, second) = (capturer.seen().monitors.list[0].id, capturer.seen().monitors.list[1].id);
        for choice in [Choice::All, Choice::One { id: second }, Choice::Pointer] {
            capturer.set_view(view(Share::Monitor(first), choice)).unwrap();
            let frame = grab(capturer.as_mut());
            assert_eq!((frame.area, frame.shows(SECRET)), (LEFT, false), "{choice:?}");
            assert_eq!(listed(capturer.as_ref()), [LEFT]);
        }
    });
}

#[test]
fn a_shared_window_is_followed_and_nothing_of_others_is_seen() {
    on_both(|rig| {
        let shared = rig.open("editor", "text", area(100, 100, 200, 100), PLAIN);
        let mut capturer = rig.capturer();
        capturer.set_view(view(Share::Window(shared), Choice::All)).unwrap();
        let frame = grab(capturer.as_mut());
        assert_eq!(frame.area, area(100, 100, 200, 100));
        assert!(frame.pixels.iter().all(|pixel| *pixel == PLAIN));
        rig.open("chat", "chat", area(250, 90, 200, 50), SECRET);
        let frame = until(capturer.as_mut(), "what lies over it", |frame| frame.at(260, 110) != PLAIN);
        assert!(!frame.shows(SECRET));
        assert_eq!(frame.at(240, 110), PLAIN);
        assert!(capturer.seen().blocked.iter().any(|part| part.contains(260, 110)));
        rig.place(shared, area(300, 200, 150, 120));
        let moved = area(300, 200, 150, 120);
        let frame = until(capturer.as_mut(), "the window's new place", |frame| frame.area == moved);
        assert!(!frame.shows(SECRET));
        rig.focus(shared);
        let keys = |capturer: &mut dyn Capturer, wanted: bool| {
            let end = Instant::now() + PATIENCE;
            while capturer.seen().keys != wanted {
                assert!(Instant::now() < end, "keys are not {wanted}");
                capturer.wait(Some(Instant::now() + Duration::from_millis(100))).unwrap();
            }
        };
        keys(capturer.as_mut(), true);
        let other = rig.open("mail", "mail", area(0, 0, 50, 50), OTHER);
        rig.focus(other);
        keys(capturer.as_mut(), false);
        rig.close(shared);
        let empty = until(capturer.as_mut(), "an empty picture", |frame| !frame.shows(PLAIN));
        assert_eq!((empty.area, empty.shows(SECRET)), (moved, false));
    });
}

#[test]
fn a_password_manager_and_listed_windows_are_covered() {
    on_both(|rig| {
        rig.open("notes", "Salaries", area(10, 10, 80, 80), OTHER);
        let vault = rig.open("KeePassXC", "vault", area(200, 50, 100, 100), SECRET);
        let mut capturer = rig.capturer();
        let frame = grab(capturer.as_mut());
        assert!(!frame.shows(SECRET) && frame.shows(OTHER));
        let rule = WindowRule { effect: WindowEffect::Hide, by: WindowMark::Title, pattern: "salar*".into() };
        capturer.set_view(View { rules: Arc::from([rule]), ..View::default() }).unwrap();
        let frame = grab(capturer.as_mut());
        assert!(!frame.shows(SECRET) && !frame.shows(OTHER));
        assert_eq!(capturer.seen().monitors.hidden, 2);
        let above = rig.open("chat", "chat", area(180, 40, 60, 60), PLAIN);
        let frame = until(capturer.as_mut(), "a window above", |frame| frame.at(220, 80) == PLAIN);
        assert!(!frame.shows(SECRET), "only what another window lies over is seen of its place");
        rig.close(above);
        let frame = until(capturer.as_mut(), "the cover again", |frame| !frame.shows(PLAIN));
        assert!(!frame.shows(SECRET));
        rig.close(vault);
        until(capturer.as_mut(), "what was below", |frame| frame.at(250, 100) == 0);
    });
}

#[test]
fn control_pauses_while_a_listed_window_is_in_front() {
    on_both(|rig| {
        let bank = rig.open("browser", "My Bank", area(10, 10, 80, 80), PLAIN);
        let other = rig.open("notes", "notes", area(200, 10, 80, 80), OTHER);
        let mut capturer = rig.capturer();
        let rule =
            WindowRule { effect: WindowEffect::Pause, by: WindowMark::Title, pattern: "*bank*".into() };
        capturer.set_view(View { rules: Arc::from([rule]), ..View::default() }).unwrap();
        for (window, paused) in [(other, false), (bank, true), (other, false)] {
            rig.focus(window);
            let end = Instant::now() + PATIENCE;
            while capturer.seen().monitors.paused != paused {
                assert!(Instant::now() < end, "paused is not {paused}");
                capturer.wait(Some(Instant::now() + Duration::from_millis(100))).unwrap();
            }
        }
    });
}

#[test]
fn the_customer_is_offered_monitors_and_windows() {
    on_both(|rig| {
        rig.set_monitors(&[LEFT, RIGHT]);
        let first = rig.open("editor", "text", area(100, 100, 200, 100), PLAIN);
        rig.open("KeePassXC", "vault", area(100, 100, 200, 100), SECRET);
        let second = rig.open("mail", "mail", area(100, 100, 200, 100), OTHER);
        let offered = rig.look();
        let places: Vec<_> = offered.monitors.iter().map(|monitor| monitor.area).collect();
        assert_eq!(places, [LEFT, RIGHT]);
        let windows: Vec<_> = offered.windows.iter().map(|window| window.id).collect();
        assert_eq!(windows, [second, first]);
        assert_eq!(offered.windows[1].title, "text");
    });
}

/// Not one frame may show a pixel of it, whatever another program does at the same time.
#[test]
fn no_pixel_of_a_hidden_window_is_in_any_frame_while_it_is_mapped_and_moved() {
    let display = Display::start();
    let (over, moves) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let (name, stop, moved) = (display.desktop.display.clone(), Arc::clone(&over), Arc::clone(&moves));
    let mover = std::thread::spawn(move || {
        let (connection, screen) = RustConnection::connect(Some(&name)).unwrap();
        let root = connection.setup().roots[screen].root;
        let mut numbers = Numbers(7);
        while !stop.load(Ordering::Relaxed) {
            let place = area(numbers.below(600) as i32, numbers.below(300) as i32, 150, 90);
            let window = open_window(&connection, root, ("keepassxc", "vault"), place, SECRET);
            for _ in 0..numbers.below(12) {
                let aux = xproto::ConfigureWindowAux::new()
                    .x(numbers.below(700) as i32 - 20)
                    .y(numbers.below(350) as i32 - 20)
                    .width(40 + numbers.below(200));
                connection.configure_window(window, &aux).unwrap();
                connection.flush().unwrap();
                moved.fetch_add(1, Ordering::Relaxed);
                if numbers.below(3) == 0 {
                    connection.unmap_window(window).unwrap();
                    connection.map_window(window).unwrap();
                    connection.sync().unwrap();
                }
            }
            connection.destroy_window(window).unwrap();
            connection.sync().unwrap();
        }
    });
    let mut capturer = display.capturer();
    let (mut frame, mut covered) = (0, 0);
    let end = Instant::now() + PATIENCE;
    while frame < 150 || covered < 50 || moves.load(Ordering::Relaxed) < 200 {
        let grabbed = grab(capturer.as_mut());
        assert!(!grabbed.shows(SECRET), "frame {frame} shows it");
        covered += u32::from(grabbed.pixels.iter().any(|pixel| *pixel != 0));
        if frame % 3 == 0 {
            capturer.wait(Some(Instant::now())).unwrap();
        }
        frame += 1;
        assert!(
            Instant::now() < end,
            "{covered} of {frame} frames covered, {moves:?} moves: too little was tried"
        );
    }
    over.store(true, Ordering::Relaxed);
    mover.join().unwrap();
    // And with the window at rest: exactly its place is covered, once what was hidden before it no longer is.
    let mut display = display;
    display.open("keepassxc", "vault", area(30, 40, 50, 60), SECRET);
    let places = [(30, 40, true), (79, 99, true), (29, 40, false), (80, 99, false), (79, 100, false)];
    until(capturer.as_mut(), "the cover of its place alone", |frame| {
        places.iter().all(|(x, y, hidden)| (frame.at(*x, *y) != 0) == *hidden)
    });
}

/// A window manager puts a program's window into a frame of its own; the frame is covered with it.
#[test]
fn a_window_managers_frame_is_covered_with_what_is_in_it() {
    let mut display = Display::start();
    let mut capturer = display.capturer();
    let frame = display.open("", "", area(100, 100, 200, 150), OTHER);
    let client = display.open("Bitwarden", "vault", area(0, 0, 180, 100), SECRET);
    until(capturer.as_mut(), "the frame", |shown| shown.at(250, 240) == OTHER);
    display.connection.reparent_window(client, frame, 10, 30).unwrap();
    display.connection.sync().unwrap();
    let shown = until(capturer.as_mut(), "the cover", |shown| shown.at(250, 240) != OTHER);
    assert!(!shown.shows(SECRET) && !shown.shows(OTHER));
    assert_eq!(capturer.seen().monitors.hidden, 1);
    until(capturer.as_mut(), "where it came from", |shown| shown.at(50, 50) == 0);
}

#[test]
fn a_frame_of_many_parts_is_covered_with_what_is_in_it() {
    let mut display = Display::start();
    let mut capturer = display.capturer();
    let frame = display.open("", "", area(100, 100, 200, 150), OTHER);
    until(capturer.as_mut(), "the frame", |shown| shown.at(250, 240) == OTHER);
    let aux = xproto::CreateWindowAux::new();
    for _ in 0..60 {
        let part = display.connection.generate_id().unwrap();
        let kind = xproto::WindowClass::INPUT_OUTPUT;
        display.connection.create_window(0, part, frame, 0, 0, 5, 5, 0, kind, 0, &aux).unwrap();
    }
    let client = display.open("Bitwarden", "vault", area(0, 0, 180, 100), SECRET);
    display.connection.reparent_window(client, frame, 10, 30).unwrap();
    display.connection.sync().unwrap();
    let shown = until(capturer.as_mut(), "the cover", |shown| shown.at(250, 240) != OTHER);
    assert!(!shown.shows(SECRET) && !shown.shows(OTHER));
    assert_eq!(capturer.seen().monitors.hidden, 1);
    let ordinary = display.open("editor", "notes", area(0, 0, 50, 50), PLAIN);
    until(capturer.as_mut(), "another window", |shown| shown.at(20, 20) == PLAIN);
    let offered = display.look().windows;
    assert_eq!(offered.iter().map(|window| window.id).collect::<Vec<_>>(), [ordinary]);
}

#[test]
fn the_scale_is_the_desktops_and_is_followed() {
    let mut display = Display::start();
    display.set_monitors(&[LEFT]);
    let mut capturer = display.capturer();
    assert_eq!(capturer.seen().monitors.list[0].scale, 100);
    let replace = xproto::PropMode::REPLACE;
    let (property, kind) = (xproto::AtomEnum::RESOURCE_MANAGER, xproto::AtomEnum::STRING);
    let text = b"Xcursor.size:\t24\nXft.dpi:\t144\n";
    display.connection.change_property8(replace, display.root, property, kind, text).unwrap();
    display.connection.sync().unwrap();
    let end = Instant::now() + PATIENCE;
    while capturer.seen().monitors.list[0].scale != 150 {
        assert!(Instant::now() < end, "the scale was not told");
        capturer.wait(Some(Instant::now() + Duration::from_millis(100))).unwrap();
    }
}

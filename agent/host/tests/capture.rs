//! What every capturer promises, kept against a real X server and against the fake one.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::{Duration, Instant};

use farhand_agent_host::capture::fake::FakeScreen;
#[cfg(all(target_os = "linux", feature = "scrap"))]
use farhand_agent_host::capture::open_capturer;
use farhand_agent_host::capture::{
    Backend, CaptureError, Capturer, Geometry, Happened, Rect, open_capturer_on,
};
use support::{Client, Desktop, Numbers, PATIENCE, colours};

const WIDTH: u32 = 1024;
const HEIGHT: u32 = 600;
/// Long enough for a wrong event to show up; nothing waits for it that has something else to do.
const QUIET: Duration = Duration::from_millis(300);

/// A screen on which a test paints while a capturer looks at it.
trait Stage {
    fn capturer(&self) -> Box<dyn Capturer>;
    fn fill(&self, x: u32, y: u32, w: u32, h: u32, colour: [u8; 3]);
    /// The true colours, had on another way.
    fn truth(&self) -> Vec<[u8; 3]>;
}

struct X11 {
    client: Client,
    desktop: Desktop,
}

impl X11 {
    fn new() -> Self {
        let desktop = Desktop::start(WIDTH, HEIGHT);
        Self { client: desktop.client(), desktop }
    }
}

impl Stage for X11 {
    fn capturer(&self) -> Box<dyn Capturer> {
        open_capturer_on(Backend::X11, Some(&self.desktop.display)).unwrap()
    }

    fn fill(&self, x: u32, y: u32, w: u32, h: u32, [blue, green, red]: [u8; 3]) {
        let colour = u32::from_le_bytes([blue, green, red, 0]);
        self.client.fill((x as i16, y as i16, w as u16, h as u16), colour);
    }

    fn truth(&self) -> Vec<[u8; 3]> {
        colours(&self.client.screen())
    }
}

struct Fake(FakeScreen);

impl Fake {
    fn new() -> Self {
        Self(FakeScreen::new(Geometry { width: WIDTH, height: HEIGHT }))
    }
}

impl Stage for Fake {
    fn capturer(&self) -> Box<dyn Capturer> {
        Box::new(self.0.capturer())
    }

    fn fill(&self, x: u32, y: u32, w: u32, h: u32, [blue, green, red]: [u8; 3]) {
        self.0.fill(Rect { x, y, w, h }, [blue, green, red, 0]);
    }

    fn truth(&self) -> Vec<[u8; 3]> {
        let mut other = self.0.capturer();
        let pixels = other.grab().unwrap().frame.pixels.to_vec();
        colours(&pixels)
    }
}

/// Waits for damage, whatever else happens.
fn damaged(capturer: &mut dyn Capturer) {
    let until = Instant::now() + PATIENCE;
    loop {
        let happened = capturer.wait(Some(until)).unwrap();
        assert!(!happened.timed_out, "no damage came");
        if happened.damage {
            return;
        }
    }
}

/// Takes everything that has happened so far.
fn settle(capturer: &mut dyn Capturer) {
    loop {
        capturer.grab().unwrap();
        if capturer.wait(Some(Instant::now() + QUIET)).unwrap().timed_out {
            return;
        }
    }
}

fn a_new_capturer_tells_everything_once(stage: &dyn Stage) {
    let mut capturer = stage.capturer();
    assert_eq!(capturer.geometry(), Geometry { width: WIDTH, height: HEIGHT });
    let first = capturer.wait(None).unwrap();
    assert!(first.damage && first.cursor_shape && first.cursor_moved, "{first:?}");
    let captured = capturer.grab().unwrap();
    assert_eq!((captured.frame.width, captured.frame.height), (WIDTH, HEIGHT));
    assert_eq!(captured.damage, [Rect { x: 0, y: 0, w: WIDTH, h: HEIGHT }]);
}

fn pixels_are_the_true_ones_and_damage_covers_what_changed(stage: &dyn Stage) {
    let mut capturer = stage.capturer();
    settle(capturer.as_mut());
    let mut before = stage.truth();
    let mut numbers = Numbers(7);
    for round in 0..60 {
        // From a caret to the whole screen, one to many at a time, also right at the edges.
        for _ in 0..=numbers.below(if round % 10 == 0 { 300 } else { 4 }) {
            let (w, h) = (1 + numbers.below(if round % 7 == 0 { WIDTH } else { 60 }), 1 + numbers.below(90));
            let (x, y) = (numbers.below(WIDTH - w + 1), numbers.below(HEIGHT - h + 1));
            let colour = [0; 3].map(|_: u8| numbers.below(256) as u8);
            stage.fill(x, y, w, h, colour);
        }
        damaged(capturer.as_mut());
        let captured = capturer.grab().unwrap();
        let (frame, damage) = (captured.frame, captured.damage.to_vec());
        assert!(frame.is_consistent());
        let rows = frame.pixels.chunks(frame.stride).flat_map(|row| colours(&row[..WIDTH as usize * 4]));
        let now: Vec<_> = rows.collect();
        assert!(now == stage.truth(), "round {round}: the pixels are not the screen's");
        let bounds = Rect { x: 0, y: 0, w: WIDTH, h: HEIGHT };
        assert!(damage.iter().all(|rect| !rect.is_empty() && bounds.contains(*rect)), "{damage:?}");
        for (at, (old, new)) in before.iter().zip(&now).enumerate() {
            if old != new {
                let pixel = Rect { x: at as u32 % WIDTH, y: at as u32 / WIDTH, w: 1, h: 1 };
                assert!(
                    damage.iter().any(|rect| rect.contains(pixel)),
                    "round {round}: {pixel:?} not in {damage:?}"
                );
            }
        }
        before = now;
    }
}

fn a_still_screen_tells_nothing(stage: &dyn Stage) {
    let mut capturer = stage.capturer();
    settle(capturer.as_mut());
    stage.fill(10, 10, 20, 20, [1, 2, 3]);
    damaged(capturer.as_mut());
    capturer.grab().unwrap();
    let happened = capturer.wait(Some(Instant::now() + QUIET)).unwrap();
    assert_eq!(happened, Happened { timed_out: true, ..Happened::default() });
    assert_eq!(capturer.grab().unwrap().damage, []);
}

fn damage_is_told_once_and_adds_up_until_it_is_taken(stage: &dyn Stage) {
    let mut capturer = stage.capturer();
    settle(capturer.as_mut());
    stage.fill(0, 0, 10, 10, [1, 2, 3]);
    damaged(capturer.as_mut());
    stage.fill(900, 500, 10, 10, [4, 5, 6]);
    let happened = capturer.wait(Some(Instant::now() + QUIET)).unwrap();
    assert!(!happened.damage && happened.timed_out, "{happened:?}");
    let damage = capturer.grab().unwrap().damage.to_vec();
    for corner in [Rect { x: 0, y: 0, w: 10, h: 10 }, Rect { x: 900, y: 500, w: 10, h: 10 }] {
        assert!(damage.iter().any(|rect| rect.contains(corner)), "{corner:?} not in {damage:?}");
    }
    stage.fill(5, 5, 10, 10, [7, 8, 9]);
    damaged(capturer.as_mut());
}

fn waking_ends_a_wait_now_or_later(stage: &dyn Stage) {
    let mut capturer = stage.capturer();
    settle(capturer.as_mut());
    let waker = capturer.waker();
    waker.wake();
    waker.clone().wake();
    assert!(capturer.wait(None).unwrap().woken);
    let later = std::thread::spawn(move || waker.wake());
    assert!(capturer.wait(None).unwrap().woken);
    later.join().unwrap();
    let happened = capturer.wait(Some(Instant::now())).unwrap();
    assert_eq!(happened, Happened { timed_out: true, ..Happened::default() });
}

macro_rules! promises {
    ($module:ident, $stage:expr, [$($promise:ident),* $(,)?]) => {
        mod $module {
            $(
                #[test]
                fn $promise() {
                    super::$promise(&$stage);
                }
            )*
        }
    };
}

promises!(
    x11,
    super::X11::new(),
    [
        a_new_capturer_tells_everything_once,
        pixels_are_the_true_ones_and_damage_covers_what_changed,
        a_still_screen_tells_nothing,
        damage_is_told_once_and_adds_up_until_it_is_taken,
        waking_ends_a_wait_now_or_later,
    ]
);

promises!(
    fake,
    super::Fake::new(),
    [
        a_new_capturer_tells_everything_once,
        pixels_are_the_true_ones_and_damage_covers_what_changed,
        a_still_screen_tells_nothing,
        damage_is_told_once_and_adds_up_until_it_is_taken,
        waking_ends_a_wait_now_or_later,
    ]
);

/// `scrap` knows no display but the environment's, so this process gives it one.
#[cfg(all(target_os = "linux", feature = "scrap"))]
mod scrap {
    use super::*;

    struct Scrap(X11);

    impl Stage for Scrap {
        fn capturer(&self) -> Box<dyn Capturer> {
            open_capturer(Backend::Scrap).unwrap()
        }

        fn fill(&self, x: u32, y: u32, w: u32, h: u32, colour: [u8; 3]) {
            self.0.fill(x, y, w, h, colour);
        }

        fn truth(&self) -> Vec<[u8; 3]> {
            self.0.truth()
        }
    }

    #[test]
    #[allow(unsafe_code)]
    fn the_baseline_keeps_the_same_promises() {
        let stage = Scrap(X11::new());
        // SAFETY: the only other thing in this process that reads the environment without std's lock is scrap, which
        // nothing but this test uses.
        unsafe { std::env::set_var("DISPLAY", &stage.0.desktop.display) };
        for promise in [
            a_new_capturer_tells_everything_once,
            pixels_are_the_true_ones_and_damage_covers_what_changed,
            a_still_screen_tells_nothing,
            damage_is_told_once_and_adds_up_until_it_is_taken,
            waking_ends_a_wait_now_or_later,
        ] {
            promise(&stage);
        }
    }
}

#[test]
fn content_like_a_photo_arrives_whole() {
    let stage = X11::new();
    let mut capturer = stage.capturer();
    settle(capturer.as_mut());
    let mut numbers = Numbers(3);
    let pixels: Vec<u8> = (0..640 * 480 * 4).map(|_| numbers.below(256) as u8).collect();
    stage.client.put((100, 50, 640, 480), &pixels);
    damaged(capturer.as_mut());
    let captured = capturer.grab().unwrap();
    assert!(colours(captured.frame.pixels) == stage.truth());
}

mod trouble {
    use super::*;

    fn refusal(display: &str) -> CaptureError {
        match open_capturer_on(Backend::X11, Some(display)) {
            Ok(_) => panic!("the display {display} should not open"),
            Err(error) => error,
        }
    }

    #[test]
    fn a_display_that_is_not_there_is_named() {
        assert_eq!(refusal(""), CaptureError::NoDisplay);
        for display in [":59000", ":64999", "nonsense", "no.such.host.invalid:0"] {
            assert_eq!(refusal(display), CaptureError::Unreachable { display: display.to_owned() });
        }
    }

    #[test]
    fn a_display_of_another_user_says_so() {
        let folder = std::env::temp_dir().join(format!("farhand-host-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // One entry of an Xauthority file: any family, no address, no number, and a cookie nobody else has.
        let (name, cookie) = (b"MIT-MAGIC-COOKIE-1", [7_u8; 16]);
        let mut entry = vec![0xff, 0xff, 0, 0, 0, 0, 0, name.len() as u8];
        entry.extend(name);
        entry.extend([0, cookie.len() as u8]);
        entry.extend(cookie);
        let file = folder.join("authority");
        std::fs::write(&file, entry).unwrap();
        let desktop = Desktop::start_with(320, 200, 24, &["-auth", file.to_str().unwrap()]);
        assert_eq!(refusal(&desktop.display), CaptureError::Forbidden { display: desktop.display.clone() });
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_missing_extension_and_few_colours_are_named() {
        let desktop = Desktop::start_with(320, 200, 24, &["-extension", "DAMAGE"]);
        assert_eq!(refusal(&desktop.display), CaptureError::MissingExtension { name: "DAMAGE" });
        let desktop = Desktop::start_with(320, 200, 16, &[]);
        assert_eq!(refusal(&desktop.display), CaptureError::UnsupportedDepth { depth: 16 });
    }

    #[test]
    fn a_display_server_that_goes_away_is_an_error_and_not_a_panic() {
        let mut stage = X11::new();
        let mut capturer = stage.capturer();
        settle(capturer.as_mut());
        stage.desktop.kill();
        assert_eq!(capturer.wait(Some(Instant::now() + PATIENCE)).unwrap_err(), CaptureError::Gone);
        assert_eq!(capturer.grab().unwrap_err(), CaptureError::Gone);
        assert_eq!(capturer.cursor().unwrap_err(), CaptureError::Gone);
        assert_eq!(capturer.cursor_at().unwrap_err(), CaptureError::Gone);
    }

    #[test]
    fn a_fake_failure_reaches_everyone() {
        let stage = Fake::new();
        let mut capturer = stage.capturer();
        stage.0.fail(CaptureError::Gone);
        assert_eq!(capturer.wait(None).unwrap_err(), CaptureError::Gone);
        assert_eq!(capturer.grab().unwrap_err(), CaptureError::Gone);
    }
}

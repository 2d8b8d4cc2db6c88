//! Locking the screen, with buses and lockers of the tests' own: what is said came of it is what came of it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use farhand_agent_host::screen_lock::{Backend, Places, ScreenLock, fake::FakeLock, open_screen_lock_at};
use farhand_protocol::channel::at_end::{LockDone, LockWay};
use support::Desktop;
use support::bus::Bus;

const NOWHERE: &str = "unix:path=/nonexistent/bus";

/// What a desktop's locker was asked, and whether it does what it is told.
#[derive(Clone, Default)]
struct Asked {
    locked: Arc<AtomicBool>,
    times: Arc<AtomicU32>,
    obeys: bool,
}

impl Asked {
    fn obeying() -> Self {
        Self { obeys: true, ..Self::default() }
    }

    fn ask(&self) {
        self.times.fetch_add(1, Ordering::Relaxed);
        if self.obeys {
            self.locked.store(true, Ordering::Relaxed);
        }
    }

    fn times(&self) -> u32 {
        self.times.load(Ordering::Relaxed)
    }
}

struct Gnome(Asked);

#[zbus::interface(name = "org.gnome.ScreenSaver")]
impl Gnome {
    #[zbus(name = "Lock")]
    fn lock(&self) {
        self.0.ask();
    }

    #[zbus(name = "GetActive")]
    fn get_active(&self) -> bool {
        self.0.locked.load(Ordering::Relaxed)
    }
}

struct Common(Asked);

#[zbus::interface(name = "org.freedesktop.ScreenSaver")]
impl Common {
    #[zbus(name = "Lock")]
    fn lock(&self) {
        self.0.ask();
    }

    #[zbus(name = "GetActive")]
    fn get_active(&self) -> bool {
        self.0.locked.load(Ordering::Relaxed)
    }
}

struct Login(Asked);

#[zbus::interface(name = "org.freedesktop.login1.Session")]
impl Login {
    #[zbus(name = "Lock")]
    fn lock(&self) {
        self.0.ask();
    }

    #[zbus(property, name = "LockedHint")]
    fn locked_hint(&self) -> bool {
        self.0.locked.load(Ordering::Relaxed)
    }
}

fn open(display: Option<&Desktop>, session: Option<&Bus>, system: Option<&Bus>) -> Box<dyn ScreenLock> {
    let bus = |bus: Option<&Bus>| Some(bus.map_or(NOWHERE.to_owned(), |bus| bus.address.clone()));
    // A display that cannot be, in place of the tests' own.
    let display = display.map_or(":99999".to_owned(), |desktop| desktop.display.clone());
    let places = Places { display: Some(display), session_bus: bus(session), system_bus: bus(system) };
    open_screen_lock_at(Backend::Auto, places)
}

#[test]
fn a_desktops_own_locker_locks_and_says_so() {
    let bus = Bus::start();
    let (own, common) = (Asked::obeying(), Asked::obeying());
    let _gnome = bus.serve("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", Gnome(own.clone()));
    let _common =
        bus.serve("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", Common(common.clone()));
    let mut screen = open(None, Some(&bus), None);
    assert_eq!(screen.way(), LockWay::Locks);
    assert_eq!((own.times(), common.times()), (0, 0), "to look locks nothing");
    assert_eq!(screen.lock(), Ok(LockDone::Locked));
    assert_eq!((own.times(), common.times()), (1, 0));
}

#[test]
fn a_locker_that_does_nothing_is_not_believed_and_the_next_one_is_asked() {
    let bus = Bus::start();
    let (deaf, manager) = (Asked::default(), Asked::obeying());
    let _deaf = bus.serve("org.freedesktop.ScreenSaver", "/ScreenSaver", Common(deaf.clone()));
    let _login =
        bus.serve("org.freedesktop.login1", "/org/freedesktop/login1/session/auto", Login(manager.clone()));
    assert_eq!(open(None, Some(&bus), Some(&bus)).lock(), Ok(LockDone::Locked));
    assert_eq!((deaf.times(), manager.times()), (1, 1));
}

#[test]
fn without_a_locker_the_screen_saver_covers_and_nobody_says_locked() {
    let (desktop, bus) = (Desktop::start(320, 200), Bus::start());
    let manager = Asked::default();
    let _login =
        bus.serve("org.freedesktop.login1", "/org/freedesktop/login1/session/auto", Login(manager.clone()));
    let mut screen = open(Some(&desktop), None, Some(&bus));
    assert_eq!(screen.way(), LockWay::Covers);
    assert_eq!(screen.lock(), Ok(LockDone::Covered));
    assert_eq!(manager.times(), 1, "the session manager was asked before");
}

#[test]
fn where_nothing_locks_it_says_so_before_and_fails_at_the_end() {
    let mut screen = open(None, None, None);
    assert_eq!(screen.way(), LockWay::None);
    assert!(screen.lock().is_err());
}

#[test]
fn the_fake_counts() {
    let mut fake = FakeLock::default();
    assert_eq!(fake.lock(), Ok(LockDone::Locked));
    assert_eq!((fake.locked(), fake.way()), (1, LockWay::Locks));
}

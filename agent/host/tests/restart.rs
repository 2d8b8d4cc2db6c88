//! Restarting this machine, with a session manager of the tests' own: nothing here restarts anything.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

#[path = "support/bus.rs"]
mod support;

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use farhand_agent_host::restart::fake::FakeRestarter;
use farhand_agent_host::restart::{Backend, Places, RestartError, Restarter, Start, open_restarter_at};
use support::Bus;

/// The session manager, and where it is on its bus.
const MANAGER: &str = "org.freedesktop.login1";
const AT: &str = "/org/freedesktop/login1";
const ENTRY: &str = "farhand-agent-resume.desktop";

#[derive(Clone)]
struct Login {
    can: &'static str,
    denies: bool,
    /// Whether it may ask for a password, each time that it was asked.
    asked: Arc<Mutex<Vec<bool>>>,
}

impl Login {
    fn new(can: &'static str, denies: bool) -> Self {
        Self { can, denies, asked: Arc::default() }
    }
}

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Login {
    #[zbus(name = "CanReboot")]
    fn can_reboot(&self) -> &str {
        self.can
    }

    #[zbus(name = "Reboot")]
    fn reboot(&self, interactive: bool) -> zbus::fdo::Result<()> {
        self.asked.lock().unwrap().push(interactive);
        if self.denies { Err(zbus::fdo::Error::AccessDenied("not you".into())) } else { Ok(()) }
    }
}

fn open(bus: Option<&Bus>, autostart: &Path) -> Box<dyn Restarter> {
    let address = bus.map_or("unix:path=/nonexistent/bus".to_owned(), |bus| bus.address.clone());
    let places = Places {
        system_bus: Some(address),
        autostart: Some(autostart.to_owned()),
        machine_id: Some(autostart.join("machine-id")),
    };
    open_restarter_at(Backend::Auto, places)
}

#[test]
fn the_session_manager_is_asked_and_only_when_it_is_time() {
    let (bus, home) = (Bus::start(), tempfile::tempdir().unwrap());
    let login = Login::new("yes", false);
    let _manager = bus.serve(MANAGER, AT, login.clone());
    let mut machine = open(Some(&bus), home.path());
    assert!(machine.is_possible());
    assert!(login.asked.lock().unwrap().is_empty(), "to look restarts nothing");
    assert_eq!(machine.restart(), Ok(()));
    assert_eq!(*login.asked.lock().unwrap(), [true]);
}

#[test]
fn what_the_system_does_not_allow_is_said() {
    for (can, possible) in [("challenge", true), ("no", false), ("na", false)] {
        let (bus, home) = (Bus::start(), tempfile::tempdir().unwrap());
        let _manager = bus.serve(MANAGER, AT, Login::new(can, true));
        let mut machine = open(Some(&bus), home.path());
        assert_eq!(machine.is_possible(), possible, "{can}");
        assert!(matches!(machine.restart(), Err(RestartError::NotAllowed { .. })), "{can}");
    }
    let home = tempfile::tempdir().unwrap();
    let mut machine = open(None, home.path());
    assert!(!machine.is_possible(), "without a session manager it cannot be done");
    assert!(matches!(machine.restart(), Err(RestartError::Failed { .. })));
}

#[test]
fn this_program_is_started_once_afterwards_and_the_entry_holds_no_more_than_that() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("config/autostart");
    let mut machine = open(None, &folder);
    let start = Start {
        title: "Farhand".into(),
        program: "/opt/far hand/farhand-agent".into(),
        arguments: vec!["resume".into()],
    };
    machine.start_afterwards(&start).unwrap();
    machine.start_afterwards(&start).unwrap();
    let text = std::fs::read_to_string(folder.join(ENTRY)).unwrap();
    assert!(text.starts_with("[Desktop Entry]\n") && text.contains("\nType=Application\n"), "{text}");
    assert!(text.contains("\nExec=\"/opt/far hand/farhand-agent\" \"resume\"\n"), "{text}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing stays beside it");
    // A desktop's own checker, where it is there.
    if let Ok(checked) = Command::new("desktop-file-validate").arg(folder.join(ENTRY)).output() {
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    }
    machine.start_nothing().unwrap();
    machine.start_nothing().unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_machine_is_known_by_its_number() {
    let home = tempfile::tempdir().unwrap();
    let machine = open(None, home.path());
    assert_eq!(machine.machine(), None);
    std::fs::write(home.path().join("machine-id"), "0123456789abcdef\n").unwrap();
    assert_eq!(machine.machine().as_deref(), Some("0123456789abcdef"));
    std::fs::write(home.path().join("machine-id"), "x".repeat(10_000)).unwrap();
    assert_eq!(machine.machine(), None);
}

#[test]
fn the_fake_remembers() {
    let mut fake = FakeRestarter::default();
    let start = Start { title: "t".into(), program: "/p".into(), arguments: Vec::new() };
    fake.start_afterwards(&start).unwrap();
    fake.restart().unwrap();
    assert_eq!((fake.told().restarts, fake.told().start), (1, Some(start)));
    fake.start_nothing().unwrap();
    assert_eq!(fake.told().start, None);
}

//! Services and log are those of a real systemd: one of the test's own, in namespaces of its own, with units of its own.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use farhand_agent_host::system::{LogWanted, ServiceChange, System, SystemError, open_system};
use farhand_protocol::channel::diagnostics::{LogLine, Service, ServiceState};

/// Says to this program which part of the test it is to do, within the machine.
const PART: &str = "FARHAND_TESTS_WITHIN";
const EXAMPLE: &str = "farhand-example.service";
const BROKEN: &str = "farhand-broken.service";
/// Nobody's number, on every system.
const NOBODY: &str = "65534";
const PATIENCE: Duration = Duration::from_secs(40);

fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "never happened: {what}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// A machine with a systemd; gone when dropped, with everything that runs on it.
struct Machine {
    unshare: Child,
    /// Its first process, as this machine counts.
    first: u32,
    _folder: tempfile::TempDir,
}

/// What a new machine is unshared from.
const NAMESPACES: [&str; 8] =
    ["--pid", "--fork", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--kill-child"];

impl Machine {
    /// Starts one, or says why there can be none.
    fn start() -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("this account may make no namespaces".into());
        }
        if !Path::new("/lib/systemd/systemd").exists() {
            return Err("there is no systemd (Debian package systemd)".into());
        }
        let tried = Command::new("unshare")
            .args(NAMESPACES)
            .args(["sh", "-c", "mount --make-rprivate / && mount -t cgroup2 cgroup2 /mnt"])
            .output()
            .map_err(|error| format!("unshare: {error}"))?;
        if !tried.status.success() {
            return Err(format!("no namespaces here: {}", String::from_utf8_lossy(&tried.stderr).trim()));
        }
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("machine.sh");
        std::fs::write(&script, include_str!("support/systemd.sh")).unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let own = std::env::current_exe().unwrap();
        let mut unshare = Command::new("unshare")
            .args(NAMESPACES)
            .arg("sh")
            .args([script.as_os_str(), root.as_os_str(), own.parent().unwrap().as_os_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let children = format!("/proc/{0}/task/{0}/children", unshare.id());
        let first = wait_for("the machine's first process to be systemd", || {
            if let Some(status) = unshare.try_wait().unwrap() {
                panic!("the machine ended: {status}");
            }
            let child: u32 =
                std::fs::read_to_string(&children).ok()?.split_whitespace().next()?.parse().ok()?;
            let name = std::fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
            (name.trim() == "systemd").then_some(child)
        });
        let machine = Self { unshare, first, _folder: folder };
        wait_for("the machine to run", || {
            let state = machine.command("root").args(["systemctl", "is-system-running"]).output().unwrap();
            (state.stdout == b"running\n").then_some(())
        });
        Ok(machine)
    }

    /// What is written behind it runs within the machine, as root or as nobody.
    fn command(&self, user: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first.to_string()]);
        command.args(["--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--root", "--wd"]);
        if user != "root" {
            command.args(["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]);
        }
        command.env_clear().env("PATH", "/usr/bin:/usr/sbin").env(PART, user).stdin(Stdio::null());
        command
    }

    /// Does a part of the test within the machine.
    fn part(&self, user: &str) {
        let own = std::env::current_exe().unwrap();
        let own = Path::new("/tests").join(own.file_name().unwrap());
        let name = "services_and_log_are_those_of_a_real_systemd";
        let done = self.command(user).arg(own).args(["--exact", name, "--nocapture"]).output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(done.status.success(), "as {user}:\n{}\n{}", said(&done.stdout), said(&done.stderr));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Its first process is killed with it, and so is everything else there.
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
    }
}

/// Where the test command has installed it and may make namespaces, that it cannot run is no reason to leave this out.
const REQUIRED: &str = "FARHAND_REQUIRE_SYSTEMD";

#[test]
fn services_and_log_are_those_of_a_real_systemd() {
    match std::env::var(PART).as_deref() {
        Ok("root") => return as_root(),
        Ok(_) => return as_nobody(),
        Err(_) => {}
    }
    let machine = match Machine::start() {
        Ok(machine) => machine,
        Err(why) => {
            assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and {why}");
            println!("left out: services and log against a real systemd, since {why}");
            return;
        }
    };
    // In this order: nobody finds what root has started.
    machine.part("root");
    machine.part("nobody");
}

fn find(system: &mut dyn System, name: &str) -> Option<Service> {
    system.services().unwrap().into_iter().find(|service| service.name == name)
}

fn state(system: &mut dyn System, name: &str) -> Option<ServiceState> {
    find(system, name).map(|service| service.state)
}

fn log(system: &mut dyn System, priority: u8, unit: &str, after: &str) -> (Vec<LogLine>, String) {
    system.log(&LogWanted { newest: 50, priority, unit: unit.into(), after: after.into() }).unwrap()
}

fn messages(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.message.as_str()).collect()
}

/// Whoever may do everything.
fn as_root() {
    let system = &mut *open_system();
    assert_eq!(find(system, "systemd-journald.service").unwrap().description, "Journal Service");
    // What has never run is listed too: somebody may want to start it.
    assert_eq!(state(system, EXAMPLE), Some(ServiceState::Inactive));

    system.change_service(EXAMPLE, ServiceChange::Start).unwrap();
    let example = find(system, EXAMPLE).unwrap();
    assert_eq!((example.state, example.detail.as_str()), (ServiceState::Active, "running"));
    assert_eq!(example.description, "An example = of the tests");

    let (lines, place) = wait_for("what it says", || {
        let (lines, place) = log(system, 7, EXAMPLE, "");
        messages(&lines).contains(&"an ordinary line").then_some((lines, place))
    });
    let own: Vec<_> = lines.iter().filter(|line| line.unit == EXAMPLE).collect();
    assert!(own.iter().all(|line| line.at > 1_700_000_000_000), "{own:?}");
    let said: Vec<_> = own.iter().map(|line| (line.priority, line.message.as_str())).collect();
    assert_eq!(said, [(4, "a warning of it"), (6, "an ordinary line")]);
    // Graver ones only; of another unit; behind the last one.
    assert_eq!(messages(&log(system, 4, EXAMPLE, "").0), ["a warning of it"]);
    assert!(log(system, 3, EXAMPLE, "").0.is_empty());
    assert!(!messages(&log(system, 7, "systemd-journald.service", "").0).contains(&"an ordinary line"));
    assert!(log(system, 7, EXAMPLE, &place).0.is_empty(), "what was read is not read again");

    let before = log(system, 7, EXAMPLE, "").0.len();
    system.change_service(EXAMPLE, ServiceChange::Restart).unwrap();
    wait_for("what it says when it starts again", || {
        let (lines, _) = log(system, 7, EXAMPLE, &place);
        messages(&lines).contains(&"an ordinary line").then_some(())
    });
    assert!(log(system, 7, EXAMPLE, "").0.len() > before);
    let newest = LogWanted { newest: 1, priority: 7, unit: EXAMPLE.into(), after: String::new() };
    assert_eq!(system.log(&newest).unwrap().0.len(), 1);

    system.change_service(EXAMPLE, ServiceChange::Stop).unwrap();
    assert_eq!(state(system, EXAMPLE), Some(ServiceState::Inactive), "what was stopped can be started again");

    // What fails is started, and then seen to have failed.
    system.change_service(BROKEN, ServiceChange::Start).unwrap();
    wait_for("that it failed", || (state(system, BROKEN) == Some(ServiceState::Failed)).then_some(()));
    let nowhere = system.change_service("farhand-no-such.service", ServiceChange::Start);
    assert!(matches!(&nowhere, Err(SystemError::Gone(text)) if text.contains("not found")), "{nowhere:?}");
    let nowhere = system.change_service("farhand-no-such.service", ServiceChange::Stop);
    assert!(matches!(&nowhere, Err(SystemError::Gone(text)) if text.contains("not loaded")), "{nowhere:?}");
    // For the next part.
    system.change_service(EXAMPLE, ServiceChange::Start).unwrap();
}

/// Whoever may look, and touch nothing: nobody decides here about who may.
fn as_nobody() {
    let system = &mut *open_system();
    assert_eq!(state(system, EXAMPLE), Some(ServiceState::Active), "whoever may change nothing may look");
    for change in [ServiceChange::Stop, ServiceChange::Restart, ServiceChange::Start] {
        let refused = system.change_service(EXAMPLE, change);
        assert!(matches!(&refused, Err(SystemError::Denied(text)) if text.contains(EXAMPLE)), "{refused:?}");
    }
    assert_eq!(state(system, EXAMPLE), Some(ServiceState::Active));
    let wanted = LogWanted { newest: 5, priority: 7, unit: String::new(), after: String::new() };
    let refused = system.log(&wanted);
    assert!(matches!(&refused, Err(SystemError::Denied(text)) if !text.is_empty()), "{refused:?}");
}

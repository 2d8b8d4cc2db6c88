//! What this machine says of itself is true, and only what belongs to this account is ended.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use farhand_agent_host::system::{LogWanted, ServiceChange, System, SystemError, open_system};
use farhand_protocol::channel::diagnostics::Process;

fn find(system: &mut dyn System, pid: u32) -> Option<Process> {
    system.processes().unwrap().into_iter().find(|process| process.pid == pid)
}

#[test]
fn the_summary_is_of_this_machine_and_this_moment() {
    let summary = open_system().summary().unwrap();
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    assert!(summary.at <= now && now - summary.at < 60_000);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(summary.kernel, kernel.trim());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(summary.host, host.trim());
    assert!(
        summary.cores > 0 && summary.memory > summary.memory_used && summary.memory_used > 0,
        "{summary:?}"
    );
    assert!(summary.uptime > 0 && !summary.user.is_empty() && !summary.system.is_empty(), "{summary:?}");
    assert!(summary.networks.iter().any(|network| network.name == "lo"), "{summary:?}");
}

#[test]
fn a_process_is_listed_as_it_was_started_and_ended_when_it_is_meant() {
    // A program that this one did not start: it is another's child.
    let script = "sleep 1000 2000 & echo $!; wait $!; exit $?";
    let mut child = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let pid = line.trim().parse().unwrap();
    // The number is said before the program is another than the shell, and what a process was is remembered.
    let (mut system, row) = loop {
        let mut system = open_system();
        let row = find(system.as_mut(), pid).expect("it runs");
        if row.name == "sleep" && row.command.ends_with("sleep 1000 2000") {
            break (system, row);
        }
    };
    assert_eq!((row.own, row.parent), (true, child.id()));
    let wrong = system.end_process(row.pid, row.started + 1, "sleep", true);
    assert!(matches!(wrong, Err(SystemError::Gone(_))), "a number that was given anew");
    assert!(matches!(system.end_process(row.pid, row.started, "bash", true), Err(SystemError::Gone(_))));
    assert!(child.try_wait().unwrap().is_none());
    let shell = find(system.as_mut(), child.id()).expect("it waits");
    for force in [false, true] {
        let refused = system.end_process(shell.pid, shell.started, &shell.name, force);
        assert!(matches!(refused, Err(SystemError::Denied(_))), "what this program started is part of it");
    }
    assert!(child.try_wait().unwrap().is_none());
    system.end_process(row.pid, row.started, "sleep", false).unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(matches!(system.end_process(row.pid, row.started, "sleep", false), Err(SystemError::Gone(_))));
}

#[test]
fn the_first_process_and_this_program_itself_are_not_ended() {
    let mut system = open_system();
    let me = find(system.as_mut(), std::process::id()).unwrap();
    assert!(matches!(system.end_process(me.pid, me.started, &me.name, true), Err(SystemError::Denied(_))));
    let first = find(system.as_mut(), 1).unwrap();
    assert!(matches!(system.end_process(1, first.started, &first.name, true), Err(SystemError::Gone(_))));
    assert!(matches!(system.end_process(0, 0, "", true), Err(SystemError::Gone(_))));
    assert!(matches!(system.end_process(u32::MAX, 0, "", true), Err(SystemError::Gone(_))));
}

#[test]
fn services_and_log_are_there_or_their_absence_is_said() {
    let mut system = open_system();
    match system.services() {
        Ok(services) => {
            assert!(services.iter().all(|service| service.name.ends_with(".service")), "{services:?}")
        }
        Err(SystemError::NotHere(text)) => assert!(!text.is_empty()),
        Err(error) => panic!("{error:?}"),
    }
    let nowhere = system.change_service("farhand-no-such.service", ServiceChange::Start);
    assert!(
        matches!(nowhere, Err(SystemError::Gone(_) | SystemError::NotHere(_) | SystemError::Denied(_))),
        "{nowhere:?}"
    );
    let wanted = LogWanted { newest: 5, priority: 7, unit: String::new(), after: String::new() };
    match system.log(&wanted) {
        Ok((lines, place)) => {
            assert!(lines.len() <= 5);
            assert!(lines.is_empty() || !place.is_empty());
        }
        Err(SystemError::NotHere(text) | SystemError::Denied(text)) => assert!(!text.is_empty()),
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn installed_software_is_listed() {
    match open_system().software() {
        Ok(packages) => {
            assert!(packages.iter().any(|package| package.name == "bash" && !package.version.is_empty()));
            assert!(packages.is_sorted_by(|one, other| one.name <= other.name));
        }
        Err(SystemError::NotHere(text)) => assert!(!text.is_empty()),
        Err(error) => panic!("{error:?}"),
    }
}

//! The command line is the customer's own, and nothing of it is left when it is ended.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use farhand_agent_host::keeper::{Keeper, run_keeper};
use farhand_agent_host::pty::{Read, Terminal, Typing, end_marked, open_terminal};

const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// Reads until the terminal has shown it.
fn shows(terminal: &dyn Terminal, shown: &mut String, expected: &str) {
    let until = Instant::now() + PATIENCE;
    let mut buffer = [0; 4096];
    while !shown.contains(expected) {
        assert!(Instant::now() < until, "{expected:?} in {shown:?}");
        match terminal.read(&mut buffer, LOOK).unwrap() {
            Read::Some(read) => shown.push_str(&String::from_utf8_lossy(&buffer[..read])),
            Read::Nothing => {}
            Read::End => panic!("the terminal ended: {shown:?}"),
        }
    }
}

fn types(terminal: &dyn Terminal, text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        rest = &rest[terminal.write(rest, PATIENCE).unwrap()..];
    }
}

fn becomes<T: PartialEq + std::fmt::Debug>(mut now: impl FnMut() -> T, expected: T) {
    let until = Instant::now() + PATIENCE;
    loop {
        let found = now();
        if found == expected {
            return;
        }
        assert!(Instant::now() < until, "{found:?} is not {expected:?}");
        std::thread::yield_now();
    }
}

fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rfind(')').is_some_and(|at| !stat[at + 1..].trim_start().starts_with('Z'))
}

/// Opens a terminal with a plain shell in it, whatever this account has.
fn open() -> Arc<dyn Terminal> {
    let terminal = open_terminal(80, 24).unwrap();
    types(terminal.as_ref(), "exec /bin/sh\rPS1='> '\rcd /\r");
    terminal
}

/// The number that a command printed between two marks that its own line does not hold.
fn number(terminal: &dyn Terminal, shown: &mut String, name: &str, command: &str) -> u32 {
    types(terminal, &format!("{command} echo {name}''=$!''=\r"));
    let mark = format!("{name}=");
    shows(terminal, shown, &mark);
    let rest = |shown: &str| shown.split(&mark).nth(1).map(str::to_owned).unwrap_or_default();
    let until = Instant::now() + PATIENCE;
    while !rest(shown).contains('=') {
        assert!(Instant::now() < until);
        let more = shown.len();
        shows(terminal, shown, "=");
        if shown.len() == more {
            let mut buffer = [0; 256];
            if let Read::Some(read) = terminal.read(&mut buffer, LOOK).unwrap() {
                shown.push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
        }
    }
    rest(shown).split('=').next().unwrap().parse().unwrap()
}

#[test]
fn it_is_a_terminal_of_the_size_that_was_wanted_and_of_this_account() {
    let terminal = open();
    let (program, user) = terminal.about();
    assert!(program.starts_with('/') && !user.is_empty(), "{program} {user}");
    let mut shown = String::new();
    types(terminal.as_ref(), "stty size; id -u; echo \"d=[$DISPLAY$FARHAND_SERVER]\"\r");
    shows(terminal.as_ref(), &mut shown, "24 80");
    shows(terminal.as_ref(), &mut shown, "d=[]");
    terminal.resize(101, 33).unwrap();
    types(terminal.as_ref(), "stty size\r");
    shows(terminal.as_ref(), &mut shown, "33 101");
    assert_eq!(terminal.ended(), None);
    types(terminal.as_ref(), "exit 7\r");
    becomes(|| terminal.ended(), Some("exit code 7".into()));
    terminal.end();
}

#[test]
fn what_asks_for_a_password_is_told_from_what_shows_what_is_typed() {
    let terminal = open();
    let mut shown = String::new();
    types(terminal.as_ref(), "stty -echo; echo ask''ing; read secret; stty echo; echo read''y\r");
    shows(terminal.as_ref(), &mut shown, "asking");
    becomes(|| terminal.typing().unwrap(), Typing::Secret);
    types(terminal.as_ref(), "sesame\r");
    shows(terminal.as_ref(), &mut shown, "ready");
    becomes(|| terminal.typing().unwrap(), Typing::Shown);
    types(terminal.as_ref(), "stty -echo -icanon; echo ra''w; read -r line\r");
    shows(terminal.as_ref(), &mut shown, "raw");
    becomes(|| terminal.typing().unwrap(), Typing::Raw);
    assert!(!shown.contains("sesame"));
    terminal.end();
}

#[test]
fn ending_it_ends_everything_that_it_started() {
    let terminal = open();
    let mut shown = String::new();
    let plain = number(terminal.as_ref(), &mut shown, "plain", "sleep 1000 &");
    let deaf = number(terminal.as_ref(), &mut shown, "deaf", "nohup sleep 1001 >/dev/null 2>&1 &");
    let away = number(terminal.as_ref(), &mut shown, "away", "setsid -w sleep 1002 &");
    let clean = number(terminal.as_ref(), &mut shown, "clean", "env -i sleep 1003 &");
    for pid in [plain, deaf, away, clean] {
        becomes(|| runs(pid), true);
    }
    let begun = Instant::now();
    terminal.end();
    for pid in [plain, deaf, away, clean] {
        becomes(|| runs(pid), false);
    }
    assert!(begun.elapsed() < PATIENCE);
    assert!(terminal.ended().is_some());
    // Nobody has the other end any more.
    let mut buffer = [0; 4096];
    becomes(|| !matches!(terminal.read(&mut buffer, LOOK).unwrap(), Read::Some(_) | Read::Nothing), true);
    end_marked("no mark");
}

/// This test program again, as one of the two processes below.
fn again(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", role, "--ignored", "--nocapture", "--test-threads=1"]);
    command
}

#[test]
#[ignore = "a process of the other tests: has a command line, and is killed"]
fn agent() {
    let keeper = Keeper::start(&mut again("keeper")).unwrap();
    let terminal = open();
    keeper.terminals().stands(terminal.mark());
    let mut shown = String::new();
    let sleeps = number(
        terminal.as_ref(),
        &mut shown,
        "sleeps",
        "sleep 1005 & nohup setsid -w sleep 1004 >/dev/null 2>&1 &",
    );
    println!("\npid={sleeps}");
    std::io::stdout().flush().unwrap();
    loop {
        std::thread::park();
    }
}

#[test]
#[ignore = "a process of the other tests: the keeper"]
fn keeper() {
    // There may be no display to let go of keys on; command lines are ended all the same.
    let _ = run_keeper(std::io::stdin());
}

#[test]
fn an_agent_that_is_killed_leaves_no_command_line_behind() {
    let mut agent =
        again("agent").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(agent.stdout.take().unwrap()).lines();
    let pid = lines
        .find_map(|line| line.unwrap().strip_prefix("pid=").map(|pid| pid.parse::<u32>().unwrap()))
        .unwrap();
    becomes(|| runs(pid), true);
    agent.kill().unwrap();
    agent.wait().unwrap();
    becomes(|| runs(pid), false);
}

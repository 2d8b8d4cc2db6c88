//! Whatever ends the agent, no key stays down.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use farhand_agent_host::input::{Backend, open_injector};
use farhand_agent_host::keeper::{Keeper, run_keeper};
use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;
use support::{Client, Desktop, PATIENCE};

/// This test program again, as one of the two processes below.
fn again(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", role, "--ignored", "--nocapture", "--test-threads=1"]);
    command
}

#[test]
#[ignore = "a process of the other tests: presses keys until it is told to end, or is killed"]
fn agent() {
    let mut injector = open_injector(Backend::X11).unwrap();
    let keeper = Keeper::start(&mut again("keeper")).unwrap();
    for code in ["ControlLeft", "ShiftLeft", "KeyA"] {
        injector.key(Usage::from_code(code).unwrap(), true).unwrap();
    }
    injector.button(Button::Left, true).unwrap();
    injector.flush().unwrap();
    println!("\npressed");
    std::io::stdout().flush().unwrap();
    let mut word = [0];
    std::io::stdin().read_exact(&mut word).unwrap();
    match &word {
        // Ends as it should, with its keys held by somebody else's choice: the keeper must not touch them.
        b"g" => {
            std::mem::forget(injector);
            keeper.goodbye().unwrap();
        }
        _ => panic!("this process fails"),
    }
    println!("\nended");
    std::io::stdout().flush().unwrap();
    // The display connection stays until the other side has looked.
    std::io::stdin().read_exact(&mut word).unwrap();
}

#[test]
#[ignore = "a process of the other tests: the keeper"]
fn keeper() {
    run_keeper(std::io::stdin()).unwrap();
}

struct Agent {
    process: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Agent {
    fn start(desktop: &Desktop) -> Self {
        let mut process = again("agent")
            .env("DISPLAY", &desktop.display)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        let mut agent = Self { process, lines };
        agent.says("pressed");
        agent
    }

    fn says(&mut self, word: &str) {
        let mut line = String::new();
        while line.trim() != word {
            line.clear();
            assert_ne!(
                self.lines.read_line(&mut line).unwrap(),
                0,
                "the process ended before it said {word}"
            );
        }
    }

    fn tell(&mut self, word: &[u8]) {
        self.process.stdin.as_mut().unwrap().write_all(word).unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn held(client: &Client) -> bool {
    !client.keys_down().is_empty() || client.pointer_mask() != 0
}

fn everything_is_released(client: &Client) {
    let until = Instant::now() + PATIENCE;
    while held(client) {
        assert!(Instant::now() < until, "still down: {:?}", client.keys_down());
        std::thread::yield_now();
    }
}

#[test]
fn an_agent_killed_with_keys_held_leaves_none_down() {
    let desktop = Desktop::start(400, 300);
    let client = desktop.client();
    let mut agent = Agent::start(&desktop);
    assert_eq!(client.keys_down().len(), 3);
    agent.process.kill().unwrap();
    everything_is_released(&client);
}

#[test]
fn an_agent_that_fails_leaves_none_down() {
    let desktop = Desktop::start(400, 300);
    let client = desktop.client();
    let mut agent = Agent::start(&desktop);
    agent.tell(b"x");
    everything_is_released(&client);
}

#[test]
fn after_a_goodbye_the_keeper_does_nothing() {
    let desktop = Desktop::start(400, 300);
    let client = desktop.client();
    let mut agent = Agent::start(&desktop);
    agent.tell(b"g");
    agent.says("ended");
    assert_eq!(client.keys_down().len(), 3);
}

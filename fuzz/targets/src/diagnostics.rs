//! Messages of diagnostics and the command line, the machine that they reach, and what is typed.
//!
//! A run of steps `what u8 | length u16 | bytes`: a message of one of two consoles, what a terminal took or wrote, or what
//! the customer allows now.

use std::collections::BTreeSet;

use bytes::Bytes;
use farhand_agent_core::tools::diagnostics::{Diagnostics, Gate, Gates, MAX_COMMANDS, Output, Standing};
use farhand_agent_core::tools::shell::{Event, Output as ShellOutput, Typing};
use farhand_protocol::channel::diagnostics::{
    Diagnostics as Message, MAX_TYPED, Rows, SHELL_INPUT_AHEAD, SHELL_OUTPUT_AHEAD, Typed,
};
use farhand_protocol::channel::encode;
use farhand_protocol::envelope::MAX_MESSAGE;

const CONSOLES: [u8; 2] = [1, 2];

/// A run against the machine; each message by itself, either way.
pub fn diagnostics(data: &[u8]) {
    let mut gates = Gates(CONSOLES.map(|id| (id, gate(0))).into());
    let mut machine = Diagnostics::default();
    let (mut commands, mut ended) = (0, BTreeSet::new());
    let mut rest = data;
    while let Some((&[what, high, low], more)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low])).min(more.len());
        let (bytes, later) = more.split_at(length);
        rest = later;
        let console = CONSOLES[usize::from(what & 1)];
        let shell = u32::from(what >> 4) + 1;
        match what >> 1 & 7 {
            0..=3 => {
                let Ok(message) = Message::decode(bytes) else { continue };
                read_again(&message);
                machine.handle_message(console, message, gates.of(console));
            }
            4 => {
                let typing = [Typing::Shown, Typing::Secret, Typing::Raw][usize::from(what >> 4) % 3];
                machine.handle_shell(
                    Event::Typing { shell: 1, data: Bytes::copy_from_slice(bytes), typing },
                    &gates,
                );
            }
            5 => machine.handle_shell(Event::Wrote { shell, data: Bytes::copy_from_slice(bytes) }, &gates),
            6 => {
                gates.0.insert(console, gate(what >> 4));
                machine.handle_gates(&gates);
            }
            _ => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                machine.handle_shell(Event::Ended { shell, started: what & 0x80 == 0, text }, &gates);
            }
        }
        let mut typed_ahead = 0;
        while let Some(output) = machine.poll_output() {
            match output {
                Output::Say(_, message) => {
                    let mut written = Vec::new();
                    encode(&message, &mut written);
                    assert!(written.len() < MAX_MESSAGE - 64, "it fits into a message");
                    assert_eq!(Message::decode(&written).expect("what is said can be read"), message);
                }
                // As if the system had nothing, so that jobs come to an end.
                Output::Read(job, _) => machine.handle_read(job, Ok(Rows::Unknown), &gates),
                Output::Act(job, _) => machine.handle_acted(job, Ok(())),
                Output::Command(command) => {
                    commands += 1;
                    assert!(
                        !command.text.is_empty() && command.text.len() <= MAX_TYPED + 16,
                        "{}",
                        command.text
                    );
                }
                Output::Shell(ShellOutput::Start { shell, .. }) => {
                    let (program, user) = ("/bin/sh".into(), "ada".into());
                    machine.handle_shell(Event::Started { shell, program, user }, &gates);
                }
                Output::Shell(ShellOutput::Write { shell, data }) => {
                    assert!(!ended.contains(&shell), "nothing is typed into what was ended");
                    typed_ahead += data.len() as u64;
                }
                Output::Shell(ShellOutput::Kill { shell }) => {
                    assert!(ended.insert(shell), "it is ended once")
                }
                Output::Shell(ShellOutput::ReadUntil { .. } | ShellOutput::Resize { .. }) => {}
            }
        }
        assert!(typed_ahead <= 2 * SHELL_INPUT_AHEAD && commands <= MAX_COMMANDS);
    }
    typed(data);
}

fn gate(bits: u8) -> Gate {
    let shell = [Standing::Open, Standing::Watching, Standing::Held, Standing::Closed][usize::from(bits & 3)];
    Gate { diagnostics: bits & 4 == 0, shell }
}

fn read_again(message: &Message) {
    let mut again = Vec::new();
    encode(message, &mut again);
    assert_eq!(Message::decode(&again).expect("what was read can be read again"), *message);
    if let Message::ShellGrant { until, .. } = message {
        // Kept from growing by the machine, whatever it says.
        let _ = until.min(&SHELL_OUTPUT_AHEAD);
    }
}

fn typed(data: &[u8]) {
    let mut typed = Typed::default();
    let mut lines = 0;
    for &byte in data {
        if let Some(line) = typed.byte(byte) {
            assert!(!line.text.is_empty() && line.text.len() <= MAX_TYPED && line.letters.len() <= MAX_TYPED);
            lines += 1;
        }
    }
    let ends = data.iter().filter(|byte| matches!(byte, b'\r' | b'\n' | 3)).count();
    assert!(lines <= ends, "a line for each end at most");
}

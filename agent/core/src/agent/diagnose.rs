//! Diagnostics and the command line behind the gate.

use std::time::Instant;

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::diagnostics::{Diagnostics as Message, Rows};
use farhand_protocol::channel::encode;
use farhand_protocol::envelope::Stream;
use farhand_protocol::rights::Right;

use super::Agent;
use crate::output::Output;
use crate::tools::diagnostics::{self, Gate, Gates, Job, Refused, Standing};
use crate::tools::shell;

impl Agent {
    pub(super) fn diagnose(&mut self, sender: ParticipantId, message: Message, now: Instant) {
        // What a page says by itself is no use.
        match message {
            Message::Fetch { .. }
            | Message::Act { .. }
            | Message::ShellOpen { .. }
            | Message::ShellInput { .. } => {
                self.used(now);
            }
            Message::More { .. }
            | Message::Rows { .. }
            | Message::Answered { .. }
            | Message::ShellResize { .. }
            | Message::ShellGrant { .. }
            | Message::ShellClose { .. }
            | Message::ShellOpened { .. }
            | Message::ShellOutput { .. }
            | Message::ShellTaken { .. }
            | Message::ShellEnded { .. }
            | Message::Unknown => {}
        }
        let gate = self.gate_for(sender);
        self.diagnostics.handle_message(sender, message, gate);
        self.drain_diagnostics();
    }

    /// The shell read what a job wanted, or could not.
    pub fn handle_read(&mut self, job: Job, read: Result<Rows, Refused>) {
        let gates = self.gates();
        self.diagnostics.handle_read(job, read, &gates);
        self.drain_diagnostics();
    }

    /// The shell did what a job wanted, or could not.
    pub fn handle_acted(&mut self, job: Job, acted: Result<(), Refused>) {
        self.diagnostics.handle_acted(job, acted);
        self.drain_diagnostics();
    }

    /// Something happened at a command line.
    pub fn handle_shell(&mut self, event: shell::Event) {
        let gates = self.gates();
        self.diagnostics.handle_shell(event, &gates);
        self.drain_diagnostics();
    }

    /// What the customer allows, or the way, may have changed.
    pub(super) fn diagnostics_gates_moved(&mut self) {
        if self.diagnostics.is_idle() {
            return;
        }
        let gates = self.gates();
        self.diagnostics.handle_gates(&gates);
        self.drain_diagnostics();
    }

    fn gates(&self) -> Gates {
        Gates(self.technicians.keys().map(|id| (*id, self.gate_for(*id))).collect())
    }

    fn gate_for(&self, technician: ParticipantId) -> Gate {
        let granted = self.is_granted(Right::Shell, technician);
        let shell = match (granted, self.link_up && self.permits(Right::Shell, technician)) {
            (false, _) => Standing::Closed,
            (true, false) => Standing::Held,
            // Whoever types could answer.
            (true, true) if self.is_asking() => Standing::Watching,
            (true, true) => Standing::Open,
        };
        Gate { diagnostics: self.permits(Right::Diagnostics, technician), shell }
    }

    fn drain_diagnostics(&mut self) {
        while let Some(output) = self.diagnostics.poll_output() {
            match output {
                diagnostics::Output::Say(to, message) => {
                    let mut body = Vec::new();
                    encode(&message, &mut body);
                    self.send_to(to, Stream::Diagnostics, &body);
                }
                diagnostics::Output::Read(..)
                | diagnostics::Output::Act(..)
                | diagnostics::Output::Command(_)
                | diagnostics::Output::Shell(_) => self.outputs.push_back(Output::Diagnostics(output)),
            }
        }
    }
}

//! Files behind the gate.

use std::collections::BTreeMap;
use std::time::Instant;

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::encode;
use farhand_protocol::channel::files::Files as Message;
use farhand_protocol::envelope::Stream;
use farhand_protocol::rights::Right;
use farhand_protocol::transfer::Said;

use super::Agent;
use crate::output::Output;
use crate::tools::files::{self, FileKey, Files, FromCustomer, Gate};

impl Agent {
    pub(super) fn files(&mut self, sender: ParticipantId, message: Message, now: Instant) {
        self.used(now);
        let gate = self.files_gate(sender);
        self.files.handle_message(sender, message, gate, now);
        self.drain_files();
    }

    /// The disk answers.
    pub fn handle_file_said(&mut self, file: FileKey, said: Said) {
        let gate = self.files_gate(file.console);
        self.files.handle_said(file, said, gate);
        self.drain_files();
    }

    /// A folder was read, or cannot be.
    pub fn handle_listed(&mut self, console: ParticipantId, messages: Vec<Message>) {
        let gate = self.files_gate(console);
        self.files.handle_listed(console, messages, gate);
        self.drain_files();
    }

    /// The customer decided something about files.
    pub fn handle_files_customer(&mut self, said: FromCustomer, now: Instant) {
        self.files.handle_customer(said, now);
        self.drain_files();
    }

    /// What the customer sees of files.
    #[must_use]
    pub fn files_shown(&self) -> &Files {
        &self.files
    }

    /// Consent, a colleague's part or the link is another than before.
    pub(super) fn files_gate_moved(&mut self) {
        for console in self.files.consoles() {
            let gate = self.files_gate(console);
            self.files.handle_gate(console, gate);
        }
        self.drain_files();
    }

    pub(super) fn files_due(&mut self, now: Instant) {
        let consoles = self.files.consoles().into_iter();
        let gates: BTreeMap<_, _> = consoles.map(|console| (console, self.files_gate(console))).collect();
        self.files.handle_timeout(now, |console| gates.get(&console).copied().unwrap_or(Gate::Shut));
        self.drain_files();
    }

    /// The gate for files of one console.
    fn files_gate(&self, console: ParticipantId) -> Gate {
        if self.link_up && self.permits(Right::Files, console) {
            Gate::Open
        } else if self.is_granted(Right::Files, console) {
            Gate::Held
        } else {
            Gate::Shut
        }
    }

    fn drain_files(&mut self) {
        while let Some(output) = self.files.poll_output() {
            match output {
                files::Output::Send { to, message } => {
                    let mut body = Vec::new();
                    encode(&message, &mut body);
                    self.send_to(to, Stream::Files, &body);
                }
                files::Output::Disk { .. }
                | files::Output::List { .. }
                | files::Output::Changed
                | files::Output::Record(_) => self.outputs.push_back(Output::Files(output)),
            }
        }
        if self.files.question().is_some() {
            // A held key or button must not reach the question.
            self.release_all();
        }
    }
}

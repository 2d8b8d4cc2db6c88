//! Hands each tool what came for it, and sends what it says. Every effect passes the gate first.

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::chat::Chat;
use farhand_protocol::channel::clipboard::Clipboard;
use farhand_protocol::channel::diagnostics::Diagnostics;
use farhand_protocol::channel::files::Files;

use super::Agent;
use crate::output::Output;

impl Agent {
    pub(super) fn chat(&mut self, sender: ParticipantId, message: Chat) {
        self.chat.handle_message(sender, message);
        self.drain_tools();
    }

    pub(super) fn clipboard(&mut self, sender: ParticipantId, message: Clipboard) {
        self.clipboard.handle_message(sender, message);
        self.drain_tools();
    }

    pub(super) fn files(&mut self, sender: ParticipantId, message: Files) {
        self.files.handle_message(sender, message);
        self.drain_tools();
    }

    pub(super) fn diagnostics(&mut self, sender: ParticipantId, message: Diagnostics) {
        self.diagnostics.handle_message(sender, message);
        self.drain_tools();
    }

    /// Passes on what the tools want.
    pub(super) fn drain_tools(&mut self) {
        while let Some(output) = self.chat.poll_output() {
            self.outputs.push_back(Output::Chat(output));
        }
        while let Some(output) = self.clipboard.poll_output() {
            self.outputs.push_back(Output::Clipboard(output));
        }
        while let Some(output) = self.files.poll_output() {
            self.outputs.push_back(Output::Files(output));
        }
        while let Some(output) = self.diagnostics.poll_output() {
            self.outputs.push_back(Output::Diagnostics(output));
        }
    }
}

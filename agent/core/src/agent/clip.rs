//! The clipboard and the gate. What is read of it, put there or passed on asks the gate at that very moment, for each
//! console by itself.

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::clipboard::Clipboard;
use farhand_protocol::channel::encode;
use farhand_protocol::envelope::Stream;
use farhand_protocol::rights::Right;

use super::Agent;
use crate::output::{Inject, Output};
use crate::tools::clipboard::Done;

impl Agent {
    pub(super) fn clipboard(&mut self, sender: ParticipantId, message: Clipboard) {
        let permits = self.permits_clipboard(sender);
        self.clipboard.handle_message(sender, message, permits);
        self.drain_clipboard();
    }

    /// The shell did something with the clipboard, or noticed that somebody copied.
    pub fn handle_clipboard(&mut self, done: Done) {
        self.look_after_clipboard();
        self.clipboard.handle_done(done);
        self.drain_clipboard();
    }

    /// Somebody's rights changed, or the way to them: what the gate permits no more is over at once.
    pub(super) fn gate_moved(&mut self) {
        self.look_after_clipboard();
        if let Some(typist) = self.typist
            && !(self.link_up && self.permits(Right::Control, typist))
        {
            self.stop_typing();
        }
    }

    /// What was sent to be typed is not typed any more.
    pub(super) fn stop_typing(&mut self) {
        if self.typist.take().is_some() {
            self.outputs.push_back(Output::Inject(Inject::StopText));
        }
    }

    /// A console is away, or begins anew.
    pub(super) fn clipboard_gone(&mut self, sender: ParticipantId) {
        self.clipboard.handle_gone(sender);
        self.drain_clipboard();
    }

    fn look_after_clipboard(&mut self) {
        for console in self.clipboard.consoles() {
            if !self.permits_clipboard(console) {
                self.clipboard.close(console);
            }
        }
        self.drain_clipboard();
    }

    fn permits_clipboard(&self, console: ParticipantId) -> bool {
        self.link_up && self.permits(Right::Clipboard, console)
    }

    fn drain_clipboard(&mut self) {
        while let Some((to, message)) = self.clipboard.poll_message() {
            let mut body = Vec::new();
            encode(&message, &mut body);
            self.send_to(to, Stream::Clipboard, &body);
        }
        while let Some(output) = self.clipboard.poll_output() {
            self.outputs.push_back(Output::Clipboard(output));
        }
    }
}

#[cfg(test)]
#[path = "clip_tests.rs"]
mod tests;

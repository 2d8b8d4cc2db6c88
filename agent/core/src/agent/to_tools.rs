//! Hands each tool what came for it, and sends what it says. Every effect passes the gate first.

use std::time::Instant;

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::chat::Chat;
use farhand_protocol::channel::encode;
use farhand_protocol::envelope::Stream;

use super::Agent;
use crate::output::Output;
use crate::tools::chat::{self, FromShell};

impl Agent {
    /// Talking needs no right: it begins before anything is allowed.
    pub(super) fn chat(&mut self, sender: ParticipantId, message: Chat, now: Instant) {
        if let Chat::Pointing { pointing } = message {
            self.used(now);
            return self.point(sender, pointing, now);
        }
        if !self.is_let_in(sender) {
            return;
        }
        if matches!(message, Chat::Say { .. }) {
            self.used(now);
        }
        self.chat.handle_message(sender, message, now);
        self.drain_tools();
    }

    /// The customer says something, or there is somebody to say it to.
    pub fn handle_chat(&mut self, said: FromShell, now: Instant) {
        let to_nobody = matches!(&said, FromShell::Met { console, .. } if !self.is_let_in(*console));
        if !to_nobody {
            self.chat.handle_shell(said, now);
            self.drain_tools();
        }
    }

    /// Whether somebody takes part: a colleague does once the customer let them in.
    fn is_let_in(&self, console: ParticipantId) -> bool {
        !self.put_out.contains(&console) && self.colleagues.get(&console).is_none_or(|one| one.admitted)
    }

    /// Passes on what the tools want.
    pub(super) fn drain_tools(&mut self) {
        while let Some(output) = self.chat.poll_output() {
            match output {
                chat::Output::Send(message) => {
                    let mut body = Vec::new();
                    encode(&message, &mut body);
                    self.send(Stream::Chat, &body);
                }
                chat::Output::Open(_)
                | chat::Output::Said(_)
                | chat::Output::Delivered(_)
                | chat::Output::Typing(_) => {
                    self.outputs.push_back(Output::Chat(output));
                }
            }
        }
    }
}

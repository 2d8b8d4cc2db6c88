//! The agent's end of [`farhand_protocol::channel::chat::Chat`].

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::chat::Chat as Message;

/// What the shell carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {}

/// See the module.
#[derive(Debug, Default)]
pub struct Chat {}

impl Chat {
    /// A console says something; its head was accepted and its limits hold.
    pub fn handle_message(&mut self, _sender: ParticipantId, message: Message) {
        match message {
            Message::Unknown => {}
        }
    }

    /// The next thing to carry out.
    pub fn poll_output(&mut self) -> Option<Output> {
        None
    }
}

//! Who there is to talk to.

use std::time::Instant;

use farhand_agent_core::tools::chat::FromShell;
use farhand_protocol::ParticipantId;

use super::Session;
use crate::screen::lock;

impl Session {
    /// There are keys with a console. Nobody hears it who was not let in.
    pub(super) fn talk_with(&self, console: ParticipantId) {
        // As the two ends have proven it to one another, whatever the service says.
        let name = self.sealing.verified(console).unwrap_or_else(|| self.announced()).name;
        lock(&self.agent).handle_chat(FromShell::Met { console, name }, Instant::now());
    }
}

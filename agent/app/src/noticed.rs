//! What this end notices of meddling with a sealed session: none of it has an effect, and the customer is told.

use std::time::Instant;

use farhand_protocol::envelope::Stream;

use crate::log::Log;
use crate::screen::{SharedAgent, lock};
use crate::sealing::Refusal;
use crate::window::protocol::Detail;

/// Refusals that are written down one by one; an attacker could make any number of them.
const WRITTEN: u32 = 64;

/// What was noticed so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noticed {
    written: u32,
    refused: bool,
    missing: bool,
}

impl Noticed {
    /// A message that came had no effect.
    pub fn refused(&mut self, log: Log, Refusal { why, stream, meddling }: Refusal) {
        self.write(log, why, stream);
        if meddling && !self.refused {
            self.refused = true;
            warned(log, &Detail::Refused);
        }
    }

    /// Gives the agent a clear message, and notices what is missing before it.
    pub fn hand_in(&mut self, agent: &SharedAgent, log: Log, stream: Stream, message: &[u8], now: Instant) {
        let mut agent = lock(agent);
        let before = agent.counters().missing;
        agent.handle_message(stream, message, now);
        let missing = agent.counters().missing > before;
        drop(agent);
        match stream {
            Stream::Control | Stream::Input if missing => {
                self.write(log, "missing", stream);
                if !self.missing {
                    self.missing = true;
                    warned(log, &Detail::Missing);
                }
            }
            Stream::Control
            | Stream::Input
            | Stream::Screen
            | Stream::Pointer
            | Stream::Chat
            | Stream::Clipboard
            | Stream::Files
            | Stream::Diagnostics => {}
        }
    }

    /// A new way to the service: what was lost with the last one is nobody's doing.
    pub fn way_stands(&mut self) {
        self.missing = false;
    }

    /// What the customer reads of it.
    #[must_use]
    pub fn detail(self) -> Option<Detail> {
        match (self.refused, self.missing) {
            (true, _) => Some(Detail::Refused),
            (false, true) => Some(Detail::Missing),
            (false, false) => None,
        }
    }

    fn write(&mut self, log: Log, why: &str, stream: Stream) {
        if self.written < WRITTEN {
            self.written += 1;
            let stream = match stream {
                Stream::Control => "control",
                Stream::Input => "input",
                Stream::Screen => "screen",
                Stream::Pointer => "pointer",
                Stream::Chat => "chat",
                Stream::Clipboard => "clipboard",
                Stream::Files => "files",
                Stream::Diagnostics => "diagnostics",
            };
            log.event("refused", &[("why", why.into()), ("stream", stream.into())]);
        }
    }
}

fn warned(log: Log, detail: &Detail) {
    log.event("warned", &[("sentence", detail.sentence().into())]);
}

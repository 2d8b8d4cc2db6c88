//! What the session process and its window say to one another: a line of JSON each.

use farhand_protocol::rights::Right;
use serde::{Deserialize, Serialize};

/// The longest line that either side reads, in bytes.
pub const MAX_LINE: usize = 16 * 1024;

/// Session → window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWindow {
    /// Ask the customer. Takes the place of an earlier prompt.
    Prompt {
        /// Number that the answer names.
        ask: u32,
        /// Who asks: the technician's name.
        technician: String,
        /// Who asks: the organisation's name.
        organisation: String,
        /// The domain that the organisation has proven to be its own, as the service says.
        domain: Option<String>,
        /// What for; what is allowed already is left out.
        rights: Vec<Right>,
        /// Seconds until silence counts as no.
        seconds: u64,
    },
    /// The prompt with this number is over.
    PromptGone {
        /// Its number.
        ask: u32,
    },
    /// Show where the session stands.
    Status {
        /// Where.
        stage: Stage,
        /// The technician's name; empty before it is known.
        technician: String,
        /// The organisation's name; empty before it is known.
        organisation: String,
        /// Something that the customer should know.
        detail: Option<Detail>,
    },
    /// The session is over, or never began. The window stays for a while so that it can be read, also when the
    /// session process is gone.
    Over {
        /// Whether it had begun.
        begun: bool,
        /// Key of the sentence, such as `agent.over.stopped`.
        sentence: String,
        /// The technician's name, for the sentence.
        technician: String,
        /// A reason within the sentence, in English; often empty.
        reason: String,
    },
    /// What happened can be saved. Comes after the end; the window copies the file itself, for the session process ends.
    Receipt {
        /// Path of the receipt.
        kept: String,
        /// Path that is offered; may be empty.
        offered: String,
        /// The technician's side signed all of it.
        countersigned: bool,
    },
}

/// Where a session stands, as the customer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not joined yet.
    Connecting,
    /// Joined; nothing asked yet.
    Waiting,
    /// A first prompt is shown.
    Asking,
    /// The screen is seen.
    Sees,
    /// Keyboard and pointer are used.
    Controls,
    /// Joined, and everything was given back.
    Nothing,
    /// The customer pressed Pause.
    Paused,
    /// The desktop is locked.
    Locked,
    /// The connection is down for now.
    Interrupted,
}

/// A line below the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Detail {
    /// The media path runs over the WebSocket.
    WebSocket,
    /// The screen cannot be captured.
    CaptureFailed {
        /// Why, in English.
        reason: String,
    },
    /// Somebody on the way sent something of their own; it had no effect.
    Refused,
    /// Something that the technician sent did not come.
    Missing,
}

impl Detail {
    /// The key of its sentence.
    #[must_use]
    pub const fn sentence(&self) -> &'static str {
        match self {
            Self::WebSocket => "agent.banner.detail_websocket",
            Self::CaptureFailed { .. } => "agent.banner.detail_capture",
            Self::Refused => "agent.banner.detail_refused",
            Self::Missing => "agent.banner.detail_missing",
        }
    }
}

/// Window → session. Only a person at this window makes these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromWindow {
    /// The window can be seen.
    Ready,
    /// Allow.
    Allow {
        /// The prompt's number.
        ask: u32,
    },
    /// No, Escape, or closed.
    Refuse {
        /// The prompt's number.
        ask: u32,
    },
    /// Pause.
    Pause,
    /// Resume.
    Resume,
    /// Take back control.
    TakeBackControl,
    /// End the session.
    Stop,
}

/// One message as a line, its end included.
#[must_use]
pub fn line<T: Serialize>(message: &T) -> String {
    let mut line =
        serde_json::to_string(message).expect("these types have no map with keys that are not strings");
    line.push('\n');
    line
}

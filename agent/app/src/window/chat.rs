//! What the session process and its window say to one another about the chat.

use serde::{Deserialize, Serialize};

/// Session → window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "chat", rename_all = "snake_case")]
pub enum ToChat {
    /// From now on there is somebody to talk to.
    Open {
        /// The technician's name, as it was proven.
        technician: String,
    },
    /// Somebody said something. The same number again changes nothing.
    Line {
        /// Counted from 1.
        number: u32,
        /// The customer said it.
        mine: bool,
        /// Who else it was; empty for the customer.
        name: String,
        /// The text.
        text: String,
    },
    /// The technician's side has every line up to this number.
    Delivered {
        /// The line's number.
        number: u32,
    },
    /// This technician is typing.
    Typing {
        /// The name.
        name: String,
    },
}

/// Window → session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "chat", rename_all = "snake_case")]
pub enum FromChat {
    /// The customer says something.
    Say {
        /// Drawn by the window; new for each.
        id: String,
        /// The text.
        text: String,
    },
    /// The customer is typing.
    Typing,
}

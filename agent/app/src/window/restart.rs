//! What the session process and its window say to one another about restarting this computer.

use farhand_protocol::rights::Right;
use serde::{Deserialize, Serialize};

/// Session → window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum RestartShown {
    /// Whether the customer can do it from here.
    Possible {
        /// Yes or no.
        possible: bool,
    },
    /// Ask.
    Ask {
        /// Number that the answer names.
        question: u32,
        /// Who helps, as it was proven.
        technician: String,
        /// Their organisation.
        organisation: String,
        /// The customer would like it themselves.
        own: bool,
        /// What could stay allowed; where it is empty everything is asked for anew.
        rights: Vec<Right>,
        /// Minutes to choose from besides none.
        choices: Vec<u32>,
        /// Seconds until silence counts as no.
        seconds: u64,
    },
    /// That question is over.
    Gone {
        /// Its number.
        question: u32,
    },
    /// It was allowed, and could not be done.
    Failed {
        /// Key of the sentence.
        sentence: String,
        /// A reason within it, in the system's words; often empty.
        reason: String,
    },
    /// The computer is back, and what was allowed before is allowed again.
    Back {
        /// Who.
        technician: String,
        /// What; where it is empty everything is asked for anew.
        rights: Vec<Right>,
        /// Until then: milliseconds since 1970.
        until: u64,
    },
}

/// Window → session. Only a person at this window makes these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum FromRestart {
    /// They would like to restart it.
    Ask,
    /// Yes.
    Allow {
        /// The question's number.
        question: u32,
        /// For so many minutes; 0 to be asked again.
        minutes: u32,
    },
    /// No, Escape, or closed.
    Refuse {
        /// The question's number.
        question: u32,
    },
}

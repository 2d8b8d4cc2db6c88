//! What the session process and its window say to one another about what is shared.

use serde::{Deserialize, Serialize};

/// The longest name that is shown, in characters.
pub const MAX_SHARE_NAME: usize = 60;

/// Session → window: what there is to share, and what is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareShown {
    /// What can be chosen. Everything comes first.
    pub offers: Vec<ShareOffer>,
    /// What is shared.
    pub chosen: ShareWhat,
    /// Its name; empty for everything.
    pub name: String,
    /// The desktop asks by itself what is shared, once somebody is allowed to see something; nothing can be covered then.
    #[serde(default)]
    pub desktop_asks: bool,
    /// Nothing wider can be chosen now: somebody else has the keyboard and the mouse, and it might be them.
    pub locked: bool,
}

/// Something that can be shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareOffer {
    /// What.
    pub what: ShareWhat,
    /// A monitor's name, or a window's title.
    pub name: String,
    /// A monitor's size, or a window's program.
    pub detail: String,
}

/// What is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "share", rename_all = "snake_case")]
pub enum ShareWhat {
    /// Every screen.
    #[default]
    Everything,
    /// One screen.
    Monitor {
        /// Its number.
        id: u32,
    },
    /// One window.
    Window {
        /// Its number.
        id: u32,
    },
}

/// Window → session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum FromShare {
    /// The list is looked at: what is there now?
    Look,
    /// Share this, and nothing else.
    Choose {
        /// What.
        what: ShareWhat,
    },
}

//! What the session process and its window say to one another about what the system asks its owner for.

use serde::{Deserialize, Serialize};

/// Session → window: what the system asks for, and where that stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionsShown {
    /// In the order in which it matters.
    pub list: Vec<PermissionShown>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionShown {
    /// Which.
    pub what: PermissionWhat,
    /// Where it stands.
    pub state: PermissionState,
}

/// What can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionWhat {
    /// See the screen.
    Screen,
    /// Use keyboard and pointer.
    Control,
    /// Hear the microphone.
    Microphone,
}

/// Where one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionState {
    /// It is there.
    Granted,
    /// It can be given.
    Missing,
    /// The owner said no, and can change that.
    Refused,
    /// This version has no use for it.
    Unused,
}

impl PermissionsShown {
    /// Whether there is anything left to do before somebody can be helped.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.list.iter().all(|it| match it.what {
            PermissionWhat::Screen | PermissionWhat::Control => it.state == PermissionState::Granted,
            PermissionWhat::Microphone => true,
        })
    }

    /// Whether the screen can be seen, without which nothing can begin.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.list.iter().all(|it| it.what != PermissionWhat::Screen || it.state == PermissionState::Granted)
    }
}

/// Window → session. Only a person at this window makes these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "permissions", rename_all = "snake_case")]
pub enum FromPermissions {
    /// Open the system's settings where this one is changed.
    Settings {
        /// Which.
        what: PermissionWhat,
    },
    /// Go on with what is there.
    GoOn,
}

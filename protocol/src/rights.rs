//! What a customer can allow. A right only ever adds power.

use serde::{Deserialize, Serialize};

/// One right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Right {
    /// See the screen (S3).
    View = 0,
    /// Use keyboard and pointer (S3). Implies [`Right::View`].
    Control = 1,
    /// Exchange files (S3).
    Files = 2,
    /// Exchange the clipboard.
    Clipboard = 3,
    /// Read system information, processes, services.
    Diagnostics = 4,
    /// Run a remote command line.
    Shell = 5,
    /// Use the camera (S4).
    Camera = 6,
    /// Use the microphone (S4).
    Microphone = 7,
    /// Install unattended access (S7).
    Unattended = 8,
    /// Record the session (O9).
    Record = 9,
}

impl Right {
    /// Every right, in the order of their bits.
    pub const ALL: [Self; 10] = [
        Self::View,
        Self::Control,
        Self::Files,
        Self::Clipboard,
        Self::Diagnostics,
        Self::Shell,
        Self::Camera,
        Self::Microphone,
        Self::Unattended,
        Self::Record,
    ];
}

/// A set of rights. Control implies view. As data a list of names; names that a newer version sends are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rights(u16);

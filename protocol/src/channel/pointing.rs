//! What the technician points at on the customer's screen: travels on [`crate::envelope::Stream::Chat`].
//!
//! A light that goes out by itself, and marks: lines that lie over the customer's screen and take no click from it. They
//! need the right to see and no other. Places are pixels of the shared screen.

use serde::{Deserialize, Serialize};

use super::{ChannelError, limit};

/// The most places in one message. A longer line comes in several.
pub const MAX_PLACES: usize = 64;

/// A message, either way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Pointing {
    /// Console → agent: the sender's light is here now.
    Light {
        /// Where.
        at: Place,
    },
    /// Console → agent: the sender's light goes out.
    Dark,
    /// Console → agent: a mark is drawn, or goes on. Of a mark that stands already, the places of a free line are added
    /// to those that it has; every other shape takes the new places instead.
    Draw {
        /// The sender's number for it.
        number: u32,
        /// It stays until it is taken away; otherwise it fades.
        stays: bool,
        /// The mark, or what is new of it.
        mark: Mark,
    },
    /// Console → agent: takes one of the sender's marks away.
    Erase {
        /// Its number.
        number: u32,
    },
    /// Console → agent: takes all of the sender's marks away.
    EraseAll,
    /// Agent → consoles: nothing is drawn any more. The customer took it away, or the view is over.
    Cleared,
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// A mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Mark {
    /// What it is.
    pub shape: Shape,
    /// In which colour.
    pub colour: Colour,
    /// From where to where; of a free line all places in between too. At most [`MAX_PLACES`] in one message.
    pub places: Vec<Place>,
}

/// A place on the shared screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Place {
    /// Pixels from its left.
    pub x: i32,
    /// Pixels from its top.
    pub y: i32,
}

/// What a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// From the first place to the last, with a head there.
    Arrow,
    /// From the first place to the last.
    Line,
    /// The box between the first place and the last.
    Box,
    /// Through all places.
    Free,
    /// A newer version's shape; drawn as a free line.
    #[serde(other)]
    Unknown,
}

/// The colour of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// Red.
    Red,
    /// Yellow.
    Yellow,
    /// Green.
    Green,
    /// Blue.
    Blue,
    /// A newer version's colour; red.
    #[serde(other)]
    Unknown,
}

impl Pointing {
    /// Whether it is within its limits. [`super::chat::Chat::decode`] asks.
    ///
    /// # Errors
    /// [`ChannelError::Limit`].
    pub const fn check(&self) -> Result<(), ChannelError> {
        match self {
            Self::Draw { mark, .. } => limit("line", mark.places.len() <= MAX_PLACES),
            Self::Light { .. }
            | Self::Dark
            | Self::Erase { .. }
            | Self::EraseAll
            | Self::Cleared
            | Self::Unknown => Ok(()),
        }
    }
}

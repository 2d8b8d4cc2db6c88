//! Messages of [`crate::envelope::Stream::Chat`]: what people say to one another, and what the technician points at.

use serde::{Deserialize, Serialize};

use super::ChannelError;

/// A message, either way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Chat {
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

impl Chat {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ChannelError`] for anything but one whole message within its limits.
    pub fn decode(body: &[u8]) -> Result<Self, ChannelError> {
        let message: Self = super::decode(body)?;
        message.check()?;
        Ok(message)
    }

    fn check(&self) -> Result<(), ChannelError> {
        match self {
            Self::Unknown => Ok(()),
        }
    }
}

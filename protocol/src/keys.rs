//! Physical keys by their USB HID usage (page 7) and the names that browsers give them (`KeyboardEvent.code`).

use serde::{Deserialize, Serialize};

/// USB HID usage of a key on page 7, the keyboard page. Consumer keys are not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Usage(pub u16);

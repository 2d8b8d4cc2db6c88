//! The HTTP API's types, a file a resource. Paths are under `/api/v1`; bodies are JSON; errors are [`Problem`] with a
//! 4xx or 5xx status. Times are milliseconds since 1970.

mod account;
mod audit;
mod colleagues;
mod data;
mod groups;
mod keys;
mod methods;
mod notes;
mod organisation;
mod outbox;
mod people;
mod receipts;
mod replies;
mod report;
mod service;
mod sessions;
mod windows;

use serde::{Deserialize, Serialize};

pub use self::account::*;
pub use self::audit::*;
pub use self::colleagues::*;
pub use self::data::*;
pub use self::groups::*;
pub use self::keys::*;
pub use self::methods::*;
pub use self::notes::*;
pub use self::organisation::*;
pub use self::outbox::*;
pub use self::people::*;
pub use self::receipts::*;
pub use self::replies::*;
pub use self::report::*;
pub use self::service::*;
pub use self::sessions::*;
pub use self::windows::*;

/// Every error's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Problem {
    /// For programs, such as `code_unknown`; the page looks its sentence up by it.
    pub code: String,
    /// For people, in English: what happened and what to do.
    pub message: String,
}

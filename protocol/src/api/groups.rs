//! Groups of technicians, and the policy of each.

use serde::{Deserialize, Serialize};

use crate::rights::Rights;

use super::WindowRule;

/// What the members of a group may do at most. A ceiling: the customer's consent is needed for each of it all the
/// same. Kept at the service and at the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Policy {
    /// The rights that a technician may ask for.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::rights::Right>))]
    pub rights: Rights,
    /// A session ends this many minutes after the customer joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub session_minutes: Option<u32>,
    /// A session ends, and a sign-in too, after this many minutes without use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub idle_minutes: Option<u32>,
    /// Whether sessions are to be recorded.
    pub recorded: bool,
    /// From where the members may work, such as `192.0.2.0/24`; empty for anywhere.
    pub addresses: Vec<String>,
    /// Windows that the agent keeps out of the picture, or in which nobody but the customer acts: the organisation's
    /// list, as the service fills it in for a session. Empty in a group's form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<WindowRule>>"))]
    pub windows: Vec<WindowRule>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            rights: Rights::ALL,
            session_minutes: None,
            idle_minutes: None,
            recorded: false,
            addresses: Vec::new(),
            windows: Vec::new(),
        }
    }
}

/// `GET /groups`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Groups {
    /// By name.
    pub groups: Vec<Group>,
}

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Group {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Policy.
    pub policy: Policy,
    /// How many people are in it.
    pub people: u32,
}

/// `POST /groups` and `PUT /groups/{id}`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutGroup {
    /// Name.
    pub name: String,
    /// Policy.
    pub policy: Policy,
}

//! Colleagues in one another's sessions.

use serde::{Deserialize, Serialize};

use crate::ParticipantId;
use crate::channel::together::Purpose;
use crate::rights::Rights;

/// `GET /sessions/{id}/colleagues`: whom the session's technician may invite, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Colleagues {
    /// The colleagues.
    pub colleagues: Vec<Colleague>,
}

/// Somebody of the same organisation who may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Colleague {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Has a console open now, as far as the service knows.
    pub online: bool,
}

/// `POST /sessions/{id}/colleagues`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct InviteColleague {
    /// Whom.
    pub user: String,
    /// What for.
    pub purpose: Purpose,
}

/// The answer to [`InviteColleague`]: what the console tells the agent, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ColleagueInvited {
    /// Their number in the session.
    pub participant: ParticipantId,
    /// Their name.
    pub name: String,
    /// Their organisation.
    pub organisation: String,
    /// What their own group lets them ask for.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::rights::Right>))]
    pub rights: Rights,
}

/// `GET /colleague-invitations`: sessions into which the caller is invited and has not come yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ColleagueInvitations {
    /// The invitations, newest first.
    pub invitations: Vec<ColleagueInvitation>,
}

/// An invitation into a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ColleagueInvitation {
    /// The session.
    pub session: String,
    /// Who invites.
    pub from: String,
    /// What for.
    pub purpose: Purpose,
    /// When, milliseconds since 1970.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: u64,
}

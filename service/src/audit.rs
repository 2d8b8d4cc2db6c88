//! Who did what: audit rows from the first day. No secret and no personal value goes into one.

use std::net::IpAddr;

use crate::store::AuditRow;

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user of the tenant.
    User(String),
    /// The customer's agent.
    Agent,
    /// The service itself.
    Service,
    /// Somebody unknown.
    Anonymous,
}

impl Actor {
    /// As it stands in the row.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::User(id) => format!("user:{id}"),
            Self::Agent => "agent".to_owned(),
            Self::Service => "service".to_owned(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }
}

/// What happened, all but the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    actor: Actor,
    action: &'static str,
    session: Option<String>,
    outcome: &'static str,
    address: Option<IpAddr>,
    detail: String,
}

impl Event {
    /// Something that succeeded.
    #[must_use]
    pub fn new(actor: Actor, action: &'static str) -> Self {
        Self { actor, action, session: None, outcome: "ok", address: None, detail: String::new() }
    }

    /// The session it concerns.
    #[must_use]
    pub fn session(self, session: &str) -> Self {
        Self { session: Some(session.to_owned()), ..self }
    }

    /// The code of a refusal, or what came out of it.
    #[must_use]
    pub fn outcome(self, outcome: &'static str) -> Self {
        Self { outcome, ..self }
    }

    /// Where from.
    #[must_use]
    pub fn from(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// Further facts.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// The row, at this time (milliseconds since 1970).
    #[must_use]
    pub fn row(self, at: u64) -> AuditRow {
        AuditRow {
            at,
            actor: self.actor.name(),
            action: self.action.to_owned(),
            session: self.session,
            outcome: self.outcome.to_owned(),
            address: self.address.map(|a| a.to_string()).unwrap_or_default(),
            detail: self.detail,
        }
    }
}

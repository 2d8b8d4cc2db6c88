//! Who did what. Every event becomes an entry of its tenant's [`chain`]; security events are told at once ([`alert`]).
//! No secret goes into one; addresses and details are sealed.

pub mod alert;
pub mod chain;
pub mod command;
pub mod watch;

use std::net::IpAddr;

use crate::store::AuditRow;

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user of the tenant.
    User(String),
    /// A program of the tenant, by this API key.
    Key(String),
    /// Whoever hosts the service, on the command line.
    Operator,
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
            Self::Key(id) => format!("key:{id}"),
            Self::Operator => "operator".to_owned(),
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
    security: bool,
}

impl Event {
    /// Something that succeeded.
    #[must_use]
    pub fn new(actor: Actor, action: &'static str) -> Self {
        Self {
            actor,
            action,
            session: None,
            outcome: "ok",
            address: None,
            detail: String::new(),
            security: false,
        }
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

    /// Marks a security event: a lock, a throttle, a foreign Origin, a refused ticket, a forged token (O2).
    #[must_use]
    pub fn security(self) -> Self {
        Self { security: true, ..self }
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
            security: self.security,
        }
    }
}

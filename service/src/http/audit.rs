//! The audit log and who is told of security events.

use axum::routing::{get, put};
use farhand_protocol::api::{self, Scope};
use http::{Method, StatusCode};

use super::Refusal;
use super::operation::{Access, Kind, Operation, may};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/audit", "audit", Access::Administrator, || get(not_ready))
        .about("The audit log, newest first.")
        .scope(Scope::AuditRead)
        .query(&[
            may("from", Kind::Number, "From this time on."),
            may("to", Kind::Number, "Until before this time."),
            may("actor", Kind::Text, "By this actor, such as `user:<id>`."),
            may("action", Kind::Text, "Of this action."),
            may("outcome", Kind::Text, "With this outcome."),
            may("session", Kind::Text, "About this session."),
            may("security", Kind::Flag, "Security events only."),
            may("before", Kind::Text, "The next page after the one that gave this."),
            may("limit", Kind::Number, "At most so many, up to 200."),
        ])
        .gives::<api::AuditPage>(200),
    Operation::new(Method::GET, "/api/v1/audit/export", "export_audit", Access::Administrator, || get(not_ready))
        .about("The audit log as JSON lines, oldest first.")
        .scope(Scope::AuditRead)
        .query(&[
            may("from", Kind::Number, "From this time on."),
            may("to", Kind::Number, "Until before this time."),
        ])
        .gives_other(200, "application/jsonl"),
    Operation::new(Method::GET, "/api/v1/audit/verify", "verify_audit", Access::Administrator, || get(not_ready))
        .about("Whether nothing of the audit log was changed, removed or reordered.")
        .scope(Scope::AuditRead)
        .gives::<api::AuditVerified>(200),
    Operation::new(Method::GET, "/api/v1/alerts", "alerts", Access::Administrator, || get(not_ready))
        .about("Who is told of security events.")
        .gives::<api::Alerts>(200),
    Operation::new(Method::PUT, "/api/v1/alerts", "put_alerts", Access::Administrator, || put(not_ready))
        .about("Changes who is told of security events.")
        .takes::<api::Alerts>()
        .gives::<api::Alerts>(200),
];

async fn not_ready() -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "This is not there yet. Update the service.")
}

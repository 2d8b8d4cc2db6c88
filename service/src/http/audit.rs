//! The audit log and who is told of security events.

use std::collections::{BTreeSet, HashMap};

use axum::Json;
use axum::body::Body as Stream;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use farhand_protocol::api::{self, Scope};
use http::{Method, header};
use serde::Deserialize;

use super::extract::{Asked, Body, From};
use super::gate::{Caller, SignedIn};
use super::operation::{Access, Kind, Operation, may};
use super::{Refusal, fields};
use crate::app::App;
use crate::audit::chain::Finding;
use crate::audit::{Actor, Event};
use crate::store::{AlertWay, AuditEntry, AuditFilter, TenantStore};

/// Entries on a page, if nobody says otherwise, and at most.
const PAGE: u32 = 50;
const MAX_PAGE: u32 = 200;
/// Receivers of alerts at most.
const MAX_RECEIVERS: usize = 20;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/audit", "audit", Access::Administrator, || get(page))
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
    Operation::new(Method::GET, "/api/v1/audit/export", "export_audit", Access::Administrator, || {
        get(export)
    })
    .about("The audit log as JSON lines, oldest first.")
    .scope(Scope::AuditRead)
    .query(&[
        may("from", Kind::Number, "From this time on."),
        may("to", Kind::Number, "Until before this time."),
    ])
    .gives_other(200, "application/jsonl"),
    Operation::new(Method::GET, "/api/v1/audit/verify", "verify_audit", Access::Administrator, || {
        get(verify)
    })
    .about("Whether nothing of the audit log was changed, removed or reordered.")
    .scope(Scope::AuditRead)
    .gives::<api::AuditVerified>(200),
    Operation::new(Method::GET, "/api/v1/alerts", "alerts", Access::Administrator, || get(alerts))
        .about("Who is told of security events.")
        .gives::<api::Alerts>(200),
    Operation::new(Method::PUT, "/api/v1/alerts", "put_alerts", Access::Administrator, || put(put_alerts))
        .about("Changes who is told of security events.")
        .takes::<api::Alerts>()
        .gives::<api::Alerts>(200),
];

/// The log's query.
#[derive(Debug, Default, Deserialize)]
struct PageAsked {
    from: Option<u64>,
    to: Option<u64>,
    actor: Option<String>,
    action: Option<String>,
    outcome: Option<String>,
    session: Option<String>,
    security: Option<bool>,
    before: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
struct Between {
    from: Option<u64>,
    to: Option<u64>,
}

async fn page(caller: Caller, Asked(asked): Asked<PageAsked>) -> Result<Json<api::AuditPage>, Refusal> {
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let before = match asked.before.as_deref() {
        None | Some("") => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Refusal::invalid("page_unknown", "This is no place in the log. Load it from its beginning.")
        })?),
    };
    let filter = AuditFilter {
        before,
        since: asked.from,
        until: asked.to,
        actor: asked.actor.filter(|word| !word.is_empty()),
        action: asked.action.filter(|word| !word.is_empty()),
        session: asked.session.filter(|word| !word.is_empty()),
        outcome: asked.outcome.filter(|word| !word.is_empty()),
        security: asked.security.unwrap_or(false),
    };
    let tenant = caller.tenant();
    let mut entries = tenant.audit_entries(&filter, limit + 1).await?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries.last().filter(|_| more).map(|last| last.number.to_string());
    let names = tenant.names().await?;
    Ok(Json(api::AuditPage {
        entries: entries.into_iter().map(|entry| shown(&names, entry)).collect(),
        next,
    }))
}

fn shown(names: &HashMap<String, String>, entry: AuditEntry) -> api::AuditEntry {
    let AuditEntry { number, row, hash, .. } = entry;
    api::AuditEntry {
        id: number.to_string(),
        at: row.at,
        actor_name: row.actor.strip_prefix("user:").and_then(|id| names.get(id).cloned()),
        actor: row.actor,
        action: row.action,
        outcome: row.outcome,
        session: row.session,
        address: row.address,
        detail: row.detail,
        security: row.security,
        hash,
    }
}

/// The log as it is read, a line an entry; nothing is held in memory whole.
async fn export(caller: Caller, Asked(asked): Asked<Between>) -> Result<Response, Refusal> {
    let (from, to) = (asked.from.unwrap_or(0), asked.to.unwrap_or(u64::MAX));
    let tenant = caller.tenant().clone();
    let pieces = futures_util::stream::try_unfold(Some(0), move |after| {
        let tenant = tenant.clone();
        async move {
            let Some(after) = after else { return Ok::<_, std::io::Error>(None) };
            lines(&tenant, after, from, to).await
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"farhand-audit.jsonl\""),
    ];
    Ok((headers, Stream::from_stream(pieces)).into_response())
}

/// The next lines after an entry, and where to go on.
async fn lines(
    tenant: &TenantStore,
    mut after: u64,
    from: u64,
    to: u64,
) -> std::io::Result<Option<(String, Option<u64>)>> {
    loop {
        let entries = tenant.audit_after(after).await.map_err(std::io::Error::other)?;
        let Some(last) = entries.last() else { return Ok(None) };
        after = last.number;
        let mut text = String::new();
        for entry in entries.iter().filter(|entry| (from..to).contains(&entry.row.at)) {
            text.push_str(&serde_json::to_string(entry).map_err(std::io::Error::other)?);
            text.push('\n');
        }
        // An empty piece would be the end of the body to some readers.
        if !text.is_empty() {
            return Ok(Some((text, Some(after))));
        }
    }
}

async fn verify(caller: Caller) -> Result<Json<api::AuditVerified>, Refusal> {
    let report = caller.tenant().verify_audit().await?.report;
    let broken_at = report.findings.first().map(|finding| match finding {
        Finding::FoundBroken { at } => at.to_string(),
        Finding::Missing { from, .. } => from.to_string(),
        Finding::Beyond { number } | Finding::Changed { number } | Finding::Sealed { number } => {
            number.to_string()
        }
        Finding::NoHead | Finding::HeadForged => finding.to_string(),
    });
    Ok(Json(api::AuditVerified { entries: report.entries, whole: report.wrong == 0, broken_at }))
}

async fn alerts(signed_in: SignedIn) -> Result<Json<api::Alerts>, Refusal> {
    Ok(Json(alerts_of(&signed_in.tenant).await?))
}

async fn alerts_of(tenant: &TenantStore) -> Result<api::Alerts, Refusal> {
    let mut alerts = api::Alerts::default();
    for target in tenant.alerts().await? {
        match target.way {
            AlertWay::Webhook(address) => alerts.webhook = Some(address),
            AlertWay::Mail(address) => alerts.emails.push(address),
        }
    }
    alerts.emails.sort();
    Ok(alerts)
}

async fn put_alerts(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::Alerts>,
) -> Result<Json<api::Alerts>, Refusal> {
    let mut wanted = BTreeSet::new();
    if let Some(webhook) = form.webhook.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) {
        app.outward()
            .check(&webhook)
            .map_err(|error| Refusal::invalid("webhook_invalid", error.to_string()))?;
        wanted.insert(AlertWay::Webhook(webhook));
    }
    if form.emails.len() > MAX_RECEIVERS {
        return Err(Refusal::invalid("too_many", format!("Write at most {MAX_RECEIVERS} addresses.")));
    }
    for address in &form.emails {
        wanted.insert(AlertWay::Mail(fields::email(address)?));
    }
    signed_in.tenant.set_alerts(&wanted, app.now().unix_ms).await?;
    let event = Event::new(Actor::User(signed_in.user().to_owned()), "alerts_change").from(from);
    app.audit(&signed_in.tenant(), event).later();
    Ok(Json(alerts_of(&signed_in.tenant).await?))
}

//! Content: how long it is kept, its export and its deletion (O4, O5).

use axum::Json;
use axum::body::Body as Stream;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use bytes::Bytes;
use farhand_protocol::api;
use http::{Method, header};
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;

use super::Refusal;
use super::extract::{Asked, Body, From};
use super::gate::SignedIn;
use super::operation::{Access, Kind, Operation, may};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::jobs::keeper;
use crate::retention::{AFTER_SUBSCRIPTION, export as write_archive};
use crate::store::{Deletion, Subject, TenantStore};

/// Days that content can be kept at most.
const MAX_DAYS: u32 = 3650;
/// Deletions that are shown.
const DELETIONS: u32 = 100;
/// Bytes of an archive that wait to be taken.
const PIECE: usize = 64 * 1024;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/data", "data", Access::Administrator, || get(show))
        .about("What is kept, and for how long.")
        .gives::<api::DataOverview>(200),
    Operation::new(Method::GET, "/api/v1/data/export", "export_data", Access::Administrator, || get(export))
        .about("Everything of the organisation, or of one session, as one archive.")
        .query(&[may("session", Kind::Text, "Of this session only.")])
        .gives_other(200, "application/x-tar"),
    Operation::new(Method::PUT, "/api/v1/data/retention", "put_retention", Access::Administrator, || {
        put(put_retention)
    })
    .about("Changes how long ended sessions are kept.")
    .takes::<api::PutRetention>()
    .gives::<api::DataOverview>(200),
    Operation::new(Method::POST, "/api/v1/data/deletion", "delete_data", Access::Administrator, || {
        post(delete_content)
    })
    .about("Deletes the content of one session, or of all, at once.")
    .takes::<api::Delete>()
    .gives::<api::Deletion>(200),
];

async fn show(signed_in: SignedIn) -> Result<Json<api::DataOverview>, Refusal> {
    Ok(Json(overview(&signed_in.tenant).await?))
}

async fn overview(tenant: &TenantStore) -> Result<api::DataOverview, Refusal> {
    let retention = tenant.retention().await?;
    let (sessions, audit_entries) = tenant.kept().await?;
    let after = u64::try_from(AFTER_SUBSCRIPTION.as_millis()).unwrap_or(u64::MAX);
    Ok(api::DataOverview {
        retention_days: retention.days,
        subscription_ends_at: retention.subscription_ends_at,
        deleted_at: retention.subscription_ends_at.map(|at| at.saturating_add(after)),
        sessions,
        audit_entries,
        deletions: tenant.deletions(DELETIONS).await?.into_iter().filter_map(shown).collect(),
    })
}

/// A deletion that was done, with its confirmation: the signed statement, and the signature below it.
fn shown(row: Deletion) -> Option<api::Deletion> {
    let (statement, signature) = row.confirmation?;
    Some(api::Deletion {
        id: row.id,
        asked_at: row.requested_at,
        done_at: row.done_at?,
        summary: row.subject.name().to_owned(),
        confirmation: format!("{statement}\n{signature}\n"),
    })
}

#[derive(Debug, Default, Deserialize)]
struct ExportAsked {
    session: Option<String>,
}

/// The archive, as it is written.
async fn export(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Asked(asked): Asked<ExportAsked>,
) -> Result<Response, Refusal> {
    let session = asked.session.filter(|session| !session.is_empty());
    let detail = session.clone().unwrap_or_else(|| "everything".to_owned());
    let event = Event::new(Actor::User(signed_in.user().to_owned()), "data_export").detail(detail).from(from);
    app.audit(&signed_in.tenant(), event).later();
    let (write, read) = tokio::io::duplex(PIECE);
    let (tenant, now) = (signed_in.tenant.clone(), app.now().unix_ms);
    tokio::spawn(async move {
        // Broken off, the archive lacks its end, which whoever unpacks it is told.
        if let Err(error) = write_archive(&tenant, session.as_deref(), now, write).await {
            tracing::warn!(%error, "an archive was not written whole");
        }
    });
    let pieces = futures_util::stream::try_unfold(read, |mut read| async move {
        let mut piece = vec![0; PIECE];
        let length = read.read(&mut piece).await?;
        piece.truncate(length);
        Ok::<_, std::io::Error>((length > 0).then(|| (Bytes::from(piece), read)))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-tar"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"farhand-data.tar\""),
    ];
    Ok((headers, Stream::from_stream(pieces)).into_response())
}

async fn put_retention(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::PutRetention>,
) -> Result<Json<api::DataOverview>, Refusal> {
    if form.days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
        return Err(Refusal::invalid(
            "days_invalid",
            format!("Write a number of days from 1 to {MAX_DAYS}."),
        ));
    }
    signed_in.tenant.set_retention_days(form.days).await?;
    let event = Event::new(Actor::User(signed_in.user().to_owned()), "retention_change");
    app.audit(&signed_in.tenant(), event.detail(format!("days:{:?}", form.days)).from(from)).later();
    Ok(Json(overview(&signed_in.tenant).await?))
}

async fn delete_content(
    State(app): State<App>,
    signed_in: SignedIn,
    Body(form): Body<api::Delete>,
) -> Result<Json<api::Deletion>, Refusal> {
    if form.confirm.trim() != signed_in.standing.organisation {
        return Err(Refusal::invalid(
            "confirm_wrong",
            "Type your organisation's name exactly, to say that you mean it.",
        ));
    }
    let subject = match form.session.filter(|session| !session.is_empty()) {
        Some(session) => {
            let known = app.broker().owner(&signed_in.tenant(), &session).is_some()
                || signed_in.tenant.has_session(&session).await?;
            if !known {
                return Err(Refusal::no_session());
            }
            Subject::Sessions(vec![session])
        }
        None => Subject::AllSessions,
    };
    let actor = Actor::User(signed_in.user().to_owned());
    let (deletion, _) = keeper(&app).delete(&signed_in.tenant(), subject, &actor).await?;
    shown(deletion).map(Json).ok_or_else(Refusal::not_found)
}

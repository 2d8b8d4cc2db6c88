//! What anybody may know, whether the service works, its metrics, and the agent to download.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use farhand_protocol::api::ServiceInfo;
use http::{Method, StatusCode, header};

use super::operation::{Access, Operation};
use super::{Refusal, downloads};
use crate::app::App;

/// The database answers within this time, or the service counts as not working.
const HEALTHY_WITHIN: Duration = Duration::from_secs(2);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/service", "service", Access::Open, || get(info))
        .about("What anybody may know of the service.")
        .gives::<ServiceInfo>(200),
    Operation::new(Method::GET, "/healthz", "health", Access::Open, || get(health))
        .about("Whether the service works.")
        .gives_other(200, "text/plain"),
];

/// `GET /api/v1/service`.
pub async fn info(State(app): State<App>) -> Result<Json<ServiceInfo>, Refusal> {
    Ok(Json(ServiceInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        demo: app.demo().is_some(),
        download: app.config().agent_file.is_some(),
        downloads: downloads::offered(&app).await?,
        release_key: app.downloads().map(|downloads| downloads.key()),
        start_key: app.store().signer(app.now().unix_ms).await?.public_key(),
        certificate_sha256: app.certificate().fingerprint.clone(),
        media_port: Some(app.media_port()),
        media_certificate_sha256: app.media().certificate_hashes(),
    }))
}

/// `GET /healthz`.
pub async fn health(State(app): State<App>) -> Response {
    match tokio::time::timeout(HEALTHY_WITHIN, app.store().is_set_up()).await {
        Ok(Ok(_)) => "ok\n".into_response(),
        Ok(Err(_)) | Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

/// `GET /metrics`, on the loopback port.
pub async fn metrics(State(app): State<App>) -> Response {
    let text = app.metrics().text(&app.broker().counts(), &app.media().metrics());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// `GET /download/farhand-agent`: the Linux agent, when the service was given one.
pub async fn agent(State(app): State<App>) -> Result<Response, Refusal> {
    let path = app.config().agent_file.as_ref().ok_or_else(Refusal::not_found)?;
    let missing = |error: std::io::Error| {
        tracing::error!(%error, "the agent file given with --agent-file cannot be read");
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "agent_missing",
            "The agent cannot be downloaded just now. Tell whoever runs the service to check --agent-file.",
        )
    };
    let file = tokio::fs::File::open(path).await.map_err(missing)?;
    let length = file.metadata().await.map_err(missing)?.len();
    Ok(downloads::whole(length, file))
}

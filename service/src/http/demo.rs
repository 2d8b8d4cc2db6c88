//! The demo computer asks here for the next code. On this machine only, and only with `--demo`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;

use super::Refusal;
use super::extract::{Credential, From};
use super::operation::{Access, Operation};
use crate::app::App;
use crate::metrics::Refused;

pub(super) const OPERATIONS: &[Operation] =
    &[Operation::new(Method::GET, "/api/v1/demo/next", "demo_next", Access::Demo, || get(next))
        .about("The next code for the demo computer.")
        .gives::<Next>(200)];

/// The next code.
#[derive(Serialize, utoipa::ToSchema)]
struct Next {
    /// Ten digits.
    code: String,
}

/// `GET /api/v1/demo/next`: waits for the next session that is started with the demo computer; 204 when none came.
pub async fn next(State(app): State<App>, From(from): From, headers: HeaderMap) -> Result<Response, Refusal> {
    let Some(demo) = app.demo().filter(|_| from.is_loopback()) else { return Err(Refusal::not_found()) };
    let genuine = match Credential::of(&headers) {
        Credential::Bearer(Some(token)) => demo.is_token(&token),
        Credential::Bearer(None) | Credential::Key(_) | Credential::Cookie(_) | Credential::None => false,
    };
    if !genuine {
        app.metrics().refused(Refused::SignIn);
        return Err(Refusal::sign_in_needed());
    }
    match demo.next(app.ending()).await {
        Some(code) => Ok(Json(Next { code }).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

//! Content: how long it is kept, its export and its deletion (O4, O5).

use axum::routing::{get, post, put};
use farhand_protocol::api;
use http::{Method, StatusCode};

use super::Refusal;
use super::operation::{Access, Kind, Operation, may};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/data", "data", Access::Administrator, || get(not_ready))
        .about("What is kept, and for how long.")
        .gives::<api::DataOverview>(200),
    Operation::new(Method::GET, "/api/v1/data/export", "export_data", Access::Administrator, || get(not_ready))
        .about("Everything of the organisation, or of one session, as one archive.")
        .query(&[may("session", Kind::Text, "Of this session only.")])
        .gives_other(200, "application/zip"),
    Operation::new(Method::PUT, "/api/v1/data/retention", "put_retention", Access::Administrator, || {
        put(not_ready)
    })
    .about("Changes how long ended sessions are kept.")
    .takes::<api::PutRetention>()
    .gives::<api::DataOverview>(200),
    Operation::new(Method::POST, "/api/v1/data/deletion", "delete_data", Access::Administrator, || {
        post(not_ready)
    })
    .about("Deletes the content of one session, or of all, at once.")
    .takes::<api::Delete>()
    .gives::<api::Deletion>(200),
];

async fn not_ready() -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "This is not there yet. Update the service.")
}

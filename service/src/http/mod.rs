//! The HTTP API, a file a resource. Every operation stands once, in its resource's list, from which come the router, the
//! gate before it, the OpenAPI document and the tests of access.

mod audit;
mod colleagues;
mod data;
mod demo;
mod downloads;
mod extract;
mod fields;
mod gate;
mod guard;
mod me;
mod methods;
pub mod openapi;
mod operation;
mod organisation;
mod pages;
mod people;
mod problem;
mod receipts;
mod report;
mod reset;
mod service;
mod sessions;
mod sign_in;
mod sockets;
mod talk;
mod windows;

use axum::Router;
use axum::middleware;
use axum::routing::get;

pub use self::extract::KEY as API_KEY_PREFIX;
pub use self::gate::stands;
use self::gate::{Gate, gate};
pub use self::guard::without_port;
pub use self::operation::{Access, Content, Kind, Operation, Parameter};
pub use self::pages::{Pages, PagesError};
pub use self::problem::Refusal;
use crate::app::App;

/// Path of the media service's WebSocket.
pub const MEDIA_SOCKET: &str = "/api/v1/media";
/// The sign-in cookie.
pub const COOKIE: &str = "__Host-farhand";

static LISTS: &[&[Operation]] = &[
    service::OPERATIONS,
    downloads::OPERATIONS,
    sign_in::OPERATIONS,
    reset::OPERATIONS,
    me::OPERATIONS,
    methods::OPERATIONS,
    people::OPERATIONS,
    organisation::OPERATIONS,
    sessions::OPERATIONS,
    colleagues::OPERATIONS,
    sockets::OPERATIONS,
    receipts::OPERATIONS,
    talk::OPERATIONS,
    windows::OPERATIONS,
    report::OPERATIONS,
    audit::OPERATIONS,
    data::OPERATIONS,
    demo::OPERATIONS,
];

/// Every operation of the API.
pub fn every() -> impl Iterator<Item = &'static Operation> {
    LISTS.iter().copied().flatten()
}

/// What answers on the HTTPS port.
pub fn router(app: App) -> Router {
    every()
        .fold(Router::new(), |router, operation| {
            let handler = (operation.handler)();
            let handler = match operation.access {
                Access::Own | Access::Technician | Access::Administrator => handler
                    .route_layer(middleware::from_fn_with_state(Gate { app: app.clone(), operation }, gate)),
                // Anybody, or whoever brings something that the handler itself looks at.
                Access::Open | Access::SetUp | Access::Participant | Access::Ticket | Access::Demo => handler,
            };
            router.route(operation.path, handler)
        })
        .route("/download/farhand-agent", get(service::agent))
        .route("/download/{program}/{name}", get(downloads::download))
        .route(openapi::DOCUMENT, get(openapi::json))
        .route(openapi::PAGE, get(openapi::page))
        .fallback(pages::page)
        .method_not_allowed_fallback(pages::wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}

/// What answers on the loopback port for metrics.
pub fn metrics_router(app: App) -> Router {
    Router::new().route("/metrics", get(service::metrics)).with_state(app)
}

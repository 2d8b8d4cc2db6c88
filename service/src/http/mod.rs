//! The HTTP API, a file a resource. Every operation stands once in [`Operation`], from which the router is built and
//! over which the tests of access go.

mod account;
mod demo;
mod extract;
mod guard;
mod pages;
mod problem;
mod service;
mod sessions;
mod sockets;

use axum::Router;
use axum::middleware;
use axum::routing::{MethodRouter, any, delete, get, post};
use http::Method;

pub use self::pages::{Pages, PagesError};
pub use self::problem::Refusal;
use crate::app::App;

/// Path of the media service's WebSocket.
pub const MEDIA_SOCKET: &str = "/api/v1/media";
/// The sign-in cookie.
pub const COOKIE: &str = "__Host-farhand";

/// Who may use an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Open,
    /// Whoever holds the set-up link, until it is used.
    SetUp,
    /// Whoever is signed in.
    SignedIn,
    /// A participant of the session: its owner by sign-in, its agent by token.
    Participant,
    /// Whoever brings a media ticket.
    Ticket,
    /// The demo computer, on this machine.
    Demo,
}

/// Every operation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// What anybody may know.
    Service,
    /// Whether the service works.
    Health,
    /// The one-time set-up.
    SetUp,
    /// Signs in.
    SignIn,
    /// Signs out.
    SignOut,
    /// Who is signed in.
    Me,
    /// Starts a session.
    CreateSession,
    /// The caller's sessions.
    ListSessions,
    /// Ends a session.
    EndSession,
    /// Joins by code.
    Join,
    /// A session's socket.
    SessionSocket,
    /// The media path's WebSocket.
    MediaSocket,
    /// The next code for the demo computer.
    DemoNext,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Service,
        Self::Health,
        Self::SetUp,
        Self::SignIn,
        Self::SignOut,
        Self::Me,
        Self::CreateSession,
        Self::ListSessions,
        Self::EndSession,
        Self::Join,
        Self::SessionSocket,
        Self::MediaSocket,
        Self::DemoNext,
    ];

    /// The path, with `{…}` for its variable parts.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Service => "/api/v1/service",
            Self::Health => "/healthz",
            Self::SetUp => "/api/v1/setup",
            Self::SignIn => "/api/v1/sign-in",
            Self::SignOut => "/api/v1/sign-out",
            Self::Me => "/api/v1/me",
            Self::CreateSession | Self::ListSessions => "/api/v1/sessions",
            Self::EndSession => "/api/v1/sessions/{id}",
            Self::Join => "/api/v1/join",
            Self::SessionSocket => "/api/v1/sessions/{id}/socket",
            Self::MediaSocket => MEDIA_SOCKET,
            Self::DemoNext => "/api/v1/demo/next",
        }
    }

    /// The method.
    #[must_use]
    pub fn method(self) -> Method {
        match self {
            Self::Service
            | Self::Health
            | Self::Me
            | Self::ListSessions
            | Self::SessionSocket
            | Self::MediaSocket
            | Self::DemoNext => Method::GET,
            Self::SetUp | Self::SignIn | Self::SignOut | Self::CreateSession | Self::Join => Method::POST,
            Self::EndSession => Method::DELETE,
        }
    }

    /// Who may use it.
    #[must_use]
    pub fn access(self) -> Access {
        match self {
            Self::Service | Self::Health | Self::SignIn | Self::Join => Access::Open,
            Self::SetUp => Access::SetUp,
            Self::SignOut | Self::Me | Self::CreateSession | Self::ListSessions | Self::EndSession => {
                Access::SignedIn
            }
            Self::SessionSocket => Access::Participant,
            Self::MediaSocket => Access::Ticket,
            Self::DemoNext => Access::Demo,
        }
    }

    /// Whether it is a WebSocket.
    #[must_use]
    pub fn is_socket(self) -> bool {
        matches!(self, Self::SessionSocket | Self::MediaSocket)
    }

    fn handler(self) -> MethodRouter<App> {
        match self {
            Self::Service => get(service::info),
            Self::Health => get(service::health),
            // Whatever the method: after set-up there is nothing here.
            Self::SetUp => any(account::set_up),
            Self::SignIn => post(account::sign_in),
            Self::SignOut => post(account::sign_out),
            Self::Me => get(account::me),
            Self::CreateSession => post(sessions::create),
            Self::ListSessions => get(sessions::list),
            Self::EndSession => delete(sessions::end),
            Self::Join => post(sessions::join),
            Self::SessionSocket => get(sockets::session),
            Self::MediaSocket => get(sockets::media),
            Self::DemoNext => get(demo::next),
        }
    }
}

/// What answers on the HTTPS port.
pub fn router(app: App) -> Router {
    Operation::ALL
        .into_iter()
        .fold(Router::new(), |router, operation| router.route(operation.path(), operation.handler()))
        .route("/download/farhand-agent", get(service::agent))
        .fallback(pages::page)
        .method_not_allowed_fallback(pages::wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}

/// What answers on the loopback port for metrics.
pub fn metrics_router(app: App) -> Router {
    Router::new().route("/metrics", get(service::metrics)).with_state(app)
}

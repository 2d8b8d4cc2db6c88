//! Sessions: start, list, end, join.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::routing::{delete, get, post};
use farhand_protocol::api::{CreateSession, Join, Joined, SessionCreated, SessionList};
use farhand_protocol::session::EndReason;
use http::{Method, StatusCode};

use super::extract::{Body, From, Id};
use super::gate::SignedIn;
use super::operation::{Access, Operation};
use super::{Refusal, guard};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::broker::hub::{CreateRefused, JoinRefused, Owner};
use crate::identity::throttle::network;
use crate::metrics::Refused;
use crate::store::Tenant;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::POST, "/api/v1/sessions", "create_session", Access::Technician, || post(create))
        .about("Starts a session.")
        .takes::<CreateSession>()
        .gives::<SessionCreated>(201),
    Operation::new(Method::GET, "/api/v1/sessions", "sessions", Access::Technician, || get(list))
        .about("One's own sessions that have not ended, newest first.")
        .gives::<SessionList>(200),
    Operation::new(Method::DELETE, "/api/v1/sessions/{id}", "end_session", Access::Technician, || {
        delete(end)
    })
    .about("Ends a session: one's own, or any of the organisation for administrators."),
    Operation::new(Method::POST, "/api/v1/join", "join", Access::Open, || post(join))
        .about("Joins a session by its code, as a customer's agent.")
        .takes::<Join>()
        .gives::<Joined>(200),
];

/// `POST /api/v1/sessions`.
pub async fn create(
    State(app): State<App>,
    From(from): From,
    headers: http::HeaderMap,
    uri: http::Uri,
    signed_in: SignedIn,
    Body(form): Body<CreateSession>,
) -> Result<(StatusCode, Json<SessionCreated>), Refusal> {
    if form.demo && app.demo().is_none() {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "no_demo",
            "This service has no demo computer. Start it with --demo, or start an ordinary session.",
        ));
    }
    let demo_digits = match (form.demo, form.demo_digits) {
        (false, None) => None,
        (true, Some(digits)) if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits)
        }
        // Of any other session the service must not know them: whoever sends them has made a mistake.
        (true | false, _) => {
            return Err(Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "demo_digits",
                "The last four digits of a code are sent with a session for the demo computer, and with no other.",
            ));
        }
    };
    let mut policy = signed_in.policy().clone();
    policy.windows = signed_in.tenant.window_rules().await?;
    let owner = Owner {
        tenant: signed_in.tenant(),
        user: signed_in.user().to_owned(),
        name: signed_in.standing.user.name.clone(),
        organisation: signed_in.standing.organisation.clone(),
        policy,
    };
    let created = app.broker().create(owner, Some(from)).await?.map_err(|refused| match refused {
        CreateRefused::TooMany => Refusal::new(
            StatusCode::CONFLICT,
            "sessions_many",
            "You have too many open sessions. End one that you no longer need, then start a new one.",
        ),
        CreateRefused::CodeTaken => Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "codes_used_up",
            "No free session code was found. Try again in a moment.",
        ),
    })?;
    app.metrics().sessions_created.fetch_add(1, Ordering::Relaxed);
    if let (Some(demo), Some(digits)) = (app.demo().filter(|_| form.demo), demo_digits) {
        demo.offer(format!("{}{digits}", created.code));
    }
    let base = base(&app, &uri, &headers);
    Ok((StatusCode::CREATED, Json(shown(&base, created.code, created.session))))
}

/// `GET /api/v1/sessions`.
pub async fn list(
    State(app): State<App>,
    headers: http::HeaderMap,
    uri: http::Uri,
    signed_in: SignedIn,
) -> Json<SessionList> {
    let base = base(&app, &uri, &headers);
    let sessions = app
        .broker()
        .list(&signed_in.tenant(), signed_in.user())
        .into_iter()
        .map(|open| shown(&base, open.code, open.session))
        .collect();
    Json(SessionList { sessions })
}

/// `DELETE /api/v1/sessions/{id}`: by its owner, or by an administrator of the same tenant.
pub async fn end(
    State(app): State<App>,
    From(from): From,
    Id(id): Id,
    signed_in: SignedIn,
) -> Result<StatusCode, Refusal> {
    let owner = app.broker().owner(&signed_in.tenant(), &id).ok_or_else(Refusal::no_session)?;
    let reason = match owner == signed_in.user() {
        true => EndReason::Technician,
        false if signed_in.is_administrator() => EndReason::Service,
        false => return Err(Refusal::no_session()),
    };
    app.broker()
        .end(&signed_in.tenant(), &id, reason, &Actor::User(signed_in.user().to_owned()), Some(from))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/join`.
pub async fn join(
    State(app): State<App>,
    From(from): From,
    Body(form): Body<Join>,
) -> Result<Json<Joined>, Refusal> {
    let address = network(from);
    if let Some(wait) = app.guards().join_shut_for(address, app.now().instant) {
        app.metrics().refused(Refused::Throttled);
        app.alarm("throttle", "join_slow_down", from);
        return Err(Refusal::slow_down(
            "join_slow_down",
            "Too many wrong codes came from your network. Wait a few minutes, then type the code again carefully.",
            wait.as_secs() + 1,
        ));
    }
    match app.broker().join(&form.code, from).await? {
        Ok(joined) => {
            app.metrics().sessions_joined.fetch_add(1, Ordering::Relaxed);
            Ok(Json(joined))
        }
        Err(refused) => {
            app.metrics().refused(Refused::Code);
            let (status, code, message) = match refused {
                JoinRefused::Unknown => (
                    StatusCode::NOT_FOUND,
                    "code_unknown",
                    "This code is not known. Check its digits with the person who gave them to you.",
                ),
                JoinRefused::Expired => (
                    StatusCode::GONE,
                    "code_expired",
                    "This code has expired. Ask the person who helps you for a new one.",
                ),
                JoinRefused::Used => (
                    StatusCode::CONFLICT,
                    "code_used",
                    "This code has been used already. Ask the person who helps you for a new one.",
                ),
                JoinRefused::Ended => (
                    StatusCode::GONE,
                    "session_ended",
                    "The session of this code has been ended. Ask the person who helps you for a new code.",
                ),
            };
            if app.guards().join_failed(address, app.now().instant) {
                let event = Event::new(Actor::Anonymous, "join").outcome("throttled").from(from);
                app.audit(&Tenant::none(), event).later();
            }
            app.audit(&Tenant::none(), Event::new(Actor::Anonymous, "join").outcome(code).from(from)).later();
            Err(Refusal::new(status, code, message))
        }
    }
}

fn shown(base: &str, code: String, session: farhand_protocol::session::SessionSnapshot) -> SessionCreated {
    SessionCreated { link: format!("{base}/join#{code}"), code, session }
}

/// How the customer reaches the service: by its public name, or as this caller did.
pub(super) fn base(app: &App, uri: &http::Uri, headers: &http::HeaderMap) -> String {
    match (&app.config().public_url, guard::host(uri, headers)) {
        (Some(url), _) => url.origin(),
        (None, Some(host)) => format!("https://{host}"),
        (None, None) => app.url(),
    }
}

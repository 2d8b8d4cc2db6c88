//! New passwords by mail.

use std::net::IpAddr;

use axum::extract::State;
use axum::routing::post;
use farhand_protocol::api;
use http::{Method, StatusCode};

use super::extract::{Body, From};
use super::operation::{Access, Operation};
use super::sign_in::may_try;
use super::{Refusal, fields};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::identity::Token;
use crate::identity::password::Whose;
use crate::identity::throttle::network;
use crate::mail::Letter;
use crate::metrics::Refused;
use crate::store::{StoreError, TenantStore};

/// A link to set a new password works this long.
const RESET_MINUTES: u64 = 60;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::POST, "/api/v1/password-reset", "ask_reset", Access::Open, || post(ask_reset))
        .about("Sends a link to set a new password, if there is such a user; the answer does not tell.")
        .takes::<api::AskReset>()
        .gives_nothing(202),
    Operation::new(Method::POST, "/api/v1/password-reset/finish", "finish_reset", Access::Open, || {
        post(finish_reset)
    })
    .about("Sets a new password with the link's token. Every sign-in of the user ends.")
    .takes::<api::FinishReset>(),
];

/// A link to set a new password. The work is done after the answer, which is always the same.
async fn ask_reset(
    State(app): State<App>,
    From(from): From,
    Body(form): Body<api::AskReset>,
) -> Result<StatusCode, Refusal> {
    let now = app.now();
    app.guards().a_mail(network(from), now.instant).map_err(|wait| {
        app.metrics().refused(Refused::Throttled);
        Refusal::slow_down(
            "reset_slow_down",
            "Too many mails were asked for from your network. Wait a minute and try again.",
            wait.as_secs() + 1,
        )
    })?;
    let address = form.email.trim().to_lowercase();
    if address.chars().count() <= fields::MAX_EMAIL && app.guards().a_mail_to(&address, now.instant) {
        tokio::spawn(async move {
            if let Err(error) = reset_by_email(&app, &address, from).await {
                tracing::error!(%error, "a link to set a new password could not be written");
            }
        });
    }
    Ok(StatusCode::ACCEPTED)
}

async fn reset_by_email(app: &App, address: &str, from: IpAddr) -> Result<(), StoreError> {
    let Some(known) = app.store().user_by_email(address).await? else { return Ok(()) };
    let event = Event::new(Actor::Anonymous, "reset_ask").detail(format!("user:{}", known.id)).from(from);
    app.audit(&known.tenant, event).later();
    send_reset(app, &app.store().tenant(known.tenant), &known.id, address).await
}

/// Writes a letter with a link by which a user sets a new password.
pub(super) async fn send_reset(
    app: &App,
    tenant: &TenantStore,
    user: &str,
    address: &str,
) -> Result<(), StoreError> {
    let token = Token::generate();
    let expires_at = app.now().unix_ms + RESET_MINUTES * 60_000;
    tenant.put_reset(user, &token.hash(), expires_at).await?;
    // Never by the name that the request came by, which whoever sends it chooses.
    let link = format!("{}/reset#{}", app.url(), token.reveal());
    let letter = Letter::Reset { link: &link, minutes: RESET_MINUTES };
    app.mailer().write(tenant.tenant(), address, &letter).await
}

async fn finish_reset(
    State(app): State<App>,
    From(from): From,
    Body(form): Body<api::FinishReset>,
) -> Result<StatusCode, Refusal> {
    may_try(&app, None, from)?;
    let token = Token::parse(&form.token).ok_or_else(Refusal::link_gone)?;
    let found = app.store().reset_by_token(&token.hash()).await?;
    let found = found.filter(|found| found.expires_at > app.now().unix_ms).ok_or_else(Refusal::link_gone)?;
    let tenant = app.store().tenant(found.tenant);
    let standing = tenant.standing(&found.id).await?.ok_or_else(Refusal::link_gone)?;
    let rule = tenant.organisation().await?.map(|organisation| organisation.rule).unwrap_or_default();
    let whose = Whose {
        email: &standing.user.email,
        name: &standing.user.name,
        rule,
        second_method: standing.has_second(),
    };
    let hash = fields::new_password(&app, form.password, whose).await?;
    let sign_ins = tenant.sign_ins(&found.id).await?;
    if !tenant.use_reset(&found.id, &token.hash(), &hash).await? {
        return Err(Refusal::link_gone());
    }
    sign_ins.iter().for_each(|row| app.broker().sign_out(&row.token_hash));
    let event = Event::new(Actor::User(found.id.clone()), "password_reset").from(from);
    app.audit(tenant.tenant(), event).later();
    app.mailer().write(tenant.tenant(), &standing.user.email, &Letter::PasswordChanged).await?;
    Ok(StatusCode::NO_CONTENT)
}

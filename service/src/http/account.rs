//! Set-up, sign-in, sign-out.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use farhand_protocol::api::{self, UserRole};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::extract::{Body, From, SignedIn};
use super::{COOKIE, Refusal};
use crate::app::{App, SIGN_IN_LASTS};
use crate::audit::{Actor, Event};
use crate::identity::throttle::network;
use crate::identity::{Token, password, random_id};
use crate::metrics::Refused;
use crate::store::{SignInRow, StoreError, Tenant, UserRow, UserWithPassword};

/// Characters of a name or an organisation's name.
const MAX_NAME: usize = 100;
/// Characters of an e-mail address (RFC 5321).
const MAX_EMAIL: usize = 254;

/// `POST /api/v1/setup`. Once an organisation exists this address answers like one that does not exist, whatever is
/// sent to it; so nothing of the request is looked at before.
pub async fn set_up(State(app): State<App>, From(from): From, request: Request) -> Result<Response, Refusal> {
    if !app.set_up().is_open() {
        app.metrics().refused(Refused::SetUp);
        return Err(Refusal::not_found());
    }
    if request.method() != Method::POST {
        return Err(Refusal::wrong_method());
    }
    let headers = request.headers().clone();
    let Body(form) = Body::<api::SetUp>::from_request(request, &app).await?;
    // Held to the end: of two that come at the same time one finds the door closed.
    let Some(door) = app.set_up().enter(&form.token).await else {
        app.metrics().refused(Refused::SetUp);
        if !app.set_up().is_open() {
            return Err(Refusal::not_found());
        }
        app.audit(&Tenant::none(), Event::new(Actor::Anonymous, "set_up").outcome("link_wrong").from(from))
            .later();
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "link_wrong",
            "This set-up link is not the one that the service printed. Copy the whole line from where it was started; a \
             restart prints a new one.",
        ));
    };
    let user = UserRow {
        id: random_id(8),
        email: email(&form.email)?,
        name: name(&form.name, "name_invalid", "your name")?,
        role: UserRole::Administrator,
    };
    let organisation = name(&form.organisation, "organisation_invalid", "the organisation's name")?;
    password::check(&form.password, &user.email, &user.name)
        .map_err(|weak| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "password_weak", weak.to_string()))?;
    let password_hash = app.passwords().hash(form.password).await?;
    let tenant = app.store().tenant(Tenant(random_id(8)));
    let first = UserWithPassword { user, password_hash };
    tenant.create(&organisation, &first, app.now().unix_ms).await?;
    door.close();
    let actor = Actor::User(first.user.id.clone());
    app.audit(tenant.tenant(), Event::new(actor, "set_up").from(from)).later();
    tracing::info!("set-up is done; its link is gone");
    let token = begin(&app, tenant.tenant(), &first.user.id).await?;
    let signed_in = SignedIn { tenant, user: first.user, token: token.hash() };
    answer(&signed_in, token, &headers).await
}

/// `POST /api/v1/sign-in`.
pub async fn sign_in(
    State(app): State<App>,
    From(from): From,
    headers: HeaderMap,
    Body(form): Body<api::SignIn>,
) -> Result<Response, Refusal> {
    let address = form.email.trim().to_lowercase();
    if let Some(wait) = app.sign_in_shut_for(&address, network(from)) {
        app.metrics().refused(Refused::Throttled);
        let seconds = wait.as_secs() + 1;
        return Err(Refusal::slow_down(
            "sign_in_slow_down",
            format!("Too many sign-ins failed. Wait {} and try again.", span(seconds)),
            seconds,
        ));
    }
    // Everything from here costs the same whether the user exists or not.
    let known =
        if address.chars().count() <= MAX_EMAIL { app.store().user_by_email(&address).await? } else { None };
    let fits = app.passwords().fits(form.password, known.as_ref().map(|k| k.password_hash.clone())).await?;
    let Some(known) = known.as_ref().filter(|_| fits) else {
        app.metrics().refused(Refused::Password);
        app.sign_in_failed(&address, network(from));
        let (tenant, actor) = match known {
            Some(known) => (known.tenant, Actor::User(known.id)),
            None => (Tenant::none(), Actor::Anonymous),
        };
        app.audit(&tenant, Event::new(actor, "sign_in").outcome("wrong").from(from)).later();
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "sign_in_wrong",
            "The e-mail address or the password is wrong. Check both and try again.",
        ));
    };
    app.sign_in_succeeded(&address);
    let tenant = app.store().tenant(known.tenant.clone());
    let user = tenant.user(&known.id).await?.ok_or_else(Refusal::sign_in_needed)?;
    let token = begin(&app, &known.tenant, &user.id).await?;
    app.metrics().sign_ins.fetch_add(1, Ordering::Relaxed);
    app.audit(&known.tenant, Event::new(Actor::User(user.id.clone()), "sign_in").from(from)).later();
    answer(&SignedIn { tenant, user, token: token.hash() }, token, &headers).await
}

/// `POST /api/v1/sign-out`.
pub async fn sign_out(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
) -> Result<Response, Refusal> {
    signed_in.tenant.remove_sign_in(&signed_in.token).await?;
    app.broker().sign_out(&signed_in.token);
    app.audit(&signed_in.tenant(), Event::new(Actor::User(signed_in.user.id.clone()), "sign_out").from(from))
        .later();
    let gone = format!("{COOKIE}=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    let cookie = HeaderValue::try_from(gone).expect("the text is plain ASCII");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// `GET /api/v1/me`.
pub async fn me(signed_in: SignedIn) -> Result<Json<api::User>, Refusal> {
    Ok(Json(signed_in.as_user().await?))
}

async fn begin(app: &App, tenant: &Tenant, user: &str) -> Result<Token, StoreError> {
    let token = Token::generate();
    let now = app.now().unix_ms;
    let lasts = u64::try_from(SIGN_IN_LASTS.as_millis()).unwrap_or(u64::MAX);
    let row = SignInRow {
        token_hash: token.hash(),
        user: user.to_owned(),
        created_at: now,
        expires_at: now.saturating_add(lasts),
    };
    app.store().tenant(tenant.clone()).add_sign_in(&row).await?;
    Ok(token)
}

/// A browser gets the cookie and never sees the token; a program that asks for it gets the token and no cookie.
async fn answer(signed_in: &SignedIn, token: Token, headers: &HeaderMap) -> Result<Response, Refusal> {
    let user = signed_in.as_user().await?;
    if headers.get("farhand-token").is_some_and(|v| v == "bearer") {
        return Ok(Json(api::SignedIn { token: Some(token.reveal().to_owned()), user }).into_response());
    }
    let cookie = format!(
        "{COOKIE}={}; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age={}",
        token.reveal(),
        SIGN_IN_LASTS.as_secs()
    );
    let mut cookie = HeaderValue::try_from(cookie).expect("a token is plain ASCII");
    cookie.set_sensitive(true);
    Ok(([(header::SET_COOKIE, cookie)], Json(api::SignedIn { token: None, user })).into_response())
}

fn email(text: &str) -> Result<String, Refusal> {
    let email = text.trim().to_lowercase();
    let plain =
        !email.chars().any(|c| c.is_control() || c.is_whitespace()) && email.chars().count() <= MAX_EMAIL;
    let parts = email
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    if plain && parts {
        return Ok(email);
    }
    Err(Refusal::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "email_invalid",
        "This is not an e-mail address. Write it like name@example.org.",
    ))
}

fn name(text: &str, code: &'static str, what: &str) -> Result<String, Refusal> {
    let name = text.trim();
    if !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Refusal::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        code,
        format!("Write {what}, with at most {MAX_NAME} characters."),
    ))
}

/// A span of time as people say it.
fn span(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=99 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

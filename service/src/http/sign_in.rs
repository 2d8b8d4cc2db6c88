//! Set-up, sign-in in one step or two, sign-out.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, post};
use farhand_protocol::api::{self, Method as Way, UserRole};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use super::extract::{Body, From};
use super::gate::SignedIn;
use super::operation::{Access, Operation};
use super::{COOKIE, Refusal, fields, guard};
use crate::app::{App, SIGN_IN_LASTS};
use crate::audit::{Actor, Event};
use crate::identity::guards::{HalfDone, PasskeyAsked};
use crate::identity::passkey::{self, Challenge, Site};
use crate::identity::password::Whose;
use crate::identity::throttle::network;
use crate::identity::{Token, TokenHash, program, random_id, ranges, recovery};
use crate::mail::Letter;
use crate::metrics::Refused;
use crate::store::{SignInRow, Standing, StoreError, Tenant, TenantStore, UserRow, UserWithPassword};

/// A soft lock lasts this long, as people are told.
const LOCK_MINUTES: u64 = 5;

pub(super) const OPERATIONS: &[Operation] = &[
    // Whatever the method: after set-up there is nothing here.
    Operation::new(Method::POST, "/api/v1/setup", "set_up", Access::SetUp, || any(set_up))
        .about(
            "Makes the first organisation and its administrator, with the link that the first start prints.",
        )
        .takes::<api::SetUp>()
        .gives::<api::SignedIn>(200),
    Operation::new(Method::POST, "/api/v1/sign-in", "sign_in", Access::Open, || post(sign_in))
        .about("Signs in with a password. 202 when another method is to follow.")
        .takes::<api::SignIn>()
        .gives::<api::SignedIn>(200)
        .or_gives::<api::SecondStep>(202),
    Operation::new(Method::POST, "/api/v1/sign-in/second", "sign_in_second", Access::Open, || post(second))
        .about("Ends a sign-in with its second method.")
        .takes::<api::SecondFactor>()
        .gives::<api::SignedIn>(200),
    Operation::new(Method::POST, "/api/v1/sign-in/passkey", "sign_in_passkey", Access::Open, || {
        post(ask_passkey)
    })
    .about("Begins a sign-in with a passkey.")
    .gives::<api::PasskeyChallenge>(200),
    Operation::new(
        Method::POST,
        "/api/v1/sign-in/passkey/finish",
        "sign_in_passkey_finish",
        Access::Open,
        || post(finish_passkey),
    )
    .about("Signs in with a passkey. 202 when another method is to follow.")
    .takes::<api::PasskeySignIn>()
    .gives::<api::SignedIn>(200)
    .or_gives::<api::SecondStep>(202),
    Operation::new(Method::POST, "/api/v1/sign-out", "sign_out", Access::Own, || post(sign_out))
        .about("Signs out."),
];

/// Once an organisation exists this address answers like one that does not exist, whatever is sent to it; so nothing of
/// the request is looked at before.
async fn set_up(State(app): State<App>, From(from): From, request: Request) -> Result<Response, Refusal> {
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
        let event = Event::new(Actor::Anonymous, "set_up").outcome("link_wrong").from(from).security();
        app.audit(&Tenant::none(), event).later();
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "link_wrong",
            "This set-up link is not the one that the service printed. Copy the whole line from where it was started; a \
             restart prints a new one.",
        ));
    };
    let user = UserRow {
        id: random_id(8),
        email: fields::email(&form.email)?,
        name: fields::name(&form.name, "name_invalid", "your name")?,
        role: UserRole::Administrator,
    };
    let organisation = fields::name(&form.organisation, "organisation_invalid", "the organisation's name")?;
    let whose = Whose {
        email: &user.email,
        name: &user.name,
        rule: api::PasswordRule::Standard,
        second_method: false,
    };
    let password_hash = fields::new_password(&app, form.password, whose).await?;
    let tenant = app.store().tenant(Tenant(random_id(8)));
    let first = UserWithPassword { user, password_hash };
    tenant.create(&organisation, &first, app.now().unix_ms).await?;
    door.close();
    let event = Event::new(Actor::User(first.user.id.clone()), "set_up").from(from);
    app.audit(tenant.tenant(), event).later();
    tracing::info!("set-up is done; its link is gone");
    begin(&app, &tenant, &first.user.id, vec![Way::Password], from, &headers).await
}

/// Sign-in by password.
async fn sign_in(
    State(app): State<App>,
    From(from): From,
    uri: Uri,
    headers: HeaderMap,
    Body(form): Body<api::SignIn>,
) -> Result<Response, Refusal> {
    let address = form.email.trim().to_lowercase();
    may_try(&app, Some(&address), from)?;
    // Everything from here costs the same whether the user exists or not.
    let known = match address.chars().count() <= fields::MAX_EMAIL {
        true => app.store().user_by_email(&address).await?,
        false => None,
    };
    let fits = app.passwords().fits(form.password, known.as_ref().map(|k| k.password_hash.clone())).await?;
    let Some(known) = known.as_ref().filter(|_| fits) else {
        let (tenant, user) = known.map_or((Tenant::none(), None), |known| (known.tenant, Some(known.id)));
        failed(&app, &address, from, tenant, user, "wrong");
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "sign_in_wrong",
            "The e-mail address or the password is wrong. Check both and try again.",
        ));
    };
    let tenant = app.store().tenant(known.tenant.clone());
    let standing = tenant.standing(&known.id).await?.ok_or_else(Refusal::sign_in_needed)?;
    may_enter(&standing, from)?;
    if !standing.has_second() {
        return finish(&app, &tenant, &standing, vec![Way::Password], from, &headers).await;
    }
    step(&app, &tenant, &standing, Way::Password, &uri, &headers).await
}

/// The second method.
async fn second(
    State(app): State<App>,
    From(from): From,
    headers: HeaderMap,
    Body(form): Body<api::SecondFactor>,
) -> Result<Response, Refusal> {
    let now = app.now();
    may_try(&app, None, from)?;
    let half = app.guards().look_half_done(&form.ticket, now.instant).ok_or_else(ticket_gone)?;
    may_try(&app, Some(&half.email), from)?;
    let tenant = app.store().tenant(half.tenant.clone());
    let standing = tenant.standing(&half.user).await?.ok_or_else(ticket_gone)?;
    may_enter(&standing, from)?;
    let passed = match (form.totp, form.recovery, form.password, form.passkey) {
        (Some(code), None, None, None) => {
            totp_fits(&app, &tenant, &half.user, &code).await?.then_some(Way::Totp)
        }
        (None, Some(code), None, None) => tenant
            .use_recovery(&half.user, &recovery::hash(&half.user, &code))
            .await?
            .then_some(Way::Recovery),
        (None, None, Some(password), None) => {
            let hash = tenant.password(&half.user).await?;
            app.passwords().fits(password, hash).await?.then_some(Way::Password)
        }
        (None, None, None, Some(answer)) => match &half.asked {
            Some((site, challenge)) => {
                let by = passkey_of(&app, site, challenge, &answer).await?;
                by.filter(|(by, user)| *by == half.tenant && *user == half.user).map(|_| Way::Passkey)
            }
            None => None,
        },
        (_, _, _, _) => {
            return Err(Refusal::invalid(
                "one_method",
                "Send the ticket with exactly one method: a code, a recovery code, a passkey or the password.",
            ));
        }
    };
    // The same method twice is one method.
    let Some(way) = passed.filter(|way| *way != half.passed) else {
        failed(&app, &half.email, from, half.tenant, Some(half.user), "second_wrong");
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "second_wrong",
            "That did not fit. Take a fresh code and try again; after five tries the sign-in starts anew.",
        ));
    };
    if !app.guards().take_half_done(&form.ticket, now.instant) {
        return Err(ticket_gone());
    }
    finish(&app, &tenant, &standing, vec![half.passed, way], from, &headers).await
}

/// A passkey is asked for, of whoever it will be.
async fn ask_passkey(
    State(app): State<App>,
    From(from): From,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<api::PasskeyChallenge>, Refusal> {
    may_try(&app, None, from)?;
    let site = site(&app, &uri, &headers)?;
    let challenge = Challenge::generate();
    let options = passkey::request(&site, &challenge, &[]);
    let asked = PasskeyAsked { site, challenge, maker: None };
    let ticket = app.guards().passkey_asked(asked, app.now().instant);
    Ok(Json(api::PasskeyChallenge { ticket: ticket.reveal().to_owned(), options }))
}

async fn finish_passkey(
    State(app): State<App>,
    From(from): From,
    uri: Uri,
    headers: HeaderMap,
    Body(form): Body<api::PasskeySignIn>,
) -> Result<Response, Refusal> {
    // A soft lock is about passwords: passkeys cannot be guessed, and go on.
    may_try(&app, None, from)?;
    let asked = app
        .guards()
        .take_passkey(&form.ticket, app.now().instant)
        .filter(|asked| asked.maker.is_none())
        .ok_or_else(ticket_gone)?;
    let Some((tenant, user)) = passkey_of(&app, &asked.site, &asked.challenge, &form.passkey).await? else {
        app.metrics().refused(Refused::Password);
        let event = Event::new(Actor::Anonymous, "sign_in").outcome("passkey_refused").from(from).security();
        app.audit(&Tenant::none(), event).later();
        return Err(passkey_refused());
    };
    let tenant = app.store().tenant(tenant);
    let standing = tenant.standing(&user).await?.ok_or_else(passkey_refused)?;
    may_enter(&standing, from)?;
    if !standing.demanded {
        return finish(&app, &tenant, &standing, vec![Way::Passkey], from, &headers).await;
    }
    step(&app, &tenant, &standing, Way::Passkey, &uri, &headers).await
}

/// Sign-out.
async fn sign_out(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
) -> Result<Response, Refusal> {
    signed_in.tenant.remove_sign_in(&signed_in.token).await?;
    app.broker().sign_out(&signed_in.token);
    let event = Event::new(Actor::User(signed_in.user().to_owned()), "sign_out").from(from);
    app.audit(&signed_in.tenant(), event).later();
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, no_cookie())]).into_response())
}

/// Whether somebody may try to come in now.
pub(super) fn may_try(app: &App, address: Option<&str>, from: IpAddr) -> Result<(), Refusal> {
    let (now, network) = (app.now().instant, network(from));
    let shut = match address {
        Some(address) => app.guards().sign_in_shut_for(address, network, now),
        None => app.guards().a_try(network, now).err(),
    };
    let Some(wait) = shut else { return Ok(()) };
    app.metrics().refused(Refused::Throttled);
    app.alarm("throttle", "sign_in_slow_down", from);
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Err(Refusal::slow_down(
        "sign_in_slow_down",
        format!("Too many sign-ins failed. Wait {} and try again.", fields::span(seconds)),
        seconds,
    ))
}

/// A try failed. What is written of it is written after the answer.
pub(super) fn failed(
    app: &App,
    address: &str,
    from: IpAddr,
    tenant: Tenant,
    user: Option<String>,
    outcome: &'static str,
) {
    app.metrics().refused(Refused::Password);
    let locked = app.guards().sign_in_failed(address, network(from), app.now().instant);
    let actor = user.clone().map_or(Actor::Anonymous, Actor::User);
    app.audit(&tenant, Event::new(actor.clone(), "sign_in").outcome(outcome).from(from)).later();
    if !locked {
        return;
    }
    app.audit(&tenant, Event::new(actor, "lock").outcome("locked").from(from).security()).later();
    if user.is_some() {
        let (app, address) = (app.clone(), address.to_owned());
        tokio::spawn(async move {
            let from = from.to_string();
            let letter = Letter::Locked { minutes: LOCK_MINUTES, address: &from };
            if let Err(error) = app.mailer().write(&tenant, &address, &letter).await {
                tracing::error!(%error, "the notice of a lock could not be written");
            }
        });
    }
}

/// Whether a user who proved who they are may come in.
fn may_enter(standing: &Standing, from: IpAddr) -> Result<(), Refusal> {
    if standing.locked {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "account_locked",
            "Your account is locked. Ask an administrator of your organisation to unlock it.",
        ));
    }
    match ranges::admit(&standing.policy.addresses, from) {
        true => Ok(()),
        false => Err(Refusal::address_not_allowed()),
    }
}

/// One method was passed, and another is to follow.
async fn step(
    app: &App,
    tenant: &TenantStore,
    standing: &Standing,
    passed: Way,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let user = standing.user.id.as_str();
    let mut methods = Vec::new();
    if passed == Way::Passkey {
        methods.push(Way::Password);
    }
    if standing.totp {
        methods.push(Way::Totp);
    }
    let mut asked = None;
    if passed != Way::Passkey && standing.passkeys > 0 {
        // Where passkeys cannot be used, another method may do.
        if let Ok(site) = site(app, uri, headers) {
            methods.push(Way::Passkey);
            asked = Some((site, Challenge::generate()));
        }
    }
    if tenant.recovery_left(user).await? > 0 {
        methods.push(Way::Recovery);
    }
    let passkey = match &asked {
        Some((site, challenge)) => {
            let known: Vec<_> = tenant.passkeys(user).await?.into_iter().map(|key| key.credential).collect();
            Some(passkey::request(site, challenge, &known))
        }
        None => None,
    };
    let half = HalfDone {
        tenant: tenant.tenant().clone(),
        user: user.to_owned(),
        email: standing.user.email.clone(),
        passed,
        asked,
    };
    let ticket = app.guards().half_done(half, app.now().instant);
    let step = api::SecondStep { ticket: ticket.reveal().to_owned(), methods, passkey };
    Ok((StatusCode::ACCEPTED, Json(step)).into_response())
}

/// Whether the code is one of the user's app, and not used before.
pub(super) async fn totp_fits(
    app: &App,
    tenant: &TenantStore,
    user: &str,
    code: &str,
) -> Result<bool, StoreError> {
    let Some(row) = tenant.totp(user).await? else { return Ok(false) };
    let Some(secret) = row.secret else { return Ok(false) };
    match secret.step_of(code, Some(row.step), app.now().unix_ms) {
        Some(step) => tenant.take_totp_step(user, step).await,
        None => Ok(false),
    }
}

/// Whose passkey answered, if it is to be believed.
async fn passkey_of(
    app: &App,
    site: &Site,
    challenge: &Challenge,
    answer: &api::PasskeyAssertion,
) -> Result<Option<(Tenant, String)>, Refusal> {
    let credential = passkey::credential_of(answer).map_err(|_| passkey_refused())?;
    let Some(found) = app.store().passkey_by_credential(&credential).await? else { return Ok(None) };
    let tenant = app.store().tenant(found.tenant.clone());
    let keys = tenant.passkeys(&found.user).await?;
    let Some(key) = keys.into_iter().find(|key| key.id == found.id) else { return Ok(None) };
    match passkey::verify(site, challenge, &key.key, key.counter, answer) {
        Ok(counter) => {
            let used = tenant.use_passkey(&key.id, counter, app.now().unix_ms).await?;
            Ok(used.then_some((found.tenant, found.user)))
        }
        Err(error) => {
            tracing::info!(%error, "a passkey was refused");
            Ok(None)
        }
    }
}

/// The site that passkeys are for.
pub(super) fn site(app: &App, uri: &Uri, headers: &HeaderMap) -> Result<Site, Refusal> {
    let host = match &app.config().public_url {
        Some(url) => Some(url.origin().trim_start_matches("https://").to_owned()),
        None => guard::host(uri, headers),
    };
    host.as_deref().and_then(Site::of).ok_or_else(|| {
        Refusal::conflict(
            "passkey_needs_name",
            "Passkeys belong to a name. Open the service by its name instead of by its address, and try again.",
        )
    })
}

/// Every method was passed.
async fn finish(
    app: &App,
    tenant: &TenantStore,
    standing: &Standing,
    methods: Vec<Way>,
    from: IpAddr,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    app.guards().sign_in_succeeded(&standing.user.email);
    // A sign-in that the same browser held before does not stay beside the new one.
    if let Some(before) = SignedIn::of(app, headers, from).await.ok().flatten() {
        before.tenant.remove_sign_in(&before.token).await?;
        app.broker().sign_out(&before.token);
    }
    app.metrics().sign_ins.fetch_add(1, Ordering::Relaxed);
    let event = Event::new(Actor::User(standing.user.id.clone()), "sign_in").from(from);
    app.audit(tenant.tenant(), event.detail(format!("{methods:?}").to_lowercase())).later();
    begin(app, tenant, &standing.user.id, methods, from, headers).await
}

/// A new sign-in, and the answer that carries it.
pub(super) async fn begin(
    app: &App,
    tenant: &TenantStore,
    user: &str,
    methods: Vec<Way>,
    from: IpAddr,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let token = keep(app, tenant, user, methods, from, headers, None).await?;
    let standing = tenant.standing(user).await?.ok_or_else(Refusal::sign_in_needed)?;
    Ok(answer(token, headers, |token| api::SignedIn { token, user: super::gate::shown(&standing) }))
}

/// A new sign-in in the place of one, after its rights changed; sockets go on under the new one.
pub(super) async fn rotate(
    app: &App,
    signed_in: &SignedIn,
    methods: Vec<Way>,
    from: IpAddr,
    headers: &HeaderMap,
) -> Result<(Token, api::User), Refusal> {
    let (tenant, user) = (&signed_in.tenant, signed_in.user());
    let token = keep(app, tenant, user, methods, from, headers, Some(&signed_in.token)).await?;
    app.broker().rotate_sign_in(&signed_in.token, token.hash());
    let standing = tenant.standing(user).await?.ok_or_else(Refusal::sign_in_needed)?;
    Ok((token, super::gate::shown(&standing)))
}

async fn keep(
    app: &App,
    tenant: &TenantStore,
    user: &str,
    methods: Vec<Way>,
    from: IpAddr,
    headers: &HeaderMap,
    instead_of: Option<&TokenHash>,
) -> Result<Token, StoreError> {
    let token = Token::generate();
    let now = app.now().unix_ms;
    let lasts = u64::try_from(SIGN_IN_LASTS.as_millis()).unwrap_or(u64::MAX);
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let row = SignInRow {
        token_hash: token.hash(),
        user: user.to_owned(),
        created_at: now,
        expires_at: now.saturating_add(lasts),
        id: random_id(8),
        seen_at: now,
        address: from.to_string(),
        program: program::name(agent),
        methods,
    };
    tenant.add_sign_in_for(&row, instead_of).await?;
    Ok(token)
}

/// A browser gets the cookie and never sees the token; a program that asks for it gets the token and no cookie.
pub(super) fn answer<T: serde::Serialize>(
    token: Token,
    headers: &HeaderMap,
    body: impl FnOnce(Option<String>) -> T,
) -> Response {
    if headers.get("farhand-token").is_some_and(|v| v == "bearer") {
        return Json(body(Some(token.reveal().to_owned()))).into_response();
    }
    let cookie = format!(
        "{COOKIE}={}; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age={}",
        token.reveal(),
        SIGN_IN_LASTS.as_secs()
    );
    let mut cookie = HeaderValue::try_from(cookie).expect("a token is plain ASCII");
    cookie.set_sensitive(true);
    ([(header::SET_COOKIE, cookie)], Json(body(None))).into_response()
}

/// Takes the cookie away.
pub(super) fn no_cookie() -> HeaderValue {
    let gone = format!("{COOKIE}=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    HeaderValue::try_from(gone).expect("the text is plain ASCII")
}

fn ticket_gone() -> Refusal {
    Refusal::new(
        StatusCode::GONE,
        "ticket_gone",
        "This sign-in took too long, or was tried too often. Start it again.",
    )
}

/// A passkey that is not believed, or not known.
pub(super) fn passkey_refused() -> Refusal {
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "passkey_refused",
        "This passkey does not open an account here. Try another one, or sign in with your password.",
    )
}

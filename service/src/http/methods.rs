//! One's own methods of signing in: authenticator app, passkeys, recovery codes.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use farhand_protocol::api::{self, Method as Way};
use http::{HeaderMap, Method, Uri};

use super::Refusal;
use super::extract::{Body, From, Id};
use super::fields;
use super::gate::SignedIn;
use super::me::check_password;
use super::operation::{Access, Operation};
use super::sign_in::{answer, rotate, site};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::identity::guards::PasskeyAsked;
use crate::identity::passkey::{self, Challenge, Holder};
use crate::identity::totp::{self, Secret};
use crate::identity::{random_id, recovery, sha256};
use crate::mail::Letter;
use crate::store::{PasskeyRow, StoreError};

/// Passkeys of one user at most.
const MAX_PASSKEYS: usize = 20;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/me/methods", "my_methods", Access::Own, || get(show))
        .about("One's own methods of signing in.")
        .gives::<api::Methods>(200),
    Operation::new(Method::POST, "/api/v1/me/methods/totp", "begin_totp", Access::Own, || post(begin_totp))
        .about("Begins adding an authenticator app.")
        .takes::<api::WithPassword>()
        .gives::<api::TotpBegun>(200),
    Operation::new(Method::POST, "/api/v1/me/methods/totp/confirm", "confirm_totp", Access::Own, || {
        post(confirm_totp)
    })
    .about("Adds the authenticator app, with a code that it shows.")
    .takes::<api::ConfirmTotp>()
    .gives::<api::MethodAdded>(200),
    Operation::new(Method::POST, "/api/v1/me/methods/totp/remove", "remove_totp", Access::Own, || {
        post(remove_totp)
    })
    .about("Removes the authenticator app.")
    .takes::<api::WithPassword>()
    .gives::<api::SignedIn>(200),
    Operation::new(Method::POST, "/api/v1/me/methods/passkeys", "begin_passkey", Access::Own, || {
        post(begin_passkey)
    })
    .about("Begins adding a passkey.")
    .takes::<api::WithPassword>()
    .gives::<api::PasskeyBegun>(200),
    Operation::new(
        Method::POST,
        "/api/v1/me/methods/passkeys/confirm",
        "confirm_passkey",
        Access::Own,
        || post(confirm_passkey),
    )
    .about("Adds the passkey that the browser made.")
    .takes::<api::ConfirmPasskey>()
    .gives::<api::MethodAdded>(200),
    Operation::new(
        Method::POST,
        "/api/v1/me/methods/passkeys/{id}/remove",
        "remove_passkey",
        Access::Own,
        || post(remove_passkey),
    )
    .about("Removes a passkey.")
    .takes::<api::WithPassword>()
    .gives::<api::SignedIn>(200),
    Operation::new(Method::POST, "/api/v1/me/methods/recovery", "new_recovery_codes", Access::Own, || {
        post(new_recovery)
    })
    .about("Makes ten new recovery codes in place of the old.")
    .takes::<api::WithPassword>()
    .gives::<api::RecoveryCodes>(200),
];

async fn show(signed_in: SignedIn) -> Result<Json<api::Methods>, Refusal> {
    let (tenant, user) = (&signed_in.tenant, signed_in.user());
    let person = tenant.person(user).await?.ok_or_else(Refusal::sign_in_needed)?;
    let passkeys = tenant.passkeys(user).await?;
    Ok(Json(api::Methods {
        totp: person.totp_at,
        passkeys: passkeys
            .into_iter()
            .map(|key| api::Passkey {
                id: key.id,
                name: key.name,
                added_at: key.added_at,
                used_at: key.used_at,
            })
            .collect(),
        recovery_codes: tenant.recovery_left(user).await?,
        demanded: signed_in.standing.demanded,
    }))
}

async fn begin_totp(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::WithPassword>,
) -> Result<Json<api::TotpBegun>, Refusal> {
    check_password(&app, &signed_in, form.password, from).await?;
    if signed_in.standing.totp {
        return Err(totp_there());
    }
    let secret = Secret::generate();
    signed_in.tenant.offer_totp(signed_in.user(), &secret).await?;
    let issuer = format!("Farhand {}", signed_in.standing.organisation);
    let uri = secret.uri(&issuer, &signed_in.standing.user.email);
    let qr = totp::qr(&uri).unwrap_or_default();
    Ok(Json(api::TotpBegun { secret: secret.base32(), uri, qr }))
}

async fn confirm_totp(
    State(app): State<App>,
    From(from): From,
    headers: HeaderMap,
    signed_in: SignedIn,
    Body(form): Body<api::ConfirmTotp>,
) -> Result<Response, Refusal> {
    let (tenant, user) = (&signed_in.tenant, signed_in.user());
    if signed_in.standing.totp {
        return Err(totp_there());
    }
    let now = app.now().unix_ms;
    let offered = tenant.totp(user).await?.and_then(|row| row.offered);
    let fitting = offered.and_then(|secret| secret.step_of(&form.code, None, now).map(|step| (secret, step)));
    let Some((secret, step)) = fitting else {
        return Err(Refusal::invalid(
            "code_wrong",
            "This code does not fit. Check the clock of your phone, and type the code that the app shows now.",
        ));
    };
    tenant.set_totp(user, &secret, step, now).await?;
    added(&app, &signed_in, Way::Totp, from, &headers).await
}

async fn remove_totp(
    State(app): State<App>,
    From(from): From,
    headers: HeaderMap,
    signed_in: SignedIn,
    Body(form): Body<api::WithPassword>,
) -> Result<Response, Refusal> {
    check_password(&app, &signed_in, form.password, from).await?;
    may_remove(&signed_in, signed_in.standing.totp, signed_in.standing.passkeys == 0)?;
    signed_in.tenant.remove_totp(signed_in.user()).await?;
    removed(&app, &signed_in, Way::Totp, from, &headers).await
}

async fn begin_passkey(
    State(app): State<App>,
    From(from): From,
    uri: Uri,
    headers: HeaderMap,
    signed_in: SignedIn,
    Body(form): Body<api::WithPassword>,
) -> Result<Json<api::PasskeyBegun>, Refusal> {
    check_password(&app, &signed_in, form.password, from).await?;
    let site = site(&app, &uri, &headers)?;
    let (tenant, user) = (signed_in.tenant(), signed_in.user());
    let known = signed_in.tenant.passkeys(user).await?;
    if known.len() >= MAX_PASSKEYS {
        return Err(Refusal::conflict(
            "too_many",
            "You have as many passkeys as there can be. Remove one first.",
        ));
    }
    let challenge = Challenge::generate();
    let handle = sha256(format!("farhand user\n{tenant}\n{user}").as_bytes());
    let holder = Holder {
        handle: &handle,
        email: &signed_in.standing.user.email,
        name: &signed_in.standing.user.name,
        organisation: &signed_in.standing.organisation,
    };
    let known: Vec<_> = known.into_iter().map(|key| key.credential).collect();
    let options = passkey::creation(&site, holder, &challenge, &known);
    let asked = PasskeyAsked { site, challenge, maker: Some((tenant, user.to_owned())) };
    let ticket = app.guards().passkey_asked(asked, app.now().instant);
    Ok(Json(api::PasskeyBegun { ticket: ticket.reveal().to_owned(), options }))
}

async fn confirm_passkey(
    State(app): State<App>,
    From(from): From,
    headers: HeaderMap,
    signed_in: SignedIn,
    Body(form): Body<api::ConfirmPasskey>,
) -> Result<Response, Refusal> {
    let name = fields::name(&form.name, "name_invalid", "a name for the passkey")?;
    let own = Some((signed_in.tenant(), signed_in.user().to_owned()));
    let asked = app
        .guards()
        .take_passkey(&form.ticket, app.now().instant)
        .filter(|asked| asked.maker == own)
        .ok_or_else(|| {
            Refusal::invalid("passkey_late", "This took too long. Start adding the passkey again.")
        })?;
    let made = passkey::register(&asked.site, &asked.challenge, &form.passkey).map_err(|error| {
        tracing::info!(%error, "a new passkey was refused");
        Refusal::invalid(
            "passkey_unusable",
            "This passkey cannot be used here. Try another device or browser.",
        )
    })?;
    let row = PasskeyRow {
        id: random_id(8),
        credential: made.id,
        key: made.key,
        counter: made.counter,
        name,
        added_at: app.now().unix_ms,
        used_at: None,
    };
    match signed_in.tenant.add_passkey(signed_in.user(), &row).await {
        Ok(()) => {}
        Err(StoreError::Taken) => {
            return Err(Refusal::conflict(
                "passkey_taken",
                "This passkey was added already. Use another one.",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    added(&app, &signed_in, Way::Passkey, from, &headers).await
}

async fn remove_passkey(
    State(app): State<App>,
    From(from): From,
    headers: HeaderMap,
    signed_in: SignedIn,
    Id(id): Id,
    Body(form): Body<api::WithPassword>,
) -> Result<Response, Refusal> {
    check_password(&app, &signed_in, form.password, from).await?;
    let there = signed_in.tenant.passkeys(signed_in.user()).await?.iter().any(|key| key.id == id);
    let last = signed_in.standing.passkeys <= 1 && !signed_in.standing.totp;
    may_remove(&signed_in, there, last)?;
    signed_in.tenant.remove_passkey(signed_in.user(), &id).await?;
    removed(&app, &signed_in, Way::Passkey, from, &headers).await
}

async fn new_recovery(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::WithPassword>,
) -> Result<Json<api::RecoveryCodes>, Refusal> {
    check_password(&app, &signed_in, form.password, from).await?;
    if !signed_in.standing.has_second() {
        return Err(Refusal::conflict(
            "no_second_method",
            "Recovery codes stand in for a second method. Add an authenticator app or a passkey first.",
        ));
    }
    let codes = make_recovery(&signed_in).await?;
    let event = Event::new(Actor::User(signed_in.user().to_owned()), "recovery_codes").from(from);
    app.audit(&signed_in.tenant(), event).later();
    Ok(Json(api::RecoveryCodes { codes }))
}

async fn make_recovery(signed_in: &SignedIn) -> Result<Vec<String>, StoreError> {
    let user = signed_in.user();
    let codes = recovery::generate();
    let hashes: Vec<_> = codes.iter().map(|code| recovery::hash(user, code)).collect();
    signed_in.tenant.set_recovery(user, &hashes).await?;
    Ok(codes)
}

fn may_remove(signed_in: &SignedIn, there: bool, last: bool) -> Result<(), Refusal> {
    if !there {
        return Err(Refusal::unknown("method_unknown", "There is no such method. Load the list again."));
    }
    if last && signed_in.standing.demanded {
        return Err(Refusal::conflict(
            "last_method",
            "Your organisation asks for two methods, and this is the second. Add another one before you remove it.",
        ));
    }
    Ok(())
}

/// A method was added: recovery codes with the first, a new sign-in, a word by mail.
async fn added(
    app: &App,
    signed_in: &SignedIn,
    way: Way,
    from: IpAddr,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let recovery_codes = match signed_in.tenant.recovery_left(signed_in.user()).await? {
        0 => make_recovery(signed_in).await?,
        _ => Vec::new(),
    };
    let mut methods = signed_in.methods.clone();
    if !methods.contains(&way) {
        methods.push(way);
    }
    told(app, signed_in, "method_add", way, &Letter::MethodAdded, from).await?;
    let (token, user) = rotate(app, signed_in, methods, from, headers).await?;
    Ok(answer(token, headers, |token| api::MethodAdded {
        recovery_codes,
        signed_in: api::SignedIn { token, user },
    }))
}

async fn removed(
    app: &App,
    signed_in: &SignedIn,
    way: Way,
    from: IpAddr,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let standing = signed_in.tenant.standing(signed_in.user()).await?.ok_or_else(Refusal::sign_in_needed)?;
    if !standing.has_second() {
        signed_in.tenant.set_recovery(signed_in.user(), &[]).await?;
    }
    told(app, signed_in, "method_remove", way, &Letter::MethodRemoved, from).await?;
    let (token, user) = rotate(app, signed_in, signed_in.methods.clone(), from, headers).await?;
    Ok(answer(token, headers, |token| api::SignedIn { token, user }))
}

async fn told(
    app: &App,
    signed_in: &SignedIn,
    action: &'static str,
    way: Way,
    letter: &Letter<'_>,
    from: IpAddr,
) -> Result<(), StoreError> {
    let event = Event::new(Actor::User(signed_in.user().to_owned()), action).from(from);
    app.audit(&signed_in.tenant(), event.detail(format!("{way:?}").to_lowercase())).later();
    app.mailer().write(&signed_in.tenant(), &signed_in.standing.user.email, letter).await
}

fn totp_there() -> Refusal {
    Refusal::conflict(
        "totp_there",
        "There is an authenticator app already. Remove it before you add another one.",
    )
}

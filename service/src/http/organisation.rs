//! The organisation: name, rules, logo, domain; its API keys and its outbox.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, patch, post, put};
use farhand_protocol::api::{self, Scope};
use http::{Method, StatusCode, header};

use super::Refusal;
use super::extract::{BODY_WITHIN, Body, From, Id, KEY};
use super::fields;
use super::gate::{Caller, SignedIn};
use super::operation::{Access, Operation};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::domains;
use crate::identity::domain::Missing;
use crate::identity::{Token, domain, random_id};
use crate::store::{ApiKeyRow, DomainRow, MailRow, OrganisationRow, TenantStore};

/// Bytes of a logo.
const MAX_LOGO: usize = 64 * 1024;
/// API keys at most.
const MAX_KEYS: usize = 50;
/// Days that an API key works at most.
const MAX_KEY_DAYS: u32 = 366;
/// Mails that are shown.
const MAILS: u32 = 200;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/organisation", "organisation", Access::Technician, || get(show))
        .about("The organisation.")
        .scope(Scope::OrganisationRead)
        .gives::<api::Organisation>(200),
    Operation::new(
        Method::PATCH,
        "/api/v1/organisation",
        "change_organisation",
        Access::Administrator,
        || patch(change),
    )
    .about("Changes the organisation's name or rules.")
    .takes::<api::ChangeOrganisation>()
    .gives::<api::Organisation>(200),
    Operation::new(Method::GET, "/api/v1/organisation/logo", "logo", Access::Technician, || get(logo))
        .about("The logo.")
        .scope(Scope::OrganisationRead)
        .gives_other(200, "image/*"),
    Operation::new(Method::PUT, "/api/v1/organisation/logo", "put_logo", Access::Administrator, || {
        put(put_logo)
    })
    .about("Sets the logo: PNG, JPEG or WebP of at most 64 KB.")
    .takes_other("image/*"),
    Operation::new(Method::DELETE, "/api/v1/organisation/logo", "remove_logo", Access::Administrator, || {
        delete(remove_logo)
    })
    .about("Removes the logo."),
    Operation::new(
        Method::PUT,
        "/api/v1/organisation/subscription",
        "put_subscription",
        Access::Administrator,
        || put(put_subscription),
    )
    .about("Changes the subscription's end.")
    .takes::<api::PutSubscription>()
    .gives::<api::Organisation>(200),
    Operation::new(Method::POST, "/api/v1/organisation/domain", "name_domain", Access::Administrator, || {
        post(name_domain)
    })
    .about("Names a domain, to be proven by a TXT record or a file.")
    .takes::<api::PutDomain>()
    .gives::<api::Domain>(200),
    Operation::new(
        Method::POST,
        "/api/v1/organisation/domain/check",
        "check_domain",
        Access::Administrator,
        || post(check_domain),
    )
    .about("Looks for the proof.")
    .gives::<api::Domain>(200),
    Operation::new(
        Method::DELETE,
        "/api/v1/organisation/domain",
        "forget_domain",
        Access::Administrator,
        || delete(forget_domain),
    )
    .about("Forgets the domain."),
    Operation::new(Method::GET, "/api/v1/api-keys", "api_keys", Access::Administrator, || get(keys))
        .about("API keys.")
        .gives::<api::ApiKeys>(200),
    Operation::new(Method::POST, "/api/v1/api-keys", "create_api_key", Access::Administrator, || {
        post(create_key)
    })
    .about("Makes an API key. Its secret is shown this once.")
    .takes::<api::CreateApiKey>()
    .gives::<api::ApiKeyCreated>(201),
    Operation::new(Method::DELETE, "/api/v1/api-keys/{id}", "revoke_api_key", Access::Administrator, || {
        delete(revoke_key)
    })
    .about("Revokes an API key."),
    Operation::new(Method::GET, "/api/v1/outbox", "outbox", Access::Administrator, || get(outbox))
        .about("Mail to the organisation's people.")
        .gives::<api::Outbox>(200),
    Operation::new(Method::POST, "/api/v1/outbox/{id}/again", "send_again", Access::Administrator, || {
        post(send_again)
    })
    .about("Sends a mail again.")
    .gives::<api::Mail>(200),
    Operation::new(Method::DELETE, "/api/v1/outbox/{id}", "remove_mail", Access::Administrator, || {
        delete(remove_mail)
    })
    .about("Removes a mail."),
];

async fn show(caller: Caller) -> Result<Json<api::Organisation>, Refusal> {
    Ok(Json(shown(caller.tenant()).await?))
}

async fn row(tenant: &TenantStore) -> Result<OrganisationRow, Refusal> {
    tenant.organisation().await?.ok_or_else(Refusal::not_found)
}

async fn shown(tenant: &TenantStore) -> Result<api::Organisation, Refusal> {
    let row = row(tenant).await?;
    Ok(api::Organisation {
        id: tenant.tenant().0.clone(),
        name: row.name,
        logo: row.logo,
        password_rule: row.rule,
        second_method_demanded: row.demanded,
        people_with_one_method: tenant.people_with_one_method().await?,
        domain: row.domain.map(domain_shown),
        created_at: row.created_at,
        subscription_ends_at: tenant.retention().await?.subscription_ends_at,
    })
}

fn record(app: &App, signed_in: &SignedIn, action: &'static str, detail: String, from: std::net::IpAddr) {
    let event = Event::new(Actor::User(signed_in.user().to_owned()), action).detail(detail).from(from);
    app.audit(&signed_in.tenant(), event).later();
}

async fn change(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::ChangeOrganisation>,
) -> Result<Json<api::Organisation>, Refusal> {
    let tenant = &signed_in.tenant;
    let before = row(tenant).await?;
    let name = match &form.name {
        Some(name) => fields::name(name, "organisation_invalid", "the organisation's name")?,
        None => before.name,
    };
    let rule = form.password_rule.unwrap_or(before.rule);
    let demanded = form.second_method_demanded.unwrap_or(before.demanded);
    // Whoever demands it must not shut themselves out.
    if demanded && !before.demanded && (!signed_in.standing.has_second() || signed_in.methods.len() < 2) {
        return Err(Refusal::conflict(
            "own_method_first",
            "Add a second method to your own account and sign in with both before you ask everybody for it.",
        ));
    }
    tenant.change_organisation(&name, rule, demanded).await?;
    let detail = format!("rule:{rule:?} second_method:{demanded}");
    record(&app, &signed_in, "organisation_change", detail, from);
    Ok(Json(shown(tenant).await?))
}

async fn logo(caller: Caller) -> Result<Response, Refusal> {
    let logo = caller.tenant().logo().await?.ok_or_else(Refusal::not_found)?;
    let kind = image_kind(&logo).ok_or_else(Refusal::not_found)?;
    Ok(([(header::CONTENT_TYPE, kind)], logo).into_response())
}

/// The kind of an image by its first bytes: pictures only, nothing that could hold a script.
fn image_kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

async fn put_logo(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let invalid = || Refusal::invalid("image_invalid", "Send a picture: PNG, JPEG or WebP, at most 64 KB.");
    let read = tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(request.into_body(), MAX_LOGO)).await;
    let Ok(Ok(bytes)) = read else { return Err(invalid()) };
    if image_kind(&bytes).is_none() {
        return Err(invalid());
    }
    signed_in.tenant.set_logo(Some(bytes.to_vec())).await?;
    record(&app, &signed_in, "logo_change", String::new(), from);
    Ok(StatusCode::NO_CONTENT)
}

async fn remove_logo(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
) -> Result<StatusCode, Refusal> {
    signed_in.tenant.set_logo(None).await?;
    record(&app, &signed_in, "logo_change", String::new(), from);
    Ok(StatusCode::NO_CONTENT)
}

async fn put_subscription(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::PutSubscription>,
) -> Result<Json<api::Organisation>, Refusal> {
    signed_in.tenant.set_subscription_end(form.ends_at).await?;
    record(&app, &signed_in, "subscription_change", format!("ends_at:{:?}", form.ends_at), from);
    Ok(Json(shown(&signed_in.tenant).await?))
}

fn domain_shown(row: DomainRow) -> api::Domain {
    api::Domain {
        txt_name: domain::txt_name(&row.name),
        file_url: domain::file_url(&row.name),
        shown_until: row.proven().shown_until(),
        name: row.name,
        verified_at: row.verified_at,
        value: row.proof,
        problem: row.problem,
    }
}

async fn name_domain(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::PutDomain>,
) -> Result<Json<api::Domain>, Refusal> {
    let name = domain::name(&form.name).ok_or_else(|| {
        Refusal::invalid("domain_invalid", "This is not the name of a domain. Write it like example.org.")
    })?;
    // Named again, the proof that was put there stays good.
    let before = row(&signed_in.tenant).await?.domain.filter(|before| before.name == name);
    if let Some(before) = before {
        return Ok(Json(domain_shown(before)));
    }
    signed_in.tenant.set_domain(Some((&name, &domain::proof()))).await?;
    record(&app, &signed_in, "domain_name", name, from);
    let row = row(&signed_in.tenant).await?.domain.ok_or_else(Refusal::not_found)?;
    Ok(Json(domain_shown(row)))
}

async fn check_domain(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
) -> Result<Json<api::Domain>, Refusal> {
    let tenant = &signed_in.tenant;
    let named = row(tenant).await?.domain.ok_or_else(|| {
        Refusal::conflict("domain_missing", "No domain is named yet. Write its name first.")
    })?;
    let found = domains::look(&app, tenant, &named).await?;
    let outcome = found.err().map_or("ok", Missing::code);
    record(&app, &signed_in, "domain_check", format!("{} {outcome}", named.name), from);
    let row = row(tenant).await?.domain.ok_or_else(Refusal::not_found)?;
    Ok(Json(domain_shown(row)))
}

async fn forget_domain(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
) -> Result<StatusCode, Refusal> {
    signed_in.tenant.set_domain(None).await?;
    record(&app, &signed_in, "domain_forget", String::new(), from);
    Ok(StatusCode::NO_CONTENT)
}

fn key_shown(row: ApiKeyRow) -> api::ApiKey {
    api::ApiKey {
        id: row.id,
        name: row.name,
        scopes: row.scopes,
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
        used_at: row.used_at,
    }
}

async fn keys(signed_in: SignedIn) -> Result<Json<api::ApiKeys>, Refusal> {
    let keys = signed_in.tenant.api_keys().await?.into_iter().map(key_shown).collect();
    Ok(Json(api::ApiKeys { keys }))
}

async fn create_key(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::CreateApiKey>,
) -> Result<(StatusCode, Json<api::ApiKeyCreated>), Refusal> {
    let name = fields::name(&form.name, "name_invalid", "what the key is for")?;
    let mut scopes = Vec::new();
    for scope in form.scopes {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.is_empty() || !(1..=MAX_KEY_DAYS).contains(&form.days) {
        return Err(Refusal::invalid(
            "key_invalid",
            format!("Choose at least one scope, and from 1 to {MAX_KEY_DAYS} days."),
        ));
    }
    if signed_in.tenant.api_keys().await?.len() >= MAX_KEYS {
        return Err(Refusal::conflict(
            "too_many",
            "There are as many keys as there can be. Revoke one first.",
        ));
    }
    let now = app.now().unix_ms;
    let row = ApiKeyRow {
        id: random_id(8),
        name,
        scopes,
        created_by: signed_in.user().to_owned(),
        created_at: now,
        expires_at: now + u64::from(form.days) * DAY_MS,
        used_at: None,
    };
    let token = Token::generate();
    signed_in.tenant.add_api_key(&row, &token.hash()).await?;
    record(&app, &signed_in, "api_key_create", format!("key:{} {:?}", row.id, row.scopes), from);
    let created = api::ApiKeyCreated { key: key_shown(row), secret: format!("{KEY}{}", token.reveal()) };
    Ok((StatusCode::CREATED, Json(created)))
}

async fn revoke_key(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<StatusCode, Refusal> {
    if !signed_in.tenant.remove_api_key(&id).await? {
        return Err(Refusal::unknown("key_unknown", "There is no such key. Load the list again."));
    }
    record(&app, &signed_in, "api_key_revoke", format!("key:{id}"), from);
    Ok(StatusCode::NO_CONTENT)
}

fn mail_shown(app: &App, row: MailRow) -> api::Mail {
    api::Mail {
        id: row.id,
        to: row.to,
        subject: row.subject,
        // Where mails are sent, their links are nobody's business but the receivers'.
        text: (!app.mailer().sends()).then_some(row.text),
        state: row.state,
        tries: row.tries,
        error: row.error,
        created_at: row.created_at,
    }
}

async fn outbox(State(app): State<App>, signed_in: SignedIn) -> Result<Json<api::Outbox>, Refusal> {
    let mails = signed_in.tenant.mails(MAILS).await?;
    let mails = mails.into_iter().map(|row| mail_shown(&app, row)).collect();
    Ok(Json(api::Outbox { sending: app.mailer().sends(), mails }))
}

fn mail_unknown() -> Refusal {
    Refusal::unknown("mail_unknown", "There is no such mail. Load the list again.")
}

async fn send_again(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<Json<api::Mail>, Refusal> {
    if !signed_in.tenant.mail_again(&id, app.now().unix_ms).await? {
        return Err(mail_unknown());
    }
    app.mailer().look();
    record(&app, &signed_in, "mail_again", format!("mail:{id}"), from);
    let row = signed_in.tenant.mail(&id).await?.ok_or_else(mail_unknown)?;
    Ok(Json(mail_shown(&app, row)))
}

async fn remove_mail(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<StatusCode, Refusal> {
    if !signed_in.tenant.remove_mail(&id).await? {
        return Err(mail_unknown());
    }
    record(&app, &signed_in, "mail_remove", format!("mail:{id}"), from);
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_bytes_and_a_drawing_is_none() {
        assert_eq!(image_kind(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        assert_eq!(image_kind(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(image_kind(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b"<svg onload=alert(1)>"[..], b"", b"GIF89a", b"%PDF"] {
            assert_eq!(image_kind(other), None);
        }
    }
}

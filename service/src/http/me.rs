//! One's own account: name, password, sign-ins; and the invitation by which it came to be.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, patch, post};
use farhand_protocol::api::{self, Method as Way};
use http::{HeaderMap, Method, StatusCode, header};

use super::extract::{Body, From, Id};
use super::gate::SignedIn;
use super::operation::{Access, Operation};
use super::sign_in::{answer, begin, failed, may_try, no_cookie, rotate};
use super::{Refusal, fields};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::identity::password::Whose;
use crate::identity::{Token, TokenHash, random_id};
use crate::mail::Letter;
use crate::store::{InvitationRow, SignInRow, StoreError, TenantStore, UserRow, UserWithPassword};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/me", "me", Access::Own, || get(me))
        .about("Who is signed in.")
        .gives::<api::User>(200),
    Operation::new(Method::PATCH, "/api/v1/me", "change_me", Access::Own, || patch(change))
        .about("Changes one's own name.")
        .takes::<api::ChangeMe>()
        .gives::<api::User>(200),
    Operation::new(Method::POST, "/api/v1/me/password", "change_password", Access::Own, || post(password))
        .about("Changes one's own password. Every other sign-in ends.")
        .takes::<api::ChangePassword>()
        .gives::<api::SignedIn>(200),
    Operation::new(Method::GET, "/api/v1/me/sign-ins", "my_sign_ins", Access::Own, || get(sign_ins))
        .about("One's own sign-ins.")
        .gives::<api::SignInList>(200),
    Operation::new(Method::DELETE, "/api/v1/me/sign-ins", "sign_out_everywhere", Access::Own, || {
        delete(everywhere)
    })
    .about("Ends all of one's own sign-ins, this one too."),
    Operation::new(Method::DELETE, "/api/v1/me/sign-ins/{id}", "end_my_sign_in", Access::Own, || delete(one))
        .about("Ends one of one's own sign-ins."),
    Operation::new(Method::POST, "/api/v1/invitation", "show_invitation", Access::Open, || post(show))
        .about("What an invitation's link says.")
        .takes::<api::ShowInvitation>()
        .gives::<api::InvitationShown>(200),
    Operation::new(Method::POST, "/api/v1/invitation/accept", "accept_invitation", Access::Open, || {
        post(accept)
    })
    .about("Accepts an invitation: makes the account and signs in.")
    .takes::<api::AcceptInvitation>()
    .gives::<api::SignedIn>(200),
];

async fn me(signed_in: SignedIn) -> Json<api::User> {
    Json(signed_in.as_user())
}

async fn change(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::ChangeMe>,
) -> Result<Json<api::User>, Refusal> {
    let name = fields::name(&form.name, "name_invalid", "your name")?;
    signed_in.tenant.set_name(signed_in.user(), &name).await?;
    let event = Event::new(Actor::User(signed_in.user().to_owned()), "name_change").from(from);
    app.audit(&signed_in.tenant(), event).later();
    Ok(Json(api::User { name, ..signed_in.as_user() }))
}

async fn password(
    State(app): State<App>,
    From(from): From,
    headers: HeaderMap,
    signed_in: SignedIn,
    Body(form): Body<api::ChangePassword>,
) -> Result<Response, Refusal> {
    check_password(&app, &signed_in, form.current, from).await?;
    let tenant = &signed_in.tenant;
    let rule = tenant.organisation().await?.map(|organisation| organisation.rule).unwrap_or_default();
    let whose = Whose {
        email: &signed_in.standing.user.email,
        name: &signed_in.standing.user.name,
        rule,
        second_method: signed_in.standing.has_second(),
    };
    let hash = fields::new_password(&app, form.new, whose).await?;
    let others = tenant.sign_ins(signed_in.user()).await?;
    tenant.set_password(signed_in.user(), &hash).await?;
    tenant.remove_reset(signed_in.user()).await?;
    for row in others.iter().filter(|row| row.token_hash != signed_in.token) {
        end(&app, tenant, row).await?;
    }
    let event = Event::new(Actor::User(signed_in.user().to_owned()), "password_change").from(from);
    app.audit(&signed_in.tenant(), event).later();
    app.mailer().write(tenant.tenant(), &signed_in.standing.user.email, &Letter::PasswordChanged).await?;
    let (token, user) = rotate(&app, &signed_in, signed_in.methods.clone(), from, &headers).await?;
    Ok(answer(token, &headers, |token| api::SignedIn { token, user }))
}

/// Whoever is signed in types their password again, before something that a thief of the sign-in would like to do.
pub(super) async fn check_password(
    app: &App,
    signed_in: &SignedIn,
    password: String,
    from: std::net::IpAddr,
) -> Result<(), Refusal> {
    let email = &signed_in.standing.user.email;
    may_try(app, Some(email), from)?;
    let hash = signed_in.tenant.password(signed_in.user()).await?;
    if app.passwords().fits(password, hash).await? {
        app.guards().sign_in_succeeded(email);
        return Ok(());
    }
    failed(app, email, from, signed_in.tenant(), Some(signed_in.user().to_owned()), "password_wrong");
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        "password_wrong",
        "This is not your password. Type the one that you sign in with.",
    ))
}

async fn sign_ins(State(app): State<App>, signed_in: SignedIn) -> Result<Json<api::SignInList>, Refusal> {
    Ok(Json(list(&app, &signed_in.tenant, signed_in.user(), Some(&signed_in.token)).await?))
}

/// A user's sign-ins as the API shows them.
pub(super) async fn list(
    app: &App,
    tenant: &TenantStore,
    user: &str,
    this: Option<&TokenHash>,
) -> Result<api::SignInList, StoreError> {
    let now = app.now().unix_ms;
    let rows = tenant.sign_ins(user).await?;
    let sign_ins = rows
        .into_iter()
        .filter(|row| row.expires_at > now)
        .map(|row| api::StandingSignIn {
            this: this == Some(&row.token_hash),
            id: row.id,
            created_at: row.created_at,
            seen_at: row.seen_at.max(row.created_at),
            expires_at: row.expires_at,
            address: row.address,
            program: row.program,
            methods: row.methods,
        })
        .collect();
    Ok(api::SignInList { sign_ins })
}

async fn everywhere(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
) -> Result<Response, Refusal> {
    end_all(&app, &signed_in.tenant, signed_in.user()).await?;
    let event = Event::new(Actor::User(signed_in.user().to_owned()), "sign_out_everywhere").from(from);
    app.audit(&signed_in.tenant(), event).later();
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, no_cookie())]).into_response())
}

async fn one(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<StatusCode, Refusal> {
    let rows = signed_in.tenant.sign_ins(signed_in.user()).await?;
    let row = rows.into_iter().find(|row| row.id == id && !row.id.is_empty()).ok_or_else(|| {
        Refusal::unknown("sign_in_unknown", "There is no such sign-in, or it has ended. Load the list again.")
    })?;
    end(&app, &signed_in.tenant, &row).await?;
    let event = Event::new(Actor::User(signed_in.user().to_owned()), "sign_in_end").from(from);
    app.audit(&signed_in.tenant(), event).later();
    Ok(StatusCode::NO_CONTENT)
}

async fn end(app: &App, tenant: &TenantStore, row: &SignInRow) -> Result<(), StoreError> {
    tenant.remove_sign_in(&row.token_hash).await?;
    app.broker().sign_out(&row.token_hash);
    Ok(())
}

/// Ends all of a user's sign-ins, and the sockets that rest on them.
pub(super) async fn end_all(app: &App, tenant: &TenantStore, user: &str) -> Result<(), StoreError> {
    let rows = tenant.sign_ins(user).await?;
    tenant.remove_sign_ins(user).await?;
    rows.iter().for_each(|row| app.broker().sign_out(&row.token_hash));
    Ok(())
}

async fn show(
    State(app): State<App>,
    From(from): From,
    Body(form): Body<api::ShowInvitation>,
) -> Result<Json<api::InvitationShown>, Refusal> {
    may_try(&app, None, from)?;
    let (tenant, invitation, _) = invitation(&app, &form.token).await?;
    let organisation = tenant.organisation().await?.ok_or_else(Refusal::link_gone)?;
    Ok(Json(api::InvitationShown {
        organisation: organisation.name,
        email: invitation.email,
        name: invitation.name,
        password_rule: organisation.rule,
    }))
}

async fn accept(
    State(app): State<App>,
    From(from): From,
    headers: HeaderMap,
    Body(form): Body<api::AcceptInvitation>,
) -> Result<Response, Refusal> {
    may_try(&app, None, from)?;
    let (tenant, invitation, rule) = invitation(&app, &form.token).await?;
    let user = UserRow {
        id: random_id(8),
        email: invitation.email.clone(),
        name: fields::name(&form.name, "name_invalid", "your name")?,
        role: invitation.role,
    };
    let whose = Whose { email: &user.email, name: &user.name, rule, second_method: false };
    let password_hash = fields::new_password(&app, form.password, whose).await?;
    let user = UserWithPassword { user, password_hash };
    match tenant.accept_invitation(&invitation, &user, app.now().unix_ms).await {
        Ok(true) => {}
        Ok(false) => return Err(Refusal::link_gone()),
        Err(StoreError::Taken) => return Err(Refusal::email_taken()),
        Err(error) => return Err(error.into()),
    }
    let event = Event::new(Actor::User(user.user.id.clone()), "invitation_accept").from(from);
    app.audit(tenant.tenant(), event).later();
    begin(&app, &tenant, &user.user.id, vec![Way::Password], from, &headers).await
}

async fn invitation(
    app: &App,
    token: &str,
) -> Result<(TenantStore, InvitationRow, api::PasswordRule), Refusal> {
    let token = Token::parse(token).ok_or_else(Refusal::link_gone)?;
    let found = app.store().invitation_by_token(&token.hash()).await?;
    let found = found.filter(|found| found.expires_at > app.now().unix_ms).ok_or_else(Refusal::link_gone)?;
    let tenant = app.store().tenant(found.tenant);
    let invitation = tenant.invitation(&found.id).await?.ok_or_else(Refusal::link_gone)?;
    let rule = tenant.organisation().await?.map(|organisation| organisation.rule).unwrap_or_default();
    Ok((tenant, invitation, rule))
}

//! People, invitations, groups: the administrators' business.

use axum::Json;
use axum::extract::State;
use axum::routing::{delete, get, patch, post, put};
use farhand_protocol::api::{self, Scope, UserRole};
use http::{Method, StatusCode};

use super::extract::{Body, From, Id};
use super::gate::{Caller, SignedIn};
use super::me::{end_all, list};
use super::operation::{Access, Operation};
use super::reset::send_reset;
use super::{Refusal, fields};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::identity::{Token, random_id};
use crate::mail::Letter;
use crate::store::{GroupRow, InvitationRow, PersonChange, PersonRow, TenantStore};

/// An invitation's link works this long.
const INVITATION_DAYS: u64 = 7;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Invitations that wait, at most.
const MAX_INVITATIONS: usize = 200;
/// Groups at most.
const MAX_GROUPS: usize = 200;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/people", "people", Access::Administrator, || get(all))
        .about("The organisation's people, and the invitations that wait.")
        .scope(Scope::PeopleRead)
        .gives::<api::People>(200),
    Operation::new(Method::GET, "/api/v1/people/{id}", "person", Access::Administrator, || get(one))
        .about("One of the people.")
        .scope(Scope::PeopleRead)
        .gives::<api::Person>(200),
    Operation::new(Method::PATCH, "/api/v1/people/{id}", "change_person", Access::Administrator, || {
        patch(change)
    })
    .about("Changes name, role, group or lock of somebody.")
    .takes::<api::ChangePerson>()
    .gives::<api::Person>(200),
    Operation::new(Method::DELETE, "/api/v1/people/{id}", "remove_person", Access::Administrator, || {
        delete(remove)
    })
    .about("Removes somebody. Their open sessions end."),
    Operation::new(Method::GET, "/api/v1/people/{id}/sign-ins", "sign_ins_of", Access::Administrator, || {
        get(sign_ins)
    })
    .about("Somebody's sign-ins.")
    .gives::<api::SignInList>(200),
    Operation::new(
        Method::DELETE,
        "/api/v1/people/{id}/sign-ins",
        "sign_out_person",
        Access::Administrator,
        || delete(sign_out),
    )
    .about("Ends all of somebody's sign-ins."),
    Operation::new(Method::POST, "/api/v1/people/{id}/reset", "reset_person", Access::Administrator, || {
        post(reset)
    })
    .about("Sends somebody a link to set a new password.")
    .gives_nothing(202),
    Operation::new(
        Method::POST,
        "/api/v1/people/{id}/remove-methods",
        "remove_methods",
        Access::Administrator,
        || post(remove_methods),
    )
    .about("Takes away somebody's authenticator app, passkeys and recovery codes, and ends their sign-ins."),
    Operation::new(Method::POST, "/api/v1/invitations", "invite", Access::Administrator, || post(invite))
        .about("Invites somebody by mail.")
        .takes::<api::Invite>()
        .gives::<api::Invitation>(201),
    Operation::new(
        Method::POST,
        "/api/v1/invitations/{id}/again",
        "invite_again",
        Access::Administrator,
        || post(again),
    )
    .about("Sends an invitation again, with a new link; the old one ends.")
    .gives::<api::Invitation>(200),
    Operation::new(
        Method::DELETE,
        "/api/v1/invitations/{id}",
        "withdraw_invitation",
        Access::Administrator,
        || delete(withdraw),
    )
    .about("Takes an invitation back."),
    Operation::new(Method::GET, "/api/v1/groups", "groups", Access::Administrator, || get(groups))
        .about("Groups and their policies.")
        .scope(Scope::PeopleRead)
        .gives::<api::Groups>(200),
    Operation::new(Method::POST, "/api/v1/groups", "add_group", Access::Administrator, || post(add_group))
        .about("Makes a group.")
        .takes::<api::PutGroup>()
        .gives::<api::Group>(201),
    Operation::new(Method::PUT, "/api/v1/groups/{id}", "change_group", Access::Administrator, || {
        put(change_group)
    })
    .about("Changes a group. Sessions that are open keep the policy that they began with.")
    .takes::<api::PutGroup>()
    .gives::<api::Group>(200),
    Operation::new(Method::DELETE, "/api/v1/groups/{id}", "remove_group", Access::Administrator, || {
        delete(remove_group)
    })
    .about("Removes a group; its people are in none then."),
];

async fn all(State(app): State<App>, caller: Caller) -> Result<Json<api::People>, Refusal> {
    let tenant = caller.tenant();
    let people = tenant.people().await?;
    let invitations = tenant.invitations(app.now().unix_ms).await?;
    Ok(Json(api::People {
        people: people.into_iter().map(|row| shown(&app, row)).collect(),
        invitations: invitations.into_iter().map(invitation_shown).collect(),
    }))
}

async fn one(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<api::Person>, Refusal> {
    Ok(Json(shown(&app, person(caller.tenant(), &id).await?)))
}

async fn person(tenant: &TenantStore, id: &str) -> Result<PersonRow, Refusal> {
    tenant.person(id).await?.ok_or_else(|| {
        Refusal::unknown(
            "person_unknown",
            "There is no such person in your organisation. Load the list again.",
        )
    })
}

fn shown(app: &App, row: PersonRow) -> api::Person {
    let now = app.now();
    let paused = app.guards().locked_for(&row.user.email, now.instant);
    api::Person {
        id: row.user.id,
        name: row.user.name,
        email: row.user.email,
        role: row.user.role,
        group: row.group.unwrap_or_default(),
        locked: row.locked,
        paused_until: paused.map(|left| now.unix_ms + u64::try_from(left.as_millis()).unwrap_or(0)),
        totp: row.totp,
        passkeys: row.passkeys,
        created_at: row.created_at,
        signed_in_at: row.signed_in_at,
    }
}

async fn change(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
    Body(form): Body<api::ChangePerson>,
) -> Result<Json<api::Person>, Refusal> {
    let tenant = &signed_in.tenant;
    let before = person(tenant, &id).await?;
    let role = form.role.unwrap_or(before.user.role);
    let locked = form.locked.unwrap_or(before.locked);
    let group = match &form.group {
        Some(group) => group_named(tenant, group).await?,
        None => before.group.clone(),
    };
    if role != UserRole::Administrator || locked {
        keep_an_administrator(tenant, &before).await?;
    }
    if let Some(name) = &form.name {
        tenant.set_name(&id, &fields::name(name, "name_invalid", "a name")?).await?;
    }
    let change = PersonChange { role, group, locked };
    let changed = (role, locked, &change.group) != (before.user.role, before.locked, &before.group);
    tenant.change_person(&id, &change).await?;
    // Whoever may do more or less from now on proves anew who they are; whoever is locked is out.
    if (locked && !before.locked) || role != before.user.role {
        end_all(&app, tenant, &id).await?;
    }
    if changed || form.name.is_some() {
        let detail =
            format!("user:{id} role:{role:?} locked:{locked} group:{}", change.group.unwrap_or_default());
        record(&app, &signed_in, "person_change", detail, from);
    }
    Ok(Json(shown(&app, person(tenant, &id).await?)))
}

/// Refuses when nobody else could administer.
async fn keep_an_administrator(tenant: &TenantStore, person: &PersonRow) -> Result<(), Refusal> {
    let administers = person.user.role == UserRole::Administrator && !person.locked;
    if administers && tenant.other_administrators(&person.user.id).await? == 0 {
        return Err(Refusal::conflict(
            "last_administrator",
            "This is the only administrator who can sign in. Make another one first.",
        ));
    }
    Ok(())
}

async fn group_named(tenant: &TenantStore, id: &str) -> Result<Option<String>, Refusal> {
    if id.is_empty() {
        return Ok(None);
    }
    match tenant.groups().await?.into_iter().find(|group| group.id == id) {
        Some(group) => Ok(Some(group.id)),
        None => Err(Refusal::invalid("group_unknown", "There is no such group. Load the list again.")),
    }
}

fn record(app: &App, signed_in: &SignedIn, action: &'static str, detail: String, from: std::net::IpAddr) {
    let event = Event::new(Actor::User(signed_in.user().to_owned()), action).detail(detail).from(from);
    app.audit(&signed_in.tenant(), event).later();
}

async fn remove(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<StatusCode, Refusal> {
    let tenant = &signed_in.tenant;
    let row = person(tenant, &id).await?;
    keep_an_administrator(tenant, &row).await?;
    end_all(&app, tenant, &id).await?;
    app.broker().end_of_owner(&signed_in.tenant(), &id).await?;
    tenant.remove_person(&id).await?;
    record(&app, &signed_in, "person_remove", format!("user:{id}"), from);
    Ok(StatusCode::NO_CONTENT)
}

async fn sign_ins(
    State(app): State<App>,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<Json<api::SignInList>, Refusal> {
    person(&signed_in.tenant, &id).await?;
    Ok(Json(list(&app, &signed_in.tenant, &id, Some(&signed_in.token)).await?))
}

async fn sign_out(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<StatusCode, Refusal> {
    person(&signed_in.tenant, &id).await?;
    end_all(&app, &signed_in.tenant, &id).await?;
    record(&app, &signed_in, "person_sign_out", format!("user:{id}"), from);
    Ok(StatusCode::NO_CONTENT)
}

async fn reset(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<StatusCode, Refusal> {
    let row = person(&signed_in.tenant, &id).await?;
    send_reset(&app, &signed_in.tenant, &id, &row.user.email).await?;
    record(&app, &signed_in, "person_reset", format!("user:{id}"), from);
    Ok(StatusCode::ACCEPTED)
}

async fn remove_methods(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<StatusCode, Refusal> {
    let row = person(&signed_in.tenant, &id).await?;
    signed_in.tenant.remove_methods(&id).await?;
    end_all(&app, &signed_in.tenant, &id).await?;
    app.mailer().write(&signed_in.tenant(), &row.user.email, &Letter::MethodRemoved).await?;
    record(&app, &signed_in, "person_remove_methods", format!("user:{id}"), from);
    Ok(StatusCode::NO_CONTENT)
}

fn invitation_shown(row: InvitationRow) -> api::Invitation {
    api::Invitation {
        id: row.id,
        email: row.email,
        name: row.name,
        role: row.role,
        group: row.group.unwrap_or_default(),
        created_at: row.created_at,
        expires_at: row.expires_at,
    }
}

async fn invite(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::Invite>,
) -> Result<(StatusCode, Json<api::Invitation>), Refusal> {
    let tenant = &signed_in.tenant;
    let now = app.now().unix_ms;
    let email = fields::email(&form.email)?;
    let name = match form.name.trim() {
        "" => String::new(),
        name => fields::name(name, "name_invalid", "a name")?,
    };
    let group = group_named(tenant, &form.group).await?;
    if app.store().user_by_email(&email).await?.is_some() {
        return Err(Refusal::email_taken());
    }
    let waiting = tenant.invitations(now).await?;
    if waiting.len() >= MAX_INVITATIONS {
        return Err(Refusal::conflict("too_many", "Too many invitations wait. Take some back first."));
    }
    if waiting.iter().any(|invitation| invitation.email == email) {
        return Err(Refusal::conflict(
            "invited_already",
            "This address is invited already. Send that invitation again instead.",
        ));
    }
    let row = InvitationRow {
        id: random_id(8),
        email,
        name,
        role: form.role,
        group,
        created_at: now,
        expires_at: now + INVITATION_DAYS * DAY_MS,
    };
    let token = Token::generate();
    tenant.add_invitation(&row, &token.hash()).await?;
    send_invitation(&app, &signed_in, &row.email, &token).await?;
    record(&app, &signed_in, "invite", format!("invitation:{} role:{:?}", row.id, row.role), from);
    Ok((StatusCode::CREATED, Json(invitation_shown(row))))
}

async fn send_invitation(app: &App, signed_in: &SignedIn, email: &str, token: &Token) -> Result<(), Refusal> {
    let letter = Letter::Invitation {
        organisation: &signed_in.standing.organisation,
        inviter: &signed_in.standing.user.name,
        link: &format!("{}/invitation#{}", app.url(), token.reveal()),
        days: INVITATION_DAYS,
    };
    Ok(app.mailer().write(&signed_in.tenant(), email, &letter).await?)
}

fn invitation_unknown() -> Refusal {
    Refusal::unknown(
        "invitation_unknown",
        "There is no such invitation, or it was accepted. Load the list again.",
    )
}

async fn again(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<Json<api::Invitation>, Refusal> {
    let row = signed_in.tenant.invitation(&id).await?.ok_or_else(invitation_unknown)?;
    let now = app.now().unix_ms;
    let row = InvitationRow { created_at: now, expires_at: now + INVITATION_DAYS * DAY_MS, ..row };
    let token = Token::generate();
    signed_in.tenant.renew_invitation(&id, &token.hash(), now, row.expires_at).await?;
    send_invitation(&app, &signed_in, &row.email, &token).await?;
    record(&app, &signed_in, "invite_again", format!("invitation:{id}"), from);
    Ok(Json(invitation_shown(row)))
}

async fn withdraw(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<StatusCode, Refusal> {
    if !signed_in.tenant.remove_invitation(&id).await? {
        return Err(invitation_unknown());
    }
    record(&app, &signed_in, "invite_withdraw", format!("invitation:{id}"), from);
    Ok(StatusCode::NO_CONTENT)
}

async fn groups(caller: Caller) -> Result<Json<api::Groups>, Refusal> {
    let groups = caller.tenant().groups().await?.into_iter().map(group_shown).collect();
    Ok(Json(api::Groups { groups }))
}

fn group_shown(row: GroupRow) -> api::Group {
    api::Group { id: row.id, name: row.name, policy: row.policy, people: row.people }
}

async fn add_group(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::PutGroup>,
) -> Result<(StatusCode, Json<api::Group>), Refusal> {
    let name = fields::name(&form.name, "name_invalid", "a name for the group")?;
    let policy = fields::policy(form.policy)?;
    if signed_in.tenant.groups().await?.len() >= MAX_GROUPS {
        return Err(Refusal::conflict(
            "too_many",
            "There are as many groups as there can be. Remove one first.",
        ));
    }
    let id = random_id(8);
    signed_in.tenant.add_group(&id, &name, &policy, app.now().unix_ms).await?;
    record(&app, &signed_in, "group_add", format!("group:{id}"), from);
    Ok((StatusCode::CREATED, Json(api::Group { id, name, policy, people: 0 })))
}

fn group_unknown() -> Refusal {
    Refusal::unknown("group_unknown", "There is no such group. Load the list again.")
}

async fn change_group(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
    Body(form): Body<api::PutGroup>,
) -> Result<Json<api::Group>, Refusal> {
    let name = fields::name(&form.name, "name_invalid", "a name for the group")?;
    let policy = fields::policy(form.policy)?;
    if !signed_in.tenant.change_group(&id, &name, &policy).await? {
        return Err(group_unknown());
    }
    record(&app, &signed_in, "group_change", format!("group:{id}"), from);
    let groups = signed_in.tenant.groups().await?;
    groups
        .into_iter()
        .find(|group| group.id == id)
        .map(|row| Json(group_shown(row)))
        .ok_or_else(group_unknown)
}

async fn remove_group(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<StatusCode, Refusal> {
    if !signed_in.tenant.remove_group(&id).await? {
        return Err(group_unknown());
    }
    record(&app, &signed_in, "group_remove", format!("group:{id}"), from);
    Ok(StatusCode::NO_CONTENT)
}

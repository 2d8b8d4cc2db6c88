//! Colleagues in one another's sessions: whom one may invite, and into which sessions one is.

use axum::Json;
use axum::extract::State;
use axum::routing::{delete, get, post};
use farhand_protocol::api::{
    Colleague, ColleagueInvitations, ColleagueInvited, Colleagues, InviteColleague, Policy,
};
use farhand_protocol::channel::together::Purpose;
use http::{Method, StatusCode};

use super::Refusal;
use super::extract::{Body, Id};
use super::gate::SignedIn;
use super::operation::{Access, Operation};
use crate::app::App;
use crate::broker::hub::{InviteRefused, Invitee};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/sessions/{id}/colleagues", "colleagues", Access::Technician, || {
        get(all)
    })
    .about("Whom the session's technician may invite, by name.")
    .gives::<Colleagues>(200),
    Operation::new(
        Method::POST,
        "/api/v1/sessions/{id}/colleagues",
        "invite_colleague",
        Access::Technician,
        || post(invite),
    )
    .about("Invites a colleague into one's session. They get no rights by it: the customer is asked.")
    .takes::<InviteColleague>()
    .gives::<ColleagueInvited>(201),
    Operation::new(
        Method::GET,
        "/api/v1/colleague-invitations",
        "colleague_invitations",
        Access::Technician,
        || get(invitations),
    )
    .about("Sessions into which the caller is invited and has not come.")
    .gives::<ColleagueInvitations>(200),
    Operation::new(
        Method::DELETE,
        "/api/v1/colleague-invitations/{id}",
        "decline_colleague",
        Access::Technician,
        || delete(decline),
    )
    .about("Does not follow an invitation into the session with this identifier."),
];

/// `GET /api/v1/sessions/{id}/colleagues`.
async fn all(State(app): State<App>, Id(id): Id, signed_in: SignedIn) -> Result<Json<Colleagues>, Refusal> {
    let tenant = signed_in.tenant();
    if app.broker().owner(&tenant, &id).as_deref() != Some(signed_in.user()) {
        return Err(Refusal::no_session());
    }
    let people = signed_in.tenant.people().await?;
    let others = people.into_iter().filter(|person| !person.locked && person.user.id != signed_in.user());
    let colleagues = others
        .map(|person| Colleague {
            online: app.broker().is_online(&tenant, &person.user.id),
            id: person.user.id,
            name: person.user.name,
        })
        .collect();
    Ok(Json(Colleagues { colleagues }))
}

/// `POST /api/v1/sessions/{id}/colleagues`.
async fn invite(
    State(app): State<App>,
    Id(id): Id,
    signed_in: SignedIn,
    Body(form): Body<InviteColleague>,
) -> Result<(StatusCode, Json<ColleagueInvited>), Refusal> {
    let unknown = || {
        Refusal::unknown(
            "person_unknown",
            "There is no such person in your organisation. Load the list again.",
        )
    };
    if form.purpose == Purpose::Unknown {
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "purpose_unknown",
            "A colleague is invited to watch, to help or to take over.",
        ));
    }
    let standing = signed_in.tenant.standing(&form.user).await?.filter(|standing| !standing.locked);
    let standing = standing.ok_or_else(unknown)?;
    let invitee = Invitee {
        user: standing.user.id.clone(),
        name: standing.user.name.clone(),
        organisation: standing.organisation.clone(),
    };
    let (name, organisation) = (invitee.name.clone(), invitee.organisation.clone());
    let Policy { rights, .. } = standing.policy;
    let invited =
        app.broker().invite(&signed_in.tenant(), &id, signed_in.user(), invitee, form.purpose).await?;
    let participant = invited.map_err(|refused| match refused {
        InviteRefused::NoSession => Refusal::no_session(),
        InviteRefused::NoCustomer => Refusal::new(
            StatusCode::CONFLICT,
            "colleague_early",
            "A colleague can be invited as soon as the customer is there.",
        ),
        InviteRefused::Already => Refusal::new(
            StatusCode::CONFLICT,
            "colleague_already",
            "This colleague is in the session, or is invited already.",
        ),
        InviteRefused::Full => Refusal::new(
            StatusCode::CONFLICT,
            "colleagues_many",
            "No more colleagues can be invited into this session.",
        ),
    })?;
    Ok((StatusCode::CREATED, Json(ColleagueInvited { participant, name, organisation, rights })))
}

/// `GET /api/v1/colleague-invitations`.
async fn invitations(State(app): State<App>, signed_in: SignedIn) -> Json<ColleagueInvitations> {
    let invitations = app.broker().invitations(&signed_in.tenant(), signed_in.user());
    Json(ColleagueInvitations { invitations })
}

/// `DELETE /api/v1/colleague-invitations/{id}`.
async fn decline(State(app): State<App>, Id(id): Id, signed_in: SignedIn) -> Result<StatusCode, Refusal> {
    match app.broker().decline(&signed_in.tenant(), &id, signed_in.user()) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Refusal::no_session()),
    }
}

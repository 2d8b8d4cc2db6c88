//! The organisation's list of windows that agents keep out of the picture, or in which nobody but the customer acts.

use axum::Json;
use axum::extract::State;
use axum::routing::{get, put};
use farhand_protocol::api::{
    self, MAX_WINDOW_PATTERN, MAX_WINDOW_RULES, MIN_WINDOW_PATTERN, Scope, WindowRule,
};
use http::Method;

use super::Refusal;
use super::extract::{Body, From};
use super::gate::{Caller, SignedIn};
use super::operation::{Access, Operation};
use crate::app::App;
use crate::audit::{Actor, Event};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/organisation/windows", "windows", Access::Technician, || get(show))
        .about("Windows that are kept out of the picture, or that pause control while they are in front.")
        .scope(Scope::OrganisationRead)
        .gives::<api::WindowRules>(200),
    Operation::new(Method::PUT, "/api/v1/organisation/windows", "put_windows", Access::Administrator, || {
        put(change)
    })
    .about("Changes that list. Sessions that are open keep the list that they began with.")
    .takes::<api::WindowRules>()
    .gives::<api::WindowRules>(200),
];

async fn show(caller: Caller) -> Result<Json<api::WindowRules>, Refusal> {
    Ok(Json(api::WindowRules { rules: caller.tenant().window_rules().await? }))
}

async fn change(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::WindowRules>,
) -> Result<Json<api::WindowRules>, Refusal> {
    let rules = checked(form.rules)?;
    signed_in.tenant.put_window_rules(&rules, app.now().unix_ms).await?;
    let event = Event::new(Actor::User(signed_in.user().to_owned()), "windows_change");
    let event = event.detail(format!("rules:{}", rules.len())).from(from);
    app.audit(&signed_in.tenant(), event).later();
    Ok(Json(api::WindowRules { rules }))
}

/// A list that agents can keep to.
fn checked(rules: Vec<WindowRule>) -> Result<Vec<WindowRule>, Refusal> {
    let invalid = |message: String| Refusal::invalid("windows_invalid", message);
    if rules.len() > MAX_WINDOW_RULES {
        return Err(invalid(format!("List at most {MAX_WINDOW_RULES} windows.")));
    }
    let mut kept: Vec<WindowRule> = Vec::with_capacity(rules.len());
    for mut rule in rules {
        rule.pattern = rule.pattern.trim().to_owned();
        if !rule.is_sensible() {
            let shown: String = rule.pattern.chars().filter(|c| !c.is_control()).take(50).collect();
            return Err(invalid(format!(
                "{shown:?} fits too much, or is too long. Write from {MIN_WINDOW_PATTERN} to {MAX_WINDOW_PATTERN} \
                 characters, with * for anything."
            )));
        }
        if !kept.contains(&rule) {
            kept.push(rule);
        }
    }
    Ok(kept)
}

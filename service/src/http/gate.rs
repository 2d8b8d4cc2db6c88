//! Who comes in: every operation's access, checked in one place before its handler runs. What a handler takes of the
//! caller ([`SignedIn`], [`Caller`]) only this gate puts there.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use farhand_protocol::api::{Method, Policy, User, UserRole};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use super::Refusal;
use super::extract::{Credential, peer};
use super::operation::{Access, Operation};
use crate::app::App;
use crate::identity::{Token, TokenHash, ranges};
use crate::metrics::Refused;
use crate::store::{Standing, StandingSignIn, Tenant, TenantStore};

/// A sign-in that is not used for this long ends, where a group's policy says no less.
pub const IDLE: Duration = Duration::from_secs(2 * 60 * 60);
/// How often it is noted that a sign-in or a key was used.
const NOTED_EACH_MS: u64 = 60_000;

/// What the gate of one operation needs.
#[derive(Clone)]
pub struct Gate {
    /// The service.
    pub app: App,
    /// The operation behind it.
    pub operation: &'static Operation,
}

/// Lets a request through to its operation, or not.
pub async fn gate(State(Gate { app, operation }): State<Gate>, mut request: Request, next: Next) -> Response {
    let from = peer(request.extensions());
    let caller = match admit(&app, operation, request.headers(), from).await {
        Ok(caller) => caller,
        Err(refusal) => {
            app.metrics().refused(Refused::SignIn);
            return refusal.into_response();
        }
    };
    if let Caller::Person(signed_in) = &caller {
        request.extensions_mut().insert(signed_in.clone());
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

async fn admit(
    app: &App,
    operation: &Operation,
    headers: &HeaderMap,
    from: IpAddr,
) -> Result<Caller, Refusal> {
    if let Credential::Key(token) = Credential::of(headers) {
        return Ok(Caller::Key(key(app, operation, &token, from).await?));
    }
    let Some(signed_in) = SignedIn::of(app, headers, from).await? else {
        // Ended long ago, made up, or changed: nobody can tell them apart.
        if let Some(token) = Credential::of(headers).token()
            && app.store().sign_in_by_token(&token.hash()).await?.is_none()
        {
            app.alarm("token", "token_unknown", from);
        }
        return Err(Refusal::sign_in_needed());
    };
    match operation.access {
        Access::Own => {}
        Access::Technician => signed_in.must_have_methods()?,
        Access::Administrator => {
            signed_in.must_have_methods()?;
            if !signed_in.is_administrator() {
                return Err(Refusal::administrator_only());
            }
        }
        // They have no gate, or look at the caller themselves.
        Access::Open | Access::SetUp | Access::Participant | Access::Ticket | Access::Demo => {}
    }
    Ok(Caller::Person(Box::new(signed_in)))
}

async fn key(app: &App, operation: &Operation, token: &Token, from: IpAddr) -> Result<KeyCaller, Refusal> {
    let found = app.store().api_key_by_token(&token.hash()).await?;
    if found.is_none() {
        // Revoked, made up, or changed.
        app.alarm("token", "key_unknown", from);
    }
    let now = app.now().unix_ms;
    let found = found.filter(|key| key.expires_at > now).ok_or_else(Refusal::sign_in_needed)?;
    let tenant = app.store().tenant(found.tenant);
    let Some(scope) = operation.scope else {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "key_not_allowed",
            "No API key can do this. A person has to sign in for it.",
        ));
    };
    if !found.scopes.contains(&scope) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "scope_missing",
            "This API key was not given the scope that this needs. Make a key with it.",
        ));
    }
    if found.used_at.is_none_or(|at| now.saturating_sub(at) > NOTED_EACH_MS) {
        let (tenant, id) = (tenant.clone(), found.id.clone());
        tokio::spawn(async move { tenant.touch_api_key(&id, now).await.ok() });
    }
    Ok(KeyCaller { tenant })
}

/// A program with an API key.
#[derive(Clone)]
pub struct KeyCaller {
    /// The tenant's data.
    pub tenant: TenantStore,
}

/// Whoever came through the gate.
#[derive(Clone)]
pub enum Caller {
    /// Somebody who is signed in.
    Person(Box<SignedIn>),
    /// A program.
    Key(KeyCaller),
}

impl Caller {
    /// The tenant's data.
    pub fn tenant(&self) -> &TenantStore {
        match self {
            Self::Person(person) => &person.tenant,
            Self::Key(key) => &key.tenant,
        }
    }

    /// The only person whose sessions the caller may see; `None` for everybody's.
    pub fn only_own(&self) -> Option<&str> {
        match self {
            Self::Person(person) if !person.is_administrator() => Some(&person.standing.user.id),
            Self::Person(_) | Self::Key(_) => None,
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Refusal::sign_in_needed)
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct SignedIn {
    /// The tenant's data.
    pub tenant: TenantStore,
    /// Who, with what their organisation and group say.
    pub standing: Standing,
    /// By which sign-in.
    pub token: TokenHash,
    /// By which methods.
    pub methods: Vec<Method>,
}

impl SignedIn {
    /// Whose sign-in these headers carry, if it stands; and from where it may be used.
    pub async fn of(app: &App, headers: &HeaderMap, from: IpAddr) -> Result<Option<Self>, Refusal> {
        let Some(token) = Credential::of(headers).token() else { return Ok(None) };
        let hash = token.hash();
        let Some(found) = app.store().sign_in_by_token(&hash).await? else { return Ok(None) };
        let tenant = app.store().tenant(found.tenant.clone());
        let Some(standing) = tenant.standing(&found.user).await? else { return Ok(None) };
        let now = app.now().unix_ms;
        if !stands(&found, &standing, now) {
            return Ok(None);
        }
        if !ranges::admit(&standing.policy.addresses, from) {
            return Err(Refusal::address_not_allowed());
        }
        if now.saturating_sub(found.seen_at) > NOTED_EACH_MS {
            let tenant = tenant.clone();
            tokio::spawn(async move { tenant.touch_sign_in(&hash, now).await.ok() });
        }
        Ok(Some(Self { tenant, standing, token: hash, methods: found.methods }))
    }

    /// The tenant.
    pub fn tenant(&self) -> Tenant {
        self.tenant.tenant().clone()
    }

    /// The user's identifier.
    pub fn user(&self) -> &str {
        &self.standing.user.id
    }

    /// What they may do in sessions.
    pub fn policy(&self) -> &Policy {
        &self.standing.policy
    }

    /// Whether their organisation demands a second method that they lack.
    pub fn must_add_method(&self) -> bool {
        must_add_method(&self.standing)
    }

    fn must_have_methods(&self) -> Result<(), Refusal> {
        match self.must_add_method() {
            true => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "method_needed",
                "Your organisation asks for a second method of signing in. Add an authenticator app or a passkey first.",
            )),
            false => Ok(()),
        }
    }

    /// Refuses while a method is missing, for what looks at its caller itself.
    pub fn complete(self) -> Result<Self, Refusal> {
        self.must_have_methods()?;
        Ok(self)
    }

    /// As the API shows a user.
    pub fn as_user(&self) -> User {
        shown(&self.standing)
    }

    /// Whether they manage the organisation.
    pub fn is_administrator(&self) -> bool {
        match self.standing.user.role {
            UserRole::Administrator => true,
            UserRole::Technician => false,
        }
    }
}

/// Whether a sign-in stands: its user may sign in, it is not past its time, was used lately, and passed as many methods
/// as are demanded by now.
pub fn stands(sign_in: &StandingSignIn, standing: &Standing, now: u64) -> bool {
    let idle = standing
        .policy
        .idle_minutes
        .map_or(IDLE, |minutes| IDLE.min(Duration::from_secs(u64::from(minutes) * 60)));
    let idle = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
    // Kept before it was noted.
    let seen = sign_in.seen_at.max(sign_in.created_at);
    let passed = !standing.demanded || sign_in.methods.len() >= 2 || !standing.has_second();
    !standing.locked && sign_in.expires_at > now && seen.saturating_add(idle) > now && passed
}

/// Whether the organisation demands a second method that this user lacks.
pub fn must_add_method(standing: &Standing) -> bool {
    standing.demanded && !standing.has_second()
}

/// As the API shows a user.
pub fn shown(standing: &Standing) -> User {
    User {
        id: standing.user.id.clone(),
        name: standing.user.name.clone(),
        email: standing.user.email.clone(),
        organisation: standing.organisation.clone(),
        role: standing.user.role,
        must_add_method: must_add_method(standing),
        policy: standing.policy.clone(),
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        parts
            .extensions
            .get::<Box<Self>>()
            .map(|person| (**person).clone())
            .ok_or_else(Refusal::sign_in_needed)
    }
}

//! What handlers take from a request.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use farhand_protocol::api::{User, UserRole};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::{COOKIE, Refusal};
use crate::app::App;
use crate::identity::{Token, TokenHash};
use crate::listener::Peer;
use crate::metrics::Refused;
use crate::store::{Tenant, TenantStore, UserRow};

/// Bytes of a JSON body.
pub const MAX_BODY: usize = 16 * 1024;
/// The whole body comes within this time.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// A JSON body: of the right type, small, whole in time.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let read = async {
            let json = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(
                |kind| {
                    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
                },
            );
            if !json {
                return Err(Refusal::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "not_json",
                    "The request's body is not marked as JSON. Send it with Content-Type: application/json.",
                ));
            }
            let bytes =
                tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(request.into_body(), MAX_BODY))
                    .await
                    .map_err(|_| {
                        Refusal::new(
                            StatusCode::REQUEST_TIMEOUT,
                            "body_slow",
                            "The request's body did not arrive in time. Check the connection and try again.",
                        )
                    })?
                    .map_err(|_| {
                        Refusal::new(
                            StatusCode::PAYLOAD_TOO_LARGE,
                            "body_large",
                            "The request's body is too large or broke off. Send at most 16 KB.",
                        )
                    })?;
            serde_json::from_slice(&bytes).map(Self).map_err(|e| {
                Refusal::new(
                    StatusCode::BAD_REQUEST,
                    "body_invalid",
                    format!("The request's body is not what this address takes (line {}, column {}). Check its fields.", e.line(), e.column()),
                )
            })
        };
        read.await.inspect_err(|_| app.metrics().refused(Refused::Body))
    }
}

/// The address that the connection came from.
pub struct From(pub IpAddr);

impl FromRequestParts<App> for From {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        let Peer(address) =
            parts.extensions.get().copied().expect("the listener names the peer of every request");
        Ok(Self(address.ip().to_canonical()))
    }
}

/// What a request proves itself with. A bearer token counts before a cookie: a program knows what it sends.
pub enum Credential {
    /// `Authorization: Bearer`.
    Bearer(Option<Token>),
    /// The cookie.
    Cookie(Option<Token>),
    /// Nothing.
    None,
}

impl Credential {
    /// What the headers carry.
    pub fn of(headers: &HeaderMap) -> Self {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(|v| v.split_once(' ')).and_then(|(scheme, token)| {
                scheme.eq_ignore_ascii_case("bearer").then(|| Token::parse(token.trim())).flatten()
            });
            return Self::Bearer(token);
        }
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
        let ours = cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE);
        match ours {
            Some((_, token)) => Self::Cookie(Token::parse(token)),
            None => Self::None,
        }
    }

    /// The token, whichever way it came.
    pub fn token(self) -> Option<Token> {
        match self {
            Self::Bearer(token) | Self::Cookie(token) => token,
            Self::None => None,
        }
    }
}

/// Somebody who is signed in.
pub struct SignedIn {
    /// The tenant's data.
    pub tenant: TenantStore,
    /// Who.
    pub user: UserRow,
    /// By which sign-in.
    pub token: TokenHash,
}

impl SignedIn {
    /// Whose sign-in these headers carry.
    pub async fn of(app: &App, headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let Some(token) = Credential::of(headers).token() else { return Ok(None) };
        let hash = token.hash();
        let Some(standing) = app.store().sign_in_by_token(&hash).await? else { return Ok(None) };
        if standing.expires_at <= app.now().unix_ms {
            return Ok(None);
        }
        let tenant = app.store().tenant(standing.tenant);
        let Some(user) = tenant.user(&standing.user).await? else { return Ok(None) };
        Ok(Some(Self { tenant, user, token: hash }))
    }

    /// The tenant.
    pub fn tenant(&self) -> Tenant {
        self.tenant.tenant().clone()
    }

    /// The name of the organisation.
    pub async fn organisation(&self) -> Result<String, Refusal> {
        Ok(self.tenant.name().await?.unwrap_or_default())
    }

    /// As the API shows a user.
    pub async fn as_user(&self) -> Result<User, Refusal> {
        let UserRow { id, email, name, role } = self.user.clone();
        Ok(User {
            id,
            name,
            email,
            organisation: self.organisation().await?,
            role,
            must_add_method: false,
            policy: farhand_protocol::api::Policy::default(),
        })
    }

    /// Whether they manage the organisation.
    pub fn is_administrator(&self) -> bool {
        match self.user.role {
            UserRole::Administrator => true,
            UserRole::Technician => false,
        }
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        match Self::of(app, &parts.headers).await? {
            Some(signed_in) => Ok(signed_in),
            None => {
                app.metrics().refused(Refused::SignIn);
                Err(Refusal::sign_in_needed())
            }
        }
    }
}

//! What handlers take from a request.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::{COOKIE, Refusal};
use crate::app::App;
use crate::identity::Token;
use crate::listener::Peer;
use crate::metrics::Refused;

/// What an API key begins with, so that it is known for what it is where it should not be.
pub const KEY: &str = "fhk_";
/// Characters of an identifier in a path.
const MAX_ID: usize = 64;
/// Bytes of a JSON body.
pub const MAX_BODY: usize = 16 * 1024;
/// The whole body comes within this time.
pub const BODY_WITHIN: Duration = Duration::from_secs(10);

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

/// The identifier in a path. What cannot be one is like one that is not there.
pub struct Id(pub String);

impl FromRequestParts<App> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Path(id) =
            Path::<String>::from_request_parts(parts, app).await.map_err(|_| Refusal::not_found())?;
        let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (plain && id.len() <= MAX_ID).then_some(Self(id)).ok_or_else(Refusal::not_found)
    }
}

/// The query's parameters.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        Query::<T>::from_request_parts(parts, app).await.map(|Query(asked)| Self(asked)).map_err(|_| {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                "query_invalid",
                "The address has a parameter that is not what it should be. The documentation of the API names them.",
            )
        })
    }
}

/// The address that the connection came from.
pub struct From(pub IpAddr);

impl FromRequestParts<App> for From {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        Ok(Self(peer(&parts.extensions)))
    }
}

/// The address that a request's connection came from.
pub fn peer(extensions: &http::Extensions) -> IpAddr {
    let Peer(address) = extensions.get().copied().expect("the listener names the peer of every request");
    address.ip().to_canonical()
}

/// What a request proves itself with. A bearer token counts before a cookie: a program knows what it sends.
pub enum Credential {
    /// `Authorization: Bearer`.
    Bearer(Option<Token>),
    /// `Authorization: Bearer` with an API key.
    Key(Token),
    /// The cookie.
    Cookie(Option<Token>),
    /// Nothing.
    None,
}

impl Credential {
    /// What the headers carry.
    pub fn of(headers: &HeaderMap) -> Self {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let bearer = value
                .to_str()
                .ok()
                .and_then(|v| v.split_once(' '))
                .and_then(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()));
            let key = bearer.and_then(|text| text.strip_prefix(KEY)).and_then(Token::parse);
            return match key {
                Some(key) => Self::Key(key),
                None => Self::Bearer(bearer.and_then(Token::parse)),
            };
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

    /// The sign-in's token, whichever way it came.
    pub fn token(self) -> Option<Token> {
        match self {
            Self::Bearer(token) | Self::Cookie(token) => token,
            Self::Key(_) | Self::None => None,
        }
    }
}

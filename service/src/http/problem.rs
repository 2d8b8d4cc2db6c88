//! Errors as the API tells them: a code for programs, and a sentence that says what happened and what to do.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use farhand_protocol::api::Problem;
use http::{HeaderValue, StatusCode, header};

use crate::identity::password::HashError;
use crate::store::StoreError;

/// A request that was refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    retry_after: Option<u64>,
}

impl Refusal {
    /// With a code for programs and a sentence for people.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// What is answered on every path that does not exist, and on those that have ceased to.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing at this address. Check it for typing errors.",
        )
    }

    /// The address exists, but not with this method.
    #[must_use]
    pub fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong_method",
            "This address is not used in this way. The documentation of the API says which method it takes.",
        )
    }

    /// No valid sign-in.
    #[must_use]
    pub fn sign_in_needed() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "sign_in_needed",
            "You are not signed in, or no longer. Sign in and try again.",
        )
    }

    /// Signed in, but no administrator.
    #[must_use]
    pub fn administrator_only() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "administrator_only",
            "Only an administrator of your organisation may do this. Ask one of them.",
        )
    }

    /// Signed in, but from a place where the group may not work.
    #[must_use]
    pub fn address_not_allowed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "address_not_allowed",
            "Your group may not work from this network. Go to a network that is allowed, or ask an administrator.",
        )
    }

    /// What was sent cannot be used.
    #[must_use]
    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// Something named in the path is not there for the caller.
    #[must_use]
    pub fn unknown(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// It does not go together with how things stand.
    #[must_use]
    pub fn conflict(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// A link from a mail that does not work any more.
    #[must_use]
    pub fn link_gone() -> Self {
        Self::new(
            StatusCode::GONE,
            "link_gone",
            "This link was used, has run out or was replaced by a newer one. Ask for a new one.",
        )
    }

    /// An address that signs in already.
    #[must_use]
    pub fn email_taken() -> Self {
        Self::conflict(
            "email_taken",
            "This address has an account already. One address signs in to one organisation; use another.",
        )
    }

    /// A session that is not there for the caller.
    #[must_use]
    pub fn no_session() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "session_unknown",
            "There is no such session, or it has ended. Start a new one.",
        )
    }

    /// The caller goes too fast.
    #[must_use]
    pub fn slow_down(code: &'static str, message: impl Into<Cow<'static, str>>, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, message) }
    }

    /// The code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Problem { code: self.code.to_owned(), message: self.message.into_owned() };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database did not do what a request needed");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "storage",
            "The service could not read or write its database. Try again; if it stays so, tell whoever runs the service \
             to look at its log and at `farhand doctor`.",
        )
    }
}

impl From<HashError> for Refusal {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => tracing::warn!(%error, "sign-ins are turned away"),
            HashError::Failed(_) => tracing::error!(%error, "a password could not be checked"),
        }
        let busy = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "The service could not check the password just now. Try again in a moment.",
        );
        Self { retry_after: Some(2), ..busy }
    }
}

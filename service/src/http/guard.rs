//! What stands before every request: the Origin check, and the headers that every answer carries.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use super::extract::Credential;
use super::{Refusal, pages};
use crate::app::App;
use crate::listener::Peer;
use crate::metrics::Refused;

/// Lets a request through, or not, and puts the headers on the answer.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = host(request.uri(), request.headers());
    let api = request.uri().path().starts_with("/api/");
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let peer = request.extensions().get::<Peer>().copied();
    let mut response = match check_origin(&app, &request, host.as_deref()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            app.metrics().refused(Refused::Origin);
            if let Some(Peer(from)) = peer {
                app.alarm("origin", "foreign_origin", from.ip());
            }
            tracing::info!(%path, "a request with a foreign Origin was refused");
            refusal.into_response()
        }
    };
    secure(&app, host.as_deref(), api, response.headers_mut());
    tracing::debug!(%method, %path, status = response.status().as_u16(), "answered");
    response
}

/// A request that changes something, or opens a socket, comes from our own pages or from a program. A browser names
/// the page it comes from; whoever names none must not lean on a cookie that the browser adds by itself.
fn check_origin(app: &App, request: &Request, host: Option<&str>) -> Result<(), Refusal> {
    let headers = request.headers();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let upgrade = headers.contains_key(header::UPGRADE) || *request.method() == Method::CONNECT;
    if !changes && !upgrade {
        return Ok(());
    }
    let refused = || {
        Refusal::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "This request comes from a page of another site, which may not act here. Open the service's own page.",
        )
    };
    // Browsers do not agree on what this header says of a WebSocket; there the Origin alone decides.
    if !upgrade && headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(refused());
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => match Credential::of(headers) {
            Credential::Cookie(_) => Err(refused()),
            Credential::Bearer(_) | Credential::Key(_) | Credential::None => Ok(()),
        },
        (Some(origin), None) if is_ours(app, origin, host) => Ok(()),
        (Some(_), _) => Err(refused()),
    }
}

fn is_ours(app: &App, origin: &HeaderValue, host: Option<&str>) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let same = host
        .is_some_and(|host| origin.strip_prefix("https://").is_some_and(|o| o.eq_ignore_ascii_case(host)));
    let public =
        app.config().public_url.as_ref().is_some_and(|url| url.origin().eq_ignore_ascii_case(origin));
    same || public
}

/// The host that the client asked for, with its port, if it looks like one.
pub fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let host = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers.get(header::HOST)?.to_str().ok()?,
    };
    let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b));
    (plain && !host.is_empty() && host.len() <= 255).then(|| host.to_owned())
}

/// The host without its port.
pub fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        Some(_) | None => host,
    }
}

fn secure(app: &App, host: Option<&str>, api: bool, headers: &mut HeaderMap) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page that is one file has a stricter policy of its own.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::try_from(pages::content_policy(host, app.media_port()))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // A browser that once saw this header refuses to go past a certificate that nobody vouches for.
    if !app.certificate().self_signed {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    if api || !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_lose_their_port_only() {
        assert_eq!(without_port("a.example:8443"), "a.example");
        assert_eq!(without_port("a.example"), "a.example");
        assert_eq!(without_port("[::1]:8443"), "[::1]");
        assert_eq!(without_port("[::1]"), "[::1]");
    }

    #[test]
    fn a_host_with_other_characters_is_none() {
        let uri = Uri::from_static("/");
        for bad in ["a b", "a;script-src *", "a,b", "", "ä"] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_bytes(bad.as_bytes()).unwrap());
            assert_eq!(host(&uri, &headers), None, "{bad}");
        }
    }
}

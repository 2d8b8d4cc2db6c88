//! The service's HTTP API for the pages: their requests, with the sign-in that they never see.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farhand_link::Proxy;
use farhand_link::trust::{Trust, certificate_error};
use http::{HeaderValue, Method, header};
use reqwest::redirect::Policy;
use serde_json::Value;

use crate::server::Address;
use crate::types::{ApiAnswer, ApiBody, ApiRequest, Failure};

/// A service that does not answer within this time is away.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A download that takes longer is given up.
const DOWNLOAD_WITHIN: Duration = Duration::from_secs(60 * 60);
/// The largest answer that is read, in bytes: an export of the audit log.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// The largest request, in bytes.
const MAX_BODY: usize = 1024 * 1024;
/// The longest path, in bytes.
const MAX_PATH: usize = 2048;
/// Everything lies below this.
const BELOW: &str = "/api/v1";

/// Asks one service.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: reqwest::Client,
    address: Address,
    pinned: bool,
}

/// An answer, with the sign-in taken out of it.
pub(crate) struct Answered {
    pub answer: ApiAnswer,
    pub token: Option<String>,
}

impl Api {
    pub(crate) fn new(address: Address, trust: Trust, proxy: Option<&Proxy>) -> Result<Self, Failure> {
        let broken = |why: String| Failure::new("tls", format!("TLS cannot be set up: {why}"));
        let tls = trust.client_config().map_err(|error| broken(error.to_string()))?;
        // What the environment says was looked at already: only the proxy that was chosen counts.
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .redirect(Policy::none())
            .timeout(ANSWER_WITHIN)
            .user_agent(crate::PROGRAM)
            .no_proxy();
        if let Some(proxy) = proxy {
            let mut through =
                reqwest::Proxy::all(proxy.address()).map_err(|error| broken(error.to_string()))?;
            if let Some(authorization) = proxy.authorization() {
                let mut value =
                    HeaderValue::try_from(authorization).map_err(|error| broken(error.to_string()))?;
                value.set_sensitive(true);
                through = through.custom_http_auth(value);
            }
            builder = builder.proxy(through);
        }
        let client = builder.build().map_err(|error| broken(error.to_string()))?;
        Ok(Self { client, address, pinned: matches!(trust, Trust::Exactly(_)) })
    }

    pub(crate) async fn ask(&self, request: &ApiRequest, token: Option<&str>) -> Result<Answered, Failure> {
        let (method, url) = self.place(request)?;
        let mut sent = self.client.request(method, url).header("farhand-token", "bearer");
        if let Some(token) = token {
            sent = sent.bearer_auth(token);
        }
        if let Some(body) = &request.body {
            let body = match body {
                ApiBody::Text(text) if text.len() <= MAX_BODY => text.clone().into_bytes(),
                ApiBody::Base64(text) if text.len() <= MAX_BODY => {
                    STANDARD.decode(text).map_err(|_| wrong())?
                }
                ApiBody::Text(_) | ApiBody::Base64(_) => {
                    return Err(Failure::new("body_large", "The request is too large."));
                }
            };
            let kind = request.kind.as_deref().unwrap_or("application/json");
            let kind = HeaderValue::try_from(kind).map_err(|_| wrong())?;
            sent = sent.header(header::CONTENT_TYPE, kind).body(body);
        }
        let mut response = sent.send().await.map_err(|error| self.not_sent(&error))?;
        let status = response.status().as_u16();
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.not_sent(&error))? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                return Err(Failure::new("answer_large", "The service's answer is too large."));
            }
            bytes.extend_from_slice(&chunk);
        }
        let (body, token) = match String::from_utf8(bytes) {
            Ok(text) => {
                let (text, token) = take_token(text);
                (ApiBody::Text(text), token)
            }
            Err(bytes) => (ApiBody::Base64(STANDARD.encode(bytes.as_bytes())), None),
        };
        Ok(Answered { answer: ApiAnswer { status, kind, body }, token })
    }

    /// Reads a file of the service, without the sign-in. `take` gets its bytes and says whether it wants more; they are
    /// given only with a status of 200. Returns the status.
    pub(crate) async fn download(
        &self,
        url: &str,
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<u16, Failure> {
        // A large package over a slow line takes as long as it takes.
        let sent = self.client.get(url).timeout(DOWNLOAD_WITHIN).send().await;
        let mut response = sent.map_err(|error| self.not_sent(&error))?;
        let status = response.status().as_u16();
        if status != 200 {
            return match status {
                404 => Ok(status),
                _ => Err(Failure::new("unreachable", format!("The service answers with status {status}."))),
            };
        }
        while let Some(chunk) = response.chunk().await.map_err(|error| self.not_sent(&error))? {
            if !take(&chunk) {
                break;
            }
        }
        Ok(status)
    }

    /// Nothing of the path can lead out of the API: it is joined, read again, and compared.
    fn place(&self, request: &ApiRequest) -> Result<(Method, reqwest::Url), Failure> {
        let method = match request.method.as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            _ => return Err(wrong()),
        };
        let path = request.path.as_str();
        let plain = path.bytes().all(|b| b.is_ascii_graphic() && !b"\\#\"<>^`{|}".contains(&b));
        if !path.starts_with('/') || path.len() > MAX_PATH || !plain {
            return Err(wrong());
        }
        let url =
            reqwest::Url::parse(&format!("{}{BELOW}{path}", self.address.url())).map_err(|_| wrong())?;
        let here = path.split('?').next().unwrap_or_default();
        let same = url.host_str().is_some_and(|host| host.trim_matches(['[', ']']) == self.address.host)
            && url.port_or_known_default() == Some(self.address.port)
            && url.path() == format!("{BELOW}{here}");
        if same { Ok((method, url)) } else { Err(wrong()) }
    }

    fn not_sent(&self, error: &reqwest::Error) -> Failure {
        match certificate_error(error) {
            Some(_) if self.pinned => Failure::new(
                "certificate_changed",
                "The service shows another certificate than the one that you trusted. Nothing was sent.",
            ),
            Some(why) => Failure::new(
                "certificate_untrusted",
                format!("Nobody vouches for the service's certificate ({why:?}). Nothing was sent."),
            ),
            None => {
                let mut last: &dyn std::error::Error = error;
                while let Some(next) = last.source() {
                    last = next;
                }
                Failure::new("unreachable", format!("The service cannot be reached: {last}"))
            }
        }
    }
}

fn wrong() -> Failure {
    Failure::new("request_invalid", "The page asked for what is no part of the service.")
}

/// The answer to a sign-in holds a token beside the user; no other answer has both. A change of what one signs in with
/// answers with a fresh sign-in inside.
fn take_token(body: String) -> (String, Option<String>) {
    if !body.contains("\"token\"") || !body.contains("\"user\"") {
        return (body, None);
    }
    let Ok(mut value) = serde_json::from_str::<Value>(&body) else { return (body, None) };
    let inside = if value.get("signed_in").is_some() { &mut value["signed_in"] } else { &mut value };
    let Some(object) =
        inside.as_object_mut().filter(|object| object.get("user").is_some_and(Value::is_object))
    else {
        return (body, None);
    };
    match object.remove("token") {
        Some(Value::String(token)) => (value.to_string(), Some(token)),
        Some(_) | None => (body, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api() -> Api {
        let address = Address::parse("https://[::1]:8443").unwrap();
        Api::new(address, Trust::Authorities, None).unwrap()
    }

    fn request(method: &str, path: &str) -> ApiRequest {
        ApiRequest { method: method.into(), path: path.into(), kind: None, body: None }
    }

    #[test]
    fn a_request_stays_below_the_api_of_its_service() {
        let (method, url) = api().place(&request("POST", "/sessions?state=open")).unwrap();
        assert_eq!((method, url.as_str()), (Method::POST, "https://[::1]:8443/api/v1/sessions?state=open"));
        for path in [
            "",
            "sessions",
            "/../../join",
            "/..%2f..%2fjoin/../x",
            "/a/../../b",
            "/a/./b",
            "/%2e%2e/x",
            "//evil.example/x",
            "@evil.example/",
            "/a\\..\\b",
            "/a#b",
            "/a b",
            "/a\nb",
            "/é",
            &format!("/{}", "a".repeat(3000)),
        ] {
            let placed = api().place(&request("GET", path));
            let inside = placed.as_ref().is_ok_and(|(_, url)| {
                url.as_str().starts_with("https://[::1]:8443/api/v1/") && !url.as_str().contains("..")
            });
            assert!(placed.is_err() || (inside && path == "//evil.example/x"), "{path}: {placed:?}");
        }
        for method in ["get", "CONNECT", "TRACE", ""] {
            assert!(api().place(&request(method, "/me")).is_err(), "{method}");
        }
    }

    #[test]
    fn a_sign_in_is_taken_out_of_an_answer_and_nothing_else_is() {
        let (body, token) = take_token(r#"{"token":"secret","user":{"id":"1"}}"#.into());
        assert_eq!((body.as_str(), token.as_deref()), (r#"{"user":{"id":"1"}}"#, Some("secret")));
        let (body, token) = take_token(r#"{"signed_in":{"token":"next","user":{}},"codes":[]}"#.into());
        assert_eq!(
            (body.as_str(), token.as_deref()),
            (r#"{"codes":[],"signed_in":{"user":{}}}"#, Some("next"))
        );
        for other in
            [r#"{"token":"shown once","name":"key"}"#, r#"{"token":7,"user":{}}"#, "[]", "\"token\"\"user\""]
        {
            assert_eq!(take_token(other.into()), (other.to_owned(), None), "{other}");
        }
    }
}

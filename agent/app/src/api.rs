//! The service's HTTP API, as far as a customer needs it: joining.

use std::time::Duration;

use farhand_protocol::api::{Join, Joined, Problem, ServiceInfo};
use farhand_protocol::session::code::Number;
use rustls::ClientConfig;

use crate::fail::Fail;
use crate::tls;

/// A service that does not answer within this time is away.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// The largest answer that is read, in bytes.
const MAX_ANSWER: u64 = 64 * 1024;

/// Where the service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Server {
    /// Reads `https://host[:port][/…]`. Other schemes are refused: nothing is ever sent without TLS.
    ///
    /// # Errors
    /// [`Fail::Address`].
    pub fn parse(text: &str) -> Result<Self, Fail> {
        let wrong = || Fail::Address(text.chars().take(200).collect());
        let url = reqwest::Url::parse(text.trim()).map_err(|_| wrong())?;
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
            return Err(wrong());
        }
        let host = url.host_str().ok_or_else(wrong)?.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: url.port_or_known_default().ok_or_else(wrong)? })
    }

    /// Host and port as they stand in an address.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// A client for one service.
///
/// # Errors
/// [`Fail::Service`] where none can be made on this machine.
pub fn client(config: ClientConfig, within: Duration) -> Result<reqwest::Client, Fail> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(within)
        .user_agent(crate::PROGRAM)
        .build()
        .map_err(|error| Fail::Service { detail: error.to_string() })
}

/// What anybody may know of a service.
///
/// # Errors
/// [`Fail`], a sentence for the customer.
pub async fn service(server: &Server, config: ClientConfig, pinned: bool) -> Result<ServiceInfo, Fail> {
    let address = format!("https://{}", server.authority());
    let sent = client(config, ANSWER_WITHIN)?.get(format!("{address}/api/v1/service")).send().await;
    let response = sent.map_err(|error| not_sent(&error, address.clone(), pinned))?;
    let body = read(response).await.map_err(|error| not_sent(&error, address, pinned))?;
    serde_json::from_slice(&body).map_err(|_| Fail::Service { detail: "its answer cannot be read".into() })
}

/// Uses up a code, of which the service gets the first six digits.
///
/// # Errors
/// [`Fail`], a sentence for the customer.
pub async fn join(
    server: &Server,
    number: Number,
    config: ClientConfig,
    pinned: bool,
) -> Result<Joined, Fail> {
    let address = format!("https://{}", server.authority());
    let sent = client(config, ANSWER_WITHIN)?
        .post(format!("{address}/api/v1/join"))
        .json(&Join { code: number.digits().into() })
        .send()
        .await;
    let response = sent.map_err(|error| not_sent(&error, address.clone(), pinned))?;
    let status = response.status();
    let body = read(response).await.map_err(|error| not_sent(&error, address, pinned))?;
    if status.is_success() {
        return serde_json::from_slice(&body)
            .map_err(|_| Fail::Service { detail: "its answer cannot be read".into() });
    }
    let problem = serde_json::from_slice::<Problem>(&body).ok();
    Err(match (status.as_u16(), problem) {
        (429, Some(problem)) => Fail::TooMany(plain(&problem.message)),
        (400 | 404 | 409 | 410, Some(problem)) if is_about_the_code(&problem.code) => {
            Fail::CodeRefused { code: plain(&problem.code), message: plain(&problem.message) }
        }
        (status, _) => Fail::Service { detail: format!("it answers with status {status}") },
    })
}

fn is_about_the_code(code: &str) -> bool {
    code.starts_with("code_") || code == "session_ended"
}

async fn read(mut response: reqwest::Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > MAX_ANSWER {
            body.clear();
            break;
        }
    }
    Ok(body)
}

/// The sentence for a request that did not get through.
fn not_sent(error: &reqwest::Error, server: String, pinned: bool) -> Fail {
    match tls::certificate_error(error) {
        Some(_) if pinned => Fail::Fingerprint { server },
        Some(why) => Fail::Untrusted { server, detail: format!("{why:?}") },
        None => Fail::Unreachable { server, detail: root_cause(error) },
    }
}

fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

/// A sentence from the service on one line.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_addresses_are_taken() {
        let server = |host: &str, port| Server { host: host.into(), port };
        for (text, expected) in [
            ("https://help.example.org", server("help.example.org", 443)),
            ("https://127.0.0.1:8443/join#482", server("127.0.0.1", 8443)),
            ("https://[::1]:8443", server("::1", 8443)),
        ] {
            assert_eq!(Server::parse(text).unwrap(), expected, "{text}");
        }
        assert_eq!(server("::1", 8443).authority(), "[::1]:8443");
        for text in ["", "help.example.org", "http://help.example.org", "https://a:b@c", "wss://c"] {
            assert!(matches!(Server::parse(text), Err(Fail::Address(_))), "{text}");
        }
    }
}

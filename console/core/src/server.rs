//! The address of a service, and what answers there.

use std::time::Duration;

use farhand_link::trust::{Fingerprint, Trust, Witness, certificate_error};
use farhand_link::{ConnectError, Proxy, open_tls};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::types::Failure;

/// The longest address, in bytes.
const MAX_ADDRESS: usize = 255;
/// Nobody is waited for longer.
const WITHIN: Duration = Duration::from_secs(10);

/// Where a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Address {
    /// Reads `https://host[:port]`, or the same without the scheme. What is not HTTPS is refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_ADDRESS {
            return None;
        }
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&whole).ok()?;
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(Self { host, port: url.port_or_known_default()? })
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

    /// The whole address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.authority())
    }
}

/// A service that the person trusts, as the program keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// See [`Address::url`].
    pub address: String,
    /// The one certificate that is trusted, or null where certificate authorities vouch for it.
    pub fingerprint: Option<String>,
}

impl Known {
    /// Its address and what it is trusted by. None when the file was changed into what is neither.
    #[must_use]
    pub fn read(&self) -> Option<(Address, Trust)> {
        let trust = match &self.fingerprint {
            Some(text) => Trust::Exactly(Fingerprint::parse(text).ok()?),
            None => Trust::Authorities,
        };
        Some((Address::parse(&self.address)?, trust))
    }
}

/// What answers at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where.
    pub address: Address,
    /// Its certificate.
    pub fingerprint: Fingerprint,
    /// Certificate authorities of this machine vouch for it.
    pub vouched: bool,
}

/// Shakes hands with what answers at an address, and sends nothing. A certificate that nobody vouches for ends the
/// hand-shake, and is what the person will be asked about.
///
/// # Errors
/// [`Failure`]: `unreachable`, `no_tls`.
pub async fn look(address: Address, proxy: Option<&Proxy>) -> Result<Seen, Failure> {
    let broken =
        |why: String| Failure::new("no_tls", format!("What answers there has no certificate: {why}"));
    let (witness, config) = Witness::new().map_err(|error| broken(error.to_string()))?;
    let opened = tokio::time::timeout(WITHIN, open_tls(&address.host, address.port, proxy, &config)).await;
    let away = |why: String| Failure::new("unreachable", format!("The service cannot be reached: {why}"));
    let vouched = match opened {
        Err(_) => return Err(away("no answer in time".into())),
        Ok(Ok(_)) => true,
        Ok(Err(error)) => match (&error, witness.seen()) {
            (ConnectError::Io(inner), Some(_)) if certificate_error(inner).is_some() => false,
            (ConnectError::Io(_) | ConnectError::NoAddress | ConnectError::TimedOut, None) => {
                return Err(away(error.to_string()));
            }
            (_, _) => return Err(broken(error.to_string())),
        },
    };
    let fingerprint = witness.seen().ok_or_else(|| broken("it showed none".into()))?;
    Ok(Seen { address, fingerprint, vouched })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::ServerConfig;
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_https_addresses_are_taken() {
        let address = |host: &str, port| Address { host: host.into(), port };
        for (text, expected) in [
            ("https://help.example.org", address("help.example.org", 443)),
            ("help.example.org:8443", address("help.example.org", 8443)),
            (" https://127.0.0.1:8443/#session=1 ", address("127.0.0.1", 8443)),
            ("[::1]:8443", address("::1", 8443)),
        ] {
            assert_eq!(Address::parse(text), Some(expected), "{text}");
        }
        for text in ["", "http://help.example.org", "https://a:b@c", "wss://c", "ftp://c", &"a".repeat(300)] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
        assert_eq!(address("::1", 8443).url(), "https://[::1]:8443");
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_shown_and_nothing_is_sent() {
        let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let server = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            acceptor.accept(tcp).await.is_err()
        });
        let address = Address { host: "127.0.0.1".into(), port };
        let seen = look(address.clone(), None).await.unwrap();
        assert_eq!(seen, Seen { address, fingerprint: Fingerprint::of(key.cert.der()), vouched: false });
        assert!(server.await.unwrap(), "the hand-shake ended");
    }

    #[tokio::test]
    async fn nobody_at_the_address_is_said_so() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let failure = look(Address { host: "127.0.0.1".into(), port }, None).await.unwrap_err();
        assert_eq!(failure.code, "unreachable");
    }
}

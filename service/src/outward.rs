//! Requests to addresses that somebody of a tenant names: a webhook, a proof of a domain. They leave the house, or do not
//! happen: https only, no redirect, no proxy, and no address of this machine or its networks, whatever a name resolves to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, StatusCode, Url, redirect};
use rustls::ClientConfig;

use crate::names::Names;

/// Everything takes at most this long.
const WITHIN: Duration = Duration::from_secs(10);
/// An address as text is at most this long, in characters.
const MAX_URL: usize = 2_048;

/// Why a request was not made, or failed.
#[derive(Debug, thiserror::Error)]
pub enum OutwardError {
    /// Not an https address.
    #[error(
        "{0:?} is not an address that begins with https:// and names a host. Write it like https://example.org/path."
    )]
    Address(String),
    /// It is here.
    #[error("{0} is an address of this machine or of a private network, to which no request goes.")]
    Private(String),
    /// It could not be reached, or not be trusted.
    #[error(
        "The request failed: {0}. Check the address and that its certificate is one that everybody trusts."
    )]
    Failed(String),
    /// It answered with something else.
    #[error("The answer was {0}, but 200 to 299 is expected.")]
    Status(StatusCode),
    /// The answer was larger than asked for.
    #[error("The answer is longer than {0} bytes.")]
    TooLong(usize),
}

/// Which addresses a request may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The public Internet alone.
    Public,
    /// Private networks too, where whoever hosts the service says so.
    Private,
}

/// Makes the requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outward {
    client: Client,
    reach: Reach,
}

impl Outward {
    /// Trusting whom this machine trusts.
    ///
    /// # Errors
    /// [`OutwardError::Failed`] when the machine's certificates cannot be read.
    pub fn new(reach: Reach, names: Names) -> Result<Self, OutwardError> {
        let provider = crate::tls::crypto();
        let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(&provider))
            .map_err(|e| OutwardError::Failed(e.to_string()))?;
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| OutwardError::Failed(e.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Self::with_tls(reach, names, tls)
    }

    /// Trusting whom these settings trust.
    ///
    /// # Errors
    /// [`OutwardError::Failed`].
    pub fn with_tls(reach: Reach, names: Names, tls: ClientConfig) -> Result<Self, OutwardError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .dns_resolver(Resolver { reach, names })
            .timeout(WITHIN)
            .user_agent(concat!("farhand/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| OutwardError::Failed(plain(&e)))?;
        Ok(Self { client, reach })
    }

    /// Whether requests may go to this address, as far as can be told without asking for its name.
    ///
    /// # Errors
    /// [`OutwardError::Address`], [`OutwardError::Private`].
    pub fn check(&self, address: &str) -> Result<Url, OutwardError> {
        self.reach.check(address)
    }

    /// Posts JSON. What is answered is not read.
    ///
    /// # Errors
    /// [`OutwardError`].
    pub async fn post(&self, address: &str, body: &serde_json::Value) -> Result<(), OutwardError> {
        let url = self.check(address)?;
        let answer = self.client.post(url).json(body).send().await.map_err(|e| failed(&e))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(OutwardError::Status(status)),
        }
    }

    /// Gets a short text.
    ///
    /// # Errors
    /// [`OutwardError`].
    pub async fn get(&self, address: &str, at_most: usize) -> Result<String, OutwardError> {
        let url = self.check(address)?;
        let mut answer = self.client.get(url).send().await.map_err(|e| failed(&e))?;
        if !answer.status().is_success() {
            return Err(OutwardError::Status(answer.status()));
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|e| failed(&e))? {
            if body.len() + part.len() > at_most {
                return Err(OutwardError::TooLong(at_most));
            }
            body.extend_from_slice(&part);
        }
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

/// The name of a host that resolved to nothing outside.
#[derive(Debug, thiserror::Error)]
#[error("{0} has no address outside this machine and its networks")]
struct Inside(String);

fn failed(error: &reqwest::Error) -> OutwardError {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = source {
        if let Some(Inside(host)) = one.downcast_ref::<Inside>() {
            return OutwardError::Private(host.clone());
        }
        source = one.source();
    }
    OutwardError::Failed(plain(error))
}

/// The innermost reason; the outer ones repeat the address, which may hold a secret.
fn plain(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[derive(Clone, Debug)]
struct Resolver {
    reach: Reach,
    names: Names,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, names) = (self.reach, self.names.clone());
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let all = names.addresses(&host).await?;
            let found: Vec<SocketAddr> =
                all.into_iter().filter(|ip| reach.allows(*ip)).map(|ip| SocketAddr::new(ip, 0)).collect();
            if found.is_empty() {
                return Err(Box::new(Inside(host)) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Reach {
    /// Whether requests may go to this address, as far as can be told without asking for its name. What the name comes
    /// to is held against the same rule when the request is made.
    ///
    /// # Errors
    /// [`OutwardError::Address`], [`OutwardError::Private`].
    pub fn check(self, address: &str) -> Result<Url, OutwardError> {
        let wrong = || OutwardError::Address(address.chars().take(200).collect());
        if address.len() > MAX_URL {
            return Err(wrong());
        }
        let url = Url::parse(address).map_err(|_| wrong())?;
        let plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        let Some(host) = url.host_str().filter(|host| plain && !host.is_empty()) else { return Err(wrong()) };
        // A number in the place of a name is connected to without asking the resolver.
        let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if number.is_ok_and(|ip| !self.allows(ip)) {
            return Err(OutwardError::Private(host.to_owned()));
        }
        Ok(url)
    }

    /// Whether requests may go to this address.
    #[must_use]
    pub fn allows(self, ip: IpAddr) -> bool {
        match self {
            Self::Private => true,
            Self::Public => is_public(ip),
        }
    }
}

/// Whether an address is one of the public Internet (IANA's registries of special-purpose addresses).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_unspecified()
        || ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        // Carriers' own networks (RFC 6598), protocol assignments, 6to4 relays, benchmarks, and what is reserved.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || a >= 240;
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    // Addresses that carry one of IPv4 are what they carry.
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    if s[0] == 0x64 && s[1] == 0xff9b {
        return s[2..6] == [0, 0, 0, 0] && is_public_v4(v4(s[6], s[7]));
    }
    if s[0] == 0x2002 {
        return is_public_v4(v4(s[1], s[2]));
    }
    // Only 2000::/3 is handed out; in it Teredo, documentation and other protocol assignments.
    let global = s[0] & 0xe000 == 0x2000;
    let special = (s[0] == 0x2001 && (s[1] < 0x200 || s[1] == 0xdb8)) || s[0] == 0x3fff;
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outward(reach: Reach) -> Outward {
        let tls = ClientConfig::builder_with_provider(crate::tls::crypto())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        Outward::with_tls(reach, Names::new(None), tls).unwrap()
    }

    #[test]
    fn addresses_inside_are_told_from_those_outside() {
        let inside = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
        ];
        for text in inside {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        let outside = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.1.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "::ffff:8.8.8.8",
        ];
        for text in outside {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn only_https_addresses_outside_are_taken() {
        let outward = outward(Reach::Public);
        for wrong in [
            "",
            "example.org",
            "http://example.org",
            "ftp://example.org",
            "https://",
            "https://u:p@example.org",
            "file:///x",
        ] {
            assert!(matches!(outward.check(wrong), Err(OutwardError::Address(_))), "{wrong}");
        }
        assert!(outward.check(&format!("https://example.org/{}", "a".repeat(MAX_URL))).is_err());
        // Every way to write a number is one number to the parser.
        for inside in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]:8443/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://10.1/",
        ] {
            assert!(matches!(outward.check(inside), Err(OutwardError::Private(_))), "{inside}");
        }
        for right in ["https://example.org", "https://hooks.example.org:8443/a?b=c", "https://8.8.8.8/"] {
            outward.check(right).unwrap();
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_this_machine_is_refused() {
        let refused = outward(Reach::Public).post("https://localhost:9/", &serde_json::json!({})).await;
        assert!(matches!(&refused, Err(OutwardError::Private(host)) if host == "localhost"), "{refused:?}");
        // Where private networks are allowed it is tried, and nobody is there.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let failed =
            outward(Reach::Private).post(&format!("https://localhost:{port}/"), &serde_json::json!({})).await;
        assert!(matches!(failed, Err(OutwardError::Failed(_))), "{failed:?}");
    }
}

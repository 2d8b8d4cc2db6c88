//! The way to the WebSocket through an HTTP proxy: `CONNECT` (RFC 9110, section 9.3.6).

use std::fmt;
use std::io;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest answer of a proxy, in bytes.
const MAX_ANSWER: usize = 8 * 1024;

/// An HTTP proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `Basic` credentials as they go into the header.
    credentials: Option<String>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl Proxy {
    /// The proxy for a host, as `HTTPS_PROXY` and `NO_PROXY` say (lower case too). None for this machine itself.
    #[must_use]
    pub fn from_environment(host: &str) -> Option<Self> {
        let read = |name: &str| std::env::var(name).or_else(|_| std::env::var(name.to_lowercase())).ok();
        Self::choose(host, &read("HTTPS_PROXY")?, &read("NO_PROXY").unwrap_or_default())
    }

    fn choose(host: &str, proxy: &str, exempt: &str) -> Option<Self> {
        let address = host.parse::<IpAddr>().ok();
        if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
            return None;
        }
        let is_exempt = |name: &str| {
            let name = name.trim().trim_start_matches('.');
            name == "*" || (!name.is_empty() && (host == name || host.ends_with(&format!(".{name}"))))
        };
        if exempt.split(',').any(is_exempt) { None } else { Self::parse(proxy) }
    }

    /// Reads `http://user:password@host:port/`, all but the host optional. None for what is no such address: a proxy
    /// that wants TLS itself, or speaks SOCKS, is not supported.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = match text.split_once("://") {
            Some(("http", rest)) => rest,
            Some(_) => return None,
            None => text,
        };
        let rest = rest.split('/').next().unwrap_or(rest);
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((credentials, place)) => (Some(STANDARD.encode(credentials)), place),
            None => (None, rest),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            Some(_) | None => (place, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        (!host.is_empty()).then_some(Self { host, port, credentials })
    }

    /// Its address without credentials, such as `http://proxy:3128`.
    #[must_use]
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("http://[{}]:{}", self.host, self.port)
        } else {
            format!("http://{}:{}", self.host, self.port)
        }
    }

    /// The value of its `Proxy-Authorization` header, if it wants one. Holds the password.
    #[must_use]
    pub fn authorization(&self) -> Option<String> {
        self.credentials.as_ref().map(|credentials| format!("Basic {credentials}"))
    }

    /// Asks the proxy for a way to `host` (bracketed when it is an IPv6 address).
    pub(crate) async fn open(&self, stream: &mut TcpStream, host: &str, port: u16) -> io::Result<()> {
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        if let Some(authorization) = self.authorization() {
            request.push_str("Proxy-Authorization: ");
            request.push_str(&authorization);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await?;
        // A byte at a time: what follows the answer is not ours to read.
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() == MAX_ANSWER {
                return Err(io::Error::other("the proxy's answer does not end"));
            }
            answer.push(stream.read_u8().await?);
        }
        let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
        match line.get(9..12) {
            Some(b"200") if line.starts_with(b"HTTP/1.") => Ok(()),
            _ => Err(io::Error::other(format!("the proxy says {}", String::from_utf8_lossy(line)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(host: &str, port: u16, credentials: Option<&str>) -> Option<Proxy> {
        Some(Proxy { host: host.to_owned(), port, credentials: credentials.map(str::to_owned) })
    }

    #[test]
    fn a_proxy_is_read_from_its_address() {
        for (text, expected) in [
            ("http://proxy:3128", proxy("proxy", 3128, None)),
            ("http://proxy:3128/", proxy("proxy", 3128, None)),
            ("proxy:3128", proxy("proxy", 3128, None)),
            ("http://proxy", proxy("proxy", 80, None)),
            ("http://[::1]:8080", proxy("::1", 8080, None)),
            ("http://me:secret@proxy:1", proxy("proxy", 1, Some("bWU6c2VjcmV0"))),
            ("https://proxy:1", None),
            ("http://proxy:port", None),
            ("", None),
        ] {
            assert_eq!(Proxy::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn exempt_hosts_and_this_machine_are_reached_directly() {
        let exempt = "intern.example, .lan";
        for host in
            ["localhost", "127.0.0.1", "::1", "intern.example", "a.intern.example", "printer.lan", "lan"]
        {
            assert_eq!(Proxy::choose(host, "http://proxy:1", exempt), None, "{host}");
        }
        for host in ["example", "notintern.example", "192.0.2.1"] {
            assert!(Proxy::choose(host, "http://proxy:1", exempt).is_some(), "{host}");
        }
        assert_eq!(Proxy::choose("example", "http://proxy:1", "*"), None);
    }

    #[test]
    fn credentials_do_not_print() {
        let proxy = Proxy::parse("http://me:secret@proxy:1").unwrap();
        let printed = format!("{proxy:?}");
        assert!(!printed.contains("secret") && !printed.contains("bWU6c2VjcmV0"), "{printed}");
    }

    async fn answer(text: &'static [u8]) -> (io::Result<()>, Vec<u8>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Proxy::parse(&format!("http://me:secret@{address}")).unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let (mut far, _) = listener.accept().await.unwrap();
        far.write_all(text).await.unwrap();
        let opened = proxy.open(&mut stream, "example", 443).await;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(far.read_u8().await.unwrap());
        }
        (opened, request)
    }

    #[tokio::test]
    async fn a_way_is_asked_for_and_taken_only_when_granted() {
        let (opened, request) = answer(b"HTTP/1.1 200 Connection established\r\n\r\nrest").await;
        assert!(opened.is_ok());
        let request = String::from_utf8(request).unwrap();
        assert!(request.starts_with("CONNECT example:443 HTTP/1.1\r\nHost: example:443\r\n"), "{request}");
        assert!(request.contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"), "{request}");
        assert!(answer(b"HTTP/1.1 407 No\r\n\r\n").await.0.is_err());
        assert!(answer(b"nonsense\r\n\r\n").await.0.is_err());
    }
}

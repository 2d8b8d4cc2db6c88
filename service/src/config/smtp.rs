//! The mail server.

use std::fmt;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};

/// How mail leaves.
#[derive(Clone, PartialEq, Eq)]
pub struct Smtp {
    host: String,
    port: u16,
    way: Way,
    credentials: Option<(String, String)>,
    /// Who writes.
    pub from: Mailbox,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, or no mail.
    StartTls,
    /// Nothing, to this machine alone.
    Loopback,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

const SHOULD: &str = "it should be an address such as smtps://user:password@mail.example.org (TLS, port 465), \
                      smtp://user:password@mail.example.org (STARTTLS, port 587) or smtp://127.0.0.1:25";

impl Smtp {
    /// Reads both settings.
    ///
    /// # Errors
    /// What it should be. Never the value, which may hold a password.
    pub fn parse(address: &str, from: Mailbox) -> Result<Self, String> {
        let url = reqwest::Url::parse(address).map_err(|_| SHOULD.to_owned())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SHOULD)?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let here = host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let (way, port) = match url.scheme() {
            "smtps" => (Way::Tls, 465),
            "smtp" if here => (Way::Loopback, 25),
            "smtp" => (Way::StartTls, 587),
            _ => return Err(SHOULD.into()),
        };
        if !bare {
            return Err(SHOULD.into());
        }
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) => Some((decode(user)?, decode(password)?)),
            (_, None) => return Err(SHOULD.into()),
        };
        Ok(Self { host: host.to_owned(), port: url.port().unwrap_or(port), way, credentials, from })
    }

    /// What sends.
    ///
    /// # Panics
    /// Never: the host was read from a URL.
    #[must_use]
    pub fn transport(&self, within: Duration) -> AsyncSmtpTransport<Tokio1Executor> {
        let tls = || TlsParameters::new(self.host.clone()).expect("the host was read from a URL");
        let tls = match self.way {
            Way::Tls => Tls::Wrapper(tls()),
            Way::StartTls => Tls::Required(tls()),
            Way::Loopback => Tls::None,
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(self.host.as_str())
            .port(self.port)
            .tls(tls)
            .timeout(Some(within));
        match &self.credentials {
            Some((user, password)) => builder.credentials(Credentials::new(user.clone(), password.clone())),
            None => builder,
        }
        .build()
    }
}

/// A part of a URL without its percent signs.
fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()].map(|digit| digit.and_then(|d| char::from(d).to_digit(16)));
        let [Some(high), Some(low)] = digits else { return Err(SHOULD.into()) };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| SHOULD)?);
    }
    String::from_utf8(bytes).map_err(|_| SHOULD.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(address: &str) -> Result<Smtp, String> {
        Smtp::parse(address, "Farhand <farhand@example.org>".parse().unwrap())
    }

    #[test]
    fn addresses_of_mail_servers() {
        let smtp = parse("smtps://ada%40example.org:p%3Aw@mail.example.org").unwrap();
        assert_eq!((smtp.host.as_str(), smtp.port, smtp.way), ("mail.example.org", 465, Way::Tls));
        assert_eq!(smtp.credentials, Some(("ada@example.org".into(), "p:w".into())));
        assert!(!format!("{smtp:?}").contains("p:w"));
        assert_eq!(parse("smtp://mail.example.org").unwrap().way, Way::StartTls);
        let here = parse("smtp://127.0.0.1:2525").unwrap();
        assert_eq!((here.way, here.port), (Way::Loopback, 2525));
        for bad in [
            "",
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtps://u@h",
            "smtps://h/x",
            "smtp://h?tls=none",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}

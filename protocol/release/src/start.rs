//! Start tokens: which session a start of the agent is for, signed by the service that it is at, and carried outside the
//! program, so that every customer gets the very same file.
//!
//! A token names the service, its certificate, the six digits that it may know, and an end. What the service may not
//! know (the code's last four digits, or a link's secret) stands beside the token, put there by the page in the
//! customer's own browser. A token makes nothing happen by itself: the agent shows it, and a person decides.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, UnparsedPublicKey};

/// What is signed begins with this, so that a signature for something else never fits.
const DOMAIN: &str = "farhand-start-1";
/// The longest address of a service, in bytes.
const MAX_SERVER: usize = 300;
/// The longest token, in bytes.
pub const MAX_TOKEN: usize = 800;
/// The longest link, in bytes.
pub const MAX_LINK: usize = 1200;
/// The longest secret, in bytes.
const MAX_SECRET: usize = 64;
/// What a link begins with.
pub const SCHEME: &str = "farhand:start/";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Address of the service, such as `https://help.example.org`.
    pub server: String,
    /// SHA-256 of its certificate in lower-case hex, where no authority vouches for it; empty otherwise.
    pub fingerprint: String,
    /// The session's six digits.
    pub number: String,
    /// Until when it is good, in seconds since 1970.
    pub until: u64,
}

/// Why a link or its token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// It cannot be read.
    #[error("the link is damaged")]
    Malformed,
    /// The service that it names has not signed it.
    #[error("the link is not the service's own")]
    Signature,
    /// Its time is over.
    #[error("the link is too old")]
    Expired,
}

impl Start {
    /// What is signed.
    #[must_use]
    pub fn signed_text(&self) -> String {
        let Self { server, fingerprint, number, until } = self;
        [DOMAIN, server, fingerprint, number, &until.to_string()].join("\n")
    }

    /// The token, with the signature over [`Start::signed_text`].
    #[must_use]
    pub fn token(&self, signature: &[u8]) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(self.signed_text()), URL_SAFE_NO_PAD.encode(signature))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        if lines.next()? != DOMAIN {
            return None;
        }
        let mut field = || lines.next().map(str::to_owned);
        let start = Self {
            server: field()?,
            fingerprint: field()?,
            number: field()?,
            until: lines.next()?.parse().ok()?,
        };
        let host = start.server.strip_prefix("https://")?;
        let plain = (1..=MAX_SERVER).contains(&host.len())
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
        let hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let pinned =
            start.fingerprint.is_empty() || (start.fingerprint.len() == 64 && hex(&start.fingerprint));
        let number = start.number.len() == 6 && start.number.bytes().all(|b| b.is_ascii_digit());
        (plain && pinned && number && start.signed_text() == text).then_some(start)
    }
}

/// A token whose signature has not been checked yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    start: Start,
    signature: Vec<u8>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("start", &self.start).finish_non_exhaustive()
    }
}

impl Token {
    /// Reads one.
    ///
    /// # Errors
    /// [`StartError::Malformed`].
    pub fn read(text: &str) -> Result<Self, StartError> {
        let wrong = StartError::Malformed;
        let (body, signature) = text.split_once('.').filter(|_| text.len() <= MAX_TOKEN).ok_or(wrong)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong);
        let body = String::from_utf8(decode(body)?).map_err(|_| wrong)?;
        Ok(Self { start: Start::parse(&body).ok_or(wrong)?, signature: decode(signature)? })
    }

    /// What it claims. Good for showing it to a person, and for finding the service that can vouch for it.
    #[must_use]
    pub fn claims(&self) -> &Start {
        &self.start
    }

    /// What it says, when the holder of this key (32 bytes) signed it and its time is not over (`now` in seconds since
    /// 1970).
    ///
    /// # Errors
    /// [`StartError::Signature`], [`StartError::Expired`].
    pub fn verify(&self, key: &[u8], now: u64) -> Result<&Start, StartError> {
        UnparsedPublicKey::new(&ED25519, key)
            .verify(self.start.signed_text().as_bytes(), &self.signature)
            .map_err(|_| StartError::Signature)?;
        (now < self.start.until).then_some(&self.start).ok_or(StartError::Expired)
    }
}

/// A link that starts the agent: a token, and what only the two ends know.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// The token.
    pub token: Token,
    /// The code's last four digits, or what a link carries behind the session's number.
    pub secret: String,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("token", &self.token).finish_non_exhaustive()
    }
}

impl Link {
    /// Reads `farhand:start/TOKEN#SECRET`.
    ///
    /// # Errors
    /// [`StartError::Malformed`].
    pub fn read(text: &str) -> Result<Self, StartError> {
        let wrong = StartError::Malformed;
        let rest = text.trim().strip_prefix(SCHEME).filter(|_| text.len() <= MAX_LINK).ok_or(wrong)?;
        let (token, secret) = rest.split_once('#').ok_or(wrong)?;
        let plain = (1..=MAX_SECRET).contains(&secret.len())
            && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !plain {
            return Err(wrong);
        }
        Ok(Self { token: Token::read(token)?, secret: secret.to_owned() })
    }

    /// What it is as a code: ten digits, or a number and a link's secret.
    #[must_use]
    pub fn code(&self) -> String {
        let number = &self.token.start.number;
        match self.is_digits() {
            true => format!("{number}{}", self.secret),
            false => format!("{number}.{}", self.secret),
        }
    }

    /// Whether it carries a code's last four digits, and no link's secret.
    #[must_use]
    pub fn is_digits(&self) -> bool {
        self.secret.len() == 4 && self.secret.bytes().all(|b| b.is_ascii_digit())
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    fn key(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn start() -> Start {
        Start {
            server: "https://help.example.org:8443".into(),
            fingerprint: "ab".repeat(32),
            number: "482193".into(),
            until: 1000,
        }
    }

    fn token() -> String {
        start().token(key(1).sign(start().signed_text().as_bytes()).as_ref())
    }

    #[test]
    fn a_token_says_what_the_service_signed_and_for_how_long() {
        let token = Token::read(&token()).unwrap();
        let public = key(1).public_key().as_ref().to_vec();
        assert_eq!(token.verify(&public, 999), Ok(&start()));
        assert_eq!(token.verify(&public, 1000), Err(StartError::Expired));
        assert_eq!(token.verify(key(2).public_key().as_ref(), 999), Err(StartError::Signature));
        assert_eq!(token.verify(b"no key", 999), Err(StartError::Signature));
    }

    #[test]
    fn no_part_of_a_token_can_be_exchanged() {
        let signature = key(1).sign(start().signed_text().as_bytes());
        for other in [
            Start { server: "https://evil.example".into(), ..start() },
            Start { fingerprint: "cd".repeat(32), ..start() },
            Start { fingerprint: String::new(), ..start() },
            Start { number: "482194".into(), ..start() },
            Start { until: 2000, ..start() },
        ] {
            let token = Token::read(&other.token(signature.as_ref())).unwrap();
            assert_eq!(
                token.verify(key(1).public_key().as_ref(), 5),
                Err(StartError::Signature),
                "{other:?}"
            );
        }
        let genuine = token();
        for at in 0..genuine.len() {
            let mut bytes = genuine.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            let good = Token::read(&changed)
                .is_ok_and(|token| token.verify(key(1).public_key().as_ref(), 5).is_ok());
            assert!(!good, "byte {at}");
        }
    }

    #[test]
    fn what_no_service_would_sign_is_not_read() {
        for wrong in [
            Start { server: "http://help.example.org".into(), ..start() },
            Start { server: "https://".into(), ..start() },
            Start { server: "https://a/b".into(), ..start() },
            Start { server: "https://a@b".into(), ..start() },
            Start { server: format!("https://{}", "a".repeat(301)), ..start() },
            Start { fingerprint: "ab".into(), ..start() },
            Start { fingerprint: "AB".repeat(32), ..start() },
            Start { number: "48219".into(), ..start() },
            Start { number: "48219x".into(), ..start() },
        ] {
            assert_eq!(Token::read(&wrong.token(&[0; 64])), Err(StartError::Malformed), "{wrong:?}");
        }
        for wrong in ["", ".", "a.b", "é.b", &"A".repeat(801)] {
            assert_eq!(Token::read(wrong), Err(StartError::Malformed), "{wrong}");
        }
    }

    #[test]
    fn a_link_carries_the_rest_beside_the_token() {
        let link = Link::read(&format!("{SCHEME}{}#5710", token())).unwrap();
        assert_eq!((link.code().as_str(), link.is_digits()), ("4821935710", true));
        let secret = Link::read(&format!("{SCHEME}{}#aB3-_x", token())).unwrap();
        assert_eq!((secret.code().as_str(), secret.is_digits()), ("482193.aB3-_x", false));
        assert!(!format!("{link:?}").contains("5710"), "a secret is never printed");
        for wrong in ["", "farhand:start/", "farhand://start/", "farhand:start/x#5710"] {
            assert_eq!(Link::read(wrong), Err(StartError::Malformed), "{wrong}");
        }
        for secret in ["", "5 10", "a/b", "a\n", &"a".repeat(65)] {
            assert_eq!(Link::read(&format!("{SCHEME}{}#{secret}x y", token())), Err(StartError::Malformed));
        }
    }
}

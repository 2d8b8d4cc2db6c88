//! Opaque tokens: 256 random bits, of which the service keeps the SHA-256 only.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{random, sha256};

/// Characters of a token as text.
const LEN: usize = 43;

/// SHA-256 of a token.
pub type TokenHash = [u8; 32];

/// A token. Prints redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::<32>()))
    }

    /// Reads what a client sent; `None` for anything that cannot be a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (text.len() == LEN && plain).then(|| Self(text.to_owned()))
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        sha256(self.0.as_bytes())
    }

    /// The token itself, for the one answer that carries it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_read_back() {
        let (a, b) = (Token::generate(), Token::generate());
        assert_ne!(a, b);
        assert_eq!(a.reveal().len(), LEN);
        assert_eq!(Token::parse(a.reveal()), Some(a.clone()));
        assert_ne!(a.hash(), b.hash());
        assert_eq!(format!("{a:?}"), "Token(..)");
    }

    #[test]
    fn what_cannot_be_a_token_is_not_looked_up() {
        for text in
            ["", "a", &"a".repeat(42), &"a".repeat(44), &format!("{}'", "a".repeat(42)), &"ä".repeat(21)]
        {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }
}

//! Public keys as authenticators send them (COSE, RFC 9053), in the three kinds that authenticators make.

use ciborium::Value;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

use super::PasskeyError;

/// COSE's labels.
const KIND: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const MODULUS: i64 = -1;
const EXPONENT: i64 = -2;
/// COSE's kinds of key and curves.
const OKP: i64 = 1;
const EC2: i64 = 2;
const RSA: i64 = 3;
const P256: i64 = 1;
const ED25519: i64 = 6;
/// Bytes of a modulus: 2048 to 4096 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// All of them, best first.
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// COSE's number.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::EdDsa => -8,
            Self::Es256 => -7,
            Self::Rs256 => -257,
        }
    }

    /// The one with this number.
    #[must_use]
    pub fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    /// The 32 bytes of Ed25519; the uncompressed point of P-256; for RSA the exponent's length (2 bytes), the exponent,
    /// the modulus.
    bytes: Vec<u8>,
}

impl PublicKey {
    /// Reads a COSE key.
    pub(super) fn of(value: &Value) -> Result<Self, PasskeyError> {
        const UNREADABLE: PasskeyError = PasskeyError::Unreadable("public key");
        let map = value.as_map().ok_or(UNREADABLE)?;
        let get = |label: i64| {
            map.iter().find(|(key, _)| integer(key) == Some(label)).map(|(_, value)| value).ok_or(UNREADABLE)
        };
        let number = |label| get(label).and_then(|value| integer(value).ok_or(UNREADABLE));
        let bytes = |label| get(label).and_then(|value| value.as_bytes().ok_or(UNREADABLE));
        let algorithm = Algorithm::of(number(ALGORITHM)?).ok_or(PasskeyError::Algorithm)?;
        let kind = number(KIND)?;
        let bytes = match algorithm {
            Algorithm::EdDsa => {
                let x = bytes(X)?;
                if kind != OKP || number(CURVE)? != ED25519 || x.len() != 32 {
                    return Err(PasskeyError::Algorithm);
                }
                x.clone()
            }
            Algorithm::Es256 => {
                let (x, y) = (bytes(X)?, bytes(Y)?);
                if kind != EC2 || number(CURVE)? != P256 || x.len() != 32 || y.len() != 32 {
                    return Err(PasskeyError::Algorithm);
                }
                [&[4], x.as_slice(), y].concat()
            }
            Algorithm::Rs256 => {
                let (modulus, exponent) = (bytes(MODULUS)?, bytes(EXPONENT)?);
                if kind != RSA
                    || !MODULUS_BYTES.contains(&modulus.len())
                    || !(1..=8).contains(&exponent.len())
                {
                    return Err(PasskeyError::Algorithm);
                }
                let length = u16::try_from(exponent.len()).map_err(|_| PasskeyError::Algorithm)?;
                [&length.to_be_bytes(), exponent.as_slice(), modulus].concat()
            }
        };
        Ok(Self { algorithm, bytes })
    }

    /// As it is kept.
    #[must_use]
    pub fn parts(&self) -> (i64, &[u8]) {
        (self.algorithm.number(), &self.bytes)
    }

    /// As it was kept.
    #[must_use]
    pub fn from_parts(algorithm: i64, bytes: &[u8]) -> Option<Self> {
        Some(Self { algorithm: Algorithm::of(algorithm)?, bytes: bytes.to_owned() })
    }

    /// Whether this key signed the message.
    #[must_use]
    pub fn signed(&self, message: &[u8], signed: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::EdDsa => {
                UnparsedPublicKey::new(&signature::ED25519, &self.bytes).verify(message, signed).is_ok()
            }
            Algorithm::Es256 => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, &self.bytes)
                .verify(message, signed)
                .is_ok(),
            Algorithm::Rs256 => self.rsa().is_some_and(|key| {
                key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signed).is_ok()
            }),
        }
    }

    fn rsa(&self) -> Option<RsaPublicKeyComponents<&[u8]>> {
        let (length, rest) = self.bytes.split_first_chunk::<2>()?;
        let (e, n) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some(RsaPublicKeyComponents { n, e })
    }
}

fn integer(value: &Value) -> Option<i64> {
    i64::try_from(i128::from(value.as_integer()?)).ok()
}

//! Sealing of one value: AES-256-GCM whose associated data says where the value stands, so that a ciphertext which is
//! moved to another row, column, table or tenant does not open.
//!
//! A sealed value is `1`, the key's version (4 bytes, big-endian), the nonce (12 bytes), the ciphertext and its tag.
//! Nonces are random: a key seals at most 2^32 values (NIST SP 800-38D, 8.3), and `farhand keys rotate` brings a new one.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

use super::VaultError;
use crate::identity::random;

/// Bytes of a key.
pub const KEY_LEN: usize = 32;
/// Bytes that sealing adds.
pub const OVERHEAD: usize = HEAD + NONCE_LEN + TAG;
/// What a sealed value begins with.
const FORMAT: u8 = 1;
const HEAD: usize = 1 + 4;
const TAG: usize = 16;

/// Where a sealed value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The tenant; empty for what belongs to the installation.
    pub tenant: &'a str,
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row: its key columns besides the tenant, joined by `/`, bytes as lower-case hex.
    pub row: &'a str,
}

impl Place<'_> {
    fn associated(&self) -> Vec<u8> {
        associated("farhand sealed value 1", &[self.tenant, self.table, self.column, self.row])
    }
}

/// Words with their lengths before them, so that no two lists of words give the same bytes.
pub(super) fn associated(purpose: &str, words: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in std::iter::once(&purpose).chain(words) {
        bytes.extend_from_slice(&(word.len() as u64).to_be_bytes());
        bytes.extend_from_slice(word.as_bytes());
    }
    bytes
}

/// A key of 256 bits. Prints nothing of itself.
#[derive(Clone)]
pub struct Key {
    bytes: [u8; KEY_LEN],
    aead: LessSafeKey,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// A new one, of random bytes.
    #[must_use]
    pub fn generate() -> Self {
        Self::of(random())
    }

    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: [u8; KEY_LEN]) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, &bytes).expect("an AES-256 key has 32 bytes");
        Self { bytes, aead: LessSafeKey::new(unbound) }
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.bytes
    }

    /// A key for another purpose, from which this one cannot be found.
    pub(super) fn derive(&self, purpose: &str) -> hmac::Key {
        let from = hmac::Key::new(hmac::HMAC_SHA256, &self.bytes);
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&from, purpose.as_bytes()).as_ref())
    }

    /// Nonce, ciphertext and tag.
    pub(super) fn encrypt(&self, associated: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random();
        let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + TAG);
        out.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        self.aead
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut body)
            .expect("what a database holds is shorter than AES-GCM's limit of 64 GB");
        out.append(&mut body);
        out
    }

    /// What [`Self::encrypt`] was given, or `None` for anything else.
    pub(super) fn decrypt(&self, associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let length = self.aead.open_in_place(nonce, Aad::from(associated), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }
}

/// Seals a value under this version of the key.
#[must_use]
pub fn seal(version: u32, key: &Key, place: &Place<'_>, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plain.len() + OVERHEAD);
    out.push(FORMAT);
    out.extend_from_slice(&version.to_be_bytes());
    out.append(&mut key.encrypt(&place.associated(), plain));
    out
}

/// Under which version of the key a value is sealed.
///
/// # Errors
/// [`VaultError::Refused`] for what is no sealed value.
pub fn version_of(sealed: &[u8]) -> Result<u32, VaultError> {
    match sealed {
        [FORMAT, a, b, c, d, rest @ ..] if rest.len() >= NONCE_LEN + TAG => {
            Ok(u32::from_be_bytes([*a, *b, *c, *d]))
        }
        _ => Err(VaultError::Refused),
    }
}

/// Opens a value with the key of its version.
///
/// # Errors
/// [`VaultError::Refused`] when it was not sealed with this key for this place, or was changed since.
pub fn open(key: &Key, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    version_of(sealed)?;
    key.decrypt(&place.associated(), &sealed[HEAD..]).ok_or(VaultError::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Place<'static> = Place { tenant: "t", table: "users", column: "name", row: "u1" };

    #[test]
    fn a_value_opens_where_it_was_sealed_and_nowhere_else() {
        let key = Key::generate();
        let sealed = seal(3, &key, &HOME, b"Ada");
        assert_eq!(sealed.len(), 3 + OVERHEAD);
        assert_eq!(version_of(&sealed).unwrap(), 3);
        assert_eq!(open(&key, &HOME, &sealed).unwrap(), b"Ada");
        for elsewhere in [
            Place { tenant: "u", ..HOME },
            Place { table: "guests", ..HOME },
            Place { column: "email", ..HOME },
            Place { row: "u2", ..HOME },
            // The same letters, cut elsewhere.
            Place { table: "usersn", column: "ame", ..HOME },
        ] {
            assert!(matches!(open(&key, &elsewhere, &sealed), Err(VaultError::Refused)), "{elsewhere:?}");
        }
        assert!(matches!(open(&Key::generate(), &HOME, &sealed), Err(VaultError::Refused)));
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_refused() {
        let key = Key::generate();
        let sealed = seal(1, &key, &HOME, b"secret");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // The version says which key to take; with any other key it does not open either.
            let other = version_of(&changed).is_ok_and(|version| version != 1);
            assert!(other || open(&key, &HOME, &changed).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(open(&key, &HOME, &sealed[..length]).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn the_same_value_never_seals_to_the_same_bytes() {
        let key = Key::generate();
        assert_ne!(seal(1, &key, &HOME, b"x"), seal(1, &key, &HOME, b"x"));
        assert_eq!(open(&key, &HOME, &seal(1, &key, &HOME, b"")).unwrap(), b"");
    }
}

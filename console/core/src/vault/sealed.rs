//! A token in a file: Argon2id over the passphrase gives the key of AES-256-GCM; the service's address is associated
//! data, so that a file moved to another service's name does not open.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

const KEY_LEN: usize = 32;
const SALT_LEN: usize = 16;
/// Bytes of a sealed token, at most.
const MAX_SEALED: usize = 4096;
/// What a file may ask for, so that a changed one cannot exhaust the machine: KiB, passes.
const MOST: (u32, u32) = (1024 * 1024, 16);

/// What deriving a key costs whoever tries passphrases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Cost {
    /// The product's: a file can be tried at leisure, so it costs more than a sign-in.
    pub const PRODUCT: Self = Self { memory: 64 * 1024, passes: 3 };
    /// The least that there is.
    pub const FOR_TESTS: Self = Self { memory: 8, passes: 1 };
}

/// It was not opened or sealed; it is not said why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sign-in could not be sealed or opened")]
pub struct SealedError;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    #[serde(flatten)]
    cost: Cost,
    salt: String,
    nonce: String,
    sealed: String,
}

/// A key with what it was derived by.
pub(super) struct OpenKey {
    key: LessSafeKey,
    salt: [u8; SALT_LEN],
    cost: Cost,
}

impl OpenKey {
    pub(super) fn derive(passphrase: &str, cost: Cost) -> Result<Self, SealedError> {
        Self::with_salt(passphrase, cost, random()?)
    }

    fn with_salt(passphrase: &str, cost: Cost, salt: [u8; SALT_LEN]) -> Result<Self, SealedError> {
        if cost.memory > MOST.0 || cost.passes > MOST.1 {
            return Err(SealedError);
        }
        let params = Params::new(cost.memory, cost.passes, 1, Some(KEY_LEN)).map_err(|_| SealedError)?;
        let mut key = [0; KEY_LEN];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, &mut key)
            .map_err(|_| SealedError)?;
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| SealedError)?;
        Ok(Self { key: LessSafeKey::new(key), salt, cost })
    }

    pub(super) fn seal(&self, server: &str, token: &str) -> Result<Sealed, SealedError> {
        // Random, and a person signs in a few times a day: two of the 2^96 never meet.
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut bytes = token.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(server.as_bytes()),
                &mut bytes,
            )
            .map_err(|_| SealedError)?;
        Ok(Sealed {
            cost: self.cost,
            salt: STANDARD.encode(self.salt),
            nonce: STANDARD.encode(nonce),
            sealed: STANDARD.encode(bytes),
        })
    }
}

impl Sealed {
    /// Opens it; the key comes along, to seal a newer token with.
    pub(super) fn open(&self, passphrase: &str, server: &str) -> Result<(OpenKey, String), SealedError> {
        let salt = bytes(&self.salt)?;
        let nonce: [u8; NONCE_LEN] = bytes(&self.nonce)?;
        if self.sealed.len() > MAX_SEALED {
            return Err(SealedError);
        }
        let mut sealed = STANDARD.decode(&self.sealed).map_err(|_| SealedError)?;
        let key = OpenKey::with_salt(passphrase, self.cost, salt)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let token = key
            .key
            .open_in_place(nonce, Aad::from(server.as_bytes()), &mut sealed)
            .map_err(|_| SealedError)?;
        let token = String::from_utf8(token.to_vec()).map_err(|_| SealedError)?;
        Ok((key, token))
    }
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], SealedError> {
    STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(SealedError)
}

fn random<const N: usize>() -> Result<[u8; N], SealedError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SealedError)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_or_a_greedy_cost_is_refused() {
        let key = OpenKey::derive("passphrase", Cost::FOR_TESTS).unwrap();
        let sealed = key.seal("here", "token").unwrap();
        assert_eq!(sealed.open("passphrase", "here").unwrap().1, "token");
        assert!(sealed.open("passphrase", "there").is_err());
        let mut bytes = STANDARD.decode(&sealed.sealed).unwrap();
        bytes[0] ^= 1;
        let changed = Sealed { sealed: STANDARD.encode(bytes), ..sealed.clone() };
        assert!(changed.open("passphrase", "here").is_err());
        let greedy = Sealed { cost: Cost { memory: u32::MAX, passes: 1 }, ..sealed.clone() };
        assert!(greedy.open("passphrase", "here").is_err());
        for broken in ["", "é", "AAAA"] {
            assert!(Sealed { nonce: broken.into(), ..sealed.clone() }.open("passphrase", "here").is_err());
        }
    }

    #[test]
    fn the_same_token_is_never_sealed_alike() {
        let key = OpenKey::derive("passphrase", Cost::FOR_TESTS).unwrap();
        assert_ne!(key.seal("here", "token").unwrap(), key.seal("here", "token").unwrap());
    }
}

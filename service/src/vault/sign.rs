//! Signatures by which somebody outside can check what this installation said, such as that data was deleted: Ed25519,
//! with a key that the vault seals.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::{Place, Vault, VaultError};

/// Where the signing key is sealed for.
const PLACE: Place<'static> = Place { tenant: "", table: "signing_keys", column: "pkcs8", row: "1" };

/// A signed statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// What is said: JSON, exactly the bytes that are signed.
    pub statement: String,
    /// Ed25519 signature over the statement, in base64.
    pub signature: String,
    /// The public key, in base64 (32 bytes).
    pub public_key: String,
}

/// Signs for this installation.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// A new key, and its sealed form to be kept.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn generate(vault: &Vault) -> Result<(Self, Vec<u8>), VaultError> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| VaultError::Refused)?;
        let sealed = vault.seal(&PLACE, pkcs8.as_ref())?;
        Ok((Self::read(pkcs8.as_ref())?, sealed))
    }

    /// The key in its sealed form.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when it is not one.
    pub fn open(vault: &Vault, sealed: &[u8]) -> Result<Self, VaultError> {
        Self::read(&vault.open_value(&PLACE, sealed)?)
    }

    fn read(pkcs8: &[u8]) -> Result<Self, VaultError> {
        Ed25519KeyPair::from_pkcs8(pkcs8).map(Self).map_err(|_| VaultError::Refused)
    }

    /// The public key, in base64.
    #[must_use]
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.public_key().as_ref())
    }

    /// Signs a statement.
    #[must_use]
    pub fn sign(&self, statement: String) -> Signed {
        let signature = STANDARD.encode(self.0.sign(statement.as_bytes()).as_ref());
        Signed { statement, signature, public_key: self.public_key() }
    }
}

/// Whether a statement is signed by the holder of this public key (base64).
#[must_use]
pub fn verify(signed: &Signed, public_key: &str) -> bool {
    let (Ok(key), Ok(signature)) = (STANDARD.decode(public_key), STANDARD.decode(&signed.signature)) else {
        return false;
    };
    signed.public_key == public_key
        && UnparsedPublicKey::new(&ED25519, key).verify(signed.statement.as_bytes(), &signature).is_ok()
}

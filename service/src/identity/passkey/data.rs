//! The authenticator's data (WebAuthn §6.1).

use ciborium::Value;

use super::cose::PublicKey;
use super::{PasskeyError, Site};
use crate::identity::sha256;

/// How deep CBOR may nest; an attestation has three levels.
const DEPTH: usize = 16;

/// Bits of the flags.
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const CREDENTIAL: u8 = 1 << 6;

/// What an authenticator says.
#[derive(Debug, PartialEq, Eq)]
pub struct AuthenticatorData {
    site: [u8; 32],
    flags: u8,
    /// How often the key was used, where that is counted.
    pub counter: u32,
    /// A key that was made just now.
    pub credential: Option<Made>,
}

/// A key that was made just now.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    /// The credential's identifier.
    pub id: Vec<u8>,
    /// Its public key.
    pub key: PublicKey,
}

impl AuthenticatorData {
    /// Reads it.
    pub fn read(bytes: &[u8]) -> Result<Self, PasskeyError> {
        const UNREADABLE: PasskeyError = PasskeyError::Unreadable("authenticator data");
        let (site, rest) = bytes.split_first_chunk::<32>().ok_or(UNREADABLE)?;
        let ([flags], rest) = rest.split_first_chunk::<1>().ok_or(UNREADABLE)?;
        let (counter, rest) = rest.split_first_chunk::<4>().ok_or(UNREADABLE)?;
        let credential = if flags & CREDENTIAL == 0 {
            None
        } else {
            // The maker's model, which nobody asked for.
            let (_, rest) = rest.split_first_chunk::<16>().ok_or(UNREADABLE)?;
            let (length, rest) = rest.split_first_chunk::<2>().ok_or(UNREADABLE)?;
            let (id, mut rest) =
                rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(UNREADABLE)?;
            let key = cbor(&mut rest).ok_or(UNREADABLE)?;
            Some(Made { id: id.to_owned(), key: PublicKey::of(&key)? })
        };
        Ok(Self { site: *site, flags: *flags, counter: u32::from_be_bytes(*counter), credential })
    }

    /// Whether it is of this site, from a user who is there and was checked.
    pub fn check(&self, site: &Site) -> Result<(), PasskeyError> {
        if self.site != sha256(site.id.as_bytes()) {
            return Err(PasskeyError::Origin);
        }
        let needed = USER_PRESENT | USER_VERIFIED;
        if self.flags & needed != needed {
            return Err(PasskeyError::NotVerified);
        }
        // §6.1.3: what is backed up can be backed up.
        if self.flags & BACKED_UP != 0 && self.flags & BACKUP_ELIGIBLE == 0 {
            return Err(PasskeyError::Unreadable("authenticator data"));
        }
        Ok(())
    }
}

/// One CBOR item from the front.
pub fn cbor(bytes: &mut &[u8]) -> Option<Value> {
    ciborium::de::from_reader_with_recursion_limit(bytes, DEPTH).ok()
}

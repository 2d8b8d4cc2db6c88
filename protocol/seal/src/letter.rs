//! Sealing bytes to somebody's public key, for whoever holds the private one: the tenant's copy of a receipt.
//!
//! A letter is `magic "FHLT" | version u8 = 1 | ephemeral X25519 key 32 | sealed text | tag 16`. The key is expanded by
//! HKDF-SHA-512 from the shared point, with both public keys and the purpose bound in; it seals one text, under counter
//! 0. It does not say who wrote it: what is inside must say so itself.

use curve25519_dalek::montgomery::MontgomeryPoint;
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::{Zeroize, Zeroizing};

use crate::LABEL;
use crate::aead::{Cipher, TAG};
use crate::bytes::lv_cat;
use crate::keys::StreamKey;

/// How much longer a letter is than its text.
pub const OVERHEAD: usize = MAGIC.len() + 32 + TAG;
/// The longest text of a letter, in bytes.
pub const MAX_TEXT: usize = crate::receipt::MAX_RECEIPT;

const MAGIC: &[u8; 5] = b"FHLT\x01";

/// Why a letter was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// Not a letter of this version, or too long.
    #[error("this is no sealed receipt, or one that a newer program wrote")]
    Malformed,
    /// The public key is none: everybody would know what it seals.
    #[error("the public key is not one")]
    Key,
    /// Sealed to another key, for another session, or changed.
    #[error("it was sealed to another key or for another session, or was changed")]
    Broken,
}

/// The public key of a private one.
#[must_use]
pub fn public(private: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*private).to_bytes()
}

/// Seals a text to a public key. `ephemeral` is 32 fresh random bytes; `purpose` must be the same when it is opened.
///
/// # Errors
/// [`LetterError::Key`], [`LetterError::Malformed`] for a text that is too long.
pub fn seal(
    to: &[u8; 32],
    purpose: &[u8],
    text: &[u8],
    mut ephemeral: [u8; 32],
) -> Result<Vec<u8>, LetterError> {
    if text.len() > MAX_TEXT {
        return Err(LetterError::Malformed);
    }
    let from = public(&ephemeral);
    let key = key(&ephemeral, to, &from, to, purpose);
    ephemeral.zeroize();
    let mut out = [&MAGIC[..], &from].concat();
    let mut sealed = text.to_vec();
    let tag = Cipher::new(key?).seal(0, &out, &mut sealed);
    out.extend_from_slice(&sealed);
    out.extend_from_slice(&tag);
    Ok(out)
}

/// Opens a letter.
///
/// # Errors
/// [`LetterError`].
pub fn open(private: &[u8; 32], purpose: &[u8], letter: &[u8]) -> Result<Vec<u8>, LetterError> {
    if letter.len() > MAX_TEXT + OVERHEAD {
        return Err(LetterError::Malformed);
    }
    let rest = letter.strip_prefix(MAGIC).ok_or(LetterError::Malformed)?;
    let (from, sealed) = rest.split_first_chunk::<32>().ok_or(LetterError::Malformed)?;
    let to = public(private);
    let key = key(private, from, from, &to, purpose).map_err(|_| LetterError::Broken)?;
    let mut sealed = sealed.to_vec();
    let head = &letter[..MAGIC.len() + 32];
    let text = Cipher::new(key).open(0, head, &mut sealed).map_err(|_| LetterError::Broken)?;
    Ok(text.to_vec())
}

fn key(
    private: &[u8; 32],
    theirs: &[u8; 32],
    from: &[u8; 32],
    to: &[u8; 32],
    purpose: &[u8],
) -> Result<StreamKey, LetterError> {
    let shared = Zeroizing::new(MontgomeryPoint(*theirs).mul_clamped(*private).to_bytes());
    // A point of small order gives the same for everybody.
    if shared.iter().all(|byte| *byte == 0) {
        return Err(LetterError::Key);
    }
    let mut out = Zeroizing::new([0; 44]);
    Hkdf::<Sha512>::new(None, shared.as_slice())
        .expand(&lv_cat(&[LABEL, b"letter", from, to, purpose]), out.as_mut())
        .expect("HKDF gives 44 bytes");
    let (key, iv) = out.split_at(32);
    Ok(StreamKey { key: key.try_into().expect("32 of 44 bytes"), iv: iv.try_into().expect("12 of 44 bytes") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::unhex;

    const PRIVATE: [u8; 32] = [5; 32];

    #[test]
    fn a_letter_is_opened_by_its_key_and_no_other() {
        let letter = seal(&public(&PRIVATE), b"receipt s-1", b"what happened", [6; 32]).unwrap();
        assert_eq!(letter.len(), b"what happened".len() + OVERHEAD);
        assert_eq!(open(&PRIVATE, b"receipt s-1", &letter).unwrap(), b"what happened");
        assert_eq!(open(&[7; 32], b"receipt s-1", &letter), Err(LetterError::Broken));
        assert_eq!(open(&PRIVATE, b"receipt s-2", &letter), Err(LetterError::Broken));
        for at in 0..letter.len() {
            let mut changed = letter.clone();
            changed[at] ^= 1;
            assert!(open(&PRIVATE, b"receipt s-1", &changed).is_err(), "byte {at}");
            assert!(open(&PRIVATE, b"receipt s-1", &letter[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_key_of_small_order_seals_nothing() {
        assert_eq!(seal(&[0; 32], b"", b"text", [6; 32]), Err(LetterError::Key));
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(seal(&one, b"", b"text", [6; 32]), Err(LetterError::Key));
    }

    #[test]
    fn the_public_key_is_the_rfcs() {
        // RFC 7748, section 6.1: Alice's.
        let private = unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        let expected = unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        assert_eq!(public(&private.try_into().unwrap()).as_slice(), expected);
    }
}

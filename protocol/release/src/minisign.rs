//! The minisign file format, as far as releases need it: prehashed signatures (`ED`, BLAKE2b-512), and keys that no
//! password protects (those that are to be protected belong into a tool or a token of their owner's, which makes the
//! same files).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest as _};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// The longest signature file, in bytes.
pub const MAX_SIGNATURE: usize = 4 * 1024;
/// The longest key file, in bytes.
pub const MAX_KEY: usize = 1024;
/// What a signature file's first line begins with.
const UNTRUSTED: &str = "untrusted comment: ";
/// What its third line begins with.
const TRUSTED: &str = "trusted comment: ";
/// A key.
const KEY: [u8; 2] = *b"Ed";
/// A signature over a hash.
const PREHASHED: [u8; 2] = *b"ED";
/// The checksum of a secret key: BLAKE2b.
const CHECKSUM: [u8; 2] = *b"B2";
/// Bytes of a secret key's file, decoded.
const SECRET: usize = 158;
/// Of these, those before the checksum.
const CHECKED: usize = 126;

/// The hash that is signed.
pub type Digest = [u8; 64];

/// Not a file of this format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Not a public key.
    #[error("this is no public key of minisign's")]
    PublicKey,
    /// Not a secret key, or one that a password protects.
    #[error("this is no secret key of minisign's without a password")]
    SecretKey,
    /// Not a signature.
    #[error("this is no signature of minisign's")]
    Signature,
}

/// The public half of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    id: [u8; 8],
    key: [u8; 32],
}

impl PublicKey {
    /// The key's number, as minisign prints it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:016X}", u64::from_le_bytes(self.id))
    }

    /// The file that holds it.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{UNTRUSTED}minisign public key {}\n{self}\n", self.id())
    }
}

impl FromStr for PublicKey {
    type Err = FormatError;

    /// Reads the key's one line, or the file that holds it.
    fn from_str(text: &str) -> Result<Self, FormatError> {
        let wrong = FormatError::PublicKey;
        let line = last_line(text, MAX_KEY).ok_or(wrong)?;
        let bytes = STANDARD.decode(line).map_err(|_| wrong)?;
        let bytes: [u8; 42] = bytes.try_into().map_err(|_| wrong)?;
        if bytes[..2] != KEY {
            return Err(wrong);
        }
        Ok(Self { id: part(&bytes, 2), key: part(&bytes, 10) })
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode([&KEY[..], &self.id, &self.key].concat()))
    }
}

/// Signs.
pub struct SecretKey {
    id: [u8; 8],
    seed: [u8; 32],
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("public", &self.public().id()).finish_non_exhaustive()
    }
}

impl SecretKey {
    /// A new key.
    #[must_use]
    pub fn generate() -> Self {
        let mut all = [0; 40];
        SystemRandom::new().fill(&mut all).expect("the system has random numbers");
        Self { id: part(&all, 0), seed: part(&all, 8) }
    }

    /// The key of a seed and a number: for tests, which want the same key again.
    #[must_use]
    pub fn from_seed(id: [u8; 8], seed: [u8; 32]) -> Self {
        Self { id, seed }
    }

    /// Reads a secret key's file.
    ///
    /// # Errors
    /// [`FormatError::SecretKey`], also for one that a password protects.
    pub fn read(text: &str) -> Result<Self, FormatError> {
        let wrong = FormatError::SecretKey;
        let bytes = STANDARD.decode(last_line(text, MAX_KEY).ok_or(wrong)?).map_err(|_| wrong)?;
        let plain =
            bytes.len() == SECRET && bytes[..2] == KEY && bytes[2..4] == [0; 2] && bytes[4..6] == CHECKSUM;
        if !plain {
            return Err(wrong);
        }
        let key = Self { id: part(&bytes, 54), seed: part(&bytes, 62) };
        // Both halves belong together. A checksum stands behind them only where there is a password.
        (bytes[..CHECKED] == key.bytes()[..CHECKED]).then_some(key).ok_or(wrong)
    }

    /// The file that holds it. Whoever can read it can sign releases.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{UNTRUSTED}minisign secret key\n{}\n", STANDARD.encode(self.bytes()))
    }

    fn bytes(&self) -> Vec<u8> {
        let public = self.public().key;
        // Neither salt nor work nor checksum: no password.
        let head = [&KEY[..], &[0; 2], &CHECKSUM, &[0; 48]].concat();
        [&head[..], &self.id, &self.seed, &public, &[0; 32]].concat()
    }

    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.seed).expect("a seed has 32 bytes")
    }

    /// The half that everybody may know.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey { id: self.id, key: part(self.pair().public_key().as_ref(), 0) }
    }

    /// A signature file over a file's hash, with a comment that is signed too.
    #[must_use]
    pub fn sign(&self, digest: &Digest, comment: &str) -> String {
        let pair = self.pair();
        let signature = pair.sign(digest);
        let global = pair.sign(&[signature.as_ref(), comment.as_bytes()].concat());
        let line = STANDARD.encode([&PREHASHED[..], &self.id, signature.as_ref()].concat());
        let about = format!("signature by minisign key {}", self.public().id());
        format!("{UNTRUSTED}{about}\n{line}\n{TRUSTED}{comment}\n{}\n", STANDARD.encode(global))
    }
}

/// A signature file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    id: [u8; 8],
    signature: [u8; 64],
    comment: String,
    global: [u8; 64],
}

impl Signature {
    /// Reads one. Nothing of it is to be believed before [`Signature::comment`] and [`Signature::covers`] were asked.
    ///
    /// # Errors
    /// [`FormatError::Signature`].
    pub fn read(text: &str) -> Result<Self, FormatError> {
        let wrong = FormatError::Signature;
        if text.len() > MAX_SIGNATURE {
            return Err(wrong);
        }
        let mut lines = text.lines();
        let mut line = |start: &str| lines.next().and_then(|line| line.strip_prefix(start)).ok_or(wrong);
        line(UNTRUSTED)?;
        let signature = STANDARD.decode(line("")?).map_err(|_| wrong)?;
        let comment = line(TRUSTED)?.to_owned();
        let global = STANDARD.decode(line("")?).map_err(|_| wrong)?;
        if signature.len() != 74 || signature[..2] != PREHASHED || lines.next().is_some() {
            return Err(wrong);
        }
        let global = global.try_into().map_err(|_| wrong)?;
        Ok(Self { id: part(&signature, 2), signature: part(&signature, 10), comment, global })
    }

    /// The trusted comment, when it is this key's.
    #[must_use]
    pub fn comment(&self, key: &PublicKey) -> Option<&str> {
        let signed = [&self.signature[..], self.comment.as_bytes()].concat();
        let genuine = self.id == key.id
            && UnparsedPublicKey::new(&ED25519, key.key).verify(&signed, &self.global).is_ok();
        genuine.then_some(self.comment.as_str())
    }

    /// Whether this key signed the file with this hash.
    #[must_use]
    pub fn covers(&self, key: &PublicKey, digest: &Digest) -> bool {
        self.id == key.id && UnparsedPublicKey::new(&ED25519, key.key).verify(digest, &self.signature).is_ok()
    }
}

/// The hash of a whole file.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Blake2b512::digest(bytes).into()
}

/// The one line of base64, with or without a comment above it.
fn last_line(text: &str, at_most: usize) -> Option<&str> {
    if text.len() > at_most {
        return None;
    }
    let mut lines = text.trim_end().lines();
    let first = lines.next()?;
    let line = if first.starts_with(UNTRUSTED) { lines.next()? } else { first };
    lines.next().is_none().then_some(line)
}

fn part<const N: usize>(bytes: &[u8], from: usize) -> [u8; N] {
    bytes[from..from + N].try_into().expect("as long as it says")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn key() -> SecretKey {
        SecretKey::from_seed(*b"12345678", [7; 32])
    }

    #[test]
    fn keys_are_read_as_they_were_written() {
        let key = key();
        assert_eq!(key.public().to_string().parse(), Ok(key.public()));
        assert_eq!(key.public().file().parse(), Ok(key.public()));
        assert_eq!(SecretKey::read(&key.file()).unwrap().seed, key.seed);
        assert_ne!(SecretKey::generate().public(), SecretKey::generate().public());
        assert!(!format!("{key:?}").contains("7, 7"), "a secret is never printed");
        for wrong in ["", "RWQ", "\n\n", "untrusted comment: x", &"R".repeat(56), &"A".repeat(2000)] {
            assert_eq!(wrong.parse::<PublicKey>(), Err(FormatError::PublicKey), "{wrong}");
            assert!(SecretKey::read(wrong).is_err(), "{wrong}");
        }
        let mut protected = STANDARD.decode(key.file().lines().nth(1).unwrap()).unwrap();
        protected[2..4].copy_from_slice(b"Sc");
        assert!(SecretKey::read(&STANDARD.encode(protected)).is_err(), "a password is not asked for");
    }

    #[test]
    fn a_signature_is_this_keys_over_this_file_with_this_comment() {
        let (key, other) = (key(), SecretKey::from_seed(*b"12345678", [8; 32]));
        let text = key.sign(&digest(b"program"), "version 1");
        let signature = Signature::read(&text).unwrap();
        assert_eq!(signature.comment(&key.public()), Some("version 1"));
        assert!(signature.covers(&key.public(), &digest(b"program")));
        for changed in [&b"programs"[..], b"prograM", b"", b"rogram"] {
            assert!(!signature.covers(&key.public(), &digest(changed)));
        }
        assert!(
            signature.comment(&other.public()).is_none()
                && !signature.covers(&other.public(), &digest(b"program"))
        );
        let renamed = Signature::read(&text.replace("version 1", "version 2")).unwrap();
        assert_eq!(renamed.comment(&key.public()), None);
        // The comment of another genuine signature.
        let newer = key.sign(&digest(b"other"), "version 2");
        let lines: Vec<&str> = text.lines().take(2).chain(newer.lines().skip(2)).collect();
        assert_eq!(Signature::read(&lines.join("\n")).unwrap().comment(&key.public()), None);
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let text = key().sign(&digest(b"x"), "y");
        let line = |number: usize| text.lines().nth(number).unwrap();
        let cut: Vec<String> = (0..text.len() - 1).map(|end| text[..end].to_owned()).collect();
        for cut in cut.iter().filter(|cut| cut.trim_end() != text.trim_end()) {
            assert_eq!(Signature::read(cut), Err(FormatError::Signature), "{cut}");
        }
        for wrong in [
            format!("{text}more\n"),
            text.replace(UNTRUSTED, "comment: "),
            text.replace(line(1), line(3)),
            format!("{text}{}", "\n".repeat(MAX_SIGNATURE)),
        ] {
            assert_eq!(Signature::read(&wrong), Err(FormatError::Signature), "{wrong}");
        }
    }

    /// Our files are the tool's, and the tool's are ours. Set-up installs it; elsewhere this is left out.
    #[test]
    fn the_tool_of_that_name_agrees() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let tool = |arguments: &[&str]| {
            Command::new("minisign")
                .args(arguments)
                .current_dir(place.path())
                .output()
                .map(|run| run.status.success())
        };
        let key = SecretKey::generate();
        std::fs::write(at("program"), b"bytes of a program").unwrap();
        std::fs::write(at("program.minisig"), key.sign(&digest(b"bytes of a program"), "farhand")).unwrap();
        let public = key.public().to_string();
        let Ok(genuine) = tool(&["-V", "-m", "program", "-P", &public]) else { return };
        assert!(genuine, "what we sign is genuine to minisign");
        std::fs::write(at("program"), b"bytes of a progran").unwrap();
        assert!(!tool(&["-V", "-m", "program", "-P", &public]).unwrap(), "and what is changed is not");
        std::fs::write(at("secret"), key.file()).unwrap();
        let signed =
            tool(&["-S", "-s", "secret", "-m", "program", "-t", "theirs", "-x", "theirs.minisig"]).unwrap();
        assert!(signed, "our key is minisign's");
        let theirs = Signature::read(&std::fs::read_to_string(at("theirs.minisig")).unwrap()).unwrap();
        assert_eq!(theirs.comment(&key.public()), Some("theirs"));
        assert!(theirs.covers(&key.public(), &digest(b"bytes of a progran")));
    }
}

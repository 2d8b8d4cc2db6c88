//! A release: one file of one version of one program for one kind of machine.

use std::fmt;

use blake2::{Blake2b512, Digest as _};
use ring::digest::{Context, SHA256};

use crate::hex;
use crate::minisign::{Digest, MAX_SIGNATURE, PublicKey, SecretKey, Signature, digest};

/// The largest file of a release, in bytes.
pub const MAX_FILE: u64 = 512 * 1024 * 1024;
/// The longest program, version, target and file name, in bytes.
const MAX_TEXT: usize = 100;
/// What a trusted comment begins with, so that a signature for something else never fits.
const DOMAIN: &str = "farhand-release-1";

/// A version of a program, such as 1.2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u32; 3]);

impl Version {
    /// Reads three numbers with dots between them. What has more (such as `-beta`) is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut numbers = [0; 3];
        for number in &mut numbers {
            let part = parts.next()?;
            let digits = !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
            *number = digits.then(|| part.parse().ok()).flatten()?;
        }
        parts.next().is_none().then_some(Self(numbers))
    }

    /// The version of the programs that this was built with.
    #[must_use]
    pub fn ours() -> Self {
        Self::parse(env!("CARGO_PKG_VERSION")).expect("the workspace's version is three numbers")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// Why a release or its file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// A field is not what it should be.
    #[error("the offer is malformed")]
    Malformed,
    /// Nobody who may has signed it.
    #[error("the offer's signature is not genuine")]
    Signature,
    /// It is another program's, or for another kind of machine.
    #[error("the offer is for another system")]
    Target,
    /// It is this version, or an older one.
    #[error("the version offered is not newer than this one")]
    NotNewer,
    /// The file is not the signed one.
    #[error("the package is not the one that was signed")]
    File,
    /// The file system's error.
    #[error("the package could not be written: {0}")]
    Disk(String),
}

impl From<std::io::Error> for ReleaseError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.to_string())
    }
}

/// What a release's signature says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Such as `farhand-agent`.
    pub program: String,
    /// Such as 1.2.3.
    pub version: Version,
    /// Such as `linux-x86_64-deb`.
    pub target: String,
    /// The file's name.
    pub file: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hex.
    pub sha256: String,
}

impl Release {
    /// Of a whole file.
    #[must_use]
    pub fn of(program: &str, version: Version, target: &str, file: &str, bytes: &[u8]) -> Self {
        let sha256 = crate::sha256(bytes);
        let [program, target, file] = [program, target, file].map(str::to_owned);
        Self { program, version, target, file, size: bytes.len() as u64, sha256 }
    }

    /// The comment that is signed.
    #[must_use]
    pub fn comment(&self) -> String {
        let Self { program, version, target, file, size, sha256 } = self;
        format!(
            "{DOMAIN} program={program} version={version} target={target} file={file} size={size} sha256={sha256}"
        )
    }

    /// The signature file for it.
    ///
    /// # Errors
    /// [`ReleaseError::Malformed`] for names that nobody would take, [`ReleaseError::File`] for bytes that it is not of.
    pub fn sign(&self, key: &SecretKey, bytes: &[u8]) -> Result<String, ReleaseError> {
        if Self::parse(&self.comment()).as_ref() != Some(self) {
            return Err(ReleaseError::Malformed);
        }
        if *self != Self::of(&self.program, self.version, &self.target, &self.file, bytes) {
            return Err(ReleaseError::File);
        }
        Ok(key.sign(&digest(bytes), &self.comment()))
    }

    fn parse(comment: &str) -> Option<Self> {
        let mut words = comment.split(' ');
        if words.next()? != DOMAIN {
            return None;
        }
        let mut field = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
        let program = field("program")?;
        let version = Version::parse(&field("version")?)?;
        let target = field("target")?;
        let file = field("file")?;
        let size = field("size")?;
        let sha256 = field("sha256")?;
        let name = |text: &str| {
            (1..=MAX_TEXT).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+~-".contains(&b))
                && !text.starts_with('.')
        };
        let whole = words.next().is_none() && name(&program) && name(&target) && name(&file);
        let hash = sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let size = size
            .parse::<u64>()
            .ok()
            .filter(|bytes| (1..=MAX_FILE).contains(bytes) && bytes.to_string() == size)?;
        let release = Self { program, version, target, file, size, sha256 };
        // One way of writing it, and no other.
        (whole && hash && release.comment() == comment).then_some(release)
    }
}

/// A release with a genuine signature: what it says may be believed, and its file checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    release: Release,
    signature: Signature,
    key: PublicKey,
}

impl Offer {
    /// Reads a signature file from far away.
    ///
    /// # Errors
    /// [`ReleaseError::Malformed`], or [`ReleaseError::Signature`] when it is not this key's.
    pub fn read(text: &[u8], key: &PublicKey) -> Result<Self, ReleaseError> {
        if text.len() > MAX_SIGNATURE {
            return Err(ReleaseError::Malformed);
        }
        let text = std::str::from_utf8(text).map_err(|_| ReleaseError::Malformed)?;
        let signature = Signature::read(text).map_err(|_| ReleaseError::Malformed)?;
        // Before anything of it is believed.
        let comment = signature.comment(key).ok_or(ReleaseError::Signature)?;
        let release = Release::parse(comment).ok_or(ReleaseError::Malformed)?;
        Ok(Self { release, signature, key: *key })
    }

    /// What is offered.
    #[must_use]
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// Whether it is an update for this program of this kind of machine: newer than `ours`.
    ///
    /// # Errors
    /// [`ReleaseError::Target`], [`ReleaseError::NotNewer`].
    pub fn judge(&self, program: &str, target: &str, ours: Version) -> Result<Version, ReleaseError> {
        if self.release.program != program || self.release.target != target {
            return Err(ReleaseError::Target);
        }
        if self.release.version <= ours {
            return Err(ReleaseError::NotNewer);
        }
        Ok(self.release.version)
    }

    /// Begins to check its file.
    #[must_use]
    pub fn check(&self) -> Check {
        Check {
            offer: self.clone(),
            sha: Context::new(&SHA256),
            blake: Box::new(Blake2b512::new()),
            left: self.release.size,
        }
    }
}

/// Checks a file as its bytes come.
pub struct Check {
    offer: Offer,
    sha: Context,
    blake: Box<Blake2b512>,
    left: u64,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("release", &self.offer.release)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl Check {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ReleaseError::File`] as soon as there are more bytes than were signed.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ReleaseError> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(ReleaseError::File)?;
        self.sha.update(bytes);
        self.blake.update(bytes);
        Ok(())
    }

    /// Whether every byte was the signed one.
    ///
    /// # Errors
    /// [`ReleaseError::File`].
    pub fn finish(self) -> Result<(), ReleaseError> {
        let digest: Digest = self.blake.finalize().into();
        let Offer { release, signature, key } = &self.offer;
        let right = self.left == 0
            && hex(self.sha.finish().as_ref()) == release.sha256
            && signature.covers(key, &digest);
        right.then_some(()).ok_or(ReleaseError::File)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: &str = "farhand-agent";
    const TARGET: &str = "linux-x86_64-deb";

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(*b"releases", [seed; 32])
    }

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    fn signed(key: &SecretKey, text: &str, bytes: &[u8]) -> String {
        let file = format!("farhand-agent_{text}_amd64.deb");
        Release::of(PROGRAM, version(text), TARGET, &file, bytes).sign(key, bytes).unwrap()
    }

    fn judge(text: &str, ours: &str) -> Result<Version, ReleaseError> {
        Offer::read(text.as_bytes(), &key(1).public())?.judge(PROGRAM, TARGET, version(ours))
    }

    #[test]
    fn versions_are_three_numbers_and_ordered_as_such() {
        assert!(version("0.10.0") > version("0.9.9") && version("1.0.0") > version("0.99.99"));
        for wrong in ["", "1", "1.2", "1.2.3.4", "1.2.x", "1.2.3-beta", "1..3", "1.2.9999999999", "+1.2.3"] {
            assert_eq!(Version::parse(wrong), None, "{wrong}");
        }
        assert_eq!(version("1.2.3").to_string(), "1.2.3");
        assert!(Version::ours() >= version("0.1.0"));
    }

    #[test]
    fn a_newer_signed_version_is_taken() {
        assert_eq!(judge(&signed(&key(1), "0.2.0", b"package"), "0.1.0"), Ok(version("0.2.0")));
    }

    #[test]
    fn an_older_version_is_refused_though_its_signature_is_genuine() {
        for old in ["0.1.9", "0.2.0"] {
            assert_eq!(
                judge(&signed(&key(1), old, b"package"), "0.2.0"),
                Err(ReleaseError::NotNewer),
                "{old}"
            );
        }
    }

    #[test]
    fn no_field_can_be_exchanged_under_its_signature() {
        let genuine = signed(&key(1), "0.2.0", b"package");
        for (from, to) in [
            ("version=0.2.0", "version=0.3.0"),
            ("target=linux-x86_64-deb", "target=linux-x86_64-rpm"),
            ("program=farhand-agent", "program=farhand-consol"),
            ("size=7", "size=8"),
            ("file=farhand", "file=farhanb"),
            ("sha256=", "sha256=0"),
        ] {
            let changed = genuine.replace(from, to);
            assert_ne!(changed, genuine);
            assert_eq!(judge(&changed, "0.1.0"), Err(ReleaseError::Signature), "{to}");
        }
        assert_eq!(judge(&signed(&key(2), "0.2.0", b"package"), "0.1.0"), Err(ReleaseError::Signature));
        let offer = Offer::read(genuine.as_bytes(), &key(1).public()).unwrap();
        for (program, target) in [(PROGRAM, "linux-aarch64-deb"), ("farhand-console", TARGET)] {
            assert_eq!(offer.judge(program, target, version("0.1.0")), Err(ReleaseError::Target));
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused_though_they_are_signed() {
        let good = Release::of(PROGRAM, version("0.2.0"), TARGET, "a.deb", b"package");
        for file in ["../x.deb", "", "a/b.deb", ".deb", "a b", "a\\b", "ä", &"a".repeat(101)] {
            let evil = Release { file: file.into(), ..good.clone() };
            assert_eq!(evil.sign(&key(1), b"package"), Err(ReleaseError::Malformed), "{file}");
            let text = key(1).sign(&digest(b"package"), &evil.comment());
            assert_eq!(judge(&text, "0.1.0"), Err(ReleaseError::Malformed), "{file}");
        }
        for comment in
            ["", "farhand-release-1", "farhand-start-1 program=x", &format!("{} more=1", good.comment())]
        {
            let text = key(1).sign(&digest(b"package"), comment);
            assert_eq!(judge(&text, "0.1.0"), Err(ReleaseError::Malformed), "{comment}");
        }
        assert_eq!(good.sign(&key(1), b"other"), Err(ReleaseError::File));
    }

    #[test]
    fn a_file_is_the_signed_one_to_the_byte_or_refused() {
        let offer = Offer::read(signed(&key(1), "0.2.0", b"package").as_bytes(), &key(1).public()).unwrap();
        let check = |pieces: &[&[u8]]| {
            let mut check = offer.check();
            for piece in pieces {
                check.push(piece)?;
            }
            check.finish()
        };
        assert_eq!(check(&[b"pack", b"", b"age"]), Ok(()));
        for wrong in [&b"packagf"[..], b"packag", b"", b"packages", b"apckage"] {
            assert_eq!(check(&[wrong]), Err(ReleaseError::File));
        }
    }
}

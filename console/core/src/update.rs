//! Newer versions: where they come from, and why one is believed.
//!
//! The service offers a [`Release`] as JSON. Its signature (Ed25519, by a key whose public half is built in) covers the
//! version, the target, the size and the hash of the package together, so that no part can be exchanged; a version that
//! is not newer than this one is refused, so that an old one with a known hole cannot be offered again. The package is
//! handed to the system's installer only when every byte of it is the signed one.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, SHA256};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// The largest package, in bytes.
pub const MAX_PACKAGE: u64 = 512 * 1024 * 1024;
/// The longest version, target, and name of a package, in bytes.
const MAX_TEXT: usize = 100;
/// What is signed begins with this, so that a signature for something else never fits.
const DOMAIN: &str = "farhand-console-update-1";

/// A version of the program, such as 1.2.3.
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

    /// The version of this program.
    #[must_use]
    pub fn ours() -> Self {
        Self::parse(env!("CARGO_PKG_VERSION")).expect("the workspace's version is three numbers")
    }
}

/// What the service offers at `/download/console/TARGET.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Such as `1.2.3`.
    pub version: String,
    /// Such as `linux-x86_64-deb`.
    pub target: String,
    /// Name of the package beside this file.
    pub package: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hex.
    pub sha256: String,
    /// Base64 of the signature over all of the above.
    pub signature: String,
}

/// Why a release or its package is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// A field is not what it should be.
    #[error("the offer is malformed")]
    Malformed,
    /// Nobody who may has signed it.
    #[error("the offer's signature is not genuine")]
    Signature,
    /// It is for another kind of machine.
    #[error("the offer is for another system")]
    Target,
    /// It is this version, or an older one.
    #[error("the version offered is not newer than this one")]
    NotNewer,
    /// The package is not the signed one.
    #[error("the package is not the one that was signed")]
    Package,
    /// The file system's error.
    #[error("the package could not be written: {0}")]
    File(String),
}

impl From<io::Error> for UpdateError {
    fn from(error: io::Error) -> Self {
        Self::File(error.to_string())
    }
}

impl Release {
    /// What is signed.
    #[must_use]
    pub fn signed_text(&self) -> Vec<u8> {
        let Self { version, target, package, size, sha256, signature: _ } = self;
        [DOMAIN, version, target, package, &size.to_string(), sha256].join("\n").into_bytes()
    }

    /// Whether it is genuine, for this machine, and newer than `ours`.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn judge(&self, key: &[u8], target: &str, ours: Version) -> Result<Version, UpdateError> {
        let name = |text: &str| {
            (1..=MAX_TEXT).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+~-".contains(&b))
                && !text.starts_with('.')
        };
        let hash = self.sha256.len() == 64 && self.sha256.bytes().all(|b| b.is_ascii_hexdigit());
        if !name(&self.version) || !name(&self.target) || !name(&self.package) || !hash {
            return Err(UpdateError::Malformed);
        }
        // Before anything of it is believed.
        let signature = STANDARD.decode(&self.signature).map_err(|_| UpdateError::Signature)?;
        UnparsedPublicKey::new(&ED25519, key)
            .verify(&self.signed_text(), &signature)
            .map_err(|_| UpdateError::Signature)?;
        if self.target != target {
            return Err(UpdateError::Target);
        }
        if self.size == 0 || self.size > MAX_PACKAGE {
            return Err(UpdateError::Malformed);
        }
        match Version::parse(&self.version) {
            None => Err(UpdateError::Malformed),
            Some(version) if version > ours => Ok(version),
            Some(_) => Err(UpdateError::NotNewer),
        }
    }
}

/// A package on its way: written beside its place, and given its name only when it is whole and right.
pub struct Download {
    file: File,
    beside: PathBuf,
    place: PathBuf,
    hash: Context,
    left: u64,
    expected: String,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("place", &self.place)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl Download {
    /// Begins one in `folder`, for a release that was judged.
    ///
    /// # Errors
    /// [`UpdateError::File`].
    pub fn begin(folder: &Path, release: &Release) -> Result<Self, UpdateError> {
        std::fs::create_dir_all(folder)?;
        let place = folder.join(&release.package);
        let beside = folder.join(format!("{}.part", release.package));
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(&beside)?;
        let expected = release.sha256.to_ascii_lowercase();
        Ok(Self { file, beside, place, hash: Context::new(&SHA256), left: release.size, expected })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`UpdateError`]; more bytes than were signed are refused before they are written.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), UpdateError> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(UpdateError::Package)?;
        self.hash.update(bytes);
        self.file.write_all(bytes)?;
        Ok(())
    }

    /// The package's path, when it is whole and the signed one.
    ///
    /// # Errors
    /// [`UpdateError`]; the file is gone then.
    pub fn finish(self) -> Result<PathBuf, UpdateError> {
        let found: String = self.hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        if self.left != 0 || found != self.expected {
            let _ = std::fs::remove_file(&self.beside);
            return Err(UpdateError::Package);
        }
        self.file.sync_all()?;
        std::fs::rename(&self.beside, &self.place)?;
        Ok(self.place)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    pub(crate) const TARGET: &str = "linux-x86_64-deb";

    pub(crate) fn key() -> Ed25519KeyPair {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
    }

    pub(crate) fn release(key: &Ed25519KeyPair, version: &str, package: &[u8]) -> Release {
        let hash = ring::digest::digest(&SHA256, package);
        let mut release = Release {
            version: version.into(),
            target: TARGET.into(),
            package: "farhand-console.deb".into(),
            size: package.len() as u64,
            sha256: hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
            signature: String::new(),
        };
        release.signature = STANDARD.encode(key.sign(&release.signed_text()));
        release
    }

    fn judge(release: &Release, key: &Ed25519KeyPair, ours: &str) -> Result<Version, UpdateError> {
        release.judge(key.public_key().as_ref(), TARGET, Version::parse(ours).unwrap())
    }

    #[test]
    fn versions_are_three_numbers_and_ordered_as_such() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("0.10.0") > version("0.9.9") && version("1.0.0") > version("0.99.99"));
        for wrong in ["", "1", "1.2", "1.2.3.4", "1.2.x", "1.2.3-beta", "1..3", "1.2.9999999999", "+1.2.3"] {
            assert_eq!(Version::parse(wrong), None, "{wrong}");
        }
        assert!(Version::ours() >= version("0.1.0"));
    }

    #[test]
    fn a_newer_signed_version_is_taken() {
        let key = key();
        assert_eq!(judge(&release(&key, "0.2.0", b"package"), &key, "0.1.0"), Ok(Version([0, 2, 0])));
    }

    #[test]
    fn an_older_version_is_refused_though_its_signature_is_genuine() {
        let key = key();
        for old in ["0.1.9", "0.2.0"] {
            assert_eq!(
                judge(&release(&key, old, b"package"), &key, "0.2.0"),
                Err(UpdateError::NotNewer),
                "{old}"
            );
        }
    }

    #[test]
    fn no_field_can_be_exchanged_under_its_signature() {
        let ours = key();
        let genuine = release(&ours, "0.2.0", b"package");
        let changed = [
            Release { version: "0.3.0".into(), ..genuine.clone() },
            Release { target: "linux-x86_64-rpm".into(), ..genuine.clone() },
            Release { package: "other.deb".into(), ..genuine.clone() },
            Release { size: 8, ..genuine.clone() },
            Release { sha256: "00".repeat(32), ..genuine.clone() },
            Release { signature: String::new(), ..genuine.clone() },
            release(&key(), "0.2.0", b"package"),
        ];
        for release in changed {
            assert_eq!(judge(&release, &ours, "0.1.0"), Err(UpdateError::Signature), "{release:?}");
        }
        for package in ["../x.deb", "", "a/b.deb", ".deb", "a\nb"] {
            let evil = Release { package: package.into(), ..genuine.clone() };
            assert_eq!(judge(&evil, &ours, "0.1.0"), Err(UpdateError::Malformed), "{package}");
        }
        let other = genuine.judge(ours.public_key().as_ref(), "linux-aarch64-deb", Version([0, 1, 0]));
        assert_eq!(other, Err(UpdateError::Target));
    }

    #[test]
    fn a_package_gets_its_name_only_when_every_byte_is_the_signed_one() {
        let place = tempfile::tempdir().unwrap();
        let release = release(&key(), "0.2.0", b"package");
        let write = |bytes: &[u8]| {
            let mut download = Download::begin(place.path(), &release)?;
            download.push(bytes)?;
            download.finish()
        };
        for wrong in [&b"packagf"[..], b"packag", b"", b"packages"] {
            assert_eq!(write(wrong), Err(UpdateError::Package));
            assert!(!place.path().join(&release.package).exists());
        }
        let path = write(b"package").unwrap();
        assert_eq!(std::fs::read(path).unwrap(), b"package");
    }
}

//! A release's file on its way to this machine.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::release::{Check, Offer, ReleaseError};

/// A file on its way: written beside its place, and given its name only when it is whole and right.
#[derive(Debug)]
pub struct Download {
    file: File,
    beside: PathBuf,
    place: PathBuf,
    check: Check,
}

impl Download {
    /// Begins one in `folder`, for an offer that was judged.
    ///
    /// # Errors
    /// [`ReleaseError::Disk`].
    pub fn begin(folder: &Path, offer: &Offer) -> Result<Self, ReleaseError> {
        std::fs::create_dir_all(folder)?;
        let name = &offer.release().file;
        let place = folder.join(name);
        let beside = folder.join(format!("{name}.part"));
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(&beside)?;
        Ok(Self { file, beside, place, check: offer.check() })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ReleaseError`]; more bytes than were signed are refused before they are written.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ReleaseError> {
        self.check.push(bytes)?;
        self.file.write_all(bytes)?;
        Ok(())
    }

    /// The file's path, when it is whole and the signed one.
    ///
    /// # Errors
    /// [`ReleaseError`]; the file is gone then.
    pub fn finish(self) -> Result<PathBuf, ReleaseError> {
        let Self { file, beside, place, check } = self;
        let kept = check.finish().and_then(|()| Ok(file.sync_all()?));
        drop(file);
        let named = kept.and_then(|()| Ok(std::fs::rename(&beside, &place)?));
        match named {
            Ok(()) => Ok(place),
            Err(error) => {
                let _ = std::fs::remove_file(&beside);
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Release, SecretKey, Version};

    #[test]
    fn a_file_gets_its_name_only_when_every_byte_is_the_signed_one() {
        let place = tempfile::tempdir().unwrap();
        let key = SecretKey::from_seed([1; 8], [1; 32]);
        let version = Version::parse("0.2.0").unwrap();
        let release = Release::of("farhand-agent", version, "linux-x86_64-deb", "agent.deb", b"package");
        let offer = Offer::read(release.sign(&key, b"package").unwrap().as_bytes(), &key.public()).unwrap();
        let write = |bytes: &[u8]| {
            let mut download = Download::begin(place.path(), &offer)?;
            download.push(bytes)?;
            download.finish()
        };
        for wrong in [&b"packagf"[..], b"packag", b"", b"packages"] {
            assert_eq!(write(wrong), Err(ReleaseError::File));
            assert!(!place.path().join("agent.deb").exists());
        }
        let path = write(b"package").unwrap();
        assert_eq!(std::fs::read(path).unwrap(), b"package");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "nothing stays beside it");
    }
}

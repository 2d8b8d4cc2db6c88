//! Signed releases in a folder: what customers download, and programs update themselves with. Only what is signed with
//! the one key is offered, and only as long as it is the file that was checked: a file that changed is checked anew
//! before another byte of it is handed out.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use farhand_release::minisign::MAX_SIGNATURE;
use farhand_release::{Offer, Release, ReleaseError};

use crate::config::SignedFolder;

/// What a release's signature is called: as the file, with this behind it.
const SIGNATURE: &str = ".minisig";
/// Releases of a folder at most. What is more is left out, and said.
const MAX_RELEASES: usize = 64;
/// A file is read in pieces of so many bytes.
const PIECE: usize = 64 * 1024;

/// The folder, and what was found in it.
#[derive(Debug)]
pub struct Downloads {
    from: SignedFolder,
    known: Mutex<HashMap<PathBuf, Known>>,
}

/// A release that is offered.
#[derive(Debug)]
pub struct Offered {
    /// What its signature says.
    pub release: Release,
    /// Its signature file.
    pub signature: Vec<u8>,
    path: PathBuf,
    stamp: Stamp,
}

#[derive(Debug)]
struct Known {
    signature: Stamp,
    file: Option<Stamp>,
    /// None where it is refused.
    offered: Option<Arc<Offered>>,
}

/// By what a changed file is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    changed: Option<SystemTime>,
    #[cfg(unix)]
    place: (u64, u64, i64, i64),
}

impl Stamp {
    fn of(about: &Metadata) -> Self {
        Self {
            size: about.len(),
            changed: about.modified().ok(),
            #[cfg(unix)]
            place: {
                use std::os::unix::fs::MetadataExt as _;
                (about.dev(), about.ino(), about.ctime(), about.ctime_nsec())
            },
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    File(#[from] io::Error),
    #[error("{0}")]
    Release(#[from] ReleaseError),
    #[error("its signature is for another file name")]
    Name,
    #[error("it is no plain file")]
    Kind,
}

impl Downloads {
    /// Of a folder that can be read.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(from: SignedFolder) -> io::Result<Self> {
        std::fs::read_dir(&from.folder)?;
        Ok(Self { from, known: Mutex::default() })
    }

    /// Who signs what is offered: minisign's line.
    #[must_use]
    pub fn key(&self) -> String {
        self.from.key.to_string()
    }

    /// The newest release of each target of a program, by target. Looks at the disk.
    #[must_use]
    pub fn of(&self, program: &str) -> Vec<Arc<Offered>> {
        let mut newest: HashMap<String, Arc<Offered>> = HashMap::new();
        for offered in self.all() {
            let release = &offered.release;
            let better =
                newest.get(&release.target).is_none_or(|known| known.release.version < release.version);
            if release.program == program && better {
                newest.insert(release.target.clone(), offered);
            }
        }
        let mut newest: Vec<_> = newest.into_values().collect();
        newest.sort_by(|a, b| a.release.target.cmp(&b.release.target));
        newest
    }

    /// The file with this name of a program, as it was checked. Looks at the disk.
    ///
    /// # Errors
    /// The file system's, and that the file was changed this very moment.
    pub fn file(&self, program: &str, name: &str) -> io::Result<Option<(Arc<Offered>, File)>> {
        let found =
            self.all().into_iter().find(|it| it.release.program == program && it.release.file == name);
        let Some(offered) = found else { return Ok(None) };
        let file = File::open(&offered.path)?;
        if Stamp::of(&file.metadata()?) != offered.stamp {
            return Err(io::Error::other("the file is being changed"));
        }
        Ok(Some((offered, file)))
    }

    /// Everything that is offered. Files that have not changed are not read again.
    fn all(&self) -> Vec<Arc<Offered>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = HashMap::new();
        for path in self.signatures() {
            let stamp = |path: &Path| std::fs::symlink_metadata(path).ok().as_ref().map(Stamp::of);
            let Some(signature) = stamp(&path) else { continue };
            let file = stamp(&path.with_extension(""));
            let before = known.remove(&path).filter(|it| it.signature == signature && it.file == file);
            let entry = before.unwrap_or_else(|| {
                let offered = self.check(&path).inspect_err(|why| {
                    tracing::warn!(file = %path.display(), %why, "a release is not offered");
                });
                Known { signature, file, offered: offered.ok().map(Arc::new) }
            });
            now.insert(path, entry);
        }
        *known = now;
        known.values().filter_map(|it| it.offered.clone()).collect()
    }

    fn signatures(&self) -> Vec<PathBuf> {
        let entries = match std::fs::read_dir(&self.from.folder) {
            Ok(entries) => entries,
            Err(error) => {
                tracing::error!(%error, "the folder of releases cannot be read");
                return Vec::new();
            }
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(SIGNATURE)).collect();
        names.sort();
        if names.len() > MAX_RELEASES {
            tracing::warn!(count = names.len(), "only {MAX_RELEASES} releases are offered: remove old ones");
            names.truncate(MAX_RELEASES);
        }
        names.into_iter().map(|name| self.from.folder.join(name)).collect()
    }

    /// Reads a whole release and holds it against its signature.
    fn check(&self, signature: &Path) -> Result<Offered, Refused> {
        let mut text = Vec::new();
        plain(signature)?.take(MAX_SIGNATURE as u64 + 1).read_to_end(&mut text)?;
        let offer = Offer::read(&text, &self.from.key)?;
        let path = signature.with_extension("");
        if path.file_name().and_then(|name| name.to_str()) != Some(offer.release().file.as_str()) {
            return Err(Refused::Name);
        }
        let mut file = plain(&path)?;
        let stamp = Stamp::of(&file.metadata()?);
        let mut check = offer.check();
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                break;
            }
            check.push(&piece[..read])?;
        }
        check.finish()?;
        Ok(Offered { release: offer.release().clone(), signature: text, path, stamp })
    }
}

/// Opens a file that is one: a link could lead out of the folder.
fn plain(path: &Path) -> Result<File, Refused> {
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(Refused::Kind);
    }
    Ok(File::open(path)?)
}

#[cfg(test)]
mod tests {
    use farhand_release::{SecretKey, Version};

    use super::*;

    const PROGRAM: &str = "farhand-agent";
    const TARGET: &str = "linux-x86_64-deb";

    fn key() -> SecretKey {
        SecretKey::from_seed([1; 8], [1; 32])
    }

    struct Folder(tempfile::TempDir, Downloads);

    impl Folder {
        fn new() -> Self {
            let place = tempfile::tempdir().unwrap();
            let from = SignedFolder { folder: place.path().to_owned(), key: key().public() };
            let downloads = Downloads::open(from).unwrap();
            Self(place, downloads)
        }

        fn put(&self, by: &SecretKey, version: &str, name: &str, bytes: &[u8]) {
            let release = Release::of(PROGRAM, Version::parse(version).unwrap(), TARGET, name, bytes);
            self.write(name, bytes);
            self.write(&format!("{name}{SIGNATURE}"), release.sign(by, bytes).unwrap().as_bytes());
        }

        fn write(&self, name: &str, bytes: &[u8]) {
            // As a release is put there: beside its place, and then renamed, so that nobody reads half of it.
            let beside = self.0.path().join("beside");
            std::fs::write(&beside, bytes).unwrap();
            std::fs::rename(beside, self.0.path().join(name)).unwrap();
        }

        fn offered(&self) -> Vec<String> {
            self.1.of(PROGRAM).iter().map(|it| it.release.file.clone()).collect()
        }

        fn read(&self, name: &str) -> Option<Vec<u8>> {
            let (_, mut file) = self.1.file(PROGRAM, name).unwrap()?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            Some(bytes)
        }
    }

    #[test]
    fn the_newest_genuine_release_of_a_target_is_offered() {
        let folder = Folder::new();
        assert!(folder.offered().is_empty());
        folder.put(&key(), "0.9.0", "agent_0.9.0.deb", b"nine");
        folder.put(&key(), "0.10.0", "agent_0.10.0.deb", b"ten");
        assert_eq!(folder.offered(), ["agent_0.10.0.deb"]);
        assert_eq!(folder.read("agent_0.10.0.deb").unwrap(), b"ten");
        assert!(folder.1.of("farhand-console").is_empty());
        assert!(folder.1.file("farhand-console", "agent_0.10.0.deb").unwrap().is_none());
        for other in ["../agent_0.10.0.deb", "agent_0.10.0.deb.minisig", "", "beside"] {
            assert!(folder.read(other).is_none(), "{other}");
        }
    }

    #[test]
    fn nothing_is_offered_that_is_not_what_was_signed() {
        let folder = Folder::new();
        folder.put(&SecretKey::from_seed([1; 8], [2; 32]), "0.2.0", "stranger.deb", b"package");
        folder.put(&key(), "0.2.0", "flipped.deb", b"package");
        folder.write("flipped.deb", b"packagE");
        folder.put(&key(), "0.2.0", "longer.deb", b"package");
        folder.write("longer.deb", b"package!");
        folder.put(&key(), "0.2.0", "cut.deb", b"package");
        folder.write("cut.deb", b"packag");
        folder.put(&key(), "0.2.0", "one.deb", b"package");
        let signature = std::fs::read(folder.0.path().join("one.deb.minisig")).unwrap();
        std::fs::remove_file(folder.0.path().join("one.deb.minisig")).unwrap();
        folder.write("swapped.deb", b"package");
        folder.write("swapped.deb.minisig", &signature);
        folder.write("nonsense.deb.minisig", b"hello");
        folder.write("alone.deb", b"package");
        assert!(folder.offered().is_empty(), "{:?}", folder.offered());
        assert!(folder.read("flipped.deb").is_none() && folder.read("one.deb").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_nowhere() {
        let (folder, outside) = (Folder::new(), Folder::new());
        outside.put(&key(), "0.2.0", "agent.deb", b"package");
        for name in ["agent.deb", "agent.deb.minisig"] {
            std::os::unix::fs::symlink(outside.0.path().join(name), folder.0.path().join(name)).unwrap();
        }
        assert!(folder.offered().is_empty());
    }

    #[test]
    fn a_file_that_changes_is_checked_anew() {
        let folder = Folder::new();
        folder.put(&key(), "0.2.0", "agent.deb", b"package");
        assert_eq!(folder.offered(), ["agent.deb"]);
        folder.write("agent.deb", b"pAckage");
        assert!(folder.offered().is_empty() && folder.read("agent.deb").is_none());
        folder.put(&key(), "0.3.0", "agent.deb", b"pAckage");
        assert_eq!(folder.read("agent.deb").unwrap(), b"pAckage");
        std::fs::remove_file(folder.0.path().join("agent.deb.minisig")).unwrap();
        assert!(folder.offered().is_empty());
    }
}

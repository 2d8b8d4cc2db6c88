//! The folder that the program keeps its files in: small ones, replaced as a whole.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// No file here is larger, in bytes; a larger one is not read.
const MAX_FILE: u64 = 256 * 1024;

/// The program's folder. Only its owner can read it, where the system knows owners.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes it, if it is not there.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self { path: path.to_owned() })
    }

    /// The path of a file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Reads a file as JSON. None when it is absent, too large, or not what it should be.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let mut text = Vec::new();
        File::open(self.file(name)).ok()?.take(MAX_FILE).read_to_end(&mut text).ok()?;
        match serde_json::from_slice(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                tracing::warn!(name, %error, "a file of this program cannot be read; its defaults are used");
                None
            }
        }
    }

    /// Replaces a file: whoever reads it sees the old one or the new one, also after a crash.
    ///
    /// # Errors
    /// The file system's.
    pub fn write<T: Serialize>(&self, name: &str, value: &T) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(value)?;
        let beside = self.file(&format!("{name}.new"));
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(beside, self.file(name))
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// The file system's.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.file(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_a_broken_file_is_none() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("console")).unwrap();
        assert_eq!(folder.read::<Vec<u8>>("a.json"), None);
        folder.write("a.json", &vec![1_u8, 2]).unwrap();
        folder.write("a.json", &vec![3_u8]).unwrap();
        assert_eq!(folder.read::<Vec<u8>>("a.json"), Some(vec![3]));
        fs::write(folder.file("a.json"), b"{").unwrap();
        assert_eq!(folder.read::<Vec<u8>>("a.json"), None);
        folder.remove("a.json").unwrap();
        folder.remove("a.json").unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("console")).unwrap();
        folder.write("a.json", &1).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place.path().join("console")), 0o700);
        assert_eq!(mode(&folder.file("a.json")), 0o600);
    }
}

//! The customer's own folder for what they choose once: who may never ask again, and how control is taken back.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The folder: below `XDG_CONFIG_HOME`, what the system names instead, or the home folder. None where there is none.
#[must_use]
pub fn folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let config = variable("XDG_CONFIG_HOME")
        .filter(absolute)
        .or_else(|| variable("APPDATA").filter(absolute))
        .or_else(|| variable("HOME").filter(absolute).map(|home| home.join(".config")))?;
    Some(config.join("farhand"))
}

/// Replaces a file: whoever reads it sees the old one or the new one, also after the power went out. Nobody else may
/// read it.
///
/// # Errors
/// The file system's.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let mut beside = path.to_owned();
    beside.set_extension(format!("{}.new", std::process::id()));
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_is_nobody_elses() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("farhand/blocked.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(home.path().join("farhand")).unwrap().count(), 1, "nothing stays beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn the_folder_comes_from_the_environment() {
        let at = |name: &str| (name == "HOME").then(|| PathBuf::from("/home/me"));
        assert_eq!(folder(at), Some("/home/me/.config/farhand".into()));
        let at = |name: &str| (name == "XDG_CONFIG_HOME").then(|| PathBuf::from("/etc/me"));
        assert_eq!(folder(at), Some("/etc/me/farhand".into()));
        assert_eq!(folder(|_| None), None);
    }
}

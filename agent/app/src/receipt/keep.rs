//! Where receipts lie on the customer's computer: in the program's own folder for [`KEPT_FOR`], and wherever the customer
//! saves one.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use farhand_seal::receipt::MAX_RECEIPT;

/// A receipt stays in the program's folder for so long; after that it goes when the next session begins.
pub const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How a receipt's file name ends.
pub const ENDING: &str = "farhand-receipt";

/// The program's folder for receipts: below `XDG_DATA_HOME`, the home folder, or what the system names instead. None
/// where there is no such folder.
#[must_use]
pub fn folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let data = variable("XDG_DATA_HOME")
        .filter(absolute)
        .or_else(|| variable("LOCALAPPDATA").filter(absolute))
        .or_else(|| variable("HOME").filter(absolute).map(|home| home.join(".local/share")))?;
    Some(data.join("farhand").join("receipts"))
}

/// Where a receipt is offered to be saved: the desktop's folder for documents, or the home folder.
#[must_use]
pub fn documents(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    known_folder("XDG_DOCUMENTS_DIR", "Documents", variable)
}

/// Where files go that come from a technician: the desktop's folder for downloads, or the home folder.
#[must_use]
pub fn downloads(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    known_folder("XDG_DOWNLOAD_DIR", "Downloads", variable)
}

fn known_folder(key: &str, usual: &str, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let home = variable("HOME").or_else(|| variable("USERPROFILE")).filter(|path| path.is_absolute())?;
    let config = variable("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    let named = read(&config.join("user-dirs.dirs"), 64 * 1024).ok().and_then(|text| {
        let text = String::from_utf8(text).ok()?;
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
        let path = line.trim_matches('"');
        Some(path.strip_prefix("$HOME/").map_or_else(|| PathBuf::from(path), |rest| home.join(rest)))
    });
    let usual = [named, Some(home.join(usual)), Some(home)].into_iter().flatten();
    usual.filter(|path| path.is_absolute()).find(|path| path.is_dir())
}

/// A variable of the environment, as a path.
#[must_use]
pub fn environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The file name of a receipt that began then (milliseconds since 1970). Nothing of the far side is in it.
#[must_use]
pub fn file_name(started: u64) -> String {
    let (year, month, day, hour, minute, second) = calendar(started);
    format!("{year:04}-{month:02}-{day:02} {hour:02}{minute:02}{second:02} UTC.{ENDING}")
}

/// Year, month, day, hour, minute and second of a time in milliseconds since 1970, UTC.
#[must_use]
pub const fn calendar(at: u64) -> (u64, u64, u64, u64, u64, u64) {
    let seconds = at / 1000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's civil_from_days, for days since 1970 only. An era has 400 years.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + (month <= 2) as u64;
    (year, month, day, rest / 3600, rest / 60 % 60, rest % 60)
}

/// Replaces the file of a session: whoever reads it sees the old one or the new one.
///
/// # Errors
/// The file system's.
pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    let (path, beside) = (folder.join(name), folder.join(format!("{name}.new")));
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(&beside)?.write_all(bytes)?;
    fs::rename(beside, &path)?;
    Ok(path)
}

/// Removes receipts that have been kept for longer than [`KEPT_FOR`].
pub fn tidy(folder: &Path, now: SystemTime) {
    let Ok(files) = fs::read_dir(folder) else { return };
    for file in files.flatten() {
        let ours = file.path().extension().is_some_and(|ending| ending == ENDING || ending == "new");
        let written = file.metadata().and_then(|about| about.modified());
        let old = written.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > KEPT_FOR));
        if ours
            && old
            && let Err(error) = fs::remove_file(file.path())
        {
            tracing::debug!(%error, "an old receipt stays");
        }
    }
}

/// Saves the receipt where the customer wants it. Nothing is written over.
///
/// # Errors
/// The file system's; `AlreadyExists` where a file stands, `InvalidInput` for no whole path.
pub fn save(kept: &Path, wanted: &str) -> io::Result<PathBuf> {
    let wanted = PathBuf::from(wanted.trim());
    if !wanted.is_absolute() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let bytes = read(kept, MAX_RECEIPT as u64)?;
    // A folder is enough: the file gets its usual name.
    let wanted = match (wanted.is_dir(), kept.file_name()) {
        (true, Some(name)) => wanted.join(name),
        _ => wanted,
    };
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(&wanted)?.write_all(&bytes)?;
    Ok(wanted)
}

/// Reads a file that is not larger than so many bytes.
///
/// # Errors
/// The file system's; `FileTooLarge`.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_the_time_and_nothing_of_the_far_side() {
        assert_eq!(file_name(1_790_000_000_000), "2026-09-21 141320 UTC.farhand-receipt");
        assert_eq!(calendar(0), (1970, 1, 1, 0, 0, 0));
        assert_eq!(calendar(951_782_400_000), (2000, 2, 29, 0, 0, 0));
        assert_eq!(calendar(1_709_251_199_000), (2024, 2, 29, 23, 59, 59));
    }

    #[test]
    fn saving_never_writes_over_a_file_and_takes_a_folder() {
        let home = tempfile::tempdir().unwrap();
        let kept = write(&home.path().join("kept"), "r.farhand-receipt", b"receipt").unwrap();
        let target = home.path().join("mine");
        assert_eq!(save(&kept, target.to_str().unwrap()).unwrap(), target);
        assert_eq!(fs::read(&target).unwrap(), b"receipt");
        let again = save(&kept, target.to_str().unwrap()).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(save(&kept, "mine").unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(save(&kept, "").unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let saved = save(&kept, home.path().to_str().unwrap()).unwrap();
        assert_eq!(saved, home.path().join("r.farhand-receipt"));
    }

    #[test]
    fn old_receipts_go_and_new_ones_and_strangers_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let old = write(folder.path(), "old.farhand-receipt", b"x").unwrap();
        let strange = folder.path().join("letter.txt");
        fs::write(&strange, b"x").unwrap();
        tidy(folder.path(), SystemTime::now());
        assert!(old.exists());
        tidy(folder.path(), SystemTime::now() + KEPT_FOR + Duration::from_secs(60));
        assert!(!old.exists() && strange.exists());
    }

    #[test]
    fn folders_come_from_the_environment() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| (name == "HOME").then(|| home.path().to_owned());
        assert_eq!(folder(at), Some(home.path().join(".local/share/farhand/receipts")));
        assert_eq!(folder(|_| None), None);
        assert_eq!(folder(|name| (name == "XDG_DATA_HOME").then(|| "relative".into())), None);
        assert_eq!(documents(at), Some(home.path().to_owned()));
        fs::create_dir_all(home.path().join(".config")).unwrap();
        fs::create_dir_all(home.path().join("Dokumente")).unwrap();
        fs::write(home.path().join(".config/user-dirs.dirs"), "XDG_DOCUMENTS_DIR=\"$HOME/Dokumente\"\n")
            .unwrap();
        assert_eq!(documents(at), Some(home.path().join("Dokumente")));
    }
}

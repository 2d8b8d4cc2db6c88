//! The root key: what wraps the tenants' keys. It lies outside the database, so that a copy of the database alone opens
//! nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::VaultError;
use super::seal::{KEY_LEN, Key};
use crate::identity::hex;
use crate::tls::write_secret;

/// Name of the root key's file within the data folder.
pub const FILE: &str = "root.key";
/// The systemd credential (`LoadCredential=farhand-root-key:/…`).
pub const CREDENTIAL: &str = "farhand-root-key";
/// The variable, for an `EnvironmentFile=` that only root can read.
pub const VARIABLE: &str = "FARHAND_ROOT_KEY";
/// A root key's text is shorter than this, in bytes.
const MAX_TEXT: u64 = 64 * 1024;

/// Where the root key comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum RootSource {
    /// A file of ours, made at the first start with mode 0600.
    File(PathBuf),
    /// A file that somebody else provides, such as systemd.
    Provided(PathBuf),
    /// The text itself.
    Text(String),
}

impl fmt::Debug for RootSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Provided(path) => f.debug_tuple("Provided").field(path).finish(),
            Self::Text(_) => f.write_str("Text(..)"),
        }
    }
}

impl RootSource {
    /// The file in the data folder.
    #[must_use]
    pub fn file(data: &Path) -> Self {
        Self::File(data.join(FILE))
    }

    /// The variable `FARHAND_ROOT_KEY`, else the systemd credential `farhand-root-key`, else the file in the data folder.
    #[must_use]
    pub fn find(data: &Path, variable: impl Fn(&str) -> Option<String>) -> Self {
        if let Some(text) = variable(VARIABLE) {
            return Self::Text(text);
        }
        let credential = variable("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join(CREDENTIAL));
        match credential {
            Some(path) if path.exists() => Self::Provided(path),
            Some(_) | None => Self::file(data),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Provided(path) => path.display().to_string(),
            Self::Text(_) => format!("the variable {VARIABLE}"),
        }
    }
}

/// The root key in all its versions; the newest wraps.
#[derive(Clone, Debug)]
pub struct RootKeys {
    source: RootSource,
    keys: BTreeMap<u32, Key>,
}

impl RootKeys {
    /// Reads it. `first` says that nothing was ever wrapped, so that a missing file may be made.
    ///
    /// # Errors
    /// [`VaultError::Root`], a sentence that says what to do.
    pub fn load(source: RootSource, first: bool) -> Result<Self, VaultError> {
        let text = match &source {
            RootSource::Text(text) => text.clone(),
            RootSource::File(path) => {
                if !path.exists() {
                    return Self::make(source.clone(), first);
                }
                private(path)?;
                read(path)?
            }
            RootSource::Provided(path) => read(path)?,
        };
        let keys = parse(&text).map_err(|why| VaultError::Root { place: source.name(), why })?;
        Ok(Self { source, keys })
    }

    fn make(source: RootSource, first: bool) -> Result<Self, VaultError> {
        if !first {
            return Err(VaultError::Root {
                place: source.name(),
                why: "it is not there, but keys that it wrapped are. Put the root key back from where it is kept apart; \
                      without it nothing that was sealed can be read"
                    .into(),
            });
        }
        let made = Self { source, keys: BTreeMap::from([(1, Key::generate())]) };
        made.save()?;
        Ok(made)
    }

    /// The newest version and its key.
    ///
    /// # Panics
    /// Never: there is at least one.
    #[must_use]
    pub fn newest(&self) -> (u32, &Key) {
        self.keys.last_key_value().map(|(version, key)| (*version, key)).expect("a root key was read or made")
    }

    /// The key of this version.
    #[must_use]
    pub fn version(&self, version: u32) -> Option<&Key> {
        self.keys.get(&version)
    }

    /// Adds a version, where the root key is a file of ours; one that is provided is changed by whoever provides it.
    /// Returns whether it was added.
    ///
    /// # Errors
    /// [`VaultError::Root`] when the file cannot be written.
    pub fn add_version(&mut self) -> Result<bool, VaultError> {
        if !matches!(self.source, RootSource::File(_)) {
            return Ok(false);
        }
        let next = self.newest().0 + 1;
        self.keys.insert(next, Key::generate());
        self.save()?;
        Ok(true)
    }

    /// Forgets every version but the newest. What they wrapped can then be unwrapped nowhere, in no backup.
    ///
    /// # Errors
    /// [`VaultError::Root`] when the file cannot be written.
    pub fn forget_old(&mut self) -> Result<(), VaultError> {
        let newest = self.newest().0;
        self.keys.retain(|version, _| *version == newest);
        match self.source {
            RootSource::File(_) => self.save(),
            RootSource::Provided(_) | RootSource::Text(_) => Ok(()),
        }
    }

    fn save(&self) -> Result<(), VaultError> {
        let RootSource::File(path) = &self.source else { return Ok(()) };
        let mut text = String::from(
            "# The root key of this farhand: whoever has it and a copy of the data can read everything.\n\
             # Keep a copy apart from the backups. A line is a version and its key; the highest version is in use.\n",
        );
        for (version, key) in &self.keys {
            writeln!(text, "{version}:{}", hex(key.bytes())).expect("writing to a string does not fail");
        }
        write_secret(path, text.as_bytes()).map_err(|e| VaultError::Root {
            place: self.source.name(),
            why: format!("it cannot be written: {e}. Check that this user may write there"),
        })
    }
}

fn read(path: &Path) -> Result<String, VaultError> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path).and_then(|file| file.take(MAX_TEXT).read_to_string(&mut text)).map_err(
        |e| VaultError::Root {
            place: path.display().to_string(),
            why: format!("it cannot be read: {e}. Check that this user may read it"),
        },
    )?;
    Ok(text)
}

/// Refuses a root key that others on the machine can read.
fn private(path: &Path) -> Result<(), VaultError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).map(|m| m.permissions().mode() & 0o777).unwrap_or(0);
        if mode & 0o077 != 0 {
            return Err(VaultError::Root {
                place: path.display().to_string(),
                why: format!("others on this machine can read it (mode {mode:o}). Run `chmod 600` on it"),
            });
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Lines or words of `version:hex`; a key without a version is version 1.
fn parse(text: &str) -> Result<BTreeMap<u32, Key>, String> {
    const SHOULD: &str = "it should hold lines like 1:<64 hexadecimal digits>";
    let mut keys = BTreeMap::new();
    let words = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(|line| line.split(|c: char| c.is_whitespace() || c == ','))
        .filter(|word| !word.is_empty());
    for word in words {
        let (version, digits) = word.split_once(':').unwrap_or(("1", word));
        let version: u32 = version.parse().ok().filter(|v| *v > 0).ok_or(SHOULD)?;
        let key = unhex(digits).ok_or(SHOULD)?;
        if keys.insert(version, Key::of(key)).is_some() {
            return Err(format!("it names version {version} twice"));
        }
    }
    if keys.is_empty() { Err(SHOULD.into()) } else { Ok(keys) }
}

fn unhex(digits: &str) -> Option<[u8; KEY_LEN]> {
    if digits.len() != KEY_LEN * 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; KEY_LEN];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(result: Result<RootKeys, VaultError>) -> String {
        result.map(drop).unwrap_err().to_string()
    }

    #[test]
    fn it_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = RootKeys::load(RootSource::file(folder.path()), true).unwrap();
        let second = RootKeys::load(RootSource::file(folder.path()), false).unwrap();
        assert_eq!(first.newest().1.bytes(), second.newest().1.bytes());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let path = folder.path().join(FILE);
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            assert!(said(RootKeys::load(RootSource::File(path), false)).contains("chmod 600"));
        }
    }

    #[test]
    fn a_lost_root_key_is_never_replaced_silently() {
        let folder = tempfile::tempdir().unwrap();
        let said = said(RootKeys::load(RootSource::file(folder.path()), false));
        assert!(said.contains("Put the root key back"), "{said}");
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn the_variable_comes_first_then_the_credential_then_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let data = Path::new("/data");
        let credentials = folder.path().display().to_string();
        let with = |names: &'static [&'static str]| {
            let credentials = credentials.clone();
            move |name: &str| {
                names.contains(&name).then(|| match name {
                    VARIABLE => "1:00".to_owned(),
                    _ => credentials.clone(),
                })
            }
        };
        let own = RootSource::file(data);
        assert_eq!(RootSource::find(data, with(&[])), own);
        assert_eq!(
            RootSource::find(data, with(&["CREDENTIALS_DIRECTORY"])),
            own,
            "the credential is not there"
        );
        std::fs::write(folder.path().join(CREDENTIAL), format!("{}\n", "ab".repeat(32))).unwrap();
        let provided = RootSource::find(data, with(&["CREDENTIALS_DIRECTORY"]));
        assert_eq!(provided, RootSource::Provided(folder.path().join(CREDENTIAL)));
        let mut keys = RootKeys::load(provided, true).unwrap();
        assert_eq!(keys.newest().1.bytes(), &[0xab; 32]);
        assert!(!keys.add_version().unwrap(), "what is provided is not ours to change");
        let text = RootSource::find(data, with(&["CREDENTIALS_DIRECTORY", VARIABLE]));
        assert_eq!(format!("{text:?}"), "Text(..)");
    }

    #[test]
    fn versions_are_added_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = RootKeys::load(RootSource::file(folder.path()), true).unwrap();
        assert!(keys.add_version().unwrap());
        let read = RootKeys::load(RootSource::file(folder.path()), false).unwrap();
        assert_eq!(read.newest().0, 2);
        assert!(read.version(1).is_some());
        keys.forget_old().unwrap();
        let read = RootKeys::load(RootSource::file(folder.path()), false).unwrap();
        assert!(read.version(1).is_none() && read.version(2).is_some());
    }

    #[test]
    fn what_is_no_key_is_a_sentence() {
        for text in ["", "1:ab", "0:", "x:00", &format!("1:{0} 1:{0}", "00".repeat(32)), &"ä".repeat(32)] {
            let said = said(RootKeys::load(RootSource::Text(text.into()), true));
            assert!(said.contains(VARIABLE) && !said.contains("0000"), "{said}");
        }
    }
}

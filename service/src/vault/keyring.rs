//! The tenants' keys on the disk: a file a tenant, in a folder beside the database and not in it. A backup of the
//! database therefore holds no key, and a tenant's key that is destroyed here is destroyed for every backup.

use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::VaultError;
use super::root::RootKeys;
use super::seal::{KEY_LEN, Key, associated};
use crate::tls::write_secret;

/// Name of the folder within the data folder.
pub const FOLDER: &str = "keys";
/// Serialises changes by several programs.
const LOCK: &str = "lock";
/// A tenant's file is smaller than this, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct KeyRing {
    folder: PathBuf,
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Whose keys these are.
    pub tenant: String,
    /// Oldest first; empty after they were destroyed.
    pub keys: Vec<Wrapped>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destroyed_at: Option<u64>,
}

/// One version of a tenant's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wrapped {
    /// Version of this key.
    pub version: u32,
    /// Version of the root key that wraps it.
    pub root: u32,
    /// The wrapped key, in base64.
    pub key: String,
}

/// By what a change of a file is noticed without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp(SystemTime, u64);

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self(metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.len())
    }
}

impl KeyRing {
    /// The folder in the data folder, made where it is not there.
    pub fn open(data: &Path) -> Result<Self, VaultError> {
        let ring = Self { folder: data.join(FOLDER) };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&ring.folder).map_err(|e| ring.failed(&e))?;
        Ok(ring)
    }

    fn failed(&self, error: &std::io::Error) -> VaultError {
        VaultError::Ring { folder: self.folder.clone(), why: error.to_string() }
    }

    /// Whether no key was ever wrapped.
    pub fn is_empty(&self) -> Result<bool, VaultError> {
        Ok(self.tenants()?.is_empty())
    }

    /// Every tenant that has a file, those with destroyed keys too.
    pub fn tenants(&self) -> Result<Vec<String>, VaultError> {
        let mut tenants = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(|e| self.failed(&e))? {
            let path = entry.map_err(|e| self.failed(&e))?.path();
            if path.extension().is_some_and(|e| e == "json") {
                tenants.push(self.read_file(&path)?.tenant);
            }
        }
        tenants.sort();
        Ok(tenants)
    }

    /// One change at a time, whichever program makes it; until the file is dropped.
    pub fn lock(&self) -> Result<File, VaultError> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.folder.join(LOCK))
            .map_err(|e| self.failed(&e))?;
        file.lock().map_err(|e| self.failed(&e))?;
        Ok(file)
    }

    /// The mark by which a change is noticed; `None` when there is no file.
    pub fn stamp(&self, tenant: &str) -> Result<Option<Stamp>, VaultError> {
        match std::fs::metadata(self.path(tenant)) {
            Ok(metadata) => Ok(Some(Stamp::of(&metadata))),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.failed(&e)),
        }
    }

    /// A tenant's file.
    pub fn read(&self, tenant: &str) -> Result<Option<Entry>, VaultError> {
        let path = self.path(tenant);
        if !path.exists() {
            return Ok(None);
        }
        let entry = self.read_file(&path)?;
        match entry.tenant == tenant {
            true => Ok(Some(entry)),
            false => Err(self.damaged(&path)),
        }
    }

    /// Writes a tenant's file, whole or not at all.
    pub fn write(&self, entry: &Entry) -> Result<(), VaultError> {
        let text = serde_json::to_vec_pretty(entry).expect("the file is plain data");
        let path = self.path(&entry.tenant);
        if entry.keys.is_empty() && path.exists() {
            // The blocks themselves are overwritten before the name points elsewhere.
            let length = std::fs::metadata(&path).map_err(|e| self.failed(&e))?.len();
            let zeros = vec![0; usize::try_from(length.min(MAX_FILE)).unwrap_or(0)];
            File::options()
                .write(true)
                .open(&path)
                .and_then(|mut file| {
                    std::io::Write::write_all(&mut file, &zeros).and_then(|()| file.sync_all())
                })
                .map_err(|e| self.failed(&e))?;
        }
        write_secret(&path, &text).map_err(|e| self.failed(&e))
    }

    fn read_file(&self, path: &Path) -> Result<Entry, VaultError> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes))
            .map_err(|e| self.failed(&e))?;
        serde_json::from_slice(&bytes).map_err(|_| self.damaged(path))
    }

    fn damaged(&self, path: &Path) -> VaultError {
        VaultError::Ring {
            folder: self.folder.clone(),
            why: format!("{} is damaged", path.file_name().unwrap_or_default().display()),
        }
    }

    /// Tenants' names become file names only where they are plain; nothing else can leave the folder.
    fn path(&self, tenant: &str) -> PathBuf {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let name = if tenant.is_empty() {
            "installation.json".to_owned()
        } else if tenant.len() <= 64 && tenant.bytes().all(plain) {
            format!("t-{tenant}.json")
        } else {
            format!("x-{}.json", crate::identity::hex(&crate::identity::sha256(tenant.as_bytes())))
        };
        self.folder.join(name)
    }
}

fn purpose(tenant: &str, version: u32) -> Vec<u8> {
    associated("farhand tenant key 1", &[tenant, &version.to_string()])
}

/// Wraps a tenant's key with the newest root key.
pub(super) fn wrap(root: &RootKeys, tenant: &str, version: u32, key: &Key) -> Wrapped {
    let (root_version, root_key) = root.newest();
    let wrapped = root_key.encrypt(&purpose(tenant, version), key.bytes());
    Wrapped { version, root: root_version, key: STANDARD.encode(wrapped) }
}

/// Unwraps a tenant's key.
pub(super) fn unwrap(root: &RootKeys, tenant: &str, wrapped: &Wrapped) -> Result<Key, VaultError> {
    let root_key = root.version(wrapped.root).ok_or(VaultError::RootVersion { version: wrapped.root })?;
    let bytes = STANDARD.decode(&wrapped.key).map_err(|_| VaultError::Refused)?;
    let plain = root_key.decrypt(&purpose(tenant, wrapped.version), &bytes).ok_or(VaultError::Refused)?;
    let plain: [u8; KEY_LEN] = plain.try_into().map_err(|_| VaultError::Refused)?;
    Ok(Key::of(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::root::RootSource;

    #[test]
    fn tenants_never_leave_the_folder_and_never_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let ring = KeyRing::open(folder.path()).unwrap();
        let names = ["", "demo", "../demo", "Demo", "a/b", "installation", "ü", &"a".repeat(65), "."];
        let mut paths: Vec<_> = names.iter().map(|name| ring.path(name)).collect();
        assert!(paths.iter().all(|path| path.parent() == Some(&ring.folder)));
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), names.len());
    }

    #[test]
    fn a_key_unwraps_for_its_tenant_and_version_only() {
        let root = RootKeys::load(RootSource::Text("00".repeat(32)), true).unwrap();
        let key = Key::generate();
        let wrapped = wrap(&root, "a", 1, &key);
        assert_eq!(unwrap(&root, "a", &wrapped).unwrap().bytes(), key.bytes());
        assert!(matches!(unwrap(&root, "b", &wrapped), Err(VaultError::Refused)));
        let renamed = Wrapped { version: 2, ..wrapped.clone() };
        assert!(matches!(unwrap(&root, "a", &renamed), Err(VaultError::Refused)));
        let unknown = Wrapped { root: 7, ..wrapped.clone() };
        assert!(matches!(unwrap(&root, "a", &unknown), Err(VaultError::RootVersion { version: 7 })));
        let other = RootKeys::load(RootSource::Text("11".repeat(32)), true).unwrap();
        assert!(matches!(unwrap(&other, "a", &wrapped), Err(VaultError::Refused)));
    }
}

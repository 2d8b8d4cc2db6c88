//! The vault: what is personal is sealed before it reaches the database (N7). A root key wraps a key for each tenant,
//! which seals single values for their places. See [`seal`] for the bytes.

pub mod command;
mod keyring;
mod root;
pub mod seal;
mod sign;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ring::hmac;

pub use self::keyring::FOLDER;
use self::keyring::{Entry, KeyRing, Stamp};
use self::root::RootKeys;
pub use self::root::{FILE as ROOT_FILE, RootSource};
pub use self::seal::{Key, Place};
pub use self::sign::{Signed, Signer, verify};

/// Why the vault could not do it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The root key cannot be had.
    #[error("The root key in {place} cannot be used: {why}.")]
    Root {
        /// Where it should be.
        place: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// The tenants' keys cannot be had.
    #[error(
        "The keys in {folder} cannot be used: {why}. Check that this user may read and write there, or put the folder \
         back from where it is kept apart."
    )]
    Ring {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A tenant's key is wrapped by a root key that was forgotten.
    #[error("a key is wrapped by version {version} of the root key, which is not there")]
    RootVersion {
        /// Which version.
        version: u32,
    },
    /// A value is sealed with a key that is not there.
    #[error("a value is sealed with version {version} of a key, which is not there")]
    Version {
        /// Which version.
        version: u32,
    },
    /// The tenant's key was destroyed.
    #[error("the key of this organisation was destroyed, and what it sealed cannot be read any more")]
    Destroyed,
    /// The value was changed, moved or sealed by somebody else.
    #[error("a sealed value does not open where it stands: it was changed or moved")]
    Refused,
}

/// The vault. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    ring: KeyRing,
    source: RootSource,
    state: Mutex<State>,
    made: bool,
}

struct State {
    root: RootKeys,
    tenants: HashMap<String, (Stamp, Arc<TenantKeys>)>,
}

/// A tenant's keys by version; none when they were destroyed.
struct TenantKeys(BTreeMap<u32, Key>);

impl TenantKeys {
    fn newest(&self) -> Result<(u32, &Key), VaultError> {
        self.0.last_key_value().map(|(version, key)| (*version, key)).ok_or(VaultError::Destroyed)
    }

    fn version(&self, version: u32) -> Result<&Key, VaultError> {
        match self.0.get(&version) {
            Some(key) => Ok(key),
            None if self.0.is_empty() => Err(VaultError::Destroyed),
            None => Err(VaultError::Version { version }),
        }
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("ring", &self.inner.ring).finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens the vault of a data folder, making it at the first start.
    ///
    /// # Errors
    /// [`VaultError`], a sentence that says what to do.
    pub fn open(data: &Path, source: RootSource) -> Result<Self, VaultError> {
        let ring = KeyRing::open(data)?;
        let _lock = ring.lock()?;
        let made = ring.is_empty()?;
        let root = RootKeys::load(source.clone(), made)?;
        let state = State { root, tenants: HashMap::new() };
        let vault = Self { inner: Arc::new(Inner { ring, source, state: Mutex::new(state), made }) };
        // The installation's own key comes first: that it is there says that this vault was in use.
        let mut state = vault.state();
        if made {
            vault.make(&mut state, "")?;
        }
        vault.keys(&mut state, "", false)?;
        drop(state);
        Ok(vault)
    }

    /// Whether this start made the vault.
    #[must_use]
    pub fn was_made(&self) -> bool {
        self.inner.made
    }

    /// Seals a value for its place, with the newest key of the tenant. A tenant that has none gets its first.
    ///
    /// # Errors
    /// [`VaultError::Destroyed`] when the tenant's key was; [`VaultError::Ring`] when the first cannot be kept.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let keys = self.keys(&mut self.state(), place.tenant, true)?;
        let (version, key) = keys.newest()?;
        Ok(seal::seal(version, key, place, plain))
    }

    /// Opens a value at its place.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when it was changed or moved, [`VaultError::Destroyed`] when the tenant's key was.
    pub fn open_value(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let version = seal::version_of(sealed)?;
        let keys = self.keys(&mut self.state(), place.tenant, false)?;
        seal::open(keys.version(version)?, place, sealed)
    }

    /// Whether a value is sealed with the newest key of the tenant.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn is_newest(&self, tenant: &str, sealed: &[u8]) -> Result<bool, VaultError> {
        let keys = self.keys(&mut self.state(), tenant, false)?;
        Ok(seal::version_of(sealed)? == keys.newest()?.0)
    }

    /// The newest version of the installation's own key, for [`Self::mac`].
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn mac_version(&self) -> Result<u32, VaultError> {
        Ok(self.keys(&mut self.state(), "", true)?.newest()?.0)
    }

    /// Vouches for bytes with this version of the installation's own key, so that nobody without the key can change
    /// them unnoticed.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn mac(&self, version: u32, purpose: &str, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
        Ok(hmac::sign(&self.mac_key(version, purpose)?, bytes).as_ref().to_vec())
    }

    /// Whether the bytes are those that were vouched for. In constant time.
    ///
    /// # Errors
    /// [`VaultError`] when the key is not there.
    pub fn verify_mac(
        &self,
        version: u32,
        purpose: &str,
        bytes: &[u8],
        mac: &[u8],
    ) -> Result<bool, VaultError> {
        Ok(hmac::verify(&self.mac_key(version, purpose)?, bytes, mac).is_ok())
    }

    fn mac_key(&self, version: u32, purpose: &str) -> Result<hmac::Key, VaultError> {
        let keys = self.keys(&mut self.state(), "", true)?;
        Ok(keys.version(version)?.derive(purpose))
    }

    /// Destroys a tenant's keys for good: nothing that they sealed opens again, here or in any backup of the database.
    ///
    /// # Errors
    /// [`VaultError::Ring`] when the file cannot be written.
    ///
    /// # Panics
    /// When asked to destroy the installation's own key, which is a mistake in this program.
    pub fn destroy(&self, tenant: &str, at: u64) -> Result<(), VaultError> {
        assert!(!tenant.is_empty(), "the installation's own key is never destroyed");
        let mut state = self.state();
        let _lock = self.inner.ring.lock()?;
        state.tenants.remove(tenant);
        self.inner.ring.write(&Entry { tenant: tenant.to_owned(), keys: Vec::new(), destroyed_at: Some(at) })
    }

    /// Tenants with keys that stand, the installation (empty) first.
    ///
    /// # Errors
    /// [`VaultError::Ring`].
    pub fn tenants(&self) -> Result<Vec<String>, VaultError> {
        let mut standing = Vec::new();
        for tenant in self.inner.ring.tenants()? {
            if self.inner.ring.read(&tenant)?.is_some_and(|entry| !entry.keys.is_empty()) {
                standing.push(tenant);
            }
        }
        Ok(standing)
    }

    /// Rotates: a new version of the root key (where it is ours to make), every key wrapped again by the newest one,
    /// and a new version of every tenant's key, with which everything is sealed from now on. Old versions stay, so that
    /// what they sealed still opens. Other programs on the same folder notice by themselves.
    ///
    /// # Errors
    /// [`VaultError`]; what was done until then stands, and the rotation can be tried again.
    pub fn rotate(&self) -> Result<Rotated, VaultError> {
        let tenants = self.tenants()?;
        let mut state = self.state();
        let _lock = self.inner.ring.lock()?;
        state.root = RootKeys::load(self.inner.source.clone(), false)?;
        let new_root = state.root.add_version()?;
        for tenant in &tenants {
            self.rewrap(&mut state, tenant, true)?;
        }
        Ok(Rotated { root: state.root.newest().0, new_root, tenants: tenants.len() })
    }

    /// Forgets old versions of the root key, once nothing is wrapped by them any more. Copies of the key folder from
    /// before open nothing afterwards.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn forget_old_root(&self) -> Result<(), VaultError> {
        let tenants = self.tenants()?;
        let mut state = self.state();
        let _lock = self.inner.ring.lock()?;
        state.root = RootKeys::load(self.inner.source.clone(), false)?;
        for tenant in &tenants {
            self.rewrap(&mut state, tenant, false)?;
        }
        state.root.forget_old()
    }

    fn rewrap(&self, state: &mut State, tenant: &str, new_version: bool) -> Result<(), VaultError> {
        let Some(mut entry) = self.inner.ring.read(tenant)? else { return Ok(()) };
        for wrapped in &mut entry.keys {
            let key = keyring::unwrap(&state.root, tenant, wrapped)?;
            *wrapped = keyring::wrap(&state.root, tenant, wrapped.version, &key);
        }
        if new_version {
            let next = entry.keys.iter().map(|k| k.version).max().unwrap_or(0) + 1;
            entry.keys.push(keyring::wrap(&state.root, tenant, next, &Key::generate()));
        }
        state.tenants.remove(tenant);
        self.inner.ring.write(&entry)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys of a tenant, read again when its file has changed.
    fn keys(&self, state: &mut State, tenant: &str, make: bool) -> Result<Arc<TenantKeys>, VaultError> {
        let Some(stamp) = self.inner.ring.stamp(tenant)? else {
            if !make {
                return Err(VaultError::Version { version: 1 });
            }
            let _lock = self.inner.ring.lock()?;
            return self.make(state, tenant);
        };
        if let Some((known, keys)) = state.tenants.get(tenant)
            && *known == stamp
        {
            return Ok(Arc::clone(keys));
        }
        self.read(state, tenant)
    }

    /// Makes a tenant's first key, unless another program did meanwhile. The ring is locked.
    fn make(&self, state: &mut State, tenant: &str) -> Result<Arc<TenantKeys>, VaultError> {
        if self.inner.ring.stamp(tenant)?.is_none() {
            let first = keyring::wrap(&state.root, tenant, 1, &Key::generate());
            self.inner.ring.write(&Entry {
                tenant: tenant.to_owned(),
                keys: vec![first],
                destroyed_at: None,
            })?;
        }
        self.read(state, tenant)
    }

    fn read(&self, state: &mut State, tenant: &str) -> Result<Arc<TenantKeys>, VaultError> {
        // The mark first: a change after it is noticed next time.
        let stamp = self.inner.ring.stamp(tenant)?.ok_or(VaultError::Version { version: 1 })?;
        let entry = self.inner.ring.read(tenant)?.unwrap_or_default();
        if entry.keys.iter().any(|wrapped| state.root.version(wrapped.root).is_none()) {
            // Somebody rotated the root key since it was read.
            state.root = RootKeys::load(self.inner.source.clone(), false)?;
        }
        let mut keys = BTreeMap::new();
        for wrapped in &entry.keys {
            keys.insert(wrapped.version, keyring::unwrap(&state.root, tenant, wrapped)?);
        }
        let keys = Arc::new(TenantKeys(keys));
        state.tenants.insert(tenant.to_owned(), (stamp, Arc::clone(&keys)));
        Ok(keys)
    }
}

/// What a rotation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The root key's version in use.
    pub root: u32,
    /// Whether it is new.
    pub new_root: bool,
    /// Keys that got a new version.
    pub tenants: usize,
}

#[cfg(test)]
mod tests;

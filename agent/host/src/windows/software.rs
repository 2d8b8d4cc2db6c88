//! Installed software: what installers wrote into the registry for whoever wants to remove it again.

use std::collections::BTreeMap;

use farhand_protocol::channel::diagnostics::Package;
use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_READ, KEY_WOW64_32KEY, KEY_WOW64_64KEY,
    RRF_RT_REG_DWORD, RRF_RT_REG_SZ, RegCloseKey, RegEnumKeyExW, RegGetValueW, RegOpenKeyExW,
};

use crate::system::SystemError;
use crate::windows::{text, wide};

/// Where installers write.
const UNINSTALL: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";
/// Letters of the longest name of a key.
const MAX_NAME: usize = 256;
/// Letters of the longest value that is read.
const MAX_VALUE: usize = 512;
/// The most keys that are looked at in one place.
const MAX_KEYS: u32 = 10_000;

struct Key(HKEY);

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: opened by `open`.
        unsafe { RegCloseKey(self.0) };
    }
}

impl Key {
    fn open(root: HKEY, path: &str, view: u32) -> Option<Self> {
        let path = wide(path);
        let mut key = std::ptr::null_mut();
        // SAFETY: the path lives as long as the call; the key is closed by `drop`.
        let opened = unsafe { RegOpenKeyExW(root, path.as_ptr(), 0, KEY_READ | view, &raw mut key) };
        (opened == ERROR_SUCCESS).then_some(Self(key))
    }

    fn names(&self) -> Vec<String> {
        let name = |at| {
            let mut letters = [0; MAX_NAME];
            let mut length = MAX_NAME as u32;
            let (none, into) = (std::ptr::null_mut(), letters.as_mut_ptr());
            // SAFETY: no more than so many letters are written.
            let read = unsafe {
                RegEnumKeyExW(
                    self.0,
                    at,
                    into,
                    &raw mut length,
                    std::ptr::null(),
                    none,
                    none.cast(),
                    none.cast(),
                )
            };
            (read == ERROR_SUCCESS).then(|| text(&letters))
        };
        (0..MAX_KEYS).map_while(name).collect()
    }

    fn text(&self, below: &str, name: &str) -> Option<String> {
        let (below, name) = (wide(below), wide(name));
        let mut letters = [0_u16; MAX_VALUE];
        let mut length = size_of_val(&letters) as u32;
        let (into, kind) = (letters.as_mut_ptr().cast(), std::ptr::null_mut());
        // SAFETY: no more than so many bytes are written.
        let read = unsafe {
            RegGetValueW(self.0, below.as_ptr(), name.as_ptr(), RRF_RT_REG_SZ, kind, into, &raw mut length)
        };
        (read == ERROR_SUCCESS).then(|| text(&letters))
    }

    fn number(&self, below: &str, name: &str) -> Option<u32> {
        let (below, name) = (wide(below), wide(name));
        let mut number = 0_u32;
        let mut length = size_of::<u32>() as u32;
        let (into, kind) = ((&raw mut number).cast(), std::ptr::null_mut());
        // SAFETY: no more than so many bytes are written.
        let read = unsafe {
            RegGetValueW(self.0, below.as_ptr(), name.as_ptr(), RRF_RT_REG_DWORD, kind, into, &raw mut length)
        };
        (read == ERROR_SUCCESS).then_some(number)
    }
}

/// A text of the machine's own registry.
pub fn text_of(path: &str, name: &str) -> Option<String> {
    Key::open(HKEY_LOCAL_MACHINE, path, KEY_WOW64_64KEY)?.text("", name)
}

pub fn software() -> Result<Vec<Package>, SystemError> {
    let places = [
        (HKEY_LOCAL_MACHINE, KEY_WOW64_64KEY, "x64"),
        (HKEY_LOCAL_MACHINE, KEY_WOW64_32KEY, "x86"),
        (HKEY_CURRENT_USER, KEY_WOW64_64KEY, ""),
    ];
    let mut found = BTreeMap::new();
    for (root, view, architecture) in places {
        let Some(key) = Key::open(root, UNINSTALL, view) else { continue };
        for name in key.names() {
            // Parts of other things and updates of them are no software of their own.
            let hidden = key.number(&name, "SystemComponent") == Some(1)
                || key.text(&name, "ParentKeyName").is_some_and(|parent| !parent.is_empty());
            let Some(shown) = key.text(&name, "DisplayName").filter(|shown| !shown.is_empty() && !hidden)
            else {
                continue;
            };
            let version = key.text(&name, "DisplayVersion").unwrap_or_default();
            // In units of 1024 bytes.
            let size = u64::from(key.number(&name, "EstimatedSize").unwrap_or(0)) * 1024;
            let package = Package {
                name: shown.clone(),
                version: version.clone(),
                architecture: architecture.into(),
                size,
            };
            found.entry((shown.to_lowercase(), version)).or_insert(package);
        }
    }
    Ok(found.into_values().collect())
}

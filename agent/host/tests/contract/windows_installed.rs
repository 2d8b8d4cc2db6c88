//! What the MSI writes down is read back.
#![allow(unsafe_code, reason = "the system's calls")]

use std::ptr::null;
use std::sync::PoisonError;

use farhand_agent_host::installed;
use windows_sys::Win32::System::Registry::{
    HKEY_LOCAL_MACHINE, REG_DWORD, REG_SZ, RegDeleteKeyValueW, RegSetKeyValueW,
};

use super::windows::{ONE, wide};

const KEY: &str = r"Software\Farhand\Agent";

/// Writes as installers do; none takes it away.
fn set(value: Option<(u32, &[u8])>) {
    let (key, name) = (wide(KEY), wide("Server"));
    let (key, name) = (key.as_ptr(), name.as_ptr());
    let done = unsafe {
        match value {
            Some((kind, bytes)) => {
                let length = bytes.len() as u32;
                RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, kind, bytes.as_ptr().cast(), length)
            }
            None => {
                RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, REG_SZ, null(), 0);
                RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, key, name)
            }
        }
    };
    assert_eq!(done, 0);
}

fn text(text: &str) -> Vec<u8> {
    wide(text).into_iter().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn the_service_that_the_installer_was_told_is_known() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    set(None);
    assert_eq!(installed::server(), None);
    set(Some((REG_SZ, &text("https://help.example.org"))));
    assert_eq!(installed::server().as_deref(), Some("https://help.example.org"));
    // As it stands there where nobody gave any.
    for nothing in ["", "  "] {
        set(Some((REG_SZ, &text(nothing))));
        assert_eq!(installed::server(), None);
    }
    // Neither a part of what is too long nor anything that is no text.
    set(Some((REG_SZ, &text(&format!("https://{}.example", "a".repeat(600))))));
    assert_eq!(installed::server(), None);
    set(Some((REG_DWORD, &7_u32.to_le_bytes())));
    assert_eq!(installed::server(), None);
    set(None);
}

//! What the MSI's properties were, in the machine's own part of the registry: only administrators write there.
#![allow(unsafe_code, reason = "the system's calls")]

use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::System::Registry::{
    HKEY_LOCAL_MACHINE, RRF_RT_REG_SZ, RRF_SUBKEY_WOW6464KEY, RegGetValueW,
};

use crate::windows::{text, wide};

/// Where the MSI writes.
const KEY: &str = r"Software\Farhand\Agent";
const SERVER: &str = "Server";
/// The longest value that is read, in letters with the zero behind it. A longer one is none.
const MAX_VALUE: usize = 512;

pub fn server() -> Option<String> {
    let (key, name) = (wide(KEY), wide(SERVER));
    let mut letters = [0_u16; MAX_VALUE];
    let mut length = size_of_val(&letters) as u32;
    let (into, kind) = (letters.as_mut_ptr().cast(), std::ptr::null_mut());
    let wanted = RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY;
    // SAFETY: names end with a zero and live as long as the call; no more than so many bytes are written.
    let read = unsafe {
        RegGetValueW(HKEY_LOCAL_MACHINE, key.as_ptr(), name.as_ptr(), wanted, kind, into, &raw mut length)
    };
    (read == ERROR_SUCCESS).then(|| text(&letters))
}

//! A program with windows has no console of its own; the one that it was started from has to be asked for.
#![allow(unsafe_code, reason = "the system's calls")]

use windows_sys::Win32::Globalization::GetUserDefaultLocaleName;
use windows_sys::Win32::System::Console::{
    ATTACH_PARENT_PROCESS, AttachConsole, GetStdHandle, STD_ERROR_HANDLE,
};

use crate::windows::text;

/// Letters of the longest name of a language (`LOCALE_NAME_MAX_LENGTH`).
const MAX_LOCALE: usize = 85;

pub fn attach() {
    // SAFETY: plain calls. Whoever started this program with pipes keeps them.
    unsafe {
        if GetStdHandle(STD_ERROR_HANDLE).is_null() {
            AttachConsole(ATTACH_PARENT_PROCESS);
        }
    }
}

pub fn locale() -> Option<String> {
    let mut name = [0; MAX_LOCALE];
    // SAFETY: the system writes at most so many letters.
    let length = unsafe { GetUserDefaultLocaleName(name.as_mut_ptr(), MAX_LOCALE as i32) };
    (length > 1).then(|| text(&name))
}

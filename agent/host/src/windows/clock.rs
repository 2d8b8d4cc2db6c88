//! The system's calendar.
#![allow(unsafe_code, reason = "the system's calls")]

use windows_sys::Win32::Foundation::{FILETIME, SYSTEMTIME};
use windows_sys::Win32::System::Time::{FileTimeToSystemTime, SystemTimeToTzSpecificLocalTime};

/// Seconds from 1601, where the system begins to count, to 1970.
const BEFORE: i64 = 11_644_473_600;
/// The system's steps a second.
const STEPS: i64 = 10_000_000;

pub fn time_of_day(seconds: i64) -> Option<(u8, u8)> {
    let steps = u64::try_from(seconds.checked_add(BEFORE)?.checked_mul(STEPS)?).ok()?;
    let time = FILETIME { dwLowDateTime: steps as u32, dwHighDateTime: (steps >> 32) as u32 };
    let (mut there, mut here) = (SYSTEMTIME::default(), SYSTEMTIME::default());
    // SAFETY: all of them are values of this frame; the functions fill them, or say that they did not.
    let known = unsafe {
        FileTimeToSystemTime(&raw const time, &raw mut there) != 0
            && SystemTimeToTzSpecificLocalTime(std::ptr::null(), &raw const there, &raw mut here) != 0
    };
    if !known {
        return None;
    }
    Some((u8::try_from(here.wHour).ok()?, u8::try_from(here.wMinute).ok()?))
}

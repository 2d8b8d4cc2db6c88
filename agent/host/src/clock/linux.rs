//! The C library's calendar.
#![allow(unsafe_code)]

pub fn time_of_day(seconds: i64) -> Option<(u8, u8)> {
    let seconds: libc::time_t = seconds;
    let mut parts = std::mem::MaybeUninit::<libc::tm>::uninit();
    // SAFETY: both point to values of this frame; the function fills the second, or says that it did not.
    let parts = unsafe {
        if libc::localtime_r(&raw const seconds, parts.as_mut_ptr()).is_null() {
            return None;
        }
        parts.assume_init()
    };
    Some((u8::try_from(parts.tm_hour).ok()?, u8::try_from(parts.tm_min).ok()?))
}

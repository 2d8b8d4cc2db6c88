//! The time of day as this machine's owner reads it.

#[cfg(any(target_os = "linux", target_os = "macos"))]
#[path = "clock/linux.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "clock/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/clock.rs"]
mod os;

/// Hour and minute of a time (seconds since 1970) where this machine stands; none where that is not known.
#[must_use]
pub fn time_of_day(seconds: u64) -> Option<(u8, u8)> {
    os::time_of_day(i64::try_from(seconds).ok()?)
}

#[cfg(test)]
mod tests {
    use super::time_of_day;

    #[test]
    fn a_minute_later_it_is_a_minute_later() {
        let (Some((hour, minute)), Some(next)) = (time_of_day(1_790_000_000), time_of_day(1_790_000_060))
        else {
            return;
        };
        let now = u16::from(hour) * 60 + u16::from(minute);
        assert_eq!(u16::from(next.0) * 60 + u16::from(next.1), (now + 1) % 1440);
    }
}

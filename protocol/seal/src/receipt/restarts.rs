//! The texts of [`super::What::Restart`]: fixed words.

/// A technician, or the customer themselves, would like the computer to be restarted.
pub const ASKED: &str = "asked";
/// The customer said no, or nothing.
pub const REFUSED: &str = "refused";
/// The customer agreed, and what was allowed has to be asked for again.
pub const ALLOWED: &str = "allowed";
/// The customer agreed, and what was allowed stays so for some minutes: this, a blank, and their number.
pub const ALLOWED_FOR: &str = "allowed for";
/// It could not be done.
pub const FAILED: &str = "failed";
/// The computer is back, and the two ends know each other again.
pub const BACK: &str = "back";
/// The customer's time is over.
pub const OVER: &str = "over";

/// The customer agreed that what was allowed stays so for so many minutes; 0 for not at all.
#[must_use]
pub fn allowed(minutes: u32) -> String {
    if minutes == 0 { ALLOWED.to_owned() } else { format!("{ALLOWED_FOR} {minutes}") }
}

/// The minutes in a text of [`allowed`].
#[must_use]
pub fn minutes(text: &str) -> Option<u32> {
    text.strip_prefix(ALLOWED_FOR)?.strip_prefix(' ')?.parse().ok()
}

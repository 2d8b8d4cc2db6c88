//! How fast a file goes, and how large its pieces may be for it.
//!
//! Large pieces cost both ends less. On a slow way that carries one message behind another (a WebSocket) a key would wait
//! for one, so that pieces are large only where the other end has lately taken a large one in a few milliseconds.

use std::time::Duration;

use crate::channel::files::MAX_CHUNK;

/// Bytes of a piece until a file is known to go fast. With field names it is padded to 16 KB, and not to the next size.
pub const SMALL_PIECE: usize = 16 * 1024 - 256;
/// So long is looked at.
const SPAN: Duration = Duration::from_millis(250);
/// A large piece then takes 5 ms.
const FAST_BYTES_PER_MS: u64 = 12_000;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    passed: Duration,
    took: u64,
    fast: bool,
}

impl Pace {
    /// The other end took so many bytes in the time since it was heard last.
    pub fn handle_taken(&mut self, bytes: u64, passed: Duration) {
        self.passed += passed;
        self.took = self.took.saturating_add(bytes);
        if self.passed >= SPAN {
            let expected = u128::from(FAST_BYTES_PER_MS) * self.passed.as_micros() / 1000;
            self.fast = u128::from(self.took) >= expected;
            (self.passed, self.took) = (Duration::ZERO, 0);
        }
    }

    /// The most bytes of a message now.
    #[must_use]
    pub const fn piece(&self) -> usize {
        if self.fast { MAX_CHUNK } else { SMALL_PIECE }
    }

    /// The most bytes that are read at once now.
    #[must_use]
    pub const fn read(&self) -> u64 {
        if self.fast { super::READ } else { 8 * SMALL_PIECE as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn pieces_are_large_only_while_a_file_goes_fast() {
        let mut pace = Pace::default();
        assert_eq!((pace.piece(), pace.read()), (SMALL_PIECE, 8 * SMALL_PIECE as u64));
        for _ in 0..249 {
            pace.handle_taken(12_000, MS);
        }
        assert_eq!(pace.piece(), SMALL_PIECE, "not for long enough yet");
        pace.handle_taken(12_000, MS);
        assert_eq!((pace.piece(), pace.read()), (MAX_CHUNK, super::super::READ));
        for _ in 0..250 {
            pace.handle_taken(11_900, MS);
        }
        assert_eq!(pace.piece(), SMALL_PIECE);
    }

    #[test]
    fn a_pause_makes_pieces_small_again() {
        let mut pace = Pace::default();
        pace.handle_taken(10_000_000, 250 * MS);
        assert_eq!(pace.piece(), MAX_CHUNK);
        pace.handle_taken(100_000, 1_000 * MS);
        assert_eq!(pace.piece(), SMALL_PIECE);
    }

    #[test]
    fn no_number_is_too_large() {
        let mut pace = Pace::default();
        pace.handle_taken(u64::MAX, MS);
        pace.handle_taken(u64::MAX, Duration::from_secs(u64::from(u32::MAX)));
        assert_eq!(pace.piece(), MAX_CHUNK);
    }
}

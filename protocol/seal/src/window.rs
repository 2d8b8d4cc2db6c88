//! Which counters were taken already.

/// Counters behind the newest that are remembered.
pub const WINDOW: u64 = 1024;
const WORDS: usize = (WINDOW / 64) as usize;

/// Where a counter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Newer than all that was taken; so many between were left out.
    Newer {
        /// Counters that were passed over.
        skipped: u64,
    },
    /// Between those that were taken, and not taken itself.
    Between,
    /// Taken already.
    Taken,
    /// So old that nobody remembers.
    Old,
}

/// Remembers the last [`WINDOW`] counters of a sender.
#[derive(Clone, Debug)]
pub struct Window {
    /// One more than the newest counter that was taken.
    next: u64,
    /// Bit `counter % WINDOW`: taken.
    taken: [u64; WORDS],
}

impl Default for Window {
    fn default() -> Self {
        Self::new()
    }
}

impl Window {
    /// Nothing was taken.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: 0, taken: [0; WORDS] }
    }

    /// Whether nothing was taken yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.next == 0
    }

    /// Where the counter stands. Nothing changes.
    #[must_use]
    pub const fn place(&self, counter: u64) -> Place {
        if counter >= self.next {
            return Place::Newer { skipped: counter - self.next };
        }
        if self.next - counter > WINDOW {
            return Place::Old;
        }
        let (word, bit) = Self::bit(counter);
        if self.taken[word] & bit != 0 { Place::Taken } else { Place::Between }
    }

    /// The counter is taken.
    pub fn take(&mut self, counter: u64) {
        let (word, bit) = Self::bit(counter);
        if counter >= self.next {
            if counter - self.next >= WINDOW {
                self.taken = [0; WORDS];
            } else {
                for passed in self.next..counter {
                    let (word, bit) = Self::bit(passed);
                    self.taken[word] &= !bit;
                }
            }
            self.next = counter.saturating_add(1);
        }
        if self.next - counter <= WINDOW {
            self.taken[word] |= bit;
        }
    }

    const fn bit(counter: u64) -> (usize, u64) {
        let at = counter % WINDOW;
        ((at / 64) as usize, 1 << (at % 64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_says_what_a_set_of_all_counters_says(steps in proptest::collection::vec((0u64..3000, any::<bool>()), 1..200)) {
            let mut window = Window::new();
            let mut all = HashSet::new();
            let mut next = 0u64;
            for (step, back) in steps {
                let counter = if back { next.saturating_sub(step) } else { next + step % 90 };
                let expected = if counter >= next {
                    Place::Newer { skipped: counter - next }
                } else if next - counter > WINDOW {
                    Place::Old
                } else if all.contains(&counter) {
                    Place::Taken
                } else {
                    Place::Between
                };
                prop_assert_eq!(window.place(counter), expected);
                if expected != Place::Old {
                    window.take(counter);
                    all.insert(counter);
                    next = next.max(counter + 1);
                }
            }
        }
    }

    #[test]
    fn the_largest_counter_is_no_special_case() {
        let mut window = Window::new();
        window.take(u64::MAX - 1);
        assert_eq!(window.place(u64::MAX - 1), Place::Taken);
        assert_eq!(window.place(0), Place::Old);
    }
}

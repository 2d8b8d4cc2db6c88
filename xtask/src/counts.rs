//! Reads what test runners say at their end.

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Counts {
    /// Whether any runner said anything.
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// Adds what one line of a runner's output says; most say nothing.
    pub fn read(&mut self, line: &str) {
        let line = plain(line);
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("test result:") {
            self.add(rest, &[';', '.']);
        } else if line.starts_with("Summary [") {
            self.add(line.split_once("run:").map_or("", |(_, rest)| rest), &[',', ':']);
        } else if let Some(rest) = line.strip_prefix("Tests ") {
            // vitest: `Tests  1 failed | 11 passed (12)`
            self.add(rest, &['|', '(']);
        } else if let Some(rest) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) {
            // Node's own runner, with the TAP and the spec reporter.
            let Some((what, number)) = rest.split_once(' ') else { return };
            let Ok(number) = number.trim().parse::<u64>() else { return };
            match what {
                "pass" => self.passed += number,
                "fail" | "cancelled" => self.failed += number,
                "skipped" | "todo" => self.skipped += number,
                _ => {}
            }
        }
    }

    fn add(&mut self, text: &str, separators: &[char]) {
        for part in text.split(separators) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" | "skipped" => self.skipped += number,
                _ => {}
            }
        }
    }
}

/// The line without colours.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            for end in characters.by_ref() {
                if end.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Counts {
        let mut counts = Counts::default();
        text.lines().for_each(|line| counts.read(line));
        counts
    }

    #[test]
    fn cargo_test_is_summed_over_its_binaries() {
        let text = "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
                    test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0s";
        assert_eq!(read(text), Counts { passed: 7, failed: 3, skipped: 1 });
    }

    #[test]
    fn nextest_is_read() {
        let text = "     Summary [   0.120s] 12 tests run: 11 passed, 1 failed, 2 skipped";
        assert_eq!(read(text), Counts { passed: 11, failed: 1, skipped: 2 });
    }

    #[test]
    fn vitest_is_read_through_its_colours() {
        let text = "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[31m1 failed\u{1b}[39m | \u{1b}[32m11 passed\u{1b}[39m (12)";
        assert_eq!(read(text), Counts { passed: 11, failed: 1, skipped: 0 });
        assert_eq!(read(" Test Files  3 passed (3)"), Counts::default());
    }

    #[test]
    fn both_reporters_of_nodes_runner_are_read() {
        assert_eq!(
            read("# tests 4\n# pass 3\n# fail 1\n# cancelled 0"),
            Counts { passed: 3, failed: 1, skipped: 0 }
        );
        assert_eq!(read("ℹ pass 3\nℹ cancelled 2\nℹ todo 1"), Counts { passed: 3, failed: 2, skipped: 1 });
    }

    #[test]
    fn other_lines_say_nothing() {
        assert!(!read("running 5 tests\n5 passed the gate\n# of things").any());
    }
}

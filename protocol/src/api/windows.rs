//! The organisation's list of windows that are kept out of the picture, or in which nobody but the customer acts.

use serde::{Deserialize, Serialize};

/// The most windows on a list.
pub const MAX_WINDOW_RULES: usize = 100;
/// The longest pattern, in characters.
pub const MAX_WINDOW_PATTERN: usize = 100;
/// A pattern names at least so many characters: one that fits nearly everything is a mistake.
pub const MIN_WINDOW_PATTERN: usize = 3;

/// `GET` and `PUT /organisation/windows`: the list, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WindowRules {
    /// In the order in which they were written, at most 100.
    pub rules: Vec<WindowRule>,
}

/// A kind of window. Password managers are kept out of the picture without being listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WindowRule {
    /// What is done about it.
    pub effect: WindowEffect,
    /// By what it is known.
    pub by: WindowMark,
    /// What the program's name or the title is, in large or small letters; `*` stands for anything. From 3 to 100
    /// characters.
    pub pattern: String,
}

/// What is done about a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum WindowEffect {
    /// It is kept out of the picture.
    Hide,
    /// While it is in front, control pauses.
    Pause,
    /// A newer version's effect: taken as the stricter of the two that this version knows.
    #[serde(other)]
    Unknown,
}

/// By what a window is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum WindowMark {
    /// Its program's name, as the system has it (on X11 either half of `WM_CLASS`).
    Program,
    /// Its title.
    Title,
    /// A newer version's mark; fits nothing.
    #[serde(other)]
    Unknown,
}

impl WindowRule {
    /// Whether a window with one of these names of programs and this title is meant.
    #[must_use]
    pub fn matches<'a>(&self, programs: impl IntoIterator<Item = &'a str>, title: &str) -> bool {
        match self.by {
            WindowMark::Program => programs.into_iter().any(|name| fits(&self.pattern, name)),
            WindowMark::Title => fits(&self.pattern, title),
            WindowMark::Unknown => false,
        }
    }

    /// Whether the rule can be kept to: a pattern of a sensible length that does not fit nearly everything.
    #[must_use]
    pub fn is_sensible(&self) -> bool {
        let told = self.pattern.chars().filter(|c| *c != '*' && !c.is_whitespace()).count();
        told >= MIN_WINDOW_PATTERN
            && self.pattern.chars().count() <= MAX_WINDOW_PATTERN
            && !self.pattern.chars().any(char::is_control)
            && self.effect != WindowEffect::Unknown
            && self.by != WindowMark::Unknown
    }
}

/// Whether a pattern in which `*` stands for anything fits all of a text, whatever the size of the letters. Takes time
/// that grows with the product of both lengths at most.
fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.trim().to_lowercase().chars().collect();
    let text: Vec<char> = text.trim().to_lowercase().chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last star was, and how much of the text it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == text[t] => {
                p += 1;
                t += 1;
            }
            Some(_) | None => match star {
                Some((at, stood)) => {
                    star = Some((at, stood + 1));
                    p = at + 1;
                    t = stood + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(by: WindowMark, pattern: &str) -> WindowRule {
        WindowRule { effect: WindowEffect::Hide, by, pattern: pattern.into() }
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, meant) in [
            ("keepassxc", "KeePassXC", true),
            ("keepassxc", "keepassxc2", false),
            ("*bank*", "Meine Bank – Firefox", true),
            ("*bank*", "Banane", false),
            ("sparkasse*", "Sparkasse Köln", true),
            ("*", "", true),
            ("a*b*c", "aXXbYYbZc", true),
            ("a*b*c", "aXXbYY", false),
            ("straße", "STRASSE", false),
            ("ÜBER*", "Überweisung", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(fits(pattern, text), meant, "{pattern} {text}");
        }
        // A pattern that would take an exponential time elsewhere.
        assert!(!fits(&"a*".repeat(50), &format!("{}b", "c".repeat(10_000))));
    }

    #[test]
    fn a_rule_looks_at_what_it_names() {
        let by_program = rule(WindowMark::Program, "bitwarden");
        assert!(by_program.matches(["x", "Bitwarden"], "vault"));
        assert!(!by_program.matches(["x"], "bitwarden"));
        let by_title = rule(WindowMark::Title, "*bitwarden*");
        assert!(by_title.matches(["x"], "My Bitwarden vault"));
        assert!(!by_title.matches(["bitwarden"], ""));
        assert!(!rule(WindowMark::Unknown, "*").matches(["x"], "x"));
    }

    #[test]
    fn a_pattern_that_fits_nearly_everything_is_no_rule() {
        for pattern in ["", "*", "a*", " * * ", "ab", "a\nbc", &"x".repeat(101)] {
            assert!(!rule(WindowMark::Title, pattern).is_sensible(), "{pattern:?}");
        }
        assert!(rule(WindowMark::Title, "abc").is_sensible());
        assert!(rule(WindowMark::Program, "*bank*").is_sensible());
    }
}

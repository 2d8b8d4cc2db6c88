//! Names of files from the far side. A name that would leave its folder is refused; one that some system or person would
//! misread is written otherwise, the same on every system.

/// The longest name, in bytes: what the file systems in use take.
pub const MAX_NAME: usize = 255;
/// The longest name that is read at all, in bytes.
pub const MAX_GIVEN: usize = 1024;
/// Folders above a file, and the file.
pub const MAX_DEPTH: usize = 32;
/// An ending that is kept when a name is shortened, in bytes.
const MAX_ENDING: usize = 24;
/// A name stays free of numbers up to this one.
pub const MAX_NUMBER: u32 = 9999;

/// Why a name is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NameRefused {
    /// Nothing, or only dots that name a folder.
    #[error("the name is empty or names a folder above")]
    Dots,
    /// It names a way and not one step of it.
    #[error("the name holds a separator")]
    Separator,
    /// Too many bytes or steps.
    #[error("the name is too long")]
    Long,
}

/// One step of a path as it may stand in a folder.
///
/// # Errors
/// [`NameRefused`] for what would not be one step.
pub fn confined(name: &str) -> Result<String, NameRefused> {
    if name.len() > MAX_GIVEN {
        return Err(NameRefused::Long);
    }
    if name.contains(['/', '\\', '\0']) {
        return Err(NameRefused::Separator);
    }
    if name.chars().all(|letter| letter == '.' || letter.is_whitespace()) {
        return Err(NameRefused::Dots);
    }
    let mut safe: String =
        name.chars().map(|letter| if is_unwanted(letter) { '_' } else { letter }).collect();
    if is_device(&safe) {
        safe.insert(0, '_');
    }
    safe = shortened(safe, MAX_NAME);
    // Some systems drop these, and the name would become another one.
    let solid = safe.trim_end_matches(['.', ' ']).len();
    let rest = safe.len() - solid;
    safe.truncate(solid);
    safe.extend(std::iter::repeat_n('_', rest));
    Ok(safe)
}

/// A path below a folder, step by step.
///
/// # Errors
/// [`NameRefused`] for what would leave the folder, or is no path.
pub fn confined_path(path: &[String]) -> Result<Vec<String>, NameRefused> {
    if path.is_empty() {
        return Err(NameRefused::Dots);
    }
    if path.len() > MAX_DEPTH {
        return Err(NameRefused::Long);
    }
    path.iter().map(|name| confined(name)).collect()
}

/// The name for a file whose own name is taken: the same with a number before its ending. The first is `name` itself.
#[must_use]
pub fn numbered(name: &str, number: u32) -> String {
    if number <= 1 {
        return name.to_owned();
    }
    let mark = format!(" ({number})");
    let name = shortened(name.to_owned(), MAX_NAME - mark.len());
    let (stem, ending) = ending(&name);
    format!("{stem}{mark}{ending}")
}

/// Letters that end lines, move cursors, turn the direction, cannot be seen, or mean something to a file system.
fn is_unwanted(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '<' | '>' | ':' | '"' | '|' | '?' | '*'
            | '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
        // Looks like a separator.
        || matches!(letter, '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{ff0f}' | '\u{ff3c}' | '\u{29f5}' | '\u{2216}')
}

/// Whether a system would open a device by this name, whatever its ending.
fn is_device(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or(name).trim();
    let stem = stem.to_ascii_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$") {
        return true;
    }
    let Some(port) = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")) else { return false };
    matches!(port, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
}

fn ending(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= MAX_ENDING => name.split_at(at),
        Some(_) | None => (name, ""),
    }
}

fn shortened(name: String, most: usize) -> String {
    if name.len() <= most {
        return name;
    }
    let (stem, ending) = ending(&name);
    let stem = &stem[..stem.floor_char_boundary(most - ending.len())];
    format!("{stem}{ending}")
}

/// What hostile ends have sent elsewhere, for every test that takes names.
pub const HOSTILE: &[&str] = &[
    "",
    ".",
    "..",
    "...",
    ". .",
    "../canary",
    "..\\canary",
    "/etc/passwd",
    "\\\\server\\share",
    "C:\\canary",
    "C:canary",
    "a/../../canary",
    "a\0b",
    "..\u{2215}canary",
    "..\u{ff0f}canary",
    "line\nend",
    "esc\u{1b}[2J",
    "invoice\u{202e}fdp.exe",
    "zero\u{200b}width",
    "\u{2066}isolated\u{2069}",
    "CON",
    "con.txt",
    "NUL .tar.gz",
    "aux",
    "COM1",
    "LPT¹.doc",
    "trailing.",
    "trailing ",
    "trailing. . .",
    "stream.txt:hidden",
    "wild*?.txt",
    "quote\".txt",
    "-rf",
    "~",
    "$HOME",
    "%2e%2e%2fcanary",
    ".hidden",
    "\u{feff}bom",
    "\u{e0041}tag",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a name is one step everywhere, and the same on every system.
    fn check(safe: &str) {
        assert!(!safe.is_empty() && safe.len() <= MAX_NAME, "{safe:?}");
        assert!(safe != "." && safe != ".." && !safe.contains(['/', '\\', '\0', ':']), "{safe:?}");
        assert!(
            !safe.chars().any(is_unwanted) && !safe.ends_with(['.', ' ']) && !is_device(safe),
            "{safe:?}"
        );
        assert_eq!(confined(safe).as_deref(), Ok(safe), "it stays as it is");
    }

    #[test]
    fn hostile_names_are_refused_or_made_harmless() {
        for name in HOSTILE {
            if let Ok(safe) = confined(name) {
                check(&safe);
            }
        }
        for refused in
            ["", ".", "..", "...", ". .", "../canary", "..\\canary", "/etc/passwd", "a\0b", "C:\\canary"]
        {
            assert!(confined(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn usual_names_stay_as_they_are() {
        for name in [
            "report.pdf",
            "Grüße an alle.txt",
            ".hidden",
            "東京.png",
            "a (2).tar.gz",
            "console",
            "COM10",
            "nulls",
        ] {
            assert_eq!(confined(name).as_deref(), Ok(name));
        }
    }

    #[test]
    fn devices_turned_names_and_trailing_dots_are_written_otherwise() {
        for (given, safe) in [
            ("con.txt", "_con.txt"),
            ("LPT1", "_LPT1"),
            ("invoice\u{202e}fdp.exe", "invoice_fdp.exe"),
            ("end. ", "end__"),
            ("a:b", "a_b"),
            ("C:canary", "C_canary"),
        ] {
            assert_eq!(confined(given).as_deref(), Ok(safe));
        }
    }

    #[test]
    fn long_names_keep_their_ending_and_whole_letters() {
        let long = format!("{}.pdf", "ü".repeat(200));
        let safe = confined(&long).unwrap();
        check(&safe);
        assert!(safe.ends_with("ü.pdf") && safe.len() >= MAX_NAME - 1, "{}", safe.len());
        assert_eq!(confined(&"x".repeat(255)).unwrap().len(), 255);
        assert_eq!(confined(&"x".repeat(256)).unwrap().len(), 255);
        assert_eq!(confined(&"x".repeat(MAX_GIVEN + 1)), Err(NameRefused::Long));
        check(&confined(&format!("{}. . .", "x".repeat(252))).unwrap());
    }

    #[test]
    fn a_taken_name_gets_a_number_before_its_ending() {
        assert_eq!(numbered("a.tar.gz", 1), "a.tar.gz");
        assert_eq!(numbered("report.pdf", 2), "report (2).pdf");
        assert_eq!(numbered(".hidden", 3), ".hidden (3)");
        assert_eq!(numbered(&"x".repeat(255), MAX_NUMBER).len(), 255);
        check(&numbered(&confined(&"y".repeat(300)).unwrap(), 17));
    }

    #[test]
    fn a_path_has_steps_and_not_too_many() {
        let steps = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(confined_path(&steps(&["a", "b.txt"])), Ok(steps(&["a", "b.txt"])));
        assert_eq!(confined_path(&[]), Err(NameRefused::Dots));
        assert_eq!(confined_path(&steps(&["a", "..", "b"])), Err(NameRefused::Dots));
        assert_eq!(confined_path(&vec!["a".to_owned(); MAX_DEPTH + 1]), Err(NameRefused::Long));
    }

    #[test]
    fn whatever_letters_come_what_is_taken_is_one_step() {
        let mut dice: u64 = 0x0b5e_55ed;
        let letters: Vec<char> = "ab.. /\\:*\0\n\u{202e}\u{200b}üCONul1\u{e0041}é".chars().collect();
        for _ in 0..20_000 {
            let name: String = (0..=(dice >> 7) % 9)
                .map(|_| {
                    dice =
                        dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    letters[(dice >> 33) as usize % letters.len()]
                })
                .collect();
            if let Ok(safe) = confined(&name) {
                check(&safe);
            }
        }
    }
}

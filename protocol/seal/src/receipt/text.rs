//! Texts of a receipt, which may come from the far side, and what people compare.

use crate::context::Identity;

use super::{MAX_TEXT, cut};

/// The text of a beginning: the key that the technician's console proved, in hex, a blank, and who they are.
#[must_use]
pub fn begin_text(key: &[u8; 32], technician: &Identity) -> String {
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let Identity { name, organisation } = technician;
    let mut text = match organisation.is_empty() {
        true => format!("{key} {name}"),
        false => format!("{key} {name} ({organisation})"),
    };
    cut(&mut text, MAX_TEXT);
    text
}

/// The key and the person in the text of a beginning.
#[must_use]
pub fn begun(text: &str) -> (Option<[u8; 32]>, &str) {
    let Some((key, person)) = text.split_once(' ') else { return (None, text) };
    (unhex(key), person)
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || text.bytes().any(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(key)
}

/// The receipt's number, for comparing two copies: the first 16 bytes of a hash, in groups.
#[must_use]
pub fn number(hash: &[u8; 64]) -> String {
    let groups = hash[..16].chunks(2).map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect());
    groups.collect::<Vec<String>>().join(" ")
}

/// A text of the far side as it can be shown anywhere: whatever ends a line, moves the cursor, turns the direction or
/// cannot be seen is written out as `\u{…}`, and so is the backslash.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let unseen = letter.is_control()
            || matches!(letter, '\\' | '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
        match unseen {
            true => out.extend(letter.escape_unicode()),
            false => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_cannot_move_the_cursor_or_turn_the_line() {
        assert_eq!(plain("Ada Größe 東"), "Ada Größe 東");
        assert_eq!(plain("a\u{1b}[2J\nb\u{202e}c"), "a\\u{1b}[2J\\u{a}b\\u{202e}c");
        assert_eq!(plain("\\u{a}"), "\\u{5c}u{a}");
    }

    #[test]
    fn a_beginning_gives_back_key_and_person() {
        let ada = Identity { name: "Ada".into(), organisation: "Example Help".into() };
        let text = begin_text(&[0xab; 32], &ada);
        assert_eq!(begun(&text), (Some([0xab; 32]), "Ada (Example Help)"));
        let long = Identity { name: "n".repeat(200), organisation: "o".repeat(200) };
        assert_eq!(begin_text(&[1; 32], &long).len(), MAX_TEXT);
        assert_eq!(begun("").0, None);
        assert_eq!(begun(&"é".repeat(32)).0, None);
    }

    #[test]
    fn numbers_have_eight_groups() {
        let mut hash = [0; 64];
        hash[0] = 0xfe;
        assert_eq!(number(&hash), "fe00 0000 0000 0000 0000 0000 0000 0000");
    }
}

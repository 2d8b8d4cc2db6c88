//! The keysyms of characters, by which X11 and the Wayland portal name them.

/// The keysyms of a text. Line ends of each kind are one Return; control characters without a key are left out.
pub(crate) fn keysyms(text: &str) -> Vec<u32> {
    const TAB: u32 = 0xff09;
    const RETURN: u32 = 0xff0d;
    /// Keysyms of Unicode characters outside Latin-1 begin here (X11 protocol, appendix A).
    const UNICODE: u32 = 0x0100_0000;
    let text = text.replace("\r\n", "\n");
    text.chars()
        .filter_map(|character| match character {
            '\n' | '\r' => Some(RETURN),
            '\t' => Some(TAB),
            ' '..='~' | '\u{a0}'..='\u{ff}' => Some(character.into()),
            _ if character.is_control() => None,
            _ => Some(UNICODE | u32::from(character)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::keysyms;

    #[test]
    fn a_text_becomes_keysyms() {
        assert_eq!(keysyms("a\r\nb\nc\td"), [0x61, 0xff0d, 0x62, 0xff0d, 0x63, 0xff09, 0x64]);
        assert_eq!(keysyms("ß€😀"), [0xdf, 0x0100_20ac, 0x0101_f600]);
        assert_eq!(keysyms("\u{0}\u{1b}\u{7f}\u{85}"), [0_u32; 0]);
    }
}

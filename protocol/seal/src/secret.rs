//! What the two ends share before they meet: four digits of a code, 128 bits of a link, or what an earlier hand-shake
//! left them.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::bytes::lv_cat;

/// Secret digits of a code, after the six that name the session.
pub const DIGITS: usize = 4;
/// Secret bytes of a link.
pub const LINK: usize = 16;
/// Base64url letters of a link's secret.
pub const LINK_LETTERS: usize = 22;

/// A secret that two ends share. Debug output hides it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub enum Secret {
    /// The last digits of a code, ASCII: guessed once in ten thousand, so guesses are counted.
    Digits([u8; DIGITS]),
    /// From a link's fragment.
    Link([u8; LINK]),
    /// From an earlier hand-shake of the same two ends, see [`crate::keys::Pair::resumption`].
    Resumed([u8; 32]),
}

impl Secret {
    /// Draws digits from 64 random bits; one code is likelier than another by less than 10^-15.
    #[must_use]
    pub fn draw_digits(random: [u8; 8]) -> Self {
        let mut number = u64::from_be_bytes(random) % 10_u64.pow(DIGITS as u32);
        let mut digits = [b'0'; DIGITS];
        for place in digits.iter_mut().rev() {
            *place += (number % 10) as u8;
            number /= 10;
        }
        Self::Digits(digits)
    }

    /// Digits as a person has them after cleaning: exactly four of them.
    #[must_use]
    pub fn digits(text: &str) -> Option<Self> {
        let digits: [u8; DIGITS] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self::Digits(digits))
    }

    /// A link's secret, base64url without padding.
    #[must_use]
    pub fn link(text: &str) -> Option<Self> {
        if text.len() != LINK_LETTERS {
            return None;
        }
        let mut bytes = [0; LINK];
        let (mut bits, mut held, mut at) = (0u32, 0u32, 0);
        for letter in text.bytes() {
            bits = (bits << 6) | u32::from(letter_value(letter)?);
            held += 6;
            if held >= 8 {
                held -= 8;
                *bytes.get_mut(at)? = (bits >> held) as u8;
                at += 1;
                bits &= (1 << held) - 1;
            }
        }
        // What is left over must be nothing: a secret has one spelling.
        (bits == 0).then_some(Self::Link(bytes))
    }

    /// What goes into a code or a link: digits, or base64url. A resumed secret is never shown: empty.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Digits(digits) => digits.iter().map(|digit| char::from(*digit)).collect(),
            Self::Link(bytes) => {
                let (mut bits, mut held, mut out) = (0u32, 0u32, String::with_capacity(LINK_LETTERS));
                for byte in bytes {
                    bits = (bits << 8) | u32::from(*byte);
                    held += 8;
                    while held >= 6 {
                        held -= 6;
                        out.push(letter(bits >> held));
                        bits &= (1 << held) - 1;
                    }
                }
                out.push(letter(bits << (6 - held)));
                out
            }
            Self::Resumed(_) => String::new(),
        }
    }

    /// Which kind it is, so that a console with several knows which is meant.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Digits(_) => 0,
            Self::Link(_) => 1,
            Self::Resumed(_) => 2,
        }
    }

    /// The draft's PRS: kind and value, so that no digits equal a link.
    pub(crate) fn prs(&self) -> zeroize::Zeroizing<Vec<u8>> {
        zeroize::Zeroizing::new(match self {
            Self::Digits(digits) => lv_cat(&[b"digits", digits]),
            Self::Link(bytes) => lv_cat(&[b"link", bytes]),
            Self::Resumed(bytes) => lv_cat(&[b"resumed", bytes]),
        })
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn letter(six: u32) -> char {
    char::from(ALPHABET[(six & 63) as usize])
}

fn letter_value(letter: u8) -> Option<u8> {
    ALPHABET.iter().position(|known| *known == letter).and_then(|at| u8::try_from(at).ok())
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Digits(_) => "Secret::Digits(….)",
            Self::Link(_) => "Secret::Link(….)",
            Self::Resumed(_) => "Secret::Resumed(….)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_links_secret_survives_its_spelling_and_has_one() {
        for bytes in [[0; 16], [0xff; 16], std::array::from_fn(|i| i as u8 * 15 + 3)] {
            let text = Secret::Link(bytes).shown();
            assert_eq!(text.len(), LINK_LETTERS);
            assert_eq!(Secret::link(&text), Some(Secret::Link(bytes)));
        }
        assert_eq!(Secret::link("AAAAAAAAAAAAAAAAAAAAAB"), None, "leftover bits");
        assert_eq!(Secret::link("AAAAAAAAAAAAAAAAAAAAA="), None);
        assert_eq!(Secret::link(""), None);
    }

    #[test]
    fn digits_are_four_and_drawn_from_all() {
        assert_eq!(Secret::digits("0042"), Some(Secret::Digits(*b"0042")));
        for text in ["", "123", "12345", "12a4", "12３"] {
            assert_eq!(Secret::digits(text), None, "{text}");
        }
        assert_eq!(Secret::draw_digits(5710u64.to_be_bytes()).shown(), "5710");
        assert_eq!(Secret::draw_digits(10_007u64.to_be_bytes()).shown(), "0007");
    }

    #[test]
    fn a_secret_does_not_show_in_logs() {
        let shown = format!("{:?}", [Secret::Digits(*b"5710"), Secret::Link(*b"5710571057105710")]);
        assert!(!shown.contains("57"), "{shown}");
    }
}

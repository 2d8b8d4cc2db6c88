//! Join codes: ten digits, shown as `482 193 5710`. The first six ([`Number`]) name the session at the service and are
//! all that it ever gets; the last four are made in the technician's console and are for the two ends alone.

/// Digits of a code.
pub const DIGITS: usize = 10;
/// Digits of a session's number, with which its code begins.
pub const NUMBER_DIGITS: usize = 6;
/// The longest text that is looked at for a code, in bytes.
const MAX_INPUT: usize = 64;
/// How many numbers of sessions there are.
pub const COUNT: u64 = 1_000_000;

/// The number of a session: the six digits by which the service knows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number([u8; NUMBER_DIGITS]);

/// A join code. Debug output hides the last four digits; [`std::fmt::Display`] is for the people who need it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code([u8; DIGITS]);

/// Why a text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Something that is neither a digit nor a separator.
    #[error("it has something in it that is no digit")]
    NotDigits,
    /// Too few or too many digits.
    #[error("it has {0} digits")]
    Length(usize),
    /// Far too long to be one.
    #[error("it is far too long")]
    TooLong,
}

/// Reads digits as people type them: spaces, dashes or dots anywhere, full-width and Arabic digits too.
fn read<const N: usize>(text: &str) -> Result<[u8; N], CodeError> {
    if text.len() > MAX_INPUT {
        return Err(CodeError::TooLong);
    }
    let mut digits = [0; N];
    let mut count = 0;
    for letter in text.chars() {
        match digit(letter) {
            Some(value) => {
                if let Some(place) = digits.get_mut(count) {
                    *place = b'0' + value;
                }
                count += 1;
            }
            None if separates(letter) => {}
            None => return Err(CodeError::NotDigits),
        }
    }
    if count == N { Ok(digits) } else { Err(CodeError::Length(count)) }
}

impl Number {
    /// Reads what a program sends or a person typed: six digits, as forgiving as [`Code::parse`]. A whole code is
    /// refused: whoever sends one gives its secret away.
    ///
    /// # Errors
    /// [`CodeError`] for anything that is not six digits.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        read(text).map(Self)
    }

    /// The number with this value, for whoever draws a random one below [`COUNT`].
    #[must_use]
    pub fn from_value(value: u64) -> Option<Self> {
        if value >= COUNT {
            return None;
        }
        let mut digits = [b'0'; NUMBER_DIGITS];
        let mut rest = value;
        for place in digits.iter_mut().rev() {
            *place = b'0' + u8::try_from(rest % 10).expect("a remainder of ten is below ten");
            rest /= 10;
        }
        Some(Self(digits))
    }

    /// The six digits without separators.
    #[must_use]
    pub fn digits(&self) -> &str {
        std::str::from_utf8(&self.0).expect("ASCII digits are UTF-8")
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (one, two) = self.digits().split_at(3);
        write!(f, "{one} {two}")
    }
}

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Number({})", self.digits())
    }
}

impl Code {
    /// Reads what a person typed: digits with spaces, dashes or dots anywhere, full-width and Arabic digits too.
    ///
    /// # Errors
    /// [`CodeError`] for anything that is not ten digits.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        read(text).map(Self)
    }

    /// The ten digits without separators.
    #[must_use]
    pub fn digits(&self) -> &str {
        std::str::from_utf8(&self.0).expect("ASCII digits are UTF-8")
    }

    /// The six digits that name the session at the service.
    #[must_use]
    pub fn number(&self) -> Number {
        Number(*self.0.first_chunk().expect("ten digits begin with six"))
    }

    /// The four digits that are for the two ends alone. They go to nobody else, and into no log.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.digits()[NUMBER_DIGITS..]
    }
}

/// The code as people read it, `482 193 5710`; a text that is no code comes back unchanged.
#[must_use]
pub fn format(text: &str) -> String {
    Code::parse(text).map_or_else(|_| text.to_owned(), |code| code.to_string())
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.digits();
        write!(f, "{} {} {}", &digits[..3], &digits[3..6], &digits[6..])
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code({}….)", self.number().digits())
    }
}

/// Whether people put this between digits, or a copied text brings it along unseen.
fn separates(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '-' | '.' | '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn digit(letter: char) -> Option<u8> {
    let zero = match letter {
        '0'..='9' => '0',
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        '０'..='９' => '０',
        _ => return None,
    };
    u8::try_from(u32::from(letter) - u32::from(zero)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_read() {
        for text in [
            "4821935710",
            "482 193 5710",
            " 482-193-5710\n",
            "482.193.5710",
            "４８２１９３５７１０",
            "٤٨٢١٩٣٥٧١٠",
            "4 8 2 1 9 3 5 7 1 0",
            "482\u{a0}193–5710",
            "\u{feff}4821935710\u{200b}",
        ] {
            assert_eq!(Code::parse(text).unwrap().digits(), "4821935710", "{text:?}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused_with_its_reason() {
        assert_eq!(Code::parse(""), Err(CodeError::Length(0)));
        assert_eq!(Code::parse("482193571"), Err(CodeError::Length(9)));
        assert_eq!(Code::parse("48219357100"), Err(CodeError::Length(11)));
        assert_eq!(Code::parse("48219357l0"), Err(CodeError::NotDigits));
        assert_eq!(Code::parse("482193571\0"), Err(CodeError::NotDigits));
        assert_eq!(Code::parse("+4821935710"), Err(CodeError::NotDigits));
        assert_eq!(Code::parse(&"1".repeat(65)), Err(CodeError::TooLong));
    }

    #[test]
    fn a_code_begins_with_the_sessions_number_and_ends_with_the_secret() {
        let code = Code::parse("482 193 5710").unwrap();
        assert_eq!((code.number().digits(), code.secret()), ("482193", "5710"));
        assert_eq!(code.to_string(), "482 193 5710");
    }

    #[test]
    fn a_number_is_six_digits_and_never_a_whole_code() {
        for text in ["482193", "482 193", " 482-193 ", "４８２１９３"] {
            assert_eq!(Number::parse(text).unwrap().digits(), "482193", "{text:?}");
        }
        assert_eq!(Number::parse("4821935710"), Err(CodeError::Length(10)));
        assert_eq!(Number::parse("48219"), Err(CodeError::Length(5)));
        assert_eq!(Number::parse("48219x"), Err(CodeError::NotDigits));
    }

    #[test]
    fn every_value_is_one_number() {
        assert_eq!(Number::from_value(0).unwrap().digits(), "000000");
        assert_eq!(Number::from_value(COUNT - 1).unwrap().digits(), "999999");
        assert_eq!(Number::from_value(482_193).unwrap().to_string(), "482 193");
        assert_eq!(Number::from_value(COUNT), None);
    }

    #[test]
    fn a_log_never_shows_a_whole_code() {
        let shown = format!("{:?}", Code::parse("4821935710").unwrap());
        assert!(shown.contains("482193") && !shown.contains("5710"), "{shown}");
    }

    #[test]
    fn format_leaves_other_text_alone() {
        assert_eq!(format("4821935710"), "482 193 5710");
        assert_eq!(format("hello"), "hello");
    }
}

//! The passwords that everybody tries first.

/// The first five bytes of the SHA-256 of each, sorted: 8,354 passwords of at least eight characters, in lower case,
/// from the list of the 20,000 most common ones that Django ships (compiled by Royce Williams, BSD-3-Clause). A password
/// that is none of them is taken for one in one of 130 million cases.
static FILTER: &[u8] = include_bytes!("common_passwords.bin");
const LEN: usize = 5;

/// Whether it is one of the most common passwords, whatever its capitals.
#[must_use]
pub fn is_common(password: &str) -> bool {
    let hash = super::sha256(password.to_lowercase().as_bytes());
    let (entries, _) = FILTER.as_chunks::<LEN>();
    entries.binary_search_by(|entry| entry.as_slice().cmp(&hash[..LEN])).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_is_sorted_and_whole() {
        let (entries, rest) = FILTER.as_chunks::<LEN>();
        assert!(rest.is_empty() && entries.len() > 8_000);
        assert!(entries.is_sorted());
    }

    #[test]
    fn common_ones_are_known_and_others_are_not() {
        for common in ["password1", "PassWord1", "qwerty123", "12345678", "iloveyou1"] {
            assert!(is_common(common), "{common}");
        }
        for other in ["correct horse 1", "abcdefg1x9", "пароль-длинный", ""] {
            assert!(!is_common(other), "{other}");
        }
    }
}

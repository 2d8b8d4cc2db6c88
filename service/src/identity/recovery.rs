//! Recovery codes: ten, for whoever lost their phone. Each has 80 random bits, so a plain hash keeps it.

use super::totp::base32;
use super::{random, sha256};

/// How many there are.
pub const COUNT: usize = 10;
/// Random bytes of each: 16 letters in Base32.
const BYTES: usize = 10;

/// New codes, as people read them: `ABCD-EFGH-IJKL-MNOP`.
#[must_use]
pub fn generate() -> Vec<String> {
    (0..COUNT)
        .map(|_| {
            let letters = base32(&random::<BYTES>());
            let groups: Vec<&str> = (0..letters.len()).step_by(4).map(|at| &letters[at..at + 4]).collect();
            groups.join("-")
        })
        .collect()
}

/// What is kept of a code of this user, however it was typed.
#[must_use]
pub fn hash(user: &str, code: &str) -> [u8; 32] {
    let plain: String =
        code.chars().filter(char::is_ascii_alphanumeric).take(64).map(|c| c.to_ascii_uppercase()).collect();
    sha256(format!("farhand recovery code\n{user}\n{plain}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_and_read_back_however_they_are_typed() {
        let codes = generate();
        assert_eq!(codes.len(), COUNT);
        for (at, code) in codes.iter().enumerate() {
            assert_eq!(code.len(), 19);
            assert!(!codes[..at].contains(code));
            let kept = hash("u", code);
            assert_eq!(kept, hash("u", &code.to_lowercase().replace('-', " ")));
            assert_ne!(kept, hash("v", code));
        }
    }
}

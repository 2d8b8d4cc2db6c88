//! Passwords: the rule for new ones (I2) and argon2id with 19 MiB and two passes.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use farhand_protocol::api::PasswordRule;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

/// Memory, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes.
const PASSES: u32 = 2;
/// Bytes of a salt and of a hash.
const SALT: usize = 16;
const OUTPUT: usize = 32;
/// Characters at least by the standard rule (I2), and by NIST's with a second method.
pub const MIN: usize = 8;
/// Characters at least by NIST's rule, where the password is the only method (SP 800-63B-4).
pub const MIN_ALONE: usize = 15;
/// Characters at most, so that nobody makes the service hash a book.
pub const MAX: usize = 128;

/// Why a new password was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Fewer characters than the rule asks for.
    #[error("The password is too short. Use at least {0} characters.")]
    Short(usize),
    /// More than [`MAX`] characters.
    #[error("The password is too long. Use at most {MAX} characters.")]
    Long,
    /// No letter.
    #[error("The password has no letter. Use at least {MIN} characters, with letters and digits.")]
    NoLetter,
    /// No digit.
    #[error("The password has no digit. Use at least {MIN} characters, with letters and digits.")]
    NoDigit,
    /// The user's own name or address.
    #[error("The password is your name or e-mail address. Choose something that others cannot guess.")]
    Personal,
    /// One of those that everybody tries first.
    #[error("This password is one of the most common ones, which are tried first. Choose another.")]
    Common,
}

/// Whose password it is to be, and by which rule.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// Their address.
    pub email: &'a str,
    /// Their name.
    pub name: &'a str,
    /// The organisation's rule.
    pub rule: PasswordRule,
    /// Whether they have a second method.
    pub second_method: bool,
}

/// One form for what looks the same: people type the same password on different keyboards (NFKC).
#[must_use]
pub fn normal(password: &str) -> String {
    password.nfkc().collect()
}

/// Whether a new password may be set (I2).
///
/// # Errors
/// [`Weak`], a sentence.
pub fn check(password: &str, whose: Whose<'_>) -> Result<(), Weak> {
    // What is normalised is bounded; no character has more than a few bytes or becomes more than 18.
    if password.len() > MAX * 4 {
        return Err(Weak::Long);
    }
    let password = normal(password);
    let length = password.chars().count();
    let least = match (whose.rule, whose.second_method) {
        (PasswordRule::Standard, _) | (PasswordRule::Nist, true) => MIN,
        (PasswordRule::Nist, false) => MIN_ALONE,
    };
    let composed = match whose.rule {
        PasswordRule::Standard => true,
        PasswordRule::Nist => false,
    };
    let same = |own: &str| !own.is_empty() && normal(own).to_lowercase() == password.to_lowercase();
    let local = whose.email.split('@').next().unwrap_or_default();
    match () {
        () if length < least => Err(Weak::Short(least)),
        () if length > MAX => Err(Weak::Long),
        () if composed && !password.chars().any(char::is_alphabetic) => Err(Weak::NoLetter),
        () if composed && !password.chars().any(char::is_numeric) => Err(Weak::NoDigit),
        () if same(whose.email) || same(whose.name) || same(local) => Err(Weak::Personal),
        () if super::common::is_common(&password) => Err(Weak::Common),
        () => Ok(()),
    }
}

/// Passwords that may wait for a seat, for each seat: about two seconds' worth. Whoever comes later is told to come
/// again, which is better than being answered when nobody waits any more.
const WAITING: usize = 64;

/// The hashing could not be done; the words are for the log.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many wait already.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// It failed.
    #[error("password hashing failed: {0}")]
    Failed(String),
}

/// Hashes and verifies, at most as many at once as the machine has cores, away from the threads that serve sockets.
/// Each seat has its memory for good: what is allocated and given back by ever other threads is not given back in fact.
#[derive(Clone)]
pub struct Passwords {
    seats: Arc<Semaphore>,
    /// How many more may wait for a seat.
    waiting: Arc<Semaphore>,
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
    /// Verified against when the user does not exist, so that the time does not tell.
    nobody: Arc<str>,
}

impl Passwords {
    /// With `at_once` hashes at the same time.
    ///
    /// # Errors
    /// [`HashError`].
    pub fn new(at_once: usize) -> Result<Self, HashError> {
        let mut memory = Vec::new();
        let nobody = hash_now(&super::random_id(16), &mut memory)?.into();
        Ok(Self {
            seats: Arc::new(Semaphore::new(at_once.max(1))),
            waiting: Arc::new(Semaphore::new(at_once.max(1) * (WAITING + 1))),
            memory: Arc::new(Mutex::new(vec![memory])),
            nobody,
        })
    }

    /// The password's hash in PHC form.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn hash(&self, password: String) -> Result<String, HashError> {
        self.seated(move |memory| hash_now(&normal(&password), memory)).await?
    }

    /// Whether the password fits the hash; `None` for a user who does not exist costs the same and never fits.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn fits(&self, password: String, hash: Option<String>) -> Result<bool, HashError> {
        let nobody = Arc::clone(&self.nobody);
        self.seated(move |memory| {
            let known = hash.is_some();
            // A longer one was never set; what is hashed is bounded all the same.
            let bounded = password.len() <= MAX * 4;
            let password = if bounded { normal(&password) } else { String::new() };
            Ok(fits_now(password.as_bytes(), hash.as_deref().unwrap_or(&nobody), memory)? && known && bounded)
        })
        .await?
    }

    async fn seated<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| HashError::Busy)?;
        let seat = Arc::clone(&self.seats).acquire_owned().await.map_err(failed)?;
        let memories = Arc::clone(&self.memory);
        tokio::task::spawn_blocking(move || {
            let mut memory =
                memories.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            let done = work(&mut memory);
            memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
            drop((seat, place));
            done
        })
        .await
        .map_err(failed)
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords(..)")
    }
}

fn failed(error: impl std::fmt::Display) -> HashError {
    HashError::Failed(error.to_string())
}

fn hash_now(password: &str, memory: &mut Vec<Block>) -> Result<String, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(OUTPUT)).map_err(failed)?;
    let salt: [u8; SALT] = super::random();
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(failed)?,
        salt: Some(Salt::new(&salt).map_err(failed)?),
        hash: Some(compute(Algorithm::Argon2id, Version::V0x13, params, password.as_bytes(), &salt, memory)?),
    };
    Ok(hash.to_string())
}

fn fits_now(password: &[u8], hash: &str, memory: &mut Vec<Block>) -> Result<bool, HashError> {
    let hash = PasswordHash::new(hash).map_err(failed)?;
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else {
        return Err(failed("a hash is not whole"));
    };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(failed)?;
    let version = hash.version.map(Version::try_from).transpose().map_err(failed)?.unwrap_or_default();
    let params = Params::try_from(&hash).map_err(failed)?;
    // Outputs are compared in constant time.
    Ok(compute(algorithm, version, params, password, &salt, memory)? == expected)
}

fn compute(
    algorithm: Algorithm,
    version: Version,
    params: Params,
    password: &[u8],
    salt: &[u8],
    memory: &mut Vec<Block>,
) -> Result<Output, HashError> {
    let blocks = params.block_count();
    memory.resize(blocks, Block::new());
    let mut output = [0; OUTPUT];
    Argon2::new(algorithm, version, params)
        .hash_password_into_with_memory(password, salt, &mut output, &mut memory[..])
        .map_err(failed)?;
    Output::new(&output).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Whose<'static> = Whose {
        email: "ada.lovelace7@example.org",
        name: "Ada Lovelace 1",
        rule: PasswordRule::Standard,
        second_method: false,
    };

    #[test]
    fn the_standard_rule_for_new_passwords() {
        let check = |password: &str| check(password, ADA);
        assert_eq!(check("abcdefg1x"), Ok(()));
        assert_eq!(check("парольщик12"), Ok(()));
        assert_eq!(check("abcdef1"), Err(Weak::Short(8)));
        assert_eq!(check("abcdefgh"), Err(Weak::NoDigit));
        assert_eq!(check("12345678"), Err(Weak::NoLetter));
        assert_eq!(check("ada lovelace 1"), Err(Weak::Personal));
        assert_eq!(check("Ada.Lovelace7"), Err(Weak::Personal));
        assert_eq!(check("ADA.lovelace7@example.org"), Err(Weak::Personal));
        assert_eq!(check("Password1"), Err(Weak::Common));
        assert_eq!(check(&"a1".repeat(64)), Ok(()));
        assert_eq!(check(&"a1".repeat(65)), Err(Weak::Long));
        assert_eq!(check(&"a1".repeat(100_000)), Err(Weak::Long));
        // Full-width letters are the same letters.
        assert_eq!(check("Ｐａｓｓｗｏｒｄ１"), Err(Weak::Common));
    }

    #[test]
    fn the_nist_rule_asks_for_length_only() {
        let nist = Whose { rule: PasswordRule::Nist, ..ADA };
        assert_eq!(check("abcdefghijklmn", nist), Err(Weak::Short(15)));
        assert_eq!(check("abcdefghijklmno-", nist), Ok(()));
        let both = Whose { second_method: true, ..nist };
        assert_eq!(check("abcdefgh-", both), Ok(()));
        assert_eq!(check("abcdefg", both), Err(Weak::Short(8)));
        assert_eq!(check("12345678", both), Err(Weak::Common));
    }

    #[tokio::test]
    async fn a_hash_fits_its_own_password_only() {
        let passwords = Passwords::new(2).unwrap();
        let hash = passwords.hash("correct horse 1".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.fits("correct horse 1".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.fits("correct horse 2".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.fits("x".repeat(100_000), Some(hash)).await.unwrap());
        // The same word from another keyboard: composed and decomposed.
        let hash = passwords.hash("Gr\u{fc}n-1234".into()).await.unwrap();
        assert!(passwords.fits("Gru\u{308}n-1234".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.fits("correct horse 1".into(), None).await.unwrap());
        // And the library that others use says the same of it.
        use argon2::password_hash::PasswordVerifier as _;
        let hash = passwords.hash("correct horse 1".into()).await.unwrap();
        let parsed = PasswordHash::new(&hash).unwrap();
        assert!(Argon2::default().verify_password(b"correct horse 1", &parsed).is_ok());
        assert!(Argon2::default().verify_password(b"correct horse 2", &parsed).is_err());
    }

    #[tokio::test]
    async fn whoever_comes_when_too_many_wait_is_told_so_at_once() {
        let passwords = Passwords::new(1).unwrap();
        let places = u32::try_from(WAITING + 1).unwrap();
        let taken = Arc::clone(&passwords.waiting).try_acquire_many_owned(places).unwrap();
        assert!(matches!(passwords.fits("x".into(), None).await, Err(HashError::Busy)));
        drop(taken);
        assert!(!passwords.fits("x".into(), None).await.unwrap());
    }
}

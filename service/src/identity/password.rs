//! Passwords: the rule for new ones (I2) and argon2id with 19 MiB and two passes.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// Memory, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes.
const PASSES: u32 = 2;
/// Characters at least (I2).
pub const MIN: usize = 8;
/// Characters at most, so that nobody makes the service hash a book.
pub const MAX: usize = 128;

/// Why a new password was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Fewer than [`MIN`] characters.
    #[error("The password is too short. Use at least {MIN} characters, with letters and digits.")]
    Short,
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
}

/// Whether a new password may be set (I2).
///
/// # Errors
/// [`Weak`], a sentence.
pub fn check(password: &str, email: &str, name: &str) -> Result<(), Weak> {
    let length = password.chars().count();
    let personal = [email, name].iter().any(|own| !own.is_empty() && own.eq_ignore_ascii_case(password));
    match () {
        () if length < MIN => Err(Weak::Short),
        () if length > MAX => Err(Weak::Long),
        () if !password.chars().any(char::is_alphabetic) => Err(Weak::NoLetter),
        () if !password.chars().any(char::is_numeric) => Err(Weak::NoDigit),
        () if personal => Err(Weak::Personal),
        () => Ok(()),
    }
}

/// The hashing could not be done; the words are for the log.
#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
pub struct HashError(String);

/// Hashes and verifies, at most as many at once as the machine has cores, away from the threads that serve sockets.
#[derive(Clone, Debug)]
pub struct Passwords {
    seats: Arc<Semaphore>,
    /// Verified against when the user does not exist, so that the time does not tell.
    nobody: Arc<str>,
}

impl Passwords {
    /// With `at_once` hashes at the same time.
    ///
    /// # Errors
    /// [`HashError`].
    pub fn new(at_once: usize) -> Result<Self, HashError> {
        let nobody = hash_now(&super::random_id(16))?;
        Ok(Self { seats: Arc::new(Semaphore::new(at_once.max(1))), nobody: nobody.into() })
    }

    /// The password's hash in PHC form.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn hash(&self, password: String) -> Result<String, HashError> {
        self.seated(move || hash_now(&password)).await?
    }

    /// Whether the password fits the hash; `None` for a user who does not exist costs the same and never fits.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn fits(&self, password: String, hash: Option<String>) -> Result<bool, HashError> {
        let nobody = Arc::clone(&self.nobody);
        self.seated(move || {
            let known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(&nobody);
            let parsed = PasswordHash::new(hash).map_err(|e| HashError(e.to_string()))?;
            // A longer one was never set; what is hashed is bounded all the same.
            let bounded = password.len() <= MAX * 4;
            let password = if bounded { password.as_bytes() } else { b"" };
            Ok(argon2()?.verify_password(password, &parsed).is_ok() && known && bounded)
        })
        .await?
    }

    async fn seated<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let seat = Arc::clone(&self.seats).acquire_owned().await.map_err(|e| HashError(e.to_string()))?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(seat);
            done
        })
        .await
        .map_err(|e| HashError(e.to_string()))
    }
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|e| HashError(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String, HashError> {
    let hash: PasswordHash =
        argon2()?.hash_password(password.as_bytes()).map_err(|e| HashError(e.to_string()))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_for_new_passwords() {
        let check = |password: &str| check(password, "ada@example.org", "Ada Lovelace 1");
        assert_eq!(check("abcdefg1"), Ok(()));
        assert_eq!(check("пароль12"), Ok(()));
        assert_eq!(check("abcdef1"), Err(Weak::Short));
        assert_eq!(check("abcdefgh"), Err(Weak::NoDigit));
        assert_eq!(check("12345678"), Err(Weak::NoLetter));
        assert_eq!(check("ada lovelace 1"), Err(Weak::Personal));
        assert_eq!(check(&"a1".repeat(64)), Ok(()));
        assert_eq!(check(&"a1".repeat(65)), Err(Weak::Long));
    }

    #[tokio::test]
    async fn a_hash_fits_its_own_password_only() {
        let passwords = Passwords::new(2).unwrap();
        let hash = passwords.hash("correct horse 1".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.fits("correct horse 1".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.fits("correct horse 2".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.fits("x".repeat(100_000), Some(hash)).await.unwrap());
        assert!(!passwords.fits("correct horse 1".into(), None).await.unwrap());
    }
}

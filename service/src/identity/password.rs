//! Passwords: the rule for new ones (I2) and argon2id with 19 MiB and two passes.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;

/// Memory, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes.
const PASSES: u32 = 2;
/// Bytes of a salt and of a hash.
const SALT: usize = 16;
const OUTPUT: usize = 32;
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
/// Each seat has its memory for good: what is allocated and given back by ever other threads is not given back in fact.
#[derive(Clone)]
pub struct Passwords {
    seats: Arc<Semaphore>,
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
            memory: Arc::new(Mutex::new(vec![memory])),
            nobody,
        })
    }

    /// The password's hash in PHC form.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn hash(&self, password: String) -> Result<String, HashError> {
        self.seated(move |memory| hash_now(&password, memory)).await?
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
            let password = if bounded { password.as_bytes() } else { b"" };
            Ok(fits_now(password, hash.as_deref().unwrap_or(&nobody), memory)? && known && bounded)
        })
        .await?
    }

    async fn seated<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let seat = Arc::clone(&self.seats).acquire_owned().await.map_err(failed)?;
        let memories = Arc::clone(&self.memory);
        tokio::task::spawn_blocking(move || {
            let mut memory =
                memories.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            let done = work(&mut memory);
            memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
            drop(seat);
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
    HashError(error.to_string())
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
        // And the library that others use says the same of it.
        use argon2::password_hash::PasswordVerifier as _;
        let hash = passwords.hash("correct horse 1".into()).await.unwrap();
        let parsed = PasswordHash::new(&hash).unwrap();
        assert!(Argon2::default().verify_password(b"correct horse 1", &parsed).is_ok());
        assert!(Argon2::default().verify_password(b"correct horse 2", &parsed).is_err());
    }
}

//! AES-256-GCM, by ring where the processor helps, in plain Rust where ring cannot be had. Both give the same bytes.

use crate::keys::StreamKey;

/// Bytes that a seal adds behind the text.
pub const TAG: usize = 16;

/// The bytes are not what was sealed under this key, with this counter and this head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the seal is broken")]
pub struct Broken;

/// A key made ready. Debug output hides it.
pub struct Cipher {
    key: StreamKey,
    #[cfg(feature = "ring")]
    aes: ring::aead::LessSafeKey,
    #[cfg(not(feature = "ring"))]
    aes: Box<aes_gcm::Aes256Gcm>,
}

#[cfg(feature = "ring")]
impl Cipher {
    /// Makes a key ready.
    #[must_use]
    pub fn new(key: StreamKey) -> Self {
        let unbound = ring::aead::UnboundKey::new(&ring::aead::AES_256_GCM, &key.key);
        let aes = ring::aead::LessSafeKey::new(unbound.expect("32 bytes are a key of AES-256"));
        Self { key, aes }
    }

    /// Seals the text in place and gives the tag. A counter must never come twice under one key.
    ///
    /// # Panics
    /// When the text is longer than 64 GB.
    #[must_use]
    pub fn seal(&self, counter: u64, head: &[u8], text: &mut [u8]) -> [u8; TAG] {
        let nonce = ring::aead::Nonce::assume_unique_for_key(self.key.nonce(counter));
        let tag = self.aes.seal_in_place_separate_tag(nonce, ring::aead::Aad::from(head), text);
        let tag = tag.expect("messages are far below AES-GCM's limit");
        tag.as_ref().try_into().expect("AES-GCM's tag has 16 bytes")
    }

    /// Opens `text | tag` in place and gives the text.
    ///
    /// # Errors
    /// [`Broken`]; the bytes are then of no use.
    pub fn open<'a>(&self, counter: u64, head: &[u8], sealed: &'a mut [u8]) -> Result<&'a mut [u8], Broken> {
        let nonce = ring::aead::Nonce::assume_unique_for_key(self.key.nonce(counter));
        self.aes.open_in_place(nonce, ring::aead::Aad::from(head), sealed).map_err(|_| Broken)
    }
}

#[cfg(not(feature = "ring"))]
impl Cipher {
    /// Makes a key ready.
    #[must_use]
    pub fn new(key: StreamKey) -> Self {
        use aes_gcm::KeyInit;

        let aes = Box::new(aes_gcm::Aes256Gcm::new(&key.key.into()));
        Self { key, aes }
    }

    /// Seals the text in place and gives the tag. A counter must never come twice under one key.
    ///
    /// # Panics
    /// When the text is longer than 64 GB.
    #[must_use]
    pub fn seal(&self, counter: u64, head: &[u8], text: &mut [u8]) -> [u8; TAG] {
        use aes_gcm::aead::AeadInOut;

        let tag = self.aes.encrypt_inout_detached(&self.key.nonce(counter).into(), head, text.into());
        tag.expect("messages are far below AES-GCM's limit").into()
    }

    /// Opens `text | tag` in place and gives the text.
    ///
    /// # Errors
    /// [`Broken`]; the bytes are then of no use.
    pub fn open<'a>(&self, counter: u64, head: &[u8], sealed: &'a mut [u8]) -> Result<&'a mut [u8], Broken> {
        use aes_gcm::aead::AeadInOut;

        let (text, tag) = sealed.split_last_chunk_mut::<TAG>().ok_or(Broken)?;
        let (nonce, tag) = (self.key.nonce(counter).into(), (*tag).into());
        self.aes.decrypt_inout_detached(&nonce, head, (&mut *text).into(), &tag).map_err(|_| Broken)?;
        Ok(text)
    }
}

impl Cipher {
    /// The key, for another implementation of the same cipher.
    #[must_use]
    pub const fn key(&self) -> &StreamKey {
        &self.key
    }
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 16 of "The Galois/Counter Mode of Operation" (McGrew and Viega): AES-256 with associated data.
    #[test]
    fn the_published_bytes_come_out() {
        let unhex = crate::tests::unhex;
        let key = StreamKey {
            key: unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
                .try_into()
                .unwrap(),
            iv: unhex("cafebabefacedbaddecaf888").try_into().unwrap(),
        };
        let head = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = unhex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b39",
        );
        let cipher = Cipher::new(key);
        let mut text = plain.clone();
        let tag = cipher.seal(0, &head, &mut text);
        let sealed = unhex(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
             c5f61e6393ba7a0abcc9f662",
        );
        assert_eq!(text, sealed);
        assert_eq!(tag.to_vec(), unhex("76fc6ece0f4e1768cddf8853bb2d551b"));
        let mut whole = [text.as_slice(), &tag].concat();
        assert_eq!(cipher.open(0, &head, &mut whole).unwrap(), plain);
        let mut whole = [text.as_slice(), &tag].concat();
        assert_eq!(cipher.open(1, &head, &mut whole), Err(Broken));
        assert_eq!(cipher.open(0, &head, &mut [0; 15]), Err(Broken));
    }
}

//! Byte strings with their length in front, as the CPace draft has them (`prepend_len`, `lv_cat`), and a bounded reader.

/// Appends a string after its length in LEB128.
pub fn put(out: &mut Vec<u8>, part: &[u8]) {
    let mut length = part.len();
    loop {
        let low = (length & 0x7f) as u8;
        length >>= 7;
        if length == 0 {
            out.push(low);
            break;
        }
        out.push(low | 0x80);
    }
    out.extend_from_slice(part);
}

/// The strings one after the other, each after its length: no two lists give the same bytes.
#[must_use]
pub fn lv_cat(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.len() + 2).sum());
    for part in parts {
        put(&mut out, part);
    }
    out
}

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// They end too early.
    #[error("it ends too early")]
    Short,
    /// Something follows.
    #[error("something follows it")]
    Trailing,
    /// A part is longer than it may be.
    #[error("a part of it is too long")]
    Long,
    /// A length is written in more bytes than it needs, a text is not UTF-8, or a number names nothing.
    #[error("it is not written as it must be")]
    Malformed,
}

/// Reads parts off the front of bytes from the far side.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader at the start.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// So many bytes as they stand.
    ///
    /// # Errors
    /// [`ReadError::Short`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(ReadError::Short)?;
        self.0 = rest;
        Ok(*head)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`ReadError::Short`].
    pub fn byte(&mut self) -> Result<u8, ReadError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A string after its length, at most `limit` bytes (below 2^21).
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn string(&mut self, limit: usize) -> Result<&'a [u8], ReadError> {
        let mut length = 0usize;
        for at in 0..3 {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                if at > 0 && byte == 0 {
                    return Err(ReadError::Malformed);
                }
                if length > limit {
                    return Err(ReadError::Long);
                }
                if length > self.0.len() {
                    return Err(ReadError::Short);
                }
                let (part, rest) = self.0.split_at(length);
                self.0 = rest;
                return Ok(part);
            }
        }
        Err(ReadError::Long)
    }

    /// A text after its length, at most `limit` bytes.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn text(&mut self, limit: usize) -> Result<String, ReadError> {
        let bytes = self.string(limit)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| ReadError::Malformed)
    }

    /// Bytes that are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.0.len()
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// [`ReadError::Trailing`].
    pub const fn end(self) -> Result<(), ReadError> {
        if self.0.is_empty() { Ok(()) } else { Err(ReadError::Trailing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drafts_lengths_come_out() {
        let mut out = Vec::new();
        put(&mut out, b"");
        put(&mut out, b"1234");
        assert_eq!(out, b"\x00\x041234");
        let long: Vec<u8> = (0..128).collect();
        assert_eq!(lv_cat(&[&long[..127]])[..2], [127, 0]);
        assert_eq!(lv_cat(&[&long])[..3], [0x80, 1, 0]);
        assert_eq!(lv_cat(&[b"1234", b"5", b"", b"678"]), b"\x041234\x015\x00\x03678");
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let text = "ä".repeat(300);
        let bytes = lv_cat(&[b"ab", text.as_bytes()]);
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.string(2), Ok(&b"ab"[..]));
        assert_eq!(reader.text(600), Ok(text));
        assert_eq!(reader.end(), Ok(()));
        assert_eq!(Reader::new(&bytes).string(1), Err(ReadError::Long));
        assert_eq!(Reader::new(b"\x02a").string(9), Err(ReadError::Short));
        assert_eq!(
            Reader::new(b"\x81\x00a").string(9),
            Err(ReadError::Malformed),
            "one length, two spellings"
        );
        assert_eq!(Reader::new(b"\xff\xff\xff\xff").string(9), Err(ReadError::Long));
        assert_eq!(Reader::new(b"\x01\xff").text(9), Err(ReadError::Malformed));
        assert_eq!(Reader::new(b"x").end(), Err(ReadError::Trailing));
    }
}

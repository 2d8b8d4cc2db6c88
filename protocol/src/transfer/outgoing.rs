//! The sending end of one file.

use std::time::Duration;

use super::Job;
use super::pace::Pace;

/// How far a file is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    size: u64,
    /// The next byte that is read.
    at: u64,
    /// The other end takes up to here.
    limit: u64,
    /// Counts the times that the other end said where to go on.
    turn: u32,
    reading: bool,
    /// What the disk read in all, with the last byte.
    hash: Option<Vec<u8>>,
    pace: Pace,
}

/// Pieces of what the disk read, to be sent in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// Offsets and bytes.
    pub chunks: Vec<(u64, Vec<u8>)>,
    /// With the last one: the hash of the whole file.
    pub hash: Option<Vec<u8>>,
}

impl Outgoing {
    /// Of so many bytes, none of which may be sent yet.
    #[must_use]
    pub fn new(size: u64) -> Self {
        Self { size, at: 0, limit: 0, turn: 0, reading: false, hash: None, pace: Pace::default() }
    }

    /// Bytes in all.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Bytes that were sent.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.at
    }

    /// The hash of the whole file, when everything was sent.
    #[must_use]
    pub fn hash(&self) -> Option<&[u8]> {
        self.hash.as_deref()
    }

    /// The other end has everything before `offset` and takes up to `until`. Nothing when there is no such place.
    pub fn go(&mut self, offset: u64, until: u64) -> Option<Job> {
        if offset > self.size {
            return None;
        }
        self.turn = self.turn.wrapping_add(1);
        self.at = offset;
        self.limit = until.min(self.size);
        self.reading = false;
        self.hash = None;
        self.pace = Pace::default();
        Some(Job::Seek { turn: self.turn, offset })
    }

    /// The other end takes more, so long after it was heard last.
    pub fn grant(&mut self, until: u64, passed: Duration) {
        if self.turn > 0 {
            let before = self.limit;
            self.limit = before.max(until.min(self.size));
            self.pace.handle_taken(self.limit - before, passed);
        }
    }

    /// The next thing to read. At the end nothing is left, and the hash is read.
    pub fn poll_read(&mut self) -> Option<Job> {
        let over = self.at == self.size && self.hash.is_none();
        if self.turn == 0 || self.reading || !(over || self.at < self.limit) {
            return None;
        }
        self.reading = true;
        Some(Job::Read { turn: self.turn, length: (self.limit.max(self.at) - self.at).min(self.pace.read()) })
    }

    /// The disk has read. Nothing when that is not wanted any more.
    ///
    /// # Errors
    /// [`Changed`] when the file is not as long as it was.
    pub fn handle_read(&mut self, turn: u32, bytes: &[u8], hash: Option<Vec<u8>>) -> Result<Pieces, Changed> {
        let mut pieces = Pieces { chunks: Vec::new(), hash: None };
        if turn != self.turn || !self.reading {
            return Ok(pieces);
        }
        self.reading = false;
        let end = self.at + bytes.len() as u64;
        if end > self.limit.max(self.at) || (bytes.is_empty() && self.at < self.size) {
            return Err(Changed);
        }
        for chunk in bytes.chunks(self.pace.piece()) {
            pieces.chunks.push((self.at, chunk.to_vec()));
            self.at += chunk.len() as u64;
        }
        if self.at == self.size {
            self.hash = hash.clone();
            pieces.hash = hash;
        }
        Ok(pieces)
    }
}

/// The file is another one than it was when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file changed while it was read")]
pub struct Changed;

#[cfg(test)]
mod tests {
    use super::super::READ;
    use super::super::pace::SMALL_PIECE;
    use super::*;
    use crate::channel::files::MAX_CHUNK;

    const AT_ONCE: Duration = Duration::ZERO;

    #[test]
    fn nothing_is_sent_before_it_is_granted() {
        let mut file = Outgoing::new(100);
        file.grant(100, AT_ONCE);
        assert_eq!(file.poll_read(), None, "the other end did not say where to begin");
        assert_eq!(file.go(0, 0), Some(Job::Seek { turn: 1, offset: 0 }));
        assert_eq!(file.poll_read(), None);
        file.grant(60, AT_ONCE);
        assert_eq!(file.poll_read(), Some(Job::Read { turn: 1, length: 60 }));
        assert_eq!(file.poll_read(), None, "one at a time");
        let pieces = file.handle_read(1, &[1; 60], None).unwrap();
        assert_eq!(pieces.chunks, [(0, vec![1; 60])]);
        assert_eq!(file.poll_read(), None);
    }

    #[test]
    fn going_back_forgets_what_was_being_read() {
        let mut file = Outgoing::new(100);
        file.go(0, 100);
        file.poll_read();
        assert_eq!(file.go(40, 100), Some(Job::Seek { turn: 2, offset: 40 }));
        assert_eq!(file.handle_read(1, &[1; 100], None).unwrap().chunks, []);
        assert_eq!(file.poll_read(), Some(Job::Read { turn: 2, length: 60 }));
        let pieces = file.handle_read(2, &[2; 60], Some(vec![9; 32])).unwrap();
        assert_eq!((pieces.chunks, pieces.hash), (vec![(40, vec![2; 60])], Some(vec![9; 32])));
        assert_eq!(file.go(101, 200), None, "there is no such place");
    }

    #[test]
    fn the_end_has_its_hash_also_when_nothing_is_left_to_send() {
        for size in [0, 50] {
            let mut file = Outgoing::new(size);
            file.go(size, size);
            assert_eq!(file.poll_read(), Some(Job::Read { turn: 1, length: 0 }));
            let pieces = file.handle_read(1, &[], Some(vec![9; 32])).unwrap();
            assert_eq!(pieces.hash, Some(vec![9; 32]));
            assert_eq!(file.poll_read(), None);
        }
    }

    #[test]
    fn a_file_that_shrank_is_told() {
        let mut file = Outgoing::new(50);
        file.go(0, 50);
        file.poll_read();
        assert_eq!(file.handle_read(1, &[], None), Err(Changed));
    }

    #[test]
    fn long_reads_are_cut_into_messages() {
        const SIZE: u64 = 1 << 30;
        let mut file = Outgoing::new(SIZE);
        file.go(0, SIZE);
        let slow = 8 * SMALL_PIECE;
        assert_eq!(file.poll_read(), Some(Job::Read { turn: 1, length: slow as u64 }));
        let pieces = file.handle_read(1, &vec![3; slow], None).unwrap();
        assert_eq!(pieces.chunks.len(), 8);
        assert!(pieces.chunks.iter().all(|(_, bytes)| bytes.len() == SMALL_PIECE));
    }

    #[test]
    fn pieces_grow_where_the_other_end_is_fast_and_start_small_again() {
        const SIZE: u64 = 1 << 30;
        let mut file = Outgoing::new(SIZE);
        file.go(0, 0);
        file.grant(64 << 20, Duration::from_secs(1));
        assert_eq!(file.poll_read(), Some(Job::Read { turn: 1, length: READ }));
        let pieces = file.handle_read(1, &vec![3; READ as usize], None).unwrap();
        assert_eq!(pieces.chunks.len(), 4);
        assert!(pieces.chunks.iter().all(|(_, bytes)| bytes.len() == MAX_CHUNK));
        file.go(READ, SIZE);
        assert_eq!(file.poll_read(), Some(Job::Read { turn: 2, length: 8 * SMALL_PIECE as u64 }));
    }
}

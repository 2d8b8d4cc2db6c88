//! The receiving end of one file.

use super::Job;

/// How far a file has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    size: u64,
    /// Everything before this was handed to the disk.
    taken: u64,
    /// Everything before this is written.
    written: u64,
    /// The other end may send up to here.
    granted: u64,
    /// The other end said what it read; the disk compares.
    finishing: bool,
}

/// What to do about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Took {
    /// It came before.
    Nothing,
    /// Something before it is missing: the other end must go on from [`Incoming::from`].
    Again,
    /// The other end sends what it must not: more than was granted, or than the file has.
    Broken,
    /// Have the disk do this.
    Job(Job),
}

impl Incoming {
    /// Of so many bytes, none of which has come.
    #[must_use]
    pub const fn new(size: u64) -> Self {
        Self::after(size, 0)
    }

    /// Of so many bytes, the first of which are written already.
    #[must_use]
    pub const fn after(size: u64, written: u64) -> Self {
        Self { size, taken: written, written, granted: written, finishing: false }
    }

    /// The next byte that is wanted.
    #[must_use]
    pub const fn from(&self) -> u64 {
        self.taken
    }

    /// Bytes that are written.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Bytes in all.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Up to where the other end may send.
    #[must_use]
    pub const fn granted(&self) -> u64 {
        self.granted
    }

    /// Bytes came.
    pub fn chunk(&mut self, offset: u64, mut bytes: Vec<u8>) -> Took {
        let Some(end) = offset.checked_add(bytes.len() as u64) else { return Took::Broken };
        if end > self.granted || end > self.size {
            return Took::Broken;
        }
        if offset > self.taken {
            return Took::Again;
        }
        if end <= self.taken || self.finishing {
            return Took::Nothing;
        }
        // The other end went back to a place of its own.
        let known = usize::try_from(self.taken - offset).expect("less than the chunk's length");
        let bytes = if known == 0 { bytes } else { bytes.split_off(known) };
        let offset = self.taken;
        self.taken = end;
        Took::Job(Job::Write { offset, bytes })
    }

    /// Everything before this is written.
    pub fn handle_written(&mut self, until: u64) {
        self.written = self.written.max(until.min(self.taken));
    }

    /// The other end has sent everything.
    pub fn done(&mut self, hash: Vec<u8>) -> Took {
        if self.finishing {
            return Took::Nothing;
        }
        if self.taken < self.size {
            return Took::Again;
        }
        self.finishing = true;
        Took::Job(Job::Finish { hash })
    }

    /// A new grant, when it is worth a message: up to `share` bytes may be on their way.
    pub fn grant(&mut self, share: u64) -> Option<u64> {
        let until = (self.written + share).min(self.size);
        let step = (share / 4).max(1);
        let worth = until > self.granted && (until - self.granted >= step || until == self.size);
        worth.then(|| self.regrant(share))
    }

    /// What is granted now, for saying it again.
    pub fn regrant(&mut self, share: u64) -> u64 {
        self.granted = self.granted.max((self.written + share).min(self.size));
        self.granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(offset: u64, length: usize) -> Took {
        Took::Job(Job::Write { offset, bytes: vec![7; length] })
    }

    #[test]
    fn bytes_are_taken_once_and_in_order() {
        let mut file = Incoming::new(100);
        assert_eq!(file.regrant(60), 60);
        assert_eq!(file.chunk(10, vec![7; 10]), Took::Again);
        assert_eq!(file.chunk(0, vec![7; 20]), write(0, 20));
        assert_eq!(file.chunk(0, vec![7; 20]), Took::Nothing);
        assert_eq!(file.chunk(10, vec![7; 20]), write(20, 10), "the part that is new");
        assert_eq!(file.done(vec![0; 32]), Took::Again);
        assert_eq!(file.from(), 30);
    }

    #[test]
    fn nobody_sends_more_than_was_granted_or_there_is() {
        let mut file = Incoming::new(100);
        assert_eq!(file.chunk(0, vec![7; 1]), Took::Broken, "nothing was granted");
        file.regrant(50);
        assert_eq!(file.chunk(0, vec![7; 51]), Took::Broken);
        assert_eq!(file.chunk(u64::MAX, vec![7; 2]), Took::Broken);
        file.regrant(1000);
        assert_eq!(file.granted(), 100);
        assert_eq!(file.chunk(0, vec![7; 101]), Took::Broken);
    }

    #[test]
    fn grants_follow_what_is_written_and_are_worth_a_message() {
        let mut file = Incoming::new(1000);
        assert_eq!(file.grant(400), Some(400));
        assert_eq!(file.chunk(0, vec![7; 90]), write(0, 90));
        assert_eq!(file.grant(400), None, "nothing is written yet");
        file.handle_written(90);
        assert_eq!(file.grant(400), None, "less than a quarter");
        assert_eq!(file.chunk(90, vec![7; 10]), write(90, 10));
        file.handle_written(500);
        assert_eq!(file.written(), 100, "never more than was taken");
        assert_eq!(file.grant(400), Some(500));
    }

    #[test]
    fn an_empty_file_is_whole_at_once() {
        let mut file = Incoming::new(0);
        assert_eq!(file.done(vec![1; 32]), Took::Job(Job::Finish { hash: vec![1; 32] }));
        assert_eq!(file.done(vec![1; 32]), Took::Nothing);
    }
}

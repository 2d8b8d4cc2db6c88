//! Files of customers on their way to this computer's disk: into its downloads folder and nowhere else.
//!
//! A page names no place. It begins a file with the names that are wanted below the folder, each confined once more;
//! bytes are appended to a temporary file, and the file gets its name when its BLAKE3 hash agrees. Nothing that is there
//! is replaced. What is open stays so when its page is loaded again, which can go on with it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use farhand_protocol::channel::files::{FileEnd, MAX_PATH, MAX_SIZE};
use farhand_protocol::transfer::names::{MAX_NUMBER, confined_path, numbered};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::types::{BeginFile, OpenFile};

/// Files that are open at a time.
pub const MAX_OPEN: usize = 64;
/// One that is not written to for so long makes room for another: its page has gone.
const IDLE: Duration = Duration::from_secs(10 * 60);
/// The most bytes of one call.
pub const MAX_WRITE: usize = 4 * 1024 * 1024;
/// What a temporary file begins and ends with; letters and digits lie between.
const TEMPORARY: (&str, &str) = (".farhand-console-", ".part");
/// What a program that was killed left lies this long before it is removed.
const LEFT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Files that are open.
#[derive(Debug)]
pub struct Incoming {
    /// Nothing where there is no such folder.
    folder: Option<PathBuf>,
    next: u32,
    open: BTreeMap<u32, Open>,
}

#[derive(Debug)]
struct Open {
    session: String,
    transfer: u32,
    from: String,
    /// Folders and name, confined.
    steps: Vec<String>,
    size: u64,
    temporary: PathBuf,
    file: File,
    at: u64,
    hash: blake3::Hasher,
    used: Instant,
}

impl Drop for Open {
    fn drop(&mut self) {
        // It has its name by then, or is not whole.
        let _ = fs::remove_file(&self.temporary);
    }
}

impl Incoming {
    /// Into this folder.
    #[must_use]
    pub const fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, next: 0, open: BTreeMap::new() }
    }

    /// Removes what a program that was killed has left.
    pub fn sweep(&self, now: SystemTime) {
        let entries = self.folder.as_deref().and_then(|folder| fs::read_dir(folder).ok());
        for entry in entries.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let Ok(about) = entry.metadata() else { continue };
            let age = about.modified().ok().and_then(|changed| now.duration_since(changed).ok());
            if is_temporary(name) && about.is_file() && age.is_some_and(|age| age >= LEFT_FOR) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Begins a file, or goes on with the one of the same session and number.
    ///
    /// # Errors
    /// [`FileEnd`].
    pub fn begin(&mut self, wanted: &BeginFile, now: Instant) -> Result<u32, FileEnd> {
        let steps = confined_path(&wanted.steps).map_err(|_| FileEnd::Name)?;
        if steps.is_empty() || wanted.from.len() > MAX_PATH || wanted.size > MAX_SIZE {
            return Err(FileEnd::Name);
        }
        let same = |open: &Open| open.session == wanted.session && open.transfer == wanted.transfer;
        if let Some((number, open)) = self.open.iter().find(|(_, open)| same(open)) {
            let goes_on = open.steps == steps && open.size == wanted.size;
            return if goes_on { Ok(*number) } else { Err(FileEnd::Changed) };
        }
        if self.open.len() >= MAX_OPEN {
            let idle = |open: &Open| now.saturating_duration_since(open.used) >= IDLE;
            let oldest = self.open.iter().filter(|(_, open)| idle(open)).min_by_key(|(_, open)| open.used);
            let oldest = oldest.map(|(number, _)| *number).ok_or(FileEnd::Busy)?;
            self.open.remove(&oldest);
        }
        let folder = self.folder.as_deref().ok_or(FileEnd::Denied)?;
        fs::create_dir_all(folder).map_err(|error| why(&error))?;
        let mut random = [0; 8];
        SystemRandom::new().fill(&mut random).map_err(|_| FileEnd::Failed)?;
        let (begin, end) = TEMPORARY;
        let temporary = folder.join(format!("{begin}{:016x}{end}", u64::from_be_bytes(random)));
        let file = OpenOptions::new().write(true).create_new(true).open(&temporary);
        let file = file.map_err(|error| why(&error))?;
        self.next = self.next.wrapping_add(1);
        let open = Open {
            session: wanted.session.clone(),
            transfer: wanted.transfer,
            from: wanted.from.clone(),
            steps,
            size: wanted.size,
            temporary,
            file,
            at: 0,
            hash: blake3::Hasher::new(),
            used: now,
        };
        self.open.insert(self.next, open);
        Ok(self.next)
    }

    /// Appends bytes, which stand at `offset`. One that fails is over.
    ///
    /// # Errors
    /// [`FileEnd`].
    pub fn write(&mut self, number: u32, offset: u64, bytes: &[u8], now: Instant) -> Result<(), FileEnd> {
        let open = self.open.get_mut(&number).ok_or(FileEnd::Vanished)?;
        let end = offset.saturating_add(bytes.len() as u64);
        let written = if offset != open.at || end > open.size || bytes.len() > MAX_WRITE {
            Err(FileEnd::Failed)
        } else {
            open.file.write_all(bytes).map_err(|error| why(&error))
        };
        if let Err(why) = written {
            self.open.remove(&number);
            return Err(why);
        }
        open.hash.update(bytes);
        (open.at, open.used) = (end, now);
        Ok(())
    }

    /// Gives a whole file the first of its names that is free, and says which. It is over then, in any case.
    ///
    /// # Errors
    /// [`FileEnd`]: nothing of it is there.
    pub fn keep(&mut self, number: u32, hash: &str) -> Result<String, FileEnd> {
        let mut open = self.open.remove(&number).ok_or(FileEnd::Vanished)?;
        if open.at != open.size || open.hash.finalize().to_hex().as_str() != hash {
            return Err(FileEnd::Mismatch);
        }
        open.file.flush().map_err(|error| why(&error))?;
        let (name, above) = open.steps.split_last().ok_or(FileEnd::Name)?;
        let mut folder = self.folder.clone().ok_or(FileEnd::Denied)?;
        for step in above {
            folder.push(step);
            make_folder(&folder)?;
        }
        for number in 1..=MAX_NUMBER {
            let name = numbered(name, number);
            if take_name(&open.temporary, &folder.join(&name))? {
                return Ok(name);
            }
        }
        Err(FileEnd::Name)
    }

    /// A file is not wanted any more.
    pub fn forget(&mut self, number: u32) {
        self.open.remove(&number);
    }

    /// None is wanted any more.
    pub fn forget_all(&mut self) {
        self.open.clear();
    }

    /// What is open of a session.
    #[must_use]
    pub fn of(&self, session: &str) -> Vec<OpenFile> {
        let these = self.open.values().filter(|open| open.session == session);
        let told = these.map(|open| OpenFile {
            transfer: open.transfer,
            from: open.from.clone(),
            steps: open.steps.clone(),
            size: open.size,
            had: open.at,
        });
        told.collect()
    }
}

fn is_temporary(name: &str) -> bool {
    let (begin, end) = TEMPORARY;
    let middle = name.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end));
    middle.is_some_and(|middle| middle.len() == 16 && middle.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A folder of ours; a link there leads elsewhere and is none.
fn make_folder(path: &Path) -> Result<(), FileEnd> {
    match fs::create_dir(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let about = fs::symlink_metadata(path).map_err(|error| why(&error))?;
            if about.is_dir() { Ok(()) } else { Err(FileEnd::Name) }
        }
        Err(error) => Err(why(&error)),
    }
}

/// Moves a file to a name that nothing has; says whether it was free.
fn take_name(temporary: &Path, name: &Path) -> Result<bool, FileEnd> {
    // The name is taken by an empty file of ours first: nothing that others put there is ever replaced.
    match OpenOptions::new().write(true).create_new(true).open(name) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(why(&error)),
    }
    match fs::rename(temporary, name) {
        Ok(()) => Ok(true),
        Err(error) => {
            let _ = fs::remove_file(name);
            Err(why(&error))
        }
    }
}

/// What a system's error means to people.
pub(crate) fn why(error: &io::Error) -> FileEnd {
    match error.kind() {
        io::ErrorKind::NotFound => FileEnd::Vanished,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => FileEnd::Denied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            FileEnd::DiskFull
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => {
            FileEnd::Name
        }
        _ => FileEnd::Failed,
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;

//! Files that a person dropped on a window.
//!
//! Where they lie is known here and nowhere else. A window's page is told that something was dropped on it, takes it for
//! the session that it shows, and gets numbers, names and sizes: with such a number it reads parts of that file, for that
//! session, while the file stays what it was. There is no other way to name a file.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use farhand_protocol::channel::files::{FileEnd, MAX_PATH, MAX_SIZE};
use farhand_protocol::transfer::names::MAX_DEPTH;

use crate::files::why;
use crate::types::{DroppedFile, DroppedFiles};

/// Files of one drop.
pub const MAX_FILES: usize = 5_000;
/// Files that may be read at a time, of all drops.
pub const MAX_GIVEN: usize = 20_000;
/// The most bytes of one part.
pub const MAX_READ: u32 = 1024 * 1024;
/// Things that are looked at in the folders of one drop.
const MAX_SEEN: usize = 50_000;

/// What was dropped.
#[derive(Debug, Default)]
pub struct Drops {
    next: u32,
    /// What was dropped on a window last and is not taken yet.
    held: HashMap<String, Held>,
    given: BTreeMap<u32, Given>,
}

#[derive(Debug)]
struct Held {
    number: u32,
    only: Option<String>,
    paths: Vec<PathBuf>,
}

#[derive(Debug)]
struct Given {
    window: String,
    session: String,
    file: Found,
}

/// A file of a drop.
#[derive(Clone, Debug)]
pub struct Found {
    /// Without a link in it.
    path: PathBuf,
    steps: Vec<String>,
    size: u64,
    changed: Option<SystemTime>,
}

impl Drops {
    /// Something was dropped on a window: instead of what was dropped there before and nobody took. Gives its number.
    /// `only` is the one session that a window of one session is for.
    pub fn hold(&mut self, window: &str, only: Option<&str>, mut paths: Vec<PathBuf>) -> u32 {
        // What is no file comes as it is, such as the address of a page.
        paths.retain(|path| path.is_absolute());
        paths.truncate(MAX_FILES);
        let number = self.next_number();
        self.held.insert(window.to_owned(), Held { number, only: only.map(str::to_owned), paths });
        number
    }

    /// What was dropped there, once, for a session that may have it.
    pub fn take(&mut self, window: &str, session: &str, number: u32) -> Option<Vec<PathBuf>> {
        let held = self.held.get(window)?;
        let may = held.number == number && held.only.as_deref().is_none_or(|only| only == session);
        if may { self.held.remove(window).map(|held| held.paths) } else { None }
    }

    /// Lets a window's page read these files for a session.
    pub fn give(&mut self, window: &str, session: &str, (files, cut): (Vec<Found>, bool)) -> DroppedFiles {
        let room = MAX_GIVEN.saturating_sub(self.given.len());
        let cut = cut || files.len() > room;
        let mut told = Vec::new();
        for file in files.into_iter().take(room) {
            let number = self.next_number();
            told.push(DroppedFile { file: number, steps: file.steps.clone(), size: file.size });
            let given = Given { window: window.to_owned(), session: session.to_owned(), file };
            self.given.insert(number, given);
        }
        DroppedFiles { files: told, cut }
    }

    /// The file of this number, for the window and the session that it was given to and for no others.
    ///
    /// # Errors
    /// [`FileEnd`].
    pub fn given(&self, window: &str, session: &str, number: u32) -> Result<Found, FileEnd> {
        let theirs = |given: &&Given| given.window == window && given.session == session;
        self.given.get(&number).filter(theirs).map(|given| given.file.clone()).ok_or(FileEnd::Vanished)
    }

    /// A window's page does not read this one any more.
    pub fn forget(&mut self, window: &str, number: u32) {
        if self.given.get(&number).is_some_and(|given| given.window == window) {
            self.given.remove(&number);
        }
    }

    /// A window's page has gone.
    pub fn forget_window(&mut self, window: &str) {
        self.held.remove(window);
        self.given.retain(|_, given| given.window != window);
    }

    fn next_number(&mut self) -> u32 {
        loop {
            self.next = self.next.wrapping_add(1);
            if !self.given.contains_key(&self.next) {
                return self.next;
            }
        }
    }
}

/// The ordinary files of a drop, as far down as folders go, and whether there were more. Links are not followed, and
/// what cannot be read is left out. Takes as long as the disk does.
#[must_use]
pub fn find(paths: &[PathBuf]) -> (Vec<Found>, bool) {
    let mut found = Vec::new();
    let (mut seen, mut cut) = (0, false);
    // The next one is the last.
    let mut queue: Vec<(PathBuf, Vec<String>)> =
        paths.iter().rev().map(|path| (path.clone(), Vec::new())).collect();
    while let Some((path, above)) = queue.pop() {
        if found.len() >= MAX_FILES || seen >= MAX_SEEN {
            return (found, true);
        }
        seen += 1;
        let Some((path, about)) = real(&path) else { continue };
        let Some(name) = path.file_name() else { continue };
        let mut steps = above;
        steps.push(name.to_string_lossy().into_owned());
        if steps.iter().map(String::len).sum::<usize>() > MAX_PATH {
            continue;
        }
        if about.is_file() && about.len() <= MAX_SIZE {
            found.push(Found { path, steps, size: about.len(), changed: about.modified().ok() });
        } else if about.is_dir() && steps.len() < MAX_DEPTH {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            let mut below: Vec<PathBuf> = entries.take(MAX_SEEN).map(|entry| entry.path()).collect();
            below.sort();
            let room = MAX_SEEN.saturating_sub(queue.len());
            cut |= below.len() > room;
            below.truncate(room);
            queue.extend(below.into_iter().rev().map(|path| (path, steps.clone())));
        }
    }
    (found, cut)
}

/// Where this lies, links above it followed, and what it is; nothing where it is a link itself.
fn real(path: &Path) -> Option<(PathBuf, Metadata)> {
    if fs::symlink_metadata(path).ok()?.is_symlink() {
        return None;
    }
    let path = fs::canonicalize(path).ok()?;
    let about = fs::symlink_metadata(&path).ok()?;
    Some((path, about))
}

impl Found {
    /// Reads a part of it. Takes as long as the disk does.
    ///
    /// # Errors
    /// [`FileEnd::Failed`] for what lies outside of it, [`FileEnd::Changed`] when it is not what was dropped, and what
    /// the system says.
    pub fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, FileEnd> {
        if length > MAX_READ || offset.saturating_add(length.into()) > self.size {
            return Err(FileEnd::Failed);
        }
        // A link that was put in its way leads elsewhere.
        if fs::canonicalize(&self.path).map_err(|error| why(&error))? != self.path {
            return Err(FileEnd::Changed);
        }
        let read = || -> io::Result<(bool, Vec<u8>)> {
            let mut file = File::open(&self.path)?;
            let before = self.is(&file.metadata()?);
            let mut bytes = vec![0; length as usize];
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(&mut bytes)?;
            Ok((before && self.is(&file.metadata()?), bytes))
        };
        match read() {
            Ok((true, bytes)) => Ok(bytes),
            Ok((false, _)) => Err(FileEnd::Changed),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(FileEnd::Changed),
            Err(error) => Err(why(&error)),
        }
    }

    /// Whether this is what was dropped.
    fn is(&self, about: &Metadata) -> bool {
        about.is_file() && about.len() == self.size && about.modified().ok() == self.changed
    }
}

#[cfg(test)]
#[path = "drops_tests.rs"]
mod tests;

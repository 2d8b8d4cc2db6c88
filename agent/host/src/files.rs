//! Files of the far side on this machine: a new file below one folder, and a file that this machine's user may read.
//! Everything happens as that user.
//!
//! A name is one step, and no step follows a link: whatever somebody else does to the folder meanwhile, nothing is
//! written outside of it.

use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(any(target_os = "windows", test))]
mod disks;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod named;

#[cfg(any(target_os = "linux", target_os = "macos"))]
#[path = "files/linux.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "files/other.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/files.rs"]
mod os;

/// A folder that files are put into.
#[derive(Debug)]
pub struct Folder(os::Folder);

/// A file under a temporary name. It is removed with this value unless it was given its own name.
#[derive(Debug)]
pub struct NewFile(os::NewFile);

impl Folder {
    /// Opens the folder, and makes it where there is none.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        os::Folder::open(path).map(Self)
    }

    /// Makes a file named `temporary` in the folder that `steps` name below this one; folders that are missing are made.
    /// Each step is one name, as [`farhand_protocol::transfer::names::confined`] gives it.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::InvalidInput`] for a step that is more than one.
    pub fn create(&self, steps: &[String], temporary: &str) -> io::Result<NewFile> {
        if steps.iter().map(String::as_str).chain([temporary]).any(|step| !is_one_step(step)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.0.create(steps, temporary).map(NewFile)
    }
}

impl NewFile {
    /// The file, open for writing.
    #[must_use]
    pub const fn file(&mut self) -> &mut File {
        &mut self.0.file
    }

    /// Bytes that fit onto its disk; nothing where that is not known.
    #[must_use]
    pub fn room(&self) -> Option<u64> {
        self.0.room()
    }

    /// Gives the file its own name, unless that is taken: then says `false`.
    ///
    /// # Errors
    /// The system's.
    pub fn keep(&mut self, name: &str) -> io::Result<bool> {
        if !is_one_step(name) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.0.keep(name)
    }
}

/// Whether a path that somebody else named is a whole one, on this machine's own disks. On Windows `\\host\share` is a
/// whole path too, and looking at it would show this user's sign-in to a host of the other's choice.
#[must_use]
pub fn is_here(path: &Path) -> bool {
    #[cfg(target_os = "windows")]
    if !path.to_str().is_some_and(disks::is_on_a_disk) {
        return false;
    }
    path.is_absolute()
}

/// Opens a file to read, and says its size. What is no ordinary file is [`io::ErrorKind::IsADirectory`].
///
/// # Errors
/// The system's.
pub fn open(path: &Path) -> io::Result<(File, u64)> {
    os::open(path)
}

fn is_one_step(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0'])
}

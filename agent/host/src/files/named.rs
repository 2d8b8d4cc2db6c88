//! What systems share that know a file by its path alone.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::os;

/// A file under a temporary name, removed with this value unless it was given its own.
#[derive(Debug)]
pub struct NewFile {
    folder: PathBuf,
    temporary: PathBuf,
    pub file: File,
    kept: bool,
    /// For as long as these are open nobody puts another folder into their places, where the system can see to that.
    _held: Vec<File>,
}

impl NewFile {
    pub const fn new(folder: PathBuf, temporary: PathBuf, file: File, held: Vec<File>) -> Self {
        Self { folder, temporary, file, kept: false, _held: held }
    }

    pub fn room(&self) -> Option<u64> {
        os::room(&self.folder)
    }

    pub fn keep(&mut self, name: &str) -> io::Result<bool> {
        self.kept = os::give_name(&self.temporary, &self.folder, name)?;
        Ok(self.kept)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.temporary)
        {
            tracing::debug!(%error, "an unfinished file stays");
        }
    }
}

/// Makes a folder where there is none.
pub fn make_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Opens an ordinary file to read, and says its size.
pub fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || !os::is_on_disk(&file) {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((file, about.len()))
}

//! Files where nothing better is written yet: names are looked at before they are used, which a race could outrun.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct Folder(PathBuf);

#[derive(Debug)]
pub struct NewFile {
    folder: PathBuf,
    temporary: PathBuf,
    pub file: File,
    kept: bool,
}

impl Folder {
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::canonicalize(path).map(Self)
    }

    pub fn create(&self, steps: &[String], temporary: &str) -> io::Result<NewFile> {
        let mut folder = self.0.clone();
        for step in steps {
            folder.push(step);
            match fs::create_dir(&folder) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            if !fs::symlink_metadata(&folder)?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
        }
        let temporary = folder.join(temporary);
        let file = File::options().write(true).create_new(true).open(&temporary)?;
        Ok(NewFile { folder, temporary, file, kept: false })
    }
}

impl NewFile {
    pub fn room(&self) -> Option<u64> {
        None
    }

    pub fn keep(&mut self, name: &str) -> io::Result<bool> {
        let path = self.folder.join(name);
        match File::options().write(true).create_new(true).open(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(error),
        }
        fs::rename(&self.temporary, path)?;
        self.kept = true;
        Ok(true)
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

pub fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((file, about.len()))
}

//! Files where nothing better is written yet: names are looked at before they are used, which a race could outrun.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::named::make_folder;
pub use super::named::{NewFile, open};

#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::canonicalize(path).map(Self)
    }

    pub fn create(&self, steps: &[String], temporary: &str) -> io::Result<NewFile> {
        let mut folder = self.0.clone();
        for step in steps {
            folder.push(step);
            make_folder(&folder)?;
            if !fs::symlink_metadata(&folder)?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
        }
        let temporary = folder.join(temporary);
        let file = File::options().write(true).create_new(true).open(&temporary)?;
        Ok(NewFile::new(folder, temporary, file, Vec::new()))
    }
}

pub const fn room(_folder: &Path) -> Option<u64> {
    None
}

pub fn give_name(temporary: &Path, folder: &Path, name: &str) -> io::Result<bool> {
    let path = folder.join(name);
    match File::options().write(true).create_new(true).open(&path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error),
    }
    fs::rename(temporary, path)?;
    Ok(true)
}

pub const fn is_on_disk(_file: &File) -> bool {
    true
}

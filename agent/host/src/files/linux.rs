//! Files on Linux and macOS: each step is opened below the one before it, and none may be a link.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, RenameFlags, fstat, fstatvfs, mkdirat, openat, renameat, renameat_with,
    unlinkat,
};
use rustix::io::Errno;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

#[derive(Debug)]
pub struct Folder(OwnedFd);

#[derive(Debug)]
pub struct NewFile {
    folder: OwnedFd,
    temporary: String,
    pub file: File,
    kept: bool,
}

impl Folder {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(path, FOLDER, Mode::empty())?))
    }

    pub fn create(&self, steps: &[String], temporary: &str) -> io::Result<NewFile> {
        let mut folder = self.0.try_clone()?;
        for step in steps {
            match mkdirat(&folder, step.as_str(), Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            folder = openat(&folder, step.as_str(), FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        }
        let file = create_new(&folder, temporary)?;
        Ok(NewFile { folder, temporary: temporary.to_owned(), file: file.into(), kept: false })
    }
}

fn create_new(folder: &OwnedFd, name: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::from_raw_mode(0o666))
}

impl NewFile {
    pub fn room(&self) -> Option<u64> {
        let about = fstatvfs(&self.file).ok()?;
        about.f_bavail.checked_mul(about.f_frsize)
    }

    pub fn keep(&mut self, name: &str) -> io::Result<bool> {
        let (folder, temporary) = (&self.folder, self.temporary.as_str());
        match renameat_with(folder, temporary, folder, name, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(false),
            // A file system without it: whoever makes the name owns it, and only that file is replaced.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                match create_new(folder, name) {
                    Ok(_) => {}
                    Err(Errno::EXIST) => return Ok(false),
                    Err(error) => return Err(error.into()),
                }
                renameat(folder, temporary, folder, name)?;
            }
            Err(error) => return Err(error.into()),
        }
        self.kept = true;
        Ok(true)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = unlinkat(&self.folder, self.temporary.as_str(), AtFlags::empty())
        {
            tracing::debug!(%error, "an unfinished file stays");
        }
    }
}

pub fn open(path: &Path) -> io::Result<(File, u64)> {
    // A pipe or a device must neither block nor be taken.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let about = fstat(&file)?;
    if FileType::from_raw_mode(about.st_mode) != FileType::RegularFile {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((file.into(), u64::try_from(about.st_size).unwrap_or(0)))
}

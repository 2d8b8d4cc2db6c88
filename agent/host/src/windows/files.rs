//! Files on Windows: each step is looked at before it is used, and none may lead elsewhere. A folder that is in use is kept
//! open without the right to be renamed or removed, so that nobody exchanges it meanwhile.
#![allow(unsafe_code, reason = "the system's calls")]

use std::fs::{self, File};
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::os::windows::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, ERROR_FILE_EXISTS};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_TYPE_DISK,
    GetDiskFreeSpaceExW, GetFileType, MOVEFILE_WRITE_THROUGH, MoveFileExW,
};

use crate::windows::last_error;

/// A folder and all folders above it that were made or found on the way.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _open: File,
}

#[derive(Debug)]
pub struct NewFile {
    folder: PathBuf,
    temporary: PathBuf,
    pub file: File,
    kept: bool,
    /// For as long as these are open nobody puts another folder into their places.
    _open: Vec<File>,
}

/// Opens a folder, and keeps others from exchanging it.
fn hold(path: &Path) -> io::Result<File> {
    let folder = File::options()
        .read(true)
        .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path)?;
    let attributes = folder.metadata()?.file_attributes();
    if attributes & FILE_ATTRIBUTE_DIRECTORY == 0 || attributes & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(folder)
}

impl Folder {
    pub fn open(path: &Path) -> io::Result<Self> {
        // Above it links are the customer's own, such as a folder for downloads on another disk.
        let path = fs::canonicalize(path)?;
        let open = hold(&path)?;
        Ok(Self { path, _open: open })
    }

    pub fn create(&self, steps: &[String], temporary: &str) -> io::Result<NewFile> {
        let (mut folder, mut open) = (self.path.clone(), Vec::with_capacity(steps.len()));
        for step in steps.iter().map(String::as_str).chain([temporary]) {
            // A part of a file, of which this system has several.
            if step.contains(':') {
                return Err(io::ErrorKind::InvalidInput.into());
            }
        }
        for step in steps {
            folder.push(step);
            match fs::create_dir(&folder) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            open.push(hold(&folder)?);
        }
        let temporary = folder.join(temporary);
        let file = File::options()
            .write(true)
            .create_new(true)
            // It is given its own name while it is open.
            .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
            .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
            .open(&temporary)?;
        Ok(NewFile { folder, temporary, file, kept: false, _open: open })
    }
}

impl NewFile {
    pub fn room(&self) -> Option<u64> {
        let folder = letters(&self.folder);
        let mut room = 0;
        let (none, into) = (std::ptr::null_mut(), &raw mut room);
        // SAFETY: the path lives as long as the call; one number is written.
        (unsafe { GetDiskFreeSpaceExW(folder.as_ptr(), into, none, none) } != 0).then_some(room)
    }

    pub fn keep(&mut self, name: &str) -> io::Result<bool> {
        if name.contains(':') {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let (from, to) = (letters(&self.temporary), letters(&self.folder.join(name)));
        // Nothing is replaced: who comes second is told so.
        // SAFETY: both paths live as long as the call.
        if unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), MOVEFILE_WRITE_THROUGH) } == 0 {
            let error = last_error();
            return match error.raw_os_error().map(|code| code as u32) {
                Some(ERROR_ALREADY_EXISTS | ERROR_FILE_EXISTS) => Ok(false),
                Some(_) | None => Err(error),
            };
        }
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

fn letters(path: &Path) -> Vec<u16> {
    path.as_os_str().encode_wide().chain([0]).collect()
}

pub fn open(path: &Path) -> io::Result<(File, u64)> {
    use std::os::windows::io::AsRawHandle as _;
    let file = File::open(path)?;
    let about = file.metadata()?;
    // SAFETY: the handle is open.
    let is_disk = unsafe { GetFileType(file.as_raw_handle()) } == FILE_TYPE_DISK;
    if !about.is_file() || !is_disk {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((file, about.len()))
}

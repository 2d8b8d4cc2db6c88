//! Files on Windows: each step is looked at before it is used, and none may lead elsewhere. A folder that is in use is kept
//! open without the right to be renamed or removed, so that nobody exchanges it meanwhile.
#![allow(unsafe_code, reason = "the system's calls")]

use std::fs::{self, File};
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::os::windows::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::os::windows::io::AsRawHandle as _;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, ERROR_FILE_EXISTS};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_TYPE_DISK,
    GetDiskFreeSpaceExW, GetFileType, MOVEFILE_WRITE_THROUGH, MoveFileExW,
};

use super::named::make_folder;
pub use super::named::{NewFile, open};
use crate::windows::last_error;

/// A folder and all folders above it that were made or found on the way.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _open: File,
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
        let (mut folder, mut held) = (self.path.clone(), Vec::with_capacity(steps.len()));
        steps.iter().map(String::as_str).chain([temporary]).try_for_each(one_part)?;
        for step in steps {
            folder.push(step);
            make_folder(&folder)?;
            held.push(hold(&folder)?);
        }
        let temporary = folder.join(temporary);
        let file = File::options()
            .write(true)
            .create_new(true)
            // It is given its own name while it is open.
            .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
            .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
            .open(&temporary)?;
        Ok(NewFile::new(folder, temporary, file, held))
    }
}

pub fn room(folder: &Path) -> Option<u64> {
    let folder = letters(folder);
    let mut room = 0;
    let (none, into) = (std::ptr::null_mut(), &raw mut room);
    // SAFETY: the path lives as long as the call; one number is written.
    (unsafe { GetDiskFreeSpaceExW(folder.as_ptr(), into, none, none) } != 0).then_some(room)
}

pub fn give_name(temporary: &Path, folder: &Path, name: &str) -> io::Result<bool> {
    one_part(name)?;
    let (from, to) = (letters(temporary), letters(&folder.join(name)));
    // Nothing is replaced: who comes second is told so.
    // SAFETY: both paths live as long as the call.
    if unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), MOVEFILE_WRITE_THROUGH) } == 0 {
        let error = last_error();
        return match error.raw_os_error().map(|code| code as u32) {
            Some(ERROR_ALREADY_EXISTS | ERROR_FILE_EXISTS) => Ok(false),
            Some(_) | None => Err(error),
        };
    }
    Ok(true)
}

/// Refuses the name of a part of a file, of which this system has several.
fn one_part(name: &str) -> io::Result<()> {
    if name.contains(':') { Err(io::ErrorKind::InvalidInput.into()) } else { Ok(()) }
}

fn letters(path: &Path) -> Vec<u16> {
    path.as_os_str().encode_wide().chain([0]).collect()
}

/// Not a pipe, a printer or the keyboard, of which some have names like files.
pub fn is_on_disk(file: &File) -> bool {
    // SAFETY: the handle is open.
    unsafe { GetFileType(file.as_raw_handle()) == FILE_TYPE_DISK }
}

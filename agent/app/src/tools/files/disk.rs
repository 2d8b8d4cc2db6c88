//! One file on the disk: does its jobs in their order, and hashes what passes.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::mpsc::Receiver;

use farhand_agent_host::files::{self, Folder, NewFile};
use farhand_protocol::channel::files::{FileEnd, MAX_SIZE};
use farhand_protocol::transfer::names::{MAX_NUMBER, confined, confined_path, numbered};
use farhand_protocol::transfer::{Job, READ, Said};
use ring::rand::{SecureRandom as _, SystemRandom};

enum Place {
    Nothing,
    Writes { file: NewFile, name: String, at: u64, hash: blake3::Hasher },
    Reads { file: File, size: u64, at: u64, hash: blake3::Hasher },
}

/// Works until the jobs end or nobody listens. What is not finished then is removed.
pub fn run(jobs: &Receiver<Job>, folder: Option<&Path>, say: impl Fn(Said) -> bool) {
    let mut place = Place::Nothing;
    while let Ok(job) = jobs.recv() {
        let said = place.work(job, folder).unwrap_or_else(|why| Some(Said::Failed { why }));
        let failed = matches!(said, Some(Said::Failed { .. }));
        if said.is_some_and(|said| !say(said)) || failed {
            return;
        }
    }
}

impl Place {
    fn work(&mut self, job: Job, folder: Option<&Path>) -> Result<Option<Said>, FileEnd> {
        match (job, &mut *self) {
            (Job::Create { path, size }, _) => {
                *self = create(&path, size, folder)?;
                Ok(Some(Said::Created))
            }
            (Job::Write { offset, bytes }, Self::Writes { file, at, hash, .. }) => {
                if offset != *at {
                    return Err(FileEnd::Failed);
                }
                file.file().write_all(&bytes).map_err(|error| why(&error))?;
                hash.update(&bytes);
                *at += bytes.len() as u64;
                Ok(Some(Said::Written { until: *at }))
            }
            (Job::Finish { hash: theirs }, Self::Writes { file, name, hash, .. }) => {
                if hash.finalize().as_bytes().as_slice() != theirs {
                    return Err(FileEnd::Mismatch);
                }
                let name = keep(file, name)?;
                *self = Self::Nothing;
                Ok(Some(Said::Kept { name }))
            }
            (Job::Open { path }, _) => {
                let path = Path::new(&path);
                if !files::is_here(path) {
                    return Err(FileEnd::Name);
                }
                let (file, size) = files::open(path).map_err(|error| why(&error))?;
                if size > MAX_SIZE {
                    return Err(FileEnd::NotAFile);
                }
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let name = confined(&name).unwrap_or_else(|_| "_".into());
                *self = Self::Reads { file, size, at: 0, hash: blake3::Hasher::new() };
                Ok(Some(Said::Opened { name, size }))
            }
            (Job::Seek { turn: _, offset }, Self::Reads { file, at, hash, .. }) => {
                if offset < *at {
                    file.seek(SeekFrom::Start(0)).map_err(|error| why(&error))?;
                    (*at, *hash) = (0, blake3::Hasher::new());
                }
                // What the other end has already is part of the hash: a file that changed meanwhile does not pass.
                while *at < offset {
                    let bytes = read(file, (offset - *at).min(READ))?;
                    if bytes.is_empty() {
                        return Err(FileEnd::Changed);
                    }
                    hash.update(&bytes);
                    *at += bytes.len() as u64;
                }
                Ok(None)
            }
            (Job::Read { turn, length }, Self::Reads { file, size, at, hash }) => {
                let bytes = read(file, length.min(*size - *at).min(READ))?;
                hash.update(&bytes);
                *at += bytes.len() as u64;
                let hash = (*at == *size).then(|| hash.finalize().as_bytes().to_vec());
                Ok(Some(Said::Read { turn, bytes, hash }))
            }
            (Job::Close, _) => {
                *self = Self::Nothing;
                Ok(None)
            }
            (Job::Write { .. } | Job::Finish { .. } | Job::Seek { .. } | Job::Read { .. }, _) => {
                Err(FileEnd::Failed)
            }
        }
    }
}

fn create(path: &[String], size: u64, folder: Option<&Path>) -> Result<Place, FileEnd> {
    let steps = confined_path(path).map_err(|_| FileEnd::Name)?;
    let (name, steps) = steps.split_last().ok_or(FileEnd::Name)?;
    let folder = Folder::open(folder.ok_or(FileEnd::Denied)?).map_err(|error| why(&error))?;
    let mut random = [0; 8];
    SystemRandom::new().fill(&mut random).map_err(|_| FileEnd::Failed)?;
    let temporary = format!(".farhand-{:016x}.part", u64::from_be_bytes(random));
    let file = folder.create(steps, &temporary).map_err(|error| why(&error))?;
    if file.room().is_some_and(|room| room < size) {
        return Err(FileEnd::DiskFull);
    }
    Ok(Place::Writes { file, name: name.clone(), at: 0, hash: blake3::Hasher::new() })
}

/// Gives a file the first name that is free.
fn keep(file: &mut NewFile, name: &str) -> Result<String, FileEnd> {
    for number in 1..=MAX_NUMBER {
        let name = numbered(name, number);
        if file.keep(&name).map_err(|error| why(&error))? {
            return Ok(name);
        }
    }
    Err(FileEnd::Name)
}

fn read(file: &mut File, length: u64) -> Result<Vec<u8>, FileEnd> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(length).read_to_end(&mut bytes).map_err(|error| why(&error))?;
    Ok(bytes)
}

/// What a system's error means to people.
pub fn why(error: &io::Error) -> FileEnd {
    match error.kind() {
        io::ErrorKind::NotFound => FileEnd::Vanished,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => FileEnd::Denied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            FileEnd::DiskFull
        }
        io::ErrorKind::IsADirectory => FileEnd::NotAFile,
        io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => {
            FileEnd::Name
        }
        _ => FileEnd::Failed,
    }
}

#[cfg(test)]
#[path = "disk_tests.rs"]
mod tests;

//! What is in a folder, as this user sees it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use farhand_agent_host::files;
use farhand_protocol::channel::files::{
    FileEnd, FileEntry, FileKind, Files as Message, MAX_ENTRIES, MAX_PATH, MAX_SIZE,
};
use farhand_protocol::transfer::names::MAX_GIVEN;

use super::disk::why;
use crate::receipt::keep::environment;

/// Entries of a folder that are told, at most.
const MAX_TOLD: usize = 4_000;
/// Bytes of names in one message, at most; paths, field names and numbers take the rest.
const NAMES: usize = 4 * 1024;

/// Reads a folder: the messages that tell it, or that it cannot be told.
pub fn read(list: u32, path: &str) -> Vec<Message> {
    look(list, path).unwrap_or_else(|why| vec![Message::ListRefused { list, why }])
}

fn look(list: u32, path: &str) -> Result<Vec<Message>, FileEnd> {
    let folder = match path {
        "" => home().ok_or(FileEnd::Vanished)?,
        path if files::is_here(Path::new(path)) => PathBuf::from(path),
        _ => return Err(FileEnd::Name),
    };
    let text = |path: &Path| path.to_str().filter(|path| path.len() <= MAX_PATH).map(str::to_owned);
    let shown = text(&folder).ok_or(FileEnd::Name)?;
    let parent = folder.parent().and_then(text);
    let mut entries = Vec::new();
    let mut cut = false;
    for found in fs::read_dir(&folder).map_err(|error| why(&error))? {
        if entries.len() == MAX_TOLD {
            cut = true;
            break;
        }
        let Ok(found) = found else { continue };
        entries.push(entry(&found));
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let mut messages = Vec::new();
    let mut rest = entries.as_slice();
    loop {
        let mut names = 0;
        let fits = rest.iter().take(MAX_ENTRIES).take_while(|entry| {
            names += entry.name.len();
            names <= NAMES
        });
        // A single name is never over the limit.
        let count = fits.count().max(1).min(rest.len());
        let (some, later) = rest.split_at(count);
        rest = later;
        let more = !rest.is_empty();
        messages.push(Message::Listing {
            list,
            path: shown.clone(),
            parent: parent.clone(),
            entries: some.to_vec(),
            more,
            cut: cut && !more,
        });
        if !more {
            return Ok(messages);
        }
    }
}

fn entry(found: &fs::DirEntry) -> FileEntry {
    let name = found.file_name();
    // Links are what they lead to, for this user.
    let about = fs::metadata(found.path()).ok();
    let kind = match (&about, name.to_str()) {
        (Some(about), Some(_)) if about.is_file() => FileKind::File,
        (Some(about), Some(_)) if about.is_dir() => FileKind::Folder,
        (Some(_) | None, Some(_) | None) => FileKind::Other,
    };
    let mut name = name.to_string_lossy().into_owned();
    name.truncate(name.floor_char_boundary(MAX_GIVEN));
    let changed = about.as_ref().and_then(|about| about.modified().ok()?.duration_since(UNIX_EPOCH).ok());
    FileEntry {
        name,
        kind,
        size: about.filter(fs::Metadata::is_file).map_or(0, |about| about.len().min(MAX_SIZE)),
        changed: changed.map_or(0, |at| at.as_secs().min(MAX_SIZE)),
    }
}

fn home() -> Option<PathBuf> {
    environment("HOME").or_else(|| environment("USERPROFILE")).filter(|home| home.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_told_in_parts_with_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("below")).unwrap();
        for number in 0..100 {
            fs::write(folder.path().join(format!("{number:03}.txt")), vec![0; number]).unwrap();
        }
        let messages = read(7, folder.path().to_str().unwrap());
        let mut names = Vec::new();
        for (at, message) in messages.iter().enumerate() {
            let mut body = Vec::new();
            farhand_protocol::channel::encode(message, &mut body);
            assert_eq!(Message::decode(&body).as_ref().unwrap(), message, "within its limits");
            let Message::Listing { list: 7, entries, more, cut: false, parent: Some(_), .. } = message else {
                panic!("{message:?}");
            };
            assert_eq!(*more, at + 1 < messages.len());
            names.extend(entries.iter().map(|entry| (entry.name.clone(), entry.kind, entry.size)));
        }
        assert_eq!(names.len(), 101);
        assert_eq!(names[99], ("099.txt".into(), FileKind::File, 99));
        assert_eq!(names[100], ("below".into(), FileKind::Folder, 0));
    }

    #[test]
    fn what_cannot_be_looked_at_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        assert_eq!(
            read(1, gone.to_str().unwrap()),
            [Message::ListRefused { list: 1, why: FileEnd::Vanished }]
        );
        assert_eq!(read(1, "relative"), [Message::ListRefused { list: 1, why: FileEnd::Name }]);
        let empty = read(2, folder.path().to_str().unwrap());
        assert!(matches!(&empty[..], [Message::Listing { entries, more: false, .. }] if entries.is_empty()));
    }
}

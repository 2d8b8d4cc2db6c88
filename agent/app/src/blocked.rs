//! Technicians and organisations that may never ask on this computer again. Kept here and nowhere else.
//!
//! Whoever asks is known by names: the service's address, the organisation's name, its domain where that is verified, and
//! the technician's name, which the two ends of the seal prove to see alike. Whoever takes another name is another.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::config;
use crate::receipt::keep::{self, calendar};

/// The most entries.
pub const MAX_BLOCKED: usize = 200;
/// The longest name that is kept, in bytes.
const MAX_NAME: usize = 256;
/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 512 * 1024;

/// Somebody who asks, as far as this computer knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whom {
    /// Address of the service.
    pub server: String,
    /// The organisation's name.
    pub organisation: String,
    /// Its domain, where that is verified.
    pub domain: Option<String>,
    /// The technician's name.
    pub technician: String,
}

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Since when: seconds since 1970.
    pub at: u64,
    /// Address of the service.
    pub server: String,
    /// The organisation's name.
    pub organisation: String,
    /// Its domain, where that was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The technician's name; the whole organisation without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technician: Option<String>,
}

impl Blocked {
    /// Keeps somebody out from now on (seconds since 1970): one technician, or their whole organisation.
    #[must_use]
    pub fn new(whom: &Whom, organisation: bool, at: u64) -> Self {
        let cut =
            |text: &str| text.chars().filter(|c| !c.is_control()).take(MAX_NAME / 4).collect::<String>();
        Self {
            at,
            server: cut(&whom.server),
            organisation: cut(&whom.organisation),
            domain: whom.domain.as_deref().map(cut),
            technician: (!organisation).then(|| cut(&whom.technician)),
        }
    }

    /// Whether it keeps this one out. A verified domain is the same everywhere; a name only at its service.
    #[must_use]
    pub fn fits(&self, whom: &Whom) -> bool {
        let same_domain =
            matches!((&self.domain, &whom.domain), (Some(ours), Some(theirs)) if same(ours, theirs));
        let same_house =
            same(&self.server, &whom.server) && same(&self.organisation, &cut_like(&whom.organisation));
        let person = self.technician.as_ref().is_none_or(|name| same(name, &cut_like(&whom.technician)));
        (same_domain || same_house) && person
    }

    /// Of the same person or organisation.
    fn is_like(&self, other: &Self) -> bool {
        Self { at: 0, ..self.clone() } == Self { at: 0, ..other.clone() }
    }
}

fn cut_like(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_NAME / 4).collect()
}

/// Whether two names read alike: case, spaces and what cannot be seen do not matter.
fn same(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        let seen = |c: &char| !matches!(*c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        let words: String = text.chars().filter(seen).flat_map(char::to_lowercase).collect();
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    plain(one) == plain(other)
}

/// The list of the person who runs this program.
#[derive(Clone, Debug)]
pub struct List(Option<PathBuf>);

impl List {
    /// Where it is kept for the person who runs this program.
    #[must_use]
    pub fn of_this_person() -> Self {
        Self::in_folder(config::folder(keep::environment))
    }

    fn in_folder(folder: Option<PathBuf>) -> Self {
        Self(folder.map(|folder| folder.join("blocked.json")))
    }

    /// Everybody on it, oldest first.
    ///
    /// # Errors
    /// There is a list, and it cannot be read. Nobody may take that for an empty one.
    pub fn read(&self) -> io::Result<Vec<Blocked>> {
        let Some(path) = &self.0 else { return Ok(Vec::new()) };
        let bytes = match keep::read(path, MAX_FILE) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        serde_json::from_slice(&bytes).map_err(io::Error::from)
    }

    /// The entry that keeps this one out.
    ///
    /// # Errors
    /// As [`List::read`].
    pub fn find(&self, whom: &Whom) -> io::Result<Option<Blocked>> {
        Ok(self.read()?.into_iter().find(|entry| entry.fits(whom)))
    }

    /// Adds an entry; once is enough.
    ///
    /// # Errors
    /// The file system's; `StorageFull` when the list has no room for more.
    pub fn add(&self, entry: Blocked) -> io::Result<()> {
        let mut list = self.read()?;
        if list.iter().any(|known| known.is_like(&entry)) {
            return Ok(());
        }
        if list.len() >= MAX_BLOCKED {
            return Err(io::ErrorKind::StorageFull.into());
        }
        list.push(entry);
        self.write(&list)
    }

    /// Removes an entry.
    ///
    /// # Errors
    /// The file system's.
    pub fn remove(&self, entry: &Blocked) -> io::Result<()> {
        let mut list = self.read()?;
        list.retain(|known| known != entry);
        self.write(&list)
    }

    fn write(&self, list: &[Blocked]) -> io::Result<()> {
        let Some(path) = &self.0 else { return Err(io::ErrorKind::NotFound.into()) };
        let mut bytes = serde_json::to_vec_pretty(list).map_err(io::Error::from)?;
        bytes.push(b'\n');
        config::replace(path, &bytes)
    }
}

/// `farhand-agent blocked list`: a line each, numbered from 1.
#[must_use]
pub fn list() -> ExitCode {
    match List::of_this_person().read() {
        Ok(list) if list.is_empty() => {
            println!("Nobody is blocked on this computer.");
            ExitCode::SUCCESS
        }
        Ok(list) => {
            for (entry, number) in list.iter().zip(1..) {
                println!("{number}  {}", line(entry));
            }
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

/// `farhand-agent blocked remove`: the entry with this number may ask again.
#[must_use]
pub fn remove(number: usize) -> ExitCode {
    let list = List::of_this_person();
    let removed = list.read().and_then(|entries| {
        let entry = number.checked_sub(1).and_then(|at| entries.get(at)).ok_or(io::ErrorKind::NotFound)?;
        list.remove(entry).map(|()| entry.clone())
    });
    match removed {
        Ok(entry) => {
            println!("May ask again: {}", line(&entry));
            ExitCode::SUCCESS
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            eprintln!(
                "There is no entry {number}. \"farhand-agent blocked list\" shows them with their numbers."
            );
            ExitCode::from(crate::fail::exit::INTERNAL)
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &io::Error) -> ExitCode {
    eprintln!("The list of whom you blocked cannot be read or written ({error}).");
    ExitCode::from(crate::fail::exit::INTERNAL)
}

fn line(entry: &Blocked) -> String {
    let (year, month, day, ..) = calendar(entry.at.saturating_mul(1000));
    let who = match &entry.technician {
        Some(technician) => format!("{technician} of {}", entry.organisation),
        None => format!("everybody of {}", entry.organisation),
    };
    let domain = entry.domain.as_ref().map(|domain| format!(" ({domain})")).unwrap_or_default();
    format!("{who}{domain}, at {}, since {year:04}-{month:02}-{day:02}", entry.server)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Whom {
        Whom {
            server: "help.example.org".into(),
            organisation: "Demo Help".into(),
            domain: Some("demo-help.example".into()),
            technician: "Ada".into(),
        }
    }

    #[test]
    fn a_technician_or_everybody_of_the_organisation_is_kept_out() {
        let person = Blocked::new(&ada(), false, 7);
        let house = Blocked::new(&ada(), true, 7);
        let eve = Whom { technician: "Eve".into(), ..ada() };
        assert!(person.fits(&ada()) && house.fits(&ada()) && house.fits(&eve) && !person.fits(&eve));
        let spaced = Whom {
            technician: " ADA\u{200b} ".into(),
            organisation: "demo  help".into(),
            domain: None,
            ..ada()
        };
        assert!(person.fits(&spaced) && house.fits(&spaced), "names that read alike are the same");
        let renamed = Whom { organisation: "Quick Help".into(), ..ada() };
        assert!(house.fits(&renamed), "a verified domain is told by more than its name");
        let elsewhere = Whom { server: "other.example.org".into(), domain: None, ..ada() };
        assert!(!house.fits(&elsewhere), "a name means nothing at another service");
        let moved = Whom { server: "other.example.org".into(), ..ada() };
        assert!(house.fits(&moved), "a verified domain does");
    }

    #[test]
    fn the_list_is_kept_bounded_and_can_be_undone() {
        let home = tempfile::tempdir().unwrap();
        let list = List::in_folder(Some(home.path().to_owned()));
        assert_eq!(list.find(&ada()).unwrap(), None);
        let entry = Blocked::new(&ada(), false, 7);
        list.add(entry.clone()).unwrap();
        list.add(Blocked { at: 9, ..entry.clone() }).unwrap();
        assert_eq!(list.read().unwrap(), std::slice::from_ref(&entry), "once is enough");
        assert_eq!(list.find(&ada()).unwrap(), Some(entry.clone()));
        list.remove(&entry).unwrap();
        assert_eq!(list.find(&ada()).unwrap(), None);
        for number in 0..MAX_BLOCKED {
            // As long as can be, and different before they are cut.
            let whom = Whom { technician: format!("{number:04}").repeat(300), ..ada() };
            list.add(Blocked::new(&whom, false, 7)).unwrap();
        }
        let full = list.add(Blocked::new(&ada(), true, 7)).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        assert!(std::fs::metadata(home.path().join("blocked.json")).unwrap().len() < MAX_FILE);
    }

    #[test]
    fn a_list_that_cannot_be_read_is_no_empty_one() {
        let home = tempfile::tempdir().unwrap();
        let list = List::in_folder(Some(home.path().to_owned()));
        for text in ["", "{}", "[{\"at\":1}]", "\u{0}"] {
            std::fs::write(home.path().join("blocked.json"), text).unwrap();
            assert!(list.find(&ada()).is_err(), "{text}");
            assert!(list.add(Blocked::new(&ada(), false, 7)).is_err(), "and nothing is written over it");
        }
        assert_eq!(List::in_folder(None).find(&ada()).unwrap(), None);
        assert!(List::in_folder(None).add(Blocked::new(&ada(), false, 7)).is_err());
    }
}

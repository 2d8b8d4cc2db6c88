//! How control is taken back: the chord, and whether any touch does.

use std::path::PathBuf;

use farhand_agent_core::hands::Chord;
use serde::{Deserialize, Serialize};

use crate::config;
use crate::receipt::keep;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024;

/// What the customer has chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Takes control back; pressed where nobody controls, it opens the window of controls.
    pub chord: Chord,
    /// Any touch of this computer's keyboard or mouse takes control back.
    pub touch: bool,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    chord: Option<String>,
    touch: bool,
}

/// Where it is kept.
#[derive(Clone, Debug)]
pub struct Place(Option<PathBuf>);

impl Place {
    /// That of the person who runs this program.
    #[must_use]
    pub fn of_this_person() -> Self {
        Self::in_folder(config::folder(keep::environment))
    }

    fn in_folder(folder: Option<PathBuf>) -> Self {
        Self(folder.map(|folder| folder.join("settings.json")))
    }

    /// What was chosen. What cannot be read is as at first: help must not fail by it.
    #[must_use]
    pub fn read(&self) -> Settings {
        let Some(bytes) = self.0.as_ref().and_then(|path| keep::read(path, MAX_FILE).ok()) else {
            return Settings::default();
        };
        let kept: Kept = serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, "the settings cannot be read");
            Kept::default()
        });
        let chord = kept.chord.and_then(|chord| chord.parse().ok()).unwrap_or_default();
        Settings { chord, touch: kept.touch }
    }

    /// Keeps it.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self, settings: Settings) -> std::io::Result<()> {
        let Some(path) = &self.0 else { return Err(std::io::ErrorKind::NotFound.into()) };
        let kept = Kept { chord: Some(settings.chord.to_string()), touch: settings.touch };
        let mut bytes = serde_json::to_vec_pretty(&kept).expect("two plain fields");
        bytes.push(b'\n');
        config::replace(path, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_comes_back_and_nonsense_is_as_at_first() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::in_folder(Some(home.path().to_owned()));
        assert_eq!(place.read(), Settings::default());
        let chosen = Settings { chord: "ctrl+alt+pause".parse().unwrap(), touch: true };
        place.write(chosen).unwrap();
        assert_eq!(place.read(), chosen);
        for text in ["", "{", "[]", "{\"touch\":7}", "\u{0}"] {
            std::fs::write(home.path().join("settings.json"), text).unwrap();
            assert_eq!(place.read(), Settings::default(), "{text}");
        }
        std::fs::write(home.path().join("settings.json"), r#"{"chord":"q","touch":true}"#).unwrap();
        assert_eq!(place.read(), Settings { touch: true, ..Settings::default() });
        assert!(Place::in_folder(None).write(chosen).is_err());
    }
}

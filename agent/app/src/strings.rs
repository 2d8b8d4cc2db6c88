//! Sentences for people, in the language of the desktop.

use std::collections::HashMap;

const ENGLISH: &str = include_str!("../../../assets/strings/en.json");
const GERMAN: &str = include_str!("../../../assets/strings/de.json");

/// The sentences of one language.
#[derive(Clone, Debug)]
pub struct Strings {
    chosen: HashMap<String, String>,
    english: HashMap<String, String>,
}

impl Strings {
    /// The language that the environment's `LC_ALL`, `LC_MESSAGES` or `LANG` names, or the desktop; English otherwise.
    #[must_use]
    pub fn from_environment() -> Self {
        let named = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
        let named = named.into_iter().find(|value| !value.is_empty());
        Self::for_locale(&named.or_else(farhand_agent_host::console::locale).unwrap_or_default())
    }

    /// The language of a locale such as `de_DE.UTF-8`.
    #[must_use]
    pub fn for_locale(locale: &str) -> Self {
        let read = |text: &str| serde_json::from_str(text).expect("the strings are checked by a test");
        let german = locale.split(['_', '.', '@', '-']).next().is_some_and(|l| l.eq_ignore_ascii_case("de"));
        Self { chosen: read(if german { GERMAN } else { ENGLISH }), english: read(ENGLISH) }
    }

    /// The sentence with this key, its `{places}` filled. An unknown key gives itself.
    #[must_use]
    pub fn get(&self, key: &str, places: &[(&str, &str)]) -> String {
        let text = self.chosen.get(key).or_else(|| self.english.get(key)).map_or(key, String::as_str);
        fill(text, places)
    }

    /// Whether there is a sentence with this key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.english.contains_key(key)
    }
}

/// Fills the places once: what is put in is never read for places again.
fn fill(text: &str, places: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let end = rest.find('}').map_or(rest.len(), |close| close + 1);
        let name = rest[..end].trim_start_matches('{').trim_end_matches('}');
        match places.iter().find(|(place, _)| *place == name) {
            Some((_, value)) => out.push_str(value),
            None => out.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn both_languages_have_the_same_sentences_with_the_same_places() {
        let places = |text: &str| -> BTreeSet<String> {
            text.split('{')
                .skip(1)
                .filter_map(|part| part.split_once('}'))
                .map(|(name, _)| name.into())
                .collect()
        };
        let german = Strings::for_locale("de_DE.UTF-8").chosen;
        let english = Strings::for_locale("en_GB").chosen;
        let of_agent = |strings: &HashMap<String, String>| -> BTreeSet<String> {
            strings.keys().filter(|key| key.starts_with("agent.")).cloned().collect()
        };
        assert_eq!(of_agent(&german), of_agent(&english));
        for key in of_agent(&english) {
            assert_eq!(places(&german[&key]), places(&english[&key]), "{key}");
            assert!(!english[&key].is_empty() && !german[&key].is_empty(), "{key}");
        }
    }

    #[test]
    fn places_are_filled_once() {
        assert_eq!(fill("{a} of {b}", &[("a", "{b}"), ("b", "x")]), "{b} of x");
        assert_eq!(fill("{unknown} {open", &[]), "{unknown} {open");
    }

    #[test]
    fn an_unknown_language_is_english() {
        assert_eq!(Strings::for_locale("fr_FR").get("agent.prompt.no", &[]), "No");
        assert_eq!(Strings::for_locale("de").get("agent.prompt.no", &[]), "Nein");
        assert_eq!(Strings::for_locale("").get("no.such.key", &[]), "no.such.key");
    }
}

//! What the program itself says, outside its pages: menus, the tray, notifications. In the language of the desktop.

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
    /// The language that the environment's `LC_ALL`, `LC_MESSAGES` or `LANG` names; English otherwise.
    pub fn from_environment() -> Self {
        let named = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
        Self::for_locale(&named.into_iter().find(|value| !value.is_empty()).unwrap_or_default())
    }

    fn for_locale(locale: &str) -> Self {
        let read = |text: &str| {
            let all: HashMap<String, String> =
                serde_json::from_str(text).expect("the strings are checked by a test");
            all.into_iter().filter(|(key, _)| key.starts_with("console.")).collect()
        };
        let german = locale.split(['_', '.', '@', '-']).next().is_some_and(|l| l.eq_ignore_ascii_case("de"));
        Self { chosen: read(if german { GERMAN } else { ENGLISH }), english: read(ENGLISH) }
    }

    /// The sentence with this key; `{places}` are filled once, so that what is put in is never read for places again.
    /// An unknown key gives itself.
    pub fn get(&self, key: &str, places: &[(&str, &str)]) -> String {
        let mut rest = self.chosen.get(key).or_else(|| self.english.get(key)).map_or(key, String::as_str);
        let mut out = String::with_capacity(rest.len());
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, after)) = after.split_once('}') else { break };
            match places.iter().find(|(place, _)| *place == name) {
                Some((_, value)) => out.push_str(value),
                None => {
                    out.push('{');
                    out.push_str(name);
                    out.push('}');
                }
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use farhand_console_core::types::MenuAction;

    use super::*;

    #[test]
    fn every_language_says_the_same_things() {
        let (english, german) = (Strings::for_locale("C"), Strings::for_locale("de_DE.UTF-8"));
        let keys = |strings: &Strings| {
            let mut keys: Vec<String> = strings.chosen.keys().cloned().collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&english), keys(&german));
        for (_, name, _) in MenuAction::ALL {
            assert!(english.chosen.contains_key(&format!("console.menu.{name}")), "{name}");
        }
    }

    #[test]
    fn what_a_customer_is_called_is_not_read_for_places() {
        let strings = Strings::for_locale("C");
        let text = strings.get("console.notice.came", &[("name", "{name}")]);
        assert!(text.contains("{name}"), "{text}");
        assert_eq!(strings.get("console.unknown", &[]), "console.unknown");
    }
}

//! What letters say. Nobody's language is known before they signed in, so each is in both.

use std::collections::HashMap;

const LANGUAGES: [&str; 2] =
    [include_str!("../../../assets/strings/en.json"), include_str!("../../../assets/strings/de.json")];

/// A letter.
#[derive(Clone, Debug)]
pub enum Letter<'a> {
    /// Somebody is invited.
    Invitation {
        /// Who invites.
        organisation: &'a str,
        /// The person who invites.
        inviter: &'a str,
        /// Where the invitation is accepted.
        link: &'a str,
        /// For how many days.
        days: u64,
    },
    /// A new password was asked for.
    Reset {
        /// Where it is set.
        link: &'a str,
        /// For how many minutes.
        minutes: u64,
    },
    /// Too many sign-ins failed.
    Locked {
        /// For how many minutes.
        minutes: u64,
        /// Where the last try came from.
        address: &'a str,
    },
    /// The password was changed.
    PasswordChanged,
    /// A method was added.
    MethodAdded,
    /// A method was removed.
    MethodRemoved,
    /// A proven domain's proof is missing.
    ProofMissing {
        /// The domain.
        domain: &'a str,
        /// For how many days it is still shown.
        days: u64,
    },
    /// A domain is not shown as proven any more.
    ProofWithdrawn {
        /// The domain.
        domain: &'a str,
    },
}

impl Letter<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::Reset { .. } => "reset",
            Self::Locked { .. } => "locked",
            Self::PasswordChanged => "password_changed",
            Self::MethodAdded => "method_added",
            Self::MethodRemoved => "method_removed",
            Self::ProofMissing { .. } => "proof_missing",
            Self::ProofWithdrawn { .. } => "proof_withdrawn",
        }
    }

    fn places(&self) -> Vec<(&'static str, String)> {
        let of = |text: &str| text.to_owned();
        match self {
            Self::Invitation { organisation, inviter, link, days } => vec![
                ("{organisation}", of(organisation)),
                ("{inviter}", of(inviter)),
                ("{link}", of(link)),
                ("{days}", days.to_string()),
            ],
            Self::Reset { link, minutes } => vec![("{link}", of(link)), ("{minutes}", minutes.to_string())],
            Self::Locked { minutes, address } => {
                vec![("{minutes}", minutes.to_string()), ("{address}", of(address))]
            }
            Self::ProofMissing { domain, days } => {
                vec![("{domain}", of(domain)), ("{days}", days.to_string())]
            }
            Self::ProofWithdrawn { domain } => vec![("{domain}", of(domain))],
            Self::PasswordChanged | Self::MethodAdded | Self::MethodRemoved => Vec::new(),
        }
    }

    /// Subject and text.
    ///
    /// # Panics
    /// Never: a test reads every text.
    #[must_use]
    pub fn text(&self) -> (String, String) {
        let places = self.places();
        let [english, german] = LANGUAGES.map(|strings| {
            let strings: HashMap<String, String> =
                serde_json::from_str(strings).expect("the strings are checked by a test");
            ["subject", "text"].map(|part| {
                let key = format!("service.mail.{}.{part}", self.name());
                fill(strings.get(&key).map_or("", String::as_str), &places)
            })
        });
        let subject = format!("{} / {}", english[0], german[0]);
        (subject, format!("{}\n\n--\n\n{}\n", english[1], german[1]))
    }
}

/// Fills the places once: what is put in is never read for places again.
fn fill(text: &str, places: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        match places.iter().find(|(place, _)| rest.starts_with(place)) {
            Some((place, value)) => {
                // A name cannot begin a line of its own or look like another part of the letter.
                out.extend(value.chars().filter(|c| !c.is_control()));
                rest = &rest[place.len()..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_a_subject_and_a_text_in_both_languages() {
        let letters = [
            Letter::Invitation {
                organisation: "Help {link}\nDesk",
                inviter: "Ada",
                link: "https://x#1",
                days: 7,
            },
            Letter::Reset { link: "https://x#2", minutes: 60 },
            Letter::Locked { minutes: 5, address: "192.0.2.1" },
            Letter::PasswordChanged,
            Letter::MethodAdded,
            Letter::MethodRemoved,
            Letter::ProofMissing { domain: "example.org", days: 7 },
            Letter::ProofWithdrawn { domain: "example.org" },
        ];
        for letter in letters {
            let (subject, text) = letter.text();
            let (english, german) = text.split_once("\n\n--\n\n").unwrap();
            assert!(english.len() > 40 && german.len() > 40, "{text}");
            assert!(subject.split(" / ").all(|part| part.len() > 5), "{subject}");
            assert!(!text.contains("{organisation}") && !text.contains("{minutes}"), "{text}");
            if let Letter::Invitation { .. } = letter {
                // The place in a name stays what it is.
                assert_eq!(text.matches("https://x#1").count(), 2, "{text}");
                assert!(text.contains("Help {link}Desk"), "{text}");
            }
        }
    }
}

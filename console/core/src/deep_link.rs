//! `farhand://` addresses, which any page and any program of the machine can open. So they show something and do
//! nothing: they name no service, start no session, and end none.

/// The scheme.
pub const SCHEME: &str = "farhand";
/// The longest address that is looked at, in bytes.
const MAX_ADDRESS: usize = 256;
/// The longest identifier of a session, in bytes.
pub const MAX_SESSION: usize = 64;

/// What an address asks to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeepLink {
    /// The program.
    Home,
    /// A session of the signed-in technician: `farhand://session/…`.
    Session(String),
}

/// Whether this can be a session's identifier. It goes into addresses and file names nowhere else than it is used.
#[must_use]
pub fn is_session(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_SESSION
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl DeepLink {
    /// Reads an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.get(..SCHEME.len())?.eq_ignore_ascii_case(SCHEME).then(|| &text[SCHEME.len()..])?;
        let rest = rest.strip_prefix("://").filter(|_| text.len() <= MAX_ADDRESS)?;
        match rest.trim_end_matches('/').split_once('/') {
            Some(("session", id)) if is_session(id) => Some(Self::Session(id.to_owned())),
            None if matches!(rest.trim_end_matches('/'), "" | "home") => Some(Self::Home),
            Some(_) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_the_program_or_a_session() {
        for (text, expected) in [
            ("farhand://", DeepLink::Home),
            ("farhand://home/", DeepLink::Home),
            ("FARHAND://session/ab-12_X", DeepLink::Session("ab-12_X".into())),
            ("farhand://session/ab/", DeepLink::Session("ab".into())),
        ] {
            assert_eq!(DeepLink::parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_read_out_of_it() {
        for text in [
            "",
            "farhand",
            "farhand:session/a",
            "https://session/a",
            "farhand://session/",
            "farhand://session/a/b",
            "farhand://session/a#b",
            "farhand://session/%2e%2e",
            "farhand://session/<script>",
            "farhand://server/https://evil.example",
            "farhand://session/é",
            "äfarhand://",
            &format!("farhand://session/{}", "a".repeat(65)),
            &format!("farhand://{}", "/".repeat(300)),
        ] {
            assert_eq!(DeepLink::parse(text), None, "{text}");
        }
    }
}

//! Starting without a command line: by a double click, by a link, or by a file's name. Each of them only fills in what a
//! window shows; nothing is sent before a person presses its button, and what a link claims is checked at the service
//! that it names before it counts.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farhand_agent_host::installed;
use farhand_protocol::session::code::Code;
use farhand_release::start::{Link, StartError};

use crate::api::{self, Server};
use crate::fail::Fail;
use crate::sealing::Invitation;
use crate::tls::{self, Fingerprint};
use crate::window::protocol::{FromWindow, ToWindow};
use crate::window::{WindowEvent, WindowPort};

/// The longest name of a file that is looked at, in bytes.
const MAX_NAME: usize = 255;
/// The longest address that is filled in, in bytes: as much as the window takes.
const MAX_ADDRESS: usize = 300;

/// What the window begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// Nothing is known.
    Nothing,
    /// A code and a service, from a file's name; or the service alone, from what this program was installed with.
    Typed {
        /// Ten digits, or nothing.
        code: String,
        /// Address of the service.
        server: String,
    },
    /// A link, whose token nobody has vouched for yet.
    Link(Box<Link>),
    /// A link that cannot be read.
    Damaged,
}

impl Suggestion {
    /// From the address that the system was asked to open; without one, from the name of this program's file.
    #[must_use]
    pub fn from_start(link: Option<&str>) -> Self {
        match link.map(Link::read) {
            Some(Ok(link)) => Self::Link(Box::new(link)),
            Some(Err(_)) => Self::Damaged,
            None => {
                let program = std::env::current_exe().ok();
                let name = program.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
                name.and_then(Self::from_name)
                    .or_else(|| Self::from_settings(&installed::server()?))
                    .unwrap_or(Self::Nothing)
            }
        }
    }

    /// From the address that whoever installed this program set. It has to be one that could be typed.
    #[must_use]
    pub fn from_settings(server: &str) -> Option<Self> {
        let server = server.trim();
        let strange = |c: char| c.is_control() || c.is_whitespace();
        if server.len() > MAX_ADDRESS || server.contains(strange) {
            return None;
        }
        address(server).ok()?;
        Some(Self::Typed { code: String::new(), server: server.to_owned() })
    }

    /// From a name such as `farhand-agent_4821935710_help.example.org_8443 (1).exe`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name.len() > MAX_NAME {
            return None;
        }
        let name = name.strip_suffix(".exe").unwrap_or(name);
        // What browsers add to the name of a second download.
        let name = match name.rsplit_once(" (") {
            Some((before, number)) if number.ends_with(')') => before,
            Some(_) | None => name,
        };
        let mut parts = name.strip_prefix("farhand-agent_")?.split('_');
        let code = Code::parse(parts.next()?).ok()?;
        let host = parts.next()?;
        let port = parts.next();
        let plain = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
        let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok());
        if !plain || !port_fits || parts.next().is_some() {
            return None;
        }
        let server = port.map_or(format!("https://{host}"), |port| format!("https://{host}:{port}"));
        Some(Self::Typed { code: code.digits().to_owned(), server })
    }

    fn fields(&self) -> (String, String) {
        match self {
            Self::Nothing | Self::Damaged => (String::new(), String::new()),
            Self::Typed { code, server } => (code.clone(), server.clone()),
            Self::Link(link) => (link.code(), link.token.claims().server.clone()),
        }
    }
}

/// What a person decided on.
#[derive(Debug)]
pub struct Chosen {
    /// Which session.
    pub invitation: Invitation,
    /// Where.
    pub server: Server,
    /// Its certificate, where its own link names it.
    pub fingerprint: Option<Fingerprint>,
    /// The link, where nothing of it was changed: to be checked at the service.
    pub link: Option<Box<Link>>,
}

/// What the window shows at first.
#[must_use]
pub fn shown(suggestion: &Suggestion) -> ToWindow {
    let (code, server) = suggestion.fields();
    let problem = matches!(suggestion, Suggestion::Damaged).then(|| "agent.start.damaged".to_owned());
    ToWindow::Start { code, server, link: matches!(suggestion, Suggestion::Link(_)), problem }
}

/// Asks the person at the window until what they typed can be tried; none when they close it.
pub async fn ask(window: &mut WindowPort, suggestion: Suggestion) -> Option<Chosen> {
    loop {
        let (code, server) = match window.events.recv().await? {
            WindowEvent::Said(FromWindow::Begin { code, server }) => (code, server),
            WindowEvent::Said(FromWindow::Stop) | WindowEvent::Lost => return None,
            WindowEvent::Said(_) | WindowEvent::Restarted => continue,
        };
        match read(&code, &server, &suggestion) {
            Ok(chosen) => return Some(chosen),
            Err(key) => {
                let link = matches!(suggestion, Suggestion::Link(_));
                let problem = Some(key.to_owned());
                let _ = window.show.send(ToWindow::Start { code, server, link, problem });
            }
        }
    }
}

/// A code without what only groups its digits.
fn plain(code: &str) -> String {
    code.split_whitespace().collect()
}

/// The service at an address. People type a name; the address of a service begins with https.
fn address(server: &str) -> Result<Server, Fail> {
    if server.contains("://") { Server::parse(server) } else { Server::parse(&format!("https://{server}")) }
}

fn read(code: &str, server: &str, suggestion: &Suggestion) -> Result<Chosen, &'static str> {
    let invitation = Invitation::parse(code).map_err(|_| "agent.start.code_wrong")?;
    let server = server.trim();
    let parsed = address(server).map_err(|_| "agent.start.server_wrong")?;
    let link = match suggestion {
        Suggestion::Link(link)
            if plain(code) == plain(&link.code()) && server == link.token.claims().server =>
        {
            Some(link.clone())
        }
        Suggestion::Link(_) | Suggestion::Nothing | Suggestion::Typed { .. } | Suggestion::Damaged => None,
    };
    let fingerprint = link
        .as_ref()
        .map(|link| link.token.claims().fingerprint.as_str())
        .filter(|fingerprint| !fingerprint.is_empty())
        .map(Fingerprint::parse)
        .transpose()
        .map_err(|_| "agent.start.damaged")?;
    Ok(Chosen { invitation, server: parsed, fingerprint, link })
}

/// Whether the service that a link names signed it, and its time is not over.
///
/// # Errors
/// [`Fail`], a sentence for the customer.
pub async fn check(chosen: &Chosen) -> Result<(), Fail> {
    let Some(link) = &chosen.link else { return Ok(()) };
    let config = tls::client_config(chosen.fingerprint)?;
    let info = api::service(&chosen.server, config, chosen.fingerprint.is_some()).await?;
    let key = STANDARD.decode(&info.start_key).unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    match link.token.verify(&key, now) {
        Ok(_) => Ok(()),
        Err(StartError::Expired) => Err(Fail::LinkExpired),
        Err(StartError::Malformed | StartError::Signature) => Err(Fail::LinkForeign),
    }
}

#[cfg(test)]
mod tests {
    use farhand_release::start::{SCHEME, Start};

    use super::*;

    #[test]
    fn a_files_name_fills_in_code_and_service() {
        let typed =
            |server: &str| Some(Suggestion::Typed { code: "4821935710".into(), server: server.into() });
        for (name, server) in [
            ("farhand-agent_4821935710_help.example.org.exe", "https://help.example.org"),
            ("farhand-agent_4821935710_help.example.org_8443 (1).exe", "https://help.example.org:8443"),
            ("farhand-agent_482-193-5710_127.0.0.1_8443", "https://127.0.0.1:8443"),
        ] {
            assert_eq!(Suggestion::from_name(name), typed(server), "{name}");
        }
        for name in [
            "farhand-agent.exe",
            "farhand-agent",
            "farhand-agent_482193_help.example.org.exe",
            "farhand-agent_4821935710_.exe",
            "farhand-agent_4821935710_a@b.exe",
            "farhand-agent_4821935710_a_99999.exe",
            "farhand-agent_4821935710_a_1_2.exe",
            "other_4821935710_help.example.org.exe",
            &format!("farhand-agent_4821935710_{}", "a".repeat(300)),
        ] {
            assert_eq!(Suggestion::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn what_this_program_was_installed_with_fills_in_the_service_and_nothing_else() {
        for server in ["https://help.example.org", "help.example.org", "https://help.example.org:8443"] {
            let suggestion = Suggestion::from_settings(&format!(" {server} ")).expect(server);
            assert_eq!(suggestion.fields(), (String::new(), server.to_owned()));
            let ToWindow::Start { code, server: shows, link, problem } = shown(&suggestion) else {
                panic!("another message")
            };
            assert_eq!((code.as_str(), shows.as_str(), link, problem), ("", server, false, None));
            // Whoever presses the button has typed a code before.
            assert_eq!(read("", server, &suggestion).unwrap_err(), "agent.start.code_wrong");
            let chosen = read("4821935710", server, &suggestion).unwrap();
            assert!(chosen.fingerprint.is_none() && chosen.link.is_none(), "it is trusted on its own");
        }
        for wrong in [
            "",
            " ",
            "http://help.example.org",
            "file:///etc/passwd",
            "https://me:secret@help.example.org",
            "https://help.example.org\nhttps://other.example",
            "help.example.org other.example",
            "https://",
            &format!("https://{}.example", "a".repeat(300)),
        ] {
            assert_eq!(Suggestion::from_settings(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_links_pin_counts_only_for_what_the_link_says() {
        let start = Start {
            server: "https://help.example.org:8443".into(),
            fingerprint: "ab".repeat(32),
            number: "482193".into(),
            until: 9,
        };
        let suggestion = Suggestion::from_start(Some(&format!("{SCHEME}{}#5710", start.token(&[0; 64]))));
        let (code, server) = suggestion.fields();
        let chosen = read(&code, &server, &suggestion).unwrap();
        assert!(chosen.fingerprint.is_some() && chosen.link.is_some());
        let other = read(&code, "https://other.example", &suggestion).unwrap();
        assert!(other.fingerprint.is_none() && other.link.is_none(), "another service is trusted on its own");
        assert_eq!(read("482", &server, &suggestion).unwrap_err(), "agent.start.code_wrong");
        for wrong in ["", "http://help.example.org", "https://a:b@c"] {
            assert_eq!(read(&code, wrong, &suggestion).unwrap_err(), "agent.start.server_wrong", "{wrong}");
        }
        assert_eq!(
            read(&code, " help.example.org ", &Suggestion::Nothing).unwrap().server.authority(),
            "help.example.org:443"
        );
        assert_eq!(Suggestion::from_start(Some("farhand:start/nonsense")), Suggestion::Damaged);
    }
}

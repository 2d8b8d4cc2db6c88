//! On Linux: logind by D-Bus, and an XDG autostart entry.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;

use super::{Places, RestartError, Restarter, Start};

/// The session manager answers within this time or is not there.
const ANSWER: Duration = Duration::from_secs(1);
/// A person who is asked for a password by it may take this long.
const PASSWORD: Duration = Duration::from_secs(60);
const LOGIN: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
/// The entry's file.
const ENTRY: &str = "farhand-agent-resume.desktop";
const MACHINE_ID: &str = "/etc/machine-id";
/// More than this is no number of a machine.
const MAX_ID: usize = 256;

pub fn open(places: Places) -> Box<dyn Restarter> {
    Box::new(Logind { places })
}

#[derive(Debug)]
struct Logind {
    places: Places,
}

impl Restarter for Logind {
    fn is_possible(&mut self) -> bool {
        let can = || -> zbus::Result<String> {
            let answer = self.bus(ANSWER)?.call_method(Some(LOGIN), PATH, Some(MANAGER), "CanReboot", &())?;
            answer.body().deserialize()
        };
        match can() {
            // With a password is possible, too: the desktop asks for it.
            Ok(can) => self.folder().is_some() && matches!(can.as_str(), "yes" | "challenge"),
            Err(error) => {
                tracing::debug!(%error, "no session manager that restarts this computer");
                false
            }
        }
    }

    fn start_afterwards(&mut self, start: &Start) -> Result<(), RestartError> {
        let folder = self.folder().ok_or(RestartError::NotHere)?;
        let text = entry(start).ok_or(RestartError::NotHere)?;
        keep(&folder, &text).map_err(failed)
    }

    fn start_nothing(&mut self) -> Result<(), RestartError> {
        let Some(folder) = self.folder() else { return Ok(()) };
        match fs::remove_file(folder.join(ENTRY)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn restart(&mut self) -> Result<(), RestartError> {
        let bus = self.bus(PASSWORD).map_err(failed)?;
        // True: whoever sits here may be asked for a password.
        match bus.call_method(Some(LOGIN), PATH, Some(MANAGER), "Reboot", &true) {
            Ok(_) => Ok(()),
            Err(zbus::Error::MethodError(name, detail, _)) => {
                let detail = detail.unwrap_or_else(|| name.to_string());
                let denied = ["AccessDenied", "InteractiveAuthorizationRequired", "OperationInProgress"];
                match denied.iter().any(|end| name.as_str().ends_with(end)) {
                    true => Err(RestartError::NotAllowed { detail }),
                    false => Err(RestartError::Failed { detail }),
                }
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn machine(&self) -> Option<String> {
        let file = self.places.machine_id.as_deref().unwrap_or_else(|| Path::new(MACHINE_ID));
        let text = fs::read_to_string(file).ok()?;
        let id = text.trim();
        (!id.is_empty() && id.len() <= MAX_ID).then(|| id.to_owned())
    }
}

impl Logind {
    fn bus(&self, within: Duration) -> zbus::Result<Connection> {
        let builder = match self.places.system_bus.as_deref() {
            Some(address) => Builder::address(address)?,
            None => Builder::system()?,
        };
        builder.method_timeout(within).build()
    }

    fn folder(&self) -> Option<PathBuf> {
        let variable =
            |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        self.places.autostart.clone().or_else(|| {
            let config = variable("XDG_CONFIG_HOME").or_else(|| Some(variable("HOME")?.join(".config")))?;
            Some(config.join("autostart"))
        })
    }
}

fn failed(error: impl std::fmt::Display) -> RestartError {
    RestartError::Failed { detail: error.to_string() }
}

/// Writes the entry so that it is there after the power went out.
fn keep(folder: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let (entry, beside) = (folder.join(ENTRY), folder.join(format!(".{ENTRY}.new")));
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, entry)?;
    File::open(folder)?.sync_all()
}

/// The entry's text; nothing where a word cannot stand in one.
fn entry(start: &Start) -> Option<String> {
    let program = start.program.to_str().filter(|_| start.program.is_absolute())?;
    let words: Option<Vec<String>> =
        std::iter::once(program).chain(start.arguments.iter().map(String::as_str)).map(word).collect();
    let title: String = start.title.chars().filter(|c| !c.is_control()).collect();
    let title = title.replace('\\', "\\\\");
    Some(format!(
        "[Desktop Entry]\nType=Application\nName={title}\nExec={}\nTerminal=false\nNoDisplay=true\n\
         X-GNOME-Autostart-enabled=true\n",
        words?.join(" ")
    ))
}

/// A word of an Exec line: quoted as the Desktop Entry Specification wants it, and the backslash once more, as in every
/// string of the file. A percent sign is doubled.
fn word(text: &str) -> Option<String> {
    if text.chars().any(char::is_control) {
        return None;
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '`' | '$' => quoted.extend(['\\', '\\', letter]),
            '\\' => quoted.push_str("\\\\\\\\"),
            '%' => quoted.push_str("%%"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    Some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_places_stand_in_the_entry_as_one_word() {
        let start = |program: &str| Start {
            title: "Farhand\nExec=evil".into(),
            program: program.into(),
            arguments: vec!["resume".into()],
        };
        let exec = |program: &str| {
            let text = entry(&start(program)).unwrap();
            let lines: Vec<_> =
                text.lines().filter(|line| line.starts_with("Exec=")).map(str::to_owned).collect();
            assert_eq!(lines.len(), 1, "{text}");
            lines[0].clone()
        };
        assert_eq!(exec("/opt/farhand-agent"), r#"Exec="/opt/farhand-agent" "resume""#);
        assert_eq!(exec("/home/a b/100%/x"), r#"Exec="/home/a b/100%%/x" "resume""#);
        assert_eq!(exec(r#"/h/$(x)"`\"#), r#"Exec="/h/\\$(x)\\"\\`\\\\" "resume""#);
        assert_eq!(entry(&start("/a\nExec=/b")), None);
        assert_eq!(entry(&start("relative")), None);
    }
}

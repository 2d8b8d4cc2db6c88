//! Starts programs of the system: by a fixed path, with a list of arguments, an environment of ours, a limit for what they
//! say, and a time to say it in.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::system::SystemError;

/// The time that a program has.
const TIME: Duration = Duration::from_secs(15);
/// The most that a program may say; the rest is not read.
const MAX_SAID: u64 = 8 * 1024 * 1024;
/// The most that it may complain.
const MAX_COMPLAINT: u64 = 4 * 1024;
/// Where programs of the system lie.
const FOLDERS: [&str; 4] = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
/// What of the environment a program needs to find its own way: nothing in it comes from the far side.
const KEPT: [&str; 4] = ["HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"];

/// What a program said.
#[derive(Debug)]
pub struct Said {
    /// Whether it ended with 0.
    pub well: bool,
    /// On standard output.
    pub text: String,
    /// On standard error.
    pub complaint: String,
}

/// Where a program lies, if there is one.
pub fn find(name: &'static str) -> Option<PathBuf> {
    FOLDERS.into_iter().map(|folder| PathBuf::from(folder).join(name)).find(|path| path.is_file())
}

/// Runs a program of the system to its end.
pub fn run(name: &'static str, arguments: &[&str]) -> Result<Said, SystemError> {
    let not_here = || SystemError::NotHere(format!("This computer has no {name}."));
    let path = find(name).ok_or_else(not_here)?;
    let mut command = Command::new(path);
    command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("LC_ALL", "C.UTF-8").env("SYSTEMD_COLORS", "0");
    for name in KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // What kills this program as a group must not be what it starts, and the other way.
    command.process_group(0);
    said(name, command, TIME)
}

fn said(name: &'static str, mut command: Command, time: Duration) -> Result<Said, SystemError> {
    let failed = |error: std::io::Error| SystemError::Failed(format!("{name}: {error}"));
    let mut child = command.spawn().map_err(failed)?;
    let (text, complaint) =
        (listen(child.stdout.take(), MAX_SAID), listen(child.stderr.take(), MAX_COMPLAINT));
    let heard = text.recv_timeout(time);
    let Ok(text) = heard else {
        end(&mut child);
        return Err(SystemError::TimedOut(name.into()));
    };
    let complaint = complaint.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
    // It has closed its output: it is at its end, or has said more than anybody reads.
    if text.len() as u64 >= MAX_SAID {
        end(&mut child);
        return Ok(Said { well: true, text, complaint });
    }
    let status = child.wait().map_err(failed)?;
    Ok(Said { well: status.success(), text, complaint })
}

fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// All of an output, up to its limit.
fn listen(output: Option<impl Read + Send + 'static>, limit: u64) -> mpsc::Receiver<String> {
    let (all, heard) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(output) = output {
            // What came before an error counts.
            let _ = output.take(limit).read_to_end(&mut bytes);
        }
        let _ = all.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    heard
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_program_says_what_it_was_asked_and_no_shell_reads_it() {
        let said = run("echo", &["$HOME", ";", "`id`"]).unwrap();
        assert_eq!((said.well, said.text.as_str()), (true, "$HOME ; `id`\n"));
        assert!(!run("false", &[]).unwrap().well);
        assert!(matches!(run("no-such-program", &[]), Err(SystemError::NotHere(_))));
    }

    #[test]
    fn a_program_gets_no_environment_of_ours() {
        let said = run("env", &[]).unwrap();
        assert!(said.text.contains("LC_ALL=C.UTF-8") && !said.text.contains("CARGO"), "{}", said.text);
    }

    #[test]
    fn a_program_that_does_not_end_or_does_not_stop_is_ended() {
        let mut sleeps = Command::new("/bin/sleep");
        sleeps.arg("600").stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let begun = Instant::now();
        let ended = said("sleep", sleeps, Duration::from_millis(50));
        assert!(matches!(ended, Err(SystemError::TimedOut(_))));
        let endless = run("yes", &[]).unwrap();
        assert_eq!(endless.text.len() as u64, MAX_SAID);
        assert!(begun.elapsed() < TIME);
    }
}

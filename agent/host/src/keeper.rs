//! Lets go of held keys when the agent dies.
//!
//! The agent starts itself once more as its keeper and holds the keeper's standard input open. When that ends without
//! the word [`GOODBYE`], the agent was killed: the keeper then releases every key and button that is held through the
//! display's test devices, which are the only ones the agent presses. A real keyboard's keys stay as they are. And it ends
//! the command lines that the agent had told it of ([`Terminals`]).

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(target_os = "linux")]
#[path = "keeper/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "macos/keeper.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "keeper/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/keeper.rs"]
mod os;

/// What the agent writes before it ends as it should, having released everything itself.
pub const GOODBYE: &[u8] = b"ok";

/// In front of the mark of a command line that stands from now on, on a line of its own.
const STANDS: &str = "+";
/// In front of the mark of one that is over.
const OVER: &str = "-";
/// The most command lines that a keeper knows of.
const MAX_MARKS: usize = 64;
/// The longest line that means something.
const MAX_LINE: usize = 64;

/// How a keeper's work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The agent said goodbye: there was nothing to do.
    Goodbye,
    /// The agent died; so many keys and buttons were released.
    Released(usize),
}

/// The body of the keeper's process: blocks until `input` ends, then does its duty.
///
/// # Errors
/// A display that cannot be reached when keys have to be released.
pub fn run_keeper(input: impl Read) -> Result<Kept, crate::input::InjectError> {
    os::stand_apart();
    let (goodbye, marks) = listen(input);
    if goodbye {
        return Ok(Kept::Goodbye);
    }
    let released = os::release();
    marks.iter().for_each(|mark| crate::pty::end_marked(mark));
    released.map(Kept::Released)
}

/// Whether the last word was a goodbye, and the marks of the command lines that stand.
fn listen(mut input: impl Read) -> (bool, BTreeSet<String>) {
    let (mut line, mut marks) = (Vec::new(), BTreeSet::new());
    let mut buffer = [0; 256];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return (line == GOODBYE, marks),
            Ok(read) => {
                for &byte in &buffer[..read] {
                    if byte != b'\n' {
                        line.push(byte);
                        line.truncate(MAX_LINE);
                        continue;
                    }
                    let said = String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned();
                    if let Some(mark) = said.strip_prefix(STANDS)
                        && marks.len() < MAX_MARKS
                    {
                        marks.insert(mark.to_owned());
                    } else if let Some(mark) = said.strip_prefix(OVER) {
                        marks.remove(mark);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return (false, marks),
        }
    }
}

/// Tells a keeper which command lines stand.
#[derive(Clone, Debug, Default)]
pub struct Terminals {
    input: Arc<Mutex<Option<ChildStdin>>>,
}

impl Terminals {
    /// One stands: see [`crate::pty::Terminal::mark`].
    pub fn stands(&self, mark: &str) {
        self.tell(STANDS, mark);
    }

    /// One is over.
    pub fn over(&self, mark: &str) {
        self.tell(OVER, mark);
    }

    fn tell(&self, what: &str, mark: &str) {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = input.as_mut()
            && let Err(error) = keeper.write_all(format!("{what}{mark}\n").as_bytes())
        {
            tracing::warn!(%error, "the keeper cannot be told of a command line");
        }
    }
}

/// The agent's end of its keeper.
#[derive(Debug)]
pub struct Keeper {
    child: Child,
    terminals: Terminals,
}

impl Keeper {
    /// Starts the keeper: `command` must end up in [`run_keeper`] with its standard input.
    ///
    /// # Errors
    /// The command cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let terminals = Terminals { input: Arc::new(Mutex::new(child.stdin.take())) };
        Ok(Self { child, terminals })
    }

    /// For telling it of command lines.
    #[must_use]
    pub fn terminals(&self) -> Terminals {
        self.terminals.clone()
    }

    /// Tells the keeper that everything is released and waits until it is gone.
    ///
    /// # Errors
    /// The keeper is gone already, or cannot be waited for.
    pub fn goodbye(mut self) -> io::Result<()> {
        let input = self.terminals.input.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut input) = input {
            input.write_all(GOODBYE)?;
        }
        self.child.wait().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::listen;

    #[test]
    fn only_the_last_word_is_a_goodbye() {
        let says_goodbye = |said: &[u8]| listen(said).0;
        assert!(says_goodbye(b"ok"));
        assert!(says_goodbye(b"something\nok"));
        assert!(!says_goodbye(b""));
        assert!(!says_goodbye(b"o"));
        assert!(!says_goodbye(b"ok "));
        assert!(!says_goodbye(b"ok\n"));
    }

    #[test]
    fn command_lines_that_stand_are_remembered_and_others_are_not() {
        let marks = |said: &[u8]| listen(said).1.into_iter().collect::<Vec<_>>();
        assert_eq!(marks(b"+a\n+b\n-a\n"), ["b"]);
        assert_eq!(marks(b"+a\n+b"), ["a"], "half a line is none");
        assert_eq!(marks(&b"+x\n".repeat(1000)).len(), 1);
        assert!(marks(&[b'+'; 100_000]).is_empty());
    }
}

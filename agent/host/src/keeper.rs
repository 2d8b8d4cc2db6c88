//! Lets go of held keys when the agent dies.
//!
//! The agent starts itself once more as its keeper and holds the keeper's standard input open. When that ends without
//! the word [`GOODBYE`], the agent was killed: the keeper then releases every key and button that is held through the
//! display's test devices, which are the only ones the agent presses. A real keyboard's keys stay as they are.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

#[cfg(target_os = "linux")]
#[path = "keeper/linux.rs"]
mod os;
#[cfg(not(target_os = "linux"))]
#[path = "keeper/none.rs"]
mod os;

/// What the agent writes before it ends as it should, having released everything itself.
pub const GOODBYE: &[u8] = b"ok";

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
    if says_goodbye(input) { Ok(Kept::Goodbye) } else { os::release().map(Kept::Released) }
}

fn says_goodbye(mut input: impl Read) -> bool {
    let mut last = [0; GOODBYE.len()];
    let mut buffer = [0; 64];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return last == GOODBYE,
            Ok(read) => {
                for &byte in &buffer[..read] {
                    last.rotate_left(1);
                    last[GOODBYE.len() - 1] = byte;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}

/// The agent's end of its keeper.
#[derive(Debug)]
pub struct Keeper {
    child: Child,
    input: Option<ChildStdin>,
}

impl Keeper {
    /// Starts the keeper: `command` must end up in [`run_keeper`] with its standard input.
    ///
    /// # Errors
    /// The command cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }

    /// Tells the keeper that everything is released and waits until it is gone.
    ///
    /// # Errors
    /// The keeper is gone already, or cannot be waited for.
    pub fn goodbye(mut self) -> io::Result<()> {
        if let Some(mut input) = self.input.take() {
            input.write_all(GOODBYE)?;
        }
        self.child.wait().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::says_goodbye;

    #[test]
    fn only_the_last_word_is_a_goodbye() {
        assert!(says_goodbye(&b"ok"[..]));
        assert!(says_goodbye(&b"something ok"[..]));
        assert!(!says_goodbye(&b""[..]));
        assert!(!says_goodbye(&b"o"[..]));
        assert!(!says_goodbye(&b"ok "[..]));
    }
}

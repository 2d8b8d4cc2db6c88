//! Command lines: each has a thread that reads its terminal as far as the console has granted, and one that types.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use farhand_agent_core::tools::shell::{Event, Output, Typing};
use farhand_agent_host::keeper::Terminals;
use farhand_agent_host::pty::{self, Read, Terminal, open_terminal};

use super::Wake;
use crate::screen::{SharedAgent, lock};

/// Threads look this often whether it is over.
const LOOK: Duration = Duration::from_millis(200);
/// The most that is read at once.
const PIECE: usize = 16 * 1024;

/// The command lines of a session. Dropped, it ends all of them, with everything that they started.
pub struct Shells {
    agent: SharedAgent,
    wake: Wake,
    keeper: Terminals,
    open: BTreeMap<u32, Shell>,
    /// Threads of those that are ending.
    ending: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Shells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shells").field("open", &self.open.keys()).finish_non_exhaustive()
    }
}

struct Shell {
    terminal: Arc<dyn Terminal>,
    leave: Arc<Leave>,
    typed: mpsc::Sender<Bytes>,
    reads: JoinHandle<()>,
}

/// How far the terminal may be read, and whether it is over.
#[derive(Default)]
struct Leave {
    state: Mutex<(u64, bool)>,
    changed: Condvar,
}

impl Leave {
    fn state(&self) -> MutexGuard<'_, (u64, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn until(&self, until: u64) {
        let mut state = self.state();
        state.0 = state.0.max(until);
        self.changed.notify_all();
    }

    fn end(&self) {
        self.state().1 = true;
        self.changed.notify_all();
    }

    fn is_over(&self) -> bool {
        self.state().1
    }

    /// How many bytes behind this place may be read; waits for more than none. Nothing when it is over.
    fn wait(&self, at: u64) -> Option<usize> {
        let waits = |state: &mut (u64, bool)| state.0 <= at && !state.1;
        let state = self.changed.wait_while(self.state(), waits).unwrap_or_else(PoisonError::into_inner);
        let (until, over) = *state;
        (!over).then(|| usize::try_from(until - at).unwrap_or(PIECE).min(PIECE))
    }
}

impl Shells {
    /// None yet.
    pub fn new(agent: SharedAgent, wake: Wake, keeper: Terminals) -> Self {
        Self { agent, wake, keeper, open: BTreeMap::new(), ending: Vec::new() }
    }

    /// Does what the agent wants.
    pub fn carry_out(&mut self, output: Output) {
        match output {
            Output::Start { shell, cols, rows } => {
                if let Err(text) = self.start(shell, cols, rows) {
                    self.say(Event::Ended { shell, started: false, text });
                }
            }
            Output::Write { shell, data } => {
                if let Some(open) = self.open.get(&shell) {
                    // A thread that is gone has a terminal that is.
                    let _ = open.typed.send(data);
                }
            }
            Output::Resize { shell, cols, rows } => {
                if let Some(open) = self.open.get(&shell)
                    && let Err(error) = open.terminal.resize(cols, rows)
                {
                    tracing::debug!(%error, "a terminal keeps its size");
                }
            }
            Output::ReadUntil { shell, until } => {
                if let Some(open) = self.open.get(&shell) {
                    open.leave.until(until);
                }
            }
            Output::Kill { shell } => {
                if let Some(open) = self.open.remove(&shell) {
                    self.kill(open);
                }
            }
        }
        self.ending.retain(|thread| !thread.is_finished());
    }

    fn say(&self, event: Event) {
        lock(&self.agent).handle_shell(event);
        (self.wake)();
    }

    fn start(&mut self, shell: u32, cols: u16, rows: u16) -> Result<(), String> {
        let terminal = open_terminal(cols, rows).map_err(|error| error.to_string())?;
        self.keeper.stands(terminal.mark());
        let (program, user) = terminal.about();
        let leave = Arc::new(Leave::default());
        let (typed, inbox) = mpsc::channel();
        let tell = {
            let (agent, wake) = (Arc::clone(&self.agent), Arc::clone(&self.wake));
            move |event| {
                lock(&agent).handle_shell(event);
                wake();
            }
        };
        let failed = |error: std::io::Error| {
            terminal.end();
            error.to_string()
        };
        let writes = {
            let (terminal, leave, tell) = (Arc::clone(&terminal), Arc::clone(&leave), tell.clone());
            move || write(shell, terminal.as_ref(), &leave, &inbox, &tell)
        };
        std::thread::Builder::new().name("typing".into()).spawn(writes).map_err(failed)?;
        let reads = {
            let (terminal, leave, keeper) = (Arc::clone(&terminal), Arc::clone(&leave), self.keeper.clone());
            move || {
                if let Some(text) = read(shell, terminal.as_ref(), &leave, &tell) {
                    // What it started goes with it.
                    leave.end();
                    terminal.end();
                    keeper.over(terminal.mark());
                    tell(Event::Ended { shell, started: true, text });
                }
            }
        };
        let reads = std::thread::Builder::new().name("terminal".into()).spawn(reads).map_err(|error| {
            leave.end();
            failed(error)
        })?;
        self.open.insert(shell, Shell { terminal, leave, typed, reads });
        self.say(Event::Started { shell, program, user });
        Ok(())
    }

    /// Ends it, without holding up the session.
    fn kill(&mut self, shell: Shell) {
        let Shell { terminal, leave, typed, reads } = shell;
        drop(typed);
        leave.end();
        let mark = terminal.mark().to_owned();
        let keeper = self.keeper.clone();
        let end = move || {
            terminal.end();
            keeper.over(terminal.mark());
            let _ = reads.join();
        };
        match std::thread::Builder::new().name("end-terminal".into()).spawn(end) {
            Ok(thread) => self.ending.push(thread),
            Err(error) => {
                tracing::warn!(%error, "a command line is ended here");
                pty::end_marked(&mark);
            }
        }
    }
}

impl Drop for Shells {
    fn drop(&mut self) {
        for (_, shell) in std::mem::take(&mut self.open) {
            self.kill(shell);
        }
        for thread in self.ending.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Reads until the terminal is over by itself, and says how; nothing when it was ended from here.
fn read(shell: u32, terminal: &dyn Terminal, leave: &Leave, tell: &impl Fn(Event)) -> Option<String> {
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    loop {
        let most = leave.wait(at)?;
        match terminal.read(&mut buffer[..most], LOOK) {
            Ok(Read::Some(read)) => {
                at += read as u64;
                let data = Bytes::copy_from_slice(&buffer[..read]);
                tell(Event::Wrote { shell, data });
            }
            // Its program may be gone while something that it started holds the terminal open.
            Ok(Read::Nothing) => {
                if let Some(text) = terminal.ended() {
                    return Some(text);
                }
            }
            Ok(Read::End) => {
                while !leave.is_over() {
                    if let Some(text) = terminal.ended() {
                        return Some(text);
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
                return None;
            }
            Err(error) => return Some(error.to_string()),
        }
    }
}

/// Types what comes, and says before each piece how the terminal takes it.
fn write(
    shell: u32,
    terminal: &dyn Terminal,
    leave: &Leave,
    inbox: &mpsc::Receiver<Bytes>,
    tell: &impl Fn(Event),
) {
    while let Ok(data) = inbox.recv() {
        let typing = match terminal.typing() {
            Ok(pty::Typing::Shown) => Typing::Shown,
            Ok(pty::Typing::Secret) => Typing::Secret,
            Ok(pty::Typing::Raw) | Err(_) => Typing::Raw,
        };
        tell(Event::Typing { shell, data: data.clone(), typing });
        let mut rest = data.as_ref();
        while !rest.is_empty() {
            if leave.is_over() {
                return;
            }
            match terminal.write(rest, LOOK) {
                Ok(written) => rest = &rest[written..],
                Err(error) => {
                    tracing::debug!(%error, "a terminal takes nothing any more");
                    return;
                }
            }
        }
    }
}

//! Carries out what [`farhand_agent_core::tools::clipboard`] wants, on a thread of its own: a program that is asked for
//! what was copied in it may take its time. The clipboard is opened when it is first wanted, and given back when the
//! session is over.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use farhand_agent_core::tools::clipboard::{Done, Output};
use farhand_agent_host::clipboard::{self as host, Backend, ClipboardError, open_clipboard};
use farhand_protocol::channel::clipboard::ClipboardContent;

use super::worker::Worker;
use crate::screen::{SharedAgent, lock};

/// Called when the agent has something new to carry out. Must not block.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// See the module.
#[derive(Debug, Default)]
pub struct Clipboard {
    tasks: Option<Worker<Output>>,
}

impl Clipboard {
    /// What comes of its work goes to the agent.
    pub fn start(&mut self, agent: SharedAgent, wake: Wake) {
        let desk = Desk { agent, wake, clipboard: None };
        self.tasks = Some(Worker::new("clipboard-tool", move |inbox| desk.run(&inbox)));
    }

    /// Does what the agent wants.
    pub fn carry_out(&mut self, output: Output) {
        if let Some(tasks) = &mut self.tasks {
            tasks.give(output);
        }
    }
}

struct Desk {
    agent: SharedAgent,
    wake: Wake,
    clipboard: Option<Box<dyn host::Clipboard>>,
}

impl Desk {
    fn run(mut self, inbox: &Receiver<Output>) {
        while let Ok(task) = inbox.recv() {
            let done = match task {
                Output::Watch(on) => {
                    self.look(self.clipboard.is_some() || on, |clipboard| clipboard.watch(on));
                    continue;
                }
                Output::Read => Done::Read(self.read().map_err(|error| error.why())),
                Output::Write { from, transfer, content } => {
                    let result = self.write(content).map_err(|error| error.why());
                    Done::Written { from, transfer, result }
                }
            };
            lock(&self.agent).handle_clipboard(done);
            (self.wake)();
        }
    }

    fn read(&mut self) -> Result<ClipboardContent, ClipboardError> {
        let read = self.open().and_then(host::Clipboard::read);
        self.after(&read);
        read
    }

    fn write(&mut self, content: ClipboardContent) -> Result<(), ClipboardError> {
        let written = self.open().and_then(|clipboard| clipboard.write(content));
        self.after(&written);
        written
    }

    fn look(
        &mut self,
        wanted: bool,
        act: impl FnOnce(&mut dyn host::Clipboard) -> Result<(), ClipboardError>,
    ) {
        if wanted {
            let done = self.open().and_then(act);
            self.after(&done);
        }
    }

    fn open(&mut self) -> Result<&mut dyn host::Clipboard, ClipboardError> {
        if self.clipboard.is_none() {
            let (agent, wake) = (Arc::clone(&self.agent), Arc::clone(&self.wake));
            let changed = move || {
                lock(&agent).handle_clipboard(Done::Changed);
                wake();
            };
            self.clipboard = Some(open_clipboard(Backend::Auto, Box::new(changed))?);
        }
        match &mut self.clipboard {
            Some(clipboard) => Ok(clipboard.as_mut()),
            None => Err(ClipboardError::NotHere { name: "any" }),
        }
    }

    /// One that cannot be reached is opened anew the next time.
    fn after<T>(&mut self, done: &Result<T, ClipboardError>) {
        match done {
            Err(error @ (ClipboardError::Unreachable { .. } | ClipboardError::NotHere { .. })) => {
                tracing::warn!(%error, "the clipboard cannot be used");
                self.clipboard = None;
            }
            Err(error) => tracing::debug!(%error, "the clipboard gives nothing"),
            Ok(_) => {}
        }
    }
}

//! Carries out what [`farhand_agent_core::tools::chat`] wants: the customer's window shows what was said.

use std::time::Instant;

use farhand_agent_core::tools::chat::{FromShell, Output};

use crate::screen::{SharedAgent, lock};
use crate::window::WindowPort;
use crate::window::chat::{FromChat, ToChat};
use crate::window::protocol::ToWindow;

/// See the module.
#[derive(Debug, Default)]
pub struct Chat {
    /// Who there is to talk to.
    technician: Option<String>,
}

impl Chat {
    /// Does what the agent wants.
    pub fn carry_out(&mut self, output: Output, window: &WindowPort) {
        match output {
            Output::Open(technician) => {
                self.technician = Some(technician.clone());
                show(window, ToChat::Open { technician });
            }
            Output::Said(line) => {
                let (number, mine) = (line.number, line.from.is_none());
                show(window, ToChat::Line { number, mine, name: line.name, text: line.text });
            }
            Output::Delivered(number) => show(window, ToChat::Delivered { number }),
            Output::Typing(name) => show(window, ToChat::Typing { name }),
            // The agent itself has sent it.
            Output::Send(_) => {}
        }
    }

    /// The window was started again: it knows nothing.
    pub fn window_restarted(&self, agent: &SharedAgent, window: &WindowPort, now: Instant) {
        if let Some(technician) = self.technician.clone() {
            show(window, ToChat::Open { technician });
        }
        lock(agent).handle_chat(FromShell::Window, now);
    }
}

/// What the window says, for the agent.
#[must_use]
pub fn from_window(said: FromChat) -> FromShell {
    match said {
        FromChat::Say { id, text } => FromShell::Say { id, text },
        FromChat::Typing => FromShell::Typing,
    }
}

fn show(window: &WindowPort, chat: ToChat) {
    // A window that is gone says so by its events.
    let _ = window.show.send(ToWindow::Chat { chat });
}

//! Files: between the agent, the disk, the window and the receipt.

use std::time::Instant;

use farhand_agent_core::tools::files::FromCustomer;
use farhand_protocol::rights::Rights;
use farhand_seal::receipt::{What, Who};

use super::{Session, show};
use crate::receipt;
use crate::receipt::changes::Change;
use crate::screen::lock;
use crate::tools::files::{FilesSaid, receipt_text};
use crate::window::WindowPort;
use crate::window::files::FromFiles;
use crate::window::protocol::ToWindow;

/// What the disks say is handed in by so many at once, before anything else has its turn.
const AT_ONCE: usize = 64;

impl Session {
    /// The disks have said something, and maybe more.
    pub(super) fn files_said(&mut self, first: FilesSaid) {
        let mut said = Some(first);
        let mut agent = lock(&self.agent);
        for _ in 0..AT_ONCE {
            match said {
                Some(FilesSaid::File(file, said)) => agent.handle_file_said(file, said),
                Some(FilesSaid::Listed(console, messages)) => agent.handle_listed(console, messages),
                None => return,
            }
            said = self.tools.files.try_next();
        }
        match said {
            Some(FilesSaid::File(file, said)) => agent.handle_file_said(file, said),
            Some(FilesSaid::Listed(console, messages)) => agent.handle_listed(console, messages),
            None => {}
        }
    }

    /// The customer decided something in the window.
    pub(super) fn files_decided(&self, said: FromFiles) {
        let said = match said {
            FromFiles::Allow { ask } => FromCustomer::Allow(ask),
            FromFiles::Refuse { ask } => FromCustomer::Refuse(ask),
            FromFiles::Stop { row } => FromCustomer::Stop(row),
            FromFiles::StopAll => FromCustomer::StopAll,
        };
        lock(&self.agent).handle_files_customer(said, Instant::now());
    }

    /// Writes down what is over, and shows the customer where files stand.
    pub(super) fn show_files(&mut self, window: &WindowPort) {
        for record in self.tools.files.take_records() {
            let text = receipt_text(&record);
            self.log.event(
                "file",
                &[
                    ("participant", record.console.into()),
                    ("incoming", (record.direction == farhand_protocol::transfer::Direction::In).into()),
                    ("size", record.size.into()),
                    (
                        "end",
                        record.end.map_or("whole", farhand_protocol::channel::files::FileEnd::word).into(),
                    ),
                ],
            );
            let (who, technician, what) = (Who::Technician, record.console, What::File);
            self.recorder.add(Change { who, technician, what, rights: Rights::EMPTY, text }, receipt::now());
        }
        let agent = lock(&self.agent);
        let name = |console| {
            self.sealing
                .verified(console)
                .map_or_else(|| self.joined.technician.clone(), |theirs| theirs.name)
        };
        let shown = self.tools.files.show(&agent, Instant::now(), name);
        drop(agent);
        if let Some(shown) = shown {
            if let Some(question) = &shown.question {
                self.log.event(
                    "files_asked",
                    &[("ask", question.ask.into()), ("incoming", question.incoming.into())],
                );
            }
            show(window, ToWindow::Files { shown });
        }
    }
}

//! Carries out what [`farhand_agent_core::tools::files`] wants: a thread for each file, so that a slow disk holds up
//! nothing but what lies on it.

mod disk;
mod listing;
mod shown;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc as jobs;
use std::time::Instant;

use farhand_agent_core::tools::files::{FileKey, Output, Record};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::files::{FileEnd, Files as Message};
use farhand_protocol::transfer::{Direction, Job, Said};
use tokio::sync::mpsc;

use crate::receipt::keep::{downloads, environment};

/// What a disk says.
#[derive(Debug)]
pub enum FilesSaid {
    /// About a file.
    File(FileKey, Said),
    /// What is in a folder, for a console.
    Listed(ParticipantId, Vec<Message>),
}

/// See the module.
#[derive(Debug)]
pub struct Files {
    /// Where files go that come; nothing where there is no such place.
    folder: Option<PathBuf>,
    open: BTreeMap<FileKey, jobs::Sender<Job>>,
    say: mpsc::UnboundedSender<FilesSaid>,
    said: mpsc::UnboundedReceiver<FilesSaid>,
    records: Vec<Record>,
    changed: bool,
    shown: Option<(Instant, shown::Key)>,
}

impl Default for Files {
    fn default() -> Self {
        let (say, said) = mpsc::unbounded_channel();
        Self {
            folder: downloads(environment),
            open: BTreeMap::new(),
            say,
            said,
            records: Vec::new(),
            changed: false,
            shown: None,
        }
    }
}

impl Files {
    /// Does what the agent wants.
    pub fn carry_out(&mut self, output: Output) {
        match output {
            Output::Disk { file, job } => self.disk(file, job),
            Output::List { console, list, path } => {
                let say = self.say.clone();
                let read = move || {
                    let _ = say.send(FilesSaid::Listed(console, listing::read(list, &path)));
                };
                let started = std::thread::Builder::new().name("folder".into()).spawn(read);
                if started.is_err() {
                    let refused = Message::ListRefused { list, why: FileEnd::Busy };
                    let _ = self.say.send(FilesSaid::Listed(console, vec![refused]));
                }
            }
            Output::Changed => self.changed = true,
            Output::Record(record) => self.records.push(record),
            // The agent sends these by itself.
            Output::Send { .. } => {}
        }
    }

    fn disk(&mut self, file: FileKey, job: Job) {
        if job == Job::Close {
            // The thread ends with its jobs, and takes what is not finished with it.
            self.open.remove(&file);
            return;
        }
        if matches!(job, Job::Create { .. } | Job::Open { .. }) {
            let (sender, receiver) = jobs::channel();
            let (say, folder) = (self.say.clone(), self.folder.clone());
            let work = move || {
                disk::run(&receiver, folder.as_deref(), |said| say.send(FilesSaid::File(file, said)).is_ok());
            };
            if std::thread::Builder::new().name("file".into()).spawn(work).is_err() {
                let _ = self.say.send(FilesSaid::File(file, Said::Failed { why: FileEnd::Busy }));
                return;
            }
            self.open.insert(file, sender);
        }
        if let Some(jobs) = self.open.get(&file) {
            let _ = jobs.send(job);
        }
    }

    /// The next thing that a disk says.
    pub async fn next(&mut self) -> Option<FilesSaid> {
        self.said.recv().await
    }

    /// What else has been said by now.
    pub fn try_next(&mut self) -> Option<FilesSaid> {
        self.said.try_recv().ok()
    }

    /// Files that are over, for the receipt.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }
}

/// The text of a file's entry in the receipt: which way, how it ended, its size in bytes, its name.
#[must_use]
pub fn receipt_text(record: &Record) -> String {
    let way = match record.direction {
        Direction::In => "in",
        Direction::Out => "out",
    };
    let end = record.end.map_or("whole", FileEnd::word);
    format!("{way} {end} {} {}", record.size, record.name)
}

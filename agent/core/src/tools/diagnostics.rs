//! The agent's end of [`farhand_protocol::channel::diagnostics::Diagnostics`]: asks the gate, has the shell read and act,
//! and hands out what came of it page by page. Whatever is done to the machine is a [`Command`] for the receipt first.

#[cfg(test)]
#[path = "diagnostics_tests.rs"]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::diagnostics::{
    Action, Diagnostics as Message, MAX_FIELD, MAX_LOG_MESSAGE, MAX_PAGE_BYTES, MAX_PAGE_ROWS, MAX_ROWS,
    Outcome, Rows, Summary, Topic,
};
use farhand_protocol::channel::encode;
use farhand_protocol::rights::Right;
use serde::Serialize;

use super::shell::{self, Shells};

/// The most that a technician may have under way at once.
const MAX_JOBS: usize = 4;
/// The most answers of one technician that wait to be fetched further; the oldest goes for a new one.
const MAX_ANSWERS: usize = 6;
/// The most commands of a session: what the receipt has no room for is not run.
pub const MAX_COMMANDS: u32 = 2000;

/// What the customer allows each technician now. Who is not in it may nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gates(pub BTreeMap<ParticipantId, Gate>);

impl Gates {
    /// What this one may.
    #[must_use]
    pub fn of(&self, technician: ParticipantId) -> Gate {
        self.0.get(&technician).copied().unwrap_or(Gate { diagnostics: false, shell: Standing::Closed })
    }
}

/// What the customer allows a technician now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Reading, and processes and services.
    pub diagnostics: bool,
    /// The command line.
    pub shell: Standing,
}

/// Where the right to a command line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Allowed.
    Open,
    /// Allowed, and a question is open: what is typed waits, or it could answer.
    Watching,
    /// Allowed, and on hold: nothing goes either way.
    Held,
    /// Not allowed. A command line that stands is ended.
    Closed,
}

/// Whose job it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// The technician.
    pub by: ParticipantId,
    /// The console's number for it.
    pub request: u32,
}

/// What the receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The technician whose doing it is, or none where the agent says what it saw.
    pub by: Option<ParticipantId>,
    /// By which right.
    pub right: Right,
    /// The words.
    pub text: String,
}

/// What the shell carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Say this to a console.
    Say(ParticipantId, Message),
    /// Read this, and hand it to [`Diagnostics::handle_read`].
    Read(Job, Topic),
    /// Do this, and say how it went to [`Diagnostics::handle_acted`].
    Act(Job, Action),
    /// Write this into the receipt, before anything that comes after it is carried out.
    Command(Command),
    /// Of a command line.
    Shell(shell::Output),
}

/// Why nothing could be read or done, with the system's words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Anything but [`Outcome::Done`].
    pub outcome: Outcome,
    /// What the system said.
    pub text: String,
}

#[derive(Debug)]
struct Answer {
    job: Job,
    pages: VecDeque<Rows>,
    cut: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Diagnostics {
    /// Under way, with the pages that the console takes at once.
    jobs: Vec<(Job, u8)>,
    answers: VecDeque<Answer>,
    shells: Shells,
    commands: u32,
    outputs: VecDeque<Output>,
}

/// Where tools put what they want.
pub(super) struct Wants<'a> {
    pub(super) outputs: &'a mut VecDeque<Output>,
    pub(super) commands: &'a mut u32,
}

impl Wants<'_> {
    pub(super) fn say(&mut self, to: ParticipantId, message: Message) {
        self.outputs.push_back(Output::Say(to, message));
    }

    /// Whether there was room for it.
    pub(super) fn command(&mut self, by: Option<ParticipantId>, right: Right, text: String) -> bool {
        if *self.commands >= MAX_COMMANDS {
            return false;
        }
        *self.commands += 1;
        self.outputs.push_back(Output::Command(Command { by, right, text }));
        true
    }

    pub(super) fn shell(&mut self, output: shell::Output) {
        self.outputs.push_back(Output::Shell(output));
    }
}

impl Diagnostics {
    /// A console says something; its head was accepted and its limits hold.
    pub fn handle_message(&mut self, sender: ParticipantId, message: Message, gate: Gate) {
        match message {
            Message::Fetch { request, topic, pages } => {
                self.fetch(Job { by: sender, request }, topic, pages, gate)
            }
            Message::More { request, pages } => self.hand_out(Job { by: sender, request }, pages, gate),
            Message::Act { request, action } => self.act(Job { by: sender, request }, action, gate),
            Message::ShellOpen { .. }
            | Message::ShellInput { .. }
            | Message::ShellResize { .. }
            | Message::ShellGrant { .. }
            | Message::ShellClose { .. } => {
                let (shells, mut wants) = self.parts();
                shells.handle_message(sender, message, gate.shell, &mut wants);
            }
            // An agent's own messages mean nothing from a console.
            Message::Rows { .. }
            | Message::Answered { .. }
            | Message::ShellOpened { .. }
            | Message::ShellOutput { .. }
            | Message::ShellTaken { .. }
            | Message::ShellEnded { .. }
            | Message::Unknown => {}
        }
    }

    /// Nothing stands or waits that a change of what is allowed could end or let go on.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.answers.is_empty() && self.shells.is_empty()
    }

    /// What the customer allows may have changed.
    pub fn handle_gates(&mut self, gates: &Gates) {
        self.answers.retain(|answer| gates.of(answer.job.by).diagnostics);
        let (shells, mut wants) = self.parts();
        shells.handle_gates(gates, &mut wants);
    }

    /// The shell read what a job wanted.
    pub fn handle_read(&mut self, job: Job, read: Result<Rows, Refused>, gates: &Gates) {
        let Some(pages_at_once) = self.finish(job) else { return };
        let gate = gates.of(job.by);
        match read {
            _ if !gate.diagnostics => self.answer(job, Outcome::NotAllowed, String::new()),
            Ok(rows) => {
                let (pages, cut) = paged(rows);
                let theirs = self.answers.iter().filter(|answer| answer.job.by == job.by).count();
                if theirs >= MAX_ANSWERS
                    && let Some(oldest) = self.answers.iter().position(|answer| answer.job.by == job.by)
                {
                    self.answers.remove(oldest);
                }
                self.answers.push_back(Answer { job, pages, cut });
                self.hand_out(job, pages_at_once, gate);
            }
            Err(Refused { outcome, text }) => self.answer(job, outcome, text),
        }
    }

    /// The shell did what a job wanted, or could not.
    pub fn handle_acted(&mut self, job: Job, acted: Result<(), Refused>) {
        if self.finish(job).is_none() {
            return;
        }
        match acted {
            Ok(()) => self.answer(job, Outcome::Done, String::new()),
            Err(Refused { outcome, text }) => self.answer(job, outcome, text),
        }
    }

    /// Something happened at a command line.
    pub fn handle_shell(&mut self, event: shell::Event, gates: &Gates) {
        let (shells, mut wants) = self.parts();
        shells.handle_event(event, gates, &mut wants);
    }

    /// The next thing to carry out.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn parts(&mut self) -> (&mut Shells, Wants<'_>) {
        (&mut self.shells, Wants { outputs: &mut self.outputs, commands: &mut self.commands })
    }

    fn fetch(&mut self, job: Job, topic: Topic, pages: u8, gate: Gate) {
        if !gate.diagnostics {
            return self.answer(job, Outcome::NotAllowed, String::new());
        }
        if topic == Topic::Unknown {
            return self.answer(job, Outcome::NotHere, String::new());
        }
        // What is read is handed out under this number: an older answer under it is not meant any more.
        self.answers.retain(|answer| answer.job != job);
        if self.begin(job, pages) {
            self.outputs.push_back(Output::Read(job, topic));
        }
    }

    fn act(&mut self, job: Job, action: Action, gate: Gate) {
        if !gate.diagnostics {
            return self.answer(job, Outcome::NotAllowed, String::new());
        }
        let Some(words) = action.words() else { return self.answer(job, Outcome::NotHere, String::new()) };
        if !self.begin(job, 0) {
            return;
        }
        let (_, mut wants) = self.parts();
        if wants.command(Some(job.by), Right::Diagnostics, words) {
            self.outputs.push_back(Output::Act(job, action));
        } else {
            self.finish(job);
            self.answer(job, Outcome::Busy, String::new());
        }
    }

    fn begin(&mut self, job: Job, pages: u8) -> bool {
        let theirs = self.jobs.iter().filter(|(other, _)| other.by == job.by).count();
        if theirs >= MAX_JOBS || self.jobs.iter().any(|(other, _)| *other == job) {
            self.answer(job, Outcome::Busy, String::new());
            return false;
        }
        self.jobs.push((job, pages));
        true
    }

    /// The pages that the console takes at once, if there is such a job.
    fn finish(&mut self, job: Job) -> Option<u8> {
        let at = self.jobs.iter().position(|(other, _)| *other == job)?;
        Some(self.jobs.swap_remove(at).1)
    }

    fn hand_out(&mut self, job: Job, pages: u8, gate: Gate) {
        let Some(at) = self.answers.iter().position(|answer| answer.job == job) else { return };
        if !gate.diagnostics {
            return;
        }
        for _ in 0..pages {
            let answer = &mut self.answers[at];
            let Some(rows) = answer.pages.pop_front() else { break };
            let (more, cut) = (!answer.pages.is_empty(), answer.cut);
            let page = Message::Rows { request: job.request, rows, more, cut };
            self.outputs.push_back(Output::Say(job.by, page));
        }
        if self.answers[at].pages.is_empty() {
            self.answers.remove(at);
        }
    }

    fn answer(&mut self, job: Job, outcome: Outcome, mut text: String) {
        cut(&mut text, MAX_FIELD);
        self.outputs
            .push_back(Output::Say(job.by, Message::Answered { request: job.request, outcome, text }));
    }
}

fn cut(text: &mut String, limit: usize) -> bool {
    let longer = text.len() > limit;
    text.truncate(text.floor_char_boundary(limit));
    longer
}

/// What was read, as pages within the protocol's limits; and whether something was left out.
fn paged(rows: Rows) -> (VecDeque<Rows>, bool) {
    match rows {
        Rows::Summary { summary } => {
            let (summary, cut) = fitted(*summary);
            (VecDeque::from([Rows::Summary { summary: Box::new(summary) }]), cut)
        }
        Rows::Processes { mut rows } => {
            for row in &mut rows {
                [&mut row.name, &mut row.user, &mut row.command].into_iter().for_each(|text| {
                    cut(text, MAX_FIELD);
                });
            }
            pages(rows, |rows| Rows::Processes { rows })
        }
        Rows::Services { mut rows } => {
            for row in &mut rows {
                [&mut row.name, &mut row.description, &mut row.detail].into_iter().for_each(|text| {
                    cut(text, MAX_FIELD);
                });
            }
            pages(rows, |rows| Rows::Services { rows })
        }
        Rows::Log { mut rows, mut place } => {
            for row in &mut rows {
                cut(&mut row.unit, MAX_FIELD);
                cut(&mut row.message, MAX_LOG_MESSAGE);
                row.priority = row.priority.min(7);
            }
            // Half a place is none.
            if place.len() > MAX_FIELD {
                place.clear();
            }
            pages(rows, |rows| Rows::Log { rows, place: place.clone() })
        }
        Rows::Software { mut rows } => {
            for row in &mut rows {
                [&mut row.name, &mut row.version, &mut row.architecture].into_iter().for_each(|text| {
                    cut(text, MAX_FIELD);
                });
            }
            pages(rows, |rows| Rows::Software { rows })
        }
        Rows::Unknown => (VecDeque::from([Rows::Unknown]), false),
    }
}

/// An empty list is one empty page.
fn pages<T: Serialize>(mut rows: Vec<T>, page: impl Fn(Vec<T>) -> Rows) -> (VecDeque<Rows>, bool) {
    let cut = rows.len() > MAX_ROWS;
    rows.truncate(MAX_ROWS);
    let (mut pages, mut taken, mut bytes) = (VecDeque::new(), Vec::new(), 0);
    let mut written = Vec::new();
    for row in rows {
        written.clear();
        encode(&row, &mut written);
        if taken.len() == MAX_PAGE_ROWS || (bytes + written.len() > MAX_PAGE_BYTES && !taken.is_empty()) {
            pages.push_back(page(std::mem::take(&mut taken)));
            bytes = 0;
        }
        bytes += written.len();
        taken.push(row);
    }
    if !taken.is_empty() || pages.is_empty() {
        pages.push_back(page(taken));
    }
    (pages, cut)
}

/// The longest text in a summary: many of them are in one page.
const MAX_SUMMARY_FIELD: usize = 128;
/// The most addresses of an interface in a summary.
const MAX_ADDRESSES: usize = 8;

/// A summary that fits into one page: what is longest is shortened.
fn fitted(mut summary: Summary) -> (Summary, bool) {
    let mut left_out = false;
    let Summary { host, user, system, kernel, architecture, model, desktop, processor, .. } = &mut summary;
    for text in [host, user, system, kernel, architecture, model, desktop, processor] {
        left_out |= cut(text, MAX_SUMMARY_FIELD);
    }
    for disk in &mut summary.disks {
        [&mut disk.name, &mut disk.mount, &mut disk.kind].into_iter().for_each(|text| {
            cut(text, MAX_SUMMARY_FIELD);
        });
    }
    for network in &mut summary.networks {
        left_out |= network.addresses.len() > MAX_ADDRESSES;
        network.addresses.truncate(MAX_ADDRESSES);
        let addresses = network.addresses.iter_mut();
        for text in addresses.chain([&mut network.name, &mut network.mac]) {
            cut(text, MAX_SUMMARY_FIELD);
        }
    }
    for guard in &mut summary.security {
        cut(&mut guard.name, MAX_SUMMARY_FIELD);
    }
    loop {
        let lists = [summary.disks.len(), summary.networks.len(), summary.security.len()];
        let mut written = Vec::new();
        encode(&summary, &mut written);
        let longest = lists.into_iter().max().unwrap_or(0);
        if (written.len() <= MAX_PAGE_BYTES && longest <= MAX_PAGE_ROWS) || longest == 0 {
            return (summary, left_out);
        }
        left_out = true;
        let half = longest / 2;
        match lists.iter().position(|length| *length == longest) {
            Some(0) => summary.disks.truncate(half),
            Some(1) => summary.networks.truncate(half),
            Some(_) | None => summary.security.truncate(half),
        }
    }
}

//! The agent's end of [`farhand_protocol::channel::files::Files`]: which files go, which way the customer lets them go,
//! and what is written down about them. The disk is the shell's.
//!
//! The right `files` opens the gate. Behind it each direction is asked about by itself, when a technician first wants to
//! use it, with the name and size of what they want: putting something on a computer and taking something from it are
//! two things. What the customer stops is stopped; what they refuse is asked again at most [`MAX_REFUSALS`] times.

mod asks;
mod flow;
mod outside;
mod rows;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::files::{FileEnd, Files as Message};
use farhand_protocol::transfer::names::confined_path;
use farhand_protocol::transfer::{AGAIN_MS, Direction, Incoming, Job, Outgoing};

pub use self::outside::{FileKey, FromCustomer, Gate, Output, Question, Record, Row, RowState};

/// Silence for so long is a no.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// A direction that was refused so often is not asked about any more.
pub const MAX_REFUSALS: u8 = 3;
/// Files of one console that may be open in each direction.
const MAX_LIVE: usize = 8;
/// Files that are remembered, those that are over included.
const MAX_KEPT: usize = 512;
/// Folders of one console that may be read at once.
const MAX_LISTS: usize = 4;
/// Of what was sent and not answered for so long it is said again that it was sent.
const AGAIN: Duration = Duration::from_millis(AGAIN_MS);
#[derive(Debug)]
enum State {
    Waits,
    Opening,
    In(Incoming),
    Out(Outgoing),
    Finished,
    Over(FileEnd),
}

#[derive(Debug)]
struct File {
    row: u32,
    direction: Direction,
    /// Where it goes to, below the folder for what comes.
    steps: Vec<String>,
    /// Where it comes from.
    from: String,
    name: String,
    size: u64,
    more: u32,
    more_size: u64,
    /// The console has everything before, and takes up to there.
    wanted: (u64, u64),
    /// A gap was seen here, and told.
    gap: Option<u64>,
    /// When the console said something about it last.
    heard: Instant,
    /// Of what is taken: the console was told its hash, once at least.
    told: bool,
    state: State,
}

impl File {
    const fn is_live(&self) -> bool {
        !matches!(self.state, State::Finished | State::Over(_))
    }

    /// Until when the console has time to say that it has all that was sent.
    fn unsaid_until(&self) -> Option<Instant> {
        (self.told && matches!(self.state, State::Out(_))).then(|| self.heard + AGAIN)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Way {
    allowed: bool,
    refusals: u8,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Files {
    files: BTreeMap<FileKey, File>,
    ways: BTreeMap<(ParticipantId, Direction), Way>,
    question: Option<Question>,
    /// A question went away with its console: others may have waited for their turn since then.
    unasked: Option<Instant>,
    /// Folders that wait for an answer.
    lists: VecDeque<(ParticipantId, u32, String)>,
    /// Folders that are being read.
    reading: BTreeMap<ParticipantId, usize>,
    asks: u32,
    rows: u32,
    outputs: VecDeque<Output>,
}

impl Files {
    /// A console says something; its head was accepted and its limits hold.
    pub fn handle_message(&mut self, console: ParticipantId, message: Message, gate: Gate, now: Instant) {
        match message {
            Message::Offer { transfer, path, size, more, more_size } => {
                let key = FileKey { console, transfer };
                if self.begins(key, gate) {
                    let (steps, why) = match confined_path(&path) {
                        Ok(steps) => (steps, None),
                        Err(_) => (Vec::new(), Some(FileEnd::Name)),
                    };
                    let name = steps.last().or(path.last()).cloned().unwrap_or_default();
                    let mut file = self.new_file(Direction::In, name, (more, more_size), now);
                    (file.steps, file.size) = (steps, size);
                    self.add(key, file, why, now);
                } else if gate == Gate::Open {
                    self.offered_again(key, size);
                }
            }
            Message::Fetch { transfer, path, offset, until, more, more_size } => {
                let key = FileKey { console, transfer };
                if self.begins(key, gate) {
                    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                    let mut file = self.new_file(Direction::Out, name, (more, more_size), now);
                    file.from = path;
                    file.wanted = (offset, until);
                    self.add(key, file, None, now);
                } else if gate == Gate::Open {
                    self.wanted_again(key, (offset, until), now);
                }
            }
            Message::Chunk { transfer, offset, bytes } if gate == Gate::Open => {
                self.incoming(FileKey { console, transfer }, |file| file.chunk(offset, bytes));
            }
            Message::Done { transfer, hash } if gate == Gate::Open => {
                self.incoming(FileKey { console, transfer }, |file| file.done(hash));
            }
            Message::Grant { transfer, until } => {
                let key = FileKey { console, transfer };
                if let Some(File { state: State::Out(file), heard, .. }) = self.files.get_mut(&key) {
                    let passed = now.saturating_duration_since(*heard);
                    *heard = now;
                    file.grant(until, passed);
                    self.read_on(key, gate);
                }
            }
            Message::Finished { transfer, name: _ } => {
                self.kept(FileKey { console, transfer });
            }
            Message::Stop { transfer, why } => {
                // What only the customer's side can say is not believed.
                let why = match why {
                    FileEnd::Stopped | FileEnd::Refused | FileEnd::NoRight | FileEnd::Unknown => {
                        FileEnd::Cancelled
                    }
                    FileEnd::Cancelled
                    | FileEnd::Name
                    | FileEnd::Denied
                    | FileEnd::Vanished
                    | FileEnd::NotAFile
                    | FileEnd::DiskFull
                    | FileEnd::Changed
                    | FileEnd::Mismatch
                    | FileEnd::Busy
                    | FileEnd::Failed => why,
                };
                self.over(FileKey { console, transfer }, why, false);
                self.ask_next(now);
            }
            Message::List { list, path } => self.list(console, list, path, gate, now),
            // On hold nothing goes; the console says it again. An agent's own messages mean nothing from a console.
            Message::Chunk { .. }
            | Message::Done { .. }
            | Message::Asking { .. }
            | Message::Ready { .. }
            | Message::Listing { .. }
            | Message::ListAsking { .. }
            | Message::ListRefused { .. }
            | Message::Unknown => {}
        }
    }

    /// Whether this is a new file that may begin. What may not is told.
    fn begins(&mut self, key: FileKey, gate: Gate) -> bool {
        match gate {
            Gate::Open => !self.files.contains_key(&key),
            Gate::Held => false,
            Gate::Shut => {
                self.send(key.console, Message::Stop { transfer: key.transfer, why: FileEnd::NoRight });
                false
            }
        }
    }

    fn new_file(
        &mut self,
        direction: Direction,
        name: String,
        (more, more_size): (u32, u64),
        now: Instant,
    ) -> File {
        self.rows = self.rows.wrapping_add(1);
        File {
            row: self.rows,
            direction,
            steps: Vec::new(),
            from: String::new(),
            name,
            size: 0,
            more,
            more_size,
            wanted: (0, 0),
            gap: None,
            heard: now,
            told: false,
            state: State::Waits,
        }
    }

    fn add(&mut self, key: FileKey, file: File, why: Option<FileEnd>, now: Instant) {
        let direction = file.direction;
        let live = |(of, other): (&FileKey, &File)| {
            of.console == key.console && other.direction == direction && other.is_live()
        };
        let busy = self.files.iter().filter(|entry| live(*entry)).count() >= MAX_LIVE;
        self.forget_old();
        self.files.insert(key, file);
        self.outputs.push_back(Output::Changed);
        let way = *self.ways.entry((key.console, direction)).or_default();
        match (why, busy, way) {
            (Some(why), _, _) => self.over(key, why, true),
            (None, true, _) => self.over(key, FileEnd::Busy, true),
            (None, false, Way { allowed: true, .. }) => self.open(key),
            (None, false, Way { refusals: MAX_REFUSALS.., .. }) => self.over(key, FileEnd::Refused, true),
            (None, false, Way { .. }) => {
                self.send(key.console, Message::Asking { transfer: key.transfer });
                self.ask_next(now);
            }
        }
    }

    /// What is over makes room for what comes.
    fn forget_old(&mut self) {
        if self.files.len() < MAX_KEPT {
            return;
        }
        let over = self.files.iter().filter(|(_, file)| !file.is_live());
        if let Some(oldest) = over.min_by_key(|(_, file)| file.row).map(|(key, _)| *key) {
            self.files.remove(&oldest);
        }
    }

    /// Consoles that have something here which a gate may end.
    #[must_use]
    pub fn consoles(&self) -> BTreeSet<ParticipantId> {
        let live = self.files.iter().filter(|(_, file)| file.is_live()).map(|(key, _)| key.console);
        let allowed = self.ways.iter().filter(|(_, way)| way.allowed).map(|((console, _), _)| *console);
        let lists = self.lists.iter().map(|(console, ..)| *console);
        let asks = self.question.iter().map(|question| question.console);
        live.chain(allowed).chain(lists).chain(asks).collect()
    }

    /// What the customer lets this console do may be more or less than before.
    pub fn handle_gate(&mut self, console: ParticipantId, gate: Gate) {
        match gate {
            Gate::Open | Gate::Held => {}
            Gate::Shut => {
                if let Some(question) = self.question.take_if(|question| question.console == console) {
                    self.unasked = question.expires.checked_sub(ANSWER_WITHIN);
                    self.outputs.push_back(Output::Changed);
                }
                let ways = self.ways.iter_mut().filter(|((of, _), _)| *of == console);
                ways.for_each(|(_, way)| way.allowed = false);
                self.end_all(FileEnd::NoRight, |of| of == console);
            }
        }
    }

    fn end_all(&mut self, why: FileEnd, whose: impl Fn(ParticipantId) -> bool) {
        let ends = |(key, file): (&FileKey, &File)| (file.is_live() && whose(key.console)).then_some(*key);
        let live: Vec<FileKey> = self.files.iter().filter_map(ends).collect();
        live.into_iter().for_each(|key| self.over(key, why, true));
        let (these, others) = self.lists.drain(..).partition::<Vec<_>, _>(|(of, ..)| whose(*of));
        self.lists = others.into();
        for (console, list, _) in these {
            self.send(console, Message::ListRefused { list, why });
        }
    }

    /// The time has come that [`Files::poll_timeout`] named. `gate` is that of each console.
    pub fn handle_timeout(&mut self, now: Instant, gate: impl Fn(ParticipantId) -> Gate) {
        if self.question.as_ref().is_some_and(|question| question.expires <= now) {
            self.answer(false, now);
        }
        if self.unasked.take_if(|at| *at <= now).is_some() {
            self.ask_next(now);
        }
        self.say_done_again(now, gate);
    }

    /// When [`Files::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let question = self.question.as_ref().map(|question| question.expires);
        [question, self.unasked, self.unsaid_due()].into_iter().flatten().min()
    }

    /// What the customer is asked now.
    #[must_use]
    pub fn question(&self) -> Option<&Question> {
        self.question.as_ref()
    }

    /// How many files there are to show.
    #[must_use]
    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// The next thing to carry out.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn over(&mut self, key: FileKey, why: FileEnd, tell: bool) {
        let Some(file) = self.files.get_mut(&key).filter(|file| file.is_live()) else { return };
        file.state = State::Over(why);
        if tell {
            self.send(key.console, Message::Stop { transfer: key.transfer, why });
        }
        self.closed(key, Some(why));
    }

    fn closed(&mut self, key: FileKey, end: Option<FileEnd>) {
        self.outputs.push_back(Output::Disk { file: key, job: Job::Close });
        if let Some(File { direction, name, size, .. }) = self.files.get(&key) {
            let (direction, name, size) = (*direction, name.clone(), *size);
            self.outputs.push_back(Output::Record(Record {
                console: key.console,
                direction,
                name,
                size,
                end,
            }));
        }
        self.outputs.push_back(Output::Changed);
    }

    fn send(&mut self, to: ParticipantId, message: Message) {
        self.outputs.push_back(Output::Send { to, message });
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;

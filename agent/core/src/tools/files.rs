//! The agent's end of [`farhand_protocol::channel::files::Files`]: which files go, which way the customer lets them go,
//! and what is written down about them. The disk is the shell's.
//!
//! The right `files` opens the gate. Behind it each direction is asked about by itself, when a technician first wants to
//! use it, with the name and size of what they want: putting something on a computer and taking something from it are
//! two things. What the customer stops is stopped; what they refuse is asked again at most [`MAX_REFUSALS`] times.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::files::{FileEnd, Files as Message};
use farhand_protocol::transfer::names::confined_path;
use farhand_protocol::transfer::{Direction, Incoming, Job, Outgoing, Said, Took, share};

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

/// One file of one console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileKey {
    /// Whose.
    pub console: ParticipantId,
    /// Its number there.
    pub transfer: u32,
}

/// What the shell carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Say this to one console.
    Send {
        /// Which.
        to: ParticipantId,
        /// What.
        message: Message,
    },
    /// Have the disk do this, and hand in its answer.
    Disk {
        /// For which file.
        file: FileKey,
        /// What.
        job: Job,
    },
    /// Read a folder, and hand in what is in it.
    List {
        /// For whom.
        console: ParticipantId,
        /// Which question.
        list: u32,
        /// Which folder; empty for the customer's own.
        path: String,
    },
    /// What the customer is asked or shown is another thing now.
    Changed,
    /// A file is over: for the receipt.
    Record(Record),
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose console wanted it.
    pub console: ParticipantId,
    /// Which way it went.
    pub direction: Direction,
    /// Its name, of the far side or of this disk.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Why it is not whole; nothing when it is.
    pub end: Option<FileEnd>,
}

/// What the customer is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Number that the answer names.
    pub ask: u32,
    /// Who asks.
    pub console: ParticipantId,
    /// Which way files would go.
    pub direction: Direction,
    /// The first file, or nothing where folders are to be looked at.
    pub name: Option<String>,
    /// Its bytes; 0 where they are not known yet.
    pub size: u64,
    /// Files that follow.
    pub more: u32,
    /// Their bytes.
    pub more_size: u64,
    /// Silence until then means no.
    pub expires: Instant,
}

/// What the customer does about files. Only the agent's own window makes these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromCustomer {
    /// Files may go the way that was asked about.
    Allow(u32),
    /// They may not.
    Refuse(u32),
    /// Stop the file in this row.
    Stop(u32),
    /// Stop all, and ask again before any other goes.
    StopAll,
}

/// Whether anything may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The right is granted.
    Open,
    /// It is granted and on hold: nothing goes, and nothing ends.
    Held,
    /// It is not granted.
    Shut,
}

/// A file as the customer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number, for [`FromCustomer::Stop`].
    pub row: u32,
    /// Which way.
    pub direction: Direction,
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Bytes that have gone.
    pub moved: u64,
    /// Where it stands.
    pub state: RowState,
}

/// Where a file stands, for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// For the customer's answer.
    Waits,
    /// It goes.
    Flows,
    /// It is whole.
    Finished,
    /// It is over.
    Over(FileEnd),
}

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
    state: State,
}

impl File {
    const fn is_live(&self) -> bool {
        !matches!(self.state, State::Finished | State::Over(_))
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
                    let file =
                        self.new_file(Direction::In, steps, String::new(), name, size, (more, more_size));
                    self.add(key, file, why, now);
                } else if gate == Gate::Open {
                    self.offered_again(key, size);
                }
            }
            Message::Fetch { transfer, path, offset, until, more, more_size } => {
                let key = FileKey { console, transfer };
                if self.begins(key, gate) {
                    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                    let mut file =
                        self.new_file(Direction::Out, Vec::new(), path, name, 0, (more, more_size));
                    file.wanted = (offset, until);
                    self.add(key, file, None, now);
                } else if gate == Gate::Open {
                    self.wanted_again(key, offset, until);
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
                if let Some(File { state: State::Out(file), .. }) = self.files.get_mut(&key) {
                    file.grant(until);
                    self.read_on(key, gate);
                }
            }
            Message::Finished { transfer, name: _ } => {
                let key = FileKey { console, transfer };
                let Some(file) = self.files.get_mut(&key) else { return };
                let State::Out(sent) = &file.state else { return };
                if sent.hash().is_some() {
                    file.state = State::Finished;
                    self.closed(key, None);
                } else {
                    self.over(key, FileEnd::Failed, true);
                }
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
        steps: Vec<String>,
        from: String,
        name: String,
        size: u64,
        (more, more_size): (u32, u64),
    ) -> File {
        self.rows = self.rows.wrapping_add(1);
        File {
            row: self.rows,
            direction,
            steps,
            from,
            name,
            size,
            more,
            more_size,
            wanted: (0, 0),
            gap: None,
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

    fn open(&mut self, key: FileKey) {
        let Some(file) = self.files.get_mut(&key) else { return };
        file.state = State::Opening;
        let job = match file.direction {
            Direction::In => Job::Create { path: file.steps.clone(), size: file.size },
            Direction::Out => Job::Open { path: file.from.clone() },
        };
        self.outputs.push_back(Output::Disk { file: key, job });
    }

    fn offered_again(&mut self, key: FileKey, size: u64) {
        let many = self.live_in(key.console);
        let Some(file) = self.files.get_mut(&key) else { return };
        let transfer = key.transfer;
        let answer = match &mut file.state {
            State::Waits => Message::Asking { transfer },
            State::Opening => return,
            State::In(taken) if taken.size() == size => Message::Ready {
                transfer,
                name: file.name.clone(),
                size,
                offset: taken.from(),
                until: taken.regrant(share(many)),
            },
            State::In(_) | State::Out(_) => return self.over(key, FileEnd::Changed, true),
            State::Finished => Message::Finished { transfer, name: file.name.clone() },
            State::Over(why) => Message::Stop { transfer, why: *why },
        };
        self.send(key.console, answer);
    }

    fn wanted_again(&mut self, key: FileKey, offset: u64, until: u64) {
        let Some(file) = self.files.get_mut(&key) else { return };
        let transfer = key.transfer;
        file.wanted = (offset, until);
        match &mut file.state {
            State::Waits => self.send(key.console, Message::Asking { transfer }),
            State::Opening => {}
            State::Out(_) => self.go(key),
            State::In(_) => self.over(key, FileEnd::Changed, true),
            State::Finished => self.send(key.console, Message::Stop { transfer, why: FileEnd::Failed }),
            State::Over(why) => {
                let why = *why;
                self.send(key.console, Message::Stop { transfer, why });
            }
        }
    }

    /// Goes on from where the console wants it.
    fn go(&mut self, key: FileKey) {
        let Some(file) = self.files.get_mut(&key) else { return };
        let State::Out(sent) = &mut file.state else { return };
        let (offset, until) = file.wanted;
        let Some(job) = sent.go(offset, until) else { return self.over(key, FileEnd::Changed, true) };
        let (name, size) = (file.name.clone(), file.size);
        self.send(key.console, Message::Ready { transfer: key.transfer, name, size, offset, until: 0 });
        self.outputs.push_back(Output::Disk { file: key, job });
        self.read_on(key, Gate::Open);
    }

    fn incoming(&mut self, key: FileKey, take: impl FnOnce(&mut Incoming) -> Took) {
        let many = self.live_in(key.console);
        let Some(file) = self.files.get_mut(&key) else { return };
        let State::In(taken) = &mut file.state else { return };
        match take(taken) {
            Took::Nothing => {}
            // Once for each place: what was sent behind the gap is on its way already.
            Took::Again => {
                if file.gap.replace(taken.from()) != Some(taken.from()) {
                    let (offset, until) = (taken.from(), taken.regrant(share(many)));
                    let (name, size) = (file.name.clone(), file.size);
                    self.send(
                        key.console,
                        Message::Ready { transfer: key.transfer, name, size, offset, until },
                    );
                }
            }
            Took::Broken => self.over(key, FileEnd::Failed, true),
            Took::Job(job) => self.outputs.push_back(Output::Disk { file: key, job }),
        }
    }

    fn live_in(&self, console: ParticipantId) -> usize {
        let goes = |file: &File| matches!(file.state, State::In(_) | State::Opening);
        self.files.iter().filter(|(key, file)| key.console == console && goes(file)).count()
    }

    fn read_on(&mut self, key: FileKey, gate: Gate) {
        if gate == Gate::Open
            && let Some(File { state: State::Out(file), .. }) = self.files.get_mut(&key)
            && let Some(job) = file.poll_read()
        {
            self.outputs.push_back(Output::Disk { file: key, job });
        }
    }

    /// The disk answers.
    pub fn handle_said(&mut self, key: FileKey, said: Said, gate: Gate) {
        let many = self.live_in(key.console);
        let Some(file) = self.files.get_mut(&key) else { return };
        let transfer = key.transfer;
        match (said, &mut file.state) {
            (Said::Created, State::Opening) => {
                let mut taken = Incoming::new(file.size);
                let until = taken.regrant(share(many));
                file.state = State::In(taken);
                let (name, size) = (file.name.clone(), file.size);
                self.send(key.console, Message::Ready { transfer, name, size, offset: 0, until });
            }
            (Said::Opened { name, size }, State::Opening) => {
                (file.name, file.size) = (name, size);
                file.state = State::Out(Outgoing::new(size));
                self.go(key);
            }
            (Said::Written { until }, State::In(taken)) => {
                taken.handle_written(until);
                let grant = taken.grant(share(many));
                if let Some(until) = grant.filter(|_| gate == Gate::Open) {
                    self.send(key.console, Message::Grant { transfer, until });
                }
            }
            (Said::Kept { name }, State::In(_)) => {
                file.name.clone_from(&name);
                file.state = State::Finished;
                self.send(key.console, Message::Finished { transfer, name });
                self.closed(key, None);
            }
            (Said::Read { turn, bytes, hash }, State::Out(sent)) => {
                match sent.handle_read(turn, &bytes, hash) {
                    // What is read while it is on hold is read again.
                    Ok(_) if gate != Gate::Open => {}
                    Ok(pieces) => {
                        for (offset, bytes) in pieces.chunks {
                            self.send(key.console, Message::Chunk { transfer, offset, bytes });
                        }
                        if let Some(hash) = pieces.hash {
                            self.send(key.console, Message::Done { transfer, hash });
                        }
                        self.read_on(key, gate);
                    }
                    Err(_) => self.over(key, FileEnd::Changed, true),
                }
            }
            (Said::Failed { why }, State::Opening | State::In(_) | State::Out(_)) => {
                self.over(key, why, true)
            }
            // Answers to what is not wanted any more.
            (
                Said::Created
                | Said::Opened { .. }
                | Said::Written { .. }
                | Said::Kept { .. }
                | Said::Read { .. }
                | Said::Failed { .. },
                _,
            ) => return,
        }
        self.outputs.push_back(Output::Changed);
    }

    fn list(&mut self, console: ParticipantId, list: u32, path: String, gate: Gate, now: Instant) {
        let refuse = |why| Message::ListRefused { list, why };
        match gate {
            Gate::Shut => return self.send(console, refuse(FileEnd::NoRight)),
            Gate::Held => return,
            Gate::Open => {}
        }
        let reading = self.reading.get(&console).copied().unwrap_or_default();
        let waiting = self.lists.iter().filter(|(of, ..)| *of == console).count();
        let way = self.ways.entry((console, Direction::Out)).or_default();
        if way.allowed && reading < MAX_LISTS {
            *self.reading.entry(console).or_default() += 1;
            self.outputs.push_back(Output::List { console, list, path });
        } else if way.refusals >= MAX_REFUSALS {
            self.send(console, refuse(FileEnd::Refused));
        } else if way.allowed || waiting >= MAX_LISTS {
            self.send(console, refuse(FileEnd::Busy));
        } else {
            self.lists.push_back((console, list, path));
            self.send(console, Message::ListAsking { list });
            self.ask_next(now);
        }
    }

    /// A folder was read, or cannot be: messages for its console, none of which goes out unless it still may.
    pub fn handle_listed(&mut self, console: ParticipantId, messages: Vec<Message>, gate: Gate) {
        if let Some(reading) = self.reading.get_mut(&console) {
            *reading = reading.saturating_sub(1);
        }
        let allowed = self.ways.get(&(console, Direction::Out)).is_some_and(|way| way.allowed);
        if gate == Gate::Open && allowed {
            messages.into_iter().for_each(|message| self.send(console, message));
        }
    }

    /// The customer decided something.
    pub fn handle_customer(&mut self, said: FromCustomer, now: Instant) {
        match said {
            FromCustomer::Allow(ask) | FromCustomer::Refuse(ask) => {
                if self.question.as_ref().is_some_and(|question| question.ask == ask) {
                    self.answer(matches!(said, FromCustomer::Allow(_)), now);
                }
            }
            FromCustomer::Stop(row) => {
                let key = self.files.iter().find(|(_, file)| file.row == row).map(|(key, _)| *key);
                if let Some(key) = key {
                    self.over(key, FileEnd::Stopped, true);
                }
                self.ask_next(now);
            }
            FromCustomer::StopAll => {
                self.question = None;
                self.ways.values_mut().for_each(|way| way.allowed = false);
                self.end_all(FileEnd::Stopped);
            }
        }
    }

    fn answer(&mut self, allow: bool, now: Instant) {
        let Some(Question { console, direction, .. }) = self.question.take() else { return };
        let way = self.ways.entry((console, direction)).or_default();
        way.allowed = allow;
        way.refusals = if allow { 0 } else { way.refusals.saturating_add(1) };
        let waits = |(key, file): (&FileKey, &File)| {
            let this = key.console == console && file.direction == direction;
            (this && matches!(file.state, State::Waits)).then_some(*key)
        };
        let waiting: Vec<FileKey> = self.files.iter().filter_map(waits).collect();
        for key in waiting {
            if allow { self.open(key) } else { self.over(key, FileEnd::Refused, true) }
        }
        if direction == Direction::Out {
            let (these, others) = self.lists.drain(..).partition::<Vec<_>, _>(|(of, ..)| *of == console);
            self.lists = others.into();
            for (console, list, path) in these {
                if allow {
                    *self.reading.entry(console).or_default() += 1;
                    self.outputs.push_back(Output::List { console, list, path });
                } else {
                    self.send(console, Message::ListRefused { list, why: FileEnd::Refused });
                }
            }
        }
        self.outputs.push_back(Output::Changed);
        self.ask_next(now);
    }

    /// Asks about the first way that something waits for; takes a question back that nothing waits for any more.
    fn ask_next(&mut self, now: Instant) {
        let waits = |file: &File| matches!(file.state, State::Waits);
        if let Some(Question { console, direction, .. }) = &self.question {
            let file = self
                .files
                .iter()
                .any(|(key, file)| key.console == *console && file.direction == *direction && waits(file));
            let list = *direction == Direction::Out && self.lists.iter().any(|(of, ..)| of == console);
            if file || list {
                return;
            }
            self.question = None;
            self.outputs.push_back(Output::Changed);
        }
        let first = self.files.iter().filter(|(_, file)| waits(file)).min_by_key(|(_, file)| file.row);
        let first = first.map(|(key, file)| {
            let File { direction, name, size, more, more_size, .. } = file;
            (key.console, *direction, Some(name.clone()), *size, *more, *more_size)
        });
        let list = || self.lists.front().map(|(console, ..)| (*console, Direction::Out, None, 0, 0, 0));
        let Some((console, direction, name, size, more, more_size)) = first.or_else(list) else { return };
        self.asks = self.asks.wrapping_add(1);
        let expires = now + ANSWER_WITHIN;
        let ask = self.asks;
        self.question = Some(Question { ask, console, direction, name, size, more, more_size, expires });
        self.outputs.push_back(Output::Changed);
    }

    /// Whether the customer may do more or less than before.
    pub fn handle_gate(&mut self, gate: Gate) {
        match gate {
            Gate::Open | Gate::Held => {}
            Gate::Shut => {
                if self.question.take().is_some() {
                    self.outputs.push_back(Output::Changed);
                }
                self.ways.values_mut().for_each(|way| way.allowed = false);
                self.end_all(FileEnd::NoRight);
            }
        }
    }

    fn end_all(&mut self, why: FileEnd) {
        let live: Vec<FileKey> =
            self.files.iter().filter(|(_, file)| file.is_live()).map(|(key, _)| *key).collect();
        live.into_iter().for_each(|key| self.over(key, why, true));
        for (console, list, _) in std::mem::take(&mut self.lists) {
            self.send(console, Message::ListRefused { list, why });
        }
    }

    /// The question's time is over.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|due| due <= now) {
            self.answer(false, now);
        }
    }

    /// When [`Files::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.question.as_ref().map(|question| question.expires)
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

    /// The newest files, the newest last.
    #[must_use]
    pub fn rows(&self, most: usize) -> Vec<Row> {
        let mut rows: Vec<Row> = self.files.values().map(row).collect();
        // What goes stays in sight.
        rows.sort_by_key(|row| (matches!(row.state, RowState::Waits | RowState::Flows), row.row));
        rows.drain(..rows.len().saturating_sub(most));
        rows.sort_by_key(|row| row.row);
        rows
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

fn row(file: &File) -> Row {
    let (moved, state) = match &file.state {
        State::Waits => (0, RowState::Waits),
        State::Opening => (0, RowState::Flows),
        State::In(taken) => (taken.written(), RowState::Flows),
        State::Out(sent) => (sent.sent(), RowState::Flows),
        State::Finished => (file.size, RowState::Finished),
        State::Over(why) => (0, RowState::Over(*why)),
    };
    let File { row, direction, name, size, .. } = file;
    Row { row: *row, direction: *direction, name: name.clone(), size: *size, moved, state }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;

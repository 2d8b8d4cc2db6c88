//! The console's list of files: which go now, which wait, and what is said about each. It begins every transfer and
//! keeps it going: what the agent does not answer is said again.
//!
//! Times are milliseconds on a clock of the caller's that never goes back.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Serialize;

use super::item::{Direction, Item, ItemState};
use super::stops::Stops;
use super::{ACTIVE, Incoming, Job, Outgoing, Said, Took, share};
use crate::channel::files::{FileEnd, Files};

/// What is not answered for this long is said again, in milliseconds.
pub const AGAIN_MS: u64 = 4_000;
/// Files that the list holds, those that are over included.
pub const MAX_ITEMS: usize = 20_000;

/// What the caller does next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "TransferOutput"))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ConsoleOutput {
    /// Send this to the agent.
    Send {
        /// What.
        message: Files,
    },
    /// Have the disk do this, and hand its answer to [`Console::handle_said`].
    Disk {
        /// For which file.
        transfer: u32,
        /// What.
        job: Job,
    },
}

#[derive(Debug)]
enum State {
    Queued,
    Asked,
    Waits,
    /// The disk makes the file.
    Creating,
    Sends(Outgoing),
    Takes(Incoming),
    Finished,
    Over(FileEnd),
}

#[derive(Debug)]
struct Entry {
    direction: Direction,
    /// Where it goes to: below the customer's folder, or below this side's.
    steps: Vec<String>,
    /// Where it comes from on the customer's computer.
    from: String,
    name: String,
    size: u64,
    state: State,
    heard: u64,
    /// The receiving end has so much.
    moved: u64,
    /// A gap was seen here, and told.
    gap: Option<u64>,
    /// This side had so much of it before it was added: a page before this one took it.
    had: u64,
}

impl Entry {
    const fn is_active(&self) -> bool {
        matches!(
            self.state,
            State::Asked | State::Waits | State::Creating | State::Sends(_) | State::Takes(_)
        )
    }

    const fn is_over(&self) -> bool {
        matches!(self.state, State::Finished | State::Over(_))
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Console {
    files: BTreeMap<u32, Entry>,
    /// In the order in which they were added.
    order: VecDeque<u32>,
    /// The agent can be reached.
    up: bool,
    /// What the agent may not have heard to be over.
    stops: Stops,
    outputs: VecDeque<ConsoleOutput>,
}

impl Console {
    /// No files yet, and nobody to reach.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Offers a file of this side to the customer's computer: `steps` are folders and its name. Says whether the list
    /// has room and the number is free.
    pub fn put(&mut self, transfer: u32, steps: Vec<String>, size: u64, now: u64) -> bool {
        let name = steps.last().cloned().unwrap_or_default();
        self.add(transfer, Direction::In, steps, String::new(), (name, size, 0), now)
    }

    /// Asks for a file of the customer's computer, which will be `steps` here.
    pub fn fetch(&mut self, transfer: u32, from: String, steps: Vec<String>, size: u64, now: u64) -> bool {
        self.fetch_on(transfer, from, steps, (size, 0), now)
    }

    /// Goes on with a file of the customer's computer of which this side has the first bytes: its `size`, and how many.
    pub fn fetch_on(
        &mut self,
        transfer: u32,
        from: String,
        steps: Vec<String>,
        (size, had): (u64, u64),
        now: u64,
    ) -> bool {
        let name = steps.last().cloned().unwrap_or_default();
        had <= size && self.add(transfer, Direction::Out, steps, from, (name, size, had), now)
    }

    fn add(
        &mut self,
        transfer: u32,
        direction: Direction,
        steps: Vec<String>,
        from: String,
        (name, size, had): (String, u64, u64),
        now: u64,
    ) -> bool {
        if self.files.len() >= MAX_ITEMS || self.files.contains_key(&transfer) || steps.is_empty() {
            return false;
        }
        let entry = Entry {
            direction,
            steps,
            from,
            name,
            size,
            state: State::Queued,
            heard: now,
            moved: had,
            gap: None,
            had,
        };
        self.files.insert(transfer, entry);
        self.order.push_back(transfer);
        self.begin(now);
        true
    }

    /// The technician stops a file, or takes one that is over from the list.
    pub fn stop(&mut self, transfer: u32, now: u64) {
        let Some(entry) = self.files.get(&transfer) else { return };
        if entry.is_over() {
            self.files.remove(&transfer);
            self.order.retain(|other| *other != transfer);
            return;
        }
        self.over(transfer, FileEnd::Cancelled, Some(now));
        self.begin(now);
    }

    /// The agent can be reached, anew or again; or not any more.
    pub fn handle_reach(&mut self, up: bool, now: u64) {
        self.up = up;
        if up {
            let stops = self.stops.say(now);
            stops.into_iter().for_each(|(transfer, why)| self.send(Files::Stop { transfer, why }));
            let active: Vec<u32> = self.active().collect();
            active.into_iter().for_each(|transfer| self.say_again(transfer, now));
            self.begin(now);
        }
    }

    /// A message of the agent.
    pub fn handle_message(&mut self, message: Files, now: u64) {
        match message {
            Files::Asking { transfer } => {
                if let Some(entry) = self.heard(transfer, now)
                    && matches!(entry.state, State::Asked)
                {
                    entry.state = State::Waits;
                }
            }
            Files::Ready { transfer, name, size, offset, until } => {
                self.ready(transfer, name, size, offset, until, now);
            }
            Files::Chunk { transfer, offset, bytes } => {
                self.incoming(transfer, now, |file| file.chunk(offset, bytes));
            }
            Files::Done { transfer, hash } => self.done(transfer, hash, now),
            Files::Grant { transfer, until } => {
                let before = self.files.get(&transfer).map_or(now, |entry| entry.heard);
                if let Some(entry) = self.heard(transfer, now)
                    && let State::Sends(file) = &mut entry.state
                {
                    file.grant(until, Duration::from_millis(now.saturating_sub(before)));
                    self.read_on(transfer);
                }
            }
            Files::Finished { transfer, name } => {
                if let Some(entry) = self.heard(transfer, now)
                    && matches!(entry.state, State::Sends(_) | State::Asked | State::Waits)
                {
                    (entry.state, entry.name, entry.moved) = (State::Finished, name, entry.size);
                    self.disk(transfer, Job::Close);
                    self.begin(now);
                }
            }
            Files::Stop { transfer, why } => {
                if self.heard(transfer, now).is_some() {
                    self.over(transfer, why, None);
                    self.begin(now);
                }
            }
            // Folders are the caller's; a console's own messages mean nothing from an agent.
            Files::Listing { .. }
            | Files::ListAsking { .. }
            | Files::ListRefused { .. }
            | Files::Offer { .. }
            | Files::Fetch { .. }
            | Files::List { .. }
            | Files::Unknown => {}
        }
    }

    fn heard(&mut self, transfer: u32, now: u64) -> Option<&mut Entry> {
        let entry = self.files.get_mut(&transfer)?;
        if entry.is_over() {
            return None;
        }
        entry.heard = now;
        Some(entry)
    }

    fn ready(&mut self, transfer: u32, name: String, size: u64, offset: u64, until: u64, now: u64) {
        let Some(entry) = self.heard(transfer, now) else {
            // Nobody waits for it: its page is gone.
            if !self.files.contains_key(&transfer) {
                self.send(Files::Stop { transfer, why: FileEnd::Cancelled });
            }
            return;
        };
        match (entry.direction, &mut entry.state) {
            (Direction::In, State::Asked | State::Waits | State::Sends(_)) => {
                if size != entry.size {
                    return self.over(transfer, FileEnd::Changed, Some(now));
                }
                entry.name = name;
                entry.moved = offset;
                if !matches!(entry.state, State::Sends(_)) {
                    entry.state = State::Sends(Outgoing::new(entry.size));
                }
                let State::Sends(file) = &mut entry.state else { return };
                match file.go(offset, until) {
                    Some(job) => {
                        self.disk(transfer, job);
                        self.read_on(transfer);
                    }
                    None => self.over(transfer, FileEnd::Failed, Some(now)),
                }
            }
            (Direction::Out, State::Asked | State::Waits) if entry.had > 0 && entry.size != size => {
                self.over(transfer, FileEnd::Changed, Some(now));
            }
            (Direction::Out, State::Asked | State::Waits) => {
                entry.size = size;
                entry.state = State::Creating;
                let job = Job::Create { path: entry.steps.clone(), size };
                self.disk(transfer, job);
            }
            // It goes on where it stood, if it still is the same file.
            (Direction::Out, State::Takes(file)) if file.size() != size => {
                self.over(transfer, FileEnd::Changed, Some(now));
            }
            (Direction::Out, State::Takes(_) | State::Creating)
            | (_, State::Queued | State::Finished | State::Over(_))
            | (Direction::In, State::Creating | State::Takes(_))
            | (Direction::Out, State::Sends(_)) => {}
        }
    }

    fn incoming(&mut self, transfer: u32, now: u64, take: impl FnOnce(&mut Incoming) -> Took) {
        let Some(entry) = self.heard(transfer, now) else {
            if !self.files.contains_key(&transfer) {
                self.send(Files::Stop { transfer, why: FileEnd::Cancelled });
            }
            return;
        };
        let State::Takes(file) = &mut entry.state else { return };
        match take(file) {
            Took::Nothing => {}
            // Once for each place: what was sent behind the gap is on its way already.
            Took::Again => {
                if entry.gap.replace(file.from()) != Some(file.from()) {
                    self.say_again(transfer, now);
                }
            }
            Took::Broken => self.over(transfer, FileEnd::Failed, Some(now)),
            Took::Job(job) => self.disk(transfer, job),
        }
    }

    fn done(&mut self, transfer: u32, hash: Vec<u8>, now: u64) {
        match self.files.get(&transfer) {
            // The agent did not hear it.
            Some(Entry { direction: Direction::Out, state: State::Finished, name, .. }) => {
                let name = name.clone();
                self.send(Files::Finished { transfer, name });
            }
            Some(_) | None => self.incoming(transfer, now, |file| file.done(hash)),
        }
    }

    /// The disk answers.
    pub fn handle_said(&mut self, transfer: u32, said: Said, now: u64) {
        let many = self.active().count();
        let Some(entry) = self.files.get_mut(&transfer).filter(|entry| entry.is_active()) else { return };
        match (said, &mut entry.state) {
            (Said::Created, State::Creating) => {
                let mut file = Incoming::after(entry.size, entry.had);
                let until = file.regrant(share(many));
                entry.state = State::Takes(file);
                self.send(Files::Grant { transfer, until });
            }
            (Said::Written { until }, State::Takes(file)) => {
                file.handle_written(until);
                entry.moved = file.written();
                if let Some(until) = file.grant(share(many)) {
                    self.send(Files::Grant { transfer, until });
                }
            }
            (Said::Kept { name }, State::Takes(_)) => {
                (entry.state, entry.moved) = (State::Finished, entry.size);
                entry.name.clone_from(&name);
                self.send(Files::Finished { transfer, name });
                self.begin(now);
            }
            (Said::Read { turn, bytes, hash }, State::Sends(file)) => {
                match file.handle_read(turn, &bytes, hash) {
                    Ok(pieces) => {
                        for (offset, bytes) in pieces.chunks {
                            self.send(Files::Chunk { transfer, offset, bytes });
                        }
                        if let Some(hash) = pieces.hash {
                            self.send(Files::Done { transfer, hash });
                        }
                        self.read_on(transfer);
                        self.count_sent(transfer);
                    }
                    Err(_) => self.over(transfer, FileEnd::Changed, Some(now)),
                }
            }
            (Said::Failed { why }, _) => {
                self.over(transfer, why, Some(now));
                self.begin(now);
            }
            // Answers to what is not wanted any more.
            (
                Said::Created
                | Said::Written { .. }
                | Said::Kept { .. }
                | Said::Opened { .. }
                | Said::Read { .. },
                _,
            ) => {}
        }
    }

    /// What is not answered is said again.
    pub fn handle_timeout(&mut self, now: u64) {
        if !self.up {
            return;
        }
        let late = |entry: &Entry| entry.is_active() && now.saturating_sub(entry.heard) >= AGAIN_MS;
        let late: Vec<u32> =
            self.files.iter().filter(|(_, entry)| late(entry)).map(|(transfer, _)| *transfer).collect();
        late.into_iter().for_each(|transfer| self.say_again(transfer, now));
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<ConsoleOutput> {
        self.outputs.pop_front()
    }

    /// The list, in the order in which files were added.
    pub fn items(&self) -> impl Iterator<Item = Item> + '_ {
        self.order.iter().filter_map(|transfer| {
            let entry = self.files.get(transfer)?;
            let state = match &entry.state {
                State::Queued => ItemState::Queued,
                State::Asked => ItemState::Asked,
                State::Waits => ItemState::Waits,
                State::Creating | State::Sends(_) | State::Takes(_) => ItemState::Flows,
                State::Finished => ItemState::Finished,
                State::Over(_) => ItemState::Over,
            };
            let why = match entry.state {
                State::Over(why) => Some(why),
                State::Queued
                | State::Asked
                | State::Waits
                | State::Creating
                | State::Sends(_)
                | State::Takes(_)
                | State::Finished => None,
            };
            let Entry { direction, name, size, moved, .. } = entry;
            let item = Item {
                transfer: *transfer,
                direction: *direction,
                name: name.clone(),
                size: *size,
                moved: *moved,
                state,
                why,
            };
            Some(item)
        })
    }

    /// Whether any file is under way or waits.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.files.values().any(|entry| !entry.is_over())
    }

    fn active(&self) -> impl Iterator<Item = u32> + '_ {
        self.files.iter().filter(|(_, entry)| entry.is_active()).map(|(transfer, _)| *transfer)
    }

    /// Begins as many as there are places.
    fn begin(&mut self, now: u64) {
        if !self.up {
            return;
        }
        for direction in [Direction::In, Direction::Out] {
            loop {
                let active = self
                    .files
                    .values()
                    .filter(|entry| entry.direction == direction && entry.is_active())
                    .count();
                let next = self.order.iter().copied().find(|transfer| {
                    self.files.get(transfer).is_some_and(|entry| {
                        entry.direction == direction && matches!(entry.state, State::Queued)
                    })
                });
                let (true, Some(next)) = (active < ACTIVE, next) else { break };
                if let Some(entry) = self.files.get_mut(&next) {
                    entry.state = State::Asked;
                }
                self.say_again(next, now);
            }
        }
    }

    /// Says what is wanted and how far it is.
    fn say_again(&mut self, transfer: u32, now: u64) {
        let active = self.active().count();
        let Some(direction) = self.files.get(&transfer).map(|entry| entry.direction) else { return };
        let waiting = self
            .files
            .values()
            .filter(|entry| entry.direction == direction && matches!(entry.state, State::Queued));
        let (more, more_size) = waiting.fold((0u32, 0u64), |(files, bytes), entry| {
            (files.saturating_add(1), bytes.saturating_add(entry.size))
        });
        let more_size = more_size.min(crate::channel::files::MAX_SIZE);
        let Some(entry) = self.files.get_mut(&transfer) else { return };
        entry.heard = now;
        let message = match direction {
            Direction::In => {
                Files::Offer { transfer, path: entry.steps.clone(), size: entry.size, more, more_size }
            }
            Direction::Out => {
                let (offset, until) = match &mut entry.state {
                    State::Takes(file) => (file.from(), file.regrant(share(active))),
                    State::Queued
                    | State::Asked
                    | State::Waits
                    | State::Creating
                    | State::Sends(_)
                    | State::Finished
                    | State::Over(_) => (entry.had, entry.had),
                };
                Files::Fetch { transfer, path: entry.from.clone(), offset, until, more, more_size }
            }
        };
        self.send(message);
    }

    fn count_sent(&mut self, transfer: u32) {
        if let Some(entry) = self.files.get_mut(&transfer)
            && let State::Sends(file) = &entry.state
        {
            entry.moved = file.sent();
        }
    }

    fn read_on(&mut self, transfer: u32) {
        if let Some(entry) = self.files.get_mut(&transfer)
            && let State::Sends(file) = &mut entry.state
            && let Some(job) = file.poll_read()
        {
            self.disk(transfer, job);
        }
    }

    /// The agent is told at this time, unless it said so itself.
    fn over(&mut self, transfer: u32, why: FileEnd, tell: Option<u64>) {
        let Some(entry) = self.files.get_mut(&transfer) else { return };
        let known = entry.is_active();
        entry.state = State::Over(why);
        if known {
            self.disk(transfer, Job::Close);
            if let Some(now) = tell {
                self.stops.add(transfer, why, self.up.then_some(now));
                self.send(Files::Stop { transfer, why });
            }
        }
    }

    /// Files that are over, as the agent was not told yet: a page that is loaded again tells it.
    pub fn untold(&self) -> impl Iterator<Item = u32> + '_ {
        self.stops.untold()
    }

    fn disk(&mut self, transfer: u32, job: Job) {
        self.outputs.push_back(ConsoleOutput::Disk { transfer, job });
    }

    /// While nobody can be reached nothing is said; it is said again then.
    fn send(&mut self, message: Files) {
        if self.up {
            self.outputs.push_back(ConsoleOutput::Send { message });
        }
    }
}

#[cfg(test)]
#[path = "console_tests.rs"]
mod tests;

//! What the customer is asked, and what they decide.

use std::time::Instant;

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::files::{FileEnd, Files as Message};
use farhand_protocol::transfer::Direction;

use super::{
    ANSWER_WITHIN, File, FileKey, Files, FromCustomer, Gate, MAX_LISTS, MAX_REFUSALS, Output, Question, State,
};

impl Files {
    pub(super) fn list(&mut self, console: ParticipantId, list: u32, path: String, gate: Gate, now: Instant) {
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
                self.end_all(FileEnd::Stopped, |_| true);
            }
        }
    }

    pub(super) fn answer(&mut self, allow: bool, now: Instant) {
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
    pub(super) fn ask_next(&mut self, now: Instant) {
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
}

//! The files that go: what the console and the disk say about them.

use std::time::Instant;

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::files::{FileEnd, Files as Message};
use farhand_protocol::transfer::{Direction, Incoming, Job, Outgoing, Said, Took, share};

use super::{File, FileKey, Files, Gate, Output, State};

impl Files {
    pub(super) fn open(&mut self, key: FileKey) {
        let Some(file) = self.files.get_mut(&key) else { return };
        file.state = State::Opening;
        let job = match file.direction {
            Direction::In => Job::Create { path: file.steps.clone(), size: file.size },
            Direction::Out => Job::Open { path: file.from.clone() },
        };
        self.outputs.push_back(Output::Disk { file: key, job });
    }

    pub(super) fn offered_again(&mut self, key: FileKey, size: u64) {
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

    pub(super) fn wanted_again(&mut self, key: FileKey, (offset, until): (u64, u64), now: Instant) {
        let Some(file) = self.files.get_mut(&key) else { return };
        let transfer = key.transfer;
        (file.wanted, file.heard) = ((offset, until), now);
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

    pub(super) fn incoming(&mut self, key: FileKey, take: impl FnOnce(&mut Incoming) -> Took) {
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

    /// The console says that it has the whole file. It may be going to read it again at its own wish: what counts is that
    /// it was told the hash once, without which nobody can have a whole file.
    pub(super) fn kept(&mut self, key: FileKey) {
        let Some(file) = self.files.get_mut(&key) else { return };
        match (&file.state, file.told) {
            (State::Out(_), true) => {
                file.state = State::Finished;
                self.closed(key, None);
            }
            (State::Out(_), false) => self.over(key, FileEnd::Failed, true),
            (State::Waits | State::Opening | State::In(_) | State::Finished | State::Over(_), _) => {}
        }
    }

    /// When the next file is due that was sent whole and of which the console says nothing.
    pub(super) fn unsaid_due(&self) -> Option<Instant> {
        self.files.values().filter_map(File::unsaid_until).min()
    }

    /// Says once more that a file was sent whole, where the console's word that it has it may be lost.
    pub(super) fn say_done_again(&mut self, now: Instant, gate: impl Fn(ParticipantId) -> Gate) {
        for (key, file) in &mut self.files {
            if file.unsaid_until().is_none_or(|due| due > now) {
                continue;
            }
            file.heard = now;
            if let State::Out(sent) = &file.state
                && let Some(hash) = sent.hash()
                && gate(key.console) == Gate::Open
            {
                let message = Message::Done { transfer: key.transfer, hash: hash.to_vec() };
                self.outputs.push_back(Output::Send { to: key.console, message });
            }
        }
    }

    fn live_in(&self, console: ParticipantId) -> usize {
        let goes = |file: &File| matches!(file.state, State::In(_) | State::Opening);
        self.files.iter().filter(|(key, file)| key.console == console && goes(file)).count()
    }

    pub(super) fn read_on(&mut self, key: FileKey, gate: Gate) {
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
                        file.told |= pieces.hash.is_some();
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
}

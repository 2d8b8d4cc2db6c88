//! Command lines: what is typed goes to the customer's terminal once and in order, what it writes goes back as far as the
//! console has granted, and each line is written down for the receipt.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::diagnostics::{
    Diagnostics as Message, MAX_FIELD, MAX_SHELL_DATA, SHELL_INPUT_AHEAD, SHELL_OUTPUT_AHEAD, ShellEnd,
};
use farhand_protocol::rights::Right;

use super::diagnostics::{Gates, Standing, Wants};
use super::lines::{Lines, Noted};

/// The most bytes that are handed to the terminal at once: how it takes them is looked at before each.
const PIECE: usize = 1024;

/// How a terminal takes what is typed, at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// Line by line, shown as it is typed.
    Shown,
    /// Line by line, and not shown: it asks for a password.
    Secret,
    /// Key by key: a program, such as a shell, shows what it makes of it.
    Raw,
}

/// What the shell carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Start the customer's command line; the answer is [`Event::Started`] or [`Event::Ended`].
    Start {
        /// Its number.
        shell: u32,
        /// Letters in a line.
        cols: u16,
        /// Lines.
        rows: u16,
    },
    /// Write this to the terminal, and say so by [`Event::Typing`] right before.
    Write {
        /// Which.
        shell: u32,
        /// What.
        data: Bytes,
    },
    /// The terminal has another size.
    Resize {
        /// Which.
        shell: u32,
        /// Letters in a line.
        cols: u16,
        /// Lines.
        rows: u16,
    },
    /// The terminal may be read up to here, counted in bytes from its beginning. It never goes back.
    ReadUntil {
        /// Which.
        shell: u32,
        /// Where.
        until: u64,
    },
    /// End it, with everything that it started. Nothing is said of it any more.
    Kill {
        /// Which.
        shell: u32,
    },
}

/// What happened at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It stands.
    Started {
        /// Which.
        shell: u32,
        /// The program.
        program: String,
        /// Whose it is.
        user: String,
    },
    /// It is about to get these bytes, in the order of [`Output::Write`].
    Typing {
        /// Which.
        shell: u32,
        /// What.
        data: Bytes,
        /// How it takes them.
        typing: Typing,
    },
    /// It wrote this.
    Wrote {
        /// Which.
        shell: u32,
        /// What.
        data: Bytes,
    },
    /// It ended by itself, or could not be started.
    Ended {
        /// Which.
        shell: u32,
        /// It had been started.
        started: bool,
        /// What the system says.
        text: String,
    },
}

#[derive(Debug)]
struct Shell {
    owner: ParticipantId,
    /// Program and user, once it stands.
    stands: Option<(String, String)>,
    /// Typed bytes that came.
    got: u64,
    /// Of them, those that the terminal took.
    taken: u64,
    /// Typed while a question was open.
    waiting: Vec<u8>,
    /// What the console has of the output.
    received: u64,
    /// What was sent of it.
    sent: u64,
    /// Up to where may be sent.
    until: u64,
    /// Up to where the terminal may be read.
    reading: u64,
    /// Written by the terminal, from `received` on.
    kept: VecDeque<u8>,
    lines: Lines,
    /// Ended by itself: said when all is sent.
    ended: Option<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Shells {
    last: u32,
    shells: BTreeMap<u32, Shell>,
}

impl Shells {
    pub(super) fn is_empty(&self) -> bool {
        self.shells.is_empty()
    }

    pub(super) fn handle_message(
        &mut self,
        sender: ParticipantId,
        message: Message,
        standing: Standing,
        wants: &mut Wants<'_>,
    ) {
        match message {
            Message::ShellOpen { cols, rows } => self.open(sender, cols, rows, standing, wants),
            Message::ShellInput { shell, at, data } => {
                let Some(found) = self.of(sender, shell, wants) else { return };
                found.typed(at, &data);
                found.write(shell, standing, wants);
            }
            Message::ShellResize { shell, cols, rows } => {
                if self.of(sender, shell, wants).is_some() {
                    wants.shell(Output::Resize { shell, cols, rows });
                }
            }
            Message::ShellGrant { shell, received, until, again } => {
                let Some(found) = self.of(sender, shell, wants) else { return };
                found.granted(received, until, again);
                self.go_on(shell, standing, wants);
            }
            Message::ShellClose { shell } => {
                if self.of(sender, shell, wants).is_some() {
                    self.end(shell, ShellEnd::Closed, wants);
                }
            }
            Message::Fetch { .. }
            | Message::More { .. }
            | Message::Act { .. }
            | Message::Rows { .. }
            | Message::Answered { .. }
            | Message::ShellOpened { .. }
            | Message::ShellOutput { .. }
            | Message::ShellTaken { .. }
            | Message::ShellEnded { .. }
            | Message::Unknown => {}
        }
    }

    pub(super) fn handle_gates(&mut self, gates: &Gates, wants: &mut Wants<'_>) {
        let owners: Vec<_> = self.shells.iter().map(|(shell, found)| (*shell, found.owner)).collect();
        for (shell, owner) in owners {
            let standing = gates.of(owner).shell;
            match standing {
                Standing::Closed => self.end(shell, ShellEnd::NotAllowed, wants),
                Standing::Open | Standing::Watching => {
                    if let Some(found) = self.shells.get_mut(&shell) {
                        found.write(shell, standing, wants);
                    }
                    self.go_on(shell, standing, wants);
                }
                Standing::Held => {}
            }
        }
    }

    pub(super) fn handle_event(&mut self, event: Event, gates: &Gates, wants: &mut Wants<'_>) {
        let shell = match &event {
            Event::Started { shell, .. }
            | Event::Typing { shell, .. }
            | Event::Wrote { shell, .. }
            | Event::Ended { shell, .. } => *shell,
        };
        // One that was ended from here has nothing to say any more.
        let Some(found) = self.shells.get_mut(&shell) else { return };
        let standing = gates.of(found.owner).shell;
        match event {
            Event::Started { program, user, .. } => {
                let begun = wants.command(None, Right::Shell, format!("$ {program}"));
                found.stands = Some((program, user));
                found.opened(shell, wants);
                found.write(shell, standing, wants);
                if !begun {
                    self.end(shell, ShellEnd::Full, wants);
                }
            }
            Event::Typing { data, typing, .. } => {
                found.taken += data.len() as u64;
                let taken = found.taken;
                wants.say(found.owner, Message::ShellTaken { shell, taken });
                let noted = found.lines.typing(&data, typing);
                self.note(shell, noted, wants);
            }
            Event::Wrote { data, .. } => {
                found.kept.extend(&data);
                let noted = found.lines.wrote(&data);
                self.go_on(shell, standing, wants);
                self.note(shell, noted, wants);
            }
            Event::Ended { started: true, text, .. } => {
                found.ended = Some(text);
                let noted = found.lines.ended();
                self.note(shell, noted, wants);
                self.go_on(shell, standing, wants);
            }
            Event::Ended { started: false, text, .. } => {
                let owner = found.owner;
                self.shells.remove(&shell);
                say_ended(owner, 0, ShellEnd::Failed, text, wants);
            }
        }
    }

    fn open(
        &mut self,
        owner: ParticipantId,
        cols: u16,
        rows: u16,
        standing: Standing,
        wants: &mut Wants<'_>,
    ) {
        if standing == Standing::Closed || standing == Standing::Held {
            return say_ended(owner, 0, ShellEnd::NotAllowed, String::new(), wants);
        }
        if let Some((&shell, found)) = self.shells.iter_mut().find(|(_, found)| found.owner == owner) {
            // A page that was loaded again knows nothing of what was typed and shown: it goes on from here.
            wants.shell(Output::Resize { shell, cols, rows });
            found.sent = found.received;
            found.until = found.received;
            let noted = found.lines.broken_off();
            if found.stands.is_some() {
                found.opened(shell, wants);
            }
            return self.note(shell, noted, wants);
        }
        self.last = self.last.wrapping_add(1).max(1);
        let shell = self.last;
        let fresh = Shell {
            owner,
            stands: None,
            got: 0,
            taken: 0,
            waiting: Vec::new(),
            received: 0,
            sent: 0,
            until: 0,
            reading: 0,
            kept: VecDeque::new(),
            lines: Lines::default(),
            ended: None,
        };
        self.shells.insert(shell, fresh);
        wants.shell(Output::Start { shell, cols, rows });
    }

    /// The sender's own. Of another's, they learn as much as of none.
    fn of(&mut self, sender: ParticipantId, shell: u32, wants: &mut Wants<'_>) -> Option<&mut Shell> {
        let found = self.shells.get_mut(&shell).filter(|found| found.owner == sender);
        if found.is_none() {
            say_ended(sender, shell, ShellEnd::Gone, String::new(), wants);
        }
        found
    }

    /// Writes down what was entered; what cannot be written down ends it.
    fn note(&mut self, shell: u32, noted: Vec<Noted>, wants: &mut Wants<'_>) {
        let Some(found) = self.shells.get(&shell) else { return };
        let owner = found.owner;
        let all = noted.into_iter().all(|noted| match noted {
            Noted::Entered(text) => wants.command(Some(owner), Right::Shell, text),
            Noted::Seen(text) => wants.command(None, Right::Shell, text),
        });
        if !all {
            self.end(shell, ShellEnd::Full, wants);
        }
    }

    /// Sends what may be sent, and lets the terminal be read further.
    fn go_on(&mut self, shell: u32, standing: Standing, wants: &mut Wants<'_>) {
        let Some(found) = self.shells.get_mut(&shell) else { return };
        match standing {
            Standing::Held | Standing::Closed => return,
            Standing::Open | Standing::Watching => found.send(shell, wants),
        }
        if found.until > found.reading {
            found.reading = found.until;
            wants.shell(Output::ReadUntil { shell, until: found.until });
        }
        if found.sent == found.produced()
            && let Some(text) = found.ended.take()
        {
            let owner = found.owner;
            self.shells.remove(&shell);
            say_ended(owner, shell, ShellEnd::Exited, text, wants);
        }
    }

    fn end(&mut self, shell: u32, why: ShellEnd, wants: &mut Wants<'_>) {
        let Some(mut found) = self.shells.remove(&shell) else { return };
        for noted in found.lines.ended() {
            match noted {
                Noted::Entered(text) => wants.command(Some(found.owner), Right::Shell, text),
                Noted::Seen(text) => wants.command(None, Right::Shell, text),
            };
        }
        wants.shell(Output::Kill { shell });
        say_ended(found.owner, shell, why, String::new(), wants);
    }
}

fn say_ended(to: ParticipantId, shell: u32, why: ShellEnd, mut text: String, wants: &mut Wants<'_>) {
    text.truncate(text.floor_char_boundary(MAX_FIELD));
    wants.say(to, Message::ShellEnded { shell, why, text });
}

impl Shell {
    fn opened(&self, shell: u32, wants: &mut Wants<'_>) {
        let Some((program, user)) = self.stands.clone() else { return };
        let short = |mut text: String| {
            text.truncate(text.floor_char_boundary(MAX_FIELD));
            text
        };
        let (program, user) = (short(program), short(user));
        let opened = Message::ShellOpened { shell, program, user, taken: self.got, received: self.received };
        wants.say(self.owner, opened);
    }

    fn produced(&self) -> u64 {
        self.received + self.kept.len() as u64
    }

    /// What came before is passed over, and so is what cannot follow yet: the console sends it again.
    fn typed(&mut self, at: u64, data: &[u8]) {
        let known = self.got.saturating_sub(at);
        if at > self.got || known >= data.len() as u64 {
            return;
        }
        let new = &data[usize::try_from(known).unwrap_or(data.len())..];
        let room = (self.taken + SHELL_INPUT_AHEAD).saturating_sub(self.got);
        let new = &new[..new.len().min(usize::try_from(room).unwrap_or(0))];
        self.got += new.len() as u64;
        self.waiting.extend_from_slice(new);
    }

    /// Hands to the terminal what waits, piece by piece: each line is one, since a program may ask for a password next.
    fn write(&mut self, shell: u32, standing: Standing, wants: &mut Wants<'_>) {
        match standing {
            Standing::Open => {}
            Standing::Watching | Standing::Held | Standing::Closed => return,
        }
        if self.stands.is_none() {
            return;
        }
        let waiting = std::mem::take(&mut self.waiting);
        let mut rest = waiting.as_slice();
        while !rest.is_empty() {
            let line =
                rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).map_or(rest.len(), |end| end + 1);
            let (piece, later) = rest.split_at(line.min(PIECE));
            wants.shell(Output::Write { shell, data: Bytes::copy_from_slice(piece) });
            rest = later;
        }
    }

    fn granted(&mut self, received: u64, until: u64, again: bool) {
        if received < self.received || received > self.sent {
            // Somebody counts wrongly: nothing is lost, nothing is freed.
            return;
        }
        let gone = usize::try_from(received - self.received).unwrap_or(0);
        self.kept.drain(..gone.min(self.kept.len()));
        self.received = received;
        if again {
            self.sent = received;
        }
        self.until = until.min(received + SHELL_OUTPUT_AHEAD).max(self.sent);
    }

    fn send(&mut self, shell: u32, wants: &mut Wants<'_>) {
        while self.sent < self.until.min(self.produced()) {
            let from = usize::try_from(self.sent - self.received).unwrap_or(0);
            let many = usize::try_from(self.until - self.sent).unwrap_or(MAX_SHELL_DATA).min(MAX_SHELL_DATA);
            let data: Vec<u8> = self.kept.iter().skip(from).take(many).copied().collect();
            let at = self.sent;
            self.sent += data.len() as u64;
            wants.say(self.owner, Message::ShellOutput { shell, at, data });
        }
    }
}

//! The agent's end of [`farhand_protocol::channel::clipboard::Clipboard`].
//!
//! Each step that reads or changes the customer's clipboard, or passes on what lay there, happens only while the gate
//! permits it at that very moment: whoever calls says whether it does. When it stops permitting, everything that is
//! under way is dropped, and nothing of it is kept.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::clipboard::{
    CLIPBOARD_PIECE, CLIPBOARD_WINDOW, Clipboard as Message, ClipboardContent, ClipboardPart, ClipboardWhy,
    Watch,
};

/// The most consoles that are served; a session has no more technicians.
const MAX_CONSOLES: usize = 32;
/// A receiver is granted more when it has taken this much.
const CREDIT_EVERY: u32 = CLIPBOARD_WINDOW / 2;

/// What the shell carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Tell of changes from now on, or no more.
    Watch(bool),
    /// Read the clipboard; answered by [`Done::Read`].
    Read,
    /// Put this on the clipboard; answered by [`Done::Written`].
    Write {
        /// Whose it is.
        from: ParticipantId,
        /// Number of the transfer.
        transfer: u32,
        /// Checked.
        content: ClipboardContent,
    },
}

/// What the shell has done, or noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Another program copied something.
    Changed,
    /// The clipboard was read.
    Read(Result<ClipboardContent, ClipboardWhy>),
    /// Content was put there, or not.
    Written {
        /// Whose it was.
        from: ParticipantId,
        /// Number of the transfer.
        transfer: u32,
        /// Whether it lies there.
        result: Result<(), ClipboardWhy>,
    },
}

/// See the module.
#[derive(Debug, Default)]
pub struct Clipboard {
    consoles: BTreeMap<ParticipantId, Console>,
    /// The shell tells of changes.
    watched: bool,
    /// Counts them.
    changes: u64,
    /// The shell reads now, and how many changes there were when it was told to.
    reading: Option<u64>,
    /// Number of the last transfer to a console.
    transfer: u32,
    messages: VecDeque<(ParticipantId, Message)>,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
struct Console {
    watch: Watch,
    /// The newest change that it knows of, or has nothing to do with.
    seen: u64,
    /// What it has on its own clipboard, as far as this end had a part in it.
    has: Option<u64>,
    /// Its fetch that waits for the reading.
    fetch: Option<u32>,
    sending: Option<Sending>,
    receiving: Option<Receiving>,
}

/// On its way to a console.
#[derive(Debug)]
struct Sending {
    transfer: u32,
    bytes: Vec<u8>,
    sent: usize,
    credit: usize,
}

/// On its way from a console.
#[derive(Debug)]
struct Receiving {
    transfer: u32,
    parts: Vec<ClipboardPart>,
    bytes: Vec<u8>,
    size: usize,
    /// Granted and not yet come.
    open: u32,
}

impl Clipboard {
    /// A console says something; its head was accepted and its limits hold. `permits` is the gate's word.
    pub fn handle_message(&mut self, sender: ParticipantId, message: Message, permits: bool) {
        if !permits {
            self.close(sender);
            match message {
                Message::Fetch { request } => {
                    self.say(sender, Message::Nothing { request, why: ClipboardWhy::NotAllowed });
                }
                Message::Offer { transfer, .. } | Message::Piece { transfer, .. } => {
                    self.say(sender, Message::Refused { transfer, why: ClipboardWhy::NotAllowed });
                }
                Message::Watch { .. }
                | Message::Nothing { .. }
                | Message::Credit { .. }
                | Message::Taken { .. }
                | Message::Refused { .. }
                | Message::Dropped { .. }
                | Message::Unknown => {}
            }
            return;
        }
        if !self.consoles.contains_key(&sender) && self.consoles.len() >= MAX_CONSOLES {
            return;
        }
        let changes = self.changes;
        let console = self.consoles.entry(sender).or_insert_with(|| Console::new(changes));
        match message {
            Message::Watch { watch } => self.watch(sender, watch),
            Message::Fetch { request } => {
                console.fetch = Some(request);
                self.read();
            }
            Message::Offer { transfer, parts, .. } => self.offered(sender, transfer, parts),
            Message::Piece { transfer, bytes } => self.piece(sender, transfer, &bytes),
            Message::Credit { transfer, bytes } => {
                if let Some(sending) = console.sending.as_mut().filter(|sending| sending.transfer == transfer)
                {
                    let most = sending.bytes.len();
                    sending.credit = sending.credit.saturating_add(bytes as usize).min(most);
                    self.send(sender);
                }
            }
            Message::Taken { transfer } | Message::Refused { transfer, .. } => {
                console.sending.take_if(|sending| sending.transfer == transfer);
            }
            Message::Dropped { transfer } => {
                console.receiving.take_if(|receiving| receiving.transfer == transfer);
            }
            // Only an agent has nothing.
            Message::Nothing { .. } | Message::Unknown => {}
        }
    }

    /// The shell has done something. Consoles for which the gate says no were closed before.
    pub fn handle_done(&mut self, done: Done) {
        match done {
            Done::Changed => {
                self.changes += 1;
                if self.consoles.values().any(|console| console.watch == Watch::On) {
                    self.read();
                }
            }
            Done::Read(result) => {
                if let Some(at) = self.reading.take() {
                    self.hand_out(&result, at);
                }
            }
            Done::Written { from, transfer, result } => {
                let message = match result {
                    Ok(()) => Message::Taken { transfer },
                    Err(why) => Message::Refused { transfer, why },
                };
                self.say(from, message);
            }
        }
    }

    /// A console is away, or begins anew: what it had under way is over, and there is nobody to tell.
    pub fn handle_gone(&mut self, console: ParticipantId) {
        self.close(console);
        self.messages.retain(|(to, _)| *to != console);
    }

    /// The gate permits a console no more, or the way to it is lost: nothing of what it had under way is kept.
    pub fn close(&mut self, id: ParticipantId) {
        let Some(console) = self.consoles.remove(&id) else { return };
        if let Some(sending) = console.sending {
            self.say(id, Message::Dropped { transfer: sending.transfer });
        }
        let why = ClipboardWhy::NotAllowed;
        if let Some(receiving) = console.receiving {
            self.say(id, Message::Refused { transfer: receiving.transfer, why });
        }
        if let Some(request) = console.fetch {
            self.say(id, Message::Nothing { request, why });
        }
        self.outputs.retain(|output| !matches!(output, Output::Write { from, .. } if *from == id));
        let wanted = |console: &Console| console.fetch.is_some() || console.watch == Watch::On;
        if !self.consoles.values().any(wanted) {
            // Not begun yet, or what comes of it is thrown away.
            self.outputs.retain(|output| !matches!(output, Output::Read));
            self.reading = None;
        }
        self.watch_or_not();
    }

    /// The consoles that have something to do with the clipboard.
    #[must_use]
    pub fn consoles(&self) -> Vec<ParticipantId> {
        self.consoles.keys().copied().collect()
    }

    /// The next message to send, and to whom.
    pub fn poll_message(&mut self) -> Option<(ParticipantId, Message)> {
        self.messages.pop_front()
    }

    /// The next thing to carry out.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn watch(&mut self, sender: ParticipantId, watch: Watch) {
        let changes = self.changes;
        let Some(console) = self.consoles.get_mut(&sender) else { return };
        let before = std::mem::replace(&mut console.watch, watch);
        match (before, watch) {
            // What lay there before it watched is none of its business.
            (Watch::Off | Watch::Unknown, Watch::On | Watch::Away) => console.seen = changes,
            (Watch::Away, Watch::On) if console.seen < changes => self.read(),
            (Watch::Away | Watch::On, _) | (_, Watch::Off | Watch::Unknown) => {}
        }
        self.watch_or_not();
    }

    fn watch_or_not(&mut self) {
        let wanted = self.consoles.values().any(|console| match console.watch {
            Watch::On | Watch::Away => true,
            Watch::Off | Watch::Unknown => false,
        });
        if wanted != std::mem::replace(&mut self.watched, wanted) {
            self.outputs.push_back(Output::Watch(wanted));
        }
    }

    fn read(&mut self) {
        if self.reading.is_none() {
            self.reading = Some(self.changes);
            self.outputs.push_back(Output::Read);
        }
    }

    /// What was read goes to whoever asked for it, and to whoever watches and has not got it yet.
    fn hand_out(&mut self, result: &Result<ClipboardContent, ClipboardWhy>, at: u64) {
        let print = result.as_ref().ok().map(fingerprint);
        let ids: Vec<ParticipantId> = self.consoles.keys().copied().collect();
        for id in ids {
            let Some(console) = self.consoles.get_mut(&id) else { continue };
            let fetch = console.fetch.take();
            let news = console.watch == Watch::On && console.seen < at;
            if fetch.is_none() && !news {
                continue;
            }
            console.seen = console.seen.max(at);
            if fetch.is_none() && print.is_some() && console.has == print {
                continue;
            }
            let request = fetch.unwrap_or(0);
            match result {
                Err(why) => self.say(id, Message::Nothing { request, why: *why }),
                Ok(content) => {
                    console.has = print;
                    self.offer(id, request, content);
                }
            }
        }
        // Somebody copied again while it was read.
        let changes = self.changes;
        if self.consoles.values().any(|console| console.watch == Watch::On && console.seen < changes) {
            self.read();
        }
    }

    fn offer(&mut self, to: ParticipantId, request: u32, content: &ClipboardContent) {
        let Some(console) = self.consoles.get_mut(&to) else { return };
        self.transfer = self.transfer.wrapping_add(1);
        let transfer = self.transfer;
        let older = console.sending.take();
        let (parts, files, more_files) = content.offered();
        let bytes: Vec<u8> = content.parts.iter().flat_map(|(_, bytes)| bytes).copied().collect();
        if !bytes.is_empty() {
            console.sending = Some(Sending { transfer, bytes, sent: 0, credit: 0 });
        }
        if let Some(older) = older {
            self.say(to, Message::Dropped { transfer: older.transfer });
        }
        self.say(to, Message::Offer { transfer, request, parts, files, more_files });
    }

    /// As much as the console has granted.
    fn send(&mut self, to: ParticipantId) {
        let Some(console) = self.consoles.get_mut(&to) else { return };
        let Some(sending) = &mut console.sending else { return };
        while sending.sent < sending.credit {
            let end = sending.credit.min(sending.sent + CLIPBOARD_PIECE);
            let bytes = sending.bytes[sending.sent..end].to_vec();
            sending.sent = end;
            self.messages.push_back((to, Message::Piece { transfer: sending.transfer, bytes }));
        }
    }

    fn offered(&mut self, sender: ParticipantId, transfer: u32, parts: Vec<ClipboardPart>) {
        let busy = self.consoles.iter().any(|(id, console)| *id != sender && console.receiving.is_some());
        let Some(console) = self.consoles.get_mut(&sender) else { return };
        // A newer one takes the place of what is under way.
        console.receiving = None;
        let refusal = if parts.is_empty() {
            Some(ClipboardWhy::Empty)
        } else if parts.iter().any(|part| !part.format.is_known()) {
            Some(ClipboardWhy::Format)
        } else if busy {
            Some(ClipboardWhy::Busy)
        } else {
            None
        };
        if let Some(why) = refusal {
            return self.say(sender, Message::Refused { transfer, why });
        }
        let size: usize = parts.iter().map(|part| part.size as usize).sum();
        let first = u32::try_from(size).unwrap_or(u32::MAX).min(CLIPBOARD_WINDOW);
        console.receiving = Some(Receiving { transfer, parts, bytes: Vec::new(), size, open: first });
        self.say(sender, Message::Credit { transfer, bytes: first });
    }

    fn piece(&mut self, sender: ParticipantId, transfer: u32, bytes: &[u8]) {
        let Some(console) = self.consoles.get_mut(&sender) else { return };
        let Some(receiving) = console.receiving.as_mut().filter(|r| r.transfer == transfer) else { return };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let Some(open) = receiving.open.checked_sub(length) else {
            // More than was granted: not what a console of ours does.
            console.receiving = None;
            return self.say(sender, Message::Refused { transfer, why: ClipboardWhy::TooLarge });
        };
        receiving.open = open;
        receiving.bytes.extend_from_slice(bytes);
        let left = u32::try_from(receiving.size - receiving.bytes.len()).unwrap_or(u32::MAX);
        if left > 0 {
            let more = left.min(CLIPBOARD_WINDOW).saturating_sub(open);
            // The rest is granted at once as soon as it fits.
            if more > 0 && (more >= CREDIT_EVERY || left <= CLIPBOARD_WINDOW) {
                receiving.open += more;
                self.say(sender, Message::Credit { transfer, bytes: more });
            }
            return;
        }
        let Some(receiving) = console.receiving.take() else { return };
        match receiving.content() {
            Err(why) => self.say(sender, Message::Refused { transfer, why }),
            Ok(content) => {
                console.has = Some(fingerprint(&content));
                self.outputs.push_back(Output::Write { from: sender, transfer, content });
            }
        }
    }

    fn say(&mut self, to: ParticipantId, message: Message) {
        self.messages.push_back((to, message));
    }
}

impl Console {
    fn new(seen: u64) -> Self {
        Self { watch: Watch::Off, seen, has: None, fetch: None, sending: None, receiving: None }
    }
}

impl Receiving {
    /// The parts, each as what it claims to be.
    fn content(self) -> Result<ClipboardContent, ClipboardWhy> {
        let mut rest = self.bytes.as_slice();
        let mut content = ClipboardContent::default();
        for part in self.parts {
            let (bytes, later) = rest.split_at_checked(part.size as usize).ok_or(ClipboardWhy::Failed)?;
            part.format.check(bytes)?;
            content.parts.push((part.format, bytes.to_vec()));
            rest = later;
        }
        Ok(content)
    }
}

/// Tells the same content from another; nothing is decided by it that somebody could gain from.
fn fingerprint(content: &ClipboardContent) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (format, bytes) in &content.parts {
        (*format as u8).hash(&mut hasher);
        bytes.hash(&mut hasher);
    }
    content.files.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
#[path = "clipboard_tests.rs"]
mod tests;

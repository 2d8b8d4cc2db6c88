//! Messages of [`crate::envelope::Stream::Diagnostics`]: what is read of the customer's machine, what is done to its
//! processes and services, and its command line.
//!
//! **Reading.** A console fetches a [`Topic`] and says how many pages it takes; the agent answers with that many
//! [`Diagnostics::Rows`], and the next ones after [`Diagnostics::More`]. So what is under way is what was asked for.
//!
//! **Command line.** Two lanes of bytes, each counted from 0 by its writer. A message names the place of its first byte;
//! what comes twice is passed over, and after a lost connection each end goes on where the other one says it is. Nobody
//! sends beyond what the other end has granted.

mod rows;
mod typed;

use serde::{Deserialize, Serialize};

use super::{ChannelError, limit};

pub use self::rows::{
    Disk, Guard, GuardKind, LogLine, Network, Package, Process, Service, ServiceState, Summary,
};
pub use self::typed::{MAX_TYPED, Typed, TypedLine};

/// The longest text of one field, in bytes; the agent cuts what is longer.
pub const MAX_FIELD: usize = 512;
/// The longest message of a log's line, in bytes; the agent cuts what is longer.
pub const MAX_LOG_MESSAGE: usize = 2048;
/// The most rows of one page.
pub const MAX_PAGE_ROWS: usize = 200;
/// The most bytes of one page's rows, as MessagePack.
pub const MAX_PAGE_BYTES: usize = 14 * 1024;
/// The most pages that a console may take at once.
pub const MAX_PAGES: u8 = 16;
/// The most rows of one answer; the rest is left out, and said to be.
pub const MAX_ROWS: usize = 8192;
/// The most lines of a log in one answer.
pub const MAX_LOG_LINES: u16 = 1000;
/// The most bytes of a terminal in one message.
pub const MAX_SHELL_DATA: usize = 8 * 1024;
/// The most bytes that a console may type ahead of what the agent has taken.
pub const SHELL_INPUT_AHEAD: u64 = 32 * 1024;
/// The most bytes that an agent may send ahead of what the console has received.
pub const SHELL_OUTPUT_AHEAD: u64 = 256 * 1024;
/// The widest and highest terminal, in letters.
pub const MAX_SHELL_SIDE: u16 = 1000;

/// A message, either way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Diagnostics {
    /// Console → agent: reads something. Needs [`crate::rights::Right::Diagnostics`].
    Fetch {
        /// Number that the answer names; the console's own.
        request: u32,
        /// What.
        topic: Topic,
        /// So many pages at once, at most [`MAX_PAGES`].
        pages: u8,
    },
    /// Console → agent: further pages of an answer that has more.
    More {
        /// The fetch's.
        request: u32,
        /// So many, at most [`MAX_PAGES`].
        pages: u8,
    },
    /// Console → agent: does something to a process or service. Needs [`crate::rights::Right::Diagnostics`], and is
    /// written into the receipt.
    Act {
        /// Number that the answer names; the console's own.
        request: u32,
        /// What.
        action: Action,
    },
    /// Agent → console: a page.
    Rows {
        /// The fetch's.
        request: u32,
        /// What was read.
        rows: Rows,
        /// More pages wait for a [`Diagnostics::More`].
        more: bool,
        /// There was more than an answer holds, and the rest was left out.
        cut: bool,
    },
    /// Agent → console: how an action ended, or that nothing could be read.
    Answered {
        /// The fetch's or the action's.
        request: u32,
        /// How.
        outcome: Outcome,
        /// What the system said, for people; at most [`MAX_FIELD`] bytes.
        text: String,
    },
    /// Console → agent: starts the customer's command line. Needs [`crate::rights::Right::Shell`]. Where this technician
    /// has one already, that one is gone on with.
    ShellOpen {
        /// Letters in a line.
        cols: u16,
        /// Lines.
        rows: u16,
    },
    /// Console → agent: typed.
    ShellInput {
        /// Which.
        shell: u32,
        /// Place of the first byte.
        at: u64,
        /// At most [`MAX_SHELL_DATA`] bytes.
        #[serde(with = "crate::channel::bytes_field")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
        data: Vec<u8>,
    },
    /// Console → agent: the terminal has another size.
    ShellResize {
        /// Which.
        shell: u32,
        /// Letters in a line.
        cols: u16,
        /// Lines.
        rows: u16,
    },
    /// Console → agent: what was received, and up to where more may come.
    ShellGrant {
        /// Which.
        shell: u32,
        /// Every byte in front of this one is here.
        received: u64,
        /// Bytes in front of this one may be sent; at most [`SHELL_OUTPUT_AHEAD`] further.
        until: u64,
        /// What was sent beyond `received` is lost, and must be sent again.
        again: bool,
    },
    /// Console → agent: ends it, with everything that it started.
    ShellClose {
        /// Which.
        shell: u32,
    },
    /// Agent → console: the command line stands.
    ShellOpened {
        /// Number that all further messages name.
        shell: u32,
        /// The program, such as `/bin/bash`.
        program: String,
        /// Whose it is.
        user: String,
        /// Bytes typed so far.
        taken: u64,
        /// Bytes that were received so far, as far as the agent knows.
        received: u64,
    },
    /// Agent → console: written to the terminal.
    ShellOutput {
        /// Which.
        shell: u32,
        /// Place of the first byte.
        at: u64,
        /// At most [`MAX_SHELL_DATA`] bytes.
        #[serde(with = "crate::channel::bytes_field")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
        data: Vec<u8>,
    },
    /// Agent → console: every typed byte in front of this one was taken.
    ShellTaken {
        /// Which.
        shell: u32,
        /// Place.
        taken: u64,
    },
    /// Agent → console: it is over, or did not begin (then `shell` is 0).
    ShellEnded {
        /// Which.
        shell: u32,
        /// Why.
        why: ShellEnd,
        /// What the system said, for people, or nothing; at most [`MAX_FIELD`] bytes.
        text: String,
    },
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// What can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum Topic {
    /// [`Summary`].
    Summary,
    /// Every [`Process`].
    Processes,
    /// Every [`Service`].
    Services,
    /// The newest [`LogLine`]s, oldest first.
    Log {
        /// So many, at most [`MAX_LOG_LINES`].
        newest: u16,
        /// Of this priority and graver ones: 0 is an emergency, 7 is for debugging.
        priority: u8,
        /// Of this unit only, or of all where it is empty.
        unit: String,
        /// Behind this place only: [`Rows::Log`]'s `place` of an earlier answer, or empty.
        after: String,
    },
    /// Every [`Package`].
    Software,
    /// A newer version's topic; answered by [`Outcome::NotHere`].
    #[serde(other)]
    Unknown,
}

/// What can be done. [`Action::words`] is what the receipt says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Ends a process.
    EndProcess {
        /// Its number.
        pid: u32,
        /// Its [`Process::started`]: numbers are used again.
        started: u64,
        /// Its [`Process::name`].
        name: String,
        /// At once, without letting it tidy up.
        force: bool,
    },
    /// Starts a service.
    StartService {
        /// Its [`Service::name`].
        name: String,
    },
    /// Stops a service.
    StopService {
        /// Its [`Service::name`].
        name: String,
    },
    /// Stops a service and starts it again.
    RestartService {
        /// Its [`Service::name`].
        name: String,
    },
    /// A newer version's action; answered by [`Outcome::NotHere`].
    #[serde(other)]
    Unknown,
}

impl Action {
    /// What the receipt says, the same at both ends. Nothing for an action of a newer version, which is not carried out.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let mut words = match self {
            Self::EndProcess { pid, started: _, name, force: false } => format!("end process {pid} {name}"),
            Self::EndProcess { pid, started: _, name, force: true } => format!("kill process {pid} {name}"),
            Self::StartService { name } => format!("start service {name}"),
            Self::StopService { name } => format!("stop service {name}"),
            Self::RestartService { name } => format!("restart service {name}"),
            Self::Unknown => return None,
        };
        words.truncate(words.floor_char_boundary(MAX_TYPED));
        Some(words)
    }

    fn name(&self) -> &str {
        match self {
            Self::EndProcess { name, .. }
            | Self::StartService { name }
            | Self::StopService { name }
            | Self::RestartService { name } => name,
            Self::Unknown => "",
        }
    }
}

/// How an action or a fetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is done.
    Done,
    /// The customer did not allow it, or does not any more.
    NotAllowed,
    /// The customer's system does not let the customer's account do it.
    Denied,
    /// There is no such process or service any more.
    Gone,
    /// This computer or this version has no such thing.
    NotHere,
    /// Too much is under way.
    Busy,
    /// The system did not answer in time.
    TimedOut,
    /// It failed otherwise; the text says how.
    Failed,
    /// A newer version's outcome.
    #[serde(other)]
    Unknown,
}

/// Why a command line is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ShellEnd {
    /// Its program ended by itself.
    Exited,
    /// The technician closed it.
    Closed,
    /// The customer did not allow it, or does not any more.
    NotAllowed,
    /// It could not be started; the text says why.
    Failed,
    /// There is none with this number (any more).
    Gone,
    /// The receipt takes no more commands, and nothing is run that is not written there.
    Full,
    /// A newer version's reason.
    #[serde(other)]
    Unknown,
}

/// A page of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum Rows {
    /// The whole of it.
    Summary {
        /// What the computer is.
        summary: Box<Summary>,
    },
    /// Processes.
    Processes {
        /// At most [`MAX_PAGE_ROWS`].
        rows: Vec<Process>,
    },
    /// Services.
    Services {
        /// At most [`MAX_PAGE_ROWS`].
        rows: Vec<Service>,
    },
    /// Lines of the log, oldest first.
    Log {
        /// At most [`MAX_PAGE_ROWS`].
        rows: Vec<LogLine>,
        /// The place of the last line, for [`Topic::Log`]'s `after`; empty where there is none.
        place: String,
    },
    /// Installed software.
    Software {
        /// At most [`MAX_PAGE_ROWS`].
        rows: Vec<Package>,
    },
    /// A newer version's page; ignored.
    #[serde(other)]
    Unknown,
}

impl Diagnostics {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ChannelError`] for anything but one whole message within its limits.
    pub fn decode(body: &[u8]) -> Result<Self, ChannelError> {
        let message: Self = super::decode(body)?;
        message.check()?;
        Ok(message)
    }

    fn check(&self) -> Result<(), ChannelError> {
        match self {
            Self::Fetch { request: _, topic, pages } => {
                limit("pages", *pages <= MAX_PAGES)?;
                match topic {
                    Topic::Log { newest, priority, unit, after } => {
                        limit("number of lines", *newest <= MAX_LOG_LINES)?;
                        limit("priority", *priority <= 7)?;
                        field(unit)?;
                        field(after)
                    }
                    Topic::Summary
                    | Topic::Processes
                    | Topic::Services
                    | Topic::Software
                    | Topic::Unknown => Ok(()),
                }
            }
            Self::More { request: _, pages } => limit("pages", *pages <= MAX_PAGES),
            Self::Act { request: _, action } => field(action.name()),
            Self::Rows { rows, .. } => rows.check(),
            Self::Answered { text, .. } | Self::ShellEnded { text, .. } => field(text),
            Self::ShellOpen { cols, rows } | Self::ShellResize { shell: _, cols, rows } => {
                let side = |length: u16| (1..=MAX_SHELL_SIDE).contains(&length);
                limit("size", side(*cols) && side(*rows))
            }
            Self::ShellInput { data, .. } | Self::ShellOutput { data, .. } => {
                limit("piece", data.len() <= MAX_SHELL_DATA)
            }
            Self::ShellOpened { program, user, .. } => field(program).and_then(|()| field(user)),
            Self::ShellGrant { .. } | Self::ShellClose { .. } | Self::ShellTaken { .. } | Self::Unknown => {
                Ok(())
            }
        }
    }
}

fn field(text: &str) -> Result<(), ChannelError> {
    limit("text", text.len() <= MAX_FIELD)
}

fn fields<const N: usize>(texts: [&str; N]) -> Result<(), ChannelError> {
    texts.into_iter().try_for_each(field)
}

impl Rows {
    fn check(&self) -> Result<(), ChannelError> {
        let few = |count: usize| limit("number of rows", count <= MAX_PAGE_ROWS);
        match self {
            Self::Summary { summary } => summary.check(),
            Self::Processes { rows } => {
                few(rows.len())?;
                rows.iter().try_for_each(|row| fields([&row.name, &row.user, &row.command]))
            }
            Self::Services { rows } => {
                few(rows.len())?;
                rows.iter().try_for_each(|row| fields([&row.name, &row.description, &row.detail]))
            }
            Self::Log { rows, place } => {
                few(rows.len())?;
                field(place)?;
                rows.iter().try_for_each(|row| {
                    limit("priority", row.priority <= 7)?;
                    limit("text", row.message.len() <= MAX_LOG_MESSAGE)?;
                    field(&row.unit)
                })
            }
            Self::Software { rows } => {
                few(rows.len())?;
                rows.iter().try_for_each(|row| fields([&row.name, &row.version, &row.architecture]))
            }
            Self::Unknown => Ok(()),
        }
    }
}

impl Summary {
    fn check(&self) -> Result<(), ChannelError> {
        let Self { host, user, system, kernel, architecture, model, desktop, processor, .. } = self;
        fields([host, user, system, kernel, architecture, model, desktop, processor])?;
        let lists = [self.disks.len(), self.networks.len(), self.security.len()];
        limit("number of rows", lists.into_iter().all(|length| length <= MAX_PAGE_ROWS))?;
        self.disks.iter().try_for_each(|disk| fields([&disk.name, &disk.mount, &disk.kind]))?;
        for network in &self.networks {
            fields([&network.name, &network.mac])?;
            limit("number of rows", network.addresses.len() <= MAX_PAGE_ROWS)?;
            network.addresses.iter().try_for_each(|address| field(address))?;
        }
        self.security.iter().try_for_each(|guard| field(&guard.name))
    }
}

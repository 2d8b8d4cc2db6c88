//! What the session process and its window say to one another: a line of JSON each.

use farhand_protocol::channel::at_end::ScreenLock;
use farhand_protocol::channel::together::Purpose;
use farhand_protocol::rights::{Right, Rights};
use serde::{Deserialize, Serialize};

use crate::blocked::{Blocked, Whom};

use super::chat::{FromChat, ToChat};
use super::files::{FilesShown, FromFiles};
use super::permissions::{FromPermissions, PermissionsShown};
use super::restart::{FromRestart, RestartShown};
use super::share::{FromShare, ShareShown};

/// The longest line that either side reads, in bytes.
pub const MAX_LINE: usize = 16 * 1024;

/// Session → window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWindow {
    /// Ask the customer. Takes the place of an earlier prompt.
    Prompt {
        /// Number that the answer names.
        ask: u32,
        /// Who asks: the technician's name.
        technician: String,
        /// Who asks: the organisation's name.
        organisation: String,
        /// The domain that the organisation has proven to be its own, as the service says.
        domain: Option<String>,
        /// What for; what is allowed already is left out.
        rights: Vec<Right>,
        /// Seconds until silence counts as no.
        seconds: u64,
        /// Somebody who helps already brought them in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invited: Option<InvitedBy>,
    },
    /// The prompt with this number is over.
    PromptGone {
        /// Its number.
        ask: u32,
    },
    /// Show where the session stands.
    Status {
        /// Where.
        stage: Stage,
        /// The technician's name; empty before it is known.
        technician: String,
        /// The organisation's name; empty before it is known.
        organisation: String,
        /// The domain that the organisation has proven to be its own, as the service says.
        domain: Option<String>,
        /// What is granted now, held or not.
        rights: Rights,
        /// Since when something is granted without a break: milliseconds since 1970.
        since: Option<u64>,
        /// What was allowed before a restart stays so until then: milliseconds since 1970.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<u64>,
        /// Technicians' marks lie over the screen.
        marks: bool,
        /// Something that the customer should know.
        detail: Option<Detail>,
    },
    /// What the customer has chosen, for the window of controls.
    Choices {
        /// The chord that takes control back.
        chord: String,
        /// Any touch of this computer's keyboard or mouse takes control back.
        touch: bool,
        /// The last chord that was typed was none.
        wrong: bool,
        /// Who may never ask again.
        blocked: Vec<Blocked>,
    },
    /// Whether the screen is locked when the session is over.
    ScreenLock {
        /// All of it.
        lock: ScreenLock,
    },
    /// Started without a code: ask for one. What is known already is filled in.
    Start {
        /// Ten digits or what a link carries; may be empty.
        code: String,
        /// Address of the service; may be empty.
        server: String,
        /// It came by a link.
        link: bool,
        /// Key of what was wrong with what was typed.
        problem: Option<String>,
    },
    /// What came of looking for a newer version.
    Update {
        /// Key of the sentence.
        sentence: String,
        /// The version; empty where none is told.
        version: String,
    },
    /// Open the window of controls: the chord was pressed where nobody controls.
    Controls,
    /// The session is over, or never began. The window stays for a while so that it can be read, also when the
    /// session process is gone.
    Over {
        /// Whether it had begun.
        begun: bool,
        /// Key of the sentence, such as `agent.over.stopped`.
        sentence: String,
        /// The technician's name, for the sentence.
        technician: String,
        /// A reason within the sentence, in English; often empty.
        reason: String,
        /// Who can be kept out for good from now on.
        whom: Option<Whom>,
        /// What kept them out, and can be undone.
        by: Option<Blocked>,
    },
    /// Of the chat.
    Chat {
        /// What.
        #[serde(flatten)]
        chat: ToChat,
    },
    /// Which files go, and whether they may.
    Files {
        /// Everything that is shown.
        shown: FilesShown,
    },
    /// What is shared, and what there is to share.
    Share {
        /// Everything that is shown.
        shown: ShareShown,
    },
    /// Of restarting this computer.
    Restart {
        /// What.
        shown: RestartShown,
    },
    /// What the system asks its owner for before anything can be shared.
    Permissions {
        /// Everything that is shown.
        shown: PermissionsShown,
    },
    /// What happened can be saved. Comes after the end; the window copies the file itself, for the session process ends.
    Receipt {
        /// Path of the receipt.
        kept: String,
        /// Path that is offered; may be empty.
        offered: String,
        /// The technician's side signed all of it.
        countersigned: bool,
    },
}

/// How a further technician came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedBy {
    /// The name of who brought them in.
    pub by: String,
    /// What for.
    pub purpose: Purpose,
}

/// Where a session stands, as the customer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not joined yet.
    Connecting,
    /// Joined; nothing asked yet.
    Waiting,
    /// A first prompt is shown.
    Asking,
    /// The screen is seen.
    Sees,
    /// Keyboard and pointer are used.
    Controls,
    /// Joined, and everything was given back.
    Nothing,
    /// The customer pressed Pause.
    Paused,
    /// The desktop is locked.
    Locked,
    /// The connection is down for now.
    Interrupted,
}

/// A line below the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Detail {
    /// The media path runs over the WebSocket.
    WebSocket,
    /// The screen cannot be captured.
    CaptureFailed {
        /// Why, in English.
        reason: String,
    },
    /// Somebody on the way sent something of their own; it had no effect.
    Refused,
    /// Something that the technician sent did not come.
    Missing,
    /// Control pauses while this window is in front.
    Guarded,
}

impl Detail {
    /// The key of its sentence.
    #[must_use]
    pub const fn sentence(&self) -> &'static str {
        match self {
            Self::WebSocket => "agent.banner.detail_websocket",
            Self::CaptureFailed { .. } => "agent.banner.detail_capture",
            Self::Refused => "agent.banner.detail_refused",
            Self::Missing => "agent.banner.detail_missing",
            Self::Guarded => "agent.banner.detail_guarded",
        }
    }
}

/// Window → session. Only a person at this window makes these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromWindow {
    /// The window can be seen.
    Ready,
    /// Allow, all of it or a part.
    Allow {
        /// The prompt's number.
        ask: u32,
        /// What is allowed.
        rights: Rights,
    },
    /// No, Escape, or closed.
    Refuse {
        /// The prompt's number.
        ask: u32,
    },
    /// Pause.
    Pause,
    /// Resume.
    Resume,
    /// Take back control.
    TakeBackControl,
    /// Take back one right.
    Withdraw {
        /// Which.
        right: Right,
    },
    /// Take back every right; the session stays.
    RevokeAll,
    /// Take away what technicians have drawn.
    EraseMarks,
    /// This technician, or everybody of their organisation, may never ask again; and the session ends.
    Never {
        /// The whole organisation.
        organisation: bool,
    },
    /// They may ask again.
    Unblock {
        /// Who.
        entry: Blocked,
    },
    /// Another chord.
    Chord {
        /// As it was typed.
        chord: String,
    },
    /// Whether any touch takes control back.
    Touch {
        /// Yes or no.
        on: bool,
    },
    /// Whether the screen is locked when the session is over, whatever a technician wishes.
    LockAtEnd {
        /// Yes or no.
        on: bool,
    },
    /// Begin with this code, at this service.
    Begin {
        /// As it was typed.
        code: String,
        /// As it was typed.
        server: String,
    },
    /// End the session.
    Stop,
    /// Of the chat.
    Chat {
        /// What.
        #[serde(flatten)]
        chat: FromChat,
    },
    /// Of files.
    Files {
        /// What.
        #[serde(flatten)]
        files: FromFiles,
    },
    /// Of what is shared.
    Share {
        /// What.
        #[serde(flatten)]
        share: FromShare,
    },
    /// Of restarting this computer.
    Restart {
        /// What.
        #[serde(flatten)]
        restart: FromRestart,
    },
    /// Of what the system asks its owner for.
    Permissions {
        /// What.
        #[serde(flatten)]
        permissions: FromPermissions,
    },
}

/// One message as a line, its end included.
#[must_use]
pub fn line<T: Serialize>(message: &T) -> String {
    let mut line =
        serde_json::to_string(message).expect("these types have no map with keys that are not strings");
    line.push('\n');
    line
}

//! What the shell carries out.

use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::Button;
use farhand_protocol::channel::at_end::ScreenLock;
use farhand_protocol::channel::monitors::Choice;
use farhand_protocol::channel::restart::Restart;
use farhand_protocol::channel::together::{Prefer, Purpose};
use farhand_protocol::consent::{AskId, Carried, ConsentEnd, ConsentSnapshot};
use farhand_protocol::envelope::Stream;
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::signal::ToService;

use crate::tools::{chat, clipboard, diagnostics, files, pointing};

/// One thing for the shell to do. The order matters, above all among [`Output::Inject`].
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this message to every viewer.
    Send {
        /// On this stream.
        stream: Stream,
        /// Head and body.
        message: Bytes,
    },
    /// Tell the service.
    Signal(ToService),
    /// Act on the customer's machine; the right to do so was checked.
    Inject(Inject),
    /// Show a prompt; it takes the place of an earlier one.
    Prompt(Prompt),
    /// Take this prompt away.
    PromptGone(AskId),
    /// Consent changed: the banner shows this now. Capturing stops at once where [`crate::Agent::may_capture`] says
    /// no; the screen thread must be woken.
    Consent(ConsentSnapshot),
    /// The screen thread may go on, or has something new to do: wake it.
    ScreenOpen,
    /// A viewer cannot decode this video codec; use another or none.
    CodecRefused(u8),
    /// Show these monitors, as far as the customer shares them.
    ShowMonitor(Choice),
    /// A console answers a part of the receipt.
    ReceiptSigned {
        /// Which.
        sender: ParticipantId,
        /// Its answer, unchecked.
        signed: Vec<u8>,
    },
    /// Of the chat.
    Chat(chat::Output),
    /// Of the clipboard.
    Clipboard(clipboard::Output),
    /// Of file transfer.
    Files(files::Output),
    /// Of diagnostics and the command line.
    Diagnostics(diagnostics::Output),
    /// This lies over the customer's screen now, and nothing else of what technicians point at.
    Pointing(pointing::Scene),
    /// A colleague will come: their console proves itself by these digits.
    Introduce {
        /// Their number.
        participant: ParticipantId,
        /// Their name, as the service must tell it too.
        name: String,
        /// Their organisation, likewise.
        organisation: String,
        /// Secret: for the hand-shake only.
        digits: String,
    },
    /// The customer agreed to a colleague: they get the session's keys. Then [`crate::Agent::handle_admitted`].
    Admit(ParticipantId),
    /// Somebody has no part any more: the next message is under keys that they do not get.
    PutOut(ParticipantId),
    /// The consent of a colleague changed.
    ColleagueConsent {
        /// Whose.
        participant: ParticipantId,
        /// Who brought them in.
        by: ParticipantId,
        /// Where it stands.
        snapshot: ConsentSnapshot,
    },
    /// The customer agreed that a colleague goes on in place of who brought them in.
    TookOver {
        /// Who goes on.
        to: ParticipantId,
        /// What the customer agreed to.
        rights: Rights,
    },
    /// Nobody was heard of for nearly two seconds, or somebody is again: the customer is shown that.
    Quiet(bool),
    /// How the picture is best where the way is narrow.
    Prefer(Prefer),
    /// Whether the screen is locked at the end: the customer is shown that.
    ScreenLock(ScreenLock),
    /// Of restarting the computer.
    Restart(RestartOutput),
    /// The session is over: lock the screen now, and say what came of it by [`crate::Agent::handle_locked`].
    LockNow,
    /// It is over for good.
    Ended(ConsentEnd),
}

/// What the customer is asked about restarting their computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartAsk {
    /// Number that the answer names.
    pub question: u32,
    /// Who would like it; nobody where the customer does.
    pub by: Option<ParticipantId>,
    /// What could stay allowed; nothing where everything has to be asked for anew.
    pub rights: Rights,
    /// Silence until then means no.
    pub expires: Instant,
}

/// Of restarting the computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartOutput {
    /// Ask the customer.
    Ask(RestartAsk),
    /// That question is over.
    Gone(u32),
    /// The customer agreed. Write down what is needed to come back and say [`crate::Agent::handle_restart_kept`], or
    /// [`crate::Agent::handle_restart_failed`].
    Now {
        /// As the customer chose; 0 where everything is asked for anew.
        minutes: u32,
        /// How long that is.
        lasts: Duration,
        /// The session waits for so long.
        within: Duration,
        /// What is carried over.
        carried: Carried,
    },
    /// The service waits for this computer: let it restart and say [`crate::Agent::handle_restart_begins`], or
    /// [`crate::Agent::handle_restart_failed`].
    Go,
    /// It stands otherwise than before.
    Stands(Restart),
}

/// An effect on the customer's machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inject {
    /// A key goes down or up.
    Key {
        /// Which.
        usage: Usage,
        /// Down or up.
        down: bool,
    },
    /// The pointer moves; the point lies on the screen.
    Pointer {
        /// Pixels from the left.
        x: i32,
        /// Pixels from the top.
        y: i32,
    },
    /// A button goes down or up where the pointer is.
    Button {
        /// Which.
        button: Button,
        /// Down or up.
        down: bool,
    },
    /// The wheel turns where the pointer is; 120 is one notch, positive is up and right.
    Wheel {
        /// Horizontal.
        dx: i32,
        /// Vertical.
        dy: i32,
    },
    /// Text is typed as it stands.
    Text(String),
    /// One character is pressed and let go by whichever key makes it, together with the modifiers that are held.
    Letter(char),
    /// Of the texts before, what is not typed yet is not typed any more.
    StopText,
    /// The pointer moves by this from where it is.
    PointerBy {
        /// Pixels to the right.
        dx: i32,
        /// Pixels down.
        dy: i32,
    },
}

/// What the customer is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Number that the answer names.
    pub ask: AskId,
    /// Who asks.
    pub asker: ParticipantId,
    /// All that is asked for.
    pub rights: Rights,
    /// What was allowed before; the prompt shows the rest.
    pub granted: Rights,
    /// Silence until then means no.
    pub expires: Instant,
    /// Of a colleague: who brought them in, and what for.
    pub invited: Option<Invited>,
}

/// How a colleague came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invited {
    /// Who brought them in.
    pub by: ParticipantId,
    /// What for.
    pub purpose: Purpose,
}

/// What the customer does in the agent's own window. Only that window makes these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromCustomer {
    /// Allow what this prompt asks for, or a part of it.
    Allow {
        /// The prompt.
        ask: AskId,
        /// What of it.
        rights: Rights,
    },
    /// No: by the button, Escape, closing the prompt, or the end of the window's process.
    Refuse(AskId),
    /// Pause: nothing is seen or controlled until Resume.
    Pause,
    /// Go on.
    Resume,
    /// Take back control; viewing stays.
    TakeBackControl,
    /// Take back this right, and those that need it.
    Withdraw(Right),
    /// Take back every right. The session stays, for the chat.
    RevokeAll,
    /// Take away what technicians have drawn over the screen.
    EraseMarks,
    /// Lock the screen when the session is over, or do not, whatever a technician wishes.
    LockAtEnd(bool),
    /// They would like to restart their computer and have the technician back.
    AskRestart,
    /// The computer may restart.
    AllowRestart {
        /// Which question this answers.
        question: u32,
        /// For so many minutes what is allowed now stays allowed; 0 for not at all.
        minutes: u32,
    },
    /// It may not.
    RefuseRestart(u32),
    /// Whoever asks is one whom the customer wants no more: end it, and tell them so.
    Block,
    /// End the session.
    Stop,
}

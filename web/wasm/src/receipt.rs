//! Receipts in the browser: a console goes along with the agent's and signs it, anybody checks one, and the tenant's
//! copy is sealed and opened.

use std::collections::VecDeque;

use farhand_protocol::channel::Control;
use farhand_protocol::channel::diagnostics::Diagnostics;
use farhand_protocol::channel::files::Files;
use farhand_protocol::channel::together::{Purpose, Together, Wish};
use farhand_protocol::envelope::{HEAD_LEN, Stream};
use farhand_seal::bytes::ReadError;
use farhand_seal::context::{Identity, Offer};
use farhand_seal::letter;
use farhand_seal::receipt::witness::{Contradiction, Seen, Witness};
use farhand_seal::receipt::{Receipt, ReceiptError, What, Who, begun, number, plain};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::seal::ConsoleEnd;
use crate::seal::serde_bytes_like::Bytes;

/// What the worker does next about the receipt, as a plain object.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ReceiptNext {
    /// Send the answer; keep `kept` for a reload; `file` is this side's copy.
    Sign { answer: Bytes, kept: Bytes, file: Bytes, number: String, ended: bool },
    /// This side signs no further.
    Refused { why: &'static str },
}

/// The longest message that begins a file; longer ones hold its bytes.
const MAX_BEGINNING: usize = 8 * 1024;

/// What this console types and has done, for the receipt.
fn diagnostics_said(witness: &mut Witness, message: &[u8]) {
    let Some(Ok(said)) = message.get(HEAD_LEN..).map(Diagnostics::decode) else { return };
    match said {
        Diagnostics::Act { request: _, action } => {
            if let Some(words) = action.words() {
                witness.handle_acted(words);
            }
        }
        Diagnostics::ShellOpen { .. } => witness.handle_shell_open(),
        Diagnostics::ShellInput { shell: _, at, data } => witness.handle_shell_input(at, &data),
        Diagnostics::Fetch { .. }
        | Diagnostics::More { .. }
        | Diagnostics::Rows { .. }
        | Diagnostics::Answered { .. }
        | Diagnostics::ShellResize { .. }
        | Diagnostics::ShellGrant { .. }
        | Diagnostics::ShellClose { .. }
        | Diagnostics::ShellOpened { .. }
        | Diagnostics::ShellOutput { .. }
        | Diagnostics::ShellTaken { .. }
        | Diagnostics::ShellEnded { .. }
        | Diagnostics::Unknown => {}
    }
}

/// Files that this console begins are written down by the agent.
fn files_said(witness: &mut Witness, message: &[u8]) {
    let body = message.get(HEAD_LEN..).filter(|body| body.len() <= MAX_BEGINNING);
    if let Some(Files::Offer { transfer, .. } | Files::Fetch { transfer, .. }) =
        body.and_then(|body| Files::decode(body).ok())
    {
        witness.handle_file(transfer);
    }
}

/// A console's side of the receipt.
#[derive(Debug)]
pub(crate) struct Side {
    seed: [u8; 32],
    kept: Vec<u8>,
    /// This console's number.
    me: u8,
    witness: Option<Witness>,
    outputs: VecDeque<ReceiptNext>,
}

impl std::fmt::Debug for ReceiptNext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sign { .. } => "Sign",
            Self::Refused { .. } => "Refused",
        })
    }
}

impl Side {
    pub(crate) const fn new(seed: [u8; 32]) -> Self {
        Self { seed, kept: Vec::new(), me: 0, witness: None, outputs: VecDeque::new() }
    }

    /// The two ends know each other.
    pub(crate) fn sealed(&mut self, theirs: &Offer) {
        let view = theirs.view.clone();
        self.me = view.console;
        match &mut self.witness {
            Some(witness) => witness.handle_sealed(theirs.key, view),
            None => self.witness = Some(Witness::new(self.seed, theirs.key, view).resume(&self.kept)),
        }
    }

    /// The agent said this.
    pub(crate) fn heard(&mut self, stream: Stream, message: &[u8]) {
        let (Some(witness), Stream::Control) = (&mut self.witness, stream) else { return };
        // What cannot be read has no effect elsewhere either.
        let Ok(control) = crate::control::read(message) else { return };
        match control {
            Control::Consent { snapshot } => witness.handle_consent(snapshot.state),
            Control::Together { message: Together::Rights { to, snapshot } } if to == self.me => {
                witness.handle_own_consent(snapshot.state);
            }
            Control::Together { message: Together::TookOver { from: _, to } } if to == self.me => {
                witness.handle_took_over();
            }
            Control::Receipt { part } => {
                let next = match witness.handle_part(&part) {
                    Ok(Seen::Wait) => return,
                    Ok(Seen::Sign { answer, kept, ended }) => {
                        let Some(receipt) = witness.receipt() else { return };
                        let (file, number) = (Bytes(receipt.write()), number(receipt.hash()));
                        ReceiptNext::Sign { answer: Bytes(answer), kept: Bytes(kept), file, number, ended }
                    }
                    Err(contradiction) => ReceiptNext::Refused { why: why(contradiction) },
                };
                self.outputs.push_back(next);
            }
            Control::Together { message: _ }
            | Control::Wish { .. }
            | Control::ScreenLock { .. }
            | Control::Restart { .. }
            | Control::Ask { .. }
            | Control::GiveUp { .. }
            | Control::End
            | Control::Cursor { .. }
            | Control::CursorAt { .. }
            | Control::Monitors { .. }
            | Control::ShowMonitor { .. }
            | Control::Notice { .. }
            | Control::ReceiptSigned { .. }
            | Control::Ping { .. }
            | Control::Pong { .. }
            | Control::Unknown => {}
        }
    }

    /// This console said this, and the agent will be able to open it.
    pub(crate) fn said(&mut self, stream: Stream, message: &[u8]) {
        let Some(witness) = &mut self.witness else { return };
        if stream == Stream::Files {
            return files_said(witness, message);
        }
        if stream == Stream::Diagnostics {
            return diagnostics_said(witness, message);
        }
        if stream != Stream::Control {
            return;
        }
        let Ok(control) = crate::control::read(message) else { return };
        match control {
            Control::Ask { rights } => witness.handle_asked(rights),
            Control::GiveUp { .. } => witness.handle_gave_up(),
            Control::Wish { wish: Wish::Restart } => witness.handle_restart_asked(),
            Control::End => witness.handle_said_end(),
            // The customer is asked for a colleague in this console's name.
            Control::Together { message: Together::Introduce { purpose, rights, .. } } => {
                witness.handle_asked(match purpose {
                    Purpose::Watch | Purpose::Help => purpose.rights(),
                    Purpose::TakeOver | Purpose::Unknown => rights,
                });
            }
            Control::Together { message: _ }
            | Control::Wish { .. }
            | Control::ScreenLock { .. }
            | Control::Restart { .. }
            | Control::Consent { .. }
            | Control::Receipt { .. }
            | Control::Cursor { .. }
            | Control::CursorAt { .. }
            | Control::Monitors { .. }
            | Control::ShowMonitor { .. }
            | Control::Notice { .. }
            | Control::ReceiptSigned { .. }
            | Control::Ping { .. }
            | Control::Pong { .. }
            | Control::Unknown => {}
        }
    }
}

const fn why(contradiction: Contradiction) -> &'static str {
    match contradiction {
        Contradiction::Forged => "forged",
        Contradiction::Header => "header",
        Contradiction::Changed => "changed",
        Contradiction::NotDone => "not_done",
        Contradiction::Standing => "standing",
    }
}

#[wasm_bindgen]
impl ConsoleEnd {
    /// What this console signed before it was loaded again; before the first hand-shake.
    #[wasm_bindgen(js_name = resumeReceipt)]
    pub fn resume_receipt(&mut self, kept: Vec<u8>) {
        self.receipt.kept = kept;
    }

    /// What to do next about the receipt, nothing when there is nothing. Drain it after each message.
    #[wasm_bindgen(js_name = nextReceipt)]
    pub fn next_receipt(&mut self) -> JsValue {
        let next = self.receipt.outputs.pop_front();
        next.and_then(|next| serde_wasm_bindgen::to_value(&next).ok()).unwrap_or(JsValue::UNDEFINED)
    }
}

/// A receipt for people, as a plain object. Every text is safe to show.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    /// Why it is not genuine: the end of a key of a sentence.
    wrong: Option<&'static str>,
    fits_until: Option<u16>,
    /// The other copy's number is that of so many entries.
    compared: Option<u16>,
    session: String,
    started: f64,
    technician: String,
    technician_organisation: String,
    customer: String,
    number: String,
    count: u16,
    signed: Option<u16>,
    ended: bool,
    entries: Vec<ShownEntry>,
}

#[derive(Serialize)]
struct ShownEntry {
    at: f64,
    who: &'static str,
    technician: u8,
    what: &'static str,
    rights: Vec<String>,
    text: String,
}

/// Checks a receipt and says what is in it. `compare` is a number from another copy, or empty.
///
/// # Errors
/// Never for what is in the file; only when it cannot be handed over to JavaScript.
#[wasm_bindgen(js_name = readReceipt)]
pub fn read_receipt(file: &[u8], compare: &str) -> Result<JsValue, JsError> {
    let shown = match Receipt::read(file) {
        Ok(receipt) => shown(&receipt, compare),
        Err(error) => Shown {
            wrong: Some(wrong(error)),
            fits_until: None,
            compared: None,
            session: String::new(),
            started: 0.0,
            technician: String::new(),
            technician_organisation: String::new(),
            customer: String::new(),
            number: String::new(),
            count: 0,
            signed: None,
            ended: false,
            entries: Vec::new(),
        },
    };
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true);
    Ok(shown.serialize(&serializer)?)
}

fn shown(receipt: &Receipt, compare: &str) -> Shown {
    let verdict = receipt.verify().err();
    let letters = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
    let compare = letters(compare);
    let mut all = (1..=receipt.count()).rev();
    let compared = all.find(|at| receipt.hash_at(*at).is_some_and(|hash| letters(&number(hash)) == compare));
    let header = receipt.header();
    let Identity { name, organisation } = &header.technician;
    Shown {
        wrong: verdict.map(wrong).or((!compare.is_empty() && compared.is_none()).then_some("number")),
        fits_until: verdict.and_then(|_| receipt.fits_until()),
        compared,
        session: plain(&header.session),
        started: header.started as f64,
        technician: plain(name),
        technician_organisation: plain(organisation),
        customer: plain(&header.customer.name),
        number: number(receipt.hash()),
        count: receipt.count(),
        signed: receipt.countersigned(),
        ended: receipt.ended(),
        entries: receipt
            .entries()
            .iter()
            .map(|entry| ShownEntry {
                at: entry.at as f64,
                who: match entry.who {
                    Who::Customer => "customer",
                    Who::Technician => "technician",
                    Who::Agent => "agent",
                },
                technician: entry.technician,
                what: what(entry.what),
                rights: entry.rights.iter().map(right).collect(),
                text: plain(if entry.what == What::Begin { begun(&entry.text).1 } else { &entry.text }),
            })
            .collect(),
    }
}

fn right(right: farhand_protocol::rights::Right) -> String {
    format!("{right:?}").to_lowercase()
}

const fn what(what: What) -> &'static str {
    match what {
        What::Begin => "begin",
        What::Ask => "ask",
        What::Grant => "grant",
        What::Refusal => "refusal",
        What::Withdrawal => "withdrawal",
        What::Hold => "hold",
        What::Resume => "resume",
        What::File => "file",
        What::Command => "command",
        What::End => "end",
        What::Full => "full",
        What::Restart => "restart",
    }
}

const fn wrong(error: ReceiptError) -> &'static str {
    match error {
        ReceiptError::Magic => "magic",
        ReceiptError::Read(ReadError::Short) => "short",
        ReceiptError::Read(ReadError::Trailing) => "trailing",
        ReceiptError::Read(ReadError::Long | ReadError::Malformed) => "malformed",
        ReceiptError::Full => "full",
        ReceiptError::Time => "time",
        ReceiptError::Closed => "closed",
        ReceiptError::Agent => "agent",
        ReceiptError::Technician => "technician",
        ReceiptError::Stranger => "stranger",
        ReceiptError::Unsigned => "unsigned",
    }
}

fn key(bytes: &[u8]) -> Result<[u8; 32], JsError> {
    bytes.try_into().map_err(|_| JsError::new("a key has 32 bytes"))
}

/// The public key of a tenant's private one.
///
/// # Errors
/// When it has not 32 bytes.
#[wasm_bindgen(js_name = letterPublic)]
pub fn letter_public(private: &[u8]) -> Result<Vec<u8>, JsError> {
    Ok(letter::public(&key(private)?).to_vec())
}

/// Seals a receipt to a tenant's public key. `random` is 32 random bytes.
///
/// # Errors
/// When the key is none, or the receipt too long.
#[wasm_bindgen(js_name = letterSeal)]
pub fn letter_seal(to: &[u8], session: &str, receipt: &[u8], random: &[u8]) -> Result<Vec<u8>, JsError> {
    Ok(letter::seal(&key(to)?, session.as_bytes(), receipt, key(random)?)?)
}

/// Opens a sealed receipt.
///
/// # Errors
/// When it was sealed to another key or for another session, or was changed.
#[wasm_bindgen(js_name = letterOpen)]
pub fn letter_open(private: &[u8], session: &str, letter: &[u8]) -> Result<Vec<u8>, JsError> {
    Ok(letter::open(&key(private)?, session.as_bytes(), letter)?)
}

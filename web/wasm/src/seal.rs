//! A console's end of a sealed session: hand-shake, keys, sealing and opening, for the worker. Random bytes come from
//! the browser with each input.

use std::time::Duration;

use farhand_protocol::envelope::Stream;
use farhand_protocol::framing::FrameError;
use farhand_protocol::rights::Rights;
use farhand_protocol::version::{Version, VersionRange};
use farhand_seal::context::{Identity, Offer, View};
use farhand_seal::ends::{self, Console, ConsoleOutput, NotOpened, NotSealed, Told};
use farhand_seal::handshake::{CONSOLE_TRIES, Stop};
use farhand_seal::receipt::public_key;
use farhand_seal::secret::Secret;
use js_sys::Uint8Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::composer::Composer;

/// Random bytes for each input.
const RANDOM: usize = farhand_seal::handshake::RANDOM;

/// What the worker does next, as a plain object.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Next {
    Send {
        message: serde_bytes_like::Bytes,
    },
    /// The two ends know each other: by these names, which both see alike.
    Sealed {
        technician: String,
        organisation: String,
        customer: String,
    },
    WrongSecret {
        left: u8,
    },
    Tampered {
        what: Option<&'static str>,
    },
    Void,
    OtherStopped {
        why: &'static str,
    },
    Keys {
        epoch: u16,
    },
}

/// The end.
#[wasm_bindgen]
#[derive(Debug)]
pub struct ConsoleEnd {
    inner: Console,
    /// This console's number.
    console: u8,
    meddled: bool,
    pub(crate) receipt: crate::receipt::Side,
}

pub(crate) fn random(bytes: &[u8]) -> Result<&[u8; RANDOM], JsError> {
    bytes.try_into().map_err(|_| JsError::new("an input takes 80 random bytes"))
}

pub(crate) fn stream(number: u8) -> Result<Stream, JsError> {
    Ok(Stream::from_byte(number).ok_or(FrameError::Stream(number))?)
}

#[wasm_bindgen]
impl ConsoleEnd {
    /// With what this console made for the session: the last four digits of its code, the secret of its link, what an
    /// earlier hand-shake left (nothing, or 32 bytes), and the tries that are left of code and link. `seed` is 32 random
    /// bytes, this session's receipt key.
    ///
    /// # Errors
    /// When one of them is none.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: &[u8], digits: &str, link: &str, resumption: &[u8], left: u8) -> Result<Self, JsError> {
        let seed = seed.try_into().map_err(|_| JsError::new("a receipt key has 32 bytes"))?;
        let mut secrets = vec![
            Secret::digits(digits).ok_or_else(|| JsError::new("a code has four secret digits"))?,
            Secret::link(link).ok_or_else(|| JsError::new("a link has 22 secret letters"))?,
        ];
        if let Ok(resumption) = resumption.try_into() {
            secrets.push(Secret::Resumed(resumption));
        }
        let nobody = View {
            session: String::new(),
            agent: 0,
            console: 0,
            technician: Identity::default(),
            customer: Identity::default(),
            version: Version(0),
        };
        let offer = Offer {
            view: nobody,
            versions: VersionRange::ours(),
            rights: Rights::ALL,
            key: public_key(&seed),
        };
        Ok(Self {
            inner: Console::new(offer, secrets).after(left),
            console: 0,
            meddled: false,
            receipt: crate::receipt::Side::new(seed),
        })
    }

    /// Four secret digits for a code, from 8 random bytes.
    ///
    /// # Errors
    /// When there are not 8.
    #[wasm_bindgen(js_name = drawDigits)]
    pub fn draw_digits(random: &[u8]) -> Result<String, JsError> {
        let random = random.try_into().map_err(|_| JsError::new("digits are drawn from 8 random bytes"))?;
        Ok(Secret::draw_digits(random).shown())
    }

    /// 22 secret letters for a link, from 16 random bytes.
    ///
    /// # Errors
    /// When there are not 16.
    #[wasm_bindgen(js_name = drawLink)]
    pub fn draw_link(random: &[u8]) -> Result<String, JsError> {
        let random = random.try_into().map_err(|_| JsError::new("a link is drawn from 16 random bytes"))?;
        Ok(Secret::Link(random).shown())
    }

    /// What the service says of the session.
    #[allow(clippy::too_many_arguments, reason = "a structure would cross the boundary no better")]
    pub fn view(
        &mut self,
        session: &str,
        agent: u8,
        console: u8,
        name: &str,
        organisation: &str,
        customer: &str,
        customer_organisation: &str,
        version: u16,
    ) {
        let identity = |name: &str, organisation: &str| Identity {
            name: name.to_owned(),
            organisation: organisation.to_owned(),
        };
        self.console = console;
        self.inner.handle_view(View {
            session: session.to_owned(),
            agent,
            console,
            technician: identity(name, organisation),
            customer: identity(customer, customer_organisation),
            version: Version(version),
        });
    }

    /// The way to the agent stands, for the first time or again.
    #[wasm_bindgen(js_name = linkUp)]
    pub fn link_up(&mut self) {
        self.inner.handle_link_up();
    }

    /// The agent is not there any more, as the service says.
    pub fn gone(&mut self) {
        self.inner.handle_gone();
    }

    /// Tries that are left of the code and the link, to be kept for a reload.
    #[must_use]
    pub fn left(&self) -> u8 {
        self.inner.left()
    }

    /// Tries that a new code and link have.
    #[must_use]
    pub fn tries() -> u8 {
        CONSOLE_TRIES
    }

    /// A message came: gives the clear one, or nothing when it is a second copy, waits for its keys, or is a part of the
    /// hand-shake. Drain `next` and `waited` after it. `random` is 80 random bytes.
    ///
    /// # Errors
    /// When it is not genuine: it must have no effect.
    pub fn incoming(
        &mut self,
        stream_number: u8,
        message: Vec<u8>,
        random_bytes: &[u8],
    ) -> Result<Option<Vec<u8>>, JsError> {
        if let Some((from, signal)) = ends::carried(self.console, &message) {
            self.inner.handle_signal(from, signal, random(random_bytes)?)?;
            return Ok(None);
        }
        // What the agent says to another console is nothing here.
        if ends::is_signal(&message) {
            return Ok(None);
        }
        let opened = self.inner.open(stream(stream_number)?, &message);
        self.note(opened.as_ref().err());
        let opened = opened?;
        if let Some(clear) = &opened {
            self.receipt.heard(stream(stream_number)?, clear);
        }
        Ok(opened)
    }

    /// What WebCrypto needs to open a long message, which is quicker at them than this module: AES-GCM with this nonce,
    /// what is in front of `start` as additional data, and the key with this number. Hand the text to `finish`, message
    /// by message in the order in which they came. Nothing when the message must go to `incoming`.
    ///
    /// # Errors
    /// When it is not genuine: it must have no effect.
    pub fn prepare(&mut self, stream_number: u8, message: &[u8]) -> Result<Option<Piece>, JsError> {
        if ends::carried(self.console, message).is_some() {
            return Ok(None);
        }
        let prepared = self.inner.prepare(stream(stream_number)?, message);
        self.note(prepared.as_ref().err());
        Ok(prepared?.map(|inner| Piece { inner, bytes: Vec::new() }))
    }

    /// 32 bytes, for WebCrypto; nothing when the key is not here any more.
    ///
    /// # Errors
    /// When there is no such stream.
    pub fn key(&self, stream_number: u8, epoch: u16) -> Result<Option<Vec<u8>>, JsError> {
        Ok(self.inner.key(stream(stream_number)?, epoch).map(|key| key.key.to_vec()))
    }

    /// A long message was opened by WebCrypto: its text, or nothing when it was not genuine. Gives what `incoming` would.
    ///
    /// # Errors
    /// When it is not genuine: it must have no effect.
    pub fn finish(
        &mut self,
        stream_number: u8,
        piece: &Piece,
        message: &[u8],
        text: Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, JsError> {
        let stream = stream(stream_number)?;
        let opened = self.inner.finish(stream, piece.inner.generation, message, text.as_deref());
        self.note(opened.as_ref().err());
        Ok(opened?)
    }

    /// Whether a message came that somebody on the way must have had a hand in. It had no effect.
    #[must_use]
    pub fn meddled(&self) -> bool {
        self.meddled
    }

    /// What goes on the wire instead of a clear message; nothing when nobody could open it yet.
    ///
    /// # Errors
    /// When it cannot be sealed: it must not be sent.
    pub fn outgoing(&mut self, stream_number: u8, message: Vec<u8>) -> Result<Option<Vec<u8>>, JsError> {
        match self.inner.seal(stream(stream_number)?, &message) {
            Ok(sealed) => {
                self.receipt.said(stream(stream_number)?, &message);
                Ok(Some(sealed))
            }
            Err(NotSealed::NoKeys) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The same, or nothing too while it waits for the keys of a hand-shake that has begun anew; then `said` gives it.
    /// `now` is milliseconds of a clock that only goes forward.
    ///
    /// # Errors
    /// When it cannot be sealed: it must not be sent.
    pub fn say(&mut self, stream_number: u8, message: Vec<u8>, now: f64) -> Result<Option<Vec<u8>>, JsError> {
        let stream = stream(stream_number)?;
        match self.inner.say(stream, &message, moment(now)) {
            Ok(sealed) => {
                if sealed.is_some() {
                    self.receipt.said(stream, &message);
                }
                Ok(sealed)
            }
            Err(NotSealed::NoKeys) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Like `say`, where WebCrypto is to seal: AES-GCM with this nonce, what is in front of `start` as additional data, and
    /// the key of `keyUp`. What is prepared goes in this order, behind `start` the sealed text with its tag. Nothing when
    /// the message must go to `say`.
    ///
    /// # Errors
    /// When it cannot be sealed: it must not be sent.
    #[wasm_bindgen(js_name = sayElsewhere)]
    pub fn say_elsewhere(
        &mut self,
        stream_number: u8,
        message: &[u8],
        now: f64,
    ) -> Result<Option<Piece>, JsError> {
        let stream = stream(stream_number)?;
        let prepared = self.inner.say_elsewhere(stream, message, moment(now))?;
        if prepared.is_some() {
            self.receipt.said(stream, message);
        }
        Ok(prepared.map(|(inner, bytes)| Piece { inner, bytes }))
    }

    /// `sayElsewhere` for a message of the files' stream, from its body. Nothing, and nothing counted, where the whole
    /// message must go to `say`.
    ///
    /// # Errors
    /// When it cannot be sealed: it must not be sent.
    #[wasm_bindgen(js_name = sayBody)]
    pub fn say_body(
        &mut self,
        composer: &mut Composer,
        body: &[u8],
        now: f64,
    ) -> Result<Option<Piece>, JsError> {
        let message = composer.uncounted(Stream::Files, body);
        let piece = self.say_elsewhere(Stream::Files as u8, &message, now)?;
        if piece.is_some() {
            composer.count(Stream::Files);
        }
        Ok(piece)
    }

    /// 32 bytes, for WebCrypto: the key of what was prepared last; nothing when there is none.
    ///
    /// # Errors
    /// When there is no such stream.
    #[wasm_bindgen(js_name = keyUp)]
    pub fn key_up(&self, stream_number: u8) -> Result<Option<Vec<u8>>, JsError> {
        Ok(self.inner.key_up(stream(stream_number)?).map(|(_, key)| key.key.to_vec()))
    }

    /// The two ends shake hands anew: what is said waits for the new keys, for a moment.
    pub fn renewing(&mut self, now: f64) {
        self.inner.handle_renewal(moment(now));
    }

    /// A message that waited and goes now: the stream's number, then what goes on the wire. Drain it after each signal,
    /// and when `due` says.
    pub fn said(&mut self, now: f64) -> Option<Vec<u8>> {
        let (stream, clear, sealed) = self.inner.poll_said(moment(now))?;
        self.receipt.said(stream, &clear);
        Some([&[stream as u8], sealed.as_slice()].concat())
    }

    /// When to look at `said` at the latest, on the same clock; nothing when nothing waits.
    #[must_use]
    pub fn due(&self) -> Option<f64> {
        self.inner.poll_timeout().map(|at| at.as_secs_f64() * 1_000.0)
    }

    /// What to do next, nothing when there is nothing. Drain it after each input.
    #[wasm_bindgen(js_name = next)]
    pub fn poll_output(&mut self) -> JsValue {
        let Some(output) = self.inner.poll_output() else { return JsValue::UNDEFINED };
        if let ConsoleOutput::Told(Told::Sealed(theirs)) = &output {
            self.receipt.sealed(theirs);
        }
        let next = match output {
            ConsoleOutput::Signal { to, signal } => {
                Next::Send { message: serde_bytes_like::Bytes(ends::carry(self.console, to, &signal)) }
            }
            ConsoleOutput::Keys(epoch) => Next::Keys { epoch },
            ConsoleOutput::Told(told) => match told {
                Told::Sealed(theirs) => Next::Sealed {
                    technician: theirs.view.technician.name,
                    organisation: theirs.view.technician.organisation,
                    customer: theirs.view.customer.name,
                },
                Told::WrongSecret { left } => Next::WrongSecret { left },
                Told::Tampered(difference) => Next::Tampered { what: difference.map(difference_name) },
                Told::Void => Next::Void,
                Told::OtherStopped(why) => Next::OtherStopped {
                    why: match why {
                        Stop::WrongSecret => "wrong_secret",
                        Stop::Tampered => "tampered",
                        Stop::Void => "void",
                    },
                },
            },
        };
        serde_wasm_bindgen::to_value(&next).unwrap_or(JsValue::UNDEFINED)
    }

    /// What to keep for a reload; nothing before the first hand-shake.
    #[must_use]
    pub fn resumption(&self) -> Option<Vec<u8>> {
        match &self.inner.resumption()? {
            Secret::Resumed(bytes) => Some(bytes.to_vec()),
            Secret::Digits(_) | Secret::Link(_) => None,
        }
    }

    /// A message that waited for its keys: the stream's number, then the clear message. Drain it after each signal.
    pub fn waited(&mut self) -> Option<Vec<u8>> {
        let (stream, message) = self.inner.poll_message()?;
        self.receipt.heard(stream, &message);
        Some([&[stream as u8], message.as_slice()].concat())
    }
}

/// A moment on the worker's clock. What is no time is its beginning.
fn moment(now: f64) -> Duration {
    Duration::try_from_secs_f64(now / 1_000.0).unwrap_or_default()
}

impl ConsoleEnd {
    const fn note(&mut self, error: Option<&NotOpened>) {
        if let Some(NotOpened::Refused(error)) = error
            && error.is_meddling()
        {
            self.meddled = true;
        }
    }
}

/// A long message on its way through WebCrypto.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Piece {
    inner: ends::Elsewhere,
    /// To be sealed; empty where something is to be opened.
    bytes: Vec<u8>,
}

#[wasm_bindgen]
impl Piece {
    /// Of what is to be sealed: what stays clear.
    #[must_use]
    pub fn head(&self) -> Uint8Array {
        Uint8Array::from(self.bytes.get(..self.inner.start).unwrap_or_default())
    }

    /// What is to be sealed.
    #[must_use]
    pub fn text(&self) -> Uint8Array {
        Uint8Array::from(self.bytes.get(self.inner.start..).unwrap_or_default())
    }

    /// Which key: another number means another key.
    #[must_use]
    #[wasm_bindgen(getter)]
    pub fn generation(&self) -> u32 {
        self.inner.generation
    }

    /// The key's epoch.
    #[must_use]
    #[wasm_bindgen(getter)]
    pub fn epoch(&self) -> u16 {
        self.inner.epoch
    }

    /// Where the sealed text begins.
    #[must_use]
    #[wasm_bindgen(getter)]
    pub fn start(&self) -> u32 {
        self.inner.start as u32
    }

    /// 12 bytes.
    #[must_use]
    #[wasm_bindgen(getter)]
    pub fn nonce(&self) -> Vec<u8> {
        self.inner.nonce.to_vec()
    }
}

const fn difference_name(difference: farhand_seal::context::Difference) -> &'static str {
    use farhand_seal::context::Difference;

    match difference {
        Difference::Session => "session",
        Difference::Participant => "participant",
        Difference::Technician => "technician",
        Difference::Customer => "customer",
        Difference::Version => "version",
    }
}

/// Bytes that become a `Uint8Array`.
pub(crate) mod serde_bytes_like {
    use serde::{Serialize, Serializer};

    pub(crate) struct Bytes(pub(crate) Vec<u8>);

    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&self.0)
        }
    }
}

/// AES-256-GCM over so many bytes, for measuring: sealed in plain Rust. Gives a byte of the tag, so that nothing is left
/// out as useless.
#[wasm_bindgen(js_name = measureSeal)]
#[must_use]
pub fn measure_seal(length: usize, times: u32) -> u8 {
    use farhand_seal::aead::Cipher;
    use farhand_seal::keys::StreamKey;

    let cipher = Cipher::new(StreamKey { key: [7; 32], iv: [9; 12] });
    let mut text = vec![0xa5; length];
    (0..times).fold(0, |sum, counter| sum ^ cipher.seal(u64::from(counter), &[1; 20], &mut text)[0])
}

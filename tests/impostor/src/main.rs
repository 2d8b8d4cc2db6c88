//! Ends of a sealed session in the hands of somebody between the real ones, for tests: a console that is none, an agent
//! that is none, and a reader of whatever was recorded. They are made of the product's own parts, so what they cannot
//! do, nobody between the ends can do with the product's own code.
//!
//! A line of JSON on standard input is a request, a line on standard output its answer, with the same `id`.

mod measure;

use std::collections::HashMap;
use std::io::{BufRead as _, Write as _};

use anyhow::{Context as _, Result, bail};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::{Control, Input, encode};
use farhand_protocol::envelope::{SCREEN_HEAD_LEN, Stream, flags};
use farhand_protocol::keys::Usage;
use farhand_protocol::rights::Rights;
use farhand_protocol::screen::{Assembler, Pushed};
use farhand_protocol::version::{Version, VersionRange};
use farhand_screen::{Decoder, Limits};
use farhand_seal::Random;
use farhand_seal::context::{Identity, Offer, View};
use farhand_seal::ends::{self, Agent, AgentOutput, Console, ConsoleOutput, Told};
use farhand_seal::handshake::RANDOM;
use farhand_seal::message::EPOCH;
use farhand_seal::secret::Secret;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};

fn main() -> Result<()> {
    let mut ends = HashMap::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?).context("a request is a line of JSON")?;
        let mut answer = match answer(&mut ends, &request) {
            Ok(answer) => answer,
            Err(error) => json!({ "error": format!("{error:#}") }),
        };
        answer["id"] = request["id"].clone();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// An end, and its own number.
enum End {
    Agent(ParticipantId, Box<Agent>),
    Console(ParticipantId, Box<Console>),
}

fn answer(ends: &mut HashMap<String, End>, request: &Value) -> Result<Value> {
    let name = request["end"].as_str().unwrap_or_default().to_owned();
    match request["do"].as_str().context("a request says what to do")? {
        "agent" => {
            let view = view(&request["view"])?;
            let (me, console) = (view.agent, view.console);
            let mut agent = Agent::new(offer(view.clone()));
            agent.handle_view(view);
            agent.handle_secret(console, secret(request)?, &random())?;
            let mut end = End::Agent(me, Box::new(agent));
            let answer = drain(&mut end, json!({}));
            ends.insert(name, end);
            Ok(answer)
        }
        "console" => {
            let view = view(&request["view"])?;
            let me = view.console;
            let mut console = Console::new(offer(view.clone()), vec![secret(request)?]);
            console.handle_view(view);
            let mut end = End::Console(me, Box::new(console));
            let answer = drain(&mut end, json!({}));
            ends.insert(name, end);
            Ok(answer)
        }
        "take" => {
            let end = ends.get_mut(&name).context("there is no such end")?;
            let message = bytes(&request["message"])?;
            let answer = match take(end, stream(request)?, &message) {
                Ok(Some(clear)) => json!({ "clear": hex(&clear) }),
                Ok(None) => json!({}),
                Err(error) => json!({ "refused": format!("{error:#}") }),
            };
            Ok(drain(end, answer))
        }
        "seal" => {
            let end = ends.get_mut(&name).context("there is no such end")?;
            let (stream, message) = (stream(request)?, bytes(&request["message"])?);
            let sealed = match end {
                End::Agent(_, agent) => agent.seal(stream, &message)?,
                End::Console(_, console) => console.seal(stream, &message)?,
            };
            Ok(json!({ "sealed": hex(&sealed) }))
        }
        "key" => {
            let code = request["code"].as_str().context("a key has a code")?;
            let usage = Usage::from_code(code).context("it is no key")?;
            let mut body = Vec::new();
            encode(&Input::Key { usage, down: request["down"].as_bool() != Some(false) }, &mut body);
            Ok(json!({ "body": hex(&body) }))
        }
        "control" => {
            let control: Control = serde_json::from_value(request["control"].clone())?;
            let mut body = Vec::new();
            encode(&control, &mut body);
            Ok(json!({ "body": hex(&body) }))
        }
        "screen" => read_screen(request),
        "cost" => measure::cost(request),
        "lengths" => measure::lengths(request),
        other => bail!("\"{other}\" is nothing that can be done"),
    }
}

fn take(end: &mut End, stream: Stream, message: &[u8]) -> Result<Option<Vec<u8>>> {
    match end {
        End::Agent(me, agent) => {
            if let Some((from, signal)) = ends::carried(*me, message) {
                agent.handle_signal(from, signal, &random())?;
                return Ok(None);
            }
            Ok(agent.open(stream, message)?)
        }
        End::Console(me, console) => {
            if let Some((from, signal)) = ends::carried(*me, message) {
                console.handle_signal(from, signal, &random())?;
                return Ok(None);
            }
            Ok(console.open(stream, message)?)
        }
    }
}

/// What an end wants to send and to tell, beside an answer.
fn drain(end: &mut End, mut answer: Value) -> Value {
    let (mut send, mut told, mut waited) = (Vec::new(), Vec::new(), Vec::new());
    match end {
        End::Agent(me, agent) => {
            while let Some(output) = agent.poll_output() {
                match output {
                    AgentOutput::Signal { to, signal } => send.push(hex(&ends::carry(*me, to, &signal))),
                    AgentOutput::Told { told: what, .. } => told.push(name(&what)),
                }
            }
        }
        End::Console(me, console) => {
            while let Some(output) = console.poll_output() {
                match output {
                    ConsoleOutput::Signal { to, signal } => send.push(hex(&ends::carry(*me, to, &signal))),
                    ConsoleOutput::Told(what) => told.push(name(&what)),
                    ConsoleOutput::Keys(_) => told.push("keys"),
                }
            }
            while let Some((stream, message)) = console.poll_message() {
                waited.push(json!([stream as u8, hex(&message)]));
            }
        }
    }
    answer["send"] = json!(send);
    answer["told"] = json!(told);
    answer["waited"] = json!(waited);
    answer
}

fn name(told: &Told) -> &'static str {
    match told {
        Told::Sealed(_) => "sealed",
        Told::WrongSecret { .. } => "wrong_secret",
        Told::Tampered(_) => "tampered",
        Told::Void => "void",
        Told::OtherStopped(_) => "other_stopped",
    }
}

/// Reads recorded messages of the agent's screen stream as if nothing of them were sealed, and says how many frames
/// came out, and whether a row of pixels (RGBA) stands somewhere in a picture.
fn read_screen(request: &Value) -> Result<Value> {
    let row = bytes(&request["row"])?;
    let mut assembler = Assembler::new();
    let mut decoder = Decoder::new(Limits::default())?;
    let (mut frames, mut found) = (0, false);
    for message in request["messages"].as_array().context("messages are a list")? {
        let mut message = bytes(message)?;
        if message.len() >= SCREEN_HEAD_LEN && message[2] & flags::SEALED != 0 {
            // Perhaps the mark is all that hides it.
            message[2] &= !flags::SEALED;
            message.drain(SCREEN_HEAD_LEN..message.len().min(SCREEN_HEAD_LEN + EPOCH));
        }
        let Ok(Pushed::Frame(_, payload)) = assembler.push(&message) else { continue };
        if decoder.decode(payload).is_ok() {
            frames += 1;
            let clear = |pixels: &[u8]| pixels.chunks(4).flat_map(|p| [p[0], p[1], p[2]]).collect::<Vec<_>>();
            let (picture, row) = (clear(decoder.framebuffer()), clear(&row));
            found |= picture.windows(row.len()).step_by(3).any(|pixels| pixels == row);
        }
    }
    Ok(json!({ "frames": frames, "found": found }))
}

fn offer(view: View) -> Offer {
    Offer { view, versions: VersionRange::ours(), rights: Rights::ALL, key: [66; 32] }
}

fn view(value: &Value) -> Result<View> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| -> Result<u16> {
        Ok(u16::try_from(value.as_u64().context("a number is missing in the view")?)?)
    };
    let identity =
        |value: &Value| Identity { name: text(&value["name"]), organisation: text(&value["organisation"]) };
    Ok(View {
        session: text(&value["session"]),
        agent: u8::try_from(number(&value["agent"])?)?,
        console: u8::try_from(number(&value["console"])?)?,
        technician: identity(&value["technician"]),
        customer: identity(&value["customer"]),
        version: Version(number(&value["version"])?),
    })
}

fn secret(request: &Value) -> Result<Secret> {
    let secret = match (request["digits"].as_str(), request["link"].as_str()) {
        (Some(digits), _) => Secret::digits(digits),
        (None, Some(link)) => Secret::link(link),
        (None, None) => None,
    };
    secret.context("four digits or 22 letters are missing")
}

fn stream(request: &Value) -> Result<Stream> {
    let number = request["stream"].as_u64().context("a stream is missing")?;
    Stream::from_byte(u8::try_from(number)?).context("there is no such stream")
}

fn random() -> Random {
    let mut random = [0; RANDOM];
    SystemRandom::new().fill(&mut random).expect("the system has random bytes");
    random
}

fn bytes(value: &Value) -> Result<Vec<u8>> {
    let text = value.as_str().context("bytes are hex")?;
    if !text.len().is_multiple_of(2) {
        bail!("bytes are pairs of hex digits");
    }
    let digit = |digit: u8| char::from(digit).to_digit(16).context("bytes are hex digits");
    text.as_bytes().chunks(2).map(|pair| Ok(u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?)?)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

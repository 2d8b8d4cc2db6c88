//! What sealing costs, and what the lengths of sealed messages tell.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::{Context as _, Result};
use farhand_protocol::envelope::{Head, SCREEN_HEAD_LEN, ScreenHead, Stream};
use farhand_protocol::version::Version;
use farhand_screen::{Encoder, FrameView, NoVideo, Options, Pressure, Rect};
use farhand_seal::context::{Identity, View};
use farhand_seal::ends::{Agent, AgentOutput, Console, ConsoleOutput};
use farhand_seal::keys::Direction;
use farhand_seal::padding::{padded, sizes};
use farhand_seal::secret::Secret;
use serde_json::{Value, json};

use super::{bytes, offer, random};

const AGENT: u8 = 2;
const CONSOLE: u8 = 1;

/// Bytes that look random and come again (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 33) as usize % limit
    }
}

/// Two ends that have met.
fn met() -> Result<(Agent, Console)> {
    let view = View {
        session: "s-1".into(),
        agent: AGENT,
        console: CONSOLE,
        technician: Identity { name: "Ada".into(), organisation: "Example Help".into() },
        customer: Identity::default(),
        version: Version(1),
    };
    let secret = Secret::Link([7; 16]);
    let (mut agent, mut console) =
        (Agent::new(offer(view.clone())), Console::new(offer(view.clone()), vec![secret.clone()]));
    agent.handle_view(view.clone());
    console.handle_view(view);
    // That it is ready is no news to an agent that starts by itself.
    while console.poll_output().is_some() {}
    agent.handle_secret(CONSOLE, secret, &random())?;
    loop {
        let mut moved = false;
        while let Some(output) = agent.poll_output() {
            if let AgentOutput::Signal { signal, .. } = output {
                moved = true;
                console.handle_signal(AGENT, &signal, &random())?;
            }
        }
        while let Some(output) = console.poll_output() {
            if let ConsoleOutput::Signal { signal, .. } = output {
                moved = true;
                agent.handle_signal(CONSOLE, &signal, &random())?;
            }
        }
        if !moved {
            return Ok((agent, console));
        }
    }
}

/// A recorded message: where it went, and how long it was before it was sealed.
struct Recorded {
    stream: Stream,
    down: bool,
    message: Vec<u8>,
    frame: Option<u32>,
}

fn recorded(request: &Value) -> Result<Vec<Recorded>> {
    let mut dice = Dice(5);
    let mut sequences = [[0u32; 2]; Stream::ALL.len()];
    let list = request["messages"].as_array().context("messages are a list")?;
    let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok());
    list.iter()
        .map(|entry| {
            let stream = number(&entry["stream"]).and_then(|n| Stream::from_byte(n as u8));
            let stream = stream.context("there is no such stream")?;
            let down = entry["down"].as_bool() == Some(true);
            let length = number(&entry["length"]).context("a length is missing")? as usize;
            let sequence = &mut sequences[stream as usize][usize::from(down)];
            let sender = if down { AGENT } else { CONSOLE };
            let mut message = Vec::with_capacity(length);
            Head { stream, flags: 0, sender, sequence: *sequence }.write(&mut message);
            *sequence += 1;
            let frame = number(&entry["frame"]);
            if down && stream == Stream::Screen {
                ScreenHead { frame: frame.unwrap_or(0), captured_us: 0 }.write(&mut message);
            }
            while message.len() < length {
                message.push(dice.below(256) as u8);
            }
            Ok(Recorded { stream, down, message, frame })
        })
        .collect()
}

/// Seals and opens what was recorded, one message after the other, and says how long each took and what it added.
pub(crate) fn cost(request: &Value) -> Result<Value> {
    let messages = recorded(request)?;
    let rounds = request["rounds"].as_u64().unwrap_or(20);
    let (mut seal, mut open) = (Vec::new(), Vec::new());
    let (mut frame_seal, mut frame_open) = (Vec::new(), Vec::new());
    let (mut clear_bytes, mut sealed_bytes) = (0, 0);
    for _ in 0..rounds {
        let (mut agent, mut console) = met()?;
        let mut frames: HashMap<u32, (u64, u64)> = HashMap::new();
        for Recorded { stream, down, message, frame } in &messages {
            let begun = Instant::now();
            let sealed =
                if *down { agent.seal(*stream, message)? } else { console.seal(*stream, message)? };
            let between = Instant::now();
            let opened =
                if *down { console.open(*stream, &sealed)? } else { agent.open(*stream, &sealed)? };
            let done = Instant::now();
            anyhow::ensure!(opened.as_ref() == Some(message), "a message did not come out as it went in");
            let nanoseconds = |from: Instant, to: Instant| u64::try_from((to - from).as_nanos());
            let (sealing, opening) = (nanoseconds(begun, between)?, nanoseconds(between, done)?);
            seal.push(sealing);
            open.push(opening);
            if let Some(frame) = frame {
                let sum = frames.entry(*frame).or_default();
                *sum = (sum.0 + sealing, sum.1 + opening);
            }
            clear_bytes += message.len();
            sealed_bytes += sealed.len();
        }
        frame_seal.extend(frames.values().map(|(sealing, _)| *sealing));
        frame_open.extend(frames.values().map(|(_, opening)| *opening));
    }
    Ok(json!({
        "messages": messages.len(),
        "rounds": rounds,
        "seal": percentiles(seal),
        "open": percentiles(open),
        "frame_seal": percentiles(frame_seal),
        "frame_open": percentiles(frame_open),
        "clear_bytes": clear_bytes / rounds.max(1) as usize,
        "sealed_bytes": sealed_bytes / rounds.max(1) as usize,
    }))
}

/// Nanoseconds: median, 95th percentile and sum.
fn percentiles(mut values: Vec<u64>) -> Value {
    values.sort_unstable();
    let at = |share: usize| values.get((values.len() * share / 100).min(values.len().saturating_sub(1)));
    json!({ "count": values.len(), "p50_ns": at(50), "p95_ns": at(95), "sum_ns": values.iter().sum::<u64>() })
}

/// A letter's picture: grey, one byte a pixel.
struct Glyph {
    w: usize,
    h: usize,
    ink: Vec<u8>,
}

/// A screen of text in a fixed-width font, and the encoder that sends it.
struct Screen<'a> {
    glyphs: &'a [Glyph],
    pixels: Vec<u8>,
    encoder: Encoder,
    now: Instant,
}

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;
const MARGIN: usize = 24;

impl<'a> Screen<'a> {
    fn new(glyphs: &'a [Glyph]) -> Result<Self> {
        let encoder = Encoder::new(Options::default())?;
        Ok(Self { glyphs, pixels: vec![255; WIDTH * HEIGHT * 4], encoder, now: Instant::now() })
    }

    /// Draws letters on a line, from a column on; gives the rectangle that changed.
    fn write(&mut self, line: usize, column: usize, letters: &[usize]) -> Rect {
        let (w, h) = (self.glyphs[0].w, self.glyphs[0].h);
        let (left, top) = (MARGIN + column * w, MARGIN + line * h);
        for (at, letter) in letters.iter().enumerate() {
            let glyph = &self.glyphs[*letter];
            for y in 0..glyph.h {
                for x in 0..glyph.w {
                    let from = ((top + y) * WIDTH + left + at * w + x) * 4;
                    self.pixels[from..from + 3].fill(glyph.ink[y * glyph.w + x]);
                }
            }
        }
        Rect::new(left as u32, top as u32, (letters.len() * w) as u32, h as u32)
    }

    /// The bytes of the frame that shows what changed.
    fn frame(&mut self, damage: Rect) -> Result<usize> {
        let view =
            FrameView { pixels: &self.pixels, stride: WIDTH * 4, width: WIDTH as u32, height: HEIGHT as u32 };
        let mut payload = Vec::new();
        self.now += std::time::Duration::from_millis(90);
        self.encoder.encode(view, &[damage], self.now, Pressure::NONE, &mut NoVideo, &mut payload)?;
        Ok(payload.len())
    }

    const fn all() -> Rect {
        Rect::new(0, 0, WIDTH as u32, HEIGHT as u32)
    }

    fn columns(&self) -> usize {
        (WIDTH - 2 * MARGIN) / self.glyphs[0].w
    }

    fn lines(&self) -> usize {
        (HEIGHT - 2 * MARGIN) / self.glyphs[0].h
    }
}

/// How well the length of a frame tells which letter was typed, and whether two texts on the screen are alike.
pub(crate) fn lengths(request: &Value) -> Result<Value> {
    let glyphs: Vec<Glyph> = request["glyphs"]
        .as_array()
        .context("glyphs are a list")?
        .iter()
        .map(|glyph| {
            let side = |name: &str| glyph[name].as_u64().map(|n| n as usize).context("a glyph has sides");
            let (w, h, ink) = (side("w")?, side("h")?, bytes(&glyph["ink"])?);
            anyhow::ensure!(ink.len() == w * h && w > 0 && h > 0, "a glyph has other sides than it says");
            Ok(Glyph { w, h, ink })
        })
        .collect::<Result<_>>()?;
    anyhow::ensure!(glyphs.len() > 1, "two glyphs at least");
    let same = glyphs.iter().all(|glyph| (glyph.w, glyph.h) == (glyphs[0].w, glyphs[0].h));
    anyhow::ensure!(same, "the font is of a fixed width");
    let trials = request["trials"].as_u64().unwrap_or(100) as usize;
    Ok(json!({
        "letters": letters(&glyphs, trials)?,
        "secrets": secrets(&glyphs, trials)?,
    }))
}

/// Types random letters, `trials` times each, and guesses each by the length of its frame.
fn letters(glyphs: &[Glyph], trials: usize) -> Result<Value> {
    let mut dice = Dice(11);
    let mut seen = Vec::new();
    let mut screen = Screen::new(glyphs)?;
    screen.frame(Screen::all())?;
    let (columns, lines) = (screen.columns(), screen.lines());
    for press in 0..trials * glyphs.len() {
        let (line, column) = (press / columns % lines, press % columns);
        if line == 0 && column == 0 {
            screen = Screen::new(glyphs)?;
            screen.frame(Screen::all())?;
        }
        let letter = dice.below(glyphs.len());
        let damage = screen.write(line, column, &[letter]);
        seen.push((letter, screen.frame(damage)?));
    }
    let kbit = |length: usize| length as f64 * 8.0 * KEYS_A_SECOND / 1000.0;
    let mean = |of: fn(usize) -> usize| seen.iter().map(|(_, n)| of(*n)).sum::<usize>() / seen.len().max(1);
    Ok(json!({
        "presses": seen.len(),
        "chance": 1.0 / glyphs.len() as f64,
        "guessed_clear": guessed(&seen, clear),
        "guessed_sealed": guessed(&seen, sealed),
        "lengths_clear": distinct(&seen, clear),
        "lengths_sealed": distinct(&seen, sealed),
        "mean_clear": mean(clear),
        "mean_sealed": mean(sealed),
        "kbit_clear": kbit(mean(clear)),
        "kbit_sealed": kbit(mean(sealed)),
    }))
}

/// What a quick typist does.
const KEYS_A_SECOND: f64 = 10.0;

/// A secret of sixteen letters stands on a full screen; then a text of a stranger's choice comes, which is the same or
/// another. Guesses which it was by the length of its frame.
fn secrets(glyphs: &[Glyph], trials: usize) -> Result<Value> {
    const LETTERS: usize = 16;

    let mut dice = Dice(23);
    let (mut whole, mut half, mut next) = (Vec::new(), Vec::new(), Vec::new());
    let half_known = LETTERS / 2;
    // The whole of it against another text; with a half right either way; and that half with the next letter right or
    // not, as whoever guesses letter by letter has it.
    for (list, known, compared) in
        [(&mut whole, 0, LETTERS), (&mut half, half_known, LETTERS), (&mut next, half_known, half_known + 1)]
    {
        for trial in 0..trials {
            let mut screen = Screen::new(glyphs)?;
            let (columns, lines) = (screen.columns(), screen.lines());
            for line in 0..lines / 2 {
                let text: Vec<usize> = (0..columns).map(|_| dice.below(glyphs.len())).collect();
                screen.write(line, 0, &text);
            }
            let secret: Vec<usize> = (0..LETTERS).map(|_| dice.below(glyphs.len())).collect();
            screen.write(lines / 2 + 1, 2, &secret);
            screen.frame(Screen::all())?;
            let alike = trial % 2;
            let text: Vec<usize> = secret
                .iter()
                .enumerate()
                .map(|(at, letter)| {
                    let same = at < known || (at < compared && alike == 1);
                    if same { *letter } else { dice.below(glyphs.len()) }
                })
                .collect();
            let damage = screen.write(lines / 2 + 3, 2, &text);
            list.push((alike, screen.frame(damage)?));
        }
    }
    let told = |seen: &[(usize, usize)]| {
        json!({
            "trials": seen.len(),
            "chance": 0.5,
            "guessed_clear": guessed(seen, clear),
            "guessed_sealed": guessed(seen, sealed),
            "lengths_clear": distinct(seen, clear),
            "lengths_sealed": distinct(seen, sealed),
        })
    };
    Ok(json!({ "whole": told(&whole), "half": told(&half), "next": told(&next) }))
}

/// Bytes on the wire of a frame's message without the seal.
const fn clear(payload: usize) -> usize {
    SCREEN_HEAD_LEN + payload
}

/// The same with the seal. Frames of more than one piece do not occur here.
fn sealed(payload: usize) -> usize {
    const SEAL: usize = 2 + 16;

    SCREEN_HEAD_LEN + SEAL + padded(payload, sizes(Stream::Screen, Direction::Down)).unwrap_or(payload)
}

fn distinct(seen: &[(usize, usize)], of: impl Fn(usize) -> usize) -> usize {
    seen.iter().map(|(_, length)| of(*length)).collect::<std::collections::BTreeSet<_>>().len()
}

/// The share of right guesses in the second half of what was seen, by who learnt from the first half which thing comes
/// most often with which length.
fn guessed(seen: &[(usize, usize)], of: impl Fn(usize) -> usize) -> f64 {
    let (learn, try_on) = seen.split_at(seen.len() / 2);
    let mut counts: HashMap<usize, HashMap<usize, usize>> = HashMap::new();
    for (what, length) in learn {
        *counts.entry(of(*length)).or_default().entry(*what).or_default() += 1;
    }
    let guess = |length: usize| {
        // The nearest length that was learnt: one that never came tells something too.
        let near = counts.keys().min_by_key(|known| known.abs_diff(length))?;
        counts[near].iter().max_by_key(|(what, count)| (**count, usize::MAX - **what)).map(|(what, _)| *what)
    };
    let right = try_on.iter().filter(|(what, length)| guess(of(*length)) == Some(*what)).count();
    right as f64 / try_on.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_length_stands_for_is_guessed_and_what_all_share_is_not() {
        let seen: Vec<(usize, usize)> = (0..400).map(|at| (at % 4, 100 + at % 4)).collect();
        assert!((guessed(&seen, |length| length) - 1.0).abs() < f64::EPSILON);
        assert!((guessed(&seen, |_| 128) - 0.25).abs() < 0.01);
        assert_eq!(distinct(&seen, |length| length), 4);
    }

    #[test]
    fn recorded_messages_are_sealed_and_opened_and_their_time_is_told() {
        let request = json!({ "rounds": 2, "messages": [
            { "stream": 2, "down": true, "length": 300, "frame": 1 },
            { "stream": 2, "down": true, "length": 90, "frame": 1 },
            { "stream": 1, "down": false, "length": 40 },
        ] });
        let cost = cost(&request).unwrap();
        assert_eq!(cost["seal"]["count"], 6);
        assert_eq!(cost["frame_open"]["count"], 2);
        assert_eq!(cost["clear_bytes"], 430);
    }

    #[test]
    fn typed_letters_are_told_apart_by_clear_lengths_better_than_by_sealed_ones() {
        let glyph = |ink: usize| {
            let row: Vec<u8> = (0..8 * 16).map(|at| if at % (ink + 2) == 0 { 0 } else { 255 }).collect();
            json!({ "w": 8, "h": 16, "ink": super::super::hex(&row) })
        };
        let glyphs: Vec<Value> = (0..6).map(glyph).collect();
        let told = lengths(&json!({ "glyphs": glyphs, "trials": 40 })).unwrap();
        let letters = &told["letters"];
        assert!(letters["guessed_sealed"].as_f64() <= letters["guessed_clear"].as_f64(), "{letters}");
        assert!(letters["lengths_sealed"].as_u64() <= letters["lengths_clear"].as_u64(), "{letters}");
    }
}

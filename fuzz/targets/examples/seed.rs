//! Writes the seeds of the corpus: what sound peers send, from the golden vectors and the encoders themselves.
//! `cargo run -p farhand-fuzz-targets --example seed -- <root of the repository>`

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

use farhand_protocol::envelope::Stream;
use farhand_protocol::framing::{Accepted, Datagram, write_frame};
use farhand_protocol::screen::{FrameMeta, cut};
use farhand_protocol::session::Role;
use farhand_room::ticket::{Ticket, TicketKey};
use farhand_screen::{Encoder, FrameView, NoVideo, Options, Pressure, Rect};
use png::{BitDepth, ColorType};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::args_os().nth(1).ok_or("usage: seed <root of the repository>")?);
    let corpus = root.join("fuzz/corpus");
    let vectors = root.join("protocol/vectors");
    signals(&vectors, &corpus)?;
    channel(&vectors, &corpus)?;
    chat(&vectors, &corpus)?;
    diagnostics(&vectors, &corpus)?;
    pictures(&corpus)?;
    pointing(&vectors, &corpus)?;
    frames(&vectors, &corpus)?;
    screen(&corpus)?;
    ticket(&corpus)?;
    seal(&root.join("protocol/seal/vectors"), &corpus)?;
    ends(&corpus)?;
    // The machines and the hub read structured inputs: noise of some lengths is seed enough.
    for target in ["consent", "session", "room", "sealed", "ends", "hub"] {
        for (at, length) in [16usize, 200, 1500].into_iter().enumerate() {
            let noise: Vec<u8> = (0..length).map(|i| noise(i, at)).collect();
            put(&corpus, target, &format!("noise-{length}"), &noise)?;
        }
    }
    Ok(())
}

fn noise(index: usize, salt: usize) -> u8 {
    ((index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(salt as u32 * 7 + 11) >> 40) as u8
}

fn put(corpus: &Path, target: &str, name: &str, content: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = corpus.join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), content)?)
}

fn vector(vectors: &Path, name: &str) -> Result<Vec<Value>, Box<dyn Error>> {
    Ok(serde_json::from_str(&fs::read_to_string(vectors.join(name))?)?)
}

fn unhex(value: &Value) -> Option<Vec<u8>> {
    let text = value.as_str()?.as_bytes();
    text.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn signals(vectors: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    for side in ["to_service", "from_service"] {
        for (at, entry) in vector(vectors, &format!("{side}.json"))?.iter().enumerate() {
            let text = entry["text"].as_str().ok_or("a signal has a text")?;
            put(corpus, "signals", &format!("{side}-{at}"), text.as_bytes())?;
        }
    }
    put(corpus, "signals", "code", "482 193 5710".as_bytes())
}

fn channel(vectors: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    for (kind, side) in ["control", "input", "pointer", "feedback"].into_iter().enumerate() {
        for (at, entry) in vector(vectors, &format!("{side}.json"))?.iter().enumerate() {
            let message = unhex(&entry["hex"]).ok_or("a message has hex")?;
            let body = [&[kind as u8], &message[8..]].concat();
            put(corpus, "channel", &format!("{side}-{at}"), &body)?;
        }
    }
    let accepted = Accepted { participant: 2, present: vec![1, 3] }.encode();
    put(corpus, "channel", "accepted", &[&[4], accepted.as_slice()].concat())
}

/// Each message, and a whole session of a command line: opened, granted, typed into, shown, held, taken back.
fn diagnostics(vectors: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    const MESSAGE: u8 = 0;
    const TYPING: u8 = 4 << 1;
    const WROTE: u8 = 5 << 1;
    const GATE: u8 = 6 << 1;
    let step = |what: u8, bytes: &[u8]| -> Result<Vec<u8>, Box<dyn Error>> {
        Ok([&[what], &u16::try_from(bytes.len())?.to_be_bytes()[..], bytes].concat())
    };
    let mut whole = Vec::new();
    for (at, entry) in vector(vectors, "diagnostics.json")?.iter().enumerate() {
        let message = unhex(&entry["hex"]).ok_or("a message has hex")?;
        let one = step(MESSAGE, &message[8..])?;
        put(corpus, "diagnostics", &format!("message-{at}"), &one)?;
        if entry["meaning"]["type"] == "shell_close" {
            whole.extend(step(TYPING | 2 << 4, b"ls\t\r")?);
            whole.extend(step(WROTE, b"\x1b]0;title\x07$ ls lost+found\r\n")?);
            whole.extend(step(TYPING | 1 << 4, b"sesame\r")?);
            whole.extend(step(GATE | 2 << 4, &[])?);
            whole.extend(step(GATE | 3 << 4, &[])?);
        }
        whole.extend(one);
    }
    put(corpus, "diagnostics", "whole", &whole)
}

/// PNG files of every kind of colour, and pictures as Windows' programs make them; and some that are not whole.
fn pictures(corpus: &Path) -> Result<(), Box<dyn Error>> {
    let pixels: Vec<u8> = (0..96).map(|at| noise(at, 0)).collect();
    for (name, colours, depth, row) in [
        ("grey", ColorType::Grayscale, BitDepth::Eight, 3),
        ("grey-16", ColorType::Grayscale, BitDepth::Sixteen, 6),
        ("grey-alpha", ColorType::GrayscaleAlpha, BitDepth::Eight, 6),
        ("indexed", ColorType::Indexed, BitDepth::Four, 2),
        ("rgb", ColorType::Rgb, BitDepth::Eight, 9),
        ("rgba", ColorType::Rgba, BitDepth::Eight, 12),
        ("rgba-16", ColorType::Rgba, BitDepth::Sixteen, 24),
    ] {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 3, 2);
        encoder.set_color(colours);
        encoder.set_depth(depth);
        if colours == ColorType::Indexed {
            encoder.set_palette(&pixels[..48]);
            encoder.set_trns(&pixels[..4]);
        }
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&pixels[..row * 2])?;
        writer.finish()?;
        put(corpus, "picture", &format!("png-{name}"), &file)?;
        if name == "rgb" {
            put(corpus, "picture", "png-cut", &file[..file.len() - 20])?;
            // It says that it is 2,130,706,435 pixels wide.
            file[16] = 0x7f;
            put(corpus, "picture", "png-huge", &file)?;
        }
    }
    for (bits, colours, row) in [(1, 2, 4), (4, 16, 4), (8, 3, 4), (16, 0, 8), (24, 0, 12), (32, 0, 12)] {
        let head = [40, 3, 2, 1 | bits << 16, 0, 0, 0, 0, colours, 0];
        let head = head.into_iter().flat_map(u32::to_le_bytes);
        let file: Vec<u8> =
            head.chain(pixels.iter().copied().cycle().take(colours as usize * 4 + row * 2)).collect();
        put(corpus, "picture", &format!("dib-{bits}"), &file)?;
    }
    // The newest header, with masks for four colours, and the lowest row last.
    let mut head = vec![124, 3, (-2_i32).cast_unsigned(), 1 | 32 << 16, 3, 0, 0, 0, 0, 0];
    head.extend([0x00ff_0000, 0x0000_ff00, 0x0000_00ff, 0xff00_0000]);
    head.resize(31, 0);
    let file: Vec<u8> =
        head.into_iter().flat_map(u32::to_le_bytes).chain(pixels[..24].iter().copied()).collect();
    put(corpus, "picture", "dib-v5", &file)?;
    put(corpus, "picture", "dib-cut", &file[..file.len() - 1])
}

/// What a console points at, one message after the other; then each alone.
fn pointing(vectors: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    let mut whole = Vec::new();
    for (at, entry) in vector(vectors, "pointing.json")?.iter().enumerate() {
        let message = unhex(&entry["hex"]).ok_or("a message has hex")?;
        let body = &message[8..];
        let length = u16::try_from(body.len())?.to_be_bytes();
        let piece = [&[3 + at as u8 % 5], &length[..], body].concat();
        put(corpus, "pointing", &format!("pointing-{at}"), &piece)?;
        whole.extend_from_slice(&piece);
    }
    // Time passes, and somebody goes.
    whole.extend_from_slice(&[18, 0, 0, 242, 0, 0, 16, 0, 0]);
    let twice = [whole.as_slice(), &whole].concat();
    put(corpus, "pointing", "whole", &twice)
}

/// What a console says, one message after the other; then each alone.
fn chat(vectors: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    let mut whole = Vec::new();
    for (at, entry) in vector(vectors, "chat.json")?.iter().enumerate() {
        let message = unhex(&entry["hex"]).ok_or("a message has hex")?;
        let body = &message[8..];
        let length = u16::try_from(body.len())?.to_be_bytes();
        let piece = [&[3 + at as u8 % 5], &length[..], body].concat();
        put(corpus, "chat", &format!("chat-{at}"), &piece)?;
        whole.extend_from_slice(&piece);
    }
    // The customer talks too, a console comes, and the window begins anew.
    for (who, text) in
        [(2u8, "Guten Tag\u{202e}"), (1, "Ada"), (0, ""), (2, "x"), (10, "https://example.org")]
    {
        let length = u16::try_from(text.len())?.to_be_bytes();
        whole.extend_from_slice(&[&[who], &length[..], text.as_bytes()].concat());
    }
    put(corpus, "chat", "both", &whole)
}

fn frames(vectors: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    let mut sequence = 0;
    let mut stream = Vec::new();
    for (frame, length) in [(0u32, 300usize), (1, 0), (2, 17_000)] {
        let meta = FrameMeta { frame, captured_us: 1, reset: frame == 0, exact: true };
        let payload = vec![0; length];
        for message in cut(&payload, meta, 1, &mut sequence) {
            write_frame(&message, &mut stream)?;
        }
    }
    put(corpus, "frames", "screen", &stream)?;
    let mut small = Vec::new();
    for (at, entry) in vector(vectors, "input.json")?.iter().enumerate() {
        let message = unhex(&entry["hex"]).ok_or("a message has hex")?;
        write_frame(&message, &mut small)?;
        let copy = Datagram::Copy { stream: Stream::Input, index: at as u32, message: message.into() };
        write_frame(&copy.write(), &mut small)?;
    }
    put(corpus, "frames", "doubled", &small)
}

fn screen(corpus: &Path) -> Result<(), Box<dyn Error>> {
    let (width, height) = (96u32, 64u32);
    let mut encoder = Encoder::new(Options::default())?;
    let mut now = Instant::now();
    let mut stream = Vec::new();
    for step in 0..5usize {
        let pixels: Vec<u8> = (0..(width * height) as usize)
            .flat_map(|i| {
                let (x, y) = (i % width as usize, i / width as usize + step * 3);
                let ink = if (x / 5 + y / 7) % 3 == 0 { 0 } else { 240 };
                [ink, if step == 4 { noise(i, 3) } else { ink }, ink, 255]
            })
            .collect();
        let frame = FrameView { pixels: &pixels, stride: width as usize * 4, width, height };
        let damage = [Rect { x: 0, y: 0, w: width, h: height }];
        let mut payload = Vec::new();
        encoder.encode(frame, &damage, now, Pressure::default(), &mut NoVideo, &mut payload)?;
        now += Duration::from_millis(400);
        stream.extend_from_slice(&u16::try_from(payload.len())?.to_be_bytes());
        stream.extend_from_slice(&payload);
        put(corpus, "screen", &format!("frames-{step}"), &stream)?;
    }
    Ok(())
}

fn ticket(corpus: &Path) -> Result<(), Box<dyn Error>> {
    let key = TicketKey::from_bytes(&[7; 32]);
    for (name, role, expires_at) in [("agent", Role::Agent, 2), ("technician", Role::Technician, 1)] {
        let ticket = Ticket { session: "s-1".to_owned(), participant: 3, role, expires_at };
        put(corpus, "ticket", name, key.sign(&ticket)?.as_bytes())?;
    }
    Ok(())
}

fn seal(vectors: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    for (at, entry) in vector(vectors, "handshake.json")?.iter().enumerate() {
        let mut messages = Vec::new();
        for name in ["start", "answer", "confirm"] {
            let message = unhex(&entry[name]).ok_or("a message has hex")?;
            messages.extend_from_slice(&u16::try_from(message.len())?.to_be_bytes());
            messages.extend_from_slice(&message);
        }
        put(corpus, "handshake", &format!("whole-{at}"), &messages)?;
    }
    for (at, entry) in vector(vectors, "receipts.json")?.iter().enumerate() {
        put(corpus, "receipt", &format!("receipt-{at}"), &unhex(&entry["file"]).ok_or("a receipt has hex")?)?;
    }
    for (at, entry) in vector(vectors, "messages.json")?.iter().enumerate() {
        put(
            corpus,
            "sealed",
            &format!("message-{at}"),
            &unhex(&entry["sealed"]).ok_or("a message has hex")?,
        )?;
    }
    Ok(())
}

/// A relay between two ends that is honest: it delivers their hand-shake, and what they say after it.
fn ends(corpus: &Path) -> Result<(), Box<dyn Error>> {
    /// Steps that there are; which one is meant stands in the top of a number.
    const STEPS: u64 = 14;
    const DELIVER: u64 = 0;
    const TECHNICIAN_SAYS: u64 = 9;
    const AGENT_SAYS: u64 = 10;
    const RENEW: u64 = 12;

    let mut steps = Vec::new();
    let mut step = |which: u64, with: &[u8]| -> Result<(), Box<dyn Error>> {
        steps.extend_from_slice(&u32::try_from((which << 32).div_ceil(STEPS))?.to_le_bytes());
        steps.extend_from_slice(with);
        Ok(())
    };
    for _ in 0..12 {
        step(DELIVER, &[])?;
    }
    for what in 0..9 {
        step(TECHNICIAN_SAYS, &[what])?;
        step(AGENT_SAYS, &[what])?;
        step(if what % 3 == 0 { RENEW } else { DELIVER }, &[])?;
        step(DELIVER, &[])?;
        step(DELIVER, &[])?;
    }
    put(corpus, "ends", "honest", &steps)
}

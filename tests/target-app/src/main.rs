//! The customer's screen in tests: a window of known pixels that writes down every key, button and motion it gets,
//! and plays workloads on command.
//!
//! Each event is a line of JSON in the log; `{"event":"ready"}` on standard output says that the window is painted.
//! Commands are lines on standard input or in a FIFO: `idle`, `type`, `scroll`, `drag`, `video` (each with frames a
//! second if wanted), `pattern N`, `quit`.

mod log;
mod window;

use std::fs::OpenOptions;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Parser;
use farhand_target_app::{Mode, Workload};
use rustix::event::{PollFd, PollFlags, Timespec};
use serde_json::json;

use crate::log::Log;
use crate::window::{Happened, Window};

/// The longest command, bytes.
const MAX_COMMAND: usize = 256;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Where to write down events; standard output if not given.
    #[arg(long)]
    log: Option<PathBuf>,
    /// A FIFO to read commands from instead of standard input; made if it is not there.
    #[arg(long)]
    fifo: Option<PathBuf>,
    /// Size of the window, as in 800x600; the whole screen if not given.
    #[arg(long, value_parser = size)]
    size: Option<(u32, u32)>,
    /// Place of the window's top left corner, as in 40,30.
    #[arg(long, value_parser = place, default_value = "0,0")]
    at: (i32, i32),
    /// The picture to begin with: 0 is grey, odd ones are like text, even ones like photos.
    #[arg(long, default_value_t = 1)]
    pattern: u64,
    /// Seed of the workloads.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Lets the window manager frame the window, and does not take the keyboard.
    #[arg(long)]
    managed: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut log = Log::open(arguments.log.as_deref())?;
    let mut commands = Commands::open(&arguments)?;
    let mut window = Window::open(arguments.size, arguments.at, arguments.pattern, arguments.managed)?;
    let mut playing: Option<(Workload, Duration, Instant)> = None;
    let mut ready = false;
    loop {
        while let Some(happened) = window.next()? {
            match happened {
                Happened::Painted if !ready => {
                    ready = true;
                    log.ready(&window)?;
                }
                Happened::Painted => {}
                Happened::Input(event) => log.write(event)?,
                Happened::Closed => return Ok(()),
            }
        }
        for line in commands.read()? {
            match command(&line, arguments.seed, &mut window) {
                Ok(Command::Quit) => return Ok(()),
                Ok(Command::Play(workload, frames_per_second)) => {
                    log.write(
                        json!({ "event": "mode", "mode": workload.mode().name(), "fps": frames_per_second }),
                    )?;
                    let period = Duration::from_secs(1).checked_div(frames_per_second);
                    playing = period.map(|period| (workload, period, Instant::now() + period));
                }
                Ok(Command::Pattern(number)) => {
                    playing = None;
                    window.show_pattern(number)?;
                    log.write(json!({ "event": "pattern", "pattern": number }))?;
                }
                Err(error) => {
                    log.write(json!({ "event": "refused", "command": line, "why": error.to_string() }))?
                }
            }
        }
        let mut until = None;
        if let Some((workload, period, next)) = &mut playing {
            let now = Instant::now();
            if now >= *next {
                window.play(workload)?;
                log.write(json!({ "event": "frame", "frame": workload.frame() }))?;
                *next += *period;
                // Fallen behind: leave frames out rather than hurry.
                if *next < now {
                    *next = now + *period;
                }
                continue;
            }
            until = Some(*next - now);
        }
        sleep(&window, &commands, until)?;
    }
}

/// Blocks until there is something on the display or a command, or the time is over.
fn sleep(window: &Window, commands: &Commands, left: Option<Duration>) -> anyhow::Result<()> {
    let left = left.map(Timespec::try_from).transpose().context("a time too long")?;
    let mut fds = vec![PollFd::new(window.stream(), PollFlags::IN)];
    if let Some(input) = &commands.input {
        fds.push(PollFd::new(input, PollFlags::IN));
    }
    match rustix::event::poll(&mut fds, left.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error).context("waiting failed"),
    }
}

enum Command {
    Play(Workload, u32),
    Pattern(u64),
    Quit,
}

fn command(line: &str, seed: u64, window: &mut Window) -> anyhow::Result<Command> {
    let mut words = line.split_ascii_whitespace();
    let word = words.next().unwrap_or_default();
    let number = words.next().map(str::parse::<u64>).transpose().context("not a number")?;
    match (word, number) {
        ("quit", None) => Ok(Command::Quit),
        ("pattern", Some(number)) => Ok(Command::Pattern(number)),
        (name, frames_per_second) => {
            let Some(mode) = Mode::from_name(name) else { bail!("no such command") };
            let frames_per_second = match frames_per_second {
                None => mode.frames_per_second(),
                Some(number) => u32::try_from(number).context("too many frames")?.min(1000),
            };
            let workload = window.begin(mode, seed)?;
            Ok(Command::Play(workload, if mode == Mode::Idle { 0 } else { frames_per_second }))
        }
    }
}

/// Where commands come from. When standard input ends, there are no more, and the window stays.
struct Commands {
    input: Option<OwnedFd>,
    partial: Vec<u8>,
}

impl Commands {
    fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let input = match &arguments.fifo {
            None => std::io::stdin().as_fd().try_clone_to_owned().context("standard input cannot be had")?,
            Some(path) => {
                let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
                match rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0) {
                    Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                    Err(error) => return Err(error).context("the FIFO cannot be made"),
                }
                // Open for writing too, so that it does not end when a writer goes.
                OpenOptions::new()
                    .read(true)
                    .write(true)
                    .open(path)
                    .context("the FIFO cannot be opened")?
                    .into()
            }
        };
        Ok(Self { input: Some(input), partial: Vec::new() })
    }

    /// The lines that are here, without waiting.
    fn read(&mut self) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        while let Some(input) = &self.input {
            let mut ready = [PollFd::new(input, PollFlags::IN)];
            let none = Timespec { tv_sec: 0, tv_nsec: 0 };
            match rustix::event::poll(&mut ready, Some(&none)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => break,
                Ok(_) => {}
                Err(error) => return Err(error).context("waiting failed"),
            }
            let mut buffer = [0; MAX_COMMAND];
            match rustix::io::read(input, &mut buffer) {
                Ok(0) => self.input = None,
                Ok(read) => {
                    for &byte in &buffer[..read] {
                        if byte == b'\n' {
                            let line = std::mem::take(&mut self.partial);
                            lines.push(String::from_utf8_lossy(&line).trim().to_owned());
                        } else if self.partial.len() < MAX_COMMAND {
                            self.partial.push(byte);
                        }
                    }
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error).context("commands cannot be read"),
            }
        }
        lines.retain(|line| !line.is_empty());
        Ok(lines)
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parse = || {
        let (width, height) = text.split_once('x')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    };
    parse()
        .filter(|(width, height)| (1..=16384).contains(width) && (1..=16384).contains(height))
        .ok_or_else(|| "a size is written as 800x600".to_owned())
}

fn place(text: &str) -> Result<(i32, i32), String> {
    let parse = || {
        let (x, y) = text.split_once(',')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    parse().ok_or_else(|| "a place is written as 40,30".to_owned())
}

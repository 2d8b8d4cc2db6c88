//! A desktop of the tests' own: Xvfb, openbox, and hands by xdotool.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use farhand_agent::window::protocol::{FromWindow, ToWindow, line};

/// Conditions are given up after this long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A click that had no effect was too early, and another follows.
const BETWEEN_CLICKS: Duration = Duration::from_millis(600);

/// Waits until `condition` gives something.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "never happened: {what}");
        std::thread::park_timeout(Duration::from_millis(40));
    }
}

/// An X server with a window manager.
pub struct Desktop {
    xvfb: Child,
    openbox: Child,
    pub display: String,
}

impl Desktop {
    pub fn start() -> Self {
        Self::sized(1280, 800)
    }

    pub fn sized(width: i32, height: i32) -> Self {
        let screen = format!("{width}x{height}x24");
        let mut xvfb = Command::new("Xvfb")
            .args(["-displayfd", "1", "-noreset", "-screen", "0", &screen, "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut number = String::new();
        let output = xvfb.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut number).expect("Xvfb names its display");
        let display = format!(":{}", number.trim());
        let openbox = Command::new("openbox")
            .env("DISPLAY", &display)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("openbox is installed");
        let desktop = Self { xvfb, openbox, display };
        wait_for("a window manager", || {
            desktop.run("xprop", &["-root", "_NET_SUPPORTING_WM_CHECK"]).0.contains("0x").then_some(())
        });
        desktop
    }

    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.display).env("LANG", "en_GB.UTF-8").env_remove("LC_ALL");
        command
    }

    /// Standard output and error of a helper program.
    pub fn run(&self, program: &str, arguments: &[&str]) -> (String, String) {
        let output = self.command(program).args(arguments).output().expect(program);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (text(output.stdout), text(output.stderr))
    }

    pub fn xdotool(&self, arguments: &[&str]) -> String {
        self.run("xdotool", arguments).0
    }

    /// The visible window with this title: x, y, width, height.
    pub fn window(&self, title: &str) -> Option<Place> {
        let pattern = format!("^{title}$");
        let found = self.xdotool(&["search", "--onlyvisible", "--name", &pattern]);
        let id = found.lines().next()?.to_owned();
        // Not xdotool's geometry: it counts the frame of a window manager twice.
        let geometry = self.run("xwininfo", &["-id", &id]).0;
        let field = |name: &str| {
            geometry.lines().find_map(|l| l.trim().strip_prefix(name)?.trim().parse::<i32>().ok())
        };
        let (x, y) = (field("Absolute upper-left X:")?, field("Absolute upper-left Y:")?);
        Some(Place { x, y, w: field("Width:")?, h: field("Height:")?, id })
    }

    /// Gives this window the keyboard.
    pub fn focus(&self, place: &Place) {
        self.xdotool(&["windowfocus", "--sync", &place.id]);
    }

    pub fn wait_for_window(&self, title: &str) -> Place {
        wait_for(title, || self.window(title))
    }

    /// One after the other for the X server too. `--sync` would wait in vain for a pointer that is there already.
    pub fn click(&self, x: i32, y: i32) {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", "1"]);
    }

    /// Clicks where `place` says until `done`: a window takes no clicks right after it has come, and may still grow.
    pub fn click_until<T>(
        &self,
        what: &str,
        mut place: impl FnMut() -> Option<(i32, i32)>,
        mut done: impl FnMut() -> Option<T>,
    ) -> T {
        let mut clicked: Option<Instant> = None;
        wait_for(what, || {
            if clicked.is_none_or(|at| at.elapsed() > BETWEEN_CLICKS)
                && let Some((x, y)) = place()
            {
                self.click(x, y);
                clicked = Some(Instant::now());
            }
            done()
        })
    }

    pub fn key(&self, key: &str) {
        self.xdotool(&["key", key]);
    }

    /// Where a person can look at it: set `FARHAND_SHOTS` to a folder.
    pub fn shot(&self, name: &str) {
        if let Ok(folder) = std::env::var("FARHAND_SHOTS") {
            let file = Path::new(&folder).join(format!("{name}.png"));
            self.run("import", &["-window", "root", &file.to_string_lossy()]);
        }
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in [&mut self.openbox, &mut self.xvfb] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Where a window is.
#[derive(Debug, Clone)]
pub struct Place {
    pub id: String,
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
}

/// The agent's window process, spoken to as the session process does.
pub struct WindowProcess {
    pub child: Child,
    input: Option<ChildStdin>,
    said: mpsc::Receiver<FromWindow>,
}

impl WindowProcess {
    pub fn start(desktop: &Desktop, environment: &[(&str, &str)]) -> Self {
        let mut child = desktop
            .command(env!("CARGO_BIN_EXE_farhand-agent"))
            .arg("window")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the agent starts");
        let input = child.stdin.take();
        let output = child.stdout.take().expect("piped");
        let (sender, said) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let message = serde_json::from_str(&line).expect("the window speaks the protocol");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self { child, input, said }
    }

    pub fn show(&mut self, message: &ToWindow) {
        let input = self.input.as_mut().expect("open");
        input.write_all(line(message).as_bytes()).expect("the window reads");
        input.flush().expect("the window reads");
    }

    /// The next message.
    pub fn next(&self) -> FromWindow {
        self.said.recv_timeout(PATIENCE).expect("the window says something")
    }

    /// A message, if one came by now.
    pub fn said(&self) -> Option<FromWindow> {
        self.said.try_recv().ok()
    }

    pub fn end_input(&mut self) {
        self.input = None;
    }

    pub fn wait_for_exit(&mut self) {
        wait_for("the window's process ends", || self.child.try_wait().expect("waits"));
    }
}

impl Drop for WindowProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All that a pipe holds until its end.
pub fn read_all(mut pipe: impl Read) -> String {
    let mut text = String::new();
    pipe.read_to_string(&mut text).expect("text");
    text
}

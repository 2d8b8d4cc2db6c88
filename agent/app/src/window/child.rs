//! Starts the window's process, keeps it, and passes lines to and fro.

use std::io;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::protocol::{FromWindow, MAX_LINE, Stage, ToWindow, line};
use super::restart::RestartShown;
use super::{WindowEvent, WindowPort};

/// A window that dies again within this time is not started again: someone or something kills it.
const KEEP_FOR: Duration = Duration::from_secs(30);
/// A window must be seen within this time.
const READY_WITHIN: Duration = Duration::from_secs(15);

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// The process could not be started.
    #[error("The window cannot be started: {0}.")]
    Start(#[from] io::Error),
    /// It ended or stayed silent before it could be seen.
    #[error("The window cannot be shown. Start this program inside a graphical session, or set DISPLAY.")]
    NotSeen,
}

struct Process {
    child: Child,
    input: ChildStdin,
    /// What it says; ends with the process, and at anything that is not a message of this protocol.
    said: mpsc::Receiver<FromWindow>,
}

/// What a window shows while the service is being reached.
#[must_use]
pub fn connecting() -> ToWindow {
    ToWindow::Status {
        stage: Stage::Connecting,
        technician: String::new(),
        organisation: String::new(),
        domain: None,
        rights: farhand_protocol::rights::Rights::EMPTY,
        since: None,
        until: None,
        marks: false,
        detail: None,
    }
}

/// Starts the window's process, which shows `first`, and waits until it can be seen. The task ends when every sender of
/// [`WindowPort::show`] is dropped and what they sent is written.
///
/// # Errors
/// [`WindowError`].
pub async fn spawn(first: ToWindow) -> Result<(WindowPort, JoinHandle<()>), WindowError> {
    let (show, shown) = mpsc::unbounded_channel();
    let (events, receiver) = mpsc::unbounded_channel();
    let mut process = start()?;
    let _ = process.input.write_all(line(&first).as_bytes()).await;
    let ready = tokio::time::timeout(READY_WITHIN, process.said.recv()).await;
    let Ok(Some(FromWindow::Ready)) = ready else {
        let _ = process.child.start_kill();
        return Err(WindowError::NotSeen);
    };
    let task = tokio::spawn(keep(process, first, shown, events));
    Ok((WindowPort { show, events: receiver }, task))
}

fn start() -> io::Result<Process> {
    let program = std::env::current_exe()?;
    // The window outlives this process, and whoever reads this process's standard error waits for its end.
    let told = std::env::var_os("FARHAND_AGENT_LOG").is_some();
    let stderr = if told { Stdio::inherit() } else { Stdio::null() };
    let mut command = Command::new(program);
    // Beside a Wayland desktop an X server for older programs may run. Its windows can stay above others and be kept in
    // sight, which Wayland allows no program's.
    if std::env::var_os("DISPLAY").is_some_and(|display| !display.is_empty()) {
        command.env_remove("WAYLAND_DISPLAY");
    }
    let mut child = command
        .arg("window")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .kill_on_drop(false)
        .spawn()?;
    let missing = || io::Error::other("no pipe");
    let input = child.stdin.take().ok_or_else(missing)?;
    let output = child.stdout.take().ok_or_else(missing)?;
    let (sender, said) = mpsc::channel(16);
    tokio::spawn(read(output, sender));
    Ok(Process { child, input, said })
}

async fn keep(
    mut process: Process,
    first: ToWindow,
    mut shown: mpsc::UnboundedReceiver<ToWindow>,
    events: mpsc::UnboundedSender<WindowEvent>,
) {
    let mut status = Some(first);
    let mut choices = None;
    let mut screen_lock = None;
    let mut restart = None;
    let mut over = false;
    let mut restarted: Option<Instant> = None;
    loop {
        tokio::select! {
            message = shown.recv() => {
                // The session is done with the window. What it was told last stays on the screen for a while.
                let Some(message) = message else { return };
                over |= matches!(message, ToWindow::Over { .. });
                if matches!(
                    message,
                    ToWindow::Status { .. }
                        | ToWindow::Over { .. }
                        | ToWindow::Permissions { .. }
                        | ToWindow::Start { .. }
                ) {
                    status = Some(message.clone());
                }
                if matches!(message, ToWindow::Choices { .. }) {
                    choices = Some(message.clone());
                }
                if matches!(message, ToWindow::Restart { shown: RestartShown::Possible { .. } }) {
                    restart = Some(message.clone());
                }
                if matches!(message, ToWindow::ScreenLock { .. }) {
                    screen_lock = Some(message.clone());
                }
                let _ = process.input.write_all(line(&message).as_bytes()).await;
            }
            message = process.said.recv() => {
                if let Some(message) = message {
                    if events.send(WindowEvent::Said(message)).is_err() {
                        return;
                    }
                    continue;
                }
                let _ = process.child.start_kill();
                let _ = process.child.wait().await;
                if over {
                    return;
                }
                let again = restarted.is_some_and(|at| at.elapsed() < KEEP_FOR);
                let next = if again { None } else { start().ok() };
                let Some(next) = next else {
                    tracing::warn!("the window ended and cannot be kept");
                    let _ = events.send(WindowEvent::Lost);
                    return;
                };
                tracing::warn!("the window ended; it is started again");
                process = next;
                restarted = Some(Instant::now());
                for known in status.iter().chain(&choices).chain(&screen_lock).chain(&restart) {
                    let _ = process.input.write_all(line(known).as_bytes()).await;
                }
                let _ = events.send(WindowEvent::Restarted);
            }
        }
    }
}

async fn read(output: ChildStdout, said: mpsc::Sender<FromWindow>) {
    let mut output = BufReader::new(output);
    loop {
        let mut bytes = Vec::new();
        let mut limited = (&mut output).take(MAX_LINE as u64);
        if limited.read_until(b'\n', &mut bytes).await.is_err() {
            return;
        }
        let Ok(message) = serde_json::from_slice(&bytes) else { return };
        if said.send(message).await.is_err() {
            return;
        }
    }
}

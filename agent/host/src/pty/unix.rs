//! Pseudo-terminals. How a system names one, and which processes it knows, is its own file's.
#![allow(unsafe_code, reason = "the C library's calls for terminals")]

use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{MARK, MARK_LENGTH, PtyError, Read, Terminal, Typing, processes};

/// What ends well gets this long after being asked.
const ASKED: Duration = Duration::from_millis(300);
/// What does not end at all is given up after this long.
const GIVEN_UP: Duration = Duration::from_secs(2);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(10);
/// Variables that lead to the customer's screen and to this program's settings: a command line gets none of them.
const WITHHELD: [&str; 3] = ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"];
const OURS: &str = "FARHAND_";

struct Pty {
    master: File,
    child: Mutex<Child>,
    program: String,
    user: String,
    mark: String,
}

pub fn open(cols: u16, rows: u16) -> Result<Arc<dyn Terminal>, PtyError> {
    let (master, slave) = pair().map_err(PtyError::NoTerminal)?;
    set_size(master.as_raw_fd(), cols, rows).map_err(PtyError::NoTerminal)?;
    let seed = draw_mark().map_err(PtyError::NoTerminal)?;
    let program = shell();
    let not_started = |error| PtyError::NotStarted { program: program.display().to_string(), error };
    let ends = || slave.try_clone().map(Stdio::from);
    let (input, output, errors) =
        (ends().map_err(not_started)?, ends().map_err(not_started)?, ends().map_err(not_started)?);
    let mut command = Command::new(&program);
    command.stdin(input).stdout(output).stderr(errors);
    for (name, _) in std::env::vars_os() {
        if is_withheld(&name) {
            command.env_remove(name);
        }
    }
    command.env("TERM", "xterm-256color").env("COLORTERM", "truecolor").env(MARK, &seed);
    if let Some(home) = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_dir()) {
        command.current_dir(home);
    }
    // SAFETY: between fork and exec only async-signal-safe calls are made: setsid, ioctl, sigaction and sigprocmask.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() < 0 {
                return Err(io::Error::last_os_error());
            }
            if libc::ioctl(0, processes::TAKE_TERMINAL, 0) < 0 {
                return Err(io::Error::last_os_error());
            }
            // A shell decides by itself what it ignores.
            for signal in
                [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGTERM, libc::SIGPIPE, libc::SIGCHLD]
            {
                libc::signal(signal, libc::SIG_DFL);
            }
            let mut none: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
            Ok(())
        });
    }
    let child = command.spawn().map_err(not_started)?;
    // Its own ends would keep the terminal open.
    drop(command);
    drop(slave);
    let mark = processes::mark(seed, child.id());
    let pty =
        Pty { master, child: Mutex::new(child), program: program.display().to_string(), user: user(), mark };
    Ok(Arc::new(pty))
}

fn is_withheld(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(OURS) || WITHHELD.contains(&name.as_ref())
}

/// Both ends of a new terminal. Neither is inherited by other programs.
fn pair() -> io::Result<(File, OwnedFd)> {
    // SAFETY: plain calls; each result is looked at, and the descriptor is owned from here on.
    let master = unsafe {
        let fd = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC | libc::O_NONBLOCK);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        File::from_raw_fd(fd)
    };
    let fd = master.as_raw_fd();
    // SAFETY: plain calls.
    if unsafe { libc::grantpt(fd) < 0 || libc::unlockpt(fd) < 0 } {
        return Err(io::Error::last_os_error());
    }
    let name = processes::name(fd)?;
    let slave = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOCTTY | libc::O_CLOEXEC)
        .open(name)?;
    Ok((master, slave.into()))
}

fn set_size(fd: RawFd, cols: u16, rows: u16) -> io::Result<()> {
    let size = libc::winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel reads one `winsize`.
    let done = unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &raw const size) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn draw_mark() -> io::Result<String> {
    let mut random = [0; MARK_LENGTH / 2];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(random.iter().fold(String::new(), |mut mark, byte| {
        // Writing to a text cannot fail.
        let _ = write!(mark, "{byte:02x}");
        mark
    }))
}

/// The account's shell: what its sign-in set, what the list of accounts says, or the one that every system has.
fn shell() -> PathBuf {
    let named = std::env::var_os("SHELL").map(PathBuf::from);
    let runs = |path: &PathBuf| {
        let file = fs::metadata(path);
        path.is_absolute() && file.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    named
        .into_iter()
        .chain(account().map(|account| account.shell))
        .find(runs)
        .unwrap_or_else(|| "/bin/sh".into())
}

fn user() -> String {
    account().map_or_else(|| format!("{}", rustix::process::getuid().as_raw()), |account| account.name)
}

struct Account {
    name: String,
    shell: PathBuf,
}

fn account() -> Option<Account> {
    let mut buffer = vec![0; 16 * 1024];
    // SAFETY: every pointer is valid for as long as the call and the reads after it last.
    unsafe {
        let mut entry: libc::passwd = std::mem::zeroed();
        let mut found = std::ptr::null_mut();
        let error = libc::getpwuid_r(
            libc::getuid(),
            &raw mut entry,
            buffer.as_mut_ptr(),
            buffer.len(),
            &raw mut found,
        );
        if error != 0 || found.is_null() || entry.pw_name.is_null() || entry.pw_shell.is_null() {
            return None;
        }
        let text = |pointer| CStr::from_ptr(pointer).to_string_lossy().into_owned();
        Some(Account { name: text(entry.pw_name), shell: text(entry.pw_shell).into() })
    }
}

impl Pty {
    fn poll(&self, events: libc::c_short, wait: Duration) -> io::Result<libc::c_short> {
        let mut asked = libc::pollfd { fd: self.master.as_raw_fd(), events, revents: 0 };
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one `pollfd`, valid for the call.
        match unsafe { libc::poll(&raw mut asked, 1, wait) } {
            ready if ready >= 0 => Ok(asked.revents),
            _ => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => Ok(0),
                error => Err(error),
            },
        }
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Terminal for Pty {
    fn about(&self) -> (String, String) {
        (self.program.clone(), self.user.clone())
    }

    fn read(&self, into: &mut [u8], wait: Duration) -> io::Result<Read> {
        if self.poll(libc::POLLIN, wait)? == 0 {
            return Ok(Read::Nothing);
        }
        match (&self.master).read(into) {
            Ok(0) => Ok(Read::End),
            Ok(read) => Ok(Read::Some(read)),
            // So Linux says that nobody has the other end any more.
            Err(error) if error.raw_os_error() == Some(libc::EIO) => Ok(Read::End),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(Read::Nothing)
            }
            Err(error) => Err(error),
        }
    }

    fn typing(&self) -> io::Result<Typing> {
        // SAFETY: the kernel writes one `termios`.
        let settings = unsafe {
            let mut settings: libc::termios = std::mem::zeroed();
            if libc::tcgetattr(self.master.as_raw_fd(), &raw mut settings) < 0 {
                return Err(io::Error::last_os_error());
            }
            settings
        };
        let (shows, by_line) = (settings.c_lflag & libc::ECHO != 0, settings.c_lflag & libc::ICANON != 0);
        Ok(match (shows, by_line) {
            (true, _) => Typing::Shown,
            (false, true) => Typing::Secret,
            (false, false) => Typing::Raw,
        })
    }

    fn write(&self, bytes: &[u8], wait: Duration) -> io::Result<usize> {
        if self.poll(libc::POLLOUT, wait)? & libc::POLLOUT == 0 {
            return Ok(0);
        }
        match (&self.master).write(bytes) {
            Ok(written) => Ok(written),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }

    fn resize(&self, cols: u16, rows: u16) -> io::Result<()> {
        set_size(self.master.as_raw_fd(), cols, rows)
    }

    fn ended(&self) -> Option<String> {
        match self.child().try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(words(status)),
            Err(error) => Some(error.to_string()),
        }
    }

    fn mark(&self) -> &str {
        &self.mark
    }

    fn end(&self) {
        end_marked(&self.mark);
        // Whatever it is, it is no child of ours to leave behind.
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => String::new(),
    }
}

/// Ends what carries the mark: first it is asked, as when a terminal is closed, then it is killed. What it starts
/// meanwhile carries the mark too, and is found at the next look.
pub fn end_marked(mark: &str) {
    let begun = Instant::now();
    let mut asked = BTreeMap::new();
    loop {
        let found = processes::marked(mark);
        if found.is_empty() || begun.elapsed() > GIVEN_UP {
            return;
        }
        for pid in found {
            let since = *asked.entry(pid).or_insert_with(|| {
                signal(pid, libc::SIGHUP);
                signal(pid, libc::SIGCONT);
                Instant::now()
            });
            if since.elapsed() > ASKED {
                signal(pid, libc::SIGKILL);
            }
        }
        thread::sleep(LOOK);
    }
}

fn signal(pid: i32, signal: libc::c_int) {
    // SAFETY: a plain call. Between the look and this, the number could have been given to another process of this
    // account only if all numbers had been used up in that time.
    unsafe { libc::kill(pid, signal) };
}

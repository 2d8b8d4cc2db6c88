//! Stages that only compile run before their turn, beside tests that mostly wait, and at the lowest priority.
//!
//! Each is a process of its own: this program with the word `ahead`, started at once, for it may be replaced by what is
//! built meanwhile. It waits for a line on its input before it begins, and ends with everything it started when that
//! input does, which is when whoever started it is gone.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use anyhow::{Context, Result, bail};

use crate::counts::Counts;
use crate::shell;

/// A stage that was started before its turn.
pub struct Ahead {
    stage: &'static str,
    child: Child,
    leave: Option<ChildStdin>,
    begun: bool,
    output: Arc<Mutex<Output>>,
    readers: Vec<JoinHandle<()>>,
}

/// What the stage has printed so far and nobody has seen.
#[derive(Default)]
struct Output {
    held: Vec<u8>,
    shown: bool,
    counts: Counts,
}

impl Output {
    fn line(&mut self, line: &[u8]) {
        self.counts.read(&String::from_utf8_lossy(line));
        if self.shown {
            print!("{}", String::from_utf8_lossy(line));
        } else {
            self.held.extend_from_slice(line);
        }
    }

    fn show(&mut self) {
        print!("{}", String::from_utf8_lossy(&self.held));
        self.held.clear();
        self.shown = true;
    }
}

impl Ahead {
    /// Starts the process that will run this stage, which does not begin with it yet.
    pub fn prepare(stage: &'static str) -> Result<Self> {
        let program = std::env::current_exe().context("this program does not know where it lies")?;
        let mut command = gently(&program);
        command.args(["ahead", stage]);
        Self::start(stage, &mut command)
    }

    fn start(stage: &'static str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("could not start {stage} ahead of its turn"))?;
        let output = Arc::new(Mutex::new(Output::default()));
        let readers = [
            child.stdout.take().map(|stream| reader(stream, Arc::clone(&output))),
            child.stderr.take().map(|stream| reader(stream, Arc::clone(&output))),
        ];
        let leave = child.stdin.take();
        Ok(Self {
            stage,
            child,
            leave,
            begun: false,
            output,
            readers: readers.into_iter().flatten().collect(),
        })
    }

    /// Lets it begin. Said twice, it changes nothing.
    pub fn begin(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        match &mut self.leave {
            Some(leave) => writeln!(leave, "go").with_context(|| format!("{} is gone already", self.stage)),
            None => Ok(()),
        }
    }

    /// Its turn: shows what it has printed and will print, and waits for its end.
    pub fn outcome(mut self) -> Result<Counts> {
        self.begin()?;
        self.output.lock().expect("no reader panics while it holds this").show();
        let status = self.child.wait()?;
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        let counts = self.output.lock().expect("no reader panics while it holds this").counts;
        if !status.success() {
            return Err(crate::test::Failed::of(counts, format!("{} failed ({status})", self.stage)).into());
        }
        Ok(counts)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // It ends by itself when nobody holds its input any more.
        drop(self.leave.take());
        let _ = self.child.wait();
    }
}

fn reader(stream: impl Read + Send + 'static, output: Arc<Mutex<Output>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            output.lock().expect("nobody panics while holding this").line(&line);
            line.clear();
        }
    })
}

/// A program in a session and process group of its own, behind everything else that wants a processor. The kernel may
/// share time out between sessions before it looks at processes, so both are asked.
fn gently(program: &std::path::Path) -> Command {
    if !shell::exists("setsid", "--version") {
        return Command::new(program);
    }
    let mut command = Command::new("setsid");
    command.args([
        "sh",
        "-c",
        "echo 19 > /proc/self/autogroup 2>/dev/null; exec nice -n 19 \"$@\"",
        "gently",
    ]);
    command.arg(program);
    command
}

/// What the process itself does: waits for leave, runs the stage, and says by its exit how that went.
pub fn run(stage: impl FnOnce() -> Result<Counts>) -> Result<()> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("its input cannot be read")?;
    if line.is_empty() {
        bail!("whoever started this is gone");
    }
    std::thread::spawn(|| {
        let mut rest = String::new();
        // Ends with an error or with nothing only when the other end is closed.
        while std::io::stdin().read_line(&mut rest).is_ok_and(|length| length > 0) {
            rest.clear();
        }
        // To its own process group: itself and what it started.
        let _ = Command::new("kill").args(["-TERM", "0"]).status();
    });
    stage().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell_script(text: &str) -> Ahead {
        Ahead::start("a script", Command::new("sh").args(["-c", text])).expect("sh starts")
    }

    #[test]
    fn a_stage_begins_when_it_may_and_its_counts_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let mark = folder.path().join("begun");
        let script = format!("read go; touch {}; echo '# pass 3'; echo '# fail 0' >&2", mark.display());
        let ahead = shell_script(&script);
        assert!(!mark.exists(), "it waits for leave");
        assert_eq!(ahead.outcome().expect("it succeeds"), Counts { passed: 3, failed: 0, skipped: 0 });
        assert!(mark.exists());
    }

    #[test]
    fn leave_that_is_given_again_after_the_end_is_no_failure() {
        let mut ahead = shell_script("read go; exec >&- 2>&- <&-; exit 0");
        ahead.begin().expect("it waits");
        ahead.child.wait().expect("it ends");
        ahead.begin().expect("it has leave already");
        ahead.outcome().expect("it succeeded");
    }

    #[test]
    fn a_stage_that_fails_says_so_with_its_counts() {
        let mut ahead = shell_script("read go; echo 'test result: FAILED. 2 passed; 1 failed'; exit 1");
        ahead.begin().expect("it waits");
        let error = ahead.outcome().expect_err("it fails");
        assert!(format!("{error:#}").contains("a script failed"));
    }

    #[test]
    fn a_stage_that_never_got_leave_ends_when_it_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let mark = folder.path().join("ended");
        drop(shell_script(&format!("read go || touch {}", mark.display())));
        assert!(mark.exists(), "its input ended and it was waited for");
    }
}

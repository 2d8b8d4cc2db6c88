//! Stands in for the session manager of a test's computer, on a bus of the test's own: says that the computer may be
//! restarted, and writes a line when it is told to. It restarts nothing.
//!
//! Lines on its input: `hold` lets whoever restarts wait for an answer, which `go` and `refuse` give.

use std::io::BufRead as _;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use anyhow::Context;
use zbus::blocking::connection::Builder;

#[derive(Default)]
struct Answer {
    held: bool,
    refuses: bool,
}

struct Login {
    answer: Arc<(Mutex<Answer>, Condvar)>,
}

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Login {
    #[zbus(name = "CanReboot")]
    fn can_reboot(&self) -> &str {
        "yes"
    }

    #[zbus(name = "Reboot")]
    fn reboot(&self, interactive: bool) -> zbus::fdo::Result<()> {
        println!("reboot {interactive}");
        let (answer, changed) = &*self.answer;
        let answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = changed.wait_while(answer, |answer| answer.held).unwrap_or_else(PoisonError::into_inner);
        if answer.refuses { Err(zbus::fdo::Error::AccessDenied("a test refuses".into())) } else { Ok(()) }
    }
}

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let address = words.next().context("the bus's address is missing")?;
    let refuses = words.next().as_deref() == Some("refuses");
    let answer = Arc::new((Mutex::new(Answer { held: false, refuses }), Condvar::new()));
    let login = Login { answer: Arc::clone(&answer) };
    let builder = Builder::address(address.as_str())?.serve_at("/org/freedesktop/login1", login)?;
    let _connection = builder.name("org.freedesktop.login1")?.build()?;
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let (now, changed) = &*answer;
        let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
        match line?.as_str() {
            "hold" => now.held = true,
            "go" => *now = Answer::default(),
            "refuse" => *now = Answer { held: false, refuses: true },
            other => anyhow::bail!("{other} is no word for this"),
        }
        changed.notify_all();
        println!("told");
    }
    loop {
        std::thread::park();
    }
}

//! The one task of a hop.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use farhand_protocol::envelope::Stream;
use tokio::time::{Sleep, sleep_until};

use super::hop::{Hop, Source};
use super::receiver::{Incoming, Receiver};
use super::session::{Broken, Session};

/// Messages that are read in one go before other tasks get their turn.
const AT_ONCE: usize = 128;

/// Reads and writes until the hop breaks. Each message that came is handed to `handle`, which ends the hop by an error.
pub async fn run<S: Session, E: From<Broken>>(
    hop: &Hop<S>,
    receiver: &mut Receiver<S>,
    source: &mut Source<'_>,
    mut handle: impl FnMut(Stream, Bytes) -> Result<(), E>,
) -> E {
    let mut timer = pin!(sleep_until(tokio::time::Instant::now()));
    let mut armed: Option<Instant> = None;
    poll_fn(|cx| {
        for _ in 0..AT_ONCE {
            match receiver.poll(cx) {
                Poll::Ready(Ok(Incoming::Message(stream, message))) => {
                    if let Err(error) = handle(stream, message) {
                        return Poll::Ready(error);
                    }
                }
                Poll::Ready(Ok(Incoming::Opened(stream, send))) => hop.attach(stream, send),
                Poll::Ready(Err(broken)) => return Poll::Ready(broken.into()),
                Poll::Pending => loop {
                    let due = hop.drive(cx, Instant::now(), source);
                    if due != armed {
                        armed = due;
                        if let Some(due) = due {
                            timer.as_mut().reset(due.into());
                        }
                    }
                    let Some(due) = armed else { return Poll::Pending };
                    if poll_timer(timer.as_mut(), due, cx).is_pending() {
                        return Poll::Pending;
                    }
                    armed = None;
                },
            }
        }
        hop.drive(cx, Instant::now(), source);
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// Ready when `due` has truly passed: the timer may be a little early or late.
fn poll_timer(
    mut timer: std::pin::Pin<&mut Sleep>,
    due: Instant,
    cx: &mut std::task::Context<'_>,
) -> Poll<()> {
    while timer.as_mut().poll(cx).is_ready() {
        if due <= Instant::now() {
            return Poll::Ready(());
        }
        timer.as_mut().reset(due.into());
    }
    Poll::Pending
}

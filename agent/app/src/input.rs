//! The input thread: puts keys and pointer into this machine in the order that the agent let them through.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use farhand_agent_core::Inject;
use farhand_agent_host::input::{InjectError, Injector};

/// As much text is typed before the thread looks whether it shall go on. A part that has many characters which no key
/// of the layout makes takes some hundred milliseconds.
const PART: usize = 24;

/// Steers the input thread. Dropped, it lets go of everything.
#[derive(Debug)]
pub struct InputHandle {
    queue: Option<mpsc::Sender<(u64, Inject)>>,
    /// How often typing was stopped: text of an earlier count is not typed any more.
    stops: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl InputHandle {
    /// Hands an effect to the thread. Never blocks.
    pub fn inject(&self, inject: Inject) {
        if inject == Inject::StopText {
            // Past the queue: what is in it is what shall stop.
            self.stops.fetch_add(1, Ordering::SeqCst);
        } else if let Some(queue) = &self.queue {
            // A thread that is gone has let go of everything.
            let _ = queue.send((self.stops.load(Ordering::SeqCst), inject));
        }
    }

    /// Ends the thread after what was handed to it, and waits until everything is let go.
    pub fn stop(mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts the input thread. `failed` is called on it once for each kind of failure in a row, and must not block.
///
/// # Errors
/// The system has no thread to give.
pub fn spawn(
    mut injector: Box<dyn Injector>,
    failed: impl Fn(InjectError) + Send + 'static,
) -> std::io::Result<InputHandle> {
    let (queue, effects) = mpsc::channel();
    let stops = Arc::new(AtomicU64::new(0));
    let stopped = Arc::clone(&stops);
    let thread = std::thread::Builder::new().name("input".into()).spawn(move || {
        let mut last = None;
        while let Ok((count, effect)) = effects.recv() {
            let done = match effect {
                Inject::Key { usage, down } => injector.key(usage, down),
                Inject::Pointer { x, y } => injector.pointer(x, y),
                Inject::Button { button, down } => injector.button(button, down),
                Inject::Wheel { dx, dy } => injector.wheel(dx, dy),
                Inject::Text(text) => {
                    type_out(injector.as_mut(), &text, || stopped.load(Ordering::SeqCst) == count)
                }
                Inject::Letter(letter) => injector.letter(letter),
                Inject::PointerBy { dx, dy } => injector.pointer_by(dx, dy),
                Inject::StopText => Ok(()),
            };
            match done {
                Ok(()) => last = None,
                Err(error) if last.as_ref() == Some(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "input cannot be passed on");
                    failed(error.clone());
                    last = Some(error);
                }
            }
        }
        let released = injector.release_all().and_then(|()| injector.flush());
        if let Err(error) = released {
            tracing::warn!(%error, "keys cannot be released");
        }
    })?;
    Ok(InputHandle { queue: Some(queue), stops, thread: Some(thread) })
}

/// Types a text part by part, for as long as it is wanted.
fn type_out(injector: &mut dyn Injector, text: &str, wanted: impl Fn() -> bool) -> Result<(), InjectError> {
    let mut rest = text;
    while !rest.is_empty() && wanted() {
        let end = rest.char_indices().nth(PART).map_or(rest.len(), |(at, _)| at);
        // Both belong to one line end.
        let end = if rest[..end].ends_with('\r') && rest[end..].starts_with('\n') { end + 1 } else { end };
        let (part, later) = rest.split_at(end);
        injector.text(part)?;
        rest = later;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use farhand_agent_host::input::fake::{FakeInput, Injected};

    use super::*;

    fn typed(input: &FakeInput) -> Vec<String> {
        let text = |injected| if let Injected::Text(text) = injected { Some(text) } else { None };
        input.injected().into_iter().filter_map(text).collect()
    }

    #[test]
    fn a_text_is_typed_whole_and_line_ends_stay_together() {
        let input = FakeInput::default();
        let text = format!("{}\r\n{}", "x".repeat(PART - 1), "€".repeat(PART + 5));
        type_out(&mut input.injector(), &text, || true).unwrap();
        assert_eq!(typed(&input).concat(), text);
        assert!(typed(&input)[0].ends_with("x\r\n"));
    }

    #[test]
    fn what_is_left_of_a_text_that_is_stopped_is_not_typed() {
        let input = FakeInput::default();
        let parts = Cell::new(0);
        let wanted = || {
            parts.set(parts.get() + 1);
            parts.get() <= 2
        };
        type_out(&mut input.injector(), &"y".repeat(1000), wanted).unwrap();
        assert_eq!(typed(&input).concat().len(), 2 * PART);
    }

    #[test]
    fn stopping_leaves_out_what_waits_and_later_text_is_typed() {
        let input = FakeInput::default();
        let handle = spawn(Box::new(input.injector()), |_| {}).unwrap();
        // The thread may take the first before it is stopped; whatever it types ends there.
        handle.inject(Inject::Text("z".repeat(100_000)));
        handle.inject(Inject::StopText);
        handle.inject(Inject::Text("after".into()));
        handle.stop();
        let all = typed(&input);
        assert_eq!(all.last().map(String::as_str), Some("after"));
        assert!(all.concat().len() < 100_000);
    }
}

//! The input thread: puts keys and pointer into this machine in the order that the agent let them through.

use std::sync::mpsc;
use std::thread::JoinHandle;

use farhand_agent_core::Inject;
use farhand_agent_host::input::{InjectError, Injector};

/// Steers the input thread. Dropped, it lets go of everything.
#[derive(Debug)]
pub struct InputHandle {
    queue: Option<mpsc::Sender<Inject>>,
    thread: Option<JoinHandle<()>>,
}

impl InputHandle {
    /// Hands an effect to the thread. Never blocks.
    pub fn inject(&self, inject: Inject) {
        if let Some(queue) = &self.queue {
            // A thread that is gone has let go of everything.
            let _ = queue.send(inject);
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
    let thread = std::thread::Builder::new().name("input".into()).spawn(move || {
        let mut last = None;
        while let Ok(effect) = effects.recv() {
            let done = match effect {
                Inject::Key { usage, down } => injector.key(usage, down),
                Inject::Pointer { x, y } => injector.pointer(x, y),
                Inject::Button { button, down } => injector.button(button, down),
                Inject::Wheel { dx, dy } => injector.wheel(dx, dy),
                Inject::Text(text) => injector.text(&text),
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
    Ok(InputHandle { queue: Some(queue), thread: Some(thread) })
}

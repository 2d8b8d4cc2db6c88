//! What people drop on windows.

use std::path::PathBuf;

use farhand_protocol::channel::files::FileEnd;

use super::Controller;
use crate::deep_link::is_session;
use crate::drops::{self, Drops};
use crate::shell::Shell;
use crate::types::{DroppedFiles, Event, Failure, FileNumber, ReadDropped, TakeDropped};

impl<S: Shell> Controller<S> {
    /// This is held over a window; nothing when it is so no longer.
    pub fn held_over(&self, window: &str, paths: &[PathBuf]) {
        self.inner.shell.tell_page(window, Event::FilesOver { over: has_files(paths) });
    }

    /// A person dropped something on a window; `only` is the session that the window is for, if it is for one. Its page
    /// is told, and gets no path.
    pub fn dropped(&self, window: &str, only: Option<&str>, paths: Vec<PathBuf>) {
        if !has_files(&paths) {
            return self.held_over(window, &[]);
        }
        let drop = self.drops(|drops| drops.hold(window, only, paths));
        self.inner.shell.tell_page(window, Event::FilesDropped { drop });
    }

    /// Takes what was dropped on a window, for a session that it shows.
    ///
    /// # Errors
    /// [`Failure`]: `session_unknown`, or `vanished` when it is not there for them.
    pub async fn take_dropped(&self, window: &str, request: &TakeDropped) -> Result<DroppedFiles, Failure> {
        if !is_session(&request.session) {
            return Err(Failure::new("session_unknown", "There is no such session."));
        }
        let paths = self.drops(|drops| drops.take(window, &request.session, request.drop));
        let paths = paths.ok_or_else(|| unread(FileEnd::Vanished))?;
        let found = on_disk(move || Ok(drops::find(&paths))).await?;
        Ok(self.drops(|drops| drops.give(window, &request.session, found)))
    }

    /// Reads a part of a file that was dropped on a window and taken for a session.
    ///
    /// # Errors
    /// [`Failure`] with the word of a [`FileEnd`].
    pub async fn read_dropped(&self, window: &str, request: &ReadDropped) -> Result<Vec<u8>, Failure> {
        let ReadDropped { file, ref session, offset, length } = *request;
        let found = self.drops(|drops| drops.given(window, session, file)).map_err(unread)?;
        on_disk(move || found.read(offset, length)).await
    }

    /// It is not read any more.
    pub fn forget_dropped(&self, window: &str, request: FileNumber) {
        self.drops(|drops| drops.forget(window, request.file));
    }

    /// A window's page has gone, and with it everything that was dropped there.
    pub fn forget_drops(&self, window: &str) {
        self.drops(|drops| drops.forget_window(window));
    }

    fn drops<T>(&self, work: impl FnOnce(&mut Drops) -> T) -> T {
        work(&mut self.inner.drops.lock().expect("nobody panics while it is held"))
    }
}

/// Other things come as they are, such as the address of a page.
fn has_files(paths: &[PathBuf]) -> bool {
    paths.iter().any(|path| path.is_absolute())
}

/// Off the threads that messages pass on: a disk may be far away.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileEnd> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(FileEnd::Failed)).map_err(unread)
}

fn unread(why: FileEnd) -> Failure {
    Failure::new(why.word(), format!("The file cannot be read here: {}.", why.word()))
}

//! A thread for one kind of task, started with the first of them: most sessions never want most tools.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Does tasks of one kind, one after the other, on a thread of its own.
pub struct Worker<T> {
    /// Of the thread.
    name: &'static str,
    /// What the thread will do, until there is one.
    work: Option<Box<dyn FnOnce(Receiver<T>) + Send>>,
    tasks: Option<Sender<T>>,
}

impl<T: Send + 'static> Worker<T> {
    /// `work` gets its tasks one by one, and ends when there will be none any more.
    pub fn new(name: &'static str, work: impl FnOnce(Receiver<T>) + Send + 'static) -> Self {
        Self { name, work: Some(Box::new(work)), tasks: None }
    }

    /// Hands over a task.
    pub fn give(&mut self, task: T) {
        if let Some(work) = self.work.take() {
            let (tasks, inbox) = channel();
            match std::thread::Builder::new().name(self.name.into()).spawn(move || work(inbox)) {
                Ok(_) => self.tasks = Some(tasks),
                Err(error) => {
                    tracing::warn!(%error, name = self.name, "no thread: what it is for is left out of this session");
                }
            }
        }
        if let Some(tasks) = &self.tasks {
            // A thread that is gone has nothing to give back.
            let _ = tasks.send(task);
        }
    }
}

impl<T> fmt::Debug for Worker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::Worker;

    #[test]
    fn the_thread_begins_with_the_first_task_and_ends_with_its_owner() {
        let (say, said) = channel();
        let mut worker = Worker::new("test", move |inbox| {
            say.send(0).unwrap();
            inbox.into_iter().for_each(|task| say.send(task).unwrap());
        });
        assert!(worker.tasks.is_none() && said.try_recv().is_err(), "nobody has given it anything");
        worker.give(5);
        worker.give(7);
        assert_eq!([0, 5, 7].map(|_| said.recv().unwrap()), [0, 5, 7]);
        drop(worker);
        assert!(said.recv().is_err());
    }
}

//! The customer's window as the session process sees it: a child process that may die without ending the session.

pub mod chat;
pub mod child;
pub mod files;
pub mod permissions;
pub mod protocol;
pub mod restart;
pub mod share;

pub use protocol::{Detail, FromWindow, Stage, ToWindow};

/// What a window tells the session process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowEvent {
    /// The person at the window did something.
    Said(FromWindow),
    /// The window is gone: what it asked counts as No. A new one is started, and shows where the session stands.
    Restarted,
    /// The window is gone and cannot be kept: without it the customer could not stop the session, so it must end.
    Lost,
}

/// A window to show things in. The program has one, [`child::spawn`]; tests have their own.
#[derive(Debug)]
pub struct WindowPort {
    /// Things to show.
    pub show: tokio::sync::mpsc::UnboundedSender<ToWindow>,
    /// What the person does.
    pub events: tokio::sync::mpsc::UnboundedReceiver<WindowEvent>,
}

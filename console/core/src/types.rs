//! What passes between the pages and Rust. The pages' side of it, `web/kit/src/desktop/bindings.ts`, is generated.

use farhand_protocol::api::MediaOffer;
use serde::{Deserialize, Serialize};

use crate::settings::Settings;

/// Why a command was not carried out. The pages look their sentence up by the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Failure {
    /// For programs, such as `unreachable`.
    pub code: String,
    /// For people, in English.
    pub message: String,
}

impl Failure {
    /// A failure.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// Where the program stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// The service that is trusted, if one is.
    pub server: Option<ServerStatus>,
    /// Where the sign-in is kept.
    pub keeping: Keeping,
    /// Whether this system's keyring can be used at all.
    pub keyring: bool,
    /// The sign-in lies in a file whose passphrase has not been given yet.
    pub locked: bool,
    /// What the person chose.
    pub settings: Settings,
    /// Whether this build takes updates: it knows the key that they are signed with.
    pub updates: bool,
    /// Whether the page draws the customer's screen itself, and not the renderer's worker: a web view without a graphics
    /// device repaints a worker's whole canvas for each picture.
    pub painted: bool,
}

/// The service that is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ServerStatus {
    /// Such as `https://help.example.org:8443`.
    pub address: String,
    /// SHA-256 of the one certificate that is trusted, or null where certificate authorities vouch for it.
    pub fingerprint: Option<String>,
}

/// Where a sign-in outlives the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Keeping {
    /// The operating system's keyring.
    Keyring,
    /// A file, encrypted with a passphrase.
    File,
    /// Nowhere: it ends with the program.
    Nowhere,
}

/// An address that the person typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LookAtServer {
    /// With or without `https://`.
    pub address: String,
}

/// What answers at an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ServerSeen {
    /// The whole address, such as `https://127.0.0.1:8443`.
    pub address: String,
    /// SHA-256 of its certificate, lower-case hex.
    pub fingerprint: String,
    /// Certificate authorities of this machine vouch for it.
    pub vouched: bool,
    /// The certificate that was trusted for this address before, where it is another one.
    pub before: Option<String>,
}

/// The person's decision on what [`ServerSeen`] said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TrustServer {
    /// As it was seen.
    pub address: String,
    /// As it was seen: what the person compared is what is trusted.
    pub fingerprint: String,
}

/// A request to the service's API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ApiRequest {
    /// Such as `POST`.
    pub method: String,
    /// Below `/api/v1`, such as `/sessions`.
    pub path: String,
    /// What the body is, such as `application/json`.
    pub kind: Option<String>,
    /// The body.
    pub body: Option<ApiBody>,
}

/// A body as it passes between the page and Rust.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ApiBody {
    /// Text.
    Text(String),
    /// Bytes that are no text, as base64.
    Base64(String),
}

/// The service's answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ApiAnswer {
    /// HTTP status.
    pub status: u16,
    /// What the body is, as the service says.
    pub kind: String,
    /// The body.
    pub body: ApiBody,
}

/// Where the sign-in shall be kept from now on.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct KeepSignIn {
    /// Where.
    pub keeping: Keeping,
    /// For a file.
    pub passphrase: Option<String>,
}

/// Opens the file that the sign-in lies in.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Unlock {
    /// As it was chosen.
    pub passphrase: String,
}

/// A session's socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OpenSocket {
    /// The session's identifier.
    pub session: String,
}

/// What a session's socket does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SocketEvent {
    /// It stands.
    Open,
    /// A message came.
    Text {
        /// As it came.
        text: String,
    },
    /// It is over, or never stood.
    Closed {
        /// The WebSocket's close code; 1006 where there was none.
        code: u16,
    },
}

/// A message for a session's socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Say {
    /// The socket's number.
    pub socket: u32,
    /// What to send.
    pub text: String,
}

/// One socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SocketNumber {
    /// Its number.
    pub socket: u32,
}

/// The way into the native link: a WebSocket of this machine that opens once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DoorKey {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// The first message. Good for one connection, and for a few seconds.
    pub token: String,
}

/// Renderer → link, as text beside the binary messages of the streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToLink {
    /// Connects.
    Open {
        /// From the session's socket.
        #[cfg_attr(test, ts(type = "MediaOffer"))]
        offer: MediaOffer,
    },
    /// A newer offer, for the next connection.
    Renew {
        /// From the session's socket.
        #[cfg_attr(test, ts(type = "MediaOffer"))]
        offer: MediaOffer,
    },
    /// So many more bytes were taken in by the renderer.
    Taken {
        /// Bytes of binary messages.
        bytes: u32,
    },
}

/// Link → renderer, likewise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromLink {
    /// Messages flow.
    Connected {
        /// QUIC is not what carries them: UDP is blocked.
        udp_blocked: bool,
    },
    /// The connection broke; the link goes on trying.
    Lost {
        /// For the log.
        why: String,
    },
    /// The link wants a fresh ticket.
    OfferNeeded,
    /// The media service closed the connection for good.
    Refused {
        /// One of `CLOSE`.
        code: u32,
        /// For the log.
        why: String,
    },
}

/// Asks for the whole keyboard, or gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HoldKeyboard {
    /// Whether keys go to the customer now.
    pub hold: bool,
}

/// Which keys reach the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum KeyboardHold {
    /// All of them: those that the desktop otherwise keeps (such as Alt+Tab) as well.
    All,
    /// Those that the desktop leaves over.
    Leftovers,
}

/// Opens a session in a window of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TearOff {
    /// The session's identifier.
    pub session: String,
}

/// A file of a customer's that is to come to this computer's downloads folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct BeginFile {
    /// The session's identifier.
    pub session: String,
    /// The session's number for it.
    pub transfer: u32,
    /// Where it lies on the customer's computer; only kept.
    pub from: String,
    /// Folders and name that are wanted below the downloads folder.
    pub steps: Vec<String>,
    /// Bytes.
    pub size: u64,
}

/// A file that is open here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FileNumber {
    /// Its number.
    pub file: u32,
}

/// Bytes for a file: they are the command's body, and this its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct WriteFile {
    /// Its number.
    pub file: u32,
    /// Where they stand.
    pub offset: u64,
}

/// A file is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct KeepFile {
    /// Its number.
    pub file: u32,
    /// BLAKE3 of what the other end read, lower-case hex.
    pub hash: String,
}

/// What a file is called now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct KeptFile {
    /// Its name.
    pub name: String,
}

/// Asks for the files of a session that are not whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FilesOf {
    /// The session's identifier.
    pub session: String,
}

/// See [`FilesOf`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OpenFiles {
    /// All of them.
    pub files: Vec<OpenFile>,
}

/// A file that is not whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OpenFile {
    /// The session's number for it.
    pub transfer: u32,
    /// Where it lies on the customer's computer.
    pub from: String,
    /// Folders and name below the downloads folder.
    pub steps: Vec<String>,
    /// Bytes.
    pub size: u64,
    /// Bytes that are here.
    pub had: u64,
}

/// Takes what a person dropped on the window, for a session that the window shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TakeDropped {
    /// Which drop.
    pub drop: u32,
    /// The session's identifier.
    pub session: String,
}

/// What was dropped: ordinary files, those of folders with the folders above them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DroppedFiles {
    /// In the order of their names.
    pub files: Vec<DroppedFile>,
    /// There were more than can be taken at once.
    pub cut: bool,
}

/// A file that was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DroppedFile {
    /// Its number.
    pub file: u32,
    /// The dropped folder, if one was, the folders below it, and the name.
    pub steps: Vec<String>,
    /// Bytes.
    pub size: u64,
}

/// A part of a file that was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReadDropped {
    /// Its number.
    pub file: u32,
    /// The session that it was taken for.
    pub session: String,
    /// Where the part begins.
    pub offset: u64,
    /// Bytes, at most 1 MiB.
    pub length: u32,
}

/// What lies on this computer's clipboard, or shall: one thing in several formats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ClipboardParts {
    /// Each format once.
    pub parts: Vec<ClipPart>,
}

/// One format of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ClipPart {
    /// Which.
    pub format: ClipFormat,
    /// Its bytes, as base64.
    pub base64: String,
}

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ClipFormat {
    /// UTF-8.
    Text,
    /// UTF-8.
    Html,
    /// A PNG file.
    Png,
}

/// The newest lines of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LogPage {
    /// Oldest first.
    pub lines: Vec<String>,
    /// What belongs above them in a report: versions, system, how the service is reached. No names, no secrets.
    pub facts: Vec<String>,
}

/// Whether there is a newer version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UpdateState {
    /// This build knows no key, or the service offers no updates.
    Unavailable,
    /// This is the newest version.
    Newest,
    /// A newer one can be installed.
    Offered {
        /// Its version.
        version: String,
        /// Bytes to download.
        size: u64,
    },
}

/// What the program tells its pages by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Something of the status has changed.
    Status {
        /// All of it.
        status: Box<Status>,
    },
    /// A session shall be shown: from a deep link, the tray, or a notification.
    ShowSession {
        /// Its identifier.
        session: String,
    },
    /// A menu's entry was chosen.
    Menu {
        /// Which.
        action: MenuAction,
    },
    /// The customer of a waiting session has come.
    CustomerCame {
        /// The session.
        session: String,
    },
    /// Files of this computer are held over the window, or no longer.
    FilesOver {
        /// Whether they are.
        over: bool,
    },
    /// They were dropped on it: the session that it shows may take them.
    FilesDropped {
        /// Which drop.
        drop: u32,
    },
    /// The window fills its screen now, or does so no longer.
    FullScreen {
        /// Whether it does.
        full: bool,
    },
}

/// The entries of the menus that the pages carry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum MenuAction {
    /// Starts a session.
    NewSession,
    /// Shows the settings.
    Settings,
    /// Shows the log.
    Log,
    /// Shows the overview.
    Home,
    /// Moves the session that is shown into a window of its own.
    TearOff,
    /// Closes the tab that is shown; its session stays open.
    CloseTab,
    /// Full screen on or off.
    FullScreen,
}

impl MenuAction {
    /// Every entry, with its name in menus and its shortcut as Tauri writes them.
    pub const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::NewSession, "new_session", "CmdOrCtrl+N"),
        (Self::Settings, "settings", "CmdOrCtrl+,"),
        (Self::Home, "home", "CmdOrCtrl+Shift+H"),
        (Self::TearOff, "tear_off", "CmdOrCtrl+Shift+N"),
        (Self::CloseTab, "close_tab", "CmdOrCtrl+W"),
        (Self::FullScreen, "full_screen", "F11"),
        (Self::Log, "log", "CmdOrCtrl+Shift+L"),
    ];

    /// The entry of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(action, ..)| *action)
    }
}

#[cfg(test)]
mod bindings;

//! The desktop by Tauri.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use farhand_console_core::Controller;
use farhand_console_core::deep_link::SCHEME;
use farhand_console_core::shell::{Clip, ClipRead, ClipWritten, Shell, ShellError, TraySession};
use farhand_console_core::types::{ClipFormat, Event, KeyboardHold, MenuAction};
use notify_rust::Notification;
use tauri::ipc::Channel;
use tauri::{AppHandle, Manager as _, WebviewWindow};
use tokio::sync::watch;

use crate::Painting;
use crate::strings::Strings;
use crate::{menu, platform, tray, windows};

/// The controller of this program.
pub type Console = Controller<TauriShell>;

/// The main thread answers within this time, or hangs.
const MAIN_THREAD_WITHIN: Duration = Duration::from_secs(2);

type Later = Box<dyn FnOnce(Console) + Send>;

/// The desktop.
pub struct TauriShell {
    app: AppHandle,
    strings: Strings,
    /// Where the pages' own storage lies.
    folder: PathBuf,
    listeners: Mutex<HashMap<String, Channel<Event>>>,
    /// What waits for the main window's page to listen.
    later: Mutex<Vec<Later>>,
    recalled: watch::Sender<bool>,
    painting: Painting,
}

impl TauriShell {
    pub fn new(app: AppHandle, strings: Strings, folder: PathBuf, painting: Painting) -> Self {
        Self {
            app,
            strings,
            folder,
            painting,
            listeners: Mutex::default(),
            later: Mutex::default(),
            recalled: watch::Sender::new(false),
        }
    }

    /// Where the pages' own storage lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The keyring was asked, whatever it said.
    pub fn recalled(&self) {
        self.recalled.send_replace(true);
    }

    /// Waits for [`Self::recalled`]: a page that asks before would show a sign-in that nobody needs.
    pub async fn until_recalled(&self) {
        // The sender lives as long as we do.
        let _ = self.recalled.subscribe().wait_for(|recalled| *recalled).await;
    }

    /// A window's page hears what is told from now on.
    pub fn listen(&self, window: &WebviewWindow, channel: Channel<Event>) {
        self.listeners
            .lock()
            .expect("nobody panics while it is held")
            .insert(window.label().to_owned(), channel);
        // A page that was loaded anew does not know.
        if window.is_fullscreen().unwrap_or(false) {
            self.tell_window(window.label(), Event::FullScreen { full: true });
        }
        if window.label() == windows::MAIN {
            let waiting = std::mem::take(&mut *self.later.lock().expect("nobody panics while it is held"));
            for work in waiting {
                work(self.app.state::<Console>().inner().clone());
            }
        }
    }

    /// Does something once the main window's page listens.
    pub fn when_listened_to(&self, work: impl FnOnce(Console) + Send + 'static) {
        let listens =
            self.listeners.lock().expect("nobody panics while it is held").contains_key(windows::MAIN);
        if listens {
            work(self.app.state::<Console>().inner().clone());
        } else {
            self.later.lock().expect("nobody panics while it is held").push(Box::new(work));
        }
    }

    /// A window is gone.
    pub fn forget(&self, window: &str) {
        self.listeners.lock().expect("nobody panics while it is held").remove(window);
    }

    /// Tells one window's page.
    pub fn tell_window(&self, window: &str, event: Event) {
        let listeners = self.listeners.lock().expect("nobody panics while it is held");
        if let Some(channel) = listeners.get(window)
            && let Err(error) = channel.send(event)
        {
            tracing::debug!(%error, "a page did not hear");
        }
    }
}

impl TauriShell {
    /// Does something on the main thread, where a window has the focus: nobody's clipboard is touched behind their back.
    fn with_focus<T: Send + 'static>(
        &self,
        window: &str,
        then: T,
        otherwise: fn(T),
        work: impl FnOnce(T) + Send + 'static,
    ) {
        let focused =
            self.app.get_webview_window(window).filter(|window| window.is_focused().unwrap_or(false));
        let Some(window) = focused else { return otherwise(then) };
        if let Err(error) = window.run_on_main_thread(move || work(then)) {
            tracing::warn!(%error, "the clipboard cannot be reached");
        }
    }
}

impl Shell for TauriShell {
    fn open_session_window(&self, session: &str) -> Result<(), ShellError> {
        windows::open_session(&self.app, session).map_err(|error| ShellError(error.to_string()))
    }

    fn show_main(&self) {
        windows::show_main(&self.app);
    }

    fn tell(&self, event: Event) {
        let labels: Vec<String> =
            self.listeners.lock().expect("nobody panics while it is held").keys().cloned().collect();
        for label in labels {
            self.tell_window(&label, event.clone());
        }
    }

    fn tell_page(&self, window: &str, event: Event) {
        self.tell_window(window, event);
    }

    fn notify(&self, session: Option<&str>, title: &str, text: &str) {
        let mut notice = Notification::new();
        // Text of the far side may be in it: the desktop's own markup is off by escaping.
        notice
            .appname("Farhand Console")
            .icon("farhand-console")
            .summary(title)
            .body(&text.replace('&', "&amp;").replace('<', "&lt;"));
        let show = self.strings.get("console.tray.open", &[]);
        let (app, address) =
            (self.app.clone(), session.map(|session| format!("{SCHEME}://session/{session}")));
        // The desktop may take its time to show it, and says when it was chosen or has gone.
        let waiting = std::thread::Builder::new().name("notice".into()).spawn(move || {
            let chosen = || {
                let console = app.state::<Console>();
                match &address {
                    Some(address) => console.shown_by_address(address),
                    None => {
                        console.shell().show_main();
                        console.shell().tell_window(windows::MAIN, Event::Menu { action: MenuAction::Home });
                    }
                }
            };
            if let Err(error) = platform::notify(notice, &show, chosen) {
                tracing::info!(%error, "the desktop shows no notifications");
            }
        });
        if let Err(error) = waiting {
            tracing::warn!(%error, "a notification could not be shown");
        }
    }

    fn show_tray(&self, sessions: &[TraySession]) {
        tray::show(&self.app, &self.strings, sessions);
    }

    fn hold_keyboard(&self, window: &str, hold: bool) -> KeyboardHold {
        let Some(window) = windows::used(&self.app, window) else { return KeyboardHold::Leftovers };
        let (sender, answer) = mpsc::channel();
        let app = self.app.clone();
        let target = window.clone();
        let asked = window.run_on_main_thread(move || {
            // A menu's shortcut would be taken before the page sees the keys.
            menu::enable(&app, !hold);
            let _ = sender.send(platform::hold_keyboard(&target, hold));
        });
        match asked.map(|()| answer.recv_timeout(MAIN_THREAD_WITHIN)) {
            Ok(Ok(true)) => KeyboardHold::All,
            Ok(Ok(false) | Err(_)) | Err(_) => KeyboardHold::Leftovers,
        }
    }

    fn toggle_full_screen(&self, window: &str) {
        windows::toggle_full_screen(&self.app, window);
    }

    fn system_proxy(&self, address: &str) -> Option<String> {
        platform::system_proxy(address)
    }

    fn install(&self, package: &Path) -> Result<(), ShellError> {
        platform::install(package).map_err(|error| ShellError(error.to_string()))
    }

    fn downloads(&self) -> Option<PathBuf> {
        dirs::download_dir().or_else(|| Some(dirs::home_dir()?.join("Downloads")))
    }

    fn read_clipboard(&self, window: &str, then: ClipRead) {
        self.with_focus(window, then, |then| then(Err(Clip::Unfocused)), platform::read_clipboard);
    }

    fn write_clipboard(&self, window: &str, parts: Vec<(ClipFormat, Vec<u8>)>, then: ClipWritten) {
        let write = |then| platform::write_clipboard(parts, then);
        self.with_focus(window, then, |then| then(Err(Clip::Unfocused)), write);
    }

    fn pages_paint(&self) -> bool {
        match self.painting {
            Painting::Auto => !platform::composes(),
            Painting::Page => true,
            Painting::Worker => false,
        }
    }

    fn facts(&self) -> Vec<String> {
        let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        let view = match tauri::webview_version() {
            Ok(version) => format!("web view {version}"),
            Err(error) => format!("web view unknown: {error}"),
        };
        let mut facts = vec![system, view];
        facts.extend(platform::facts());
        facts
    }
}

//! Linux: GTK's seat for the keyboard (X11 and Wayland), GIO for the proxy, WebKitGTK's own signals.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use gtk::gdk;
use gtk::gio::prelude::*;
use gtk::prelude::*;
use notify_rust::Notification;
use tauri::WebviewWindow;
use webkit2gtk::WebViewExt as _;

/// The kind of package that updates come as.
pub const PACKAGE: &str = "deb";

/// Before anything else. Without a graphics device pages are painted and not composited: composing in software takes
/// twenty times as long for each picture, and twice the memory. The web view reads that from its environment when it
/// starts, so the program becomes itself once more with it; told later, a page that loads meanwhile may stay empty.
pub fn begin() {
    /// WebKitGTK's own word for it.
    const PAINTED: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";
    if composes() || std::env::var_os(PAINTED).is_some() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        // It comes back only when it failed, and then the program goes on as it is.
        let error = Command::new(program).args(std::env::args_os().skip(1)).env(PAINTED, "1").exec();
        eprintln!("farhand-console: {error}");
    }
}

/// Once, on the main thread, after the toolkit has started.
pub fn prepare() {
    // Otherwise F10 opens the menu, whoever it was meant for.
    if let Some(settings) = gtk::Settings::default() {
        settings.set_property("gtk-menu-bar-accel", None::<String>);
    }
}

/// Takes the whole keyboard for a window, or gives it back; says whether the window has it. On the main thread.
///
/// The events go the way that they always go, to the page: only the desktop no longer sees them first. Under Wayland the
/// compositor may ask the person, or decline.
pub fn hold_keyboard(window: &WebviewWindow, hold: bool) -> bool {
    let Some(surface) = window.gtk_window().ok().and_then(|window| window.window()) else { return false };
    let Some(seat) = surface.display().default_seat() else { return false };
    if !hold {
        seat.ungrab();
        return false;
    }
    let status = seat.grab(&surface, gdk::SeatCapabilities::KEYBOARD, true, None, None, None);
    if status != gdk::GrabStatus::Success {
        tracing::info!(?status, "the desktop keeps some keys to itself");
    }
    status == gdk::GrabStatus::Success
}

/// The proxy that the desktop's settings name for an address.
pub fn system_proxy(address: &str) -> Option<String> {
    let resolver = gtk::gio::ProxyResolver::default();
    let found = resolver.lookup(address, None::<&gtk::gio::Cancellable>).ok()?;
    found.iter().map(|proxy| proxy.as_str()).find(|proxy| proxy.starts_with("http://")).map(str::to_owned)
}

/// Whether the web view composes its pages on a graphics device that programs may draw with. Without one they are
/// painted.
pub fn composes() -> bool {
    let devices = std::fs::read_dir("/dev/dri").into_iter().flatten().flatten();
    devices.into_iter().any(|device| device.file_name().to_string_lossy().starts_with("renderD"))
}

/// When the process of a window's page dies, the page is loaded again: sessions go on at the service meanwhile.
pub fn watch_pages(window: &WebviewWindow) {
    let watched = window.with_webview(|view| {
        view.inner().connect_web_process_terminated(|view, reason| {
            tracing::error!(?reason, "the page's process has ended; the page is loaded again");
            view.reload();
        });
    });
    if let Err(error) = watched {
        tracing::warn!(%error, "a page whose process ends will not be loaded again");
    }
}

/// A page that closes its own window takes the window along; otherwise only the web view in it would go.
pub fn close_with_page(window: &WebviewWindow) {
    let gone = window.clone();
    let watched = window.with_webview(move |view| {
        view.inner().connect_destroy(move |_| {
            let _ = gone.close();
        });
    });
    if let Err(error) = watched {
        tracing::warn!(%error, "a window may stay when its page has closed it");
    }
}

/// Shows an address in the person's browser.
///
/// # Errors
/// The desktop's.
pub fn show_outside(address: &str) -> Result<(), gtk::glib::Error> {
    /// For the event that it belongs to: none.
    const NOW: u32 = 0;
    gtk::show_uri_on_window(None::<&gtk::Window>, address, NOW)
}

/// Shows a notification, and waits until it is gone; `chosen` is called when the person clicks on it. `show` names what a
/// click does, on desktops that have a button for it.
///
/// # Errors
/// The desktop's, or that there is none on the bus.
pub fn notify(
    mut notice: Notification,
    show: &str,
    chosen: impl FnOnce(),
) -> Result<(), notify_rust::error::Error> {
    /// The name that desktops have for a click on the notification itself.
    const CLICK: &str = "default";
    notice.action(CLICK, show);
    notice.show()?.wait_for_action(|action| {
        if action == CLICK {
            chosen();
        }
    });
    Ok(())
}

/// Hands a package to the system's installer, which asks for the right to.
pub fn install(package: &Path) -> io::Result<()> {
    Command::new("pkexec").args(["apt-get", "install", "--yes"]).arg(package).spawn().map(|_| ())
}

/// For a report.
pub fn facts() -> Vec<String> {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let desktop = std::env::var("XDG_SESSION_TYPE").unwrap_or_else(|_| "unknown".to_owned());
    let name = name.map_or("Linux", |name| name.trim_matches('"'));
    vec![name.to_owned(), format!("display: {desktop}")]
}

//! From the command line to the windows.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use farhand_console_core::controller::{Parts, Updates};
use farhand_console_core::folder::Folder;
use farhand_console_core::instance::{self, Start};
use farhand_console_core::log::Log;
use farhand_console_core::server::Address;
use farhand_console_core::vault::{Cost, Vault};
use farhand_console_core::watch::News;
use farhand_link::trust::{Fingerprint, Trust};
use farhand_release::Version;
use tauri::{Manager as _, RunEvent};

use crate::keyring::SystemKeyring;
use crate::pages::Pages;
use crate::shell::{Console, TauriShell};
use crate::strings::Strings;
use crate::{Arguments, commands, platform, tray, windows};

/// Sessions are read this often while somebody is signed in, for the tray and the notifications, and sooner after
/// something was heard of them here.
const WATCH_EVERY: Duration = Duration::from_secs(10);
/// They are read at most this often.
const WATCH_AGAIN_AFTER: Duration = Duration::from_millis(700);

/// A keyring that has not answered within this time waits for a person: the pages are shown without it.
const KEYRING_WITHIN: Duration = Duration::from_secs(5);

/// The public half of the key that releases are signed with (minisign's line); a build without it takes no updates.
const RELEASE_KEY: Option<&str> = option_env!("FARHAND_RELEASE_KEY");

/// Runs the program to its end.
pub fn run(arguments: Arguments) -> Result<()> {
    let log = Log::start();
    let painting = arguments.painting;
    let path = match arguments.data {
        Some(path) => path,
        None => {
            dirs::data_dir().context("this person has no folder for programs' data")?.join("farhand-console")
        }
    };
    let folder = Folder::open(&path).with_context(|| format!("{} cannot be used", path.display()))?;
    let address = arguments.address.unwrap_or_default();
    let instance =
        match instance::start(&folder, &address).context("the program runs, and does not answer")? {
            Start::First(instance) => instance,
            Start::Second => return Ok(()),
        };
    let server = match (&arguments.server, &arguments.fingerprint) {
        (None, _) => None,
        (Some(address), fingerprint) => {
            let address =
                Address::parse(address).ok_or_else(|| anyhow!("{address} is no address of a service"))?;
            let trust = match fingerprint {
                Some(text) => Trust::Exactly(Fingerprint::parse(text)?),
                None => Trust::Authorities,
            };
            Some((address, trust))
        }
    };
    let vault = Vault::open(folder.clone(), Arc::new(SystemKeyring), Cost::PRODUCT);
    let strings = Strings::from_environment();
    let mut context = tauri::generate_context!();
    context.set_assets(Box::new(Pages));
    let app = tauri::Builder::default()
        .invoke_handler(commands::handler())
        .on_window_event(windows::handle_event)
        .on_menu_event(crate::menu::handle_event)
        .setup(move |app| {
            let shell = TauriShell::new(app.handle().clone(), strings.clone(), path.clone(), painting);
            let updates = RELEASE_KEY.and_then(updates);
            let console = Console::new(shell, Parts { folder, vault, log, updates });
            if let Some((address, trust)) = server {
                console.trust_from_command_line(address, trust);
            }
            app.manage(console.clone());
            app.manage(strings.clone());
            windows::open_main(app.handle())?;
            tray::open(app.handle(), &strings);
            platform::prepare();
            let handle = app.handle().clone();
            std::thread::Builder::new().name("instance".into()).spawn(move || {
                instance.listen(|words| {
                    if let Some(console) = handle.try_state::<Console>() {
                        console.shown_by_address(&words);
                    }
                });
            })?;
            tauri::async_runtime::spawn(watch(console, strings, address));
            Ok(())
        })
        .build(context)
        .context("the windows cannot be opened")?;
    app.run(|app, event| match event {
        // With the tray, closing the last window is no end.
        RunEvent::ExitRequested { api, code: None, .. } if windows::stays(app) => api.prevent_exit(),
        RunEvent::Exit => {
            if let Some(console) = app.try_state::<Console>() {
                console.drop_all_files();
            }
        }
        _ => {}
    });
    Ok(())
}

async fn watch(console: Console, strings: Strings, address: String) {
    let recalling = console.clone();
    let recalled = tauri::async_runtime::spawn(async move { recalling.recall().await });
    if tokio::time::timeout(KEYRING_WITHIN, recalled).await.is_err() {
        tracing::info!("the keyring has not answered yet; the sign-in is not kept until it does");
    }
    console.shell().recalled();
    if !address.is_empty() {
        console.shell().when_listened_to(move |console| console.shown_by_address(&address));
    }
    let mut every = tokio::time::interval(WATCH_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = console.stirred() => {}
        }
        let words = |news: News<'_>| match news {
            News::Customer(name) => {
                let somebody = || strings.get("console.notice.somebody", &[]);
                let name = if name.is_empty() { somebody() } else { name.to_owned() };
                let title = strings.get("console.notice.came_title", &[]);
                (title, strings.get("console.notice.came", &[("name", &name)]))
            }
            News::Colleague(name) => {
                let title = strings.get("console.notice.calls_title", &[]);
                (title, strings.get("console.notice.calls", &[("name", name)]))
            }
        };
        console.watch(words).await;
        tokio::time::sleep(WATCH_AGAIN_AFTER).await;
    }
}

fn updates(key: &str) -> Option<Updates> {
    let key = key.parse().ok()?;
    let target = format!("{}-{}-{}", std::env::consts::OS, std::env::consts::ARCH, platform::PACKAGE);
    Some(Updates { key, target, version: Version::ours() })
}

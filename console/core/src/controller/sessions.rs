//! Sessions: their sockets, their links, their windows, and news of them while nobody looks.

use std::sync::Arc;

use farhand_protocol::api::{ColleagueInvitations, SessionList};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::{Controller, Server};
use crate::deep_link::{DeepLink, is_session};
use crate::door::{Door, LinkPlan};
use crate::shell::Shell;
use crate::socket::{self, SocketPlan, WAITING};
use crate::types::{
    ApiBody, ApiRequest, DoorKey, Event, Failure, KeyboardHold, OpenSocket, Say, SocketEvent, SocketNumber,
    TearOff,
};
use crate::watch::{self, News};

/// Sockets that are open at a time: as many as a technician has sessions, and some that are going.
const MAX_SOCKETS: usize = 64;

impl<S: Shell> Controller<S> {
    /// Opens a session's socket. `heard` gets what it does, and says whether anybody still listens.
    ///
    /// # Errors
    /// [`Failure`]: `no_server`, `signed_out`, `session_unknown`, `busy`.
    pub async fn open_socket(
        &self,
        request: OpenSocket,
        heard: impl Fn(SocketEvent) -> bool + Send + Sync + 'static,
    ) -> Result<SocketNumber, Failure> {
        if !is_session(&request.session) {
            return Err(no_session());
        }
        let server = self.server()?;
        let token = self.inner.vault.lock().await.token(&server.address.url());
        let token =
            token.ok_or_else(|| Failure::new("signed_out", "You are signed out. Sign in to go on."))?;
        let (outgoing, waiting) = mpsc::channel(WAITING);
        let number = self.next_socket();
        {
            let mut sockets = self.inner.sockets.lock().expect("nobody panics while it is held");
            if sockets.len() >= MAX_SOCKETS {
                return Err(Failure::new("busy", "Too many sessions are open here. Close one."));
            }
            sockets.insert(number, outgoing);
        }
        let plan = SocketPlan {
            address: server.address,
            tls: server.tls,
            proxy: server.proxy,
            token,
            session: request.session,
        };
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            let heard = |event| {
                inner.stirred.notify_one();
                heard(event)
            };
            socket::run(plan, waiting, heard).await;
            inner.sockets.lock().expect("nobody panics while it is held").remove(&number);
        });
        Ok(SocketNumber { socket: number })
    }

    /// Sends a message by a socket. One that is over takes nothing, which it has said by itself.
    ///
    /// # Errors
    /// [`Failure`]: `busy` when more waits than may wait.
    pub fn say(&self, request: Say) -> Result<(), Failure> {
        let sockets = self.inner.sockets.lock().expect("nobody panics while it is held");
        match sockets.get(&request.socket).map(|socket| socket.try_send(request.text)) {
            Some(Err(mpsc::error::TrySendError::Full(_))) => {
                Err(Failure::new("busy", "The service takes messages more slowly than they are made."))
            }
            Some(Ok(()) | Err(mpsc::error::TrySendError::Closed(_))) | None => Ok(()),
        }
    }

    /// Closes a socket.
    pub fn close_socket(&self, request: SocketNumber) {
        self.inner.sockets.lock().expect("nobody panics while it is held").remove(&request.socket);
    }

    /// A way into a link with the service that is trusted.
    ///
    /// # Errors
    /// [`Failure`]: `no_server`, `door`.
    pub async fn open_door(&self) -> Result<DoorKey, Failure> {
        let server = self.server()?;
        let closed =
            |error: std::io::Error| Failure::new("door", format!("The picture has no way in: {error}"));
        let door = self.inner.door.get_or_try_init(Door::open).await.map_err(closed)?;
        let plan = LinkPlan { address: server.address, tls: server.tls, proxy: server.proxy };
        door.key(plan).map_err(closed)
    }

    /// Takes the keyboard for a window, if the person has not chosen otherwise, or gives it back.
    pub fn hold_keyboard(&self, window: &str, hold: bool) -> KeyboardHold {
        let wanted = hold && self.with(|state| state.settings.all_keys);
        self.inner.shell.hold_keyboard(window, wanted)
    }

    /// The window that is used fills its screen, or does so no longer. `window` is the one that asks: it asks for the
    /// windows of single monitors, too.
    pub fn full_screen(&self, window: &str) {
        self.inner.shell.toggle_full_screen(window);
    }

    /// Opens a session in a window of its own.
    ///
    /// # Errors
    /// [`Failure`]: `session_unknown`, `window`.
    pub fn tear_off(&self, request: &TearOff) -> Result<(), Failure> {
        if !is_session(&request.session) {
            return Err(no_session());
        }
        let opened = self.inner.shell.open_session_window(&request.session);
        opened.map_err(|error| Failure::new("window", format!("The window could not be opened: {error}")))
    }

    /// Whether an address is one of the service's pages for everybody, which a link may show in the person's browser: the
    /// customers' page, and the description of the API.
    #[must_use]
    pub fn is_for_browsers(&self, address: &str) -> bool {
        const PAGES: [&str; 2] = ["/join", "/api/docs"];
        let Ok(server) = self.server() else { return false };
        let url = server.address.url();
        // Addresses leave the usual port out.
        let origin = url.strip_suffix(":443").unwrap_or(&url);
        address.strip_prefix(origin).is_some_and(|page| PAGES.contains(&page))
    }

    /// What a later start of the program, or the desktop, was asked to show.
    pub fn shown_by_address(&self, address: &str) {
        self.inner.shell.show_main();
        match DeepLink::parse(address) {
            Some(DeepLink::Session(session)) => self.inner.shell.tell(Event::ShowSession { session }),
            Some(DeepLink::Home) | None => {}
        }
    }

    /// Ready once something was heard that sessions may have changed by: a page's request, or a session's socket.
    pub async fn stirred(&self) {
        self.inner.stirred.notified().await;
    }

    /// Reads the sessions and who calls once, for the tray and the notifications. Signed out, it does nothing.
    /// `words` are a notification's title and text, in the person's language.
    pub async fn watch(&self, words: impl Fn(News<'_>) -> (String, String)) {
        let Ok(server) = self.server() else { return };
        let token = self.inner.vault.lock().await.token(&server.address.url());
        let Some(token) = token else { return };
        if let Some(invitations) =
            read::<ColleagueInvitations>(&server, "/colleague-invitations", &token).await
        {
            let (calls, notify) = self
                .with(|state| (watch::calls(&mut state.calls, &invitations), state.settings.notifications));
            for name in calls.iter().filter(|_| notify) {
                let (title, text) = words(News::Colleague(name));
                self.inner.shell.notify(None, &title, &text);
            }
        }
        let Some(list) = read::<SessionList>(&server, "/sessions", &token).await else { return };
        self.inner.shell.show_tray(&watch::tray(&list));
        let (came, notify) = self.with(|state| {
            let came = watch::came(state.sessions.as_ref(), &list);
            state.sessions = Some(list);
            (came, state.settings.notifications)
        });
        for customer in came {
            if notify {
                let (title, text) = words(News::Customer(&customer.name));
                self.inner.shell.notify(Some(&customer.session), &title, &text);
            }
            self.inner.shell.tell(Event::CustomerCame { session: customer.session });
        }
    }
}

/// Asks the service for something; nothing where it does not answer as it should.
async fn read<T: DeserializeOwned>(server: &Server, path: &str, token: &str) -> Option<T> {
    let request = ApiRequest { method: "GET".into(), path: path.into(), kind: None, body: None };
    let answered = server.api.ask(&request, Some(token)).await.ok()?;
    let ApiBody::Text(text) = &answered.answer.body else { return None };
    serde_json::from_str(text).ok().filter(|_| answered.answer.status == 200)
}

fn no_session() -> Failure {
    Failure::new("session_unknown", "There is no such session, or it has ended. Start a new one.")
}

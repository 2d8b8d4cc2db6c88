//! Whom the program trusts, and as whom it is signed in.

use farhand_link::trust::{Fingerprint, Trust};

use super::{Controller, SERVER, known, storage};
use crate::server::{self, Address};
use crate::shell::Shell;
use crate::types::{
    ApiAnswer, ApiRequest, Failure, KeepSignIn, LookAtServer, ServerSeen, Status, TrustServer, Unlock,
};
use crate::vault::{KeyringError, VaultError, try_keyring};

impl<S: Shell> Controller<S> {
    /// What answers at an address; nothing is sent there.
    ///
    /// # Errors
    /// [`Failure`]: `address_invalid`, and those of [`server::look`].
    pub async fn look_at_server(&self, request: LookAtServer) -> Result<ServerSeen, Failure> {
        let address = Address::parse(&request.address).ok_or_else(|| {
            Failure::new("address_invalid", "This is no address. Write it like https://help.example.org.")
        })?;
        let proxy = self.proxy_for(&address);
        let seen = server::look(address, proxy.as_ref()).await?;
        let fingerprint = seen.fingerprint.to_string();
        let before = self.with(|state| {
            let known = state.server.as_ref().filter(|server| server.address == seen.address)?;
            match known.trust {
                Trust::Exactly(before) if before != seen.fingerprint => Some(before.to_string()),
                Trust::Exactly(_) | Trust::Authorities => None,
            }
        });
        let answer = ServerSeen { address: seen.address.url(), fingerprint, vouched: seen.vouched, before };
        self.with(|state| state.seen = Some(seen));
        Ok(answer)
    }

    /// Trusts what was seen last. A certificate that authorities vouch for is trusted by them, also when it is renewed;
    /// any other one is trusted alone.
    ///
    /// # Errors
    /// [`Failure`]: `not_seen`, `storage`.
    pub async fn trust_server(&self, request: TrustServer) -> Result<Status, Failure> {
        let not_seen = || Failure::new("not_seen", "Look at the service again, then decide.");
        let seen = self.with(|state| state.seen.take()).ok_or_else(not_seen)?;
        let same = Fingerprint::parse(&request.fingerprint) == Ok(seen.fingerprint);
        if !same || request.address != seen.address.url() {
            return Err(not_seen());
        }
        let trust = if seen.vouched { Trust::Authorities } else { Trust::Exactly(seen.fingerprint) };
        let before = self.with(|state| state.server.as_ref().map(|server| server.address.url()));
        self.inner.folder.write(SERVER, &known(&seen.address, trust)).map_err(|error| storage(&error))?;
        let url = seen.address.url();
        self.with_vault(move |vault| {
            if let Some(before) = before.filter(|before| *before != url) {
                vault.forget(&before);
            }
            vault.recall(&url);
        })
        .await;
        self.enter(seen.address, trust);
        Ok(self.changed().await)
    }

    /// Trusts no service any more, and forgets the sign-in.
    ///
    /// # Errors
    /// [`Failure`]: `storage`.
    pub async fn forget_server(&self) -> Result<Status, Failure> {
        let server = self.with(|state| {
            state.sessions = None;
            state.calls.clear();
            state.seen = None;
            state.server.take()
        });
        if let Some(server) = server {
            self.inner.vault.lock().await.forget(&server.address.url());
        }
        self.inner.folder.remove(SERVER).map_err(|error| storage(&error))?;
        self.inner.shell.show_tray(&[]);
        Ok(self.changed().await)
    }

    /// Tries the keyring and takes the sign-in out of it, once at start. It may ask the person to unlock it, so it takes
    /// its time; meanwhile the program goes on as if there were none. The pages are told the outcome.
    pub async fn recall(&self) {
        let Some(keyring) = self.inner.vault.lock().await.untried() else { return };
        let server = self.server().ok().map(|server| server.address.url());
        let url = server.clone();
        let asked = tokio::task::spawn_blocking(move || try_keyring(keyring.as_ref(), url.as_deref())).await;
        let answer = asked.unwrap_or_else(|error| Err(KeyringError(error.to_string())));
        self.with_vault(move |vault| vault.tried(server.as_deref(), answer)).await;
        self.changed().await;
    }

    /// Asks the service for a page.
    ///
    /// # Errors
    /// [`Failure`] when there is no answer; an answer of any status is one.
    pub async fn api(&self, request: ApiRequest) -> Result<ApiAnswer, Failure> {
        let server = self.server()?;
        let url = server.address.url();
        let token = self.inner.vault.lock().await.token(&url);
        let answered = server.api.ask(&request, token.as_deref()).await?;
        let signed_out =
            request.method == "POST" && request.path == "/sign-out" && answered.answer.status < 300;
        if let Some(fresh) = answered.token {
            self.with_vault(move |vault| vault.put(&url, &fresh)).await;
        } else if signed_out || (answered.answer.status == 401 && token.is_some() && request.path == "/me") {
            self.with_vault(move |vault| vault.forget(&url)).await;
            self.with(|state| {
                state.sessions = None;
                state.calls.clear();
            });
            self.inner.shell.show_tray(&[]);
        }
        if request.method != "GET" && answered.answer.status < 300 {
            self.inner.stirred.notify_one();
        }
        Ok(answered.answer)
    }

    /// Decides where the sign-in is kept.
    ///
    /// # Errors
    /// [`Failure`]: `no_keyring`, `passphrase_short`, `storage`.
    pub async fn keep_sign_in(&self, request: KeepSignIn) -> Result<Status, Failure> {
        let server = self.server().ok().map(|server| server.address.url());
        let KeepSignIn { keeping, passphrase } = request;
        self.with_vault(move |vault| vault.choose(server.as_deref(), keeping, passphrase.as_deref()))
            .await
            .map_err(vault_failure)?;
        Ok(self.changed().await)
    }

    /// Opens the file that the sign-in lies in.
    ///
    /// # Errors
    /// [`Failure`]: `passphrase_wrong`.
    pub async fn unlock(&self, request: Unlock) -> Result<Status, Failure> {
        let url = self.server()?.address.url();
        self.with_vault(move |vault| vault.unlock(&url, &request.passphrase)).await.map_err(vault_failure)?;
        Ok(self.changed().await)
    }

    /// The vault's work takes long (a key is derived) or waits for a person (a keyring is unlocked): on a thread of its
    /// own.
    async fn with_vault<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut crate::vault::Vault) -> T + Send + 'static,
    ) -> T {
        let inner = std::sync::Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || work(&mut inner.vault.blocking_lock()))
            .await
            .expect("the vault does not panic")
    }
}

fn vault_failure(error: VaultError) -> Failure {
    let code = match error {
        VaultError::NoKeyring => "no_keyring",
        VaultError::PassphraseShort => "passphrase_short",
        VaultError::PassphraseWrong => "passphrase_wrong",
        VaultError::File(_) => "storage",
    };
    Failure::new(code, error.to_string())
}

//! Newer versions, asked for at the service that is trusted.

use super::{Controller, Updates, downloads};
use crate::server::Address;
use crate::shell::Shell;
use crate::types::{Failure, UpdateState};
use crate::update::{Download, Release, UpdateError};

/// The largest offer, in bytes.
const MAX_OFFER: usize = 16 * 1024;
/// Where offers and packages lie.
const BELOW: &str = "/download/console/";

impl<S: Shell> Controller<S> {
    /// Whether there is a newer version.
    ///
    /// # Errors
    /// [`Failure`]: `update_refused` when what is offered is not to be believed; `unreachable`.
    pub async fn check_update(&self) -> Result<UpdateState, Failure> {
        match self.offered().await? {
            Offered::Nothing => Ok(UpdateState::Unavailable),
            Offered::Newest => Ok(UpdateState::Newest),
            Offered::Newer(release) => {
                Ok(UpdateState::Offered { version: release.version, size: release.size })
            }
        }
    }

    /// Downloads the newer version and hands it to the system's installer.
    ///
    /// # Errors
    /// [`Failure`], also when there is none any more.
    pub async fn install_update(&self) -> Result<(), Failure> {
        let Offered::Newer(release) = self.offered().await? else {
            return Err(Failure::new("update_gone", "There is no newer version any more."));
        };
        let server = self.server()?;
        let mut download = Download::begin(&downloads(&self.inner.folder), &release).map_err(refused)?;
        let mut broken = None;
        server
            .api
            .download(&url(&server.address, &release.package), |bytes| match download.push(bytes) {
                Ok(()) => true,
                Err(error) => {
                    broken = Some(error);
                    false
                }
            })
            .await?;
        if let Some(error) = broken {
            return Err(refused(error));
        }
        let package = download.finish().map_err(refused)?;
        tracing::info!(version = release.version, "an update is handed to the installer");
        let installed = self.inner.shell.install(&package);
        installed
            .map_err(|error| Failure::new("update_install", format!("The installer did not start: {error}")))
    }

    async fn offered(&self) -> Result<Offered, Failure> {
        let Some(Updates { key, target, version }) = &self.inner.updates else { return Ok(Offered::Nothing) };
        let server = self.server()?;
        let mut text = Vec::new();
        let status = server
            .api
            .download(&url(&server.address, &format!("{target}.json")), |bytes| {
                text.extend_from_slice(bytes);
                text.len() <= MAX_OFFER
            })
            .await?;
        if status == 404 {
            return Ok(Offered::Nothing);
        }
        let release: Release = serde_json::from_slice(&text).map_err(|_| refused(UpdateError::Malformed))?;
        match release.judge(key, target, *version) {
            Ok(_) => Ok(Offered::Newer(release)),
            // The same one is what a service offers to those who have it. An older one is told apart in the log.
            Err(UpdateError::NotNewer) => {
                tracing::info!(offered = release.version, "no newer version is offered");
                Ok(Offered::Newest)
            }
            Err(error) => Err(refused(error)),
        }
    }
}

enum Offered {
    Nothing,
    Newest,
    Newer(Release),
}

fn url(address: &Address, name: &str) -> String {
    format!("{}{BELOW}{name}", address.url())
}

fn refused(error: UpdateError) -> Failure {
    tracing::warn!(%error, "an update is refused");
    Failure::new("update_refused", format!("The update is refused: {error}. Nothing was installed."))
}

//! Newer versions, asked for at the service that is trusted.

use farhand_release::minisign::MAX_SIGNATURE;
use farhand_release::{Download, Offer, ReleaseError};

use super::{Controller, Updates, downloads};
use crate::server::Address;
use crate::shell::Shell;
use crate::types::{Failure, UpdateState};

/// What is offered, and where offers and packages lie.
const PROGRAM: &str = "farhand-console";

impl<S: Shell> Controller<S> {
    /// Whether there is a newer version.
    ///
    /// # Errors
    /// [`Failure`]: `update_refused` when what is offered is not to be believed; `unreachable`.
    pub async fn check_update(&self) -> Result<UpdateState, Failure> {
        match self.offered().await? {
            Offered::Nothing => Ok(UpdateState::Unavailable),
            Offered::Newest => Ok(UpdateState::Newest),
            Offered::Newer(offer) => {
                let release = offer.release();
                Ok(UpdateState::Offered { version: release.version.to_string(), size: release.size })
            }
        }
    }

    /// Downloads the newer version and hands it to the system's installer.
    ///
    /// # Errors
    /// [`Failure`], also when there is none any more.
    pub async fn install_update(&self) -> Result<(), Failure> {
        let Offered::Newer(offer) = self.offered().await? else {
            return Err(Failure::new("update_gone", "There is no newer version any more."));
        };
        let server = self.server()?;
        let mut download = Download::begin(&downloads(&self.inner.folder), &offer).map_err(refused)?;
        let mut broken = None;
        server
            .api
            .download(&url(&server.address, &offer.release().file), |bytes| match download.push(bytes) {
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
        tracing::info!(version = %offer.release().version, "an update is handed to the installer");
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
            .download(&url(&server.address, &format!("{target}.minisig")), |bytes| {
                text.extend_from_slice(bytes);
                text.len() <= MAX_SIGNATURE
            })
            .await?;
        if status == 404 {
            return Ok(Offered::Nothing);
        }
        let offer = Offer::read(&text, key).map_err(refused)?;
        match offer.judge(PROGRAM, target, *version) {
            Ok(_) => Ok(Offered::Newer(Box::new(offer))),
            // The same one is what a service offers to those who have it. An older one is told apart in the log.
            Err(ReleaseError::NotNewer) => {
                tracing::info!(offered = %offer.release().version, "no newer version is offered");
                Ok(Offered::Newest)
            }
            Err(error) => Err(refused(error)),
        }
    }
}

enum Offered {
    Nothing,
    Newest,
    Newer(Box<Offer>),
}

fn url(address: &Address, name: &str) -> String {
    format!("{}/download/{PROGRAM}/{name}", address.url())
}

fn refused(error: ReleaseError) -> Failure {
    tracing::warn!(%error, "an update is refused");
    Failure::new("update_refused", format!("The update is refused: {error}. Nothing was installed."))
}

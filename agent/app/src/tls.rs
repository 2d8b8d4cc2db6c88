//! Whom the agent trusts: the machine's certificate authorities, or exactly one certificate. There is no third way.

use farhand_link::trust::Trust;
pub use farhand_link::trust::{Fingerprint, certificate_error};
use rustls::ClientConfig;

use crate::fail::Fail;

/// The client's TLS, for the API, the session's socket and the media WebSocket alike.
///
/// # Errors
/// [`Fail::Service`] when this machine's certificate store cannot be used.
pub fn client_config(fingerprint: Option<Fingerprint>) -> Result<ClientConfig, Fail> {
    let trust = fingerprint.map_or(Trust::Authorities, Trust::Exactly);
    trust.client_config().map_err(|error| Fail::Service { detail: format!("TLS cannot be set up: {error}") })
}

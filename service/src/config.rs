//! The configuration: read once, from flags, then `FARHAND_*` variables, then one TOML file; the first that names a
//! setting wins. Keys that do not exist are refused with the nearest one that does.

mod key;
mod layers;
mod smtp;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use farhand_release::PublicKey;

pub use self::key::Key;
pub use self::layers::{Flags, Layers};
pub use self::smtp::Smtp;
use crate::tls::acme::AcmeSettings;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where the HTTPS certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateSource {
    /// Made at the first start and kept in the data folder.
    SelfSigned,
    /// PEM files.
    Files {
        /// The certificate chain.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// An authority, asked by ACME.
    Acme(AcmeSettings),
}

/// The address under which people reach the service, where it is not the one it listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Host name or address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl PublicUrl {
    /// As an Origin: `https://host`, with the port where it is not 443.
    #[must_use]
    pub fn origin(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match self.port {
            443 => format!("https://{host}"),
            port => format!("https://{host}:{port}"),
        }
    }
}

/// A folder of releases, and who signs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedFolder {
    /// The folder.
    pub folder: PathBuf,
    /// What is not signed with this key is not offered.
    pub key: PublicKey,
}

/// The key that the programs of this build take releases of, where it was built for one.
const BUILT_IN_KEY: Option<&str> = option_env!("FARHAND_RELEASE_KEY");

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The folder that holds everything kept.
    pub data: PathBuf,
    /// HTTPS and WebSockets.
    pub listen: SocketAddr,
    /// QUIC and WebTransport.
    pub media: SocketAddr,
    /// The UDP port that people are told, where it is not the one listened on.
    pub media_public_port: Option<u16>,
    /// Metrics in Prometheus' text form; `None` for none.
    pub metrics: Option<SocketAddr>,
    /// How people reach the service.
    pub public_url: Option<PublicUrl>,
    /// The HTTPS certificate.
    pub certificate: CertificateSource,
    /// Who is told of security events that belong to no organisation, an https address.
    pub alert_webhook: Option<String>,
    /// Whether webhooks may go to addresses of this machine and of private networks.
    pub private_webhooks: bool,
    /// The DNS server that is asked for names outside, where it is not the machine's.
    pub dns: Option<SocketAddr>,
    /// Serve the pages from this folder instead of those built in.
    pub web: Option<PathBuf>,
    /// The Linux agent that customers may download.
    pub agent_file: Option<PathBuf>,
    /// Signed releases that customers may download and programs update themselves with.
    pub downloads: Option<SignedFolder>,
    /// A demo organisation, and sessions with a demo computer.
    pub demo: bool,
    /// How log lines look.
    pub log: LogFormat,
    /// What is logged, in `tracing`'s filter form.
    pub log_filter: String,
    /// The mail server; `None`: mails stay in the outbox.
    pub smtp: Option<Smtp>,
    /// TCP connections at once.
    pub max_connections: usize,
    /// TCP connections at once from one address.
    pub max_connections_per_address: usize,
}

/// What is wrong with a setting.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such key.
    #[error("{place} names {key:?}, which is no setting{hint}. `farhand serve --help` lists them all.")]
    Unknown {
        /// Where it was read.
        place: String,
        /// The key.
        key: String,
        /// `; did you mean "…"?`, or empty.
        hint: String,
    },
    /// The value cannot be used.
    #[error("{place} sets {key} to {value:?}: {why}")]
    Value {
        /// Where it was read.
        place: String,
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// What it should be.
        why: String,
    },
    /// Two settings do not go together.
    #[error("{0}")]
    Together(&'static str),
    /// The file cannot be read.
    #[error("The configuration file {path} cannot be read: {why}. Check the path given with --config.")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The file is not TOML.
    #[error("The configuration file {path} is not valid TOML: {why}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        why: String,
    },
}

impl Config {
    /// From all three places.
    ///
    /// # Errors
    /// [`ConfigError`], a sentence that says which setting and what it should be.
    pub fn read(
        flags: Flags,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Layers::gather(flags, environment)?.config()
    }
}

/// The port that is used where none is named.
const DEFAULT_PORT: u16 = 8443;

impl Layers {
    /// The configuration that the layers say.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn config(&self) -> Result<Config, ConfigError> {
        let public_url = self.parsed(Key::PublicUrl, public_url)?;
        let certificate = match (self.text(Key::Certificate), self.text(Key::CertificateKey)) {
            (None, None) => match self.acme(public_url.as_ref())? {
                Some(settings) => CertificateSource::Acme(settings),
                None => CertificateSource::SelfSigned,
            },
            (Some(_), _) | (_, Some(_)) if self.text(Key::Acme).is_some() => {
                return Err(ConfigError::Together(
                    "acme and certificate files exclude each other: let the authority issue the certificate, or give files.",
                ));
            }
            (Some(certificate), Some(key)) => {
                CertificateSource::Files { certificate: certificate.into(), key: key.into() }
            }
            (Some(_), None) | (None, Some(_)) => {
                return Err(ConfigError::Together(
                    "certificate and certificate_key go together: give both PEM files, or neither for a self-signed \
                     certificate.",
                ));
            }
        };
        Ok(Config {
            data: self.text(Key::Data).map_or_else(|| PathBuf::from("farhand-data"), PathBuf::from),
            listen: self.address(Key::Listen, SocketAddr::from((Ipv4Addr::UNSPECIFIED, DEFAULT_PORT)))?,
            media: self.address(Key::Media, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 15000)))?,
            media_public_port: self.parsed(Key::MediaPublicPort, port)?,
            metrics: self.metrics()?,
            public_url,
            certificate,
            alert_webhook: self.parsed(Key::AlertWebhook, webhook)?,
            private_webhooks: self.parsed(Key::PrivateWebhooks, boolean)?.unwrap_or(false),
            dns: self.parsed(Key::Dns, |text| socket(text, 53))?,
            web: self.text(Key::Web).map(PathBuf::from),
            agent_file: self.text(Key::AgentFile).map(PathBuf::from),
            downloads: self.downloads()?,
            demo: self.parsed(Key::Demo, boolean)?.unwrap_or(false),
            log: self.parsed(Key::Log, log_format)?.unwrap_or(LogFormat::Text),
            log_filter: self.text(Key::LogFilter).unwrap_or("info").to_owned(),
            smtp: self.smtp()?,
            max_connections: self.parsed(Key::MaxConnections, count)?.unwrap_or(4096),
            max_connections_per_address: self.parsed(Key::MaxConnectionsPerAddress, count)?.unwrap_or(512),
        })
    }

    fn acme(&self, public_url: Option<&PublicUrl>) -> Result<Option<AcmeSettings>, ConfigError> {
        let Some(directory) = self.parsed(Key::Acme, directory)? else {
            let lonely = [Key::AcmeContact, Key::AcmeRoot].into_iter().any(|key| self.text(key).is_some());
            return match lonely {
                true => Err(ConfigError::Together(
                    "acme_contact and acme_root belong to acme: name the authority, such as acme = \"letsencrypt\".",
                )),
                false => Ok(None),
            };
        };
        let named = public_url.filter(|url| url.host.parse::<IpAddr>().is_err());
        let Some(url) = named else {
            return Err(ConfigError::Together(
                "acme needs the name that the certificate is for: set public_url to an address with a host name, such as \
                 https://support.example.org.",
            ));
        };
        Ok(Some(AcmeSettings {
            directory,
            contact: self.text(Key::AcmeContact).map(str::to_owned),
            root: self.text(Key::AcmeRoot).map(PathBuf::from),
            host: url.host.clone(),
        }))
    }

    fn downloads(&self) -> Result<Option<SignedFolder>, ConfigError> {
        let given = self.parsed(Key::ReleaseKey, release_key)?;
        let built_in = || BUILT_IN_KEY.and_then(|key| key.parse().ok());
        match (self.text(Key::Downloads), given) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(ConfigError::Together(
                "release_key belongs to downloads: name the folder of signed releases, or leave the key out.",
            )),
            (Some(folder), given) => match given.or_else(built_in) {
                Some(key) => Ok(Some(SignedFolder { folder: folder.into(), key })),
                None => Err(ConfigError::Together(
                    "downloads needs release_key: the public key (minisign's line) that the releases are signed with.",
                )),
            },
        }
    }

    fn smtp(&self) -> Result<Option<Smtp>, ConfigError> {
        let from = self.parsed(Key::MailFrom, |text| {
            text.parse().map_err(|_| "it should be like Farhand <support@example.org>".to_owned())
        })?;
        match (self.text(Key::Smtp), from) {
            (None, None) => Ok(None),
            // The value is not repeated: it may hold a password.
            (Some(address), Some(from)) => Smtp::parse(address, from).map(Some).map_err(|why| {
                ConfigError::Value {
                    place: "The configuration".into(), key: "smtp", value: "…".into(), why
                }
            }),
            (Some(_), None) | (None, Some(_)) => Err(ConfigError::Together(
                "smtp and mail_from go together: give both to send mail, or neither to keep it in the outbox.",
            )),
        }
    }

    fn address(&self, key: Key, default: SocketAddr) -> Result<SocketAddr, ConfigError> {
        Ok(self.parsed(key, |text| socket(text, default.port()))?.unwrap_or(default))
    }

    fn metrics(&self) -> Result<Option<SocketAddr>, ConfigError> {
        let parse = |text: &str| {
            if text == "off" {
                return Ok(None);
            }
            let address = socket(text, 9464)?;
            if !address.ip().is_loopback() {
                return Err(
                    "metrics are not protected, so they are served on a loopback address only, such as \
                            127.0.0.1:9464; \"off\" serves none"
                        .to_owned(),
                );
            }
            Ok(Some(address))
        };
        Ok(self.parsed(Key::Metrics, parse)?.unwrap_or(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)))))
    }
}

fn socket(text: &str, port: u16) -> Result<SocketAddr, String> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, port)))
        .map_err(|_| format!("it should be an address and a port, such as 0.0.0.0:{port} or [::]:{port}"))
}

fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it should be a port, a number from 1 to 65535".to_owned()),
        Ok(port) => Ok(port),
    }
}

fn directory(text: &str) -> Result<String, String> {
    match text {
        "letsencrypt" => Ok("https://acme-v02.api.letsencrypt.org/directory".into()),
        "letsencrypt-staging" => Ok("https://acme-staging-v02.api.letsencrypt.org/directory".into()),
        url if url.starts_with("https://") => Ok(url.to_owned()),
        _ => Err(
            "it should be letsencrypt, letsencrypt-staging, or the https address of an authority's directory"
                .into(),
        ),
    }
}

fn webhook(text: &str) -> Result<String, String> {
    match text.starts_with("https://") {
        true => Ok(text.to_owned()),
        false => Err("it should be an https address, such as https://alerts.example.org/farhand".into()),
    }
}

fn release_key(text: &str) -> Result<PublicKey, String> {
    text.parse()
        .map_err(|_| "it should be the line of a minisign public key, which begins with RW".to_owned())
}

fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err("it should be true or false".to_owned()),
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it should be a whole number of at least 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("it should be text or json".to_owned()),
    }
}

fn public_url(text: &str) -> Result<PublicUrl, String> {
    let wrong =
        || "it should be an https address without a path, such as https://support.example.org".to_owned();
    let uri: http::Uri = text.parse().map_err(|_| wrong())?;
    let authority = uri.authority().ok_or_else(wrong)?;
    let bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.as_str().contains('@');
    if uri.scheme_str() != Some("https") || !bare || authority.host().is_empty() {
        return Err(wrong());
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    Ok(PublicUrl { host, port: authority.port_u16().unwrap_or(443) })
}

#[cfg(test)]
mod tests;

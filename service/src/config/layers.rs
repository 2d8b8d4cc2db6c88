//! Where values come from, and which one wins.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{ConfigError, Key};

/// The flags of `farhand serve`. Each is also a variable `FARHAND_…` and a key of the TOML file.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Flags {
    /// Read settings from this TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Keep everything in this folder [default: farhand-data].
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,
    /// Serve HTTPS and WebSockets here [default: 0.0.0.0:8443].
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Serve QUIC and WebTransport (UDP) here [default: 0.0.0.0:15000].
    #[arg(long, value_name = "ADDRESS")]
    pub media: Option<String>,
    /// The UDP port that people are told, where the one that is listened on is mapped to another.
    #[arg(long, value_name = "PORT")]
    pub media_public_port: Option<String>,
    /// Serve metrics on this loopback address, or "off" [default: 127.0.0.1:9464].
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<String>,
    /// How people reach the service, such as https://support.example.org.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// The HTTPS certificate chain (PEM); without it a self-signed one is made.
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<String>,
    /// The certificate's private key (PEM).
    #[arg(long, value_name = "FILE")]
    pub certificate_key: Option<String>,
    /// Get certificates by ACME for the public address: "letsencrypt" (which accepts its terms), or an authority's directory.
    #[arg(long, value_name = "AUTHORITY")]
    pub acme: Option<String>,
    /// The e-mail address that the authority may write to.
    #[arg(long, value_name = "ADDRESS")]
    pub acme_contact: Option<String>,
    /// The certificate (PEM) that vouches for an authority of your own.
    #[arg(long, value_name = "FILE")]
    pub acme_root: Option<String>,
    /// Post security events that belong to no organisation to this https address.
    #[arg(long, value_name = "URL")]
    pub alert_webhook: Option<String>,
    /// Allow webhooks to addresses of this machine and of private networks.
    #[arg(long)]
    pub private_webhooks: bool,
    /// Ask this DNS server for webhooks' names and for the domains of organisations, instead of the machine's.
    #[arg(long, value_name = "ADDRESS")]
    pub dns: Option<String>,
    /// Serve the pages from this folder instead of those built in.
    #[arg(long, value_name = "FOLDER")]
    pub web: Option<String>,
    /// Offer this Linux agent for download, without a signature. For trying things out; see --downloads.
    #[arg(long, value_name = "FILE")]
    pub agent_file: Option<String>,
    /// Offer the signed releases in this folder for download and as updates: files with their .minisig beside them.
    #[arg(long, value_name = "FOLDER")]
    pub downloads: Option<String>,
    /// The public key (minisign's line) that releases are signed with; nothing else is offered.
    #[arg(long, value_name = "KEY")]
    pub release_key: Option<String>,
    /// Make a demo organisation and allow sessions with a demo computer.
    #[arg(long)]
    pub demo: bool,
    /// Log form: text or json [default: text].
    #[arg(long, value_name = "FORM")]
    pub log: Option<String>,
    /// What to log, such as info or farhand_service=debug [default: info].
    #[arg(long, value_name = "FILTER")]
    pub log_filter: Option<String>,
    /// Send mail through this server: smtps://user:password@host or smtp://host (STARTTLS). Give it by FARHAND_SMTP or the
    /// file, since other users see a program's flags.
    #[arg(long, value_name = "URL")]
    pub smtp: Option<String>,
    /// Who writes mails, such as "Farhand <support@example.org>".
    #[arg(long, value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// TCP connections at once [default: 4096].
    #[arg(long, value_name = "NUMBER")]
    pub max_connections: Option<String>,
    /// TCP connections at once from one address [default: 512].
    #[arg(long, value_name = "NUMBER")]
    pub max_connections_per_address: Option<String>,
}

impl Flags {
    fn given(&self) -> Vec<(Key, String)> {
        Key::ALL
            .into_iter()
            .filter_map(|key| {
                let value = match key {
                    Key::Data => self.data.clone(),
                    Key::Listen => self.listen.clone(),
                    Key::Media => self.media.clone(),
                    Key::MediaPublicPort => self.media_public_port.clone(),
                    Key::Metrics => self.metrics.clone(),
                    Key::PublicUrl => self.public_url.clone(),
                    Key::Certificate => self.certificate.clone(),
                    Key::CertificateKey => self.certificate_key.clone(),
                    Key::Acme => self.acme.clone(),
                    Key::AcmeContact => self.acme_contact.clone(),
                    Key::AcmeRoot => self.acme_root.clone(),
                    Key::AlertWebhook => self.alert_webhook.clone(),
                    Key::PrivateWebhooks => self.private_webhooks.then(|| "true".to_owned()),
                    Key::Dns => self.dns.clone(),
                    Key::Web => self.web.clone(),
                    Key::AgentFile => self.agent_file.clone(),
                    Key::Downloads => self.downloads.clone(),
                    Key::ReleaseKey => self.release_key.clone(),
                    Key::Demo => self.demo.then(|| "true".to_owned()),
                    Key::Log => self.log.clone(),
                    Key::LogFilter => self.log_filter.clone(),
                    Key::Smtp => self.smtp.clone(),
                    Key::MailFrom => self.mail_from.clone(),
                    Key::MaxConnections => self.max_connections.clone(),
                    Key::MaxConnectionsPerAddress => self.max_connections_per_address.clone(),
                };
                value.map(|value| (key, value))
            })
            .collect()
    }
}

/// Values with the place each comes from.
#[derive(Clone, Debug, Default)]
pub struct Layers(BTreeMap<Key, (String, String)>);

const PREFIX: &str = "FARHAND_";
/// The variable that names the file.
const CONFIG: &str = "config";
/// Variables of the programs that may run beside this one and look like some of ours (`FARHAND_AGENT_LOG`, `agent_file`).
const OTHERS: [&str; 1] = ["agent_log"];

impl Layers {
    /// Reads all three places; a later layer replaces an earlier one.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that cannot be read and a key that does not exist.
    pub fn gather(
        flags: Flags,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut file = None;
        let mut variables = Vec::new();
        for (name, value) in environment {
            let Some(short) = name.strip_prefix(PREFIX) else { continue };
            let short = short.to_ascii_lowercase();
            if short == CONFIG {
                file = Some(PathBuf::from(value));
            } else if let Some(key) = Key::from_name(&short) {
                variables.push((key, name, value));
            } else if let Some(near) = Key::nearest(&short).filter(|_| !OTHERS.contains(&short.as_str())) {
                // Variables of other programs (the agent's FARHAND_SERVER) live beside ours; only what looks like a
                // mistyped one of ours is refused.
                let hint = format!("; did you mean {PREFIX}{}?", near.name().to_ascii_uppercase());
                return Err(ConfigError::Unknown { place: "The environment".into(), key: name, hint });
            }
        }
        let mut layers = Self::default();
        if let Some(path) = flags.config.clone().or(file) {
            layers.read_file(path)?;
        }
        for (key, name, value) in variables {
            layers.0.insert(key, (format!("The variable {name}"), value));
        }
        for (key, value) in flags.given() {
            layers.0.insert(key, (format!("The flag --{}", key.name().replace('_', "-")), value));
        }
        Ok(layers)
    }

    fn read_file(&mut self, path: PathBuf) -> Result<(), ConfigError> {
        let text = std::fs::read_to_string(&path)
            .map_err(|e| ConfigError::File { path: path.clone(), why: e.to_string() })?;
        let table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| ConfigError::Toml { path: path.clone(), why: e.to_string() })?;
        let place = path.display().to_string();
        for (name, value) in table {
            let Some(key) = Key::from_name(&name) else {
                let hint = Key::nearest(&name)
                    .map(|k| format!("; did you mean {:?}?", k.name()))
                    .unwrap_or_default();
                return Err(ConfigError::Unknown { place, key: name, hint });
            };
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Boolean(flag) => flag.to_string(),
                toml::Value::Integer(number) => number.to_string(),
                other @ (toml::Value::Float(_)
                | toml::Value::Datetime(_)
                | toml::Value::Array(_)
                | toml::Value::Table(_)) => {
                    return Err(ConfigError::Value {
                        place,
                        key: key.name(),
                        value: other.to_string(),
                        why: "it should be a text, a number, or true or false".into(),
                    });
                }
            };
            self.0.insert(key, (place.clone(), value));
        }
        Ok(())
    }

    /// The value as it was written.
    #[must_use]
    pub fn text(&self, key: Key) -> Option<&str> {
        self.0.get(&key).map(|(_, value)| value.as_str())
    }

    /// The value, understood.
    ///
    /// # Errors
    /// [`ConfigError::Value`] with the words that `parse` gives.
    pub fn parsed<T>(
        &self,
        key: Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((place, value)) = self.0.get(&key) else { return Ok(None) };
        parse(value).map(Some).map_err(|why| ConfigError::Value {
            place: place.clone(),
            key: key.name(),
            value: value.clone(),
            why,
        })
    }
}

//! The names of the settings.

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The data folder.
    Data,
    /// HTTPS address.
    Listen,
    /// Media address.
    Media,
    /// UDP port that people are told.
    MediaPublicPort,
    /// Metrics address.
    Metrics,
    /// How people reach the service.
    PublicUrl,
    /// Certificate chain file.
    Certificate,
    /// Private key file.
    CertificateKey,
    /// The authority that issues certificates.
    Acme,
    /// Whom that authority may write to.
    AcmeContact,
    /// What vouches for that authority.
    AcmeRoot,
    /// Who is told of security events that belong to no organisation.
    AlertWebhook,
    /// Whether webhooks may be on private networks.
    PrivateWebhooks,
    /// The DNS server for names outside.
    Dns,
    /// Folder of pages.
    Web,
    /// Agent to download.
    AgentFile,
    /// Folder of signed releases.
    Downloads,
    /// Who signs releases.
    ReleaseKey,
    /// Demo organisation.
    Demo,
    /// Log form.
    Log,
    /// Log filter.
    LogFilter,
    /// Mail server.
    Smtp,
    /// Who writes mails.
    MailFrom,
    /// Connection limit.
    MaxConnections,
    /// Connection limit for one address.
    MaxConnectionsPerAddress,
}

impl Key {
    /// Every setting.
    pub const ALL: [Self; 25] = [
        Self::Data,
        Self::Listen,
        Self::Media,
        Self::MediaPublicPort,
        Self::Metrics,
        Self::PublicUrl,
        Self::Certificate,
        Self::CertificateKey,
        Self::Acme,
        Self::AcmeContact,
        Self::AcmeRoot,
        Self::AlertWebhook,
        Self::PrivateWebhooks,
        Self::Dns,
        Self::Web,
        Self::AgentFile,
        Self::Downloads,
        Self::ReleaseKey,
        Self::Demo,
        Self::Log,
        Self::LogFilter,
        Self::Smtp,
        Self::MailFrom,
        Self::MaxConnections,
        Self::MaxConnectionsPerAddress,
    ];

    /// As in the TOML file. The flag has dashes for the underscores, the variable is `FARHAND_` with capitals.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Listen => "listen",
            Self::Media => "media",
            Self::MediaPublicPort => "media_public_port",
            Self::Metrics => "metrics",
            Self::PublicUrl => "public_url",
            Self::Certificate => "certificate",
            Self::CertificateKey => "certificate_key",
            Self::Acme => "acme",
            Self::AcmeContact => "acme_contact",
            Self::AcmeRoot => "acme_root",
            Self::AlertWebhook => "alert_webhook",
            Self::PrivateWebhooks => "private_webhooks",
            Self::Dns => "dns",
            Self::Web => "web",
            Self::AgentFile => "agent_file",
            Self::Downloads => "downloads",
            Self::ReleaseKey => "release_key",
            Self::Demo => "demo",
            Self::Log => "log",
            Self::LogFilter => "log_filter",
            Self::Smtp => "smtp",
            Self::MailFrom => "mail_from",
            Self::MaxConnections => "max_connections",
            Self::MaxConnectionsPerAddress => "max_connections_per_address",
        }
    }

    /// The setting with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// The setting whose name is nearest to a mistyped one, if any is near.
    #[must_use]
    pub fn nearest(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .map(|key| (strsim::jaro_winkler(key.name(), name), key))
            .filter(|(likeness, _)| *likeness >= 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, key)| key)
    }
}

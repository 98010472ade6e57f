//! The configuration: `hsm-config/service.toml` is its manual, with every option and its default.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use const_oid::ObjectIdentifier;
use serde::Deserialize;

use crate::{
    clients::{guard::Network, mail::MailServer, tsa::TsaServer},
    devices::pkcs11::TokenConfig,
    domain::{ca_class::CaClass, seal_code::SealCodeScheme},
    drawing::{Bounds, Drawer},
};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("configuration {0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The file is not as it should be.
    #[error("configuration: {0}")]
    Invalid(String),
}

/// The whole configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The HTTP server.
    #[serde(default)]
    pub http: HttpConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// The token with the keys.
    pub token: TokenConfig,
    /// Policies.
    #[serde(default)]
    pub policy: PolicyConfig,
    /// The built-in CA.
    #[serde(default)]
    pub ca: CaConfig,
    /// Whom to trust when certificates come from elsewhere.
    #[serde(default)]
    pub trust: TrustConfig,
    /// Sealing.
    #[serde(default)]
    pub sealing: SealingConfig,
    /// The register of seals.
    #[serde(default)]
    pub register: RegisterConfig,
    /// Timestamps.
    #[serde(default)]
    pub timestamps: TimestampConfig,
    /// Drawing pages for verification.
    #[serde(default)]
    pub drawing: DrawingConfig,
    /// Fetching what tells the status of certificates.
    #[serde(default)]
    pub fetching: FetchingConfig,
    /// Verification.
    #[serde(default)]
    pub verification: VerificationConfig,
    /// Documents that are kept valid.
    #[serde(default)]
    pub archive: ArchiveConfig,
    /// Webhooks.
    #[serde(default)]
    pub webhooks: WebhookConfig,
    /// The server that e-mail goes to.
    #[serde(default)]
    pub mail: MailServer,
}

/// The HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address under which others reach the service; it stands in certificates.
    pub public_url: String,
    /// Certificate chain for TLS, PEM; without it the service speaks plain HTTP behind a proxy.
    pub tls_certificate: Option<PathBuf>,
    /// Private key for TLS, PEM.
    pub tls_key: Option<PathBuf>,
    /// The largest document, bytes.
    pub largest_document: u64,
    /// The largest document for public verification, bytes.
    pub largest_public_document: u64,
    /// How many public verifications may run at once.
    pub public_verifications: usize,
    /// How long a public verification may take, seconds.
    pub public_timeout_seconds: u64,
    /// How many public requests one address may make in a minute.
    pub public_requests_per_minute: u32,
    /// Documents up to this size are kept in memory, larger ones in a spool file, bytes.
    pub spool_threshold: u64,
    /// Where spool files go; the system's temporary directory if not set.
    pub spool_directory: Option<PathBuf>,
    /// How long requests under way may take to finish at shutdown, seconds.
    pub shutdown_seconds: u64,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: "http://127.0.0.1:8080".to_owned(),
            tls_certificate: None,
            tls_key: None,
            largest_document: 1 << 30,
            largest_public_document: 20 << 20,
            public_verifications: 4,
            public_timeout_seconds: 30,
            public_requests_per_minute: 120,
            spool_threshold: 1 << 20,
            spool_directory: None,
            shutdown_seconds: 30,
        }
    }
}

/// The database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite:///path?mode=rwc` or `postgres://user@host/database`.
    pub url: String,
}

/// Policies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// A directory like `policies/`; the bundled policies if not set.
    pub directory: Option<PathBuf>,
    /// The name of the validation policy that is used where a question names none.
    pub validation: String,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self { directory: None, validation: "default".to_owned() }
    }
}

/// The built-in CA.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaConfig {
    /// The name in its certificates.
    pub organization: String,
    /// What it may stand for.
    pub class: CaClass,
    /// Validity of its root, days.
    pub root_days: u32,
    /// Validity of a seal certificate, days.
    pub seal_days: u32,
    /// How long a revocation list is good for, hours; a new one comes after half of it.
    pub crl_hours: u32,
}

impl Default for CaConfig {
    fn default() -> Self {
        Self {
            organization: "Sealwright Test Authority".to_owned(),
            class: CaClass::Internal,
            root_days: 3650,
            seal_days: 730,
            crl_hours: 48,
        }
    }
}

/// Whom to trust when certificates come from elsewhere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustConfig {
    /// A directory of `*.pem` roots that may stand above seal certificates.
    pub directory: Option<PathBuf>,
}

/// The standard by which electronic seals are made.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum SealStructureVersion {
    /// GB/T 38540-2020.
    #[default]
    V4,
    /// GM/T 0031-2025, with a timestamp over the maker's signature.
    V5,
}

/// How electronic seals name those who may sign with them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum SignersNamedBy {
    /// By the certificates themselves (`certListType` 1).
    #[default]
    Certificates,
    /// By their SM3 digests (`certListType` 2).
    Digests,
}

/// Sealing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SealingConfig {
    /// The standard by which electronic seals are made.
    pub seal_structure: SealStructureVersion,
    /// How electronic seals name those who may sign with them.
    pub signers_named_by: SignersNamedBy,
    /// How long answers are kept for idempotency keys, hours.
    pub idempotency_hours: u32,
    /// How long a process's attempts are left alone after its last sign of life, seconds.
    pub lease_seconds: u32,
}

impl Default for SealingConfig {
    fn default() -> Self {
        Self {
            seal_structure: SealStructureVersion::default(),
            signers_named_by: SignersNamedBy::default(),
            idempotency_hours: 48,
            lease_seconds: 30,
        }
    }
}

/// The register of seals.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegisterConfig {
    /// How seal codes are put together.
    pub seal_code: String,
    /// How long a version has been at its end before its keys may be destroyed, days.
    pub key_destruction_days: u16,
}

impl Default for RegisterConfig {
    fn default() -> Self {
        Self { seal_code: "{area}{serial:8}".to_owned(), key_destruction_days: 30 }
    }
}

impl RegisterConfig {
    /// How seal codes are put together.
    ///
    /// # Errors
    /// It is not as it should be, which was found out when the configuration was read.
    pub fn seal_code_scheme(&self) -> Result<SealCodeScheme, String> {
        SealCodeScheme::parse(&self.seal_code)
    }
}

/// Webhooks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookConfig {
    /// How long to wait after each try that failed, seconds; after the last one it is a dead letter.
    pub retry_seconds: Vec<u32>,
    /// How long a receiver may take, milliseconds.
    pub timeout_ms: u64,
    /// Whether they may go to private, local and other special addresses.
    pub private_addresses: bool,
    /// Whether they may go by http://, too.
    pub plain_http: bool,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            // Half a minute, minutes, hours, in all almost three days.
            retry_seconds: vec![
                5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200, 57_600, 86_400,
            ],
            timeout_ms: 10_000,
            private_addresses: false,
            plain_http: false,
        }
    }
}

impl WebhookConfig {
    fn validate(&self) -> Result<(), String> {
        if self.retry_seconds.len() > 50 || self.retry_seconds.iter().any(|s| *s > 604_800) {
            return Err("webhooks.retry_seconds: at most 50 pauses of at most a week".to_owned());
        }
        if !(1..=60_000).contains(&self.timeout_ms) {
            return Err("webhooks.timeout_ms must be 1 to 60000".to_owned());
        }
        Ok(())
    }
}

/// Where the timestamps over signatures come from.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum TimestampSource {
    /// The built-in authority.
    #[default]
    BuiltIn,
    /// Authorities elsewhere.
    Servers,
}

/// Timestamps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimestampConfig {
    /// Where those over signatures come from.
    pub source: TimestampSource,
    /// The policy under which the built-in authority gives them, an object identifier.
    pub policy: String,
    /// How far off its time may be, milliseconds.
    pub accuracy_ms: u32,
    /// How many queries one address may send it in a minute.
    pub requests_per_minute: u32,
    /// Authorities elsewhere, in the order in which they are asked.
    pub servers: Vec<TsaServer>,
    /// A directory of `*.pem` roots above authorities elsewhere.
    pub trust: Option<PathBuf>,
    /// How far the time of an authority elsewhere may be from ours, seconds.
    pub largest_difference_seconds: u32,
}

impl Default for TimestampConfig {
    fn default() -> Self {
        Self {
            source: TimestampSource::BuiltIn,
            policy: "1.3.6.1.4.1.32473.1.1".to_owned(),
            accuracy_ms: 1000,
            requests_per_minute: 6000,
            servers: Vec::new(),
            trust: None,
            largest_difference_seconds: 300,
        }
    }
}

impl TimestampConfig {
    fn validate(&self) -> Result<(), String> {
        if ObjectIdentifier::new(&self.policy).is_err() {
            return Err("timestamps.policy is not an object identifier".to_owned());
        }
        if !(1..=60_000).contains(&self.accuracy_ms) {
            return Err("timestamps.accuracy_ms must be 1 to 60000".to_owned());
        }
        if self.source == TimestampSource::Servers
            && (self.servers.is_empty() || self.trust.is_none())
        {
            return Err("timestamps.source = \"servers\" needs timestamps.servers and \
                        timestamps.trust"
                .to_owned());
        }
        for server in &self.servers {
            if !(server.url.starts_with("http://") || server.url.starts_with("https://")) {
                return Err("timestamps.servers: url must be http:// or https://".to_owned());
            }
            if !(1..=60_000).contains(&server.timeout_ms) {
                return Err("timestamps.servers: timeout_ms must be 1 to 60000".to_owned());
            }
        }
        Ok(())
    }

    /// The policy as an object identifier.
    pub fn policy_oid(&self) -> ObjectIdentifier {
        ObjectIdentifier::new(&self.policy).unwrap_or(ObjectIdentifier::new_unwrap("1.3.6.1.4.1"))
    }
}

/// Drawing pages for verification, in processes of their own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DrawingConfig {
    /// Whether the pages of files that were changed after signing are drawn and compared.
    pub enabled: bool,
    /// The largest file whose pages are drawn, bytes.
    pub largest_document: u64,
    /// How long drawing one file may take, seconds of a processor.
    pub seconds: u32,
    /// How much memory it may take, bytes.
    pub memory: u64,
}

impl Default for DrawingConfig {
    fn default() -> Self {
        Self { enabled: true, largest_document: 64 << 20, seconds: 10, memory: 1 << 30 }
    }
}

impl DrawingConfig {
    fn validate(&self) -> Result<(), String> {
        if !(1..=3600).contains(&self.seconds) {
            return Err("drawing.seconds must be 1 to 3600".to_owned());
        }
        if self.memory < 256 << 20 || self.memory / 4 < self.largest_document {
            return Err("drawing.memory must be at least 256 MiB, and four times \
                        drawing.largest_document"
                .to_owned());
        }
        Ok(())
    }

    /// Who draws, unless nobody does.
    pub fn drawer(&self) -> Option<Drawer> {
        let bounds = Bounds { seconds: u64::from(self.seconds), memory: self.memory };
        self.enabled.then(|| Drawer::of_this_program(self.largest_document, bounds))
    }
}

/// Fetching what tells the status of certificates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FetchingConfig {
    /// Whether anything is fetched.
    pub enabled: bool,
    /// Networks that may be called beside the public internet.
    pub networks: Vec<Network>,
    /// How long one call may take, milliseconds.
    pub timeout_ms: u64,
    /// Whether certificates of issuers are fetched from where a certificate says that nobody trusts
    /// yet.
    pub issuers: bool,
}

impl Default for FetchingConfig {
    fn default() -> Self {
        Self { enabled: true, networks: Vec::new(), timeout_ms: 5000, issuers: false }
    }
}

/// Verification.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VerificationConfig {
    /// How long the outcome of a verification is kept for who asks the same again, seconds, at most an
    /// hour; 0 keeps none.
    pub keep_seconds: u32,
}

impl Default for VerificationConfig {
    fn default() -> Self {
        Self { keep_seconds: 300 }
    }
}

/// Documents that are kept valid 归档.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArchiveConfig {
    /// Where they lie, `*.pdf` in folders of any depth; none without it.
    pub directory: Option<PathBuf>,
    /// How many days before its last document timestamp's authority ends a document gets another.
    pub due_days: u32,
}

impl Default for ArchiveConfig {
    fn default() -> Self {
        Self { directory: None, due_days: 90 }
    }
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// See [`ConfigError`]; the message names the option.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::File(path.to_owned(), error))?;
        Self::parse(&text)
    }

    /// Reads and checks the text of a configuration.
    ///
    /// # Errors
    /// See [`ConfigError`]; the message names the option.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self =
            toml::from_str(text).map_err(|error| ConfigError::Invalid(error.to_string()))?;
        config.validate().map_err(ConfigError::Invalid)?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), String> {
        self.token.validate()?;
        self.timestamps.validate()?;
        self.webhooks.validate()?;
        self.drawing.validate()?;
        self.mail.validate()?;
        self.register.seal_code_scheme().map_err(|error| format!("register.seal_code: {error}"))?;
        if self.http.tls_certificate.is_some() != self.http.tls_key.is_some() {
            return Err("http.tls_certificate and http.tls_key go together".to_owned());
        }
        let url = &self.http.public_url;
        if !(url.starts_with("http://") || url.starts_with("https://")) || url.ends_with('/') {
            return Err(
                "http.public_url must be http:// or https:// without a slash at the end".to_owned()
            );
        }
        if !(1..=36_500).contains(&self.ca.root_days) || !(1..=3650).contains(&self.ca.seal_days) {
            return Err("ca.root_days must be 1 to 36500, ca.seal_days 1 to 3650".to_owned());
        }
        if !(100..=60_000).contains(&self.fetching.timeout_ms) {
            return Err("fetching.timeout_ms must be 100 to 60000".to_owned());
        }
        if self.verification.keep_seconds > 3600 {
            return Err("verification.keep_seconds must be 0 to 3600".to_owned());
        }
        if !(1..=8760).contains(&self.ca.crl_hours) {
            return Err("ca.crl_hours must be 1 to 8760".to_owned());
        }
        if !(1..=8760).contains(&self.sealing.idempotency_hours) {
            return Err("sealing.idempotency_hours must be 1 to 8760".to_owned());
        }
        if !(1..=3600).contains(&self.sealing.lease_seconds) {
            return Err("sealing.lease_seconds must be 1 to 3600".to_owned());
        }
        if self.http.public_verifications == 0 || self.http.public_timeout_seconds == 0 {
            return Err("http.public_verifications and http.public_timeout_seconds must not be 0"
                .to_owned());
        }
        Ok(())
    }
}

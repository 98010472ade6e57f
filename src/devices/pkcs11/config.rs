//! The configuration of a token, as in `hsm-config/*.toml`.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use crate::crypto::Pin;

/// One PKCS#11 token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// The PKCS#11 module, a shared library.
    pub module: PathBuf,
    /// The label of the token in it.
    pub label: String,
    /// Its serial, where labels are not unique.
    #[serde(default)]
    pub serial: Option<String>,
    /// Where the user PIN comes from.
    pub pin: PinSource,
    /// How many sessions, each with a thread of its own.
    #[serde(default = "default_sessions")]
    pub sessions: usize,
    /// How many requests may wait.
    #[serde(default = "default_queue")]
    pub queue: usize,
    /// How long a request may take, milliseconds.
    #[serde(default = "default_deadline")]
    pub deadline_ms: u64,
    /// How often the token is tried with a real signature, milliseconds.
    #[serde(default = "default_probe")]
    pub probe_interval_ms: u64,
    /// Sign through session-object copies of token keys, where the token allows copies.
    #[serde(default = "default_copies")]
    pub session_copies: bool,
    /// The vendor's SM2 mechanisms, where the token has them.
    #[serde(default)]
    pub sm2: Option<VendorSm2>,
}

/// Where a PIN comes from; never from a flag.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "from")]
pub enum PinSource {
    /// A file whose first line is the PIN.
    File {
        /// Its path.
        path: PathBuf,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A systemd credential (`LoadCredential=`).
    Credential {
        /// Its name.
        name: String,
    },
}

/// A vendor's SM2 (no standard mechanism exists).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VendorSm2 {
    /// `CKK_…` of SM2 keys.
    pub key_type: u64,
    /// `CKM_…` that generates a key pair.
    pub generate: u64,
    /// `CKM_…` that signs e = SM3(Z‖M) as it is.
    pub sign: u64,
    /// What the mechanism returns.
    pub signature: SignatureForm,
}

/// The form in which a mechanism returns a signature.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureForm {
    /// 64 bytes r‖s.
    Raw,
    /// DER `SEQUENCE` of r and s.
    Der,
}

fn default_sessions() -> usize {
    4
}
fn default_queue() -> usize {
    256
}
fn default_deadline() -> u64 {
    10_000
}
fn default_probe() -> u64 {
    5_000
}
fn default_copies() -> bool {
    true
}

impl TokenConfig {
    /// How long a request may take.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// Checks the numbers against each other.
    ///
    /// # Errors
    /// A sentence that names the option and the range.
    pub fn validate(&self) -> Result<(), String> {
        if !(1..=256).contains(&self.sessions) {
            return Err("token.sessions must be 1 to 256".to_owned());
        }
        if !(1..=65_536).contains(&self.queue) {
            return Err("token.queue must be 1 to 65536".to_owned());
        }
        if !(10..=600_000).contains(&self.deadline_ms) {
            return Err("token.deadline_ms must be 10 to 600000".to_owned());
        }
        if !(50..=3_600_000).contains(&self.probe_interval_ms) {
            return Err("token.probe_interval_ms must be 50 to 3600000".to_owned());
        }
        Ok(())
    }
}

impl PinSource {
    /// Reads the PIN.
    ///
    /// # Errors
    /// A sentence that says where the PIN was looked for, never what was found.
    pub fn read(&self) -> Result<Pin, String> {
        let from_file = |path: &PathBuf| -> Result<String, String> {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("PIN file {}: {error}", path.display()))?;
            Ok(text.lines().next().unwrap_or_default().to_owned())
        };
        let text = match self {
            Self::File { path } => from_file(path)?,
            Self::Environment { variable } => std::env::var(variable)
                .map_err(|_| format!("environment variable {variable} with the PIN is not set"))?,
            Self::Credential { name } => {
                let directory = std::env::var("CREDENTIALS_DIRECTORY").map_err(|_| {
                    format!("credential {name}: not started by systemd with LoadCredential=")
                })?;
                from_file(&PathBuf::from(directory).join(name))?
            }
        };
        if text.is_empty() { Err("the PIN is empty".to_owned()) } else { Ok(Pin::new(text)) }
    }
}

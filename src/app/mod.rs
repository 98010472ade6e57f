//! The composition root: the only file that names every concrete type.

pub mod trust;

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    clients::{
        fetch::{Fetch, fetch},
        guard::Allowed,
    },
    config::{Config, FetchingConfig},
    devices::{Devices, Token},
    domain::{Clock, SystemClock, ca_class::CaClass, id::new_ulid, report::FetchedKind},
    http::{House, Server, serve},
    jobs::Jobs,
    policy::{PolicyError, PolicySet},
    service::{Authority, Error, Parts, Provisioner, Service},
    store::{Store, StoreError},
    verification::{Errand, Fetching, ValidationPolicies, ValidationPolicyError},
};
use trust::TrustDirectory;

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error("database: {0}")]
    Store(#[from] StoreError),
    /// The validation policies.
    #[error(transparent)]
    ValidationPolicy(#[from] ValidationPolicyError),
    /// The policies.
    #[error("policies: {0}")]
    Policy(#[from] PolicyError),
    /// Another process has the SQLite file.
    #[error("another process of the service uses the database file ({0} is locked)")]
    Locked(PathBuf),
    /// The SQLite file has no place.
    #[error("{0} cannot be made: {1}; make its directory, or change [database] url")]
    NoPlace(PathBuf, std::io::Error),
    /// `init` was not run.
    #[error("the service is not initialised; run `sealwright init` once")]
    NotInitialised,
    /// A trust directory.
    #[error("trust: {0}")]
    Trust(String),
    /// A verb failed.
    #[error("{0}")]
    Service(#[from] Error),
    /// The system fails.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// The service with everything that runs.
pub struct App {
    /// The verbs.
    pub service: Arc<Service>,
    jobs: Option<Jobs>,
    server: Option<Server>,
    /// Held while the process lives, so that it is alone on its SQLite file.
    _lock: Option<File>,
}

impl App {
    /// Opens database and token and closes what an earlier process left under way. Nothing listens
    /// yet.
    ///
    /// # Errors
    /// See [`StartError`]. A token that cannot be opened now is no error: the service starts, says
    /// so in `/readyz`, and keeps trying.
    pub async fn open(config: Config) -> Result<Self, StartError> {
        let lock = lock_database(&config.database.url)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let instance = instance(&*clock);
        let policy = load_policy(&config)?;
        let trust = TrustDirectory::load_named(config.trust.directory.as_deref())?;
        let mut ca_classes = HashMap::new();
        for class in CaClass::ALL {
            let roots = trust.roots(&[class.as_str()]);
            ca_classes.extend(roots.iter().map(|root| (root.fingerprint(), *class)));
        }
        let stamps = TrustDirectory::load_named(config.timestamps.trust.as_deref())?;
        let store = Store::open(&config.database.url, &instance).await?;
        store.migrate().await?;
        if !Authority::is_begun(&store).await? {
            return Err(StartError::NotInitialised);
        }
        let devices = start_devices(&config).await?;
        let authority = match Authority::load(&store).await? {
            Some(authority) => authority,
            // An earlier version of the program knew fewer keys than this one.
            None => {
                let now = clock.now();
                Provisioner { store: &store, devices: &devices, config: &config, now }
                    .create()
                    .await?
            }
        };
        let drawer = config.drawing.drawer();
        let fetching = fetching(&config.fetching, Arc::clone(&clock));
        let validation_policies = load_validation_policies(config.policy.directory.as_deref())?;
        validation_policies.named(&config.policy.validation)?;
        let service = Arc::new(Service::new(Parts {
            store,
            devices,
            policy,
            clock,
            config,
            authority,
            external_trust: trust.trust(trust::SEALERS),
            ca_classes,
            maker_trust: trust.trust(trust::MAKERS),
            person_roots: trust.roots(trust::PERSONS),
            tsa_trust: stamps.trust(trust::AUTHORITIES),
            drawer,
            fetching,
            validation_policies,
            instance,
        }));
        service.renew_lease().await?;
        service.recover_signings(lock.is_some()).await?;
        Ok(Self { service, jobs: None, server: None, _lock: lock })
    }

    /// Starts to listen and to do what the clock demands; returns where it listens.
    ///
    /// # Errors
    /// The address is in use.
    pub async fn run(&mut self) -> Result<std::net::SocketAddr, StartError> {
        self.jobs = Some(Jobs::start(Arc::clone(&self.service), self._lock.is_some()));
        let server = serve(House::new(Arc::clone(&self.service))).await?;
        let address = server.address;
        self.server = Some(server);
        Ok(address)
    }

    /// Lets requests under way finish, then ends jobs, database and token, in this order.
    pub async fn stop(self) {
        let limit = Duration::from_secs(self.service.config.http.shutdown_seconds);
        if let Some(server) = self.server {
            server.stop(limit).await;
        }
        if let Some(jobs) = self.jobs {
            jobs.stop().await;
        }
        self.service.store.close().await;
        let service = self.service;
        // The last token handle waits for its threads; that is not for the async runtime.
        let _ = tokio::task::spawn_blocking(move || drop(service)).await;
    }
}

/// A name for this process.
pub fn instance(clock: &dyn Clock) -> String {
    let mut random = [0; 10];
    // Without randomness the time alone still tells processes apart.
    let _ = crate::crypto::random::fill(&mut random);
    new_ulid(clock.now(), random)
}

/// Opens the token in a thread of its own: it waits for the first attempt.
///
/// # Errors
/// The thread could not run.
pub async fn start_devices(config: &Config) -> Result<Devices, StartError> {
    let token = config.token.clone();
    tokio::task::spawn_blocking(move || Devices::new(Token::start(token)))
        .await
        .map_err(|_| StartError::Io(std::io::ErrorKind::Interrupted.into()))
}

/// The policies that the configuration names.
///
/// # Errors
/// They do not hold.
pub fn load_policy(config: &Config) -> Result<PolicySet, PolicyError> {
    match &config.policy.directory {
        Some(directory) => PolicySet::load(directory),
        None => PolicySet::bundled(),
    }
}

/// The longest revocation list, and the longest answer of any other kind, that is read, bytes.
const LONGEST_LIST: u64 = 32 << 20;
const LONGEST_ANSWER: u64 = 64 << 10;

/// Whoever fetches what tells the status of certificates, unless nobody does.
pub fn fetching(config: &FetchingConfig, clock: Arc<dyn Clock>) -> Option<Arc<Fetching>> {
    if !config.enabled {
        return None;
    }
    let allowed = Allowed::and(config.networks.clone());
    let timeout = Duration::from_millis(config.timeout_ms);
    let go = move |errand: &Errand| {
        let question = errand.question.as_deref().map(|bytes| (bytes, "application/ocsp-request"));
        let longest = if errand.kind == FetchedKind::Crl { LONGEST_LIST } else { LONGEST_ANSWER };
        fetch(&Fetch { url: &errand.url, question, longest, timeout, allowed: &allowed })
    };
    Some(Arc::new(Fetching::new(Box::new(go), clock, config.issuers)))
}

/// The validation policies: those that come with the program, and `validation/*.toml` in a directory of
/// policies.
///
/// # Errors
/// A file cannot be read, or is no policy.
pub fn load_validation_policies(
    directory: Option<&Path>,
) -> Result<ValidationPolicies, StartError> {
    let folder = directory.map(|directory| directory.join("validation"));
    let mut texts = Vec::new();
    if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(&folder)? {
            paths.push(entry?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        for path in paths {
            texts.push(std::fs::read_to_string(path)?);
        }
    }
    Ok(ValidationPolicies::with(texts.iter().map(String::as_str))?)
}

/// The file of a SQLite URL.
pub fn sqlite_path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    Some(PathBuf::from(path.split('?').next()?))
}

/// Takes the lock beside a SQLite file; `None` for other databases.
///
/// # Errors
/// Another process has it.
pub fn lock_database(url: &str) -> Result<Option<File>, StartError> {
    let Some(path) = sqlite_path(url) else { return Ok(None) };
    let mut name = path.into_os_string();
    name.push(".lock");
    let path = PathBuf::from(name);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| StartError::NoPlace(path.clone(), error))?;
    file.try_lock().map_err(|_| StartError::Locked(path))?;
    Ok(Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_without_a_place_says_what_to_do() {
        let error =
            lock_database("sqlite:///nowhere/at/all/s.db?mode=rwc").unwrap_err().to_string();
        assert!(
            error.contains("/nowhere/at/all") && error.contains("make its directory"),
            "{error}"
        );
    }
}

//! Verbs: one story a file. What they may use is in [`Service`]; who asks is in [`Act`].

mod act;
pub mod administration;
pub mod applications;
mod authority;
pub mod deadlines;
pub mod documents;
mod error;
#[cfg(feature = "failpoints")]
mod failpoint;
pub mod licence_types;
mod ocsp;
pub mod public;
pub mod recovery;
pub mod seals;
mod timestamps;
pub mod use_approvals;
mod vault;
pub mod webhooks;
mod workbench;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

pub use act::{Act, Answer};
pub use authority::{Authority, Provisioner, SCHEMES};
pub use error::Error;

use crate::{
    config::Config,
    devices::Devices,
    domain::{Clock, Timestamp, ca_class::CaClass, fresh::Fresh, organization::Scope},
    drawing::Drawer,
    formats::pdf::Appearance,
    pki::{Certificate, TrustStore},
    policy::{Action, Denied, Permit, PolicySet, Question, Resource, Subject},
    store::{AuditEvent, Gathering, Store, Tx},
    verification::{Fetching, ValidationPolicies},
};

/// What every verb may use.
pub struct Service {
    /// The database.
    pub store: Store,
    /// The token with the keys.
    pub devices: Devices,
    /// The active policies.
    pub policy: PolicySet,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// The configuration.
    pub config: Config,
    /// The built-in CA and the service's own certificates.
    pub authority: Authority,
    /// Roots that may stand above seal certificates from elsewhere.
    pub external_trust: TrustStore,
    /// What those roots may stand for, by fingerprint, where it was said.
    pub ca_classes: HashMap<String, CaClass>,
    /// Makers of seals elsewhere, or roots above them.
    pub maker_trust: TrustStore,
    /// Roots above certificates of persons.
    pub person_roots: Vec<Certificate>,
    /// Roots that may stand above time-stamping authorities elsewhere.
    pub tsa_trust: TrustStore,
    /// Who draws pages for verification, where somebody does.
    pub drawer: Option<Drawer>,
    /// Who fetches what tells the status of certificates, where somebody does.
    pub fetching: Option<Arc<Fetching>>,
    /// The validation policies.
    pub validation_policies: ValidationPolicies,
    /// This process.
    pub instance: Arc<str>,
    steady: timestamps::Steady,
    vault: vault::Vault,
    intentions: Gathering<documents::Intend>,
    releases: Gathering<documents::Release>,
    receipts: documents::Receipts,
    authentications: Fresh<[u8; 32], Act>,
    signers: Fresh<documents::SignerKey, Arc<documents::Signer>>,
    /// Outcomes of verifications.
    kept_outcomes: Arc<documents::KeptOutcomes>,
    appearances: Mutex<HashMap<String, Arc<Appearance>>>,
    workbench: workbench::Workbench,
    /// Who takes a list of seals in has it.
    imports: tokio::sync::Mutex<()>,
    /// Where pictures are drawn: one at a time, and never in the way of sealing.
    easel: workbench::Workbench,
}

impl Service {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            store,
            devices,
            policy,
            clock,
            config,
            authority,
            external_trust,
            ca_classes,
            maker_trust,
            person_roots,
            tsa_trust,
            drawer,
            fetching,
            validation_policies,
            instance,
        } = parts;
        let kept_outcomes = documents::KeptOutcomes::new(config.verification.keep_seconds).into();
        Self {
            store,
            devices,
            policy,
            clock,
            config,
            authority,
            external_trust,
            ca_classes,
            maker_trust,
            person_roots,
            tsa_trust,
            drawer,
            fetching,
            validation_policies,
            instance: instance.into(),
            steady: timestamps::Steady::default(),
            vault: vault::Vault::default(),
            intentions: Gathering::default(),
            releases: Gathering::default(),
            receipts: documents::Receipts::default(),
            authentications: Fresh::default(),
            signers: Fresh::default(),
            kept_outcomes,
            appearances: Mutex::default(),
            workbench: workbench::Workbench::default(),
            imports: tokio::sync::Mutex::default(),
            easel: workbench::Workbench::with(1),
        }
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Ten fresh random bytes for an identifier.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn randomness<const N: usize>(&self) -> Result<[u8; N], Error> {
        Ok(crate::crypto::random::array()?)
    }

    /// Forgets what was read a moment ago; for everything that changes seals, grants, principals or
    /// access keys.
    fn forget_what_was_read(&self) {
        self.devices.close_keys();
        self.authentications.forget();
        self.signers.forget();
    }

    /// Asks policy on behalf of whoever acts. A no is written into the audit trail.
    ///
    /// # Errors
    /// [`Error::Denied`], or a fault that counts as a no.
    pub fn permit(
        &self,
        act: &Act,
        action: Action,
        resource: Resource<'_>,
    ) -> Result<Permit, Error> {
        let subject = resource.subject();
        self.ask(act, action, resource)?.map_err(|denied| {
            self.record_denial(act, &denied, subject);
            Error::Denied(denied)
        })
    }

    /// Whether policy would allow it, for choosing what to show; nothing is recorded.
    ///
    /// # Errors
    /// A fault that counts as a no.
    pub fn allows(&self, act: &Act, action: Action, resource: Resource<'_>) -> Result<bool, Error> {
        Ok(self.ask(act, action, resource)?.is_ok())
    }

    fn ask(
        &self,
        act: &Act,
        action: Action,
        resource: Resource<'_>,
    ) -> Result<Result<Permit, Denied>, Error> {
        let subject = match &act.principal {
            None => Subject::Anonymous,
            Some(principal) => Subject::Principal { principal, key_actions: &act.key_actions },
        };
        let question = Question { subject, action, resource, now: self.now() };
        self.policy.evaluate(&question).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Writes a refusal into the audit trail. The caller does not wait for it: a no is a no, whether
    /// or not the database answers.
    fn record_denial(&self, act: &Act, denied: &Denied, subject: String) {
        let Some(principal) = &act.principal else { return };
        let event = AuditEvent {
            outcome: "denied",
            ..act.event(
                self.now(),
                &principal.organization_id,
                denied.action,
                subject,
                &denied.decision,
            )
        };
        let store = self.store.clone();
        tokio::spawn(async move {
            let written: Result<(), Error> = store
                .write(Scope::Service, move |tx| {
                    Box::pin(async move { Ok(tx.record(event).await?) })
                })
                .await;
            if let Err(error) = written {
                tracing::error!(%error, "a refusal could not be written into the audit trail");
            }
        });
    }

    /// Opens a transaction for reading what the principal may see.
    ///
    /// # Errors
    /// The database fails.
    pub async fn reading(&self, act: &Act) -> Result<Tx, Error> {
        Ok(self.store.read(act.scope()).await?)
    }

    /// Opens a transaction for reading what the service itself needs.
    async fn reading_service(&self) -> Result<Tx, Error> {
        Ok(self.store.read(Scope::Service).await?)
    }

    /// A picture prepared once for any number of documents.
    fn remembered_appearance(&self, key: &str) -> Option<Arc<Appearance>> {
        self.appearances.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn remember_appearance(&self, key: String, appearance: Arc<Appearance>) {
        let mut known = self.appearances.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= 256 {
            known.clear();
        }
        known.insert(key, appearance);
    }

    /// Whether the service can do its work now: the database answers and the token signs.
    ///
    /// # Errors
    /// What does not work.
    pub async fn check_ready(&self) -> Result<(), Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        tx.organizations("", 1).await?;
        let probe = self.devices.token().probe().await?;
        if probe.schemes.iter().any(|scheme| scheme.offered) {
            Ok(())
        } else {
            Err(Error::Internal("the token offers no scheme that verifies".to_owned()))
        }
    }
}

/// What a [`Service`] is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The token, and the keys that it wraps.
    pub devices: Devices,
    /// The policies.
    pub policy: PolicySet,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The configuration.
    pub config: Config,
    /// The built-in CA.
    pub authority: Authority,
    /// Roots for certificates from elsewhere.
    pub external_trust: TrustStore,
    /// What those roots may stand for, by fingerprint, where it was said.
    pub ca_classes: HashMap<String, CaClass>,
    /// Makers of seals elsewhere, or roots above them.
    pub maker_trust: TrustStore,
    /// Roots above certificates of persons.
    pub person_roots: Vec<Certificate>,
    /// Roots that may stand above time-stamping authorities elsewhere.
    pub tsa_trust: TrustStore,
    /// Who draws pages for verification, where somebody does.
    pub drawer: Option<Drawer>,
    /// Who fetches what tells the status of certificates, where somebody does.
    pub fetching: Option<Arc<Fetching>>,
    /// The validation policies.
    pub validation_policies: ValidationPolicies,
    /// This process.
    pub instance: String,
}

//! Generating the keys of a seal version: the first step of making 制作.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{find, reread, seal_id};
use crate::{
    crypto::Scheme,
    domain::{
        application::{Application, ApplicationKind, ApplicationState},
        id::{ApplicationId, CredentialId, SealVersionId},
        seal::{Credential, Key, KeyPurpose, Seal},
        seal_state::SealState,
    },
    pki::{
        extension::{Subject, TEST_ONLY},
        request,
    },
    policy::{Action, Resource},
    service::{
        Act, Answer, Error, Service,
        administration::{ancestry, organization_changes::check_exists},
    },
    store::NewVersion,
};

/// A key to be generated.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// The approved application that this carries out.
    pub application_id: String,
    /// The schemes, each once: a key is made for each, and the version gets a credential for each.
    #[serde(default = "p256_alone")]
    #[schema(value_type = Vec<String>, example = json!(["p256", "sm2"]))]
    pub schemes: Vec<Scheme>,
    /// Whether the keys of the version before are used again; only for `renew` and `change`, where
    /// `policies/approval.toml` allows it, and never where a seal is made again.
    #[serde(default)]
    pub reuse: bool,
}

fn p256_alone() -> Vec<Scheme> {
    vec![Scheme::P256]
}

impl Service {
    /// Generates the keys of a new version of a seal and makes their certificate requests. The
    /// application is used up by it.
    ///
    /// # Errors
    /// The application is not approved, of another kind or seal, or used; policy says no: the maker
    /// is neither the applicant nor a reviewer; or the token fails.
    pub async fn generate_key(&self, act: &Act, id: &str, new: NewKey) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "generate-key", &(id, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let schemes: BTreeSet<&str> = new.schemes.iter().map(|scheme| scheme.as_str()).collect();
        if schemes.is_empty() || schemes.len() != new.schemes.len() {
            let text = "name at least one scheme, and each only once";
            return Err(Error::invalid("invalid-schemes", text));
        }
        let application = ApplicationId::parse(&new.application_id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let seal = tx.seal(&seal_id(id)?).await?.ok_or(Error::NotFound("the seal"))?;
        let application = tx.application(&application).await?;
        let application = application.ok_or(Error::NotFound("the application"))?;
        let above = ancestry(&mut tx, &seal.organization_id).await?;
        let owner = tx.organization(&seal.organization_id).await?;
        let owner = owner.ok_or(Error::NotFound("the organization"))?;
        drop(tx);
        let resource =
            Resource::Application { ancestry: &above, application: &application, standing_in: &[] };
        let permit = self.permit(act, Action::GenerateKey, resource)?;
        check(&application, &seal)?;

        let now = self.now();
        // Only keys that are made now are cleared away where something fails.
        let mut keys = Vec::new();
        let kept = match new.reuse {
            true => self.keys_of_before(&application, &seal, &new.schemes).await?,
            false => Vec::new(),
        };
        for scheme in new.schemes.iter().filter(|_| !new.reuse) {
            match self.provisioner().make_key(KeyPurpose::Seal, Some(*scheme)).await {
                Ok(key) => keys.push(key),
                Err(error) => return Err(self.give_up(&keys, error).await),
            }
        }
        let subject = Subject {
            organization: owner.name,
            organization_identifier: Some(owner.uscc.as_str().to_owned()),
            organizational_unit: seal.sandbox.then(|| TEST_ONLY.to_owned()),
            common_name: application.details.new_name.clone().unwrap_or(seal.name.clone()),
        };
        let all = [kept.as_slice(), &keys].concat();
        let version = match self.version(act, &application, &seal, (&all, subject)).await {
            Ok(version) => version,
            Err(error) => return Err(self.give_up(&keys, error).await),
        };
        let (actor, used) = (act.clone(), Application { used: true, ..application.clone() });
        let done = self
            .once(act, once, move |tx| {
                Box::pin(async move {
                    let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                    // The token took its time; the seal or its owner may be at an end by now.
                    check_exists(tx, &seal.organization_id).await?;
                    tx.lock_keepers(&seal.id).await?;
                    check(&application, &reread(tx, &seal.id).await?)?;
                    for key in &kept {
                        tx.key(&key.id).await?.ok_or_else(key_gone)?;
                    }
                    tx.update_application(&application, &used).await?;
                    tx.insert_version(&version).await?;
                    let subject = format!("seal-version:{}", version.id);
                    let organization = &seal.organization_id;
                    tx.record(actor.event(now, organization, "generate-key", subject, &decision))
                        .await?;
                    reread(tx, &seal.id).await
                })
            })
            .await;
        match done {
            // Somebody else's same request was first; this key is nobody's.
            Ok(answer) if answer.replayed => {
                let _ = self.give_up(&keys, Error::InFlight).await;
                Ok(answer)
            }
            Ok(answer) => Ok(answer),
            // The commit may have taken place: the key stays.
            Err(error @ Error::Store(_)) => Err(error),
            Err(error) => Err(self.give_up(&keys, error).await),
        }
    }

    async fn version(
        &self,
        act: &Act,
        application: &Application,
        seal: &Seal,
        about: (&[Key], Subject),
    ) -> Result<NewVersion, Error> {
        let now = self.now();
        let (keys, subject) = about;
        let name = subject.common_name.clone();
        let mut credentials = Vec::new();
        for key in keys {
            let scheme = key.scheme.unwrap_or(Scheme::P256);
            let to_be_signed = request::to_be_signed(&subject, scheme, &key.public_point);
            let der = self.sign_request(key, &to_be_signed).await?;
            credentials.push(Credential {
                id: CredentialId::new(now, self.randomness()?),
                scheme,
                custody: key.custody(),
                key_id: key.id.clone(),
                certificate_request: request::to_pem("CERTIFICATE REQUEST", &der),
                certificate_chain: Vec::new(),
                encryption_certificate: None,
                key_destroyed_at: None,
            });
        }
        Ok(NewVersion {
            id: SealVersionId::new(now, self.randomness()?),
            seal_id: seal.id.clone(),
            number: seal.versions.last().map_or(1, |version| version.number + 1),
            name,
            application_id: application.id.clone(),
            credentials,
            at: now,
            principal_id: act.principal()?.id.clone(),
        })
    }

    /// The keys of the version in use, or of the one that expired last, to be used again.
    async fn keys_of_before(
        &self,
        application: &Application,
        seal: &Seal,
        schemes: &[Scheme],
    ) -> Result<Vec<Key>, Error> {
        let refuse = |why: &str| Err(Error::conflict("key-reuse-refused", why));
        if !self.policy.approval().keys_may_be_reused() {
            return refuse("policy wants a new key for every version");
        }
        if application.details.remake.is_some() {
            return refuse("a seal that is made again gets new keys");
        }
        let fits =
            |state| matches!(state, SealState::Active | SealState::Suspended | SealState::Expired);
        let Some(before) = seal.versions.iter().rev().find(|version| fits(version.state)) else {
            return refuse("there is no version before whose keys could be used");
        };
        let mut tx = self.reading_service().await?;
        let mut keys = Vec::new();
        for scheme in schemes {
            let credential = before.credentials.iter().find(|c| c.scheme == *scheme);
            let Some(credential) = credential else {
                return refuse("the version before has no key of this scheme");
            };
            keys.push(tx.key(&credential.key_id).await?.ok_or_else(key_gone)?);
        }
        Ok(keys)
    }

    /// Clears away keys that were never used, and hands the reason through. Of a wrapped key only
    /// a ciphertext is left, which nothing refers to.
    async fn give_up(&self, keys: &[Key], reason: Error) -> Error {
        for key in keys.iter().filter(|key| key.wrapped.is_none()) {
            if let Err(error) = self.devices.token().destroy(&key.id).await {
                tracing::warn!(key = %key.id, %error, "an unused key stays in the token");
            }
        }
        reason
    }
}

/// The key that was to be used again is destroyed, or about to be.
fn key_gone() -> Error {
    Error::conflict("key-reuse-refused", "the key of the version before is destroyed")
}

/// Whether the application allows a new version of this very seal.
fn check(application: &Application, seal: &Seal) -> Result<(), Error> {
    let makes = matches!(
        application.kind,
        ApplicationKind::Create | ApplicationKind::Renew | ApplicationKind::Change
    );
    if application.state != ApplicationState::Approved {
        return Err(Error::conflict(
            "application-not-approved",
            format!("the application is {}, not approved", application.state),
        ));
    }
    if !makes || application.seal_id.as_ref() != Some(&seal.id) {
        return Err(Error::conflict(
            "application-for-something-else",
            "the application is not for a version of this seal",
        ));
    }
    if seal.is_over() {
        return Err(Error::conflict("seal-ended", "the seal is at its end; apply for a new one"));
    }
    if application.used {
        return Err(Error::conflict(
            "application-used",
            "the application was carried out already; apply again",
        ));
    }
    Ok(())
}

impl Service {
    /// The certificate request of the newest version for a scheme, PEM.
    ///
    /// # Errors
    /// There is none, or policy says no.
    pub async fn certificate_request(
        &self,
        act: &Act,
        id: &str,
        scheme: Scheme,
    ) -> Result<String, Error> {
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, |seal| seal.versions.last(), self.now()).await?;
        let _ = self.permit(act, Action::ReadSeal, found.resource())?;
        let credential = found.version.credentials.iter().find(|c| c.scheme == scheme);
        let credential = credential.ok_or(Error::NotFound("a credential of the scheme"))?;
        Ok(credential.certificate_request.clone())
    }
}

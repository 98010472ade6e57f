//! Making a seal version 制作: certificate and picture are bound to the key.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Found, find, gates, numbered_or_newest, picture::NewPicture, reread};
use crate::{
    crypto::digest::{hex, sha256},
    domain::{
        Timestamp,
        organization::Organization,
        seal::{Key, SealVersion},
        seal_state::SealEvent,
    },
    pki::{Certificate, TrustStore, extension::Subject},
    policy::Action,
    service::{Act, Answer, Error, Service},
    store::Payload,
};

/// What a seal version is made of.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Making {
    /// The certificate and those above it, PEM, leaf first; without it the built-in CA issues one.
    #[serde(default)]
    pub certificate_chain: Option<String>,
    /// The picture 印模.
    pub picture: NewPicture,
    /// The end of validity that is expected; it must be that of the certificate.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Timestamp>,
}

impl Service {
    /// Makes the newest version of a seal.
    ///
    /// # Errors
    /// A gate refuses the certificate, the picture is unfit, the version's key is not ready, policy
    /// says no, or the token fails.
    pub async fn make(&self, act: &Act, id: &str, making: Making) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "make", &(id, &making));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_newest(None), self.now()).await?;
        let permit = found.permit(self, act, Action::Make)?;
        let now = self.now();
        let change = found.change(act, SealEvent::Make, None, now)?;
        let owner = tx.organization(&found.seal.organization_id).await?;
        let owner = owner.ok_or(Error::NotFound("the organization"))?;
        let credential = found.version.credentials.first();
        let credential = credential.ok_or(Error::NotFound("the credential"))?;
        let key = tx.key(&credential.key_id).await?.ok_or(Error::NotFound("the key"))?;
        drop(tx);

        let picture = self.load_picture(making.picture.clone(), found.seal.name.clone()).await?;
        let (chain, issued) = self.chain(&making, &found, (&owner, &key)).await?;
        let leaf = chain.first().ok_or(Error::NotFound("the certificate"))?;
        let version = SealVersion {
            valid_from: Some(leaf.not_before()),
            valid_until: Some(leaf.not_after()),
            ..found.version.clone()
        };
        let master = picture.svg.as_deref().map_or(picture.png.as_slice(), str::as_bytes);
        let digest = hex(&sha256(master));
        let pem: Vec<String> = chain.iter().map(Certificate::to_pem).collect();
        let maker = act.person()?.clone();
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.keep_picture(&digest, &picture, now).await?;
                tx.complete_version(&version, &maker, (&digest, &picture), &pem).await?;
                if let Some(certificate) = &issued {
                    tx.insert_issued_certificate(certificate, credential_scheme(&version), now)
                        .await?;
                }
                tx.move_version(&version, &change).await?;
                let subject = format!("seal-version:{}", version.id);
                let organization = &found.seal.organization_id;
                let mut event = actor.event(now, organization, "make", subject, &decision);
                event.payload = Payload::Here(serde_json::json!({ "picture": digest }).to_string());
                tx.record(event).await?;
                reread(tx, &found.seal.id).await
            })
        })
        .await
    }

    /// The certificate chain: the one given, or one issued by the built-in CA; through all gates.
    async fn chain(
        &self,
        making: &Making,
        found: &Found,
        about: (&Organization, &Key),
    ) -> Result<(Vec<Certificate>, Option<Certificate>), Error> {
        let (owner, key) = about;
        let (chain, issued) = match &making.certificate_chain {
            Some(pem) => {
                let chain = Certificate::from_pem(pem)
                    .map_err(|error| Error::invalid("certificate-malformed", error.to_string()))?;
                (chain, None)
            }
            None => {
                let subject = Subject {
                    organization: owner.name.clone(),
                    organization_identifier: Some(owner.uscc.as_str().to_owned()),
                    common_name: found.seal.name.clone(),
                };
                let leaf = self.issue_seal_certificate(subject, key).await?;
                (vec![leaf.clone(), self.authority.ca.1.clone()], Some(leaf))
            }
        };
        let candidate = gates::Candidate {
            chain: &chain,
            point: &key.public_point,
            scheme: credential_scheme(&found.version),
            owner,
            seal: &found.seal,
            valid_until: making.valid_until,
        };
        gates::check(&candidate, &self.seal_trust(), self.now())?;
        Ok((chain, issued))
    }

    /// The roots that may stand above seal certificates.
    pub(in crate::service) fn seal_trust(&self) -> TrustStore {
        let mut trust = self.external_trust.clone();
        trust.roots.push(self.authority.ca.1.clone());
        trust
    }
}

fn credential_scheme(version: &SealVersion) -> crate::crypto::Scheme {
    version.credentials.first().map_or(crate::crypto::Scheme::P256, |c| c.scheme)
}

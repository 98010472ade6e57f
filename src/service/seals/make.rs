//! Making a seal version 制作: certificates and picture are bound to the keys.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Found, find, gates, numbered_or_newest, picture::NewPicture, proposals, reread};
use crate::{
    crypto::{
        Scheme,
        digest::{hex, sha256},
    },
    domain::{
        Timestamp,
        organization::{Organization, Scope},
        seal::{Credential, Key, SealVersion},
        seal_state::SealEvent,
    },
    pki::{Certificate, TrustStore, extension::Subject},
    policy::Action,
    service::{Act, Answer, Error, Service},
    store::{Binding, Payload},
};

/// What a seal version is made of.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Making {
    /// For each certificate from elsewhere: it and those above it, PEM, leaf first. Which
    /// credential it is for is told by its key. Credentials without one get theirs from the
    /// built-in CA.
    #[serde(default)]
    pub certificate_chains: Vec<String>,
    /// The electronic seal for the SM2 credential that another maker made (`.esl`), base64; without
    /// it the service's own maker 制章人 makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal_structure: Option<String>,
    /// The picture 印模.
    pub picture: NewPicture,
    /// The end of validity that is expected; it must be that of the certificate that ends first.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Timestamp>,
}

/// What is bound to one credential.
struct Bound {
    binding: Binding,
    /// The certificate, where the built-in CA issued it.
    issued: Option<(Certificate, Scheme)>,
}

impl Service {
    /// Makes the newest version of a seal.
    ///
    /// # Errors
    /// A gate refuses a certificate, the picture is unfit, the version's keys are not ready, policy
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
        drop(tx);

        let picture = self.load_picture(making.picture.clone(), found.version.name.clone()).await?;
        let mut bound = self.certify(&making, &found, &owner).await?;
        let version = validity(&found.version, &bound, making.valid_until)?;
        let given = making.seal_structure.as_deref().map(Base64::decode_vec).transpose();
        let mut given = given.map_err(|_| {
            Error::invalid("seal-structure-unfit", "the electronic seal is not base64")
        })?;
        for one in &mut bound {
            let binding = &mut one.binding;
            let of_sm2 = binding.chain.first().and_then(Certificate::scheme) == Some(Scheme::Sm2);
            binding.seal_structure = match given.take_if(|_| of_sm2) {
                Some(der) => {
                    Some(self.imported_structure(&found.seal, &picture, &binding.chain, &der)?)
                }
                None => {
                    self.seal_structure(&found.seal, &version, &picture, &binding.chain).await?
                }
            };
        }
        if given.is_some() {
            let text = "only an SM2 credential has an electronic seal";
            return Err(Error::invalid("seal-structure-unfit", text));
        }
        let master = picture.svg.as_deref().map_or(picture.png.as_slice(), str::as_bytes);
        let digest = hex(&sha256(master));
        let maker = act.person()?.clone();
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.keep_picture(&digest, &picture, now).await?;
                let bindings: Vec<Binding> = bound.iter().map(|one| one.binding.clone()).collect();
                tx.complete_version(&version, &maker, (&digest, &picture), &bindings).await?;
                for (certificate, scheme) in bound.iter().filter_map(|one| one.issued.as_ref()) {
                    tx.insert_issued_certificate(certificate, *scheme, now).await?;
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

    /// Certificates for every credential: those given, else issued by the built-in CA; through all
    /// gates.
    async fn certify(
        &self,
        making: &Making,
        found: &Found,
        owner: &Organization,
    ) -> Result<Vec<Bound>, Error> {
        let mut given = Vec::new();
        for pem in &making.certificate_chains {
            let chain = Certificate::from_pem(pem)
                .map_err(|error| Error::invalid("certificate-malformed", error.to_string()))?;
            given.push(chain);
        }
        let mut all = Vec::new();
        for credential in &found.version.credentials {
            let mut tx = self.store.read(Scope::Service).await?;
            let key = tx.key(&credential.key_id).await?.ok_or(Error::NotFound("the key"))?;
            drop(tx);
            let place = given.iter().position(|chain| is_for(chain, credential, &key));
            let (chain, issued) = match place {
                Some(place) => (given.swap_remove(place), None),
                None => {
                    let subject = Subject {
                        organization: owner.name.clone(),
                        organization_identifier: Some(owner.uscc.as_str().to_owned()),
                        common_name: found.version.name.clone(),
                    };
                    let leaf = self.issue_seal_certificate(subject, &key).await?;
                    let root = self.authority.ca(credential.scheme).1.clone();
                    (vec![leaf.clone(), root], Some((leaf, credential.scheme)))
                }
            };
            let waived = self.waived(&found.version, &chain).await?;
            let candidate = gates::Candidate {
                chain: &chain,
                point: &key.public_point,
                scheme: credential.scheme,
                owner,
                name: &found.version.name,
                waived: &waived,
            };
            gates::check(&candidate, &self.seal_trust(), self.now())?;
            let credential = credential.id.clone();
            all.push(Bound {
                binding: Binding { credential, chain, seal_structure: None },
                issued,
            });
        }
        if !given.is_empty() {
            return Err(Error::invalid(
                "certificate-key-mismatch",
                "a certificate is for another key than those of the seal's credentials",
            ));
        }
        Ok(all)
    }

    /// The refusals that two persons waived for the certificate of a chain.
    async fn waived(
        &self,
        version: &SealVersion,
        chain: &[Certificate],
    ) -> Result<Vec<&'static str>, Error> {
        let Some(leaf) = chain.first().map(Certificate::fingerprint) else { return Ok(Vec::new()) };
        let mut tx = self.reading_service().await?;
        let mut waived = Vec::new();
        for code in proposals::WAIVABLE {
            if tx.is_waived(&version.id, code, &leaf).await? {
                waived.push(code);
            }
        }
        Ok(waived)
    }

    /// The roots that may stand above seal certificates.
    pub(in crate::service) fn seal_trust(&self) -> TrustStore {
        let mut trust = self.external_trust.clone();
        trust.roots.extend(self.authority.roots());
        trust
    }
}

/// Whether a chain is for a credential: by its key, or, where no key fits, by its scheme, so that
/// the gates can tell what is wrong with it.
fn is_for(chain: &[Certificate], credential: &Credential, key: &Key) -> bool {
    chain.first().is_some_and(|leaf| {
        leaf.public_key() == key.public_point || leaf.scheme() == Some(credential.scheme)
    })
}

/// The version with its validity: as long as every certificate is valid.
fn validity(
    version: &SealVersion,
    bound: &[Bound],
    expected: Option<Timestamp>,
) -> Result<SealVersion, Error> {
    let leaves = || bound.iter().filter_map(|one| one.binding.chain.first());
    let until = leaves().map(Certificate::not_after).min();
    if let Some((expected, until)) = expected.zip(until)
        && expected.as_seconds() != until.as_seconds()
    {
        return Err(Error::invalid(
            "seal-validity-mismatch",
            format!("the seal is valid as long as its certificates, until {until}"),
        ));
    }
    Ok(SealVersion {
        valid_from: leaves().map(Certificate::not_before).max(),
        valid_until: until,
        ..version.clone()
    })
}

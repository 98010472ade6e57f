//! Which certificate goes with which credential: those that authorities elsewhere issued, told apart
//! by their keys, and those that the built-in CA issues; all through the gates.

use super::{Found, gates, make::Making, proposals};
use crate::{
    crypto::Scheme,
    domain::{
        Timestamp,
        ca_class::CaClass,
        organization::Organization,
        seal::{Credential, Key, SealVersion},
    },
    pki::{
        Certificate, TrustStore, bundle,
        extension::{Subject, TEST_ONLY},
        validation::{Question, validate},
    },
    service::{Error, Service},
    store::Binding,
};

/// What is bound to one credential.
pub(super) struct Bound {
    pub(super) binding: Binding,
    /// The certificate, where the built-in CA issued it.
    pub(super) issued: Option<(Certificate, Scheme)>,
    /// What the authority above it may stand for.
    pub(super) class: CaClass,
}

/// What was given for one credential.
struct Given {
    chain: Vec<Certificate>,
    /// The certificate for encryption, where the authority issues two 双证书.
    encryption: Option<Certificate>,
}

impl Service {
    /// Certificates for every credential: those given, else issued by the built-in CA; through all
    /// gates.
    pub(super) async fn certify(
        &self,
        making: &Making,
        found: &Found,
        owner: &Organization,
    ) -> Result<Vec<Bound>, Error> {
        let mut bundles = Vec::new();
        for text in &making.certificate_chains {
            let certificates = bundle::certificates(text)
                .map_err(|error| Error::invalid("certificate-malformed", error.to_string()))?;
            bundles.push(certificates);
        }
        if found.seal.sandbox && !bundles.is_empty() {
            let text =
                "a seal for tests is certified by the built-in CA, which says that it is one";
            return Err(Error::invalid("certificate-for-test-seal", text));
        }
        let trust = self.seal_trust();
        let mut all = Vec::new();
        for credential in &found.version.credentials {
            let mut tx = self.reading_service().await?;
            let key = tx.key(&credential.key_id).await?.ok_or(Error::NotFound("the key"))?;
            drop(tx);
            let place = bundles.iter().position(|bundle| is_for(bundle, credential, &key));
            let (given, issued) = match place {
                Some(place) => {
                    let bundle = bundles.swap_remove(place);
                    (given(bundle, &key, &trust, self.now())?, None)
                }
                None => {
                    let subject = Subject {
                        organization: owner.name.clone(),
                        organization_identifier: Some(owner.uscc.as_str().to_owned()),
                        organizational_unit: found.seal.sandbox.then(|| TEST_ONLY.to_owned()),
                        common_name: found.version.name.clone(),
                    };
                    let leaf = self.issue_seal_certificate(subject, &key).await?;
                    let root = self.authority.ca(credential.scheme).1.clone();
                    let chain = vec![leaf.clone(), root];
                    (Given { chain, encryption: None }, Some((leaf, credential.scheme)))
                }
            };
            let waived = self.waived(&found.version, &given.chain).await?;
            let class = self.ca_class(&given.chain);
            let candidate = gates::Candidate {
                chain: &given.chain,
                point: &key.public_point,
                scheme: credential.scheme,
                owner,
                name: &found.version.name,
                waived: &waived,
                class,
                classes: self.policy.approval().ca_classes(owner.uscc.as_str(), found.seal.kind),
            };
            gates::check(&candidate, &trust, self.now())?;
            all.push(Bound {
                binding: Binding {
                    credential: credential.id.clone(),
                    chain: given.chain,
                    encryption: given.encryption,
                    seal_structure: None,
                },
                issued,
                class,
            });
        }
        if !bundles.is_empty() {
            return Err(Error::invalid(
                "certificate-key-mismatch",
                "a certificate is for another key than those of the seal's credentials",
            ));
        }
        Ok(all)
    }

    /// What the authority above a path may stand for: that of the trusted root at its end.
    fn ca_class(&self, chain: &[Certificate]) -> CaClass {
        let own = self.authority.roots();
        let ours = |one: &Certificate| own.iter().any(|root| root.der() == one.der());
        if chain.last().is_some_and(ours) {
            return self.config.ca.class;
        }
        let class = |one: &Certificate| self.ca_classes.get(&one.fingerprint()).copied();
        chain.last().and_then(class).unwrap_or(CaClass::Licensed)
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

fn is_of(certificate: &Certificate, key: &Key) -> bool {
    certificate.public_key() == key.public_point
}

/// Whether a bundle is for a credential: by its key, or, where no key fits, by its scheme, so that
/// the gates can tell what is wrong with it.
fn is_for(bundle: &[Certificate], credential: &Credential, key: &Key) -> bool {
    bundle.iter().any(|one| is_of(one, key))
        || bundle.first().is_some_and(|leaf| leaf.scheme() == Some(credential.scheme))
}

/// Tells the certificate for signing from that for encryption, and puts the chain together.
fn given(
    mut bundle: Vec<Certificate>,
    key: &Key,
    trust: &TrustStore,
    now: Timestamp,
) -> Result<Given, Error> {
    let place = bundle.iter().position(|one| is_of(one, key)).unwrap_or(0);
    if bundle.is_empty() {
        return Err(Error::invalid("certificate-missing", "no certificate was given"));
    }
    let leaf = bundle.remove(place);
    if !is_of(&leaf, key) && is_for_encryption(&leaf) {
        return Err(Error::invalid(
            "certificate-for-encryption",
            "this is the certificate for encryption 加密证书; the one for signing 签名证书 is missing",
        ));
    }
    let beside = |one: &Certificate| one.subject() == leaf.subject() && is_for_encryption(one);
    let encryption = bundle.iter().position(beside).map(|place| bundle.remove(place));
    // Only the path that was found good is kept and judged; what else stood in the bundle is nobody's
    // word. Where there is none, the gates tell why.
    let chain = match validate(&leaf, Question::fresh(&bundle, trust, now)) {
        Ok(path) => path,
        Err(_) => std::iter::once(leaf).chain(bundle).collect(),
    };
    Ok(Given { chain, encryption })
}

/// Whether a certificate is for encryption and not for signatures.
fn is_for_encryption(certificate: &Certificate) -> bool {
    certificate.key_usage().is_some_and(|usage| {
        let encrypts =
            usage.key_encipherment() || usage.data_encipherment() || usage.key_agreement();
        encrypts && !usage.digital_signature() && !usage.non_repudiation()
    })
}

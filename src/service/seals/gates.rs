//! What a certificate must fulfil before it is bound to a seal. Each refusal has its own code.

use const_oid::db::rfc4519;

use crate::{
    crypto::Scheme,
    domain::{Timestamp, ca_class::CaClass, organization::Organization},
    pki::{
        Certificate, TrustStore,
        extension::OID_ORGANIZATION_IDENTIFIER,
        path::PathError,
        validation::{Question, validate},
    },
    service::Error,
};

/// Name or code in the certificate are others than the owner's and the seal's.
pub(super) const SUBJECT_MISMATCH: &str = "certificate-subject-mismatch";

/// The authority is of another class than the owner and the kind of seal need.
pub(super) const CLASS_UNFIT: &str = "certificate-class-unfit";

/// What the gates look at.
pub(super) struct Candidate<'a> {
    /// The certificate and those above it, leaf first.
    pub(super) chain: &'a [Certificate],
    /// The point that the token generated.
    pub(super) point: &'a [u8],
    /// The scheme of the key.
    pub(super) scheme: Scheme,
    /// The owner.
    pub(super) owner: &'a Organization,
    /// The name on the seal.
    pub(super) name: &'a str,
    /// What the authority above it may stand for.
    pub(super) class: CaClass,
    /// What it has to, for this owner and kind of seal.
    pub(super) classes: Vec<CaClass>,
    /// The refusals that two persons waived for this certificate.
    pub(super) waived: &'a [&'static str],
}

/// Lets a certificate through or says why not.
pub(super) fn check(
    candidate: &Candidate<'_>,
    trust: &TrustStore,
    now: Timestamp,
) -> Result<(), Error> {
    let refuse = |code, detail: String| Err(Error::invalid(code, detail));
    let Some(leaf) = candidate.chain.first() else {
        return refuse("certificate-missing", "no certificate was given".to_owned());
    };
    if leaf.scheme() != Some(candidate.scheme) || leaf.public_key() != candidate.point {
        return refuse(
            "certificate-key-mismatch",
            "the certificate is for another key than the one in the token".to_owned(),
        );
    }
    if !leaf.is_valid_at(now) {
        return refuse(
            "certificate-not-valid-now",
            format!("the certificate is valid from {} to {}", leaf.not_before(), leaf.not_after()),
        );
    }
    let signs = leaf.key_usage().is_some_and(|usage| {
        (usage.digital_signature() || usage.non_repudiation()) && !usage.key_cert_sign()
    });
    let is_ca = leaf.basic_constraints().is_some_and(|constraints| constraints.ca);
    if !signs || is_ca || !leaf.may_sign_documents() {
        return refuse(
            "certificate-key-usage",
            "the certificate must be for digital signatures and not for a CA".to_owned(),
        );
    }
    if !candidate.waived.contains(&SUBJECT_MISMATCH) {
        check_subject(candidate, leaf)?;
    }
    let fits = candidate.classes.contains(&candidate.class);
    if !fits && !candidate.waived.contains(&CLASS_UNFIT) {
        let words: Vec<&str> = candidate.classes.iter().map(|class| class.as_str()).collect();
        let text = format!(
            "the certificate is of an authority that is {}; this seal needs one that is {}",
            candidate.class,
            words.join(" or ")
        );
        return refuse(CLASS_UNFIT, text);
    }
    let others = candidate.chain.get(1..).unwrap_or_default();
    match validate(leaf, Question::fresh(others, trust, now)) {
        Ok(_) => Ok(()),
        Err(PathError::Revoked { subject, at, .. }) => {
            refuse("certificate-revoked", format!("{subject} was revoked at {at}"))
        }
        Err(error) => refuse("certificate-untrusted", error.to_string()),
    }
}

/// Name and code in the certificate are those of the owner and the seal.
fn check_subject(candidate: &Candidate<'_>, leaf: &Certificate) -> Result<(), Error> {
    let refuse = |what: &str| {
        Err(Error::invalid(
            SUBJECT_MISMATCH,
            format!("the certificate's {what} is not that of the organization and the seal"),
        ))
    };
    if !leaf.subject_has(rfc4519::O, &candidate.owner.name) {
        return refuse("organization (O)");
    }
    if !leaf.subject_has(rfc4519::CN, candidate.name) {
        return refuse("common name (CN)");
    }
    let names_code = leaf.subject().iter().any(|part| part.oid == OID_ORGANIZATION_IDENTIFIER);
    let code = candidate.owner.uscc.as_str();
    if names_code && !leaf.subject_has(OID_ORGANIZATION_IDENTIFIER, code) {
        return refuse("organizationIdentifier");
    }
    Ok(())
}

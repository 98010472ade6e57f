//! Questions about the signer's certificate, whatever the signature sits in.

use const_oid::db::rfc4519;

use super::{answers::check, standing::Standing};
use crate::{
    crypto::VerifyError,
    domain::{Timestamp, report::Check},
    pki::{
        Certificate, TrustStore,
        extension::TEST_ONLY,
        path::PathError,
        validation::{Question, validate},
    },
};

/// The check that a test seal fails.
pub(super) const NOT_FOR_TEST: &str = "not-for-test";

/// Looks for a path from the certificate to a trusted root.
pub(super) fn chain(
    certificate: Option<&Certificate>,
    others: &[Certificate],
    trust: &TrustStore,
    at: Timestamp,
) -> Result<(), PathError> {
    let certificate = certificate.ok_or(PathError::NoTrustedRoot)?;
    validate(certificate, Question::new(others, trust, at)).map(|_| ())
}

/// Chain, dates, key usage and revocation.
pub(super) fn checks(certificate: Option<&Certificate>, standing: &Standing) -> [Check; 4] {
    let Standing { path, as_of, .. } = standing;
    [
        chain_check(path),
        dates(certificate, path, *as_of),
        key_usage(certificate),
        revocation(standing),
    ]
}

/// A certificate that is for tests only says so, and what is signed with it is no more than a test.
pub(super) fn test_only(certificate: Option<&Certificate>) -> Option<Check> {
    let says = |one: &&Certificate| one.subject_has(rfc4519::OU, TEST_ONLY);
    certificate.filter(says).map(|_| {
        let detail = "the seal is for tests only 测试章; what it seals has no effect";
        check(NOT_FOR_TEST, Some(false), detail)
    })
}

/// Whether the signature value is right.
pub(super) fn value(result: Option<&Result<(), VerifyError>>, has_certificate: bool) -> Check {
    const NAME: &str = "signature";
    match result {
        Some(Ok(())) => check(NAME, Some(true), "the signature value is right"),
        Some(Err(error @ VerifyError::Unsupported(_))) => check(NAME, None, error.to_string()),
        Some(Err(error)) => check(NAME, Some(false), error.to_string()),
        None if !has_certificate => {
            check(NAME, None, "the signer's certificate is not in the signature")
        }
        None => check(NAME, None, "the signature value could not be evaluated"),
    }
}

fn chain_check(path: &Result<(), PathError>) -> Check {
    const NAME: &str = "certificate-chain";
    match path {
        Ok(()) => check(NAME, Some(true), "the certificate leads to a trusted root"),
        Err(
            PathError::Revoked { .. }
            | PathError::OnHold { .. }
            | PathError::RevocationUnknown { .. },
        ) => check(NAME, Some(true), "the certificate leads to a trusted root"),
        Err(
            error @ (PathError::NotAnIssuer(_)
            | PathError::NameNotPermitted(_)
            | PathError::PolicyNotMet(_)
            | PathError::Malformed(_)),
        ) => check(NAME, Some(false), error.to_string()),
        Err(error) => check(NAME, None, error.to_string()),
    }
}

fn dates(certificate: Option<&Certificate>, path: &Result<(), PathError>, at: Timestamp) -> Check {
    const NAME: &str = "certificate-dates";
    match (path, certificate) {
        (Err(error @ PathError::OutOfDates { .. }), _) => {
            check(NAME, Some(false), error.to_string())
        }
        (_, Some(certificate)) => check(
            NAME,
            Some(certificate.is_valid_at(at)),
            format!(
                "valid from {} to {}, asked about {at}",
                certificate.not_before(),
                certificate.not_after()
            ),
        ),
        _ => check(NAME, None, "there is no certificate"),
    }
}

fn key_usage(certificate: Option<&Certificate>) -> Check {
    const NAME: &str = "key-usage";
    let Some(certificate) = certificate else {
        return check(NAME, None, "there is no certificate");
    };
    if !certificate.may_sign_documents() {
        return check(NAME, Some(false), "the extended key usage is for something else");
    }
    match certificate.key_usage() {
        Some(usage) => check(
            NAME,
            Some(usage.digital_signature() || usage.non_repudiation()),
            "the certificate says what its key is for",
        ),
        None => check(NAME, Some(true), "the certificate does not restrict its key"),
    }
}

fn revocation(standing: &Standing) -> Check {
    const NAME: &str = "revocation";
    match &standing.path {
        Ok(()) if let Some(error) = &standing.since_then => {
            let used = standing.as_of;
            let text = format!("it was used before, as is proven: {used}; since then: {error}");
            check(NAME, Some(true), text)
        }
        Ok(()) => check(NAME, Some(true), "no certificate of the chain was revoked"),
        Err(error @ PathError::Revoked { .. }) => check(NAME, Some(false), error.to_string()),
        Err(error @ (PathError::OnHold { .. } | PathError::RevocationUnknown { .. })) => {
            check(NAME, None, error.to_string())
        }
        Err(_) => check(NAME, None, "not evaluated without a chain"),
    }
}

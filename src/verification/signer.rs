//! Questions about the signer's certificate, whatever the signature sits in.

use const_oid::db::rfc4519;

use super::{Options, answers::check, standing::Standing};
use crate::{
    crypto::VerifyError,
    domain::{
        Timestamp,
        report::{Check, CheckName},
    },
    pki::{
        Certificate, TrustStore,
        algorithms::{Strength, Verdict},
        extension::TEST_ONLY,
        path::{PathError, no_longer},
        validation::{Question, validate},
    },
};

/// Looks for a path from the certificate of a maker of seals to a trusted root.
pub(super) fn chain(
    certificate: Option<&Certificate>,
    trust: &TrustStore,
    at: Timestamp,
    options: &Options,
) -> Result<(), PathError> {
    let certificate = certificate.ok_or(PathError::NoTrustedRoot)?;
    let demands = &options.policy.maker_demands;
    let question = Question { demands, ..Question::new(&[], trust, at) };
    validate(certificate, question).map(drop)
}

/// Chain, dates, key usage and revocation, and whether that rests on a time that nothing proves.
pub(super) fn checks(certificate: Option<&Certificate>, standing: &Standing) -> Vec<Check> {
    let Standing { path, as_of, .. } = standing;
    let mut all = vec![
        chain_check(path),
        dates(certificate, path, *as_of),
        key_usage(certificate),
        revocation(standing),
    ];
    if standing.only_stated {
        let text = format!("judged as of {as_of}, which the signer states and nothing proves");
        all.push(check(CheckName::ProvenTime, None, text));
    }
    all
}

/// Whether digest, algorithm and key were strong enough when they were used.
pub(super) fn algorithms(
    strength: Option<Strength>,
    used: Option<Timestamp>,
    options: &Options,
) -> (Check, Verdict) {
    const NAME: CheckName = CheckName::Algorithms;
    let Some(strength) = strength else {
        let text = "digest or signature algorithm are not known here";
        return (check(NAME, None, text), Verdict::Never(text.to_owned()));
    };
    let at = used.unwrap_or(options.at);
    let verdict = options.policy.algorithms.judge(strength, at);
    let answer = match verdict.clone().shortcoming() {
        None => check(NAME, Some(true), format!("{strength}: strong enough at {at}")),
        Some((what, until)) => check(NAME, None, format!("{what} {}", no_longer(until))),
    };
    (answer, verdict)
}

/// A certificate that is for tests only says so, and what is signed with it is no more than a test.
pub(super) fn test_only(certificate: Option<&Certificate>) -> Option<Check> {
    let says = |one: &&Certificate| one.subject_has(rfc4519::OU, TEST_ONLY);
    certificate.filter(says).map(|_| {
        let detail = "the seal is for tests only 测试章; what it seals has no effect";
        check(CheckName::NotForTest, Some(false), detail)
    })
}

/// Whether the signature value is right.
pub(super) fn value(result: Option<&Result<(), VerifyError>>, has_certificate: bool) -> Check {
    const NAME: CheckName = CheckName::Signature;
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
    const NAME: CheckName = CheckName::CertificateChain;
    match path {
        Ok(()) => check(NAME, Some(true), "the certificate leads to a trusted root"),
        Err(
            PathError::Revoked { .. }
            | PathError::TooWeak { .. }
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
    const NAME: CheckName = CheckName::CertificateDates;
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
    const NAME: CheckName = CheckName::KeyUsage;
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
    const NAME: CheckName = CheckName::Revocation;
    match &standing.path {
        Ok(()) if let Some(error) = &standing.since_then => {
            let used = standing.as_of;
            let how = if standing.only_stated { "the signer states" } else { "is proven" };
            let text = format!("it was used before, as {how}: {used}; since then: {error}");
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

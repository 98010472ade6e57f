//! The questions asked of every signature. Each gives a [`Check`]; what a "no" means is decided in
//! `conclusion`.

use super::{
    Options,
    facts::{EVALUATED, Facts},
};
use crate::{
    crypto::VerifyError,
    domain::{
        Timestamp,
        report::{Check, Coverage},
    },
    pki::path::{self, PathError},
};

/// The question about the timestamp over the signature.
pub(super) const TIMESTAMP: &str = "timestamp";

/// The answers, and what the conclusion needs of them beyond yes and no.
pub(super) struct Answers {
    pub(super) checks: Vec<Check>,
    pub(super) coverage: Option<Coverage>,
    pub(super) path: Result<(), PathError>,
    /// The time that a good timestamp proves.
    pub(super) proven_time: Option<Timestamp>,
}

fn check(name: &str, passed: Option<bool>, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), passed, detail: detail.into() }
}

/// Asks every question.
pub(super) fn run(facts: &Facts<'_>, size: u64, options: &Options) -> Answers {
    let coverage = coverage(facts, size);
    let path = chain(facts, options);
    let (timestamp, proven_time) = timestamp(facts, options).unzip();
    let mut checks = vec![
        format(facts),
        byte_range(facts),
        field(facts),
        digest(facts),
        signature(facts),
        signing_certificate(facts),
        algorithm(facts),
        coverage_check(coverage),
        modification(coverage),
        chain_check(&path),
        certificate_dates(facts, options, &path),
        key_usage(facts),
        revocation(&path),
    ];
    checks.extend(timestamp);
    Answers { checks, coverage, path, proven_time: proven_time.flatten() }
}

fn format(facts: &Facts<'_>) -> Check {
    const NAME: &str = "format";
    let kind = &facts.found.sub_filter;
    if !EVALUATED.contains(&kind.as_str()) {
        return check(NAME, None, format!("signatures of the kind {kind:?} are not evaluated yet"));
    }
    let cms = match &facts.cms {
        Err(error) => return check(NAME, Some(false), error.to_string()),
        Ok(cms) => cms,
    };
    let problem = match cms.signers.as_slice() {
        [] => Some("there is no signer in the signature"),
        [signer] if signer.signed_attributes.is_none() => Some("there are no signed attributes"),
        [_] if cms.content.is_some() => Some("the signature carries a content of its own"),
        [_] if !facts.found.padding_is_zero() => Some("there is data behind the signature value"),
        [_] => None,
        _ => Some("there is more than one signer in the signature"),
    };
    match problem {
        Some(problem) => check(NAME, Some(false), problem),
        None => check(NAME, Some(true), format!("CMS SignedData, {kind}")),
    }
}

fn byte_range(facts: &Facts<'_>) -> Check {
    match facts.found.gap {
        Ok(_) => check(
            "byte-range",
            Some(true),
            "two pieces from the beginning, between them the signature value and nothing else",
        ),
        Err(what) => check("byte-range", Some(false), what),
    }
}

fn field(facts: &Facts<'_>) -> Check {
    match &facts.found.field {
        Some(name) => check("signature-field", Some(true), format!("field {name:?}")),
        None => check("signature-field", Some(false), "no field of the form leads to it"),
    }
}

fn digest(facts: &Facts<'_>) -> Check {
    let detail = match facts.digest_matches {
        Some(true) => "the signed bytes are unchanged",
        Some(false) => "the signed bytes were changed, or are not what was signed",
        None => "the digest could not be computed",
    };
    check("digest", facts.digest_matches, detail)
}

fn signature(facts: &Facts<'_>) -> Check {
    match &facts.signature {
        Some(Ok(())) => check("signature", Some(true), "the signature value is right"),
        Some(Err(error @ VerifyError::Unsupported(_))) => {
            check("signature", None, error.to_string())
        }
        Some(Err(error)) => check("signature", Some(false), error.to_string()),
        None if facts.certificate.is_none() => {
            check("signature", None, "the signer's certificate is not in the signature")
        }
        None => check("signature", None, "the signature value could not be evaluated"),
    }
}

fn signing_certificate(facts: &Facts<'_>) -> Check {
    const NAME: &str = "signing-certificate";
    let pair = facts.signer().zip(facts.certificate.as_ref());
    match pair.map(|(signer, certificate)| signer.names_certificate(certificate)) {
        Some(Some(true)) => check(NAME, Some(true), "the signature names its certificate"),
        Some(Some(false)) => {
            check(NAME, Some(false), "the signature names another certificate than the one given")
        }
        // PAdES demands the attribute; the older detached CMS does not have it.
        Some(None) if facts.found.sub_filter == "adbe.pkcs7.detached" => {
            check(NAME, Some(true), "not named in signatures of this kind")
        }
        Some(None) => check(NAME, Some(false), "signing-certificate-v2 is missing"),
        None => check(NAME, None, "there is no certificate to compare with"),
    }
}

fn algorithm(facts: &Facts<'_>) -> Check {
    match (facts.digest_algorithm, facts.signer()) {
        (Some(digest), Some(_)) => {
            check("algorithms", Some(true), format!("digest {digest} is acceptable"))
        }
        (None, Some(signer)) => check(
            "algorithms",
            None,
            format!("digest algorithm {} is not acceptable", signer.digest_algorithm),
        ),
        _ => check("algorithms", None, "there is no single signer"),
    }
}

fn coverage(facts: &Facts<'_>, size: u64) -> Option<Coverage> {
    let gap = facts.found.gap.ok()?;
    Some(if gap.end_of_range == size {
        Coverage::WholeFile
    } else if facts.found.ends_a_revision {
        Coverage::EarlierRevision
    } else {
        Coverage::Partial
    })
}

fn coverage_check(coverage: Option<Coverage>) -> Check {
    const NAME: &str = "coverage";
    match coverage {
        Some(Coverage::WholeFile) => check(NAME, Some(true), "the whole file is covered"),
        Some(Coverage::EarlierRevision) => {
            check(NAME, Some(true), "an earlier revision of the file is covered whole")
        }
        Some(Coverage::Partial) => {
            check(NAME, Some(false), "the signed revision is not covered whole")
        }
        None => check(NAME, Some(false), "what is covered cannot be told"),
    }
}

fn modification(coverage: Option<Coverage>) -> Check {
    const NAME: &str = "changes-after-signing";
    match coverage {
        Some(Coverage::WholeFile) => check(NAME, Some(true), "nothing was added after signing"),
        _ => check(
            NAME,
            None,
            "the file was added to after signing; whether that changed what it shows is not \
             evaluated yet",
        ),
    }
}

fn chain(facts: &Facts<'_>, options: &Options) -> Result<(), PathError> {
    let Some(certificate) = &facts.certificate else { return Err(PathError::NoTrustedRoot) };
    let others = facts.cms.as_ref().map_or(&[][..], |cms| cms.certificates.as_slice());
    path::validate(certificate, others, &options.trust, options.at).map(|_| ())
}

fn chain_check(path: &Result<(), PathError>) -> Check {
    const NAME: &str = "certificate-chain";
    match path {
        Ok(()) => check(NAME, Some(true), "the certificate leads to a trusted root"),
        Err(PathError::Revoked { .. } | PathError::RevocationUnknown(_)) => {
            check(NAME, Some(true), "the certificate leads to a trusted root")
        }
        Err(error @ PathError::NotAnIssuer(_)) => check(NAME, Some(false), error.to_string()),
        Err(error) => check(NAME, None, error.to_string()),
    }
}

fn certificate_dates(facts: &Facts<'_>, options: &Options, path: &Result<(), PathError>) -> Check {
    const NAME: &str = "certificate-dates";
    match (path, &facts.certificate) {
        (Err(error @ PathError::OutOfDates { .. }), _) => {
            check(NAME, Some(false), error.to_string())
        }
        (_, Some(certificate)) => check(
            NAME,
            Some(certificate.is_valid_at(options.at)),
            format!("valid from {} to {}", certificate.not_before(), certificate.not_after()),
        ),
        _ => check(NAME, None, "there is no certificate"),
    }
}

fn key_usage(facts: &Facts<'_>) -> Check {
    const NAME: &str = "key-usage";
    if facts.certificate.as_ref().is_some_and(|certificate| !certificate.may_sign_documents()) {
        return check(NAME, Some(false), "the extended key usage is for something else");
    }
    match facts.certificate.as_ref().map(|certificate| certificate.key_usage()) {
        Some(Some(usage)) => check(
            NAME,
            Some(usage.digital_signature() || usage.non_repudiation()),
            "the certificate says what its key is for",
        ),
        Some(None) => check(NAME, Some(true), "the certificate does not restrict its key"),
        None => check(NAME, None, "there is no certificate"),
    }
}

/// Whether the timestamp over the signature is good, and the time that it proves then.
fn timestamp(facts: &Facts<'_>, options: &Options) -> Option<(Check, Option<Timestamp>)> {
    const NAME: &str = TIMESTAMP;
    Some(match facts.timestamp.as_ref()? {
        Err(why) => (check(NAME, Some(false), why.clone()), None),
        Ok(token) => {
            let (certificate, at) = (&token.certificate, token.info.at);
            match path::validate(certificate, &token.others, &options.tsa_trust, options.at) {
                Ok(_) => (
                    check(NAME, Some(true), format!("{} says {at}", certificate.subject())),
                    Some(at),
                ),
                Err(error) => (check(NAME, None, format!("the authority: {error}")), None),
            }
        }
    })
}

fn revocation(path: &Result<(), PathError>) -> Check {
    const NAME: &str = "revocation";
    match path {
        Ok(()) => check(NAME, Some(true), "no certificate of the chain is revoked"),
        Err(error @ PathError::Revoked { .. }) => check(NAME, Some(false), error.to_string()),
        Err(error @ PathError::RevocationUnknown(_)) => check(NAME, None, error.to_string()),
        Err(_) => check(NAME, None, "not evaluated without a chain"),
    }
}

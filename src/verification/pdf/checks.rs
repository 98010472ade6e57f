//! The questions asked of every signature of a PDF. Each gives a [`Check`]; what a "no" means is
//! decided in `conclusion`.

use super::facts::{Blob, Facts, PKCS7_SHA1};
use crate::{
    containers::{
        cms::{SignedData, SignerInfo},
        ses::SealSignature,
    },
    domain::{
        Timestamp,
        report::{Check, CheckName, Coverage},
    },
    verification::{
        Options,
        answers::{Answers, check},
        attributes::{digests_disagree, signing_certificate},
        seal_structure, signer,
        standing::{Known, Role, Used},
        timestamp,
    },
};

/// Asks every question.
pub(super) fn run(
    facts: &Facts<'_>,
    changes: Check,
    size: u64,
    known: &Known,
    made_after: Option<Timestamp>,
    options: &Options,
) -> Answers {
    let coverage = coverage(facts, size);
    let certificate = facts.certificate.as_ref();
    let token = facts.timestamp.as_ref();
    let (stamped, proven_time) =
        token.map(|token| timestamp::judge(CheckName::Timestamp, token, known, options)).unzip();
    let stamped_at = facts.value().and_then(|value| known.proven(value, options));
    let stamped_over = proven_time.flatten();
    let proven_time = stamped_over.into_iter().chain(stamped_at).min();
    let (used, role) = match &facts.blob {
        Ok(Blob::Timestamp(token)) => {
            (Used { proven: known.proven(&token.der, options), stated: None }, Role::Authority)
        }
        Ok(Blob::Seal(_)) => {
            (Used { proven: proven_time, stated: facts.claimed_time }, Role::Sealer)
        }
        _ => (Used { proven: proven_time, stated: facts.claimed_time }, Role::Signer),
    };
    let standing = known.judge(certificate, facts.others(), role, used, options);
    let (algorithms, strength) = signer::algorithms(facts.strength, used.proven, options);
    let mut checks = vec![
        format(facts),
        byte_range(facts),
        field(facts),
        digest(facts),
        signer::value(facts.signature.as_ref(), certificate.is_some()),
        named_certificate(facts),
        algorithms,
        coverage_check(coverage),
        changes,
    ];
    checks.extend(signer::checks(certificate, &standing));
    if facts.is_timestamp() {
        // Reading a token makes sure that the key is for timestamps, and for nothing else.
        checks.retain(|check| check.name != CheckName::KeyUsage);
    }
    checks.extend(signer::test_only(certificate));
    checks.extend(stamped);
    let content = match &facts.blob {
        Ok(Blob::Cms(cms)) => {
            cms.signers.first().and_then(|one| timestamp::over_content(one, known, options))
        }
        _ => None,
    };
    let (content, after_content) = content.unzip();
    checks.extend(content);
    let proven_time = match proven_time {
        None if facts.is_timestamp() && standing.path.is_ok() => facts.claimed_time,
        proven => proven,
    };
    if let Some(signature) = facts.seal() {
        checks.push(property(signature));
        checks.extend(seal_structure::checks(signature, stamped_over, known, options));
    }
    Answers {
        checks,
        coverage,
        path: standing.path,
        proven_time,
        made_after: made_after.max(after_content.flatten()),
        signed_data_missing: false,
        strength,
    }
}

fn format(facts: &Facts<'_>) -> Check {
    const NAME: CheckName = CheckName::Format;
    let kind = &facts.found.sub_filter;
    let problem = match &facts.blob {
        Err(error) => Some(error.as_str()),
        Ok(Blob::Other(why)) => return check(NAME, None, why.clone()),
        Ok(Blob::Cms(cms)) => match cms.signers.as_slice() {
            [] => Some("there is no signer in the signature"),
            [one] if one.signed_attributes.is_none() => {
                return check(NAME, None, "signatures without signed attributes are not evaluated");
            }
            [one] => problem_of_cms(cms, one, kind == PKCS7_SHA1),
            _ => Some("there is more than one signer in the signature"),
        },
        Ok(Blob::Gm(_) | Blob::Seal(_) | Blob::Timestamp(_)) => None,
    };
    let behind =
        (!facts.found.padding_is_zero()).then_some("there is data behind the signature value");
    match problem.or(behind) {
        Some(problem) => check(NAME, Some(false), problem),
        None => check(NAME, Some(true), format!("{}, {kind}", kind_in_words(facts))),
    }
}

/// What is wrong with a CMS around one signer.
fn problem_of_cms(cms: &SignedData, signer: &SignerInfo, around: bool) -> Option<&'static str> {
    if cms.content.is_some() != around {
        return Some(if around {
            "the signature does not carry the digest that it is over"
        } else {
            "the signature carries a content of its own"
        });
    }
    digests_disagree(cms, signer)
}

/// Whether the seal signature does not say that it is of a part of an OFD.
fn property(signature: &SealSignature) -> Check {
    const NAME: CheckName = CheckName::SignedProperty;
    if signature.property.to_ascii_lowercase().ends_with(".xml") {
        let text = format!("the signature says that it is of {:?}", signature.property);
        return check(NAME, None, text);
    }
    check(NAME, Some(true), "the signature does not say that it is of something else")
}

fn kind_in_words(facts: &Facts<'_>) -> &'static str {
    match facts.blob {
        Ok(Blob::Gm(_)) => "SignedData of GB/T 35275",
        Ok(Blob::Seal(_)) => "seal signature of GB/T 38540",
        Ok(Blob::Timestamp(_)) => "timestamp of RFC 3161",
        _ => "CMS SignedData",
    }
}

fn byte_range(facts: &Facts<'_>) -> Check {
    match facts.found.gap {
        Ok(_) => check(
            CheckName::ByteRange,
            Some(true),
            "two pieces from the beginning, between them the signature value and nothing else",
        ),
        Err(what) => check(CheckName::ByteRange, Some(false), what),
    }
}

fn field(facts: &Facts<'_>) -> Check {
    match &facts.found.field {
        Some(name) => check(CheckName::SignatureField, Some(true), format!("field {name:?}")),
        None => check(CheckName::SignatureField, Some(false), "no field of the form leads to it"),
    }
}

fn digest(facts: &Facts<'_>) -> Check {
    let detail = match facts.digest_matches {
        Some(true) => "the signed bytes are unchanged",
        Some(false) => "the signed bytes were changed, or are not what was signed",
        None => "the digest could not be computed",
    };
    check(CheckName::Digest, facts.digest_matches, detail)
}

fn named_certificate(facts: &Facts<'_>) -> Check {
    // PAdES demands the attribute; the older detached CMS and the Chinese forms do not have it.
    let demanded = facts.found.sub_filter == "ETSI.CAdES.detached";
    if facts.seal().is_some() || facts.is_timestamp() {
        return check(
            CheckName::SigningCertificate,
            Some(true),
            "the signature holds its certificate",
        );
    }
    signing_certificate(facts.signer(), facts.certificate.as_ref(), demanded)
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
    const NAME: CheckName = CheckName::Coverage;
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

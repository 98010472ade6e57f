//! What certificates may stand above others: basic constraints, key usage, names, policies and
//! critical extensions (RFC 5280 §6.1.3 to §6.1.5), as `certval` judges them. The constraints of a
//! root hold as well (RFC 5937). Signatures were verified when the path was found.

use certval::{
    CertificationPath, CertificationPathResults, CertificationPathSettings, Error,
    ObjectIdentifierSet, PDVCertificate, PDVTrustAnchorChoice, PathValidationStatus,
    PkiEnvironment, check_basic_constraints, check_critical_extensions, check_extended_key_usage,
    check_key_usage, check_names, enforce_trust_anchor_constraints,
    policy_graph::check_certificate_policies_graph,
};

use const_oid::{ObjectIdentifier, db::rfc5280};

use super::{PathError, PolicyInputs};
use crate::pki::Certificate;

/// Holds a path, leaf first and root last, against the rules.
///
/// # Errors
/// The first rule that is broken, and by whom.
pub fn check(path: &[&Certificate], inputs: &PolicyInputs) -> Result<(), PathError> {
    let [leaf, issuers @ .., root] = path else { return Ok(()) };
    if let Some(odd) = path.iter().find(|certificate| !certificate.names_one_algorithm()) {
        return Err(PathError::Malformed(odd.subject().to_string()));
    }
    let read = |certificate: &&Certificate| {
        PDVCertificate::try_from(certificate.der())
            .map_err(|_| PathError::Malformed(certificate.subject().to_string()))
    };
    let intermediates = issuers.iter().rev().map(read).collect::<Result<Vec<_>, _>>()?;
    let anchor = PDVTrustAnchorChoice::try_from(root.der())
        .map_err(|_| PathError::Malformed(root.subject().to_string()))?;
    let mut settings = CertificationPathSettings::new();
    settings.set_enforce_trust_anchor_constraints(true);
    settings.set_initial_explicit_policy_indicator(inputs.explicit);
    settings.set_initial_policy_mapping_inhibit_indicator(inputs.inhibit_mapping);
    settings.set_initial_inhibit_any_policy_indicator(inputs.inhibit_any);
    if !inputs.wanted.is_empty() {
        let wanted: ObjectIdentifierSet = inputs.wanted.iter().copied().collect();
        settings.set_initial_policy_set_from_oid_set(wanted);
    }
    let settings = enforce_trust_anchor_constraints(&settings, &anchor)
        .map_err(|error| in_words(error, root))?;
    let walk = CertificationPath::new(anchor, intermediates, read(leaf)?);
    let environment = PkiEnvironment::new();
    let mut results = CertificationPathResults::new();
    for rule in [
        check_basic_constraints,
        check_names,
        check_certificate_policies_graph,
        check_key_usage,
        check_extended_key_usage,
        check_critical_extensions,
    ] {
        rule(&environment, &settings, &walk, &mut results).map_err(|error| {
            // Counted from the root; what names no place is said of the leaf.
            let from_root = results.get_failure_index().unwrap_or_default() as usize;
            let place = path.len().checked_sub(1 + from_root);
            in_words(error, place.and_then(|place| path.get(place)).unwrap_or(leaf))
        })?;
    }
    Ok(())
}

fn in_words(error: Error, of: &Certificate) -> PathError {
    use PathValidationStatus as Status;
    let subject = of.subject().to_string();
    let Error::PathValidation(status) = error else { return PathError::Malformed(subject) };
    match status {
        Status::MissingBasicConstraints
        | Status::InvalidBasicConstraints
        | Status::InvalidPathLength
        | Status::InvalidKeyUsage => PathError::NotAnIssuer(subject),
        Status::NameConstraintsViolation => PathError::NameNotPermitted(subject),
        Status::NullPolicySet | Status::InvalidPolicyMapping => PathError::PolicyNotMet(subject),
        Status::UnprocessedCriticalExtension => {
            PathError::CriticalExtension { subject, extension: not_understood(of) }
        }
        _ => PathError::Malformed(subject),
    }
}

/// The first critical extension that the rules are not about.
fn not_understood(certificate: &Certificate) -> String {
    const KNOWN: [ObjectIdentifier; 9] = [
        rfc5280::ID_CE_BASIC_CONSTRAINTS,
        rfc5280::ID_CE_CERTIFICATE_POLICIES,
        rfc5280::ID_CE_EXT_KEY_USAGE,
        rfc5280::ID_CE_INHIBIT_ANY_POLICY,
        rfc5280::ID_CE_KEY_USAGE,
        rfc5280::ID_CE_NAME_CONSTRAINTS,
        rfc5280::ID_CE_POLICY_CONSTRAINTS,
        rfc5280::ID_CE_POLICY_MAPPINGS,
        rfc5280::ID_CE_SUBJECT_ALT_NAME,
    ];
    let unknown = |(id, critical): &(_, bool)| *critical && !KNOWN.contains(id);
    certificate.extension_ids().find(unknown).map(|(id, _)| id.to_string()).unwrap_or_default()
}

//! Which revocation lists speak of which certificate, and for which reasons (RFC 5280 §6.3.3 b, d):
//! distribution points, partitions by kind of certificate and by reason, indirect lists.

use der::{Decode, Encode};
use x509_cert::{
    ext::pkix::{
        crl::dp::{DistributionPoint, ReasonFlags, Reasons},
        name::{DistributionPointName, GeneralName},
    },
    name::{Name, RelativeDistinguishedName},
};

use super::crl::Crl;
use crate::pki::{
    Certificate,
    tlv::{self, join},
};

/// All reasons that lists are divided by.
pub(super) fn all_reasons() -> ReasonFlags {
    Reasons::KeyCompromise
        | Reasons::CaCompromise
        | Reasons::AffiliationChanged
        | Reasons::Superseded
        | Reasons::CessationOfOperation
        | Reasons::CertificateHold
        | Reasons::PrivilegeWithdrawn
        | Reasons::AaCompromise
}

/// The reasons for which `list` tells the status of `certificate`, over all its distribution points
/// and that of its issuer as a whole; none where the list is not about it.
pub(super) fn reasons_told(list: &Crl, certificate: &Certificate) -> ReasonFlags {
    let mut told = ReasonFlags::default();
    // RFC 5280 §6.3.3: at last, whatever the issuer itself issues.
    let whole = DistributionPoint { distribution_point: None, reasons: None, crl_issuer: None };
    for point in certificate.distribution_points().iter().chain([&whole]) {
        if is_covered(list, certificate, point) {
            let of_list = list.point.as_ref().and_then(|(scope, _)| scope.only_some_reasons);
            let of_point = point.reasons;
            told |= of_list.unwrap_or(all_reasons()) & of_point.unwrap_or(all_reasons());
        }
    }
    told & all_reasons()
}

fn is_covered(list: &Crl, certificate: &Certificate, point: &DistributionPoint) -> bool {
    let is_indirect = list.point.as_ref().is_some_and(|(scope, _)| scope.indirect_crl);
    let is_issuer = match &point.crl_issuer {
        None => list.names(certificate.issuer()),
        Some(names) => {
            is_indirect
                && names.iter().any(|name| match name {
                    GeneralName::DirectoryName(name) => list.names(name),
                    _ => false,
                })
        }
    };
    if !is_issuer {
        return false;
    }
    let Some((scope, _)) = &list.point else { return true };
    let is_ca = certificate.basic_constraints().is_some_and(|constraints| constraints.ca);
    let of_kind = !(scope.only_contains_attribute_certs
        || scope.only_contains_user_certs && is_ca
        || scope.only_contains_ca_certs && !is_ca);
    of_kind
        && scope.distribution_point.as_ref().is_none_or(|named| {
            let here = full_names(named, &list.issuer);
            let there = names_of(point, certificate);
            here.iter().any(|a| there.iter().any(|b| is_same(a, b)))
        })
}

/// The names under which a distribution point of a certificate is known.
fn names_of(point: &DistributionPoint, certificate: &Certificate) -> Vec<GeneralName> {
    let issuer = point.crl_issuer.as_deref().unwrap_or_default();
    let directory = issuer.iter().find_map(|name| match name {
        GeneralName::DirectoryName(name) => Some(name),
        _ => None,
    });
    match &point.distribution_point {
        Some(named) => full_names(named, directory.unwrap_or(certificate.issuer())),
        None if issuer.is_empty() => {
            vec![GeneralName::DirectoryName(certificate.issuer().clone())]
        }
        None => issuer.to_vec(),
    }
}

fn full_names(named: &DistributionPointName, issuer: &Name) -> Vec<GeneralName> {
    match named {
        DistributionPointName::FullName(names) => names.clone(),
        DistributionPointName::NameRelativeToCRLIssuer(last) => {
            below(issuer, last).map(GeneralName::DirectoryName).into_iter().collect()
        }
    }
}

/// A name with one part more.
fn below(name: &Name, last: &RelativeDistinguishedName) -> Option<Name> {
    let name = name.to_der().ok()?;
    let parts = tlv::only(&name, tlv::SEQUENCE).ok()?.content;
    Name::from_der(&tlv::tlv(tlv::SEQUENCE, &join(&[parts, &last.to_der().ok()?]))).ok()
}

fn is_same(a: &GeneralName, b: &GeneralName) -> bool {
    match (a, b) {
        (GeneralName::DirectoryName(a), GeneralName::DirectoryName(b)) => {
            certval::compare_names(a, b)
        }
        _ => a == b,
    }
}

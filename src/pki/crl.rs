//! Certificate revocation lists (RFC 5280 §5): ours to be signed, and foreign ones to be read.

use const_oid::db::rfc5280;
use der::{Decode, Encode};
use x509_cert::crl::CertificateList;

use super::{
    Certificate,
    certificate::signed_parts,
    extension,
    tlv::{sequence, tlv, unsigned},
};
use crate::{
    crypto::{Scheme, verify::verify_message},
    domain::Timestamp,
};

/// Why a certificate is revoked (`CRLReason`, RFC 5280 §5.3.1), as far as seals need it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// Others may have the key.
    KeyCompromise,
    /// The owner has another name.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// The owner is no more, or wants it no more.
    CessationOfOperation,
    /// It should not have been issued.
    PrivilegeWithdrawn,
}

impl Reason {
    const ALL: [Self; 5] = [
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The number in the list.
    pub fn number(self) -> u8 {
        match self {
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::PrivilegeWithdrawn => 9,
        }
    }

    /// The reverse of `number`.
    pub fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| i64::from(reason.number()) == number)
    }

    /// The entry extension: `ENUMERATED` in an extension that is not critical.
    fn extension(self) -> Vec<u8> {
        let value = tlv(0x0a, &[self.number()]);
        extension::extension(rfc5280::ID_CE_CRL_REASONS, false, &value)
    }
}

/// One revoked certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Revoked {
    /// Its serial number, big-endian.
    pub serial: Vec<u8>,
    /// Since when.
    pub at: Timestamp,
    /// Why, where that is said.
    pub reason: Option<Reason>,
}

impl Revoked {
    fn entry(&self) -> Vec<u8> {
        let mut parts = vec![unsigned(&self.serial), extension::time(self.at)];
        parts.extend(self.reason.map(|reason| sequence(&[reason.extension()])));
        sequence(&parts)
    }
}

/// What a revocation list shall say.
#[derive(Clone, Debug)]
pub struct CrlTemplate {
    /// The issuer's name, DER.
    pub issuer: Vec<u8>,
    /// The issuer's uncompressed point.
    pub issuer_point: Vec<u8>,
    /// The list's number; grows by one.
    pub number: u64,
    /// When it is issued.
    pub this_update: Timestamp,
    /// When the next one comes at the latest.
    pub next_update: Timestamp,
    /// The revoked certificates.
    pub revoked: Vec<Revoked>,
}

impl CrlTemplate {
    /// The `TBSCertList`, version 2.
    pub fn to_be_signed(&self, scheme: Scheme) -> Vec<u8> {
        let mut parts = vec![
            unsigned(&[1]),
            extension::signature_algorithm(scheme),
            self.issuer.clone(),
            extension::time(self.this_update),
            extension::time(self.next_update),
        ];
        if !self.revoked.is_empty() {
            let entries: Vec<_> = self.revoked.iter().map(Revoked::entry).collect();
            parts.push(sequence(&entries));
        }
        let number = unsigned(&self.number.to_be_bytes());
        let extensions = [
            extension::authority_key_identifier(&self.issuer_point),
            extension::extension(rfc5280::ID_CE_CRL_NUMBER, false, &number),
        ];
        parts.push(tlv(0xa0, &sequence(&extensions)));
        sequence(&parts)
    }
}

/// What a revocation list says of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// Not on the list.
    Good,
    /// On the list since a time.
    Revoked(Timestamp),
}

/// A foreign revocation list.
#[derive(Clone, Debug)]
pub struct Crl {
    der: Vec<u8>,
    list: CertificateList,
}

impl Crl {
    /// Reads a list in DER; `None` if it is none.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        Some(Self { der: der.to_vec(), list: CertificateList::from_der(der).ok()? })
    }

    /// The status of `certificate` at `at`, if this list can tell: it is of the same issuer, signed
    /// by `issuer`, complete (no critical extension such as a partition or a delta), and `at` is
    /// not after its next update.
    pub fn status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: Timestamp,
    ) -> Option<Status> {
        let tbs = &self.list.tbs_cert_list;
        let same_issuer = tbs.issuer.to_der().ok()? == certificate.issuer_der();
        let partial = tbs.crl_extensions.iter().flatten().any(|extension| extension.critical);
        let next = tbs.next_update.map(|time| time.to_unix_duration().as_secs())?;
        let stale = at > Timestamp::from_seconds(i64::try_from(next).ok()?);
        let (signed, algorithm, signature) = signed_parts(&self.der)?;
        let genuine =
            verify_message(&issuer.spki_der(), algorithm, None, signed, signature).is_ok();
        if !same_issuer || partial || stale || !genuine {
            return None;
        }
        let found = tbs.revoked_certificates.iter().flatten().find(|entry| {
            let serial = entry.serial_number.as_bytes();
            let plain = serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial);
            plain == certificate.serial()
        });
        Some(match found {
            None => Status::Good,
            Some(entry) => {
                let since = entry.revocation_date.to_unix_duration().as_secs();
                Status::Revoked(Timestamp::from_seconds(i64::try_from(since).ok()?))
            }
        })
    }
}

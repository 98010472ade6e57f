//! Our own revocation lists (RFC 5280 §5), to be signed. Reading those of anybody is in `revocation`.

use const_oid::{ObjectIdentifier, db::rfc5280};

use super::{
    extension,
    tlv::{sequence, tlv, unsigned},
};
use crate::{crypto::Scheme, domain::Timestamp};

/// `expiredCertsOnCRL` (X.509 §9.5.2.11): lists with it keep what has ended.
pub(super) const ID_CE_EXPIRED_CERTS_ON_CRL: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.5.29.60");

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
    /// Since when revoked certificates stay on it although they have ended.
    pub keeps_ended_since: Timestamp,
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
        let since = extension::generalized_time(self.keeps_ended_since);
        let extensions = [
            extension::authority_key_identifier(&self.issuer_point),
            extension::extension(rfc5280::ID_CE_CRL_NUMBER, false, &number),
            extension::extension(ID_CE_EXPIRED_CERTS_ON_CRL, false, &since),
        ];
        parts.push(tlv(0xa0, &sequence(&extensions)));
        sequence(&parts)
    }
}

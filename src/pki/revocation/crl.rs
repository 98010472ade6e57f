//! A revocation list as it was issued (RFC 5280 §5): bytes beside what they say. Which certificates
//! it speaks of is in `scope`.

use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CERTIFICATE_ISSUER, ID_CE_CRL_NUMBER, ID_CE_CRL_REASONS,
    ID_CE_DELTA_CRL_INDICATOR, ID_CE_INVALIDITY_DATE, ID_CE_ISSUING_DISTRIBUTION_POINT,
};
use der::{Decode, asn1::Uint};
use x509_cert::{
    ext::{
        Extension, Extensions,
        pkix::{
            AuthorityKeyIdentifier, CrlReason, IssuingDistributionPoint,
            name::{GeneralName, GeneralNames},
        },
    },
    name::Name,
};

use super::time;
use crate::{
    crypto::VerifyError,
    domain::Timestamp,
    pki::{
        Certificate,
        certificate::verify_signed,
        crl::ID_CE_EXPIRED_CERTS_ON_CRL,
        tlv::{self, Reader, Tlv, TlvError},
    },
};

/// A revocation list of anybody.
#[derive(Clone, Debug)]
pub struct Crl {
    der: Vec<u8>,
    pub(super) issuer: Name,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Option<Timestamp>,
    /// Its number, big-endian without leading zeros.
    pub(super) number: Option<Vec<u8>>,
    /// The number of the list that it completes, where it is a delta.
    pub(super) base: Option<Vec<u8>>,
    /// The part of all certificates that it is about; as bytes, too.
    pub(super) point: Option<(IssuingDistributionPoint, Vec<u8>)>,
    pub(super) authority_key: Option<Vec<u8>>,
    /// Revoked certificates that ended since then are still listed (`expiredCertsOnCRL`, X.509).
    keeps_ended_since: Option<Timestamp>,
    /// Whether it has a critical extension that is not understood: then nobody may use it.
    is_understood: bool,
}

/// What a list says of one certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Since when it is revoked, or was not to be trusted any more.
    pub since: Timestamp,
    /// Why, where that is said.
    pub reason: Option<CrlReason>,
}

/// A list is read into these, one at a time.
struct Row<'a> {
    serial: &'a [u8],
    entry: Entry,
    /// The issuer of this entry's certificate and the next ones', where it is not the list's.
    issuer: Option<Vec<GeneralName>>,
    is_understood: bool,
}

/// The parts of a list as they stand in its bytes.
struct Parts<'a> {
    issuer: &'a [u8],
    this_update: Tlv<'a>,
    next_update: Option<Tlv<'a>>,
    /// One after another.
    entries: &'a [u8],
    extensions: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn of(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader::new(tlv::only(der, tlv::SEQUENCE).ok()?.content);
        let signed = outer.expect(tlv::SEQUENCE).ok()?;
        let algorithm = outer.expect(tlv::SEQUENCE).ok()?.raw;
        let mut inner = Reader::new(signed.content);
        inner.optional(tlv::INTEGER).ok()?;
        // RFC 5280 §5.1.1.2: the algorithm is the same within and without.
        if inner.expect(tlv::SEQUENCE).ok()?.raw != algorithm {
            return None;
        }
        let issuer = inner.expect(tlv::SEQUENCE).ok()?.raw;
        let this_update = inner.read().ok()?;
        let next_update = match inner.peek() {
            Some(tlv::UTC_TIME | tlv::GENERALIZED_TIME) => Some(inner.read().ok()?),
            _ => None,
        };
        let entries = inner.optional(tlv::SEQUENCE).ok()?.map_or(&[][..], |list| list.content);
        let extensions = inner.optional(0xa0).ok()?.map(|tagged| tagged.content);
        let parts = Self { issuer, this_update, next_update, entries, extensions };
        inner.rest().is_empty().then_some(parts)
    }
}

impl Crl {
    /// Reads a list in DER; `None` if it is none.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let parts = Parts::of(der)?;
        let mut list = Self {
            der: der.to_vec(),
            issuer: Name::from_der(parts.issuer).ok()?,
            this_update: time(parts.this_update)?,
            next_update: match parts.next_update {
                Some(value) => Some(time(value)?),
                None => None,
            },
            number: None,
            base: None,
            point: None,
            authority_key: None,
            keeps_ended_since: None,
            is_understood: true,
        };
        if let Some(extensions) = parts.extensions {
            for extension in &Extensions::from_der(extensions).ok()? {
                list.take(extension)?;
            }
        }
        let mut is_understood = true;
        list.each(|row| {
            is_understood &= row.is_understood;
            true
        })
        .ok()?;
        list.is_understood &= is_understood;
        Some(list)
    }

    fn take(&mut self, extension: &Extension) -> Option<()> {
        let value = extension.extn_value.as_bytes();
        let number = |value| Some(Uint::from_der(value).ok()?.as_bytes().to_vec());
        match extension.extn_id {
            ID_CE_CRL_NUMBER => self.number = Some(number(value)?),
            ID_CE_DELTA_CRL_INDICATOR => self.base = Some(number(value)?),
            ID_CE_ISSUING_DISTRIBUTION_POINT => {
                let point = IssuingDistributionPoint::from_der(value).ok()?;
                self.point = Some((point, value.to_vec()));
            }
            ID_CE_EXPIRED_CERTS_ON_CRL => {
                self.keeps_ended_since = Some(time(tlv::only(value, tlv::GENERALIZED_TIME).ok()?)?);
            }
            ID_CE_AUTHORITY_KEY_IDENTIFIER => {
                let key = AuthorityKeyIdentifier::from_der(value).ok()?;
                self.authority_key = key.key_identifier.map(|key| key.as_bytes().to_vec());
            }
            _ => self.is_understood &= !extension.critical,
        }
        Some(())
    }

    /// Until when it is the newest, by its own word.
    pub fn next_update(&self) -> Option<Timestamp> {
        self.next_update
    }

    /// The list as issued.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether everything in it that has to be understood is.
    pub(super) fn is_understood(&self) -> bool {
        self.is_understood
    }

    /// Verifies that a key signed this list.
    pub(super) fn verify_signed_by(&self, issuer: &Certificate) -> Result<(), VerifyError> {
        verify_signed(&self.der, issuer)
    }

    /// What it says of a certificate, where it is listed.
    pub(super) fn entry(&self, certificate: &Certificate) -> Option<Entry> {
        let mut issuer_fits = self.names(certificate.issuer());
        let is_indirect = self.point.as_ref().is_some_and(|(point, _)| point.indirect_crl);
        let mut found = None;
        let _ = self.each(|row| {
            if let Some(names) = row.issuer.as_ref().filter(|_| is_indirect) {
                issuer_fits = names.iter().any(|name| match name {
                    GeneralName::DirectoryName(name) => {
                        certval::compare_names(name, certificate.issuer())
                    }
                    _ => false,
                });
            }
            if issuer_fits && row.serial == certificate.serial_content() {
                found = Some(row.entry);
            }
            found.is_none()
        });
        found
    }

    /// Whether it would still list a certificate that was revoked once.
    pub(super) fn keeps(&self, certificate: &Certificate) -> bool {
        self.this_update <= certificate.not_after()
            || self.keeps_ended_since.is_some_and(|since| since <= certificate.not_after())
    }

    /// Whether it is of an issuer of this name.
    pub(super) fn names(&self, issuer: &Name) -> bool {
        certval::compare_names(&self.issuer, issuer)
    }

    /// Hands over the entries as long as more are wanted.
    fn each(&self, mut wants_more: impl FnMut(Row<'_>) -> bool) -> Result<(), TlvError> {
        let parts = Parts::of(&self.der).ok_or(TlvError::NotDer)?;
        let mut entries = Reader::new(parts.entries);
        while !entries.rest().is_empty() {
            let row = row(entries.expect(tlv::SEQUENCE)?).ok_or(TlvError::NotDer)?;
            if !wants_more(row) {
                break;
            }
        }
        Ok(())
    }
}

/// What stands before the reason where an entry has this one extension only: most have, and lists
/// are long.
const REASON_ALONE: [u8; 13] =
    [0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01];

fn row(entry: Tlv<'_>) -> Option<Row<'_>> {
    let mut parts = Reader::new(entry.content);
    let serial = parts.expect(tlv::INTEGER).ok()?.content;
    let since = time(parts.read().ok()?)?;
    let mut row =
        Row { serial, entry: Entry { since, reason: None }, issuer: None, is_understood: true };
    let extensions = parts.optional(tlv::SEQUENCE).ok()?;
    let alone = extensions.and_then(|all| all.raw.strip_prefix(&REASON_ALONE));
    if let Some([reason]) = alone {
        row.entry.reason = Some(CrlReason::try_from(u32::from(*reason)).ok()?);
    } else if let Some(extensions) = extensions {
        for extension in Extensions::from_der(extensions.raw).ok()? {
            let value = extension.extn_value.as_bytes();
            match extension.extn_id {
                ID_CE_CRL_REASONS => row.entry.reason = Some(CrlReason::from_der(value).ok()?),
                // RFC 5280 §5.3.2: since when the key is suspected to be known to others.
                ID_CE_INVALIDITY_DATE => {
                    let date = time(tlv::only(value, tlv::GENERALIZED_TIME).ok()?)?;
                    row.entry.since = row.entry.since.min(date);
                }
                ID_CE_CERTIFICATE_ISSUER => row.issuer = Some(GeneralNames::from_der(value).ok()?),
                _ => row.is_understood &= !extension.critical,
            }
        }
    }
    parts.rest().is_empty().then_some(row)
}

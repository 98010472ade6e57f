//! A certificate as it was issued: the bytes beside what they say.

use const_oid::{
    AssociatedOid as _, ObjectIdentifier,
    db::rfc5280::{ID_AD_CA_ISSUERS, ID_AD_OCSP},
};
use der::{Decode, DecodePem, Encode, EncodePem, pem::LineEnding};
use spki::AlgorithmIdentifierRef;
use x509_cert::{
    ext::pkix::{
        AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints,
        ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
        crl::dp::DistributionPoint,
        name::{DistributionPointName, GeneralName},
    },
    name::Name,
};

use super::tlv::{self, Reader};
use crate::{
    crypto::{
        DigestAlgorithm, ForeignDigest, Scheme,
        digest::{hex, sha256},
        foreign_digest_named_by,
        scheme::OID_EC_PUBLIC_KEY,
        verify::{VerifyError, verify_message},
        verify_even_weak,
    },
    domain::Timestamp,
};

/// Why bytes are not a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an X.509 certificate in DER or PEM")]
pub struct CertificateError;

/// A certificate, RFC 5280.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    der: Vec<u8>,
    inner: x509_cert::Certificate,
}

impl Certificate {
    /// Reads DER; bytes after the certificate are an error.
    ///
    /// # Errors
    /// The bytes are not one certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let inner = x509_cert::Certificate::from_der(der).map_err(|_| CertificateError)?;
        Ok(Self { der: der.to_vec(), inner })
    }

    /// Reads every certificate of a PEM text, in order; other PEM objects are passed over.
    ///
    /// # Errors
    /// There is none, or one is malformed.
    pub fn from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        let mut all = Vec::new();
        for piece in text.split(BEGIN).skip(1) {
            let body = piece.split_once(END).ok_or(CertificateError)?.0;
            let pem = format!("{BEGIN}{}{END}\n", body.replace("\r\n", "\n"));
            let inner = x509_cert::Certificate::from_pem(pem).map_err(|_| CertificateError)?;
            all.push(Self { der: inner.to_der().map_err(|_| CertificateError)?, inner });
        }
        if all.is_empty() { Err(CertificateError) } else { Ok(all) }
    }

    /// The certificate as PEM.
    pub fn to_pem(&self) -> String {
        self.inner.to_pem(LineEnding::LF).unwrap_or_default()
    }

    /// The certificate as issued.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER, hexadecimal.
    pub fn fingerprint(&self) -> String {
        hex(&sha256(&self.der))
    }

    /// The subject.
    pub fn subject(&self) -> &Name {
        self.inner.tbs_certificate().subject()
    }

    /// The issuer.
    pub fn issuer(&self) -> &Name {
        self.inner.tbs_certificate().issuer()
    }

    /// The subject, DER.
    pub fn subject_der(&self) -> Vec<u8> {
        self.subject().to_der().unwrap_or_default()
    }

    /// The issuer, DER.
    pub fn issuer_der(&self) -> Vec<u8> {
        self.issuer().to_der().unwrap_or_default()
    }

    /// The serial number, big-endian, without leading zeros.
    pub fn serial(&self) -> &[u8] {
        let bytes = self.inner.tbs_certificate().serial_number().as_bytes();
        match bytes {
            [0, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        }
    }

    /// The content of the serial number's `INTEGER`, which is negative in some certificates.
    pub(super) fn serial_content(&self) -> &[u8] {
        self.inner.tbs_certificate().serial_number().as_bytes()
    }

    /// The `SubjectPublicKeyInfo`, DER.
    pub fn spki_der(&self) -> Vec<u8> {
        self.inner.tbs_certificate().subject_public_key_info().to_der().unwrap_or_default()
    }

    /// The key bits: for elliptic curves the uncompressed SEC1 point.
    pub fn public_key(&self) -> &[u8] {
        self.inner.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes()
    }

    /// The scheme of the key, if it is one the service signs with.
    pub fn scheme(&self) -> Option<Scheme> {
        let algorithm = &self.inner.tbs_certificate().subject_public_key_info().algorithm;
        let curve = algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok()?;
        [Scheme::P256, Scheme::Sm2]
            .into_iter()
            .find(|s| algorithm.oid == OID_EC_PUBLIC_KEY && s.curve_oid() == curve)
    }

    /// First moment of validity.
    pub fn not_before(&self) -> Timestamp {
        timestamp(&self.inner.tbs_certificate().validity().not_before)
    }

    /// Last moment of validity.
    pub fn not_after(&self) -> Timestamp {
        timestamp(&self.inner.tbs_certificate().validity().not_after)
    }

    /// Whether `at` lies within the validity.
    pub fn is_valid_at(&self, at: Timestamp) -> bool {
        self.not_before() <= at && at <= self.not_after()
    }

    /// Whether subject and issuer are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.subject() == self.issuer()
    }

    /// The key usage, if the certificate restricts it.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extension::<KeyUsage>()
    }

    /// The extended key usages, if the certificate restricts them.
    pub fn extended_key_usage(&self) -> Option<Vec<ObjectIdentifier>> {
        self.extension::<ExtendedKeyUsage>().map(|usage| usage.0)
    }

    /// The subject key identifier, if there is one.
    pub fn key_identifier(&self) -> Option<Vec<u8>> {
        self.extension::<SubjectKeyIdentifier>().map(|id| id.0.as_bytes().to_vec())
    }

    /// The key identifier of the issuer, if there is one.
    pub fn authority_key_identifier(&self) -> Option<Vec<u8>> {
        let key = self.extension::<AuthorityKeyIdentifier>()?.key_identifier?;
        Some(key.as_bytes().to_vec())
    }

    /// Whether the extended key usage, if there is one, lets the key sign documents (RFC 9336
    /// document signing, e-mail protection, any, and the two that makers of readers use).
    pub fn may_sign_documents(&self) -> bool {
        const FIT: [&str; 5] = [
            "1.3.6.1.5.5.7.3.36",
            "1.3.6.1.5.5.7.3.4",
            "2.5.29.37.0",
            "1.2.840.113583.1.1.5",
            "1.3.6.1.4.1.311.10.3.12",
        ];
        self.extended_key_usage()
            .is_none_or(|usages| usages.iter().any(|id| FIT.contains(&id.to_string().as_str())))
    }

    /// Whether the extended key usage says that the key makes electronic seals.
    pub fn may_make_seals(&self) -> bool {
        let usages = self.extended_key_usage();
        usages.is_some_and(|usages| usages.contains(&super::extension::ID_SEAL_MAKING))
    }

    /// The basic constraints: whether it is a CA, and how long a path it allows.
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.extension::<BasicConstraints>()
    }

    /// Whether the certificate names a place where its revocation status can be asked.
    pub fn names_revocation_source(&self) -> bool {
        const AIA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1");
        self.extension_ids().any(|(id, _)| id == AIA || id == CrlDistributionPoints::OID)
    }

    /// Where OCSP responders tell its revocation status (RFC 5280 §4.2.2.1).
    pub fn responders(&self) -> Vec<String> {
        self.access(ID_AD_OCSP)
    }

    /// Where the certificate of its issuer is.
    pub fn issuer_locations(&self) -> Vec<String> {
        self.access(ID_AD_CA_ISSUERS)
    }

    /// Where revocation lists are published that tell its status.
    pub fn list_locations(&self) -> Vec<String> {
        let points = self.distribution_points();
        let names = points.iter().filter_map(|point| match point.distribution_point.as_ref()? {
            DistributionPointName::FullName(names) => Some(names.iter()),
            DistributionPointName::NameRelativeToCRLIssuer(_) => None,
        });
        names.flatten().filter_map(uri).collect()
    }

    fn access(&self, method: ObjectIdentifier) -> Vec<String> {
        let all = self.extension::<AuthorityInfoAccessSyntax>().map(|all| all.0);
        let all = all.unwrap_or_default();
        let all = all.iter().filter(|one| one.access_method == method);
        all.filter_map(|one| uri(&one.access_location)).collect()
    }

    /// Where lists are published that tell its revocation status.
    pub(super) fn distribution_points(&self) -> Vec<DistributionPoint> {
        self.extension::<CrlDistributionPoints>().map(|points| points.0).unwrap_or_default()
    }

    /// Whether the algorithm of its signature is the same within and without (RFC 5280 §4.1.1.2).
    pub(super) fn names_one_algorithm(&self) -> bool {
        self.inner.tbs_certificate().signature() == self.inner.signature_algorithm()
    }

    /// Every extension's identifier and whether it is critical.
    pub fn extension_ids(&self) -> impl Iterator<Item = (ObjectIdentifier, bool)> + '_ {
        self.inner
            .tbs_certificate()
            .extensions()
            .into_iter()
            .flatten()
            .map(|extension| (extension.extn_id, extension.critical))
    }

    /// Whether one of the subject's attributes has exactly this text as value.
    pub fn subject_has(&self, attribute: ObjectIdentifier, text: &str) -> bool {
        self.subject().iter().any(|part| {
            part.oid == attribute && directory_text(part.value.value()).as_deref() == Some(text)
        })
    }

    /// The common name of the subject, where it has one that can be read.
    pub fn common_name(&self) -> Option<String> {
        let mut parts = self.subject().iter();
        let part = parts.find(|part| part.oid == const_oid::db::rfc4519::CN)?;
        directory_text(part.value.value())
    }

    /// Verifies that `issuer`'s key signed this certificate.
    ///
    /// # Errors
    /// The signature is wrong or of a kind that is not supported.
    pub fn verify_signed_by(&self, issuer: &Self) -> Result<(), VerifyError> {
        verify_signed(&self.der, issuer)
    }

    /// As [`Self::verify_signed_by`], by algorithms as well that are not strong enough any more.
    pub(super) fn is_signed_by_even_weakly(&self, issuer: &Self) -> bool {
        let parts = signed_parts(&self.der);
        parts.is_some_and(|(signed, algorithm, signature)| {
            let digest = foreign_digest_named_by(algorithm.oid);
            let digest = digest.or(digest_of_pss(algorithm).map(ForeignDigest::Accepted));
            let spki = issuer.spki_der();
            verify_even_weak(&spki, algorithm.oid, digest, signed, signature).is_ok()
        })
    }

    /// The algorithm of its signature, and the digest that the parameters of RSA-PSS name.
    pub(super) fn signed_with(&self) -> (ObjectIdentifier, Option<DigestAlgorithm>) {
        let algorithm = self.inner.signature_algorithm();
        let parts = signed_parts(&self.der);
        (algorithm.oid, parts.and_then(|(_, algorithm, _)| digest_of_pss(algorithm)))
    }

    fn extension<'a, T: Decode<'a> + const_oid::AssociatedOid>(&'a self) -> Option<T> {
        self.inner.tbs_certificate().get_extension::<T>().ok().flatten().map(|(_, value)| value)
    }
}

fn uri(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
        _ => None,
    }
}

/// Verifies that `issuer`'s key signed what is signed as certificates and revocation lists are: the
/// bytes, the algorithm, the signature value.
///
/// # Errors
/// The signature is wrong or of a kind that is not supported.
pub(super) fn verify_signed(der: &[u8], issuer: &Certificate) -> Result<(), VerifyError> {
    let (signed, algorithm, signature) = signed_parts(der).ok_or(VerifyError::Mismatch)?;
    let digest = digest_of_pss(algorithm);
    verify_message(&issuer.spki_der(), algorithm.oid, digest, signed, signature)
}

/// The bytes that are signed, the algorithm and the signature value.
fn signed_parts(der: &[u8]) -> Option<(&[u8], AlgorithmIdentifierRef<'_>, &[u8])> {
    let mut outer = Reader::new(tlv::only(der, tlv::SEQUENCE).ok()?.content);
    let signed = outer.expect(tlv::SEQUENCE).ok()?.raw;
    let algorithm = outer.expect(tlv::SEQUENCE).ok()?.raw;
    let algorithm = AlgorithmIdentifierRef::from_der(algorithm).ok()?;
    let bits = outer.expect(tlv::BIT_STRING).ok()?;
    Some((signed, algorithm, bits.content.strip_prefix(&[0])?))
}

/// The digest that the parameters of RSA-PSS name (RFC 4055 §3.1).
fn digest_of_pss(algorithm: AlgorithmIdentifierRef<'_>) -> Option<DigestAlgorithm> {
    let parameters = algorithm.parameters?;
    let mut parameters = Reader::new(parameters.value());
    let hash = parameters.optional(0xa0).ok()??;
    let hash = AlgorithmIdentifierRef::from_der(hash.content).ok()?;
    DigestAlgorithm::from_oid(hash.oid)
}

/// The text of a directory string; only encodings whose bytes are UTF-8 or ASCII are read.
fn directory_text(value: &[u8]) -> Option<String> {
    String::from_utf8(value.to_vec()).ok()
}

/// A time of a certificate or list.
pub(super) fn timestamp(value: &x509_cert::time::Time) -> Timestamp {
    let seconds = value.to_unix_duration().as_secs();
    Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

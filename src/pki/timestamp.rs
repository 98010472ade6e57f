//! Time-stamp protocol (RFC 3161): queries, what a token says, and responses. The CMS frame of a
//! token is `containers`'.

use const_oid::ObjectIdentifier;

use super::tlv::{self, Reader, oid, sequence, tlv, unsigned};
use crate::{crypto::DigestAlgorithm, domain::Timestamp};

/// `id-ct-TSTInfo`, RFC 3161 §2.4.2.
pub const ID_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// `id-aa-signatureTimeStampToken`, RFC 3161 appendix A.
pub const ID_SIGNATURE_TIMESTAMP: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");
/// `id-aa-ets-contentTimestamp`, ETSI EN 319 122-1 §5.2.8.
pub const ID_CONTENT_TIMESTAMP: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.20");
/// `id-kp-timeStamping`, RFC 3161 §2.3.
pub const ID_TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");

const BOOLEAN: u8 = 0x01;
/// The longest nonce that is answered, bytes.
const LONGEST_NONCE: usize = 64;

/// Why no token is given (`PKIFailureInfo`, RFC 3161 §2.4.2), by its bit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The digest algorithm is not accepted.
    BadAlgorithm = 0,
    /// The query asks for something that does not go together.
    BadRequest = 2,
    /// The query is malformed.
    BadDataFormat = 5,
    /// The clock is not to be relied upon now.
    TimeNotAvailable = 14,
    /// The policy asked for is not ours.
    UnacceptedPolicy = 15,
    /// There is an extension in the query.
    UnacceptedExtension = 16,
    /// The authority fails.
    SystemFailure = 25,
}

/// What a client asks for (RFC 3161 §2.4.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TimestampQuery {
    /// The algorithm of the imprint.
    pub algorithm: DigestAlgorithm,
    /// The digest of what is to be stamped.
    pub imprint: Vec<u8>,
    /// The policy asked for.
    pub policy: Option<ObjectIdentifier>,
    /// A number to be returned, big-endian, as it stands in the query.
    pub nonce: Option<Vec<u8>>,
    /// Whether the token is to hold the certificate.
    pub certificate: bool,
}

impl TimestampQuery {
    /// Reads a query.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn from_der(der: &[u8]) -> Result<Self, Refusal> {
        let outer = tlv::only(der, tlv::SEQUENCE).map_err(|_| Refusal::BadDataFormat)?;
        Self::read(&mut Reader::new(outer.content))
    }

    fn read(query: &mut Reader<'_>) -> Result<Self, Refusal> {
        const BAD: Refusal = Refusal::BadDataFormat;
        let version = query.expect(tlv::INTEGER).map_err(|_| BAD)?;
        if version.content != [1] {
            return Err(Refusal::BadRequest);
        }
        let (algorithm, imprint) = read_imprint(query).ok_or(BAD)?;
        let algorithm = algorithm.ok_or(Refusal::BadAlgorithm)?;
        if imprint.len() != algorithm.size() {
            return Err(BAD);
        }
        let policy = match query.optional(tlv::OID).map_err(|_| BAD)? {
            Some(policy) => Some(ObjectIdentifier::from_bytes(policy.content).map_err(|_| BAD)?),
            None => None,
        };
        let nonce = query.optional(tlv::INTEGER).map_err(|_| BAD)?.map(|n| n.content.to_vec());
        if nonce.as_ref().is_some_and(|nonce| nonce.is_empty() || nonce.len() > LONGEST_NONCE) {
            return Err(Refusal::BadRequest);
        }
        let certificate = query.optional(BOOLEAN).map_err(|_| BAD)?;
        let certificate = certificate.is_some_and(|value| value.content != [0]);
        if query.optional(0xa0).map_err(|_| BAD)?.is_some() {
            return Err(Refusal::UnacceptedExtension);
        }
        if query.rest().is_empty() {
            Ok(Self { algorithm, imprint, policy, nonce, certificate })
        } else {
            Err(BAD)
        }
    }

    /// The query as DER.
    pub fn to_der(&self) -> Vec<u8> {
        let mut parts = vec![unsigned(&[1]), imprint(self.algorithm, &self.imprint)];
        parts.extend(self.policy.map(oid));
        parts.extend(self.nonce.as_ref().map(|nonce| tlv(tlv::INTEGER, nonce)));
        if self.certificate {
            parts.push(tlv(BOOLEAN, &[0xff]));
        }
        sequence(&parts)
    }
}

/// `MessageImprint`.
fn imprint(algorithm: DigestAlgorithm, digest: &[u8]) -> Vec<u8> {
    // NULL parameters: what all clients send and expect back.
    let identifier = sequence(&[oid(algorithm.oid()), vec![0x05, 0x00]]);
    sequence(&[identifier, tlv(tlv::OCTET_STRING, digest)])
}

fn read_imprint(reader: &mut Reader<'_>) -> Option<(Option<DigestAlgorithm>, Vec<u8>)> {
    let mut imprint = Reader::new(reader.expect(tlv::SEQUENCE).ok()?.content);
    let mut identifier = Reader::new(imprint.expect(tlv::SEQUENCE).ok()?.content);
    let algorithm = identifier.expect(tlv::OID).ok()?;
    let algorithm = ObjectIdentifier::from_bytes(algorithm.content).ok()?;
    let digest = imprint.expect(tlv::OCTET_STRING).ok()?.content.to_vec();
    Some((DigestAlgorithm::from_oid(algorithm), digest))
}

/// What a token says (`TSTInfo`, RFC 3161 §2.4.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TimestampInfo {
    /// The policy under which it was given.
    pub policy: ObjectIdentifier,
    /// The algorithm of the imprint.
    pub algorithm: DigestAlgorithm,
    /// The digest of what was stamped.
    pub imprint: Vec<u8>,
    /// The serial number, big-endian.
    pub serial: Vec<u8>,
    /// When; written with milliseconds.
    pub at: Timestamp,
    /// How far off the time may be, milliseconds.
    pub accuracy_ms: u32,
    /// The number of the query, as it stands there.
    pub nonce: Option<Vec<u8>>,
}

impl TimestampInfo {
    /// As DER.
    pub fn to_der(&self) -> Vec<u8> {
        let (seconds, millis) = (self.accuracy_ms / 1000, self.accuracy_ms % 1000);
        let mut accuracy = Vec::new();
        if seconds > 0 {
            accuracy.push(unsigned(&seconds.to_be_bytes()));
        }
        if millis > 0 {
            let content = unsigned(&millis.to_be_bytes());
            // [0] IMPLICIT INTEGER
            accuracy.push(tlv(0x80, content.get(2..).unwrap_or_default()));
        }
        let mut parts = vec![
            unsigned(&[1]),
            oid(self.policy),
            imprint(self.algorithm, &self.imprint),
            unsigned(&self.serial),
            tlv(tlv::GENERALIZED_TIME, generalized(self.at).as_bytes()),
        ];
        if !accuracy.is_empty() {
            parts.push(sequence(&accuracy));
        }
        parts.extend(self.nonce.as_ref().map(|nonce| tlv(tlv::INTEGER, nonce)));
        sequence(&parts)
    }

    /// Reads it; `None` if it is not one, or its digest algorithm is not accepted.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let mut info = Reader::new(tlv::only(der, tlv::SEQUENCE).ok()?.content);
        info.expect(tlv::INTEGER).ok()?;
        let policy = ObjectIdentifier::from_bytes(info.expect(tlv::OID).ok()?.content).ok()?;
        let (algorithm, imprint) = read_imprint(&mut info)?;
        let serial = info.expect(tlv::INTEGER).ok()?.content.to_vec();
        let time = info.expect(tlv::GENERALIZED_TIME).ok()?;
        let at = read_generalized(std::str::from_utf8(time.content).ok()?)?;
        let accuracy_ms = match info.optional(tlv::SEQUENCE).ok()? {
            Some(accuracy) => read_accuracy(accuracy.content)?,
            None => 0,
        };
        info.optional(BOOLEAN).ok()?;
        let nonce = info.optional(tlv::INTEGER).ok()?.map(|nonce| nonce.content.to_vec());
        Some(Self { policy, algorithm: algorithm?, imprint, serial, at, accuracy_ms, nonce })
    }
}

fn read_accuracy(content: &[u8]) -> Option<u32> {
    let number = |bytes: &[u8]| {
        let value = bytes
            .iter()
            .try_fold(0_u32, |sum, byte| sum.checked_mul(256)?.checked_add(u32::from(*byte)));
        value.filter(|value| *value < 1_000_000)
    };
    let mut parts = Reader::new(content);
    let seconds = parts.optional(tlv::INTEGER).ok()?;
    let millis = parts.optional(0x80).ok()?;
    let seconds = seconds.map_or(Some(0), |value| number(value.content))?;
    let millis = millis.map_or(Some(0), |value| number(value.content))?;
    seconds.checked_mul(1000)?.checked_add(millis)
}

/// `GeneralizedTime` with milliseconds, without trailing zeros (X.690 §11.7).
fn generalized(at: Timestamp) -> String {
    let (year, month, day, hour, minute, second) = at.parts();
    let millis = at.as_micros().rem_euclid(1_000_000) / 1000;
    let fraction = format!(".{millis:03}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}{fraction}Z")
}

fn read_generalized(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.len() != 14 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| whole.get(range);
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}.{}Z",
        part(0..4)?,
        part(4..6)?,
        part(6..8)?,
        part(8..10)?,
        part(10..12)?,
        part(12..14)?,
        fraction.get(..fraction.len().min(9))?
    ))
    .ok()
}

/// A response with a token.
pub fn granted(token: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[unsigned(&[0])]), token.to_vec()])
}

/// A response without one (RFC 3161 §2.4.2).
pub fn refused(refusal: Refusal, why: &str) -> Vec<u8> {
    let bit = refusal as u8;
    let mut bits = vec![0_u8; usize::from(bit / 8) + 1];
    if let Some(last) = bits.last_mut() {
        *last = 0x80 >> (bit % 8);
    }
    let text = sequence(&[tlv(tlv::UTF8_STRING, why.as_bytes())]);
    let unused = 7 - bit % 8;
    let failure = tlv(tlv::BIT_STRING, &[&[unused], bits.as_slice()].concat());
    sequence(&[sequence(&[unsigned(&[2]), text, failure])])
}

/// The token of a response, DER.
///
/// # Errors
/// There is none; the words are the authority's, cut short.
pub fn token_of(response: &[u8]) -> Result<Vec<u8>, String> {
    let malformed = |_| "its answer is not a time-stamp response".to_owned();
    let mut parts = Reader::new(tlv::only(response, tlv::SEQUENCE).map_err(malformed)?.content);
    let mut status = Reader::new(parts.expect(tlv::SEQUENCE).map_err(malformed)?.content);
    match status.expect(tlv::INTEGER).map_err(malformed)?.content {
        // granted, granted with modifications
        [0 | 1] => {}
        [code] => return Err(format!("it refuses with status {code}")),
        _ => return Err("its answer has no status".to_owned()),
    }
    Ok(parts.expect(tlv::SEQUENCE).map_err(malformed)?.raw.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn query() -> TimestampQuery {
        TimestampQuery {
            algorithm: DigestAlgorithm::Sha256,
            imprint: vec![7; 32],
            policy: Some(ObjectIdentifier::new_unwrap("1.2.3")),
            nonce: Some(vec![1, 2, 3]),
            certificate: true,
        }
    }

    #[test]
    fn queries_read_back() {
        assert_eq!(TimestampQuery::from_der(&query().to_der()), Ok(query()));
        let bare = TimestampQuery { policy: None, nonce: None, certificate: false, ..query() };
        assert_eq!(TimestampQuery::from_der(&bare.to_der()), Ok(bare));
        let short = TimestampQuery { imprint: vec![7; 31], ..query() };
        assert_eq!(TimestampQuery::from_der(&short.to_der()), Err(Refusal::BadDataFormat));
        assert_eq!(TimestampQuery::from_der(b"0"), Err(Refusal::BadDataFormat));
        let mut sha1 = query().to_der();
        let at = sha1.windows(3).position(|w| w == [0x04, 0x02, 0x01]).unwrap();
        sha1[at + 2] = 9;
        assert_eq!(TimestampQuery::from_der(&sha1), Err(Refusal::BadAlgorithm));
    }

    proptest! {
        #[test]
        fn infos_read_back(micros in 0_i64..4_000_000_000_000_000, accuracy_ms in 0_u32..900_000) {
            let at = Timestamp::from_micros(micros / 1000 * 1000);
            let info = TimestampInfo {
                policy: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1"),
                algorithm: DigestAlgorithm::Sm3,
                imprint: vec![9; 32],
                serial: vec![0x41; 16],
                at,
                accuracy_ms,
                nonce: None,
            };
            prop_assert_eq!(TimestampInfo::from_der(&info.to_der()), Some(info));
        }

        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = TimestampQuery::from_der(&bytes);
            let _ = TimestampInfo::from_der(&bytes);
            let _ = token_of(&bytes);
        }
    }

    #[test]
    fn times_have_no_trailing_zeros() {
        let at = |micros| generalized(Timestamp::from_micros(micros));
        assert_eq!(at(0), "19700101000000Z");
        assert_eq!(at(120_000), "19700101000000.12Z");
        assert_eq!(at(1_001_000), "19700101000001.001Z");
    }
}

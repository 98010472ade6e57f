//! Reading seals and seal signatures of any maker.

use const_oid::ObjectIdentifier;

use super::{Extension, Picture, Seal, SealSignature, SesTime, SesVersion, SignerList};
use crate::pki::{
    Certificate,
    tlv::{self, Reader, Tlv, TlvError},
};

/// Why bytes are not a seal or a seal signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SesError {
    /// The structure is not that of any of the standards.
    #[error("not a seal structure (GB/T 38540): {0}")]
    Structure(#[from] TlvError),
    /// A part is not what the standard says.
    #[error("not a seal structure (GB/T 38540): {0}")]
    Part(&'static str),
}

impl Seal {
    /// Reads a seal; bytes after it are an error.
    ///
    /// # Errors
    /// See [`SesError`].
    pub fn from_der(der: &[u8]) -> Result<Self, SesError> {
        let outer = tlv::only(der, tlv::SEQUENCE)?;
        let parts = children(outer.content)?;
        let [info, rest @ ..] = parts.as_slice() else { return Err(TlvError::Truncated.into()) };
        let body = read_info(info.content)?;
        let (version, maker, algorithm, signature, signed, timestamp) = match rest {
            [sign_info] => {
                let [maker, algorithm, signature] = children(sign_info.content)?
                    .try_into()
                    .map_err(|_| SesError::Part("signInfo has not three parts"))?;
                let signed = tlv::sequence(&[info.raw, maker.raw, algorithm.raw]);
                (SesVersion::V1, maker, algorithm, signature, signed, None)
            }
            [maker, algorithm, signature, more @ ..] if more.len() < 2 => {
                let five = !more.is_empty() || body.header_version == 5;
                let version = if five { SesVersion::V5 } else { SesVersion::V4 };
                let timestamp = more.first().map(|field| bits(&inner(field)?)).transpose()?;
                (version, *maker, *algorithm, *signature, info.raw.to_vec(), timestamp)
            }
            _ => return Err(SesError::Part("the seal has neither two nor four nor five parts")),
        };
        Ok(Self {
            raw: der.to_vec(),
            version,
            vendor: body.vendor,
            id: body.id,
            kind: body.property.kind,
            name: body.property.name,
            signers: body.property.signers,
            created: body.property.created,
            valid_from: body.property.valid_from,
            valid_until: body.property.valid_until,
            picture: body.picture,
            extensions: body.extensions,
            maker: Certificate::from_der(certificate(&maker)?).ok(),
            maker_der: maker.content.to_vec(),
            algorithm: object_identifier(&algorithm)?,
            signed,
            signature: bits(&signature)?,
            timestamp,
        })
    }
}

impl SealSignature {
    /// Reads a seal signature; bytes after it are an error.
    ///
    /// # Errors
    /// See [`SesError`].
    pub fn from_der(der: &[u8]) -> Result<Self, SesError> {
        let outer = tlv::only(der, tlv::SEQUENCE)?;
        let parts = children(outer.content)?;
        let [tbs, rest @ ..] = parts.as_slice() else { return Err(TlvError::Truncated.into()) };
        let fields = children(tbs.content)?;
        let [_version, seal, time, data_hash, property, more @ ..] = fields.as_slice() else {
            return Err(SesError::Part("toSign has under five parts"));
        };
        let (signer, algorithm, signature, extensions, timestamp) = match (rest, more) {
            ([signature], [signer, algorithm]) => (signer, algorithm, signature, None, None),
            ([signer, algorithm, signature, token @ ..], more)
                if token.len() < 2 && more.len() < 2 =>
            {
                (signer, algorithm, signature, more.first(), token.first())
            }
            _ => return Err(SesError::Part("the signature has not the parts of any version")),
        };
        let extensions = extensions.map(|field| read_extensions(&inner(field)?)).transpose()?;
        Ok(Self {
            seal: Seal::from_der(seal.raw)?,
            time: read_time(time)?,
            data_hash: bits(data_hash)?,
            property: text(property),
            extensions: extensions.unwrap_or_default(),
            signer: Certificate::from_der(certificate(signer)?).ok(),
            signer_der: signer.content.to_vec(),
            algorithm: object_identifier(algorithm)?,
            signed: tbs.raw.to_vec(),
            signature: bits(signature)?,
            timestamp: timestamp.map(|field| bits(&inner(field)?)).transpose()?,
        })
    }
}

struct Info {
    header_version: i64,
    vendor: String,
    id: String,
    property: Property,
    picture: Picture,
    extensions: Vec<Extension>,
}

fn read_info(content: &[u8]) -> Result<Info, SesError> {
    let fields = children(content)?;
    let [header, id, property, picture, more @ ..] = fields.as_slice() else {
        return Err(SesError::Part("the seal's information has under four parts"));
    };
    let header = children(header.content)?;
    let ([mark, version, vendor], true) = (header.as_slice(), more.len() < 2) else {
        return Err(SesError::Part("the header has not three parts, or there is something behind"));
    };
    if mark.content != b"ES" {
        return Err(SesError::Part("the header does not begin with ES"));
    }
    let extensions = more.first().map(|field| read_extensions(&inner(field)?)).transpose()?;
    Ok(Info {
        header_version: integer(version)?,
        vendor: text(vendor),
        id: text(id),
        property: read_property(property.content)?,
        picture: read_picture(picture.content)?,
        extensions: extensions.unwrap_or_default(),
    })
}

struct Property {
    kind: i64,
    name: String,
    signers: SignerList,
    created: SesTime,
    valid_from: SesTime,
    valid_until: SesTime,
}

fn read_property(content: &[u8]) -> Result<Property, SesError> {
    let fields = children(content)?;
    // V1 has no certListType: its list follows the name.
    let (kind, name, by_digest, list, times) = match fields.as_slice() {
        [kind, name, list_kind, list, times @ ..] if list_kind.tag == tlv::INTEGER => {
            (kind, name, integer(list_kind)? == 2, list, times)
        }
        [kind, name, list, times @ ..] => (kind, name, false, list, times),
        _ => return Err(SesError::Part("the seal's property has too few parts")),
    };
    let [created, valid_from, valid_until] = times else {
        return Err(SesError::Part("the seal does not say from when to when it is valid"));
    };
    let list = children(list.content)?;
    let signers = if by_digest {
        let pair = |entry: &Tlv<'_>| {
            let parts = children(entry.content)?;
            let [algorithm, value] = parts.as_slice() else {
                return Err(SesError::Part("a digest of the list has not two parts"));
            };
            Ok((text(algorithm), value.content.to_vec()))
        };
        SignerList::Digests(list.iter().map(pair).collect::<Result<_, _>>()?)
    } else {
        SignerList::Certificates(list.iter().map(|entry| entry.content.to_vec()).collect())
    };
    Ok(Property {
        kind: integer(kind)?,
        name: text(name),
        signers,
        created: read_time(created)?,
        valid_from: read_time(valid_from)?,
        valid_until: read_time(valid_until)?,
    })
}

fn read_picture(content: &[u8]) -> Result<Picture, SesError> {
    let fields = children(content)?;
    let [format, data, width, height] = fields.as_slice() else {
        return Err(SesError::Part("the picture has not four parts"));
    };
    Ok(Picture {
        format: text(format),
        data: data.content.to_vec(),
        width: integer(width)?,
        height: integer(height)?,
    })
}

fn read_extensions(list: &Tlv<'_>) -> Result<Vec<Extension>, SesError> {
    if list.tag != tlv::SEQUENCE {
        return Err(SesError::Part("the extensions are no list"));
    }
    let read = |entry: &Tlv<'_>| {
        let parts = children(entry.content)?;
        let (id, critical, value) = match parts.as_slice() {
            [id, value] => (id, false, value),
            // FALSE written out is not DER, but what most makers write.
            [id, critical, value] => (id, critical.content != [0], value),
            _ => return Err(SesError::Part("an extension has neither two nor three parts")),
        };
        Ok(Extension { id: object_identifier(id)?, critical, value: value.content.to_vec() })
    };
    children(list.content)?.iter().map(read).collect()
}

/// The most values in one structure: no list of a seal comes near.
const MOST_VALUES: usize = 4096;

fn children(content: &[u8]) -> Result<Vec<Tlv<'_>>, TlvError> {
    let mut reader = Reader::new(content);
    let mut all = Vec::new();
    while reader.peek().is_some() {
        if all.len() == MOST_VALUES {
            return Err(TlvError::NotDer);
        }
        all.push(reader.read()?);
    }
    Ok(all)
}

/// What the explicit tag [0] is around; the value itself where there is none, as some makers do.
fn inner<'a>(field: &Tlv<'a>) -> Result<Tlv<'a>, SesError> {
    if field.tag != 0xa0 {
        return Ok(*field);
    }
    let mut reader = Reader::new(field.content);
    let value = reader.read()?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(SesError::Part("a tagged field holds more than one value")),
    }
}

/// A certificate: an octet string, or with one maker a text of the same bytes.
fn certificate<'a>(field: &Tlv<'a>) -> Result<&'a [u8], SesError> {
    match field.tag {
        tlv::OCTET_STRING | tlv::IA5_STRING => Ok(field.content),
        _ => Err(SesError::Part("a certificate is not an octet string")),
    }
}

/// The bytes of a `BIT STRING`; some makers write an `OCTET STRING` for it.
fn bits(field: &Tlv<'_>) -> Result<Vec<u8>, SesError> {
    match (field.tag, field.content) {
        (tlv::BIT_STRING, [0, bytes @ ..]) => Ok(bytes.to_vec()),
        (tlv::OCTET_STRING, bytes) => Ok(bytes.to_vec()),
        _ => Err(SesError::Part("a bit string is not of whole bytes")),
    }
}

fn integer(field: &Tlv<'_>) -> Result<i64, SesError> {
    match field.content {
        [] => Err(SesError::Part("an integer is empty")),
        digits if field.tag == tlv::INTEGER && digits.len() <= 7 => {
            Ok(digits.iter().fold(0, |sum, digit| sum << 8 | i64::from(*digit)))
        }
        _ => Err(SesError::Part("an integer is out of range")),
    }
}

fn object_identifier(field: &Tlv<'_>) -> Result<ObjectIdentifier, SesError> {
    // Some makers write an AlgorithmIdentifier where the standard has the bare identifier.
    let content = match field.tag {
        tlv::SEQUENCE => {
            let mut identifier = Reader::new(field.content);
            let oid = identifier.expect(tlv::OID)?;
            match identifier.rest() {
                [] | [5, 0] => oid.content,
                _ => return Err(SesError::Part("an algorithm has parameters")),
            }
        }
        tlv::OID => field.content,
        _ => return Err(SesError::Part("an object identifier is something else")),
    };
    ObjectIdentifier::from_bytes(content)
        .map_err(|_| SesError::Part("an object identifier is malformed"))
}

fn text(field: &Tlv<'_>) -> String {
    String::from_utf8_lossy(field.content).into_owned()
}

fn read_time(field: &Tlv<'_>) -> Result<SesTime, SesError> {
    Ok(match field.tag {
        tlv::UTC_TIME => SesTime::read(field.content, true),
        tlv::BIT_STRING => {
            let bytes = bits(field)?;
            // A timestamp token may stand here (V1); it is not the signer's word.
            let text = if bytes.first() == Some(&tlv::SEQUENCE) { &b""[..] } else { &bytes };
            SesTime::read(text, text.len() == 13)
        }
        _ => SesTime::read(field.content, false),
    })
}

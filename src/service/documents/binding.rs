//! Which container goes into which format: the one table of legal combinations, and the steps that
//! all of them have in common (prepare → begin → finish → embed).

use std::io;

use super::signing_cycle::Signer;
use crate::{
    containers::{
        cms, gbt35275,
        ses::{self, SesVersion},
    },
    crypto::Scheme,
    domain::{
        Timestamp,
        signing::{DocumentFormat, SignatureForm},
        source::Source,
    },
    formats::{Sealed, file, ofd, pdf},
    policy::Level,
    service::{Error, Service},
};

/// What stands in for the signed path where a seal signature sits in a PDF.
pub(super) const BYTE_RANGE: &str = "ByteRange";

/// What a document is, by its content; its name and what it is called count for nothing.
pub(super) fn format_of(document: &Source) -> DocumentFormat {
    if ofd::is_package(document) && !pdf::is_pdf(document) {
        DocumentFormat::Ofd
    } else {
        DocumentFormat::Pdf
    }
}

/// Scheme and form of a signature: what was asked for, or what the format has by default. A file of
/// any kind takes CMS of either sort.
pub(super) fn choose(
    format: DocumentFormat,
    scheme: Option<Scheme>,
    form: Option<SignatureForm>,
) -> Result<(Scheme, SignatureForm), Error> {
    use SignatureForm::{Cades, GmCms, GmSeal};
    let form = form.unwrap_or(if format == DocumentFormat::Ofd { GmSeal } else { Cades });
    let by_default = if form == Cades { Scheme::P256 } else { Scheme::Sm2 };
    let scheme = scheme.unwrap_or(by_default);
    match (format, scheme, form) {
        (DocumentFormat::Pdf | DocumentFormat::File, _, Cades)
        | (DocumentFormat::File, Scheme::Sm2, GmCms)
        | (DocumentFormat::Pdf | DocumentFormat::Ofd, Scheme::Sm2, GmCms | GmSeal) => {
            Ok((scheme, form))
        }
        _ => Err(Error::invalid(
            "invalid-signature-form",
            "PDF takes cades with p256 or sm2, gm-cms and gm-seal with sm2; OFD takes gm-seal and \
             gm-cms with sm2; files of any kind take cades with p256 or sm2 and gm-cms with sm2",
        )),
    }
}

/// `/SubFilter` of a form.
pub(super) fn sub_filter(form: SignatureForm) -> &'static str {
    match form {
        SignatureForm::Cades => "ETSI.CAdES.detached",
        SignatureForm::GmCms => "GM.sm2cms.detached",
        SignatureForm::GmSeal => "GM.sm2seal",
    }
}

/// A document that lacks its signature.
pub(super) enum Prepared {
    Pdf(Box<pdf::Prepared>),
    Ofd(Box<ofd::Prepared>),
    File(Box<file::Prepared>),
}

impl Prepared {
    pub(super) fn content_digest(&self) -> &[u8] {
        match self {
            Self::Pdf(prepared) => prepared.content_digest(),
            Self::Ofd(prepared) => prepared.content_digest(),
            Self::File(prepared) => prepared.content_digest(),
        }
    }

    /// What a seal signature names as signed.
    fn property(&self) -> &str {
        match self {
            Self::Pdf(_) | Self::File(_) => BYTE_RANGE,
            Self::Ofd(prepared) => prepared.path(),
        }
    }

    /// Puts the container in; the result was read back, and its SHA-256 is beside it.
    pub(super) fn embed(self, container: &[u8]) -> Result<(Sealed, Vec<u8>), Error> {
        let sealed = match self {
            Self::Pdf(prepared) => prepared.embed(container)?,
            Self::Ofd(prepared) => prepared.embed(container)?,
            Self::File(prepared) => prepared.embed(container),
        };
        let medium = |error: io::Error| Error::Internal(format!("the document's medium: {error}"));
        let digest = sealed.digest().map_err(medium)?;
        Ok((sealed, digest))
    }
}

/// A container that lacks the signature value.
pub(super) enum Unsigned {
    Cms(cms::Unsigned),
    Gm(gbt35275::Unsigned),
    Seal(ses::UnsignedSignature),
}

impl Unsigned {
    /// Begins the container of a form over what was prepared.
    pub(super) fn begin(
        form: SignatureForm,
        prepared: &Prepared,
        signer: &Signer,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let digest = prepared.content_digest();
        let Prepared::File(file) = prepared else {
            return Self::over(form, (digest, prepared.property()), signer, now);
        };
        let content = file.content().map(<[u8]>::to_vec);
        let (chain, scheme) = (&signer.chain, signer.credential.scheme);
        let begun = match form {
            SignatureForm::GmCms => gbt35275::begin_file(digest, content, chain, now).map(Self::Gm),
            _ => cms::begin_file(digest, content, chain, scheme, now).map(Self::Cms),
        };
        begun.ok_or_else(no_certificate)
    }

    /// Begins the container of a form over a digest; `property` is what a seal signature names as
    /// signed.
    pub(super) fn over(
        form: SignatureForm,
        (digest, property): (&[u8], &str),
        signer: &Signer,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let begun = match form {
            SignatureForm::Cades => {
                cms::begin(digest, &signer.chain, signer.credential.scheme).map(Self::Cms)
            }
            SignatureForm::GmCms => gbt35275::begin(digest, &signer.chain).map(Self::Gm),
            SignatureForm::GmSeal => {
                let (version, seal) = signer.seal_structure()?;
                signer.chain.first().cloned().map(|leaf| {
                    let about = (digest, property);
                    Self::Seal(ses::UnsignedSignature::begin(seal, version, leaf, now, about))
                })
            }
        };
        begun.ok_or_else(no_certificate)
    }

    /// The digest that goes to the device.
    pub(super) fn digest(&self) -> Result<[u8; 32], Error> {
        let digest = match self {
            Self::Cms(unsigned) => unsigned.digest(),
            Self::Gm(unsigned) => unsigned.digest(),
            Self::Seal(unsigned) => unsigned.digest(),
        };
        digest.ok_or_else(|| Error::Internal("the certificate has no usable key".to_owned()))
    }

    /// The container around a DER signature, with a timestamp where it has a place for one.
    pub(super) fn finish(self, signature: &[u8], timestamp: Option<&[u8]>) -> Vec<u8> {
        match self {
            Self::Cms(unsigned) => unsigned.finish(signature, timestamp),
            Self::Gm(unsigned) => unsigned.finish(signature),
            Self::Seal(unsigned) => unsigned.finish(signature, timestamp),
        }
    }
}

fn no_certificate() -> Error {
    Error::Internal("the seal has no certificate".to_owned())
}

impl Signer {
    /// The electronic seal to sign with, and its version.
    pub(super) fn seal_structure(&self) -> Result<(SesVersion, &[u8]), Error> {
        let known = self.structure.as_ref().map(|(version, seal)| (*version, seal.as_slice()));
        known.ok_or(Error::NotFound("the electronic seal of the credential"))
    }
}

impl Service {
    /// The level of a seal's signatures in a form; GB/T 35275 has no place for a timestamp.
    pub(super) fn level_in(&self, signer: &Signer, form: SignatureForm) -> Level {
        match form {
            SignatureForm::GmCms => Level::Basic,
            SignatureForm::Cades | SignatureForm::GmSeal => self.level(signer),
        }
    }

    /// The bytes to keep for a signature container.
    pub(super) fn container_room(
        &self,
        signer: &Signer,
        form: SignatureForm,
    ) -> Result<usize, Error> {
        let timestamp = match self.level_in(signer, form) {
            Level::Basic => 0,
            Level::Timestamped | Level::LongTerm | Level::Archived => self.timestamp_room(),
        };
        let container = match form {
            SignatureForm::Cades => cms::size_hint(&signer.chain),
            SignatureForm::GmCms => gbt35275::size_hint(&signer.chain),
            SignatureForm::GmSeal => {
                let leaf = signer.chain.first();
                let leaf = leaf.ok_or_else(no_certificate)?;
                ses::size_hint(signer.seal_structure()?.1, leaf, BYTE_RANGE)
            }
        };
        Ok(container + timestamp)
    }
}

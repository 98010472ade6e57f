//! Sealing a file that stays here: prepared here, signed there by its digest, finished here.

use std::path::Path;

use base64ct::{Base64, Encoding};
use secrecy::ExposeSecret;

use super::{Done, Wrong, open, output, patiently};
use crate::{
    clients::sealwright::Remote,
    crypto::{
        Scheme,
        digest::{hex, sha256},
        random,
    },
    domain::{
        Clock, SystemClock,
        id::new_ulid,
        placement::AcrossPages,
        signing::{DocumentFormat, SignatureForm},
        source::{Received, Source},
    },
    formats::{
        Sealed, ofd,
        pdf::{self, Appearance, SealingRequest},
        written,
    },
    service::documents::{DetachedRequest, SealRequest, SealingKit, appearance, set_caption},
};

/// Seals a file without sending it.
pub(super) fn seal(
    remote: &Remote,
    request: &SealRequest,
    file: &Path,
    target: &Path,
) -> anyhow::Result<Done> {
    let wrong = |why: &str| Wrong(why.to_owned());
    let received = Received::read(Source::file(open(file)?)?)?;
    let is_ofd = ofd::is_package(&received.source) && !pdf::is_pdf(&received.source);
    let format = if is_ofd { DocumentFormat::Ofd } else { DocumentFormat::Pdf };
    let pdf_only = request.caption.is_some()
        || request.certify.is_some()
        || !request.later_fields.is_empty()
        || request.password.is_some();
    if is_ofd && pdf_only {
        return Err(wrong("caption, certification, later fields and passwords are for PDF").into());
    }
    if !is_ofd && request.closing {
        return Err(wrong("closing is for OFD; certify says what may still change in a PDF").into());
    }
    let mut path = format!(
        "/v1/seals/{}/sealing-kit?document_type={}&format={format}",
        request.seal_id, request.document_type
    );
    for (name, word) in [
        ("scheme", request.scheme.map(Scheme::as_str)),
        ("signature_form", request.signature_form.map(SignatureForm::as_str)),
    ] {
        path.push_str(&word.map(|word| format!("&{name}={word}")).unwrap_or_default());
    }
    let kit: SealingKit = serde_json::from_value(patiently(|| Ok(remote.get(&path)?))?)?;
    let picture = picture(&kit)?;
    let layout = request.placement.target().map_err(wrong)?;
    let across = request.across_pages.as_ref();
    let pages = across.map(AcrossPages::checked).transpose().map_err(wrong)?;
    let now = SystemClock.now();
    let (mut unique, mut seed) = ([0; 10], [0; 32]);
    random::fill(&mut unique)?;
    random::fill(&mut seed)?;
    let caption = request.caption.as_ref().map(|caption| {
        set_caption(caption, &caption.lines(&kit.name, now, request.reason.as_deref()))
    });
    let caption = caption.transpose()?;
    let across = across.zip(pages.as_ref());
    let seal = kit.structure.as_deref().map(Base64::decode_vec).transpose();
    let seal = seal.map_err(|_| anyhow::anyhow!("the service's answer holds no seal"))?;
    let prepared = if is_ofd {
        Prepared::Ofd(Box::new(ofd::prepare(
            &received,
            &ofd::SealingRequest {
                target: &layout,
                across,
                size_mm: (kit.width_mm, kit.height_mm),
                seal: seal.as_deref(),
                is_final: request.closing,
                signing_time: now,
            },
        )?))
    } else {
        Prepared::Pdf(Box::new(pdf::prepare(
            &received,
            &SealingRequest {
                target: &layout,
                across,
                caption: caption.as_ref(),
                certify: request.certify,
                later_fields: &request.later_fields,
                password: request.password.as_ref().map(ExposeSecret::expose_secret),
                appearance: &picture,
                name: &kit.name,
                reason: request.reason.as_deref(),
                signing_time: now,
                unique: &new_ulid(now, unique),
                seed,
                room: kit.room,
                digest: kit.digest,
                sub_filter: &kit.sub_filter,
            },
        )?))
    };
    let body = serde_json::to_string(&DetachedRequest {
        seal_id: request.seal_id.clone(),
        document_type: request.document_type.clone(),
        format: Some(format),
        scheme: request.scheme,
        signature_form: request.signature_form,
        property: prepared.property().filter(|_| seal.is_some()),
        digest: hex(prepared.content_digest()),
        document_digest: hex(&received.digest()),
        business_number: request.business_number.clone(),
    })?;
    let key = format!("seal-{}", hex(&sha256(body.as_bytes())));
    let answer = patiently(|| Ok(remote.post("/v1/signatures/detached", &body, &key)?))?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let part = |key: &str| answer.get(key).map(text).unwrap_or_default();
    let record = answer.pointer("/signature/id").map(text).unwrap_or_default();
    let container = Base64::decode_vec(&part("container"))
        .map_err(|_| anyhow::anyhow!("the service's answer holds no container"))?;
    let sealed = prepared.embed(&container)?;
    written::write_sealed(target, &sealed, file)?;
    let receipt = output::write_receipt(target, &part("receipt"), file)?;
    Ok(Done { record, receipt, replayed: false })
}

/// A document with its hole.
enum Prepared {
    Pdf(Box<pdf::Prepared>),
    Ofd(Box<ofd::Prepared>),
}

impl Prepared {
    fn content_digest(&self) -> &[u8] {
        match self {
            Self::Pdf(prepared) => prepared.content_digest(),
            Self::Ofd(prepared) => prepared.content_digest(),
        }
    }

    fn property(&self) -> Option<String> {
        match self {
            Self::Pdf(_) => None,
            Self::Ofd(prepared) => Some(prepared.path().to_owned()),
        }
    }

    fn embed(self, container: &[u8]) -> anyhow::Result<Sealed> {
        Ok(match self {
            Self::Pdf(prepared) => prepared.embed(container)?,
            Self::Ofd(prepared) => prepared.embed(container)?,
        })
    }
}

fn picture(kit: &SealingKit) -> anyhow::Result<Appearance> {
    let png = Base64::decode_vec(&kit.picture)
        .map_err(|_| anyhow::anyhow!("the service's answer holds no picture"))?;
    appearance(&png, kit.svg.as_deref(), (kit.width_mm, kit.height_mm)).map_err(anyhow::Error::msg)
}

//! Sealing a file that stays here: prepared here, signed there by its digest, finished here.

use std::path::Path;

use base64ct::{Base64, Encoding};
use secrecy::ExposeSecret;

use super::{Done, Wrong, open, output, patiently};
use crate::{
    clients::sealwright::Remote,
    crypto::{
        digest::{hex, sha256},
        random,
    },
    domain::{
        Clock, SystemClock,
        id::new_ulid,
        placement::AcrossPages,
        source::{Received, Source},
    },
    formats::pdf::{self, Appearance, SealingRequest},
    service::documents::{DetachedRequest, SealRequest, SealingKit, appearance, set_caption},
};

/// Seals a file without sending it.
pub(super) fn seal(
    remote: &Remote,
    request: &SealRequest,
    file: &Path,
    target: &Path,
) -> anyhow::Result<Done> {
    let received = Received::read(Source::file(open(file)?)?)?;
    let path = format!(
        "/v1/seals/{}/sealing-kit?document_type={}",
        request.seal_id, request.document_type
    );
    let kit: SealingKit = serde_json::from_value(patiently(|| Ok(remote.get(&path)?))?)?;
    let picture = picture(&kit)?;
    let wrong = |why: &str| Wrong(why.to_owned());
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
    let prepared = pdf::prepare(
        &received,
        &SealingRequest {
            target: &layout,
            across: across.zip(pages.as_ref()),
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
            sub_filter: "ETSI.CAdES.detached",
        },
    )?;
    let body = serde_json::to_string(&DetachedRequest {
        seal_id: request.seal_id.clone(),
        document_type: request.document_type.clone(),
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
    output::write_sealed(target, &sealed, file)?;
    let receipt = output::write_receipt(target, &part("receipt"), file)?;
    Ok(Done { record, receipt, replayed: false })
}

fn picture(kit: &SealingKit) -> anyhow::Result<Appearance> {
    let png = Base64::decode_vec(&kit.picture)
        .map_err(|_| anyhow::anyhow!("the service's answer holds no picture"))?;
    appearance(&png, kit.svg.as_deref(), (kit.width_mm, kit.height_mm)).map_err(anyhow::Error::msg)
}

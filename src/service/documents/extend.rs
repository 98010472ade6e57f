//! Keeping sealed documents for the time when their certificates have ended: PAdES B-LT and B-LTA (ETSI
//! EN 319 142-1), when they are sealed or later, and again before the last timestamp ends.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::verify::Question;
use crate::{
    crypto::{
        DigestAlgorithm,
        digest::{hex, sha256},
    },
    domain::{
        report::{Indication, Report},
        signing::{DocumentFormat, SigningState},
        source::Received,
    },
    formats::{
        Sealed,
        pdf::{self, Extension, ValidationData},
    },
    policy::Action,
    service::{Act, Error, Service},
    verification::{self, Outcome},
};

/// How far a document is extended.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub enum ExtensionLevel {
    /// With the certificates, revocation lists and OCSP answers that its validation rests upon.
    #[serde(rename = "B-LT")]
    LongTerm,
    /// And with a document timestamp over them, which proves that they were there in time.
    #[default]
    #[serde(rename = "B-LTA")]
    Archived,
}

/// A document to be extended.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExtensionOrder {
    /// How far.
    pub level: ExtensionLevel,
    /// Whether it shall say for each signature what its validation rests upon (`/VRI`).
    pub by_signature: bool,
}

impl Service {
    /// Extends a sealed PDF whose record is given.
    ///
    /// # Errors
    /// The record is of another document, was voided or is not completed; its signature
    /// does not pass now, or another is certainly wrong; what its validation rests upon is not to be had; or policy says no.
    pub async fn extend(
        &self,
        act: &Act,
        id: &str,
        document: Received,
        order: ExtensionOrder,
    ) -> Result<Sealed, Error> {
        let (signature, _) = self.signature_for(act, id, Action::ReadSignature).await?;
        if signature.format != DocumentFormat::Pdf {
            let text = "only PDF documents carry their validation data along; this record is of another format";
            return Err(Error::conflict("not-extendable", text));
        }
        if signature.state != SigningState::Completed || signature.voided.is_some() {
            let text =
                "the signature is not completed, or its document was voided 作废; seal it anew";
            return Err(Error::conflict("not-extendable", text));
        }
        let Some(of) = signature.signature_digest else {
            return Err(Error::Internal("a completed signature without its digest".to_owned()));
        };
        let sealed = Sealed { received: document, dropped: Vec::new(), tail: Vec::new() };
        Ok(self.extended(sealed, order, Some(of)).await?.0)
    }

    /// Extends a document that was sealed; `of` is the digest of the signature value for whose sake that
    /// is done, without one it is done for all of them. With the report on what came of it.
    pub(super) async fn extended(
        &self,
        sealed: Sealed,
        order: ExtensionOrder,
        of: Option<String>,
    ) -> Result<(Sealed, Report), Error> {
        let received = sealed.received.followed_by(sealed.tail.clone());
        let material = self.passing(&received, of.as_deref()).await?.material;
        let verification::Material { certificates, crls, responses } = material;
        let data = ValidationData { certificates, crls, responses };
        let seed: [u8; 32] = self.randomness()?;
        let extending = move || {
            let extension = Extension { password: None, seed };
            let tail = pdf::add_validation_data(&received, &data, order.by_signature, &extension)?;
            Ok::<_, Error>(match tail {
                Some(tail) => (received.followed_by(tail.clone()), tail),
                None => (received, Vec::new()),
            })
        };
        let (mut received, data) = self.workbench.run("extending", extending).await??;
        let mut tail = sealed.tail;
        tail.extend(data);
        if order.level == ExtensionLevel::Archived {
            let stamp = self.document_timestamp(received.clone()).await?;
            received = received.followed_by(stamp.clone());
            tail.extend(stamp);
        }
        // As whoever gets it will judge it.
        let report = self.passing(&received, of.as_deref()).await?.report;
        Ok((Sealed { received: sealed.received, dropped: sealed.dropped, tail }, report))
    }

    /// Verifies a document of which the signature with this digest has to pass, while none of the others
    /// is certainly wrong; without a digest all of them have to.
    pub(super) async fn passing(
        &self,
        received: &Received,
        of: Option<&str>,
    ) -> Result<Outcome, Error> {
        let options = self.options(Question::default(), &self.newest_crls().await?)?;
        let options = verification::Options { drawing: None, ..options };
        let source = received.source.clone();
        let outcome = tokio::task::spawn_blocking(move || verification::verify(&source, &options));
        let outcome =
            outcome.await.map_err(|_| Error::Internal("verifying was interrupted".to_owned()))?;
        if of.is_none() && outcome.report.signatures.is_empty() {
            return Err(Error::conflict("not-extendable", &outcome.report.verdict.sentence.en));
        }
        let digests = outcome.signature_values.iter();
        let digests: Vec<_> = digests.map(|v| v.as_ref().map(|v| hex(&sha256(v)))).collect();
        let is_own = |index: usize| {
            of.is_none_or(|of| digests.get(index).and_then(Option::as_deref) == Some(of))
        };
        if !(0..digests.len()).any(is_own) {
            let text = "the document does not have the signature of this record; send the document as \
                        it was sealed, with nothing but revisions behind it";
            return Err(Error::conflict("not-this-signature", text));
        }
        let bad = outcome.report.signatures.iter().find(|one| match one.indication {
            Indication::TotalPassed => false,
            Indication::Indeterminate => is_own(one.index),
            Indication::TotalFailed => true,
        });
        match bad {
            None => Ok(outcome),
            Some(bad) => {
                let (number, why) = (bad.index + 1, &bad.verdict.sentence.en);
                let text = format!("signature {number} does not pass now: {why}");
                Err(Error::conflict("not-extendable", text))
            }
        }
    }

    /// A revision with a document timestamp.
    async fn document_timestamp(&self, received: Received) -> Result<Vec<u8>, Error> {
        let (seed, room) = (self.randomness::<32>()?, self.timestamp_room());
        let unique = hex(&self.randomness::<12>()?);
        let preparing = move || {
            let extension = Extension { password: None, seed };
            pdf::prepare_timestamp(&received, &unique, room, &extension)
        };
        let prepared = self.workbench.run("extending", preparing).await??;
        let imprint = prepared.content_digest().to_vec();
        let token = self.timestamp_imprint(imprint, DigestAlgorithm::Sha256).await?;
        let embedding = move || prepared.embed(&token);
        Ok(self.workbench.run("embedding", embedding).await??.tail)
    }
}

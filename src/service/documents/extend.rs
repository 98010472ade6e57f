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
        report::Indication,
        signing::{DocumentFormat, SigningState},
        source::Received,
    },
    formats::{
        Sealed,
        pdf::{self, Extension, ValidationData},
    },
    policy::Action,
    service::{Act, Error, Service},
    verification,
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
    /// The record is of another document, was voided or is not completed; a signature of the document
    /// does not pass now; what its validation rests upon is not to be had; or policy says no.
    pub async fn extend(
        &self,
        act: &Act,
        id: &str,
        document: Received,
        order: ExtensionOrder,
    ) -> Result<Sealed, Error> {
        let (signature, _) = self.signature_for(act, id, Action::ReadSignature).await?;
        if signature.format != DocumentFormat::Pdf {
            let text = "only PDF documents carry their validation data along";
            return Err(Error::conflict("not-extendable", text));
        }
        if signature.state != SigningState::Completed || signature.voided.is_some() {
            let text = "the signature is not completed, or its document was voided";
            return Err(Error::conflict("not-extendable", text));
        }
        let sealed = Sealed { received: document, dropped: Vec::new(), tail: Vec::new() };
        self.extended(sealed, order, signature.signature_digest.as_deref()).await
    }

    /// Extends a document that was sealed; `of` is the digest of a signature value that it must have.
    pub(super) async fn extended(
        &self,
        sealed: Sealed,
        order: ExtensionOrder,
        of: Option<&str>,
    ) -> Result<Sealed, Error> {
        let received = sealed.received.followed_by(sealed.tail.clone());
        let options = self.options(Question::default()).await?;
        let options = verification::Options { drawing: None, ..options };
        let source = received.source.clone();
        let outcome = tokio::task::spawn_blocking(move || verification::verify(&source, &options));
        let outcome =
            outcome.await.map_err(|_| Error::Internal("verifying was interrupted".to_owned()))?;
        let mut values = outcome.signature_values.iter().flatten();
        if of.is_some_and(|of| !values.any(|value| hex(&sha256(value)) == of)) {
            let text = "the document does not have the signature of this record";
            return Err(Error::conflict("not-this-signature", text));
        }
        let signatures = &outcome.report.signatures;
        let bad = signatures.iter().find(|one| one.indication != Indication::TotalPassed);
        if let Some(bad) = bad.filter(|_| !signatures.is_empty()) {
            let (number, why) = (bad.index + 1, &bad.verdict.sentence.en);
            let text = format!("signature {number} does not pass now: {why}");
            return Err(Error::conflict("not-extendable", text));
        }
        let verification::Material { certificates, crls, responses } = outcome.material;
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
        let (received, data) = self.workbench.run("extending", extending).await??;
        let mut tail = sealed.tail;
        tail.extend(data);
        if order.level == ExtensionLevel::Archived {
            tail.extend(self.document_timestamp(received).await?);
        }
        Ok(Sealed { received: sealed.received, dropped: sealed.dropped, tail })
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

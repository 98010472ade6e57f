//! Voiding 作废: the document is withdrawn though its signature stays intact.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{
        id::SignatureId,
        signing::{Signature, SigningState, Voided},
    },
    policy::Action,
    service::{Act, Answer, Error, Service, applications::reason},
};

/// A document to be voided.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVoid {
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
    /// The signature record of the document that takes its place.
    #[serde(default)]
    pub successor: Option<String>,
}

impl Service {
    /// Voids a sealed document.
    ///
    /// # Errors
    /// The record is not completed or voided already, the successor is unknown, or policy says no.
    pub async fn void(&self, act: &Act, id: &str, new: NewVoid) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "void", &(id, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let (signature, permit) = self.signature_for(act, id, Action::Void).await?;
        if signature.state != SigningState::Completed || signature.voided.is_some() {
            return Err(Error::conflict(
                "signature-not-voidable",
                "only a completed signature that was not voided can be voided",
            ));
        }
        let successor = new
            .successor
            .as_deref()
            .map(SignatureId::parse)
            .transpose()
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let now = self.now();
        let voided = Voided { at: now, reason: reason(&new.reason)?, successor };
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                if let Some(successor) = &voided.successor
                    && (*successor == signature.id || tx.signature(successor).await?.is_none())
                {
                    return Err(Error::NotFound("the successor"));
                }
                tx.void_signature(&signature.id, &voided).await?;
                let subject = format!("signature:{}", signature.id);
                let organization = &signature.organization_id;
                tx.record(actor.event(now, organization, "void", subject, &decision)).await?;
                Ok(Signature { voided: Some(voided), ..signature })
            })
        })
        .await
    }
}

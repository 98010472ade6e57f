//! Finding signature records: by id, business number, document or signature digest.

use serde::Deserialize;

use crate::{
    domain::{
        id::SignatureId,
        signing::{Signature, SigningState},
    },
    policy::{Action, Permit, Resource},
    service::{
        Act, Error, Service,
        administration::{Page, ancestry},
    },
    store::SignatureFilter,
};

/// What a search for signature records asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SignatureQuery {
    /// Only records with this business number.
    pub business_number: Option<String>,
    /// Only records of this document: SHA-256 before or after sealing, hexadecimal.
    pub document_sha256: Option<String>,
    /// Only the record of this signature value: SHA-256, hexadecimal.
    pub signature_sha256: Option<String>,
    /// Only records in this state.
    pub state: Option<SigningState>,
}

impl Service {
    /// A signature record.
    ///
    /// # Errors
    /// It is not in scope, or policy says no.
    pub async fn signature(&self, act: &Act, id: &str) -> Result<Signature, Error> {
        let (signature, _) = self.signature_for(act, id, Action::ReadSignature).await?;
        Ok(signature)
    }

    /// A signature record and the permit for an action on it.
    pub(super) async fn signature_for(
        &self,
        act: &Act,
        id: &str,
        action: Action,
    ) -> Result<(Signature, Permit), Error> {
        let id = SignatureId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let signature = tx.signature(&id).await?.ok_or(Error::NotFound("the signature record"))?;
        let above = ancestry(&mut tx, &signature.organization_id).await?;
        let resource = Resource::Signature {
            ancestry: &above,
            id: signature.id.as_str(),
            owner: &signature.principal_id,
        };
        let permit = self.permit(act, action, resource)?;
        Ok((signature, permit))
    }

    /// A page of the signature records that the principal may read; the cursor is that of the last
    /// record looked at.
    ///
    /// # Errors
    /// The database fails.
    pub async fn signatures(
        &self,
        act: &Act,
        query: SignatureQuery,
        page: &Page,
    ) -> Result<(Vec<Signature>, Option<String>), Error> {
        let mut tx = self.own_organization(act, Action::ReadOrganization).await?;
        let filter = SignatureFilter {
            business_number: query.business_number,
            document_digest: query.document_sha256.map(|text| text.to_ascii_lowercase()),
            signature_digest: query.signature_sha256.map(|text| text.to_ascii_lowercase()),
            state: query.state,
        };
        let found = tx.signatures(&filter, page.after(), page.limit()).await?;
        let full = i64::try_from(found.len()).is_ok_and(|count| count == page.limit());
        let next = found.last().filter(|_| full).map(|record| record.id.to_string());
        let mut allowed = Vec::new();
        for signature in found {
            let above = ancestry(&mut tx, &signature.organization_id).await?;
            let resource = Resource::Signature {
                ancestry: &above,
                id: signature.id.as_str(),
                owner: &signature.principal_id,
            };
            if self.allows(act, Action::ReadSignature, resource)? {
                allowed.push(signature);
            }
        }
        Ok((allowed, next))
    }
}

//! What may be ordered: everything said in the request, or a type of licence 证照类型 that says it.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SealRequest;
use crate::{
    domain::{caption::Caption, licence_type::LicenceType},
    service::{Act, Error, Service},
};

/// A licence to be sealed as its type says.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenceRequest {
    /// The code of the type 证照类型代码.
    pub licence_type: String,
    /// The version of the type that is expected; whatever is in force if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The permission for this use, where the type asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_approval_id: Option<String>,
    /// The password of an encrypted document, the user's or the owner's. It is not kept.
    #[serde(default, skip_serializing)]
    #[schema(value_type = Option<String>, write_only)]
    pub password: Option<SecretString>,
    /// The business number 业务流水号, unique per caller and seal for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_number: Option<String>,
}

/// What is ordered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SealOrder {
    /// Everything is said.
    Full(Box<SealRequest>),
    /// The type of licence says it.
    Licence(LicenceRequest),
}

impl From<SealRequest> for SealOrder {
    fn from(request: SealRequest) -> Self {
        Self::Full(Box::new(request))
    }
}

impl Service {
    /// What is asked for in full.
    ///
    /// # Errors
    /// No type of this code is in force, several are, or another version than expected.
    pub(super) async fn in_full(&self, act: &Act, order: SealOrder) -> Result<SealRequest, Error> {
        let request = match order {
            SealOrder::Full(request) => return Ok(*request),
            SealOrder::Licence(request) => request,
        };
        let mut tx = self.reading(act).await?;
        let mut found = tx.licence_types_in_force(&request.licence_type).await?;
        drop(tx);
        let own = act.principal()?.organization_id.clone();
        let place = found.iter().position(|one| one.organization_id == own).or_else(|| {
            // Where only one organization below issues such licences there is nothing to choose.
            (found.len() == 1).then_some(0)
        });
        let Some(place) = place else {
            return match found.len() {
                0 => Err(Error::NotFound("a licence type of this code that is in force")),
                _ => Err(Error::conflict(
                    "licence-type-ambiguous",
                    "several organizations issue licences of this type; ask as one of them",
                )),
            };
        };
        let kind = found.swap_remove(place);
        if request.version.is_some_and(|version| version != kind.version) {
            return Err(Error::conflict(
                "licence-type-changed",
                format!("version {} of the licence type is in force", kind.version),
            ));
        }
        filled(kind, request)
    }
}

fn filled(kind: LicenceType, request: LicenceRequest) -> Result<SealRequest, Error> {
    let LicenceType { template, seal_id, code, .. } = kind;
    let number = request.business_number.as_deref();
    let caption = template.caption.map(|caption| put_in(caption, number)).transpose()?;
    Ok(SealRequest {
        scheme: template.scheme,
        signature_form: template.signature_form,
        closing: template.closing,
        across_pages: template.across_pages,
        caption,
        certify: template.certify,
        later_fields: template.later_fields,
        password: request.password,
        business_number: request.business_number,
        use_approval_id: request.use_approval_id,
        reason: template.reason,
        ..SealRequest::new(seal_id.as_str(), template.placement, &code)
    })
}

/// The caption with the number of the licence in it.
fn put_in(caption: Caption, number: Option<&str>) -> Result<Caption, Error> {
    const NUMBER: &str = "{business_number}";
    let put = |text: Option<String>| match (text, number) {
        (Some(text), Some(number)) => Ok(Some(text.replace(NUMBER, number))),
        (Some(text), None) if text.contains(NUMBER) => Err(Error::invalid(
            "business-number-needed",
            "the caption of this licence type names the business number; send business_number",
        )),
        (text, _) => Ok(text),
    };
    Ok(Caption { text: put(caption.text)?, qr_code: put(caption.qr_code)?, ..caption })
}

//! What a request to seal says, and whether it can be.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    crypto::Scheme,
    domain::{
        caption::Caption,
        id::SealId,
        licence_type::SealTemplate,
        placement::{AcrossPages, Certification, LaterField, Pages, Placement, Target},
        signing::{DocumentFormat, FileSignature, SignatureForm},
    },
    service::{Error, applications::reason, seals::grants::is_document_type},
};

/// A document to be sealed.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealRequest {
    /// The seal.
    pub seal_id: String,
    /// Where it is drawn.
    pub placement: Placement,
    /// The scheme of the signature: p256 or sm2. For PDF p256 if not given, for OFD sm2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "sm2")]
    pub scheme: Option<Scheme>,
    /// What the signature is made as: for PDF cades if not given, for OFD gm-seal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "gm-seal")]
    pub signature_form: Option<SignatureForm>,
    /// Signs the file as it is, of whatever kind: the answer is the signature beside it (`detached`)
    /// or around it (`enveloping`, up to 16 MiB). The placement is invisible then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "detached")]
    pub as_file: Option<FileSignature>,
    /// Whether nobody may seal after this (OFD only, 整体保护): the list of signatures is protected,
    /// too. For PDF that is a certification.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
    /// A seal across the edges of pages 骑缝章, beside the other; in a PDF only before it is signed
    /// for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub across_pages: Option<AcrossPages>,
    /// What is written below the seal; for a seal on a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<Caption>,
    /// Certifies the document: what may still change; only for documents that are not signed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certify: Option<Certification>,
    /// Empty signature fields for those who seal later, which a certification demands; 16 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later_fields: Vec<LaterField>,
    /// The password of an encrypted document, the user's or the owner's. It is not kept.
    #[serde(default, skip_serializing)]
    #[schema(value_type = Option<String>, write_only)]
    pub password: Option<SecretString>,
    /// The type of document, in the words of the grant.
    pub document_type: String,
    /// The business number 业务流水号, unique per caller and seal for ever.
    #[serde(default)]
    pub business_number: Option<String>,
    /// Why it is sealed; stands in the document.
    #[serde(default)]
    pub reason: Option<String>,
    /// The permission for this very use 用印审批, where the licence type of this code asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_approval_id: Option<String>,
}

impl SealRequest {
    /// A request with nothing but what it needs.
    pub fn new(seal_id: &str, placement: Placement, document_type: &str) -> Self {
        Self {
            seal_id: seal_id.to_owned(),
            placement,
            scheme: None,
            signature_form: None,
            as_file: None,
            closing: false,
            across_pages: None,
            caption: None,
            certify: None,
            later_fields: Vec::new(),
            password: None,
            document_type: document_type.to_owned(),
            business_number: None,
            reason: None,
            use_approval_id: None,
        }
    }
}

/// Checks a business number: 1 to 128 visible characters.
pub(super) fn business_number(text: &Option<String>) -> Result<(), Error> {
    let fits = |text: &String| {
        (1..=128).contains(&text.chars().count()) && !text.chars().any(|c| c.is_control())
    };
    if text.as_ref().is_none_or(fits) {
        Ok(())
    } else {
        Err(Error::invalid(
            "invalid-business-number",
            "a business number has 1 to 128 characters and no control characters",
        ))
    }
}

/// A placement that was read.
pub(super) struct Layout {
    pub(super) target: Target,
    pub(super) across: Option<Pages>,
}

/// What goes with one format only.
pub(super) fn check_for(
    format: DocumentFormat,
    form: SignatureForm,
    request: &SealRequest,
    layout: &Layout,
) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::invalid("invalid-for-format", why));
    if format == DocumentFormat::Pdf {
        let why = "closing is for OFD; certify says what may still change in a PDF";
        return if request.closing { refuse(why) } else { Ok(()) };
    }
    let shown = layout.across.is_some() || !matches!(layout.target, Target::Invisible);
    if format == DocumentFormat::File && (shown || request.closing) {
        return refuse("a file that is signed as it is shows nothing; place it invisible");
    }
    let pdf_only = request.caption.is_some()
        || request.certify.is_some()
        || !request.later_fields.is_empty()
        || request.password.is_some();
    if pdf_only {
        return refuse("caption, certify, later_fields and password are for PDF");
    }
    if form == SignatureForm::GmCms && shown {
        return refuse("gm-cms has no picture in an OFD; place it invisible");
    }
    Ok(())
}

/// Checks what does not depend on the document.
pub(super) fn check(request: &SealRequest) -> Result<Layout, Error> {
    business_number(&request.business_number)?;
    if let Some(text) = &request.reason {
        reason(text)?;
    }
    if !is_document_type(&request.document_type) {
        return Err(Error::invalid(
            "invalid-document-type",
            "a document type has 1 to 64 letters, digits, -, _ or .",
        ));
    }
    let misplaced = |why: &str| Error::invalid("invalid-placement", why);
    let target = request.placement.target().map_err(misplaced)?;
    let across = request.across_pages.as_ref().map(AcrossPages::checked).transpose();
    if let Some(caption) = &request.caption {
        caption.check().map_err(|why| Error::invalid("invalid-caption", why))?;
        if matches!(target, Target::Field(..) | Target::Invisible) {
            return Err(misplaced("a caption is for a seal on a page"));
        }
    }
    if request.later_fields.len() > 16 {
        return Err(misplaced("at most 16 fields are made for later"));
    }
    for field in &request.later_fields {
        field.check().map_err(misplaced)?;
    }
    Ok(Layout { target, across: across.map_err(misplaced)? })
}

/// Checks what a type of licence says, as far as that can be told without a document.
pub(in crate::service) fn check_template(
    seal: &SealId,
    template: &SealTemplate,
    code: &str,
) -> Result<(), Error> {
    let request = SealRequest {
        across_pages: template.across_pages.clone(),
        caption: template.caption.clone(),
        certify: template.certify,
        later_fields: template.later_fields.clone(),
        reason: template.reason.clone(),
        ..SealRequest::new(seal.as_str(), template.placement.clone(), code)
    };
    check(&request).map(drop)
}

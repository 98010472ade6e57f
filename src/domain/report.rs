//! The report of a verification 验章报告, in the words of ETSI EN 319 102-1.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Timestamp, seal_state::words};

words! {
    /// The answer for a whole file.
    Conclusion {
        /// Every signature passes and nothing unsigned could mislead a reader.
        Valid => "valid",
        /// At least one signature failed.
        Invalid => "invalid",
        /// Something could not be judged.
        Indeterminate => "indeterminate",
        /// There is no signature in the file.
        Unsigned => "unsigned",
    }
}

words! {
    /// Whether the signed bytes are what was signed.
    Integrity {
        /// Digest and signature match.
        Intact => "intact",
        /// Digest or signature does not match.
        Broken => "broken",
        /// It could not be computed.
        Unknown => "unknown",
    }
}

/// The main status of a signature, EN 319 102-1 §5.1.3.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub enum Indication {
    /// All checks passed.
    #[serde(rename = "TOTAL-PASSED")]
    TotalPassed,
    /// The signature is certainly wrong.
    #[serde(rename = "TOTAL-FAILED")]
    TotalFailed,
    /// What is known does not suffice to judge.
    #[serde(rename = "INDETERMINATE")]
    Indeterminate,
}

words! {
    /// What part of the file a signature covers.
    Coverage {
        /// All of it but the signature value.
        WholeFile => "whole-file",
        /// All of an earlier revision.
        EarlierRevision => "earlier-revision",
        /// Not even all of its own revision.
        Partial => "partial",
    }
}

words! {
    /// How far a file was changed after a signature: the furthest of all changes.
    ModificationLevel {
        /// Not at all.
        None => "none",
        /// Data for later validation, document timestamps, metadata.
        LongTermValidation => "long-term-validation",
        /// Forms were filled in, further signatures put on.
        FormFilling => "form-filling",
        /// Annotations were added or changed.
        Annotations => "annotations",
        /// Anything else.
        Other => "other",
    }
}

/// One question and its answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Check {
    /// The stable name of the question.
    pub name: String,
    /// Yes, no, or (null) not known.
    pub passed: Option<bool>,
    /// In words.
    pub detail: String,
}

/// A change of the file after the signature.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Modification {
    /// In words.
    pub what: String,
    /// Whether the rules allow it; null where that could not be judged.
    pub allowed: Option<bool>,
}

/// What the pages of a PDF looked like when it was signed, beside what they look like now, as one
/// renderer draws both.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Appearance {
    /// How many pages the signed revision has; null where it could not be drawn.
    pub pages_signed: Option<usize>,
    /// How many pages the file has now.
    pub pages_shown: Option<usize>,
    /// How many pages of both were compared.
    pub pages_compared: usize,
    /// The pages that look different.
    pub different: Vec<PageDifference>,
    /// Why not everything was compared, where it was not.
    pub detail: Option<String>,
}

/// A page that does not look as it did.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct PageDifference {
    /// Its number, from 1.
    pub number: usize,
    /// Where.
    pub area: PageArea,
    /// Whether the page itself looks different, and not only annotations and fields upon it.
    pub content: bool,
    /// Whether something is no longer visible that was.
    pub hidden: bool,
    /// Both pictures, where they were asked for.
    pub pictures: Option<PagePictures>,
}

/// The smallest upright area around all that is different on a page as it is shown.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct PageArea {
    /// From the left edge of the page, millimetres.
    pub left_mm: f64,
    /// From its upper edge, millimetres.
    pub top_mm: f64,
    /// Millimetres.
    pub width_mm: f64,
    /// Millimetres.
    pub height_mm: f64,
}

/// A page, twice: PNG in base64, 96 dots per inch or less.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct PagePictures {
    /// As it was signed.
    pub signed: String,
    /// As a reader shows it now.
    pub shown: String,
}

/// The signing certificate.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct SignerReport {
    /// The distinguished name, RFC 4514.
    pub subject: Option<String>,
    /// The issuer's distinguished name, RFC 4514.
    pub issuer: Option<String>,
    /// The serial number, hexadecimal.
    pub serial: Option<String>,
    /// SHA-256 of the certificate, hexadecimal.
    pub fingerprint: Option<String>,
    /// First moment of validity.
    #[schema(value_type = Option<String>)]
    pub not_before: Option<Timestamp>,
    /// Last moment of validity.
    #[schema(value_type = Option<String>)]
    pub not_after: Option<Timestamp>,
}

/// The seal behind a signature: what it says of itself where it stands in the signature, and what
/// the answering service knows of it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct SealReport {
    /// The public seal code, where the answering service knows it.
    pub code: Option<String>,
    /// The name on the seal.
    pub name: String,
    /// The kind of seal, where the answering service knows it.
    pub kind: Option<String>,
    /// Its version when it sealed.
    pub version: Option<i64>,
    /// Its state when it sealed.
    pub state_then: Option<String>,
    /// Its state now.
    pub state_now: Option<String>,
    /// Set where the document was withdrawn.
    pub voided: Option<super::signing::Voided>,
    /// The electronic seal (GB/T 38540), where one stands in the signature.
    pub structure: Option<SealStructure>,
}

/// What an electronic seal says of itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct SealStructure {
    /// `V1`, `V4` or `V5`.
    #[schema(example = "V4")]
    pub version: String,
    /// The standard of that version.
    #[schema(example = "GB/T 38540-2020")]
    pub standard: String,
    /// The identifier, `esID`.
    pub es_id: String,
    /// The type as a number; its meaning is the maker's.
    pub kind: i64,
    /// Who made the program that made it.
    pub vendor: String,
    /// The maker of the seal 制章人, RFC 4514.
    pub maker: Option<String>,
    /// When it was made.
    #[schema(value_type = Option<String>)]
    pub created: Option<Timestamp>,
    /// First moment of validity.
    #[schema(value_type = Option<String>)]
    pub valid_from: Option<Timestamp>,
    /// Last moment of validity.
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Timestamp>,
    /// The format of its picture, as it is named.
    pub picture_format: String,
    /// The width of its picture, millimetres.
    pub width_mm: i64,
    /// The height of its picture, millimetres.
    pub height_mm: i64,
    /// SM3 of the whole seal, hexadecimal.
    pub digest: String,
}

/// What of the signed document is not protected.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Uncovered {
    /// Bytes of a PDF, `[start, end)`.
    Bytes(u64, u64),
    /// A part of an OFD, by its path.
    Part(String),
}

/// The report on one signature.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct SignatureReport {
    /// Its place in the file, from 0.
    pub index: usize,
    /// The kind of signature: in PDF its SubFilter such as `ETSI.CAdES.detached`, in OFD
    /// `ses-v1`, `ses-v4`, `ses-v5` or `gbt35275`; of a seal alone `seal`.
    pub kind: String,
    /// Whether the signed bytes are what was signed.
    #[schema(value_type = String, example = "intact")]
    pub integrity: Integrity,
    /// The signing certificate.
    pub signer: SignerReport,
    /// The seal, where there is one.
    pub seal: Option<SealReport>,
    /// Signature and digest algorithm.
    pub algorithm: Option<String>,
    /// Key custody, where the answering service knows it.
    pub custody: Option<String>,
    /// The time the signer claims.
    #[schema(value_type = Option<String>)]
    pub signing_time: Option<Timestamp>,
    /// The time that a timestamp proves.
    #[schema(value_type = Option<String>)]
    pub timestamp: Option<Timestamp>,
    /// The main status.
    pub indication: Indication,
    /// The sub-indication of EN 319 102-1 where the status is not passed.
    pub sub_indication: Option<String>,
    /// What part of the file it covers.
    #[schema(value_type = Option<String>, example = "whole-file")]
    pub coverage: Option<Coverage>,
    /// What of the signed revision is not covered.
    pub uncovered: Vec<Uncovered>,
    /// How far the file was changed after the signature; null where that cannot be told, and in
    /// formats that do not have later revisions.
    #[schema(value_type = Option<String>, example = "none")]
    pub modification_level: Option<ModificationLevel>,
    /// Changes after the signature.
    pub modifications: Vec<Modification>,
    /// What the pages look like; null where nothing came after the signature, or nothing was drawn.
    pub appearance: Option<Appearance>,
    /// Every question asked.
    pub checks: Vec<Check>,
}

/// The report on a file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Report {
    /// The name of the file as given; none where it came without one.
    pub file: Option<String>,
    /// The format that was found, such as `pdf`.
    pub format: String,
    /// The answer for the whole file.
    #[schema(value_type = String, example = "valid")]
    pub conclusion: Conclusion,
    /// Why a file with no readable signature got its conclusion.
    pub detail: Option<String>,
    /// What the signed document holds beside what it shows, in words: nothing of it is a failure,
    /// as it was signed, but it could show something else to somebody, or do something.
    pub warnings: Vec<String>,
    /// The time for which the question was asked.
    #[schema(value_type = String)]
    pub verified_at: Timestamp,
    /// One report for each signature.
    pub signatures: Vec<SignatureReport>,
}

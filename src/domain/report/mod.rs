//! The report of a verification 验章报告, in the words of ETSI EN 319 102-1.

mod check;
mod check_phrases;
mod look;
mod reason;
mod reason_phrases;
mod words;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Timestamp;
pub use check::{Check, CheckName, Consequence};
pub use look::{Appearance, PageArea, PageDifference, PagePictures};
pub use reason::Reason;
pub use words::{
    Conclusion, Coverage, Indication, Integrity, ModificationKind, ModificationLevel, SubIndication,
};

/// A change of the file after the signature.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Modification {
    /// The sort of change.
    pub kind: ModificationKind,
    /// In words.
    pub what: String,
    /// Whether the rules allow it; null where that could not be judged.
    pub allowed: Option<bool>,
}

/// The signing certificate.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct SignerReport {
    /// The common name of the subject.
    pub name: Option<String>,
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
    pub sub_indication: Option<SubIndication>,
    /// What that comes to, for people.
    pub verdict: Verdict,
    /// What is certain, good or bad, in sentences for people.
    pub certain: Vec<TwoLanguages>,
    /// What is not.
    pub uncertain: Vec<TwoLanguages>,
    /// What part of the file it covers.
    pub coverage: Option<Coverage>,
    /// What of the signed revision is not covered.
    pub uncovered: Vec<Uncovered>,
    /// How far the file was changed after the signature; null where that cannot be told, and in
    /// formats that do not have later revisions.
    pub modification_level: Option<ModificationLevel>,
    /// Changes after the signature.
    pub modifications: Vec<Modification>,
    /// What the pages look like; null where nothing came after the signature, or nothing was drawn.
    pub appearance: Option<Appearance>,
    /// Every question asked.
    pub checks: Vec<Check>,
}

/// A text in both languages.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TwoLanguages {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl TwoLanguages {
    /// From one text each.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }
}

/// The answer, for people.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Verdict {
    /// The main reason, for programs.
    pub reason: Reason,
    /// In one sentence.
    pub sentence: TwoLanguages,
    /// What to do.
    pub advice: TwoLanguages,
}

impl From<Reason> for Verdict {
    fn from(reason: Reason) -> Self {
        Self { reason, sentence: reason.sentence(), advice: reason.advice() }
    }
}

/// The validation policy by which a question was answered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct PolicyReport {
    /// Its name.
    #[schema(example = "default")]
    pub name: String,
    /// What people call it.
    pub title: TwoLanguages,
    /// SHA-256 of its text, hexadecimal.
    pub digest: String,
}

/// What is fetched.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FetchedKind {
    /// A revocation list.
    Crl,
    /// An answer of an OCSP responder.
    Ocsp,
    /// The certificate of an issuer.
    Certificate,
}

/// Something that was to be fetched for a verification.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Fetched {
    /// From where, as a certificate says.
    pub url: String,
    /// What it is.
    pub kind: FetchedKind,
    /// Why it could not be had; null where it was.
    pub error: Option<String>,
}

/// The report on a file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Report {
    /// The name of the file as given; none where it came without one.
    pub file: Option<String>,
    /// The format that was found, such as `pdf`.
    pub format: String,
    /// The answer for the whole file.
    pub conclusion: Conclusion,
    /// What that comes to, for people.
    pub verdict: Verdict,
    /// Why a file with no readable signature got its conclusion.
    pub detail: Option<String>,
    /// What the signed document holds beside what it shows, in words: nothing of it is a failure,
    /// as it was signed, but it could show something else to somebody, or do something.
    pub warnings: Vec<String>,
    /// What was fetched, and what could not be had.
    pub fetched: Vec<Fetched>,
    /// The validation policy.
    pub policy: PolicyReport,
    /// The time for which the question was asked.
    #[schema(value_type = String)]
    pub verified_at: Timestamp,
    /// One report for each signature.
    pub signatures: Vec<SignatureReport>,
}

/// The kind of a document timestamp.
pub const DOCUMENT_TIMESTAMP: &str = "ETSI.RFC3161";

impl Report {
    /// When the certificate of the authority ends whose document timestamp is over the whole file; none
    /// where no good one is.
    pub fn stamped_until(&self) -> Option<Timestamp> {
        let is_last = |one: &&SignatureReport| {
            one.kind == DOCUMENT_TIMESTAMP
                && one.coverage == Some(Coverage::WholeFile)
                && one.indication == Indication::TotalPassed
        };
        self.signatures.iter().find(is_last).and_then(|one| one.signer.not_after)
    }
}

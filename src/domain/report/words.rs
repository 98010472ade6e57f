//! The words in which a report answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TwoLanguages;
use crate::domain::seal_state::words;

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

words! {
    /// What sort of change came after a signature.
    ModificationKind {
        /// Document information, metadata, identifier or version.
        Metadata => "metadata",
        /// Data for validation, `/DSS`.
        ValidationData => "validation-data",
        /// A document timestamp.
        DocumentTimestamp => "document-timestamp",
        /// A signature, or a field for one.
        Signature => "signature",
        /// The value of a form field.
        FormFilling => "form-filling",
        /// An annotation.
        Annotation => "annotation",
        /// A part that the signature protects.
        ProtectedPart => "protected-part",
        /// Anything else.
        Other => "other",
    }
}

impl ModificationKind {
    /// For people.
    pub fn in_words(self) -> TwoLanguages {
        match self {
            Self::Metadata => TwoLanguages::new("metadata", "文档信息"),
            Self::ValidationData => TwoLanguages::new("data for validation", "验证数据"),
            Self::DocumentTimestamp => TwoLanguages::new("timestamp", "文档时间戳"),
            Self::Signature => TwoLanguages::new("signature", "签名或签名域"),
            Self::FormFilling => TwoLanguages::new("form", "表单填写"),
            Self::Annotation => TwoLanguages::new("annotation", "批注"),
            Self::ProtectedPart => TwoLanguages::new("protected part", "受保护的部分"),
            Self::Other => TwoLanguages::new("something else", "其他内容"),
        }
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

impl Indication {
    /// The words of the standard.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TotalPassed => "TOTAL-PASSED",
            Self::TotalFailed => "TOTAL-FAILED",
            Self::Indeterminate => "INDETERMINATE",
        }
    }
}

impl std::fmt::Display for Indication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
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

/// Why a status is not passed, in the words of EN 319 102-1 §5.1.3; those that this service reaches.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubIndication {
    /// The signature, or what it is in, is not as its format demands.
    FormatFailure,
    /// What was signed was changed.
    HashFailure,
    /// The signature value does not belong to what was signed and the certificate.
    SigCryptoFailure,
    /// The certificate was revoked, and the signature was certainly made after that.
    Revoked,
    /// The certificate had ended, and the signature was certainly made after that.
    Expired,
    /// The signature was there before the certificate was valid.
    NotYetValid,
    /// Something that is asked of signatures, of seals among them, is not met.
    SigConstraintsFailure,
    /// The certificates do not make a path as they must.
    ChainConstraintsFailure,
    /// An algorithm or key is not strong enough, whenever it was used.
    CryptoConstraintsFailure,
    /// An algorithm or key is not strong enough any more, and nothing proves that it was used when
    /// it still was.
    CryptoConstraintsFailureNoPoe,
    /// The signer's certificate is not at hand.
    NoSigningCertificateFound,
    /// No path leads from the certificate to a trusted root.
    NoCertificateChainFound,
    /// The certificate was revoked, and nothing proves that the signature was made before.
    RevokedNoPoe,
    /// The same of an issuer above it.
    RevokedCaNoPoe,
    /// A certificate is not valid, and nothing proves that the signature was made when it was.
    OutOfBoundsNoPoe,
    /// The certificate has ended without having been revoked, and nothing proves when the signature
    /// was made.
    OutOfBoundsNotRevoked,
    /// The times that are stated and proven cannot be true together.
    TimestampOrderFailure,
    /// What was signed is not at hand.
    SignedDataNotFound,
    /// The status of a certificate is not known, or may change: another answer may come later.
    TryLater,
}

impl SubIndication {
    /// Every one, in the order of their definition.
    pub const ALL: [Self; 19] = [
        Self::FormatFailure,
        Self::HashFailure,
        Self::SigCryptoFailure,
        Self::Revoked,
        Self::Expired,
        Self::NotYetValid,
        Self::SigConstraintsFailure,
        Self::ChainConstraintsFailure,
        Self::CryptoConstraintsFailure,
        Self::CryptoConstraintsFailureNoPoe,
        Self::NoSigningCertificateFound,
        Self::NoCertificateChainFound,
        Self::RevokedNoPoe,
        Self::RevokedCaNoPoe,
        Self::OutOfBoundsNoPoe,
        Self::OutOfBoundsNotRevoked,
        Self::TimestampOrderFailure,
        Self::SignedDataNotFound,
        Self::TryLater,
    ];

    /// The word of the standard.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FormatFailure => "FORMAT_FAILURE",
            Self::HashFailure => "HASH_FAILURE",
            Self::SigCryptoFailure => "SIG_CRYPTO_FAILURE",
            Self::Revoked => "REVOKED",
            Self::Expired => "EXPIRED",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::SigConstraintsFailure => "SIG_CONSTRAINTS_FAILURE",
            Self::ChainConstraintsFailure => "CHAIN_CONSTRAINTS_FAILURE",
            Self::CryptoConstraintsFailure => "CRYPTO_CONSTRAINTS_FAILURE",
            Self::CryptoConstraintsFailureNoPoe => "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
            Self::NoSigningCertificateFound => "NO_SIGNING_CERTIFICATE_FOUND",
            Self::NoCertificateChainFound => "NO_CERTIFICATE_CHAIN_FOUND",
            Self::RevokedNoPoe => "REVOKED_NO_POE",
            Self::RevokedCaNoPoe => "REVOKED_CA_NO_POE",
            Self::OutOfBoundsNoPoe => "OUT_OF_BOUNDS_NO_POE",
            Self::OutOfBoundsNotRevoked => "OUT_OF_BOUNDS_NOT_REVOKED",
            Self::TimestampOrderFailure => "TIMESTAMP_ORDER_FAILURE",
            Self::SignedDataNotFound => "SIGNED_DATA_NOT_FOUND",
            Self::TryLater => "TRY_LATER",
        }
    }
}

impl std::fmt::Display for SubIndication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

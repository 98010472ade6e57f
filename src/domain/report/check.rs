//! The questions that a verification asks, and their answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::seal_state::words;

words! {
    /// A question about a signature.
    CheckName {
        /// Is it a signature of a kind that is evaluated, and as its format demands?
        Format => "format",
        /// Does the range of a PDF signature cover all but the signature value?
        ByteRange => "byte-range",
        /// Does a field of the form lead to the signature?
        SignatureField => "signature-field",
        /// Does every reader find the same parts in the package?
        Package => "package",
        /// Are the protected parts of an OFD as they were signed?
        References => "references",
        /// Are the signed bytes as they were signed?
        Digest => "digest",
        /// Does the signature value belong to what was signed and the certificate?
        Signature => "signature",
        /// Is the certificate the one that was signed with it?
        SigningCertificate => "signing-certificate",
        /// Are there signed attributes?
        SignedAttributes => "signed-attributes",
        /// Does the seal signature say that it is of this document?
        SignedProperty => "signed-property",
        /// Are digest, signature algorithm and key strong enough?
        Algorithms => "algorithms",
        /// Is all of the signed revision covered?
        Coverage => "coverage",
        /// Does the list of an OFD name every signature that is there?
        SignatureList => "signature-list",
        /// Is what came after the signature allowed?
        ChangesAfterSigning => "changes-after-signing",
        /// Do the pages look as they did when they were signed?
        AppearanceAfterSigning => "appearance-after-signing",
        /// Does the certificate lead to a trusted root?
        CertificateChain => "certificate-chain",
        /// Were the certificates valid?
        CertificateDates => "certificate-dates",
        /// May the key sign documents?
        KeyUsage => "key-usage",
        /// Was no certificate revoked?
        Revocation => "revocation",
        /// Is the seal for more than tests?
        NotForTest => "not-for-test",
        /// Is it proven when the signature was made, where the answer rests on that?
        ProvenTime => "proven-time",
        /// Is the timestamp over the signature good?
        Timestamp => "timestamp",
        /// Is the timestamp over what was signed, among what was signed, good?
        ContentTimestamp => "content-timestamp",
        /// Is the seal as its maker signed it?
        SealSignature => "seal-signature",
        /// Is the maker of the seal 制章人 trusted as one?
        SealMaker => "seal-maker",
        /// Is the timestamp over the seal good?
        SealTimestamp => "seal-timestamp",
        /// Was the seal valid?
        SealDates => "seal-dates",
        /// Can the times that are stated and proven be true together?
        Times => "times",
        /// Does the seal name the signer's certificate?
        SignerInSeal => "signer-in-seal",
        /// Is everything critical in the seal understood?
        SealExtensions => "seal-extensions",
        /// Is the seal beside the signature the one in it?
        SealFile => "seal-file",
        /// Does our register hold the record of the signature?
        SignatureOnRecord => "signature-on-record",
        /// Did the service see the document that it signed?
        ContentSeen => "content-seen",
        /// Was the seal active when it sealed, by our register?
        SealStateThen => "seal-state-then",
        /// Was the seal not found unlawful since, by our register?
        SealStateNow => "seal-state-now",
        /// Was the document not voided 作废?
        DocumentNotVoided => "document-not-voided",
    }
}

words! {
    /// What it means where a question is not answered with yes.
    Consequence {
        /// The signature does not pass.
        Fail => "fail",
        /// It may pass, and the report warns.
        Warn => "warn",
        /// It may pass; the report tells it.
        Inform => "inform",
    }
}

/// One question and its answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Check {
    /// The stable name of the question.
    pub name: CheckName,
    /// Yes, no, or (null) not known.
    pub passed: Option<bool>,
    /// What it means, by the validation policy, that the answer is not yes.
    pub consequence: Consequence,
    /// In words.
    pub detail: String,
}

//! Why a file got its conclusion, in a word that programs can go by.

use crate::domain::seal_state::words;

words! {
    /// The main reason of a conclusion. "Changed after sealing", "forged" and "not known here" are
    /// never taken for each other.
    Reason {
        /// The file is as it was sealed, and the signer is known.
        Valid => "valid",
        /// The same, but for changes that are allowed.
        ValidChanged => "valid-changed",
        /// A document timestamp holds.
        Stamped => "stamped",
        /// What was signed was changed afterwards.
        Changed => "changed",
        /// Parts of the file are not protected by the signature.
        NotCovered => "not-covered",
        /// The signature value does not belong to the certificate.
        Forged => "forged",
        /// The electronic seal is not the one that its maker made, or not the signer's.
        SealForged => "seal-forged",
        /// The signature, or what it is in, is not as its format demands.
        Malformed => "malformed",
        /// The document was voided 作废.
        Voided => "voided",
        /// By the register the seal could not be used when it sealed.
        SealNotActive => "seal-not-active",
        /// By the register the seal was made unlawfully.
        SealInvalidated => "seal-invalidated",
        /// The key is one of our register, and there is no record of this signature.
        NotOnRecord => "not-on-record",
        /// The seal is for tests only 测试章.
        TestSeal => "test-seal",
        /// The certificate leads to nobody who is trusted here.
        UnknownIssuer => "unknown-issuer",
        /// The certificate of the signer is not at hand.
        NoCertificate => "no-certificate",
        /// The signature does not name its certificate.
        CertificateNotNamed => "certificate-not-named",
        /// The certificate was revoked, and nothing proves that the signature is from before.
        Revoked => "revoked",
        /// The same of an authority above it.
        IssuerRevoked => "issuer-revoked",
        /// It is proven that the signature was made after the certificate had been revoked or had ended.
        RevokedBefore => "revoked-before",
        /// It is proven that the signature was there before the certificate was valid.
        NotYetValid => "not-yet-valid",
        /// A certificate is on hold.
        OnHold => "on-hold",
        /// A certificate has ended, and nothing proves that the signature is from before.
        Expired => "expired",
        /// The revocation status of a certificate is not known.
        StatusUnknown => "status-unknown",
        /// The certificates do not make a path as they must.
        ChainRules => "chain-rules",
        /// An algorithm or key is not strong enough.
        Weak => "weak",
        /// The key is for something else.
        KeyUsage => "key-usage",
        /// The maker of the seal is not known as one.
        UnknownMaker => "unknown-maker",
        /// The maker of the seal could not make seals when it was made.
        MakerUnfit => "maker-unfit",
        /// The electronic seal was not valid.
        SealDates => "seal-dates",
        /// The certificate was renewed, and the seal not made again.
        SealRenewal => "seal-renewal",
        /// The times that are stated and proven cannot be true together.
        Times => "times",
        /// The timestamp is not good.
        Timestamp => "timestamp",
        /// Whether what came after the signature is harmless could not be judged.
        ChangesUnclear => "changes-unclear",
        /// Two readers may see two documents in the file.
        Ambiguous => "ambiguous",
        /// What was signed is not at hand.
        FileMissing => "file-missing",
        /// The signature, or the file, is of a kind that is not evaluated.
        NotEvaluated => "not-evaluated",
        /// Something else that is asked is not met.
        Other => "other",
        /// There is no signature in the file.
        Unsigned => "unsigned",
        /// There is no signature in the file but timestamps.
        OnlyTimestamped => "only-timestamped",
        /// The file is damaged, locked, or of a kind that is not known here.
        Unreadable => "unreadable",
    }
}

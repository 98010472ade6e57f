//! Facts, then small checks, then a report. "Don't know" is an answer of its own and never a pass.
//!
//! Digest, signature, coverage, what changed after signing, the seal where there is one, chain to
//! the trust given, dates, revocation by lists at hand.

mod account;
mod answers;
mod attributes;
mod conclusion;
mod esl;
mod fetching;
mod file;
mod ofd;
mod pdf;
mod policy;
mod register;
mod seal_structure;
mod signer;
mod standing;
mod timestamp;

use std::sync::Arc;

use crate::{
    containers::ses::Seal,
    crypto::{der_to_rs, rs_to_der},
    domain::{
        Timestamp,
        report::{Conclusion, Reason, Report},
        source::ReadAt,
    },
    drawing::Drawing,
    formats::{ofd::is_package, pdf::is_pdf},
    pki::TrustStore,
};

pub use fetching::{Errand, Fetching, Go};
use file::FileSignature;
pub use policy::{ValidationPolicies, ValidationPolicy, ValidationPolicyError};
pub use register::{RegisterFacts, add_seal};

/// Electronic seals that stand alone, and signatures around a file, are at most this large, bytes.
const LARGEST_STRUCTURE: u64 = 17 << 20;

/// What is given beside the file.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of the file, for the report.
    pub file: Option<String>,
    /// The signature, where it stands beside the file.
    pub signature: Option<Vec<u8>>,
    /// Whom to trust as signers, who sign with their certificate alone.
    pub trust: TrustStore,
    /// Whom to trust as signers with an electronic seal (GB/T 38540).
    pub seal_trust: TrustStore,
    /// Whom to trust as makers of seals 制章人, by name; beside them, whoever leads to `seal_trust`
    /// and whose certificate says that it makes seals.
    pub maker_trust: TrustStore,
    /// Whom to trust as time-stamping authorities.
    pub tsa_trust: TrustStore,
    /// Who fetches what tells the status of certificates and is not at hand; without one only what is
    /// at hand counts.
    pub fetching: Option<Arc<Fetching>>,
    /// What is asked of a signature.
    pub policy: Arc<ValidationPolicy>,
    /// The time for which the question is asked.
    pub at: Timestamp,
    /// Who draws the pages of files that were changed after signing; without one the rules alone
    /// are asked.
    pub drawing: Option<Drawing>,
}

impl Options {
    /// A question asked by somebody who trusts nobody, by the strict policy.
    pub fn trusting_nobody(at: Timestamp) -> Self {
        Self {
            fetching: None,
            policy: ValidationPolicy::strict(),
            file: None,
            signature: None,
            trust: TrustStore::default(),
            seal_trust: TrustStore::default(),
            maker_trust: TrustStore::default(),
            tsa_trust: TrustStore::default(),
            at,
            drawing: None,
        }
    }
}

/// What answers rest upon, each piece in DER.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// Certificates, with the roots.
    pub certificates: Vec<Vec<u8>>,
    /// Revocation lists.
    pub crls: Vec<Vec<u8>>,
    /// Answers of OCSP responders.
    pub responses: Vec<Vec<u8>>,
}

/// The report, and what a register of signatures is asked with.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The report.
    pub report: Report,
    /// The value of each signature of the report, where there is one.
    pub signature_values: Vec<Option<Vec<u8>>>,
    /// What the answers rest upon, of formats that carry it along.
    pub material: Material,
}

impl Outcome {
    /// That no signature could be read.
    fn without_signatures(report: Report) -> Self {
        Self { report, signature_values: Vec::new(), material: Material::default() }
    }
}

/// The one form of a signature value in which a register knows it, DER: some makers write r‖s, and
/// who rewrites a value must not make another signature of it.
fn in_der(value: &[u8]) -> Vec<u8> {
    match der_to_rs(value) {
        Ok(_) => value.to_vec(),
        Err(_) => rs_to_der(value).unwrap_or_else(|_| value.to_vec()),
    }
}

/// Verifies a file. What it is told by its content, never by its name.
pub fn verify(source: &dyn ReadAt, options: &Options) -> Outcome {
    let mut outcome = by_kind(source, options);
    account::write(&mut outcome.report);
    outcome
}

fn by_kind(source: &dyn ReadAt, options: &Options) -> Outcome {
    let report = Report {
        file: options.file.clone(),
        format: String::new(),
        conclusion: Conclusion::Unsigned,
        verdict: Reason::Unsigned.into(),
        detail: None,
        warnings: Vec::new(),
        fetched: Vec::new(),
        policy: options.policy.report.clone(),
        verified_at: options.at,
        signatures: Vec::new(),
    };
    if let Some(beside) = &options.signature {
        return match FileSignature::read(beside) {
            Some(signature) => file::verify(&signature, Some(source), options, report),
            None => none(report, "what was given as a signature is none that can be read"),
        };
    }
    if let Some(bytes) = der(source) {
        if let Ok(seal) = Seal::from_der(&bytes) {
            let elsewhere = is_package(source) || is_pdf(source);
            return esl::verify(&seal, elsewhere, options, report);
        }
        if let Some(signature) = FileSignature::read(&bytes) {
            return file::verify(&signature, None, options, report);
        }
    }
    if !is_pdf(source) && is_package(source) {
        return ofd::verify(source, options, report);
    }
    pdf::verify(source, options, report)
}

fn none(mut report: Report, why: &str) -> Outcome {
    "unknown".clone_into(&mut report.format);
    report.conclusion = Conclusion::Indeterminate;
    report.detail = Some(why.to_owned());
    Outcome::without_signatures(report)
}

/// What begins as a DER structure does, in memory.
fn der(source: &dyn ReadAt) -> Option<Vec<u8>> {
    let mut first = [0];
    source.read_exact_at(&mut first, 0).ok()?;
    if first != [crate::pki::tlv::SEQUENCE] || source.size() > LARGEST_STRUCTURE {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(source.size()).ok()?];
    source.read_exact_at(&mut bytes, 0).ok()?;
    Some(bytes)
}

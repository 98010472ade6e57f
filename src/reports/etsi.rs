//! Reports as XML by ETSI TS 119 102-2. What the standard has no element for (what a file was changed
//! by, seals, pages) stands in the JSON form alone.

use std::fmt::Write as _;

use base64ct::{Base64, Encoding};

use crate::domain::report::{
    Check, Conclusion, Consequence, Indication, PolicyReport, Report, SignatureReport,
    SubIndication,
};

const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A report as a `ValidationReport`.
pub fn etsi(report: &Report) -> String {
    let mut xml = Xml(String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
    xml.open(
        "ValidationReport xmlns=\"http://uri.etsi.org/19102/v1.2.1#\" \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" \
         xmlns:XAdES=\"http://uri.etsi.org/01903/v1.3.2#\"",
    );
    for signature in &report.signatures {
        one(&mut xml, report, signature);
    }
    if report.signatures.is_empty() {
        none(&mut xml, report);
    }
    certificates(&mut xml, report);
    xml.close("ValidationReport");
    xml.0
}

fn one(xml: &mut Xml, report: &Report, signature: &SignatureReport) {
    xml.open("SignatureValidationReport");
    xml.open(&format!("SignatureIdentifier id=\"S-{}\"", signature.index));
    xml.text("HashOnly", "false");
    xml.text("DocHashOnly", "false");
    xml.close("SignatureIdentifier");
    constraints(xml, &report.policy, &signature.checks);
    times(xml, report, signature);
    attributes(xml, signature);
    if let Some(fingerprint) = &signature.signer.fingerprint {
        xml.open("SignerInformation");
        xml.open(&format!("SignerCertificate VOReference=\"C-{fingerprint}\""));
        xml.close("SignerCertificate");
        if let Some(name) = signature.signer.name.as_ref().or(signature.signer.subject.as_ref()) {
            xml.text("Signer", name);
        }
        xml.close("SignerInformation");
    }
    process(xml);
    // A signature that passes does not make a file that could show something else a valid one.
    let doubtful = report.conclusion == Conclusion::Indeterminate
        && signature.indication == Indication::TotalPassed
        && report.signatures.iter().all(|one| one.indication == Indication::TotalPassed);
    let (main, sub) = match doubtful {
        true => (Indication::Indeterminate, Some(SubIndication::SigConstraintsFailure)),
        false => (signature.indication, signature.sub_indication),
    };
    status(xml, "SignatureValidationStatus", indication(main), sub);
    xml.close("SignatureValidationReport");
}

/// A file without signatures has a report that says so.
fn none(xml: &mut Xml, report: &Report) {
    xml.open("SignatureValidationReport");
    constraints(xml, &report.policy, &[]);
    process(xml);
    status(xml, "SignatureValidationStatus", "urn:sealwright:mainindication:no-signature", None);
    xml.close("SignatureValidationReport");
}

fn process(xml: &mut Xml) {
    xml.open("SignatureValidationProcess");
    xml.text("SignatureValidationProcessID", "urn:etsi:019102:validationprocess:LTA");
    xml.close("SignatureValidationProcess");
}

fn constraints(xml: &mut Xml, policy: &PolicyReport, checks: &[Check]) {
    xml.open("ValidationConstraintsEvaluationReport");
    xml.open("SignatureValidationPolicy");
    xml.open("SignaturePolicyIdentifier");
    xml.open("XAdES:SignaturePolicyId");
    xml.open("XAdES:SigPolicyId");
    xml.text("XAdES:Identifier", &format!("urn:sealwright:validation-policy:{}", policy.name));
    xml.close("XAdES:SigPolicyId");
    xml.open("XAdES:SigPolicyHash");
    digest(xml, &policy.digest);
    xml.close("XAdES:SigPolicyHash");
    xml.close("XAdES:SignaturePolicyId");
    xml.close("SignaturePolicyIdentifier");
    xml.text("PolicyName", &policy.title.en);
    xml.close("SignatureValidationPolicy");
    for check in checks {
        xml.open("ValidationConstraint");
        let name = format!("urn:sealwright:check:{}", check.name);
        xml.text("ValidationConstraintIdentifier", &name);
        xml.open("ConstraintStatus");
        let applied = match check.consequence {
            Consequence::Fail => "urn:etsi:019102:constraintStatus:applied",
            Consequence::Warn | Consequence::Inform => {
                "urn:etsi:019102:constraintStatus:overridden"
            }
        };
        xml.text("Status", applied);
        if check.consequence != Consequence::Fail {
            let by = format!("urn:sealwright:validation-policy:{}", policy.name);
            xml.text("OverriddenBy", &by);
        }
        xml.close("ConstraintStatus");
        let answer = match check.passed {
            Some(true) => "urn:etsi:019102:mainindication:passed",
            Some(false) => "urn:etsi:019102:mainindication:failed",
            None => "urn:etsi:019102:mainindication:indeterminate",
        };
        status(xml, "ValidationStatus", answer, None);
        xml.close("ValidationConstraint");
    }
    xml.close("ValidationConstraintsEvaluationReport");
}

fn times(xml: &mut Xml, report: &Report, signature: &SignatureReport) {
    xml.open("ValidationTimeInfo");
    xml.text("ValidationTime", &report.verified_at.to_string());
    xml.open("BestSignatureTime");
    xml.text("POETime", &signature.timestamp.unwrap_or(report.verified_at).to_string());
    let proof = match signature.timestamp {
        Some(_) => "urn:etsi:019102:poetype:provided",
        None => "urn:etsi:019102:poetype:validation",
    };
    xml.text("TypeOfProof", proof);
    xml.close("BestSignatureTime");
    xml.close("ValidationTimeInfo");
}

fn attributes(xml: &mut Xml, signature: &SignatureReport) {
    xml.open("SignatureAttributes");
    if let Some(at) = signature.signing_time {
        xml.open("SigningTime Signed=\"true\"");
        xml.text("Time", &at.to_string());
        xml.close("SigningTime");
    }
    if let Some(at) = signature.timestamp {
        xml.open("SignatureTimeStamp");
        xml.text("TimeStampValue", &at.to_string());
        xml.close("SignatureTimeStamp");
    }
    if is_of_pdf(signature) {
        xml.open("SubFilter");
        xml.text("SubFilterElement", &signature.kind);
        xml.close("SubFilter");
    }
    xml.close("SignatureAttributes");
}

/// Whether the kind of a signature is a `SubFilter` of PDF.
fn is_of_pdf(signature: &SignatureReport) -> bool {
    signature.kind.contains('.')
}

fn certificates(xml: &mut Xml, report: &Report) {
    let mut all: Vec<_> =
        report.signatures.iter().filter_map(|one| one.signer.fingerprint.as_deref()).collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return;
    }
    xml.open("SignatureValidationObjects");
    for fingerprint in all {
        xml.open(&format!("ValidationObject id=\"C-{fingerprint}\""));
        xml.text("ObjectType", "urn:etsi:019102:validationObject:certificate");
        xml.open("ValidationObjectRepresentation");
        xml.open("DigestAlgAndValue");
        digest(xml, fingerprint);
        xml.close("DigestAlgAndValue");
        xml.close("ValidationObjectRepresentation");
        xml.close("ValidationObject");
    }
    xml.close("SignatureValidationObjects");
}

/// `ds:DigestMethod` and `ds:DigestValue` of a SHA-256 in hexadecimal.
fn digest(xml: &mut Xml, hex: &str) {
    let _ = write!(xml.0, "<ds:DigestMethod Algorithm=\"{SHA256}\"/>");
    let bytes = crate::crypto::digest::unhex(hex).unwrap_or_default();
    xml.text("ds:DigestValue", &Base64::encode_string(&bytes));
}

fn status(xml: &mut Xml, element: &str, main: &str, sub: Option<SubIndication>) {
    xml.open(element);
    xml.text("MainIndication", main);
    if let Some(sub) = sub {
        xml.text("SubIndication", &format!("urn:etsi:019102:subindication:{sub}"));
    }
    xml.close(element);
}

fn indication(indication: Indication) -> &'static str {
    match indication {
        Indication::TotalPassed => "urn:etsi:019102:mainindication:total-passed",
        Indication::TotalFailed => "urn:etsi:019102:mainindication:total-failed",
        Indication::Indeterminate => "urn:etsi:019102:mainindication:indeterminate",
    }
}

/// XML as it is written.
struct Xml(String);

impl Xml {
    fn open(&mut self, tag: &str) {
        let _ = write!(self.0, "<{tag}>");
    }

    fn close(&mut self, name: &str) {
        let _ = writeln!(self.0, "</{name}>");
    }

    fn text(&mut self, name: &str, text: &str) {
        let _ = writeln!(self.0, "<{name}>{}</{name}>", escape(text));
    }
}

/// XML 1.0 has no way to write control characters.
fn escape(text: &str) -> String {
    let is_allowed = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let text: String = text.chars().filter(is_allowed).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

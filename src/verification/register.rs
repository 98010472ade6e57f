//! What the register of seals adds to a report: the seal's state then and now, and whether the
//! document was voided.

use super::{ValidationPolicy, account};
use crate::domain::{
    report::{
        Check, CheckName, Conclusion, Consequence, Indication, Reason, Report, SealReport,
        SubIndication,
    },
    seal_state::SealState,
};

/// What the register knows of the seal behind one signature.
#[derive(Clone, Debug)]
pub struct RegisterFacts {
    /// The place of the signature in the report.
    pub index: usize,
    /// The seal.
    pub seal: SealReport,
    /// Key custody of the credential.
    pub custody: String,
    /// Whether the signature value is on record as released.
    pub on_record: bool,
    /// Whether the record is of a bare digest: the service never saw this document.
    pub bare_digest: bool,
    /// The state of the version when the signature was released.
    pub state_then: Option<SealState>,
    /// Its state now.
    pub state_now: SealState,
}

/// Adds the seal to the report, and what follows from it.
pub fn add_seal(report: &mut Report, facts: RegisterFacts, policy: &ValidationPolicy) {
    let Some(signature) = report.signatures.get_mut(facts.index) else { return };
    let voided = facts.seal.voided.clone();
    let mut failed = false;
    let mut unsure = false;
    let mut add = |name: CheckName, passed: Option<bool>, detail: String| {
        let consequence = policy.consequence(name, passed);
        failed |= passed == Some(false) && consequence == Consequence::Fail;
        unsure |= passed.is_none() && consequence == Consequence::Fail;
        signature.checks.push(Check { name, passed, consequence, detail });
    };
    let recorded = if facts.on_record {
        "the register holds the record of this signature"
    } else {
        "the signature is by a key of this register, but not on record here"
    };
    add(CheckName::SignatureOnRecord, facts.on_record.then_some(true), recorded.to_owned());
    if facts.bare_digest {
        let text = "the service signed a bare digest and did not see this document";
        add(CheckName::ContentSeen, None, text.to_owned());
    }
    match facts.state_then {
        Some(state) => add(
            CheckName::SealStateThen,
            Some(state == SealState::Active),
            format!("when it sealed, the seal was {state}"),
        ),
        None => {
            add(CheckName::SealStateThen, None, "the seal's state then is not known".to_owned())
        }
    }
    add(
        CheckName::SealStateNow,
        Some(facts.state_now != SealState::Invalidated),
        format!("the seal is {} now", facts.state_now),
    );
    match &voided {
        Some(voided) => add(
            CheckName::DocumentNotVoided,
            Some(false),
            format!("the document was voided at {}: {}", voided.at, voided.reason),
        ),
        None if !facts.on_record => {
            let text = "whether the document was voided is not known: there is no record of it";
            add(CheckName::DocumentNotVoided, None, text.to_owned());
        }
        None => {
            add(CheckName::DocumentNotVoided, Some(true), "the document was not voided".to_owned())
        }
    }
    signature.custody = Some(facts.custody);
    let structure = signature.seal.take().and_then(|seal| seal.structure);
    signature.seal = Some(SealReport { structure, ..facts.seal });
    let inactive = facts.state_then.is_some_and(|state| state != SealState::Active);
    let reason = match (failed, facts.on_record) {
        (true, _) if voided.is_some() => Reason::Voided,
        (true, _) if inactive => Reason::SealNotActive,
        (true, _) => Reason::SealInvalidated,
        (false, false) => Reason::NotOnRecord,
        (false, true) => Reason::Other,
    };
    if failed && signature.indication != Indication::TotalFailed {
        signature.verdict = reason.into();
        signature.indication = Indication::TotalFailed;
        signature.sub_indication = Some(SubIndication::SigConstraintsFailure);
        report.conclusion = Conclusion::Invalid;
    } else if unsure && signature.indication == Indication::TotalPassed {
        signature.verdict = reason.into();
        signature.indication = Indication::Indeterminate;
        signature.sub_indication = Some(SubIndication::SigConstraintsFailure);
        if report.conclusion == Conclusion::Valid {
            report.conclusion = Conclusion::Indeterminate;
        }
    }
    account::write(report);
}

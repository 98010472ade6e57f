//! Levels, quorums, rounds and stand-ins.

use super::*;
use crate::domain::id::PersonId;

fn person(number: u8) -> PersonId {
    PersonId::new(Timestamp::from_seconds(1), [number; 10])
}

fn level(quorum: u16) -> ReviewLevel {
    ReviewLevel { name: "level".to_owned(), organization_id: None, quorum, days: 5 }
}

fn application(levels: Vec<ReviewLevel>) -> Application {
    let now = Timestamp::from_seconds(1);
    Application {
        id: ApplicationId::new(now, [0; 10]),
        number: String::new(),
        organization_id: OrganizationId::new(now, [0; 10]),
        kind: ApplicationKind::Create,
        state: ApplicationState::Submitted,
        revision: 1,
        seal_id: None,
        seal_kind: SealKind::Finance,
        seal_name: String::new(),
        reason: String::new(),
        applicant_id: PrincipalId::new(now, [0; 10]),
        applicant_person_id: person(0),
        details: Details::default(),
        attachments: Vec::new(),
        declaration: None,
        levels,
        round: 1,
        decisions: Vec::new(),
        due_at: None,
        used: false,
        created_at: now,
    }
}

fn decided(application: Application, by: u8, verdict: Verdict) -> Application {
    let decision = Decision {
        round: application.round,
        level: application.next_level() as i64,
        level_name: String::new(),
        verdict,
        reason: Some("reason".to_owned()),
        principal_id: PrincipalId::new(Timestamp::from_seconds(1), [by; 10]),
        person_id: person(by),
        for_person_id: None,
        decided_at: Timestamp::from_seconds(1),
    };
    application.decide(decision).unwrap()
}

#[test]
fn a_level_waits_for_its_quorum() {
    let one = decided(application(vec![level(2), level(1)]), 1, Verdict::Approve);
    assert_eq!((one.next_level(), one.state), (1, ApplicationState::Submitted));
    let two = decided(one, 2, Verdict::Approve);
    assert_eq!((two.next_level(), two.state), (2, ApplicationState::Submitted));
    let three = decided(two, 3, Verdict::Approve);
    assert_eq!((three.next_level(), three.state), (3, ApplicationState::Approved));
}

#[test]
fn one_rejection_is_enough_whatever_the_quorum() {
    let one = decided(application(vec![level(3)]), 1, Verdict::Approve);
    assert_eq!(decided(one, 2, Verdict::Reject).state, ApplicationState::Rejected);
}

#[test]
fn a_new_round_begins_at_the_first_level() {
    let one = decided(application(vec![level(1), level(2)]), 1, Verdict::Approve);
    let two = decided(decided(one, 2, Verdict::Approve), 3, Verdict::Return).resubmit().unwrap();
    assert_eq!((two.round, two.next_level(), two.approvers().count()), (2, 1, 0));
    assert_eq!(two.reviewers().count(), 3);
}

#[test]
fn who_stands_in_for_an_approver_is_not_heard_as_well() {
    let application = decided(application(vec![level(2)]), 1, Verdict::Approve);
    let above = [application.organization_id.clone()];
    let standing = |absent: u8| StandingIn {
        person_id: person(9),
        absent_person_id: person(absent),
        organization_id: above[0].clone(),
    };
    let count = |absent| application.stand_ins(&[standing(absent)], &above).count();
    assert_eq!((count(1), count(2), count(0)), (0, 1, 0), "approver, other, applicant");
    let elsewhere = OrganizationId::new(Timestamp::from_seconds(1), [7; 10]);
    let other = StandingIn { organization_id: elsewhere, ..standing(2) };
    assert_eq!(application.stand_ins(&[other], &above).count(), 0);
}

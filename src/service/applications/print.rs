//! What a printed application form 申请表 shows.

use crate::{
    domain::{
        application::{Application, Decision},
        organization::Organization,
    },
    service::{Act, Error, Service},
};

/// A decision with the names of those who took part.
#[derive(Clone, Debug)]
pub struct NamedDecision {
    /// The decision.
    pub decision: Decision,
    /// The name of who decided.
    pub name: String,
    /// The name of the absent reviewer in whose place it was.
    pub in_place_of: Option<String>,
}

/// Everything on a printed form.
#[derive(Clone, Debug)]
pub struct PrintedForm {
    /// The application.
    pub application: Application,
    /// Who applies.
    pub organization: Organization,
    /// The name of the applicant.
    pub applicant: String,
    /// What people call each particular, and what was given.
    pub particulars: Vec<(String, String)>,
    /// What people call each file, and its media type, size in bytes and SHA-256.
    pub attachments: Vec<(String, String)>,
    /// All decisions, of all rounds.
    pub decisions: Vec<NamedDecision>,
}

impl Service {
    /// An application with everything that its printed form shows.
    ///
    /// # Errors
    /// It is not in scope, or policy says no.
    pub async fn printed_form(&self, act: &Act, id: &str) -> Result<PrintedForm, Error> {
        let (application, above) = self.find_application(act, id).await?;
        self.permit_details(act, &above, &application).await?;
        let forms = self.policy.forms();
        let named = |found: Option<&str>, word: &str| found.unwrap_or(word).to_owned();
        let particulars = self.particulars_of(&application.id).await?;
        let particulars = particulars
            .into_iter()
            .map(|(word, text)| (named(forms.particular(&word), &word), text))
            .collect();
        let attachments = application
            .attachments
            .iter()
            .map(|one| {
                let told =
                    format!("{}, {} bytes, SHA-256 {}", one.media_type, one.size, one.digest);
                (named(forms.attachment(&one.kind), &one.kind), told)
            })
            .collect();
        // Reviewers may be of organizations that the reader does not see.
        let mut tx = self.store.read(crate::domain::organization::Scope::Service).await?;
        let organization = tx.organization(&application.organization_id).await?;
        let organization = organization.ok_or(Error::NotFound("the organization"))?;
        let mut decisions = Vec::new();
        for decision in &application.decisions {
            let name = tx.person(&decision.person_id).await?.map(|person| person.name);
            let in_place_of = match &decision.for_person_id {
                Some(absent) => tx.person(absent).await?.map(|person| person.name),
                None => None,
            };
            decisions.push(NamedDecision {
                decision: decision.clone(),
                name: name.unwrap_or_default(),
                in_place_of,
            });
        }
        let applicant = tx.person(&application.applicant_person_id).await?;
        let applicant = applicant.map(|person| person.name).unwrap_or_default();
        Ok(PrintedForm {
            application,
            organization,
            applicant,
            particulars,
            attachments,
            decisions,
        })
    }
}

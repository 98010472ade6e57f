//! Applications 申请: submitted with what their form asks for, reviewed level by level, corrected,
//! taken back.

mod attach;
mod complete;
mod print;
mod review;
mod stand_ins;
mod submit;

pub use attach::NewAttachment;
pub use print::{NamedDecision, PrintedForm};
pub use review::NewDecision;
pub use stand_ins::NewStandIn;
pub(super) use submit::duplicate;
pub use submit::{Correction, NewApplication};

use super::{
    Act, Answer, Error, Service,
    act::Once,
    administration::{Page, ancestry},
};
use crate::{
    domain::{
        Timestamp,
        application::{Application, ApplicationState},
        id::{ApplicationId, OrganizationId},
        review::StandingIn,
    },
    policy::{Action, Permit, Resource},
    store::Concealed,
};

/// Checks a reason.
pub(super) fn reason(text: &str) -> Result<String, Error> {
    let trimmed = text.trim();
    if (1..=1000).contains(&trimmed.chars().count()) && !trimmed.contains('\0') {
        Ok(trimmed.to_owned())
    } else {
        Err(Error::invalid("invalid-reason", "a reason of 1 to 1000 characters is needed"))
    }
}

fn application_id(text: &str) -> Result<ApplicationId, Error> {
    ApplicationId::parse(text).map_err(|error| Error::invalid("invalid-id", error.to_string()))
}

/// An application as the resource of a question by somebody who stands in for nobody.
fn resource<'a>(above: &'a [OrganizationId], application: &'a Application) -> Resource<'a> {
    Resource::Application { ancestry: above, application, standing_in: &[] }
}

/// An application that was moved, and as it was read.
struct Moved {
    read: Application,
    moved: Application,
    /// Its particulars, where they change.
    particulars: Option<Concealed>,
}

impl Service {
    /// By when the level of an application that is reached now has to decide.
    fn decision_due(&self, application: &Application, now: Timestamp) -> Option<Timestamp> {
        let days = application.level()?.days;
        Some(self.policy.working_days().deadline(now, days))
    }

    /// Writes a moved application and the event of it.
    async fn move_application(
        &self,
        act: &Act,
        once: Once,
        permit: Permit,
        moved: Moved,
        verb: &'static str,
    ) -> Result<Answer, Error> {
        let (act, now) = (act.clone(), self.now());
        let Moved { read, moved, particulars } = moved;
        self.once(&act.clone(), once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.update_application(&read, &moved).await?;
                if let Some(particulars) = &particulars {
                    tx.keep_particulars(&moved.id, particulars).await?;
                }
                let subject = format!("application:{}", moved.id);
                tx.record(act.event(now, &moved.organization_id, verb, subject, &decision)).await?;
                tx.application(&moved.id).await?.ok_or(Error::NotFound("the application"))
            })
        })
        .await
    }

    /// Takes an application back.
    ///
    /// # Errors
    /// It is neither under review nor returned, or policy says no.
    pub async fn withdraw(&self, act: &Act, id: &str) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "withdraw", &id);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let (read, above) = self.find_application(act, id).await?;
        let permit = self.permit(act, Action::Withdraw, resource(&above, &read))?;
        act.check_revision(read.revision)?;
        let moved = read.clone().withdraw()?;
        let moved = Moved { read, moved, particulars: None };
        self.move_application(act, once, permit, moved, "withdraw").await
    }

    /// An application.
    ///
    /// # Errors
    /// It is not in scope, or policy says no.
    pub async fn application(&self, act: &Act, id: &str) -> Result<Application, Error> {
        let (application, above) = self.find_application(act, id).await?;
        let _ = self.permit(act, Action::ReadApplication, resource(&above, &application))?;
        Ok(application)
    }

    /// Whether one may read the particulars and files of an application.
    async fn permit_details(
        &self,
        act: &Act,
        above: &[OrganizationId],
        application: &Application,
    ) -> Result<(), Error> {
        let standing_in = self.standing_in(act).await?;
        let resource =
            Resource::Application { ancestry: above, application, standing_in: &standing_in };
        self.permit(act, Action::ReadApplicationDetails, resource).map(drop)
    }

    /// A page of applications, perhaps of one state.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn applications(
        &self,
        act: &Act,
        state: Option<ApplicationState>,
        page: &Page,
    ) -> Result<Vec<Application>, Error> {
        let mut tx = self.own_organization(act, Action::ReadOrganization).await?;
        let found = tx.applications(state, page.after(), page.limit()).await?;
        let mut allowed = Vec::new();
        for application in found {
            let above = ancestry(&mut tx, &application.organization_id).await?;
            let _ = self.permit(act, Action::ReadApplication, resource(&above, &application))?;
            allowed.push(application);
        }
        Ok(allowed)
    }

    /// An application in scope with the organizations above it.
    pub(super) async fn find_application(
        &self,
        act: &Act,
        id: &str,
    ) -> Result<(Application, Vec<OrganizationId>), Error> {
        let id = application_id(id)?;
        let mut tx = self.reading(act).await?;
        let application = tx.application(&id).await?.ok_or(Error::NotFound("the application"))?;
        let above = ancestry(&mut tx, &application.organization_id).await?;
        Ok((application, above))
    }

    /// For whom whoever acts stands in now.
    async fn standing_in(&self, act: &Act) -> Result<Vec<StandingIn>, Error> {
        let person = act.principal()?.person_id.clone();
        let Some(person) = person else { return Ok(Vec::new()) };
        Ok(self.reading(act).await?.standing_in(&person, self.now()).await?)
    }
}

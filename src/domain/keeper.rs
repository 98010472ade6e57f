//! Keepers 保管人: the persons who answer for a seal. A seal without one cannot be used.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    id::{KeeperId, PersonId, PrincipalId, SealId},
    seal_state::words,
};

words! {
    /// Where a keeping stands.
    KeeperState {
        /// Named, and not accepted yet 待确认.
        Designated => "designated",
        /// Accepted 保管中.
        Keeping => "keeping",
        /// Not accepted 已拒绝.
        Declined => "declined",
        /// Over: handed over, or ended 已结束.
        Ended => "ended",
    }
}

/// A person's keeping of a seal.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Keeper {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: KeeperId,
    /// The seal.
    #[schema(value_type = String)]
    pub seal_id: SealId,
    /// Who keeps it.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// Where it stands.
    #[schema(value_type = String, example = "keeping")]
    pub state: KeeperState,
    /// Whether for an absence only 代管.
    pub stand_in: bool,
    /// The end of the term; none: without end.
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// The keeping that is handed over 移交 and ends when this one is accepted.
    #[schema(value_type = Option<String>)]
    pub replaces: Option<KeeperId>,
    /// The account that named the keeper.
    #[schema(value_type = String)]
    pub designated_by: PrincipalId,
    /// When.
    #[schema(value_type = String)]
    pub designated_at: Timestamp,
    /// When the keeper accepted.
    #[schema(value_type = Option<String>)]
    pub accepted_at: Option<Timestamp>,
    /// When it was declined or ended.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub end_reason: Option<String>,
}

/// What happens to a keeping.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeeperEvent {
    /// The named person accepts 确认接收.
    Accept,
    /// The named person declines.
    Decline,
    /// It ends, or the naming is taken back.
    End,
}

/// The keeping does not allow the event.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the keeping is {0}")]
pub struct InvalidKeeping(pub KeeperState);

impl Keeper {
    /// Moves the keeping.
    ///
    /// # Errors
    /// Its state does not allow the event.
    pub fn after(
        mut self,
        event: KeeperEvent,
        reason: Option<String>,
        at: Timestamp,
    ) -> Result<Self, InvalidKeeping> {
        self.state = match (self.state, event) {
            (KeeperState::Designated, KeeperEvent::Accept) => KeeperState::Keeping,
            (KeeperState::Designated, KeeperEvent::Decline) => KeeperState::Declined,
            (KeeperState::Designated | KeeperState::Keeping, KeeperEvent::End) => {
                KeeperState::Ended
            }
            (state, _) => return Err(InvalidKeeping(state)),
        };
        match event {
            KeeperEvent::Accept => self.accepted_at = Some(at),
            KeeperEvent::Decline | KeeperEvent::End => {
                self.ended_at = Some(at);
                self.end_reason = reason;
            }
        }
        Ok(self)
    }

    /// Whether the person keeps the seal at a time.
    pub fn keeps_at(&self, at: Timestamp) -> bool {
        self.state == KeeperState::Keeping && self.until.is_none_or(|until| at < until)
    }
}

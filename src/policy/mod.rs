//! May this be done? Cedar answers, from the policies in `policies/`; this room is the only maker
//! of a [`Permit`]. How many must agree, and in what order, is in `approval.toml`; counting is SQL.

mod action;
mod approval;
pub mod cases;
mod entities;
mod forms;
mod levels;
mod permit;
mod set;

pub use action::Action;
pub use approval::ApprovalRules;
pub use entities::{GrantFacts, Resource, SealFacts, Subject};
pub use forms::{Form, Forms};
pub use levels::{Level, LevelRules};
pub use permit::{Decision, Denied, Permit};
pub use set::{PolicyError, PolicySet, Question};

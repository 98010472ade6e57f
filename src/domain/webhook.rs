//! Webhooks: who is told of events, by HTTP (Standard Webhooks) or by e-mail.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    id::{DeliveryId, OrganizationId, PrincipalId, WebhookId},
    seal_state::words,
};

words! {
    /// Where a delivery stands.
    DeliveryState {
        /// To be delivered, or to be tried again 待投递.
        Pending => "pending",
        /// The receiver took it 已送达.
        Delivered => "delivered",
        /// Given up after the last try 死信; it can be replayed.
        Dead => "dead",
    }
}

/// Somebody who is told of events.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Webhook {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: WebhookId,
    /// Events of this organization and of those below it are told.
    #[schema(value_type = String)]
    pub organization_id: OrganizationId,
    /// Where: `https://…`, or `mailto:` and an address.
    #[schema(example = "https://licences.example/hooks/seals")]
    pub url: String,
    /// The types of events, such as `seal-version.revoke`, or `reminder.*` for all that begin like
    /// this; empty for all.
    pub events: Vec<String>,
    /// Who entered it.
    #[schema(value_type = String)]
    pub created_by: PrincipalId,
    /// When.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// Since when it is told nothing any more.
    #[schema(value_type = Option<String>)]
    pub disabled_at: Option<Timestamp>,
}

/// An event on its way to a webhook.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Delivery {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: DeliveryId,
    /// The webhook.
    #[schema(value_type = String)]
    pub webhook_id: WebhookId,
    /// The event; it stands in the header `webhook-id` and is the same at every try.
    pub event_id: String,
    /// Its type.
    #[schema(example = "seal-version.revoke")]
    pub event_type: String,
    /// What is sent, JSON.
    pub body: String,
    /// Where it stands.
    #[schema(value_type = String, example = "delivered")]
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    #[schema(value_type = String)]
    pub next_at: Timestamp,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was delivered.
    #[schema(value_type = Option<String>)]
    pub delivered_at: Option<Timestamp>,
}

impl Webhook {
    /// Whether an event of a type is told.
    pub fn wants(&self, event_type: &str) -> bool {
        self.events.is_empty()
            || self.events.iter().any(|wanted| match wanted.strip_suffix(".*") {
                Some(group) => event_type.split('.').next() == Some(group),
                None => wanted == event_type,
            })
    }
}

/// Whether a text may stand among the types that a webhook wants.
pub fn is_event_pattern(text: &str) -> bool {
    let word =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    match text.split_once('.') {
        Some((group, rest)) => word(group) && (rest == "*" || word(rest)) && text.len() <= 100,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_wanted_one_by_one_or_in_groups() {
        let now = Timestamp::from_seconds(1);
        let webhook = |events: &[&str]| Webhook {
            id: WebhookId::new(now, [0; 10]),
            organization_id: OrganizationId::new(now, [0; 10]),
            url: String::new(),
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            created_by: PrincipalId::new(now, [0; 10]),
            created_at: now,
            disabled_at: None,
        };
        assert!(webhook(&[]).wants("seal-version.revoke"));
        assert!(webhook(&["seal-version.*"]).wants("seal-version.revoke"));
        assert!(!webhook(&["seal-version.*"]).wants("seal-versions.revoke"));
        assert!(!webhook(&["reminder.review"]).wants("reminder.reviews"));
    }

    #[test]
    fn patterns_are_words_with_a_point() {
        for good in ["seal-version.revoke", "reminder.*"] {
            assert!(is_event_pattern(good), "{good}");
        }
        for bad in ["", "*", "reminder", ".x", "a.", "A.b", "a.b.c", "a.*b"] {
            assert!(!is_event_pattern(bad), "{bad}");
        }
    }
}

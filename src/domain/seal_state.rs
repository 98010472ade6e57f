//! The law of a seal version: which event leads from which state to which.
//!
//! One total `match`; the database repeats the states in a CHECK and the moves in
//! `UPDATE … WHERE id AND revision AND state`. `docs/lifecycle.md` draws it.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, serde::Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd,
            serde::Serialize, utoipa::ToSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// Every value, in the order of their definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word used in the API and the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The reverse of `as_str`.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// The state of one version of a seal.
    SealState {
        /// The key exists in the token and a certificate request was made 密钥已生成.
        KeyReady => "key-ready",
        /// Certificate bound, seal made, not yet in the register 已制作.
        Made => "made",
        /// Registered and usable 已备案、正常.
        Active => "active",
        /// Set aside for a time 暂停.
        Suspended => "suspended",
        /// Reported lost or out of control 挂失; frozen, not terminal.
        Lost => "lost",
        /// Followed by a newer version 已换版; terminal.
        Superseded => "superseded",
        /// Cancelled 注销; terminal.
        Revoked => "revoked",
        /// Its validity ended 过期; terminal.
        Expired => "expired",
        /// Given up before it was registered 已放弃; terminal.
        Abandoned => "abandoned",
        /// Found to be unlawfully made 标识为无效; terminal.
        Invalidated => "invalidated",
    }
}

words! {
    /// What may happen to a version of a seal.
    SealEvent {
        /// The certificate is bound and the seal made 制作.
        Make => "make",
        /// It is entered in the register 备案.
        Register => "register",
        /// It is given up before registration 放弃.
        Abandon => "abandon",
        /// It is set aside 暂停.
        Suspend => "suspend",
        /// It is taken up again 恢复.
        Resume => "resume",
        /// Its successor is registered 换版.
        Supersede => "supersede",
        /// It is reported lost 挂失.
        ReportLoss => "report-loss",
        /// Two other persons confirm that it was found again 解除挂失.
        Recover => "recover",
        /// It is cancelled 注销.
        Revoke => "revoke",
        /// Its validity ends 到期.
        Expire => "expire",
        /// It is marked as unlawfully made 标识为无效.
        Invalidate => "invalidate",
    }
}

/// An event that the state does not allow.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a seal version that is {from} cannot take the event {event}")]
pub struct InvalidTransition {
    /// The state it is in.
    pub from: SealState,
    /// The event that was asked for.
    pub event: SealEvent,
}

impl SealState {
    /// The state after an event.
    ///
    /// # Errors
    /// The law does not know the move.
    pub fn after(self, event: SealEvent) -> Result<Self, InvalidTransition> {
        use SealEvent as E;
        use SealState as S;
        let to = match (self, event) {
            (S::KeyReady, E::Make) => S::Made,
            (S::Made, E::Register) | (S::Suspended, E::Resume) => S::Active,
            (S::KeyReady | S::Made, E::Abandon) => S::Abandoned,
            (S::Active, E::Suspend) | (S::Lost, E::Recover) => S::Suspended,
            (S::Active | S::Suspended, E::Supersede) => S::Superseded,
            (S::Active | S::Suspended, E::ReportLoss) => S::Lost,
            (S::Active | S::Suspended | S::Lost, E::Revoke) => S::Revoked,
            (S::Active | S::Suspended, E::Expire) => S::Expired,
            (S::KeyReady | S::Made | S::Active | S::Suspended | S::Lost, E::Invalidate) => {
                S::Invalidated
            }
            (from, event) => return Err(InvalidTransition { from, event }),
        };
        Ok(to)
    }

    /// Whether nothing can happen to the version any more.
    pub fn is_terminal(self) -> bool {
        SealEvent::ALL.iter().all(|event| self.after(*event).is_err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_law_knows_twenty_one_moves() {
        let moves = SealState::ALL
            .iter()
            .flat_map(|state| SealEvent::ALL.iter().map(move |event| state.after(*event)))
            .filter(Result::is_ok)
            .count();
        assert_eq!(moves, 21);
    }

    #[test]
    fn exactly_the_terminal_states_are_terminal() {
        let terminal: Vec<_> = SealState::ALL.iter().filter(|s| s.is_terminal()).collect();
        use SealState::*;
        assert_eq!(terminal, [&Superseded, &Revoked, &Expired, &Abandoned, &Invalidated]);
    }

    proptest! {
        #[test]
        fn no_walk_reaches_active_without_register(events in proptest::collection::vec(0..SealEvent::ALL.len(), 0..30)) {
            let mut state = SealState::KeyReady;
            let mut registered = false;
            for event in events.into_iter().map(|i| SealEvent::ALL[i]) {
                if let Ok(next) = state.after(event) {
                    prop_assert!(!state.is_terminal());
                    registered |= event == SealEvent::Register;
                    state = next;
                }
                prop_assert!(state != SealState::Active || registered);
            }
        }
    }
}

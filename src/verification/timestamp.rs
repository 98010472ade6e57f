//! The timestamp over a signature value, and the time that it proves.

use super::{Options, answers::check, standing::Known};
use crate::{
    containers::timestamp::TimestampToken,
    domain::{
        Timestamp,
        report::{Check, CheckName},
    },
};

/// Reads a token over these bytes; else tells why it is not good.
pub(super) fn read(token: &[u8], over: &[u8]) -> Result<TimestampToken, String> {
    match TimestampToken::from_der(token) {
        Ok(token) if token.stamps(over) => Ok(token),
        Ok(_) => Err("the timestamp is over something else".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether the timestamp is good, and the time that it proves then.
pub(super) fn judge(
    name: CheckName,
    token: &Result<TimestampToken, String>,
    known: &Known,
    options: &Options,
) -> (Check, Option<Timestamp>) {
    match token {
        Err(why) => (check(name, Some(false), why.clone()), None),
        Ok(token) => {
            let (certificate, at) = (&token.certificate, token.info.at);
            match known.judge_token(token, options) {
                Ok(()) => (
                    check(name, Some(true), format!("{} says {at}", certificate.subject())),
                    Some(at),
                ),
                Err(error) => (check(name, None, format!("the authority: {error}")), None),
            }
        }
    }
}

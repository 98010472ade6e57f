//! The timestamps over a signature value and over what was signed, and the times that they prove.

use super::{Options, answers::check, standing::Known};
use crate::{
    containers::{
        cms::{ID_MESSAGE_DIGEST, SignerInfo},
        timestamp::TimestampToken,
    },
    domain::{
        Timestamp,
        report::{Check, CheckName},
    },
    pki::{
        timestamp::ID_CONTENT_TIMESTAMP,
        tlv::{self, tlv},
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

/// The timestamp over what was signed, which a signer may have put among the signed attributes (ETSI
/// EN 319 122-1 §5.2.8), and the time after which the signature was certainly made then.
pub(super) fn over_content(
    signer: &SignerInfo,
    known: &Known,
    options: &Options,
) -> Option<(Check, Option<Timestamp>)> {
    const NAME: CheckName = CheckName::ContentTimestamp;
    let der = signer.attribute(ID_CONTENT_TIMESTAMP)?;
    let token = match TimestampToken::from_der(&der) {
        Ok(token) if token.info.algorithm.oid() != signer.digest_algorithm => {
            let text = "it is over another digest than the signature, and not compared";
            return Some((check(NAME, None, text), None));
        }
        Ok(token) => {
            let digest = tlv(tlv::OCTET_STRING, &token.info.imprint);
            let is_over = signer.attribute(ID_MESSAGE_DIGEST) == Some(digest);
            if is_over { Ok(token) } else { Err("it is over something else".to_owned()) }
        }
        Err(error) => Err(error.to_string()),
    };
    Some(judge(NAME, &token, known, options))
}

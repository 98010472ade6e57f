//! The built-in time-stamping authority (RFC 3161): its key is in the token.

use crate::{
    containers::timestamp,
    crypto::Scheme,
    pki::{
        Certificate,
        timestamp::{Refusal, TimestampInfo, TimestampQuery, granted, refused},
    },
    service::{Error, Service, authority::sign_checked},
};

const SCHEME: Scheme = Scheme::P256;

impl Service {
    /// Answers a time-stamp query with a time-stamp response, both DER. A refusal is an answer, too.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub async fn answer_timestamp_query(&self, query: &[u8]) -> Vec<u8> {
        let answer = match TimestampQuery::from_der(query) {
            Ok(query) => self.stamp(&query).await,
            Err(refusal) => Err((refusal, "the query cannot be answered")),
        };
        match answer {
            Ok(token) => granted(&token),
            Err((refusal, why)) => refused(refusal, why),
        }
    }

    /// The certificate of the authority. The root stands in no token: who trusts it has it, and
    /// nothing would tell that it was changed there.
    pub(super) fn tsa_chain(&self) -> [Certificate; 1] {
        [self.authority.tsa.1.clone()]
    }

    /// Makes a token.
    pub(super) async fn stamp(
        &self,
        query: &TimestampQuery,
    ) -> Result<Vec<u8>, (Refusal, &'static str)> {
        let settings = &self.config.timestamps;
        let policy = settings.policy_oid();
        if query.policy.is_some_and(|asked| asked != policy) {
            return Err((Refusal::UnacceptedPolicy, "the policy is not offered"));
        }
        let failed = (Refusal::SystemFailure, "the authority cannot sign now");
        let Some(now) = self.steady.tell(&*self.clock) else {
            return Err((Refusal::TimeNotAvailable, "the clock is being looked after"));
        };
        let serial = self.timestamp_serial(now).map_err(|_| failed)?;
        let info = TimestampInfo {
            policy,
            algorithm: query.algorithm,
            imprint: query.imprint.clone(),
            serial,
            at: now,
            accuracy_ms: settings.accuracy_ms,
            nonce: query.nonce.clone(),
        };
        let (key, certificate) = &self.authority.tsa;
        if !certificate.is_valid_at(now) {
            return Err((Refusal::SystemFailure, "the authority's certificate is out of date"));
        }
        let unsigned = timestamp::begin(&info, &self.tsa_chain(), SCHEME, query.certificate);
        let unsigned = unsigned.ok_or(failed)?;
        let digest = unsigned.digest().ok_or(failed)?;
        let signed = sign_checked(&self.devices, key, digest, self.now()).await;
        let signed = signed.map_err(|error| {
            tracing::warn!(%error, "a timestamp could not be signed");
            failed
        })?;
        Ok(unsigned.finish(&signed, None))
    }

    /// A serial number that no other token bears, ever and in no other process: the time, then 80
    /// random bits. Positive, of 17 bytes.
    fn timestamp_serial(&self, now: crate::domain::Timestamp) -> Result<Vec<u8>, Error> {
        let random: [u8; 10] = self.randomness()?;
        let micros = now.as_micros().to_be_bytes();
        Ok([&[0x01][..], &micros[2..], &random].concat())
    }
}

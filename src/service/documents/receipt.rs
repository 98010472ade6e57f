//! Receipts 回执: signed JSON that says what was sealed, when, by which seal and where its key is.
//!
//! A receipt is an SD-JWT (RFC 9901): one signature (JWS, RFC 7515, ES256) over the salted digests
//! of all receipts that are asked for at the same moment, followed by the disclosure of one. Who
//! holds one learns nothing of the others, and the token is asked once for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde::Serialize;
use serde_json::json;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use crate::{
    crypto::{Scheme, der_to_rs, digest::sha256},
    domain::{
        Timestamp,
        organization::Scope,
        seal::{Custody, Seal, SealVersion},
        signing::{DocumentFormat, Signature},
    },
    service::{Act, Error, Service, authority::sign_checked},
};

/// The most receipts under one signature: it bounds the length of each, which travels in a header.
const MOST: usize = 16;

/// A receipt: SD-JWT in compact serialisation, `<JWT>~<disclosure>~`. The disclosed claim is
/// `receipt`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Receipt(pub String);

/// Where those who want a receipt wait for each other.
#[derive(Default)]
pub(in crate::service) struct Receipts {
    turn: tokio::sync::Mutex<()>,
    /// Digests of disclosures.
    waiting: Mutex<Vec<(String, oneshot::Sender<Arc<str>>)>>,
}

impl Receipts {
    fn waiting(&self) -> MutexGuard<'_, Vec<(String, oneshot::Sender<Arc<str>>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next to be signed for together.
    fn next(&self) -> (Vec<String>, Vec<oneshot::Sender<Arc<str>>>) {
        let mut waiting = self.waiting();
        let count = waiting.len().min(MOST);
        waiting.drain(..count).unzip()
    }
}

/// What a receipt says.
#[derive(Serialize)]
struct Claim<'a> {
    signature_id: &'a str,
    seal_code: &'a str,
    seal_name: &'a str,
    seal_version: i64,
    scheme: Scheme,
    custody: Option<Custody>,
    format: DocumentFormat,
    content_unseen: bool,
    business_number: Option<&'a str>,
    document_type: &'a str,
    document_sha256: &'a str,
    sealed_sha256: Option<&'a str>,
    signature_sha256: Option<&'a str>,
    policy_sha256: &'a str,
    completed_at: Option<Timestamp>,
}

/// JSON as base64url; what is ours always serialises.
fn encode(value: &impl Serialize) -> String {
    Base64UrlUnpadded::encode_string(&serde_json::to_vec(value).unwrap_or_default())
}

impl Service {
    /// Signs the receipt of a completed record.
    pub(super) async fn receipt(
        &self,
        signature: &Signature,
        seal: &Seal,
        version: &SealVersion,
    ) -> Result<Receipt, Error> {
        let credential = version.credentials.iter().find(|c| c.scheme == signature.scheme);
        let salt = Base64UrlUnpadded::encode_string(&self.randomness::<16>()?);
        let claim = Claim {
            signature_id: signature.id.as_str(),
            seal_code: seal.code.as_str(),
            seal_name: &version.name,
            seal_version: version.number,
            scheme: signature.scheme,
            custody: credential.map(|credential| credential.custody),
            format: signature.format,
            content_unseen: signature.content_unseen,
            business_number: signature.business_number.as_deref(),
            document_type: &signature.document_type,
            document_sha256: &signature.document_digest,
            sealed_sha256: signature.sealed_digest.as_deref(),
            signature_sha256: signature.signature_digest.as_deref(),
            policy_sha256: &signature.policy_digest,
            completed_at: signature.completed_at,
        };
        let disclosure = encode(&(salt, "receipt", claim));
        let digest = Base64UrlUnpadded::encode_string(&sha256(disclosure.as_bytes()));
        let signed = self.sign_receipts_with_others(digest).await?;
        Ok(Receipt(format!("{signed}~{disclosure}~")))
    }

    /// A JWT over a digest, and over those of others who ask at the same time.
    async fn sign_receipts_with_others(&self, digest: String) -> Result<Arc<str>, Error> {
        let (reply, mut answer) = oneshot::channel();
        self.receipts.waiting().push((digest.clone(), reply));
        loop {
            tokio::select! {
                biased;
                signed = &mut answer => return match signed {
                    Ok(signed) => Ok(signed),
                    // Whoever signed for all did not succeed; the reason is found out alone.
                    Err(_) => self.sign_receipts(vec![digest]).await,
                },
                _turn = self.receipts.turn.lock() => {
                    // Those who are about to ask shall come along.
                    tokio::task::yield_now().await;
                    let (digests, replies) = self.receipts.next();
                    if digests.is_empty() {
                        continue;
                    }
                    if let Ok(signed) = self.sign_receipts(digests).await {
                        for reply in replies {
                            let _ = reply.send(Arc::clone(&signed));
                        }
                    }
                }
            }
        }
    }

    async fn sign_receipts(&self, mut digests: Vec<String>) -> Result<Arc<str>, Error> {
        // The order of the digests tells nothing of the order of the acts.
        digests.sort_unstable();
        let claims = json!({ "_sd_alg": "sha-256", "_sd": digests });
        Ok(self.sign_statement("sealwright-receipt+sd-jwt", claims).await?.into())
    }

    /// A statement of the service in compact JWS (RFC 7515, ES256) by its receipt key, with who
    /// states it and when.
    pub(in crate::service) async fn sign_statement(
        &self,
        kind: &str,
        claims: serde_json::Value,
    ) -> Result<String, Error> {
        let (key, certificate) = &self.authority.receipt;
        let header = json!({
            "alg": "ES256",
            "typ": kind,
            // The root above it is at /.well-known/sealwright.
            "x5c": [Base64::encode_string(certificate.der())],
        });
        let mut payload = json!({
            "iss": self.config.http.public_url,
            "iat": self.now().as_seconds(),
        });
        if let (Some(payload), serde_json::Value::Object(claims)) =
            (payload.as_object_mut(), claims)
        {
            payload.extend(claims);
        }
        let signed = format!("{}.{}", encode(&header), encode(&payload));
        let digest = sha256(signed.as_bytes());
        let value = sign_checked(&self.devices, key, digest, self.now()).await?;
        let rs = der_to_rs(&value).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(format!("{signed}.{}", Base64UrlUnpadded::encode_string(&rs)))
    }

    /// Signs the receipt of a record anew.
    pub(super) async fn receipt_of(&self, signature: &Signature) -> Result<Receipt, Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        let seal = tx.seal(&signature.seal_id).await?.ok_or(Error::NotFound("the seal"))?;
        drop(tx);
        let version = seal.versions.iter().find(|v| v.id == signature.seal_version_id);
        let version = version.ok_or(Error::NotFound("the version of the seal"))?;
        self.receipt(signature, &seal, version).await
    }

    /// The receipt of a completed record.
    ///
    /// # Errors
    /// The record is not in scope or not completed, or policy says no.
    pub async fn signature_receipt(&self, act: &Act, id: &str) -> Result<Receipt, Error> {
        let signature = self.signature(act, id).await?;
        if signature.completed_at.is_none() {
            return Err(Error::conflict(
                "signature-not-completed",
                format!(
                    "the signature record is {}; only a completed one has a receipt",
                    signature.state
                ),
            ));
        }
        self.receipt_of(&signature).await
    }
}

//! The built-in CA, and the keys and certificates of the service itself.

use super::{Error, Service};
use crate::{
    config::Config,
    crypto::{Scheme, digest::sha256, verify_digest},
    devices::Token,
    domain::{
        Timestamp,
        id::KeyId,
        organization::Scope,
        seal::{Key, KeyPurpose},
    },
    pki::{
        Certificate, TrustStore,
        crl::{Crl, CrlTemplate},
        extension::Subject,
        issue::{
            CertificateTemplate, assemble, root_extensions, signer_extensions, tsa_extensions,
        },
    },
    store::{KeyState, Store},
};

/// The topic of outbox messages that ask for a new revocation list.
const CRL_DUE: &str = "crl-due";
/// The scheme of the built-in CA.
const SCHEME: Scheme = Scheme::P256;

/// Keys and certificates of the service itself.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The CA's key and root certificate.
    pub ca: (Key, Certificate),
    /// The key that signs receipts, and its certificate.
    pub receipt: (Key, Certificate),
    /// The key that signs timestamps, and its certificate.
    pub tsa: (Key, Certificate),
    /// The key that wraps the data keys of kept documents.
    pub wrapping: Key,
}

/// Who makes keys before there is a [`Service`].
pub struct Maker<'a> {
    /// The database.
    pub store: &'a Store,
    /// The token.
    pub token: &'a Token,
    /// The configuration.
    pub config: &'a Config,
    /// The present.
    pub now: Timestamp,
}

impl Authority {
    /// Whether `init` was run.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_begun(store: &Store) -> Result<bool, Error> {
        let mut tx = store.read(Scope::Service).await?;
        Ok(tx.service_certificate(KeyPurpose::Ca, SCHEME).await?.is_some())
    }

    /// What an earlier `init` created; `None` if there was none, or not all of it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn load(store: &Store) -> Result<Option<Self>, Error> {
        let mut tx = store.read(Scope::Service).await?;
        let ca = tx.service_certificate(KeyPurpose::Ca, SCHEME).await?;
        let receipt = tx.service_certificate(KeyPurpose::Receipt, SCHEME).await?;
        let tsa = tx.service_certificate(KeyPurpose::Tsa, SCHEME).await?;
        let wrapping = tx.key_for(KeyPurpose::DocumentWrapping).await?;
        Ok(match (ca, receipt, tsa, wrapping) {
            (Some(ca), Some(receipt), Some(tsa), Some(wrapping)) => {
                Some(Self { ca, receipt, tsa, wrapping })
            }
            _ => None,
        })
    }

    /// The root as the only trust, with the newest revocation list where given.
    pub fn trust(&self, crl: Option<&[u8]>) -> TrustStore {
        TrustStore {
            roots: vec![self.ca.1.clone()],
            crls: crl.and_then(Crl::from_der).into_iter().collect(),
        }
    }
}

impl Maker<'_> {
    /// Creates root, receipt and timestamp certificates and wrapping key, as far as they are
    /// missing.
    ///
    /// # Errors
    /// The token or the database fails.
    pub async fn create(&self) -> Result<Authority, Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        let known_ca = tx.service_certificate(KeyPurpose::Ca, SCHEME).await?;
        let known_receipt = tx.service_certificate(KeyPurpose::Receipt, SCHEME).await?;
        let known_tsa = tx.service_certificate(KeyPurpose::Tsa, SCHEME).await?;
        let known_wrapping = tx.key_for(KeyPurpose::DocumentWrapping).await?;
        drop(tx);
        let ca = match known_ca {
            Some(known) => known,
            None => self.create_root().await?,
        };
        let receipt = match known_receipt {
            Some(known) => known,
            None => self.create_signer(&ca, KeyPurpose::Receipt).await?,
        };
        let tsa = match known_tsa {
            Some(known) => known,
            None => self.create_signer(&ca, KeyPurpose::Tsa).await?,
        };
        let wrapping = match known_wrapping {
            Some(known) => known,
            None => self.make_key(KeyPurpose::DocumentWrapping, None).await?,
        };
        Ok(Authority { ca, receipt, tsa, wrapping })
    }

    async fn create_root(&self) -> Result<(Key, Certificate), Error> {
        let key = self.make_key(KeyPurpose::Ca, Some(SCHEME)).await?;
        let subject = self.subject("Seal Root CA");
        let extensions = root_extensions(&key.public_point);
        let days = self.config.ca.root_days;
        let certificate =
            self.issue(&key, subject.to_der(), (subject, &key, days), extensions).await?;
        self.keep(&key, &certificate).await?;
        Ok((key, certificate))
    }

    async fn create_signer(
        &self,
        ca: &(Key, Certificate),
        purpose: KeyPurpose,
    ) -> Result<(Key, Certificate), Error> {
        let key = self.make_key(purpose, Some(SCHEME)).await?;
        let (point, issuer, uri) = (&key.public_point, &ca.0.public_point, crl_uri(self.config));
        let (extensions, name) = match purpose {
            KeyPurpose::Tsa => (tsa_extensions(point, issuer, &uri), "Time-Stamping"),
            _ => (signer_extensions(point, issuer, &uri), "Receipts"),
        };
        let about = (self.subject(name), &key, self.config.ca.root_days);
        let certificate = self.issue(&ca.0, ca.1.subject_der(), about, extensions).await?;
        self.keep(&key, &certificate).await?;
        Ok((key, certificate))
    }

    fn subject(&self, name: &str) -> Subject {
        let organization = self.config.ca.organization.clone();
        let common_name = format!("{organization} {name}");
        Subject { organization, organization_identifier: None, common_name }
    }

    async fn keep(&self, key: &Key, certificate: &Certificate) -> Result<(), Error> {
        let (key, certificate, now) = (key.clone(), certificate.clone(), self.now);
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move {
                    Ok(tx.insert_service_certificate(&key, SCHEME, &certificate, now).await?)
                })
            })
            .await
    }

    /// Makes a key: first the record, then the key in the token, then the word that it is there.
    ///
    /// # Errors
    /// The token or the database fails; the record says then that the key was abandoned.
    pub async fn make_key(
        &self,
        purpose: KeyPurpose,
        scheme: Option<Scheme>,
    ) -> Result<Key, Error> {
        let mut random = [0; 10];
        crate::crypto::random::fill(&mut random)?;
        let id = KeyId::new(self.now, random);
        let mut key = Key { id, purpose, scheme, public_point: Vec::new() };
        let (intended, now) = (key.clone(), self.now);
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move { Ok::<_, Error>(tx.insert_key(&intended, now).await?) })
            })
            .await?;
        let made = match scheme {
            Some(scheme) => self.token.generate(&key.id, purpose, scheme).await,
            None => self.token.generate_wrapping(&key.id, purpose).await.map(|()| Vec::new()),
        };
        let (state, point) = match &made {
            Ok(point) => (KeyState::Present, point.clone()),
            Err(_) => (KeyState::Abandoned, Vec::new()),
        };
        let id = key.id.clone();
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move { Ok::<_, Error>(tx.settle_key(&id, state, &point).await?) })
            })
            .await?;
        key.public_point = made?;
        Ok(key)
    }

    /// Issues a certificate under a CA key for (subject, key, days).
    async fn issue(
        &self,
        ca: &Key,
        issuer: Vec<u8>,
        about: (Subject, &Key, u32),
        extensions: Vec<Vec<u8>>,
    ) -> Result<Certificate, Error> {
        let (subject, key, days) = about;
        let mut serial = [0_u8; 16];
        crate::crypto::random::fill(&mut serial)?;
        // Positive, never zero, and always of the same length.
        if let Some(first) = serial.first_mut() {
            *first = (*first & 0x3f) | 0x40;
        }
        let template = CertificateTemplate {
            serial: serial.to_vec(),
            issuer,
            subject,
            not_before: self.now.plus_seconds(-60),
            not_after: self.now.plus_seconds(i64::from(days) * 86_400),
            scheme: SCHEME,
            point: key.public_point.clone(),
            extensions,
        };
        let to_be_signed = template.to_be_signed(SCHEME);
        let der = sign(self.token, ca, &to_be_signed).await?;
        Certificate::from_der(&der)
            .map_err(|_| Error::Internal("an issued certificate does not read back".to_owned()))
    }
}

/// Signs certificate, request or list with a key and checks the signature before it is used.
pub(super) async fn sign(token: &Token, key: &Key, to_be_signed: &[u8]) -> Result<Vec<u8>, Error> {
    let digest = sha256(to_be_signed);
    let signature = token.sign(key, key.purpose, digest).await?;
    verify_digest(SCHEME, &key.public_point, &digest, &signature)
        .map_err(|_| fault("the token's signature does not verify"))?;
    Ok(assemble(to_be_signed, SCHEME, &signature))
}

/// The device answered, but wrongly.
pub(super) fn fault(what: &str) -> Error {
    Error::Device(crate::devices::DeviceError::Fault(what.to_owned()))
}

/// Where the built-in CA publishes its revocation list.
fn crl_uri(config: &Config) -> String {
    format!("{}/public/crl/{SCHEME}.crl", config.http.public_url)
}

impl Service {
    /// Someone who makes keys, now.
    pub(super) fn maker(&self) -> Maker<'_> {
        Maker { store: &self.store, token: &self.token, config: &self.config, now: self.now() }
    }

    /// Issues the certificate of a seal by the built-in CA.
    pub(super) async fn issue_seal_certificate(
        &self,
        subject: Subject,
        key: &Key,
    ) -> Result<Certificate, Error> {
        let ca = &self.authority.ca;
        let uri = crl_uri(&self.config);
        let extensions = signer_extensions(&key.public_point, &ca.0.public_point, &uri);
        let about = (subject, key, self.config.ca.seal_days);
        self.maker().issue(&ca.0, ca.1.subject_der(), about, extensions).await
    }

    /// Signs a certificate request with the seal's own key.
    pub(super) async fn sign_request(
        &self,
        key: &Key,
        to_be_signed: &[u8],
    ) -> Result<Vec<u8>, Error> {
        sign(&self.token, key, to_be_signed).await
    }

    /// Publishes a revocation list if one is asked for, or the newest one ages.
    ///
    /// # Errors
    /// The token or the database fails; the wish stays in the outbox.
    pub async fn publish_crl_if_due(&self) -> Result<bool, Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        let asked = tx.undelivered(CRL_DUE).await?;
        let newest = tx.newest_crl(SCHEME).await?;
        let revoked = tx.revoked_certificates(SCHEME).await?;
        drop(tx);
        let now = self.now();
        let lifetime = i64::from(self.config.ca.crl_hours) * 3600;
        let fresh = newest
            .as_ref()
            .is_some_and(|(_, _, next_update)| *next_update > now.plus_seconds(lifetime / 2));
        if fresh && asked.is_empty() {
            return Ok(false);
        }
        let number = newest.map_or(1, |(number, ..)| number + 1);
        let (key, certificate) = &self.authority.ca;
        let template = CrlTemplate {
            issuer: certificate.subject_der(),
            issuer_point: key.public_point.clone(),
            number: u64::try_from(number).unwrap_or(1),
            this_update: now,
            next_update: now.plus_seconds(lifetime),
            revoked,
        };
        let list = sign(&self.token, key, &template.to_be_signed(SCHEME)).await?;
        let validity = (template.this_update, template.next_update);
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move {
                    tx.insert_crl(SCHEME, number, &list, validity).await?;
                    tx.delivered(&asked, validity.0).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        Ok(true)
    }

    /// The newest revocation list, DER.
    ///
    /// # Errors
    /// None was published yet, or the database fails.
    pub async fn newest_crl(&self) -> Result<Vec<u8>, Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        let newest = tx.newest_crl(SCHEME).await?;
        newest.map(|(_, list, _)| list).ok_or(Error::NotFound("the revocation list"))
    }
}

/// Asks for a new revocation list after a certificate was revoked.
pub(super) async fn ask_for_crl(
    tx: &mut crate::store::Tx,
    id: String,
    now: Timestamp,
) -> Result<(), Error> {
    Ok(tx.post(id, CRL_DUE, &serde_json::Value::Null, now).await?)
}

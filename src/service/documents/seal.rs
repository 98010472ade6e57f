//! Sealing a document: steps 1 to 3, 7 and 9 of the signing cycle.

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::{
    binding::{Prepared, Unsigned, choose, format_of, sub_filter},
    extend::{ExtensionLevel, ExtensionOrder},
    failpoint,
    order::SealOrder,
    receipt::Receipt,
    record::NewRecord,
    request::{Layout, SealRequest, check, check_for},
    signing_cycle::{Intent, Keepsake, Signer, SignerKey, not_active},
};
use crate::{
    containers::ses::{self, SesVersion},
    crypto::{
        Scheme,
        digest::{hex, sha256},
    },
    domain::{
        Timestamp,
        caption::Caption,
        id::{SignatureId, UseApprovalId},
        report::Integrity,
        seal_state::SealState,
        signing::{DocumentFormat, FileSignature, Signature, SignatureForm},
        source::{ReadAt, Received, Source},
    },
    formats::{
        Sealed, file,
        ofd::{self, OfdError},
        pdf::{self, Appearance, CaptionText, PdfError},
    },
    pictures::{DrawError, Vector, qr_code, read_png, typeset},
    pki::Certificate,
    policy::{Action, GrantFacts, Level, Permit, Resource},
    service::{Act, Error, Service, seals},
    verification,
};

/// A sealed document with its record.
#[derive(Clone, Debug)]
pub struct SealedDocument {
    /// The record.
    pub signature: Signature,
    /// The document.
    pub sealed: Sealed,
    /// The signed receipt.
    pub receipt: Receipt,
    /// Whether the same answer was given before.
    pub replayed: bool,
}

impl Service {
    /// Seals a PDF or an OFD, or signs a file of any kind.
    ///
    /// # Errors
    /// The document cannot be sealed, policy says no, the idempotency key or business number is in
    /// other use, the seal is not active, or the token fails. Nothing is released on any error.
    pub async fn seal_document(
        &self,
        act: &Act,
        document: Received,
        order: impl Into<SealOrder>,
    ) -> Result<SealedDocument, Error> {
        let order = order.into();
        let digest = hex(&document.digest());
        let claim = act.claim(self, "use", &(&order, &digest));
        if let Some((answer, keepsake)) = self.kept_release(claim.as_ref()).await? {
            let sealed = Sealed::again(document, &keepsake).ok_or(Error::IdempotencyMismatch)?;
            return self.answer_again(&answer.body, sealed).await;
        }
        let by_code = matches!(order, SealOrder::Licence(_));
        let request = self.in_full(act, order).await?;
        let layout = check(&request)?;
        let format = match request.as_file {
            Some(_) => DocumentFormat::File,
            None => format_of(&document.source),
        };
        let (scheme, form) = choose(format, request.scheme, request.signature_form)?;
        check_for(format, form, &request, &layout)?;
        // 1. The seal version and its credential; active now.
        let signer =
            self.signer(act, &request.seal_id, scheme, &request.document_type, false).await?;
        // 2. Permission, which expires in seconds and is used up in transaction 1.
        let permit = self.may_use(act, &signer, Action::Use, &request.document_type)?;
        if !by_code {
            // Who approves a licence does not approve what else a request could write on it.
            signer.check_free_use()?;
        }
        let use_approval = self
            .approved_use(
                &signer,
                request.use_approval_id.as_deref(),
                (&request.document_type, &digest),
            )
            .await?;
        // 3. The document with a hole, and what is to be signed.
        let now = self.now();
        let id = SignatureId::new(now, self.randomness()?);
        let level = self.level_in(&signer, form);
        let work = Work { document, layout, format, form };
        let prepared = self.prepare(&signer, work, &request, (&id, now)).await?;
        let unsigned = Unsigned::begin(form, &prepared, &signer, now)?;
        let to_be_signed = unsigned.digest()?;
        let about = NewRecord {
            id,
            document_type: request.document_type,
            business_number: request.business_number,
            format,
            content_unseen: false,
            document_digest: digest,
            at: now,
        };
        let signature = self.new_record(act, &signer, about)?;
        let intent = Intent {
            act: Arc::new(act.clone()),
            signer,
            permit,
            claim,
            use_approval,
            signature,
            to_be_signed,
        };
        // 4 to 6.
        let signed = self.sign_on_record(intent).await?;
        let (signed, timestamp) = self.timestamped(signed, level).await?;
        // 7. The blob goes into the hole; the result is read back as a stranger would.
        let blob = unsigned.finish(&signed.value, timestamp.as_deref());
        failpoint!("before-embed");
        let embedding = move || prepared.embed(&blob);
        let embedded = self.workbench.run("embedding", embedding).await;
        let mut embedded = embedded.and_then(|done| done);
        if let (Ok((sealed, _)), Some(level)) = (&embedded, extension(format, level)) {
            let order = ExtensionOrder { level, by_signature: false };
            let of = hex(&sha256(&signed.value));
            embedded =
                self.extended(sealed.clone(), order, Some(of)).await.and_then(|(sealed, _)| {
                    let digest = sealed.digest().map_err(PdfError::from)?;
                    Ok((sealed, digest))
                });
        }
        let (sealed, sealed_digest) = match embedded {
            Ok(done) => done,
            Err(error) => return Err(self.abort(signed, error).await),
        };
        failpoint!("after-embed");
        // 8.
        let keepsake = Keepsake { sealed_digest: Some(sealed_digest), appended: sealed.keepsake() };
        let (signature, signer) = self.release(signed, keepsake).await?;
        // 9. The answer, with its receipt.
        let receipt = self.receipt(&signature, &signer.seal, &signer.version).await?;
        Ok(SealedDocument { signature, sealed, receipt, replayed: false })
    }

    async fn answer_again(&self, body: &str, sealed: Sealed) -> Result<SealedDocument, Error> {
        let signature: Signature = serde_json::from_str(body)
            .map_err(|_| Error::Internal("a kept answer does not read back".to_owned()))?;
        let receipt = self.receipt_of(&signature).await?;
        Ok(SealedDocument { signature, sealed, receipt, replayed: true })
    }

    /// Step 1: the version in use, its credential, key and chain, and the grant that applies.
    pub(super) async fn signer(
        &self,
        act: &Act,
        seal: &str,
        scheme: Scheme,
        document_type: &str,
        digests: bool,
    ) -> Result<Arc<Signer>, Error> {
        let key = SignerKey {
            principal: act.principal()?.id.clone(),
            seal: seal.to_owned(),
            scheme,
            document_type: document_type.to_owned(),
            digests,
        };
        let now = self.now();
        if let Some(known) = self.signers.get(&key, now).filter(|known| known.is_in_time(now)) {
            return Ok(known);
        }
        let begun = self.signers.begin();
        let signer = Arc::new(self.find_signer(act, &key).await?);
        // Which of several grants with quotas applies depends on what is left of them.
        if signer.grant.quota.is_none() {
            self.signers.keep(key, Arc::clone(&signer), now, begun);
        }
        Ok(signer)
    }

    async fn find_signer(&self, act: &Act, key: &SignerKey) -> Result<Signer, Error> {
        let SignerKey { principal, seal, scheme, document_type, digests } = key;
        let digests = *digests;
        let mut tx = self.reading(act).await?;
        let found =
            seals::find(&mut tx, seal, seals::numbered_or_current(None), self.now()).await?;
        let now = self.now();
        let grants = tx.grants(&found.seal.id, Some(principal)).await?;
        let applies = |grant: &&crate::domain::seal::Grant| {
            let named = grant.document_types.iter().any(|known| known == document_type);
            grant.revoked_at.is_none()
                && grant.valid_from <= now
                && now < grant.valid_until
                && (grant.document_types.is_empty() || named)
                && (grant.digests || !digests)
        };
        // One with quota left, if there is such; else any, so that the answer can be "used up".
        let left = |grant: &&crate::domain::seal::Grant| grant.quota.is_none_or(|q| grant.used < q);
        let grant =
            grants.iter().filter(applies).find(left).or_else(|| grants.iter().find(applies));
        let Some(grant) = grant.cloned() else {
            // Policy gives the answer, so that a no is always policy's and has its ids.
            let using = Some(GrantFacts { grant: None, document_type });
            let resource = Resource::Seal { ancestry: &found.above, facts: &found.facts, using };
            let action = if digests { Action::SignDigest } else { Action::Use };
            let _ = self.permit(act, action, resource)?;
            return Err(Error::Internal("policy allows use without a grant".to_owned()));
        };
        if found.version.state != SealState::Active {
            return Err(not_active(found.version.state));
        }
        if found.version.valid_until.is_none_or(|until| until < now) {
            return Err(not_active(SealState::Expired));
        }
        seals::check_kept(tx.kept_until(&found.seal.id).await?, now)?;
        if found.version.credentials.is_empty() {
            let text = "the seal was made elsewhere; it is only registered here and has no key";
            return Err(Error::conflict("no-credential", text));
        }
        let credential = found.version.credentials.iter().find(|c| c.scheme == *scheme);
        let credential = credential.ok_or(Error::NotFound("a credential of the scheme"))?.clone();
        let key = tx.key(&credential.key_id).await?.ok_or(Error::NotFound("the key"))?;
        let chain = Certificate::from_pem(&credential.certificate_chain.concat())
            .map_err(|_| Error::Internal("the seal's chain does not read back".to_owned()))?;
        let approvals_needed = tx.approvals_needed(&found.seal.id, document_type).await?;
        let structure = match scheme {
            Scheme::Sm2 => tx.seal_structure(&credential.id).await?,
            Scheme::P256 => None,
        };
        let structure =
            structure.map(|der| Ok::<_, Error>((version_of(&der)?, der))).transpose()?;
        Ok(Signer {
            structure,
            seal: found.seal,
            version: found.version,
            credential,
            key,
            chain,
            grant,
            approvals_needed,
            above: found.above,
        })
    }

    /// The permission for this use, where the type of document asks for one or one is shown. It is
    /// looked at again, and used up, in transaction 1.
    async fn approved_use(
        &self,
        signer: &Signer,
        id: Option<&str>,
        (document_type, digest): (&str, &str),
    ) -> Result<Option<UseApprovalId>, Error> {
        let Some(id) = id else {
            return signer.check_free_use().map(|()| None);
        };
        let id = UseApprovalId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let approval = self.reading_service().await?.use_approval(&id).await?;
        let approval = approval.filter(|one| one.seal_id == signer.seal.id);
        let approval = approval.ok_or(Error::NotFound("the use approval"))?;
        let about = (&signer.seal.id, document_type, digest);
        // Whether it was used up is told where the record is known.
        match approval.refuses(about, approval.used_by.as_ref(), self.now()) {
            Some(why) => Err(Error::conflict("use-approval-unfit", why)),
            None => Ok(Some(id)),
        }
    }

    /// Step 2.
    pub(super) fn may_use(
        &self,
        act: &Act,
        signer: &Signer,
        action: Action,
        document_type: &str,
    ) -> Result<Permit, Error> {
        let facts = crate::policy::SealFacts {
            id: signer.seal.id.to_string(),
            kind: signer.seal.kind.to_string(),
            state: signer.version.state.to_string(),
            ..crate::policy::SealFacts::default()
        };
        let using = Some(GrantFacts { grant: Some(&signer.grant), document_type });
        self.permit(act, action, Resource::Seal { ancestry: &signer.above, facts: &facts, using })
    }

    /// Step 3: the document with its hole.
    async fn prepare(
        &self,
        signer: &Signer,
        work: Work,
        request: &SealRequest,
        about: (&SignatureId, Timestamp),
    ) -> Result<Prepared, Error> {
        if let Some(kind) = request.as_file {
            return self.prepare_file(signer, work.document, kind).await;
        }
        let appearance = self.appearance(signer).await?;
        if work.format == DocumentFormat::Ofd {
            return self.prepare_ofd(signer, work, request, (&appearance, about.1)).await;
        }
        let Work { document, layout, form, .. } = work;
        let (asked, seed) = (request.clone(), self.randomness()?);
        let (unique, signing_time) = (about.0.to_string(), about.1);
        let room = self.container_room(signer, form)?;
        let (name, digest) = (signer.version.name.clone(), signer.credential.scheme.digest());
        let preparing = move || {
            let caption = match &asked.caption {
                Some(caption) => {
                    let lines = caption.lines(&name, signing_time, asked.reason.as_deref());
                    Some(set_caption(caption, &lines)?)
                }
                None => None,
            };
            let request = pdf::SealingRequest {
                target: &layout.target,
                across: asked.across_pages.as_ref().zip(layout.across.as_ref()),
                caption: caption.as_ref(),
                certify: asked.certify,
                later_fields: &asked.later_fields,
                password: asked.password.as_ref().map(ExposeSecret::expose_secret),
                appearance: &appearance,
                name: &name,
                reason: asked.reason.as_deref(),
                signing_time,
                unique: &unique,
                seed,
                room,
                digest,
                sub_filter: sub_filter(form),
            };
            Ok(Prepared::Pdf(Box::new(pdf::prepare(&document, &request)?)))
        };
        self.workbench.run("preparing", preparing).await?
    }

    async fn prepare_file(
        &self,
        signer: &Signer,
        document: Received,
        kind: FileSignature,
    ) -> Result<Prepared, Error> {
        let inside = kind == FileSignature::Enveloping;
        if inside && document.source.size() > file::LARGEST_INSIDE {
            let text = "a file of over 16 MiB is not put into its signature; ask for detached";
            return Err(Error::invalid("file-too-large-to-envelop", text));
        }
        let digest = signer.credential.scheme.digest();
        let preparing = move || {
            let medium = |error| Error::Internal(format!("the document's medium: {error}"));
            let prepared = file::prepare(&document, digest, inside).map_err(medium)?;
            Ok(Prepared::File(Box::new(prepared)))
        };
        self.workbench.run("preparing", preparing).await?
    }

    async fn prepare_ofd(
        &self,
        signer: &Signer,
        work: Work,
        request: &SealRequest,
        (appearance, signing_time): (&Appearance, Timestamp),
    ) -> Result<Prepared, Error> {
        let Work { document, layout, form, .. } = work;
        let (across, is_final) = (request.across_pages.clone(), request.closing);
        let size_mm = appearance.size_mm();
        let seal = match form {
            SignatureForm::GmSeal => Some(signer.seal_structure()?.1.to_vec()),
            _ => None,
        };
        let preparing = move || {
            check_earlier_signatures(&document.source, signing_time)?;
            let request = ofd::SealingRequest {
                target: &layout.target,
                across: across.as_ref().zip(layout.across.as_ref()),
                size_mm,
                seal: seal.as_deref(),
                is_final,
                signing_time,
            };
            Ok(Prepared::Ofd(Box::new(ofd::prepare(&document, &request)?)))
        };
        self.workbench.run("preparing", preparing).await?
    }

    async fn appearance(&self, signer: &Signer) -> Result<Arc<Appearance>, Error> {
        let key = signer.version.id.to_string();
        if let Some(known) = self.remembered_appearance(&key) {
            return Ok(known);
        }
        let mut tx = self.store.read(crate::domain::organization::Scope::Service).await?;
        let picture = tx.picture(&signer.version.id).await?;
        let picture = picture.ok_or(Error::NotFound("the picture of the seal"))?;
        drop(tx);
        let reading = move || {
            let size = (picture.width_mm, picture.height_mm);
            appearance(&picture.png, picture.svg.as_deref(), size)
        };
        let appearance = self.workbench.run("reading the picture", reading).await?;
        let appearance = appearance.map_err(Error::Internal)?;
        let appearance = Arc::new(appearance);
        self.remember_appearance(key, Arc::clone(&appearance));
        Ok(appearance)
    }
}

/// A picture ready to be written into documents: its outlines where it has such, else its pixels.
///
/// # Errors
/// The picture does not read back, in words.
pub fn appearance(
    png: &[u8],
    svg: Option<&str>,
    size_mm: (f64, f64),
) -> Result<Appearance, String> {
    if let Some(svg) = svg {
        let vector = Vector::read(svg).map_err(|error| error.to_string())?;
        return Ok(Appearance::vector(vector, size_mm));
    }
    let pixels = read_png(png).map_err(|error| error.to_string())?;
    Appearance::new(pixels.width, pixels.height, &pixels.rgba, size_mm)
        .map_err(|error| error.to_string())
}

/// A caption as glyphs.
///
/// # Errors
/// The font lacks a character, or there is none.
pub fn set_caption(caption: &Caption, lines: &[String]) -> Result<CaptionText, Error> {
    let unfit = |error: DrawError| Error::invalid("invalid-caption", error.to_string());
    let text = typeset(lines).map_err(unfit)?;
    let code = caption.qr_code.as_deref().map(qr_code).transpose().map_err(unfit)?;
    Ok(CaptionText { text, code })
}

/// How far a document is extended at once when it is sealed.
fn extension(format: DocumentFormat, level: Level) -> Option<ExtensionLevel> {
    match level {
        Level::LongTerm if format == DocumentFormat::Pdf => Some(ExtensionLevel::LongTerm),
        Level::Archived if format == DocumentFormat::Pdf => Some(ExtensionLevel::Archived),
        _ => None,
    }
}

/// The version of an electronic seal of ours.
fn version_of(structure: &[u8]) -> Result<SesVersion, Error> {
    let seal = ses::Seal::from_der(structure);
    seal.map(|seal| seal.version).map_err(|error| Error::Internal(error.to_string()))
}

/// A document on its way to be prepared.
struct Work {
    document: Received,
    layout: Layout,
    format: DocumentFormat,
    form: SignatureForm,
}

/// Earlier signatures of an OFD must be whole; whom they are of does not matter here.
fn check_earlier_signatures(source: &Source, at: Timestamp) -> Result<(), Error> {
    let options = verification::Options::trusting_nobody(at);
    let report = verification::verify(source, &options).report;
    let broken = report.signatures.iter().find(|s| s.integrity != Integrity::Intact);
    match broken {
        Some(broken) => {
            let text = format!("the earlier signature {} does not hold", broken.index + 1);
            Err(OfdError::Damaged(text).into())
        }
        None => Ok(()),
    }
}

//! Taking a stock of seals in that were made elsewhere 存量导入: every row is checked before the first
//! is written, and all are written at once or none.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use const_oid::db::rfc4519;

use crate::{
    crypto::digest::{hex, sha256},
    domain::{
        Timestamp,
        cause::RevocationCause,
        id::{ApplicationId, OrganizationId, SealId, SealVersionId},
        organization::is_acceptable_name,
        register::{Fault, ImportReport, SealRow},
        seal::SealKind,
        seal_code::SealCodeScheme,
        seal_state::SealState,
    },
    pki::{bundle, extension::OID_ORGANIZATION_IDENTIFIER},
    policy::{Action, Resource},
    service::{Act, Answer, Error, Service},
    store::{ImportedSeal, Payload, Tx},
};

/// The most rows of one list.
const MOST_ROWS: usize = 20_000;
/// The most faults that are told.
const MOST_FAULTS: usize = 1000;

/// A list of seals.
pub enum SealList {
    /// CSV with a heading, UTF-8.
    Csv(Vec<u8>),
    /// A JSON array.
    Json(Vec<u8>),
}

impl SealList {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Csv(bytes) | Self::Json(bytes) => bytes,
        }
    }

    /// The rows; a row that is none is told as a fault.
    fn rows(&self) -> Result<Vec<Result<SealRow, String>>, Error> {
        let malformed = |text: String| Error::invalid("malformed-list", text);
        let rows: Vec<_> = match self {
            Self::Json(bytes) => {
                let values: Vec<serde_json::Value> = serde_json::from_slice(bytes)
                    .map_err(|_| malformed("the list is no JSON array".to_owned()))?;
                let row = |value| serde_json::from_value(value).map_err(|e| describe(&e));
                values.into_iter().map(row).collect()
            }
            Self::Csv(bytes) => {
                // A byte order mark is what spreadsheets put in front.
                let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
                let mut reader = csv::Reader::from_reader(bytes);
                let heading = reader.headers().map_err(|error| malformed(error.to_string()))?;
                if heading.iter().all(|name| name != "uscc") {
                    let text = "the first line has to name the columns: uscc, kind, name, code, …";
                    return Err(malformed(text.to_owned()));
                }
                let plain = |row: SealRow| SealRow {
                    name: plain(row.name),
                    certificate: plain(row.certificate),
                    ..row
                };
                reader.deserialize().map(|row| row.map(plain).map_err(|e| describe(&e))).collect()
            }
        };
        if rows.len() > MOST_ROWS {
            return Err(malformed(format!("a list has at most {MOST_ROWS} rows")));
        }
        Ok(rows)
    }
}

/// A cell without the mark that keeps spreadsheets from taking it as a formula.
fn plain(text: String) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\'']) => rest.to_owned(),
        _ => text,
    }
}

/// What is wrong with a row as a whole, without the values in it.
fn describe(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let known = ["missing field", "unknown field", "found record with", "invalid UTF-8"];
    match known.iter().any(|start| text.contains(start)) {
        true => text.split(", expected").next().unwrap_or_default().chars().take(200).collect(),
        false => "the row is not as documented".to_owned(),
    }
}

/// What the checks need to know.
struct Surroundings {
    owners: HashMap<String, Option<(OrganizationId, String)>>,
    taken_codes: BTreeSet<String>,
    now: Timestamp,
}

/// Faults as they are found.
#[derive(Default)]
struct Faults {
    told: Vec<Fault>,
    count: u64,
}

impl Faults {
    fn add(&mut self, row: usize, column: &str, code: &str, detail: &str) {
        self.count += 1;
        if self.told.len() < MOST_FAULTS {
            self.told.push(Fault {
                row: row as u64 + 1,
                column: column.to_owned(),
                code: code.to_owned(),
                detail: detail.to_owned(),
            });
        }
    }
}

impl Service {
    /// Whether lists may be sent at all, before one is read.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn may_import(&self, act: &Act) -> Result<(), Error> {
        let own = act.principal()?.organization_id.clone();
        let above = self.ancestry_of(act, &own).await?;
        let resource = Resource::Organization { ancestry: &above };
        self.permit(act, Action::ImportSeals, resource).map(drop)
    }

    /// Takes a list of seals into the register, or only says what would come of it.
    ///
    /// # Errors
    /// The list is malformed; a row is faulty ([`Error::FaultyList`], nothing is taken in then,
    /// unless it is a dry run, which tells the faults); or policy says no.
    pub async fn import_seals(
        &self,
        act: &Act,
        list: SealList,
        dry_run: bool,
    ) -> Result<Answer, Error> {
        let digest = hex(&sha256(list.bytes()));
        let once = self.once_for(
            act,
            if dry_run { 200 } else { 201 },
            "import-seals",
            &(&digest, dry_run),
        );
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        // One list at a time: each holds its rows in memory, and the writer for a while.
        let _turn = self.imports.try_lock().map_err(|_| Error::Overloaded)?;
        let own = act.principal()?.organization_id.clone();
        let above = self.ancestry_of(act, &own).await?;
        let resource = Resource::Organization { ancestry: &above };
        let permit = self.permit(act, Action::ImportSeals, resource)?;
        let rows = list.rows()?;
        let count = rows.len() as u64;
        let around = self.surroundings(act, &rows).await?;
        let mut faults = Faults::default();
        let seals = self.check_rows(&rows, &around, &mut faults)?;
        let mut tx = self.reading_service().await?;
        check_register(&mut tx, &seals, &mut faults).await?;
        drop(tx);
        faults.told.sort_by_key(|fault| fault.row);
        let faulty = faults.count > 0;
        let report = ImportReport {
            rows: count,
            imported: if dry_run || faulty { 0 } else { count },
            dry_run,
            faults: faults.told,
            fault_count: faults.count,
        };
        if faulty && !dry_run {
            return Err(Error::FaultyList(Box::new(report)));
        }
        let (actor, now) = (act.clone(), self.now());
        let scheme = self.config.register.seal_code_scheme().map_err(Error::Internal)?;
        let areas =
            rows.into_iter().flatten().map(|row| row.uscc.get(2..8).unwrap_or_default().to_owned());
        let areas: Vec<String> = areas.collect();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                if dry_run {
                    return Ok(report);
                }
                let mut seals: Vec<ImportedSeal> =
                    seals.into_iter().map(|(_, seal)| seal).collect();
                for (seal, area) in seals.iter_mut().zip(&areas) {
                    if seal.code.is_empty() {
                        seal.code = super::free_code(tx, area, &scheme).await?;
                    }
                }
                let who = (&actor.principal()?.id, actor.person()?);
                tx.import_seals(&seals, who, now).await?;
                let subject = format!("list:{digest}");
                let mut event = actor.event(now, &own, "import-seals", subject, &decision);
                let what = serde_json::json!({ "rows": count, "sha256": digest });
                event.payload = Payload::Here(what.to_string());
                tx.record(event).await?;
                Ok(report)
            })
        })
        .await
    }

    async fn surroundings(
        &self,
        act: &Act,
        rows: &[Result<SealRow, String>],
    ) -> Result<Surroundings, Error> {
        let mut tx = self.reading(act).await?;
        let mut owners = HashMap::new();
        for row in rows.iter().flatten() {
            if owners.contains_key(&row.uscc) {
                continue;
            }
            let found = match tx.organization_of_uscc(&row.uscc).await? {
                Some(found) if found.ended_at.is_none() => Some((found.id, found.name)),
                _ => None,
            };
            owners.insert(row.uscc.clone(), found);
        }
        let codes: Vec<String> = rows.iter().flatten().map(|row| row.code.clone()).collect();
        let taken_codes = tx.taken_codes(&codes).await?;
        Ok(Surroundings { owners, taken_codes, now: self.now() })
    }

    /// Every row by itself and against the others.
    fn check_rows(
        &self,
        rows: &[Result<SealRow, String>],
        around: &Surroundings,
        faults: &mut Faults,
    ) -> Result<Vec<(usize, ImportedSeal)>, Error> {
        let mut seals = Vec::new();
        let (mut codes, mut names, mut prints) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (place, row) in rows.iter().enumerate() {
            let row = match row {
                Ok(row) => row,
                Err(why) => {
                    faults.add(place, "", "malformed-row", why);
                    continue;
                }
            };
            let before = faults.count;
            let twice =
                |earlier: Option<usize>| earlier.map(|row| format!("as in row {}", row + 1));
            if !row.code.is_empty()
                && let Some(text) = twice(codes.insert(row.code.clone(), place))
            {
                faults.add(place, "code", "code-twice", &text);
            }
            let Some(seal) = self.check_row(place, row, around, faults)? else { continue };
            let open = !matches!(seal.state.0, SealState::Revoked | SealState::Invalidated);
            let name = (seal.organization.clone(), seal.kind.as_str(), seal.name.clone());
            if open && let Some(text) = twice(names.insert(name, place)) {
                faults.add(place, "name", "seal-twice", &text);
            }
            if let Some((fingerprint, _)) = &seal.certificate
                && let Some(text) = twice(prints.insert(fingerprint.clone(), place))
            {
                faults.add(place, "certificate", "certificate-twice", &text);
            }
            if faults.count == before {
                seals.push((place, seal));
            }
        }
        Ok(seals)
    }

    fn check_row(
        &self,
        place: usize,
        row: &SealRow,
        around: &Surroundings,
        faults: &mut Faults,
    ) -> Result<Option<ImportedSeal>, Error> {
        let before = faults.count;
        let owner = around.owners.get(&row.uscc).and_then(Option::as_ref);
        if owner.is_none() {
            faults.add(place, "uscc", "owner-unknown", "no organization in scope has this code");
        }
        let kind = SealKind::parse(&row.kind);
        if kind.is_none() {
            faults.add(place, "kind", "kind-unknown", "this is no kind of seal");
        }
        if !is_acceptable_name(&row.name, 100) {
            faults.add(place, "name", "invalid-name", "a name has 1 to 100 characters");
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if row.code.len() > 40 || !row.code.chars().all(fits) {
            let text = "a code has up to 40 ASCII letters, digits and hyphens";
            faults.add(place, "code", "invalid-code", text);
        } else if around.taken_codes.contains(&row.code) {
            faults.add(place, "code", "code-taken", "a seal of the register has this code");
        }
        let state = check_state(place, row, around.now, faults);
        let from = time(place, "valid_from", &row.valid_from, faults);
        let until = time(place, "valid_until", &row.valid_until, faults);
        if let (Some(from), Some(until)) = (from, until) {
            let over = until < around.now;
            let state = state.map(|(state, ..)| state);
            if until <= from {
                faults.add(place, "valid_until", "validity-unfit", "it ends before it begins");
            } else if over && matches!(state, Some(SealState::Active | SealState::Suspended)) {
                let text = "its validity is over; its state is expired";
                faults.add(place, "state", "validity-unfit", text);
            } else if !over && state == Some(SealState::Expired) {
                faults.add(place, "state", "validity-unfit", "its validity is not over");
            }
        }
        let certificate = match row.certificate.trim() {
            "" => None,
            text => match bundle::certificates(text).map(|all| all.into_iter().next()) {
                Ok(Some(leaf)) => {
                    let owner = owner.map(|(_, name)| name.as_str()).unwrap_or_default();
                    let names = leaf.subject_has(rfc4519::O, owner)
                        || leaf.subject_has(rfc4519::CN, owner)
                        || leaf.subject_has(OID_ORGANIZATION_IDENTIFIER, &row.uscc);
                    if !names {
                        // Else somebody else's signatures would be this seal's.
                        let text = "the certificate names another organization than the owner";
                        faults.add(place, "certificate", "certificate-subject-mismatch", text);
                    }
                    // The national rule: a seal is not valid longer than its owner's certificate.
                    if until.is_some_and(|until| until > leaf.not_after()) {
                        let text = "the certificate ends before the seal";
                        faults.add(place, "valid_until", "validity-unfit", text);
                    }
                    Some((leaf.fingerprint(), leaf.to_pem()))
                }
                _ => {
                    let text = "this is no certificate in PEM or base64";
                    faults.add(place, "certificate", "certificate-malformed", text);
                    None
                }
            },
        };
        let (Some((organization, _)), Some(kind), Some(state), Some(from), Some(until)) =
            (owner, kind, state, from, until)
        else {
            return Ok(None);
        };
        if faults.count != before {
            return Ok(None);
        }
        // Identifiers of one moment sort in the order of the list.
        let mut unique = self.randomness::<10>()?;
        let order = u32::try_from(place).unwrap_or(u32::MAX).to_be_bytes();
        unique.iter_mut().zip(order).for_each(|(byte, digit)| *byte = digit);
        let ids = (
            SealId::new(around.now, unique),
            SealVersionId::new(around.now, unique),
            ApplicationId::new(around.now, unique),
        );
        Ok(Some(ImportedSeal {
            ids,
            organization: organization.clone(),
            code: row.code.clone(),
            kind,
            name: row.name.clone(),
            state,
            validity: (from, until),
            certificate,
        }))
    }
}

type State = (SealState, Timestamp, Option<RevocationCause>);

fn check_state(place: usize, row: &SealRow, now: Timestamp, faults: &mut Faults) -> Option<State> {
    use SealState as S;
    let state = match row.state.as_str() {
        "" => Some(S::Active),
        word => SealState::parse(word),
    };
    let known = [S::Active, S::Suspended, S::Lost, S::Revoked, S::Expired, S::Invalidated];
    let Some(state) = state.filter(|state| known.contains(state)) else {
        faults.add(place, "state", "state-unknown", "a seal of a list is in none of such states");
        return None;
    };
    // What is in use and does not say since when has been since its validity began.
    let since = match row.state_since.as_str() {
        "" if state == S::Active => {
            time(place, "valid_from", &row.valid_from, &mut Faults::default())
        }
        "" => Some(now),
        text => time(place, "state_since", text, faults),
    };
    let cause = match row.cause.as_str() {
        "" => None,
        word => {
            let cause = RevocationCause::parse(word);
            if cause.is_none() || state != S::Revoked {
                let text = "only what is revoked has a cause, and one of those that are known";
                faults.add(place, "cause", "cause-unfit", text);
            }
            cause
        }
    };
    Some((state, since.unwrap_or(now), cause))
}

fn time(place: usize, column: &str, text: &str, faults: &mut Faults) -> Option<Timestamp> {
    let time = Timestamp::parse(text).ok();
    if time.is_none() {
        faults.add(
            place,
            column,
            "invalid-time",
            "not an RFC 3339 time such as 2026-03-01T08:00:00Z",
        );
    }
    time
}

/// Every row against the register.
async fn check_register(
    tx: &mut Tx,
    seals: &[(usize, ImportedSeal)],
    faults: &mut Faults,
) -> Result<(), Error> {
    for (place, seal) in seals {
        let ended = matches!(seal.state.0, SealState::Revoked | SealState::Invalidated);
        if !ended && tx.seal_of_name(&seal.organization, seal.kind, &seal.name).await?.is_some() {
            let text = "the organization has a seal of this kind and name";
            faults.add(*place, "name", "seal-duplicate", text);
        }
        if let Some((fingerprint, _)) = &seal.certificate
            && tx.seal_of_certificate(fingerprint).await?.is_some()
        {
            let text = "a seal of the register has this certificate";
            faults.add(*place, "certificate", "certificate-taken", text);
        }
    }
    Ok(())
}

/// The next code of an area that no seal has, also none that came with a code of its own.
pub(in crate::service) async fn free_code(
    tx: &mut Tx,
    area: &str,
    scheme: &SealCodeScheme,
) -> Result<String, Error> {
    let series = format!("seal:{}", scheme.series(area));
    loop {
        let serial = tx.next_number(&series).await?;
        let code = scheme.code(area, serial).ok_or_else(|| {
            Error::conflict("seal-codes-used-up", "all serial numbers of seal codes are used up")
        })?;
        if !tx.is_seal_code_taken(&code).await? {
            return Ok(code);
        }
    }
}

//! `sealwright extend`: keeping sealed PDF files for the time when their certificates have ended, without
//! a server; only a time-stamping authority is asked.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Exit,
    exit::Wrong,
    print,
    verify::{Trust, load_policy},
};
use crate::{
    app,
    clients::{
        guard::Network,
        tsa::{self, TsaServer},
    },
    config::FetchingConfig,
    crypto::{DigestAlgorithm, digest::hex, random},
    domain::{
        Clock, SystemClock, Timestamp,
        report::{Indication, Report},
        source::{ReadAt, Received, Source},
    },
    formats::pdf::{self, Extension, ValidationData},
    pki::timestamp::{TimestampQuery, token_of},
    reports::shown,
    verification::{self, Options, ValidationPolicies},
};

/// How many bytes a token takes at most: it brings its chain along.
const ROOM: usize = 12 << 10;

/// What to extend, and how.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// The sealed PDF files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A directory with trusted roots (`*.pem`) and revocation lists (`*.crl`), as for `verify`.
    #[arg(long)]
    trust: PathBuf,
    /// The time-stamping authority (RFC 3161).
    #[arg(long, value_name = "URL")]
    tsa: String,
    /// Where the extended files go, under the same names.
    #[arg(long)]
    out: PathBuf,
    /// Only with validation data, without a document timestamp over them (B-LT).
    #[arg(long)]
    no_timestamp: bool,
    /// Say for each signature what its validation rests upon (`/VRI`).
    #[arg(long)]
    vri: bool,
    /// Only files whose last document timestamp's authority ends within so many days; files without one
    /// in any case.
    #[arg(long, value_name = "DAYS")]
    due: Option<u32>,
    /// The validation policy.
    #[arg(long, default_value = ValidationPolicies::DEFAULT)]
    policy: String,
    /// Fetch nothing: only what is at hand tells the status of certificates.
    #[arg(long)]
    offline: bool,
    /// Networks that may be called beside the public internet, such as 10.20.0.0/16.
    #[arg(long, value_name = "NETWORK", conflicts_with = "offline")]
    allow: Vec<Network>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let fetching = FetchingConfig {
        enabled: !arguments.offline,
        networks: arguments.allow.clone(),
        issuers: true,
        ..FetchingConfig::default()
    };
    let now = SystemClock.now();
    let options = Options {
        policy: load_policy(&arguments.policy)?,
        fetching: app::fetching(&fetching, Arc::new(SystemClock)),
        ..Trust::load(&arguments.trust)?.options(now)
    };
    let wrong =
        |path: &Path, error: &dyn std::fmt::Display| Wrong(format!("{}: {error}", path.display()));
    fs::create_dir_all(&arguments.out).map_err(|error| wrong(&arguments.out, &error))?;
    let mut worst = Exit::Good;
    for file in &arguments.files {
        let name = file.file_name().ok_or_else(|| wrong(file, &"it has no name"))?;
        let target = arguments.out.join(name);
        let named = shown(&file.display().to_string());
        let extended = extend(file, arguments, &options).map_err(|why| (Exit::Indeterminate, why));
        let written = extended.and_then(|extended| match extended {
            None => Ok(None),
            Some(_) if target.exists() => {
                Err((Exit::Usage, format!("{} exists already", target.display())))
            }
            Some(extended) => {
                let written = write(&target, &extended);
                written.map(Some).map_err(|error| (Exit::Unavailable, error.to_string()))
            }
        });
        match written {
            Ok(Some(())) => {
                print(&format!("{named} -> {}", shown(&target.display().to_string())))?;
            }
            Ok(None) => print(&format!("{named}: not due yet"))?,
            Err((exit, why)) => {
                print(&format!("{named}: {}", shown(&why)))?;
                worst = worst.max(exit);
            }
        }
    }
    Ok(worst)
}

/// The extended document; none where that is not due.
fn extend(
    file: &Path,
    arguments: &Arguments,
    options: &Options,
) -> Result<Option<Received>, String> {
    let source = fs::File::open(file).and_then(Source::file).map_err(|error| error.to_string())?;
    let received = Received::read(source).map_err(|error| error.to_string())?;
    let before = verification::verify(&received.source, options);
    check(&before.report)?;
    let within = arguments.due.map(|days| options.at.plus_seconds(i64::from(days) * 86_400));
    if within.is_some_and(|within| lasts_beyond(&before.report, within)) {
        return Ok(None);
    }
    let verification::Material { certificates, crls, responses } = before.material;
    let data = ValidationData { certificates, crls, responses };
    let seed = || random::array::<32>().map_err(|error| error.to_string());
    let extension = Extension { password: None, seed: seed()? };
    let tail = pdf::add_validation_data(&received, &data, arguments.vri, &extension);
    let mut extended = match tail.map_err(|error| error.to_string())? {
        Some(tail) => received.followed_by(tail),
        None => received,
    };
    if !arguments.no_timestamp {
        let extension = Extension { password: None, seed: seed()? };
        let unique = hex(&random::array::<12>().map_err(|error| error.to_string())?);
        let prepared = pdf::prepare_timestamp(&extended, &unique, ROOM, &extension);
        let prepared = prepared.map_err(|error| error.to_string())?;
        let token = timestamp(&arguments.tsa, prepared.content_digest())?;
        let stamped = prepared.embed(&token).map_err(|error| error.to_string())?;
        extended = extended.followed_by(stamped.tail);
    }
    // As whoever gets it will judge it.
    let now = Options { at: SystemClock.now(), ..options.clone() };
    check(&verification::verify(&extended.source, &now).report)?;
    Ok(Some(extended))
}

/// Every signature passes: what does not pass now will not pass later.
fn check(report: &Report) -> Result<(), String> {
    if report.signatures.is_empty() {
        return Err(report.verdict.sentence.en.clone());
    }
    let bad = report.signatures.iter().find(|one| one.indication != Indication::TotalPassed);
    match bad {
        Some(bad) => Err(format!("signature {}: {}", bad.index + 1, bad.verdict.sentence.en)),
        None => Ok(()),
    }
}

/// Whether the last document timestamp's authority is valid beyond a time.
fn lasts_beyond(report: &Report, at: Timestamp) -> bool {
    let last = report.signatures.iter().rfind(|one| one.kind == "ETSI.RFC3161");
    last.and_then(|one| one.signer.not_after).is_some_and(|end| end > at)
}

fn timestamp(url: &str, imprint: &[u8]) -> Result<Vec<u8>, String> {
    let mut nonce: [u8; 8] = random::array().map_err(|error| error.to_string())?;
    nonce[0] = nonce[0] & 0x3f | 0x40;
    let query = TimestampQuery {
        algorithm: DigestAlgorithm::Sha256,
        imprint: imprint.to_vec(),
        policy: None,
        nonce: Some(nonce.to_vec()),
        certificate: true,
    };
    let server = TsaServer { url: url.to_owned(), timeout_ms: 10_000, tls_root: None };
    let response = tsa::post(&server, &query.to_der()).map_err(|why| format!("{url}: {why}"))?;
    let token = token_of(&response).map_err(|why| format!("{url}: {why}"))?;
    if token.len() > ROOM {
        return Err(format!("{url}: its token is over {ROOM} bytes"));
    }
    Ok(token)
}

/// Writes a document beside its place first, so that nothing half-written stands there.
fn write(target: &Path, document: &Received) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let source = &document.source;
    let mut failed = Ok(());
    crate::domain::source::for_each_chunk(source, 0, source.size(), |chunk| {
        if failed.is_ok() {
            failed = file.write_all(chunk);
        }
    })?;
    failed?;
    file.as_file().sync_all()?;
    file.persist_noclobber(target).map_err(|error| error.error)?;
    Ok(())
}

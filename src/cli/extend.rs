//! `sealwright extend`: keeping sealed PDF files for the time when their certificates have ended, without
//! a server; only a time-stamping authority is asked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Exit,
    exit::Wrong,
    print,
    validation::{Trust, Validation},
};
use crate::{
    clients::tsa::{self, TsaServer},
    crypto::{DigestAlgorithm, digest::hex, random},
    domain::{
        Clock, SystemClock,
        report::{Indication, Report},
        source::{Received, Source},
    },
    formats::{
        Sealed,
        pdf::{self, Extension, ValidationData},
        written::write_sealed,
    },
    pki::timestamp::{TimestampQuery, token_of},
    reports::shown,
    verification::{self, Options},
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
    #[command(flatten)]
    validation: Validation,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let trust = Trust::load(&arguments.trust)?;
    let options = arguments.validation.options(&trust, SystemClock.now())?;
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
                let written = write_sealed(&target, &extended, file);
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
fn extend(file: &Path, arguments: &Arguments, options: &Options) -> Result<Option<Sealed>, String> {
    let source = fs::File::open(file).and_then(Source::file).map_err(|error| error.to_string())?;
    let received = Received::read(source).map_err(|error| error.to_string())?;
    let before = verification::verify(&received.source, options);
    check(&before.report)?;
    let within = arguments.due.map(|days| options.at.plus_seconds(i64::from(days) * 86_400));
    if within.is_some_and(|within| before.report.stamped_until() > Some(within)) {
        return Ok(None);
    }
    let verification::Material { certificates, crls, responses } = before.material;
    let data = ValidationData { certificates, crls, responses };
    let seed = || random::array::<32>().map_err(|error| error.to_string());
    let extension = Extension { password: None, seed: seed()? };
    let tail = pdf::add_validation_data(&received, &data, arguments.vri, &extension);
    let mut tail = tail.map_err(|error| error.to_string())?.unwrap_or_default();
    if !arguments.no_timestamp {
        let extension = Extension { password: None, seed: seed()? };
        let unique = hex(&random::array::<12>().map_err(|error| error.to_string())?);
        let longer = received.followed_by(tail.clone());
        let prepared = pdf::prepare_timestamp(&longer, &unique, ROOM, &extension);
        let prepared = prepared.map_err(|error| error.to_string())?;
        let token = timestamp(&arguments.tsa, prepared.content_digest())?;
        let stamped = prepared.embed(&token).map_err(|error| error.to_string())?;
        tail.extend(stamped.tail);
    }
    // As whoever gets it will judge it.
    let now = Options { at: SystemClock.now(), ..options.clone() };
    let extended = received.followed_by(tail.clone());
    let after = verification::verify(&extended.source, &now).report;
    check(&after)?;
    let stamped = !arguments.no_timestamp && within.is_some();
    if stamped && after.stamped_until() <= before.report.stamped_until() {
        return Err(
            "the time-stamping authority ends no later than that of the timestamp that is there"
                .to_owned(),
        );
    }
    Ok(Some(Sealed { received, dropped: Vec::new(), tail }))
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

//! `sealwright verify`: files of any origin, without a server.

use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};

use super::{Exit, exit::Wrong, pictures, print, print_json, report};
use crate::{
    app::{AUTHORITIES, MAKERS, SIGNERS, load_trust},
    config::DrawingConfig,
    domain::{
        Clock, SystemClock, Timestamp,
        report::{Conclusion, Report},
        source::Source,
    },
    drawing::Drawing,
    pki::TrustStore,
    verification::{self, Options},
};

/// The most pages of a signature of which there are pictures.
const MOST_PICTURES: usize = 16;

/// What to verify, and how.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A directory with trusted roots (`*.pem`) and revocation lists (`*.crl`).
    #[arg(long)]
    trust: Option<PathBuf>,
    /// The time for which the question is asked, RFC 3339; now if not given.
    #[arg(long)]
    at: Option<String>,
    /// The validation policy; `default` is the only one so far.
    #[arg(long, default_value = "default")]
    policy: String,
    /// Fetch nothing. Nothing is fetched yet in any case.
    #[arg(long)]
    offline: bool,
    /// The signature, where it stands beside the file; for one file.
    #[arg(long)]
    signature: Option<PathBuf>,
    /// Print a page of HTML, with pictures of pages that look different than signed.
    #[arg(long)]
    html: bool,
    /// Write pictures of pages that look different than signed to this directory.
    #[arg(long)]
    pictures: Option<PathBuf>,
    /// Do not draw the pages of files that were changed after signing.
    #[arg(long, conflicts_with = "pictures")]
    no_drawing: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    if arguments.policy != "default" {
        return Err(Wrong(format!("there is no policy {:?}; use default", arguments.policy)).into());
    }
    if json && arguments.html {
        return Err(Wrong("--json and --html exclude each other".to_owned()).into());
    }
    let at = match &arguments.at {
        None => SystemClock.now(),
        Some(text) => Timestamp::parse(text).map_err(|error| Wrong(format!("--at: {error}")))?,
    };
    let trust = match &arguments.trust {
        Some(directory) => Trust::load(directory)?,
        None => Trust::default(),
    };
    let signature = arguments.signature.as_deref().map(read_signature).transpose()?;
    if signature.is_some() && arguments.files.len() > 1 {
        return Err(Wrong("--signature goes with one file".to_owned()).into());
    }
    let drawing = DrawingConfig { enabled: !arguments.no_drawing, ..DrawingConfig::default() };
    let wanted = arguments.html || arguments.pictures.is_some();
    let pictures = if wanted { MOST_PICTURES } else { 0 };
    let drawing = drawing.drawer().map(|drawer| Drawing { drawer, pictures });
    let mut reports = Vec::new();
    for file in &arguments.files {
        let options = Options {
            file: Some(file.display().to_string()),
            signature: signature.clone(),
            drawing: drawing.clone(),
            ..trust.options(at)
        };
        let mut report = verify_file(file, &options)?;
        if let Some(directory) = &arguments.pictures {
            pictures::write(&mut report, file, directory)?;
        }
        reports.push(report);
    }
    match reports.as_slice() {
        [one] if json => print_json(one)?,
        all if json => print_json(&all)?,
        all if arguments.html => print(&report::html(all))?,
        all => all.iter().try_for_each(|one| print(&report::text(one)))?,
    }
    Ok(reports.iter().map(exit).max().unwrap_or(Exit::Usage))
}

/// Whom to trust, by role.
#[derive(Clone, Default)]
pub(super) struct Trust {
    signers: TrustStore,
    makers: TrustStore,
    authorities: TrustStore,
}

impl Trust {
    /// Reads a trust directory.
    pub(super) fn load(directory: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            signers: load_trust(directory, SIGNERS)?,
            makers: load_trust(directory, MAKERS)?,
            authorities: load_trust(directory, AUTHORITIES)?,
        })
    }

    /// A question for a time.
    pub(super) fn options(&self, at: Timestamp) -> Options {
        Options {
            trust: self.signers.clone(),
            maker_trust: self.makers.clone(),
            tsa_trust: self.authorities.clone(),
            ..Options::trusting_nobody(at)
        }
    }
}

/// Verifies one file on disk.
pub(super) fn verify_file(file: &Path, options: &Options) -> anyhow::Result<Report> {
    let bad = |error: std::io::Error| Wrong(format!("{}: {error}", file.display()));
    let source = std::fs::File::open(file).and_then(Source::file).map_err(bad)?;
    Ok(verification::verify(&source, options).report)
}

/// A signature that stands beside a file: DER, or PEM around it.
fn read_signature(file: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(file).map_err(|e| Wrong(format!("{}: {e}", file.display())))?;
    let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(bytes) };
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    Ok(Base64::decode_vec(body.trim()).unwrap_or(bytes))
}

fn exit(report: &Report) -> Exit {
    match report.conclusion {
        Conclusion::Valid => Exit::Good,
        Conclusion::Invalid => Exit::Invalid,
        Conclusion::Indeterminate | Conclusion::Unsigned => Exit::Indeterminate,
    }
}

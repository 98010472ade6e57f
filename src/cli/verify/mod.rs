//! `sealwright verify`: files and folders of any origin, without a server.

mod files;
mod together;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use base64ct::{Base64, Encoding};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{
    Exit,
    exit::Wrong,
    pictures, print, print_json,
    validation::{Trust, Validation},
};
use crate::{
    config::DrawingConfig,
    domain::{
        Clock, SystemClock, Timestamp,
        report::{Conclusion, Report},
        source::Source,
    },
    drawing::Drawing,
    reports::{self, Language},
    verification::{self, Options},
};
use files::Item;

/// The most pages of a signature of which there are pictures.
const MOST_PICTURES: usize = 16;

/// What to verify, and how.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files; of a folder every file in it and below, `X.p7s` as the signature of `X`.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A directory with trusted roots (`*.pem`) and revocation lists (`*.crl`): in the directory itself
    /// for every purpose, in `seal/`, `maker/`, `tsa/` and `person/` for one.
    #[arg(long)]
    trust: Option<PathBuf>,
    /// The time for which the question is asked, RFC 3339; now if not given.
    #[arg(long)]
    at: Option<String>,
    #[command(flatten)]
    validation: Validation,
    /// The signature, where it stands beside the file; for one file.
    #[arg(long)]
    signature: Option<PathBuf>,
    /// Print a page of HTML, with pictures of pages that look different than signed.
    #[arg(long, conflicts_with = "xml")]
    html: bool,
    /// Print XML by ETSI TS 119 102-2; for one file.
    #[arg(long)]
    xml: bool,
    /// The languages of text and page: zh, en, or both.
    #[arg(long, value_delimiter = ',', default_value = "zh,en")]
    lang: Vec<String>,
    /// How many files to verify at the same time; as many as there are processors if not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Write pictures of pages that look different than signed to this directory.
    #[arg(long)]
    pictures: Option<PathBuf>,
    /// Do not draw the pages of files that were changed after signing.
    #[arg(long, conflicts_with = "pictures")]
    no_drawing: bool,
}

/// What became of one file.
#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Verified(Box<Report>),
    /// It could not be read.
    Unread {
        file: String,
        error: String,
    },
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    if json && (arguments.html || arguments.xml) {
        return Err(Wrong("give one of --json, --html and --xml".to_owned()).into());
    }
    let languages = languages(&arguments.lang)?;
    let items = files::find(&arguments.files)?;
    let several = items.len() != 1 || arguments.files.iter().any(|path| path.is_dir());
    if several && (arguments.signature.is_some() || arguments.xml) {
        return Err(Wrong("--signature and --xml go with one file".to_owned()).into());
    }
    let common = Common::of(arguments)?;
    let bar = progress(if several { items.len() } else { 0 })?;
    let mut all = Vec::new();
    let tell_at_once = !(json || arguments.html || arguments.xml);
    let jobs = arguments.jobs.unwrap_or_else(together::processors).max(1);
    together::each(
        &items,
        jobs,
        |item| common.verify(item),
        |outcome| -> anyhow::Result<()> {
            let outcome = outcome?;
            if tell_at_once {
                bar.suspend(|| tell(&outcome, &languages))?;
            }
            bar.inc(1);
            all.push(outcome);
            Ok(())
        },
    )?;
    bar.finish_and_clear();
    match all.as_slice() {
        [one] if json && !several => print_json(one)?,
        all if json => print_json(&all)?,
        all if arguments.html || arguments.xml => {
            let reports = read(all);
            let unread = all.iter().filter_map(|one| match one {
                Outcome::Verified(_) => None,
                Outcome::Unread { error, .. } => Some(reports::shown(error)),
            });
            unread.for_each(|error| tell_error(&error));
            match reports.as_slice() {
                [one] if arguments.xml => print(reports::etsi(one).trim_end())?,
                all => print(&reports::page(all, &languages))?,
            }
        }
        all if several => print(&count(all))?,
        _ => {}
    }
    // That a file is forged is worse than that another cannot be read.
    let worst = all.iter().map(exit).max().unwrap_or(Exit::Usage);
    let forged = all.iter().any(|one| exit(one) == Exit::Invalid);
    Ok(if forged { Exit::Invalid } else { worst })
}

fn languages(tags: &[String]) -> Result<Vec<Language>, Wrong> {
    let unknown = |tag: &String| Wrong(format!("--lang: {tag:?} is none of zh and en"));
    tags.iter().map(|tag| Language::parse(tag).ok_or_else(|| unknown(tag))).collect()
}

/// A bar on a terminal, for more than one file.
fn progress(count: usize) -> anyhow::Result<ProgressBar> {
    if count == 0 {
        return Ok(ProgressBar::hidden());
    }
    let bar = ProgressBar::new(count as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} (eta {eta})")?);
    Ok(bar)
}

/// What is the same for every file.
struct Common {
    options: Options,
    pictures: Option<PathBuf>,
}

impl Common {
    fn of(arguments: &Arguments) -> anyhow::Result<Self> {
        let at = match &arguments.at {
            None => SystemClock.now(),
            Some(text) => {
                Timestamp::parse(text).map_err(|error| Wrong(format!("--at: {error}")))?
            }
        };
        let trust = arguments.trust.as_deref().map(Trust::load).transpose()?.unwrap_or_default();
        let drawing = DrawingConfig { enabled: !arguments.no_drawing, ..DrawingConfig::default() };
        let wanted = arguments.html || arguments.pictures.is_some();
        let pictures = if wanted { MOST_PICTURES } else { 0 };
        let options = Options {
            drawing: drawing.drawer().map(|drawer| Drawing { drawer, pictures }),
            signature: arguments.signature.as_deref().map(read_signature).transpose()?,
            ..arguments.validation.options(&trust, at)?
        };
        Ok(Self { options, pictures: arguments.pictures.clone() })
    }

    /// Verifies one file. That one cannot be read keeps nobody from hearing of the others.
    fn verify(&self, item: &Item) -> anyhow::Result<Outcome> {
        let file = item.path.display().to_string();
        let unread = |error: anyhow::Error| {
            Ok(Outcome::Unread { file: file.clone(), error: format!("{error:#}") })
        };
        let mut options = Options { file: Some(file.clone()), ..self.options.clone() };
        if let Some(beside) = &item.signature {
            match read_signature(beside) {
                Ok(signature) => options.signature = Some(signature),
                Err(error) => return unread(error),
            }
        }
        // Whatever one file does to the program, the others are heard of.
        let verified = catch_unwind(AssertUnwindSafe(|| verify_file(&item.path, &options)));
        let mut report = match verified {
            Ok(Ok(report)) => report,
            Ok(Err(error)) => return unread(error),
            Err(_) => return unread(Wrong(format!("{file}: it could not be verified")).into()),
        };
        if let Some(directory) = &self.pictures {
            pictures::write(&mut report, &item.path, directory)?;
        }
        Ok(Outcome::Verified(Box::new(report)))
    }
}

fn tell(outcome: &Outcome, languages: &[Language]) -> anyhow::Result<()> {
    match outcome {
        Outcome::Verified(report) => print(&reports::text(report, languages)),
        Outcome::Unread { file, error } => {
            print(&format!("{}\n  {}", reports::shown(file), reports::shown(error)))
        }
    }
}

/// The reports on the files that could be read.
fn read(all: &[Outcome]) -> Vec<Report> {
    let one = |outcome: &Outcome| match outcome {
        Outcome::Verified(report) => Some(Report::clone(report)),
        Outcome::Unread { .. } => None,
    };
    all.iter().filter_map(one).collect()
}

/// Tells what went wrong where the page on standard output has no place for it.
fn tell_error(error: &str) {
    use std::io::Write as _;
    // Nothing can be done about a closed standard error.
    let _ = writeln!(std::io::stderr(), "sealwright: {error}");
}

/// How many came to which conclusion.
fn count(all: &[Outcome]) -> String {
    let of = |wanted: Conclusion| {
        let is = |one: &&Outcome| matches!(one, Outcome::Verified(r) if r.conclusion == wanted);
        all.iter().filter(is).count()
    };
    let unread = all.iter().filter(|one| matches!(one, Outcome::Unread { .. })).count();
    format!(
        "{} 个文件 files: 有效 valid {}, 无效 invalid {}, 无法判定 indeterminate {}, 未签章 unsigned \
         {}, 无法读取 unread {unread}",
        all.len(),
        of(Conclusion::Valid),
        of(Conclusion::Invalid),
        of(Conclusion::Indeterminate),
        of(Conclusion::Unsigned),
    )
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

fn exit(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Unread { .. } => Exit::Usage,
        Outcome::Verified(report) => match report.conclusion {
            Conclusion::Valid => Exit::Good,
            Conclusion::Invalid => Exit::Invalid,
            Conclusion::Indeterminate | Conclusion::Unsigned => Exit::Indeterminate,
        },
    }
}

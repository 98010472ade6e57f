//! `sealwright seal`: has files sealed by a service, for people and scripts. The access key comes from
//! a file or the environment, never from a flag.

mod local;
mod output;

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use secrecy::SecretString;
use serde::Serialize;

use super::{Exit, exit::Wrong, print, print_json};
use crate::{
    clients::sealwright::{Remote, RemoteError},
    crypto::{
        Scheme,
        digest::{hex, sha256},
    },
    domain::{
        caption::Caption,
        placement::{AcrossPages, Certification, Corner, Edge, Placement},
        signing::SignatureForm,
        source::{Received, Source},
    },
    formats::{ofd::OfdError, pdf::PdfError, written},
    service::documents::SealRequest,
};

/// How often a request is repeated that may be tried again.
const MOST_ATTEMPTS: u32 = 5;

/// What to seal, with what, and where.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// PDF and OFD files, or folders of them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The service.
    #[arg(long, env = "SEALWRIGHT_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The root of the service's TLS certificate, PEM, where it is not well known.
    #[arg(long)]
    tls_root: Option<PathBuf>,
    /// A file whose first line is the access key; the variable `SEALWRIGHT_ACCESS_KEY` if not given.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// The id of the seal.
    #[arg(long)]
    seal: String,
    /// The type of document, in the words of the grant.
    #[arg(long)]
    document_type: String,
    /// Where sealed files go: a folder, or for one file its name. `X.sealed.pdf` beside `X.pdf` if not
    /// given, and likewise for OFD.
    #[arg(long, short)]
    out: Option<PathBuf>,
    /// Write over files that are there.
    #[arg(long)]
    force: bool,
    /// The file never leaves this machine: only its digest goes to the service.
    #[arg(long)]
    local: bool,
    /// Pages: numbers, ranges, odd, even, last or all, separated by commas.
    #[arg(long, value_name = "PAGES")]
    pages: Option<String>,
    /// Distance of the seal's centre from the corner (or from the keyword), millimetres.
    #[arg(long, value_name = "MM", allow_negative_numbers = true)]
    x: Option<f64>,
    /// Distance of the seal's centre from the corner (or from the keyword), millimetres.
    #[arg(long, value_name = "MM", allow_negative_numbers = true)]
    y: Option<f64>,
    /// The corner: top-left, top-right, bottom-left or bottom-right.
    #[arg(long, default_value = "top-left", value_parser = word::<Corner>)]
    from: Corner,
    /// Put the seal on these words of the text 关键字.
    #[arg(long)]
    keyword: Option<String>,
    /// Which occurrence of the keyword, from 1.
    #[arg(long)]
    occurrence: Option<u32>,
    /// Sign this empty signature field.
    #[arg(long)]
    field: Option<String>,
    /// Draw the seal smaller if the field is too small.
    #[arg(long)]
    shrink: bool,
    /// Draw nothing.
    #[arg(long)]
    invisible: bool,
    /// Seal across the edges of pages 骑缝章 as well: which pages.
    #[arg(long, value_name = "PAGES", num_args = 0..=1, default_missing_value = "all")]
    across: Option<String>,
    /// The edge for that: left, right, top or bottom.
    #[arg(long, default_value = "right", value_parser = word::<Edge>)]
    edge: Edge,
    /// Write below the seal: name, time and reason, separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = ["name", "time", "reason"])]
    caption: Vec<String>,
    /// Draw a QR code 二维码 below the seal that says this.
    #[arg(long, value_name = "TEXT")]
    qr_code: Option<String>,
    /// The scheme: p256 or sm2; by the document if not given.
    #[arg(long, value_parser = word::<Scheme>)]
    scheme: Option<Scheme>,
    /// What the signature is made as: cades, gm-cms or gm-seal; by the document if not given.
    #[arg(long, value_parser = word::<SignatureForm>)]
    signature_form: Option<SignatureForm>,
    /// Let nobody seal after this 整体保护 (OFD).
    #[arg(long)]
    closing: bool,
    /// Certify: no-changes, form-filling or annotations.
    #[arg(long, value_parser = word::<Certification>)]
    certify: Option<Certification>,
    /// Why it is sealed; stands in the document.
    #[arg(long)]
    reason: Option<String>,
    /// The business number 业务流水号; for one file.
    #[arg(long)]
    business_number: Option<String>,
    /// A file whose first line is the password of encrypted documents; the variable
    /// `SEALWRIGHT_DOCUMENT_PASSWORD` if not given.
    #[arg(long)]
    password_file: Option<PathBuf>,
    /// How long the service may take for one file, seconds.
    #[arg(long, default_value_t = 300)]
    timeout: u64,
}

/// Reads a word of the API.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

/// What became of a file.
#[derive(Serialize)]
struct Outcome {
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<PathBuf>,
    replayed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    let files = output::files(&arguments.files)?;
    if files.len() > 1 && arguments.business_number.is_some() {
        return Err(Wrong("--business-number is for one file".to_owned()).into());
    }
    let request = request(arguments)?;
    let key = secret(arguments.key_file.as_deref(), "SEALWRIGHT_ACCESS_KEY")?
        .ok_or_else(|| Wrong("give --key-file or SEALWRIGHT_ACCESS_KEY".to_owned()))?;
    let timeout = Duration::from_secs(arguments.timeout);
    let remote = Remote::new(&arguments.url, key, arguments.tls_root.as_deref(), timeout);
    let remote = remote.map_err(Wrong)?;
    let targets = output::targets(&files, arguments.out.as_deref(), arguments.force)?;
    // Drawn on a terminal only.
    let bar = ProgressBar::new(files.len() as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")?);
    let mut outcomes = Vec::new();
    for (file, target) in files.iter().zip(targets) {
        bar.set_message(file.display().to_string());
        let outcome = seal_one(&remote, arguments, &request, (file, &target));
        if !json {
            bar.suspend(|| print(&tell(&outcome)))?;
        }
        outcomes.push(outcome);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if json {
        match outcomes.as_slice() {
            [one] if !arguments.files.iter().any(|path| path.is_dir()) => print_json(one)?,
            all => print_json(&all)?,
        }
    }
    Ok(outcomes.iter().map(|outcome| outcome.exit).max().unwrap_or(Exit::Usage))
}

fn tell(outcome: &Outcome) -> String {
    let file = outcome.file.display();
    match (&outcome.sealed, &outcome.record, &outcome.error) {
        (Some(sealed), Some(record), _) => {
            format!("签章 sealed: {file} → {}, record {record}", sealed.display())
        }
        (_, _, error) => format!("not sealed: {file}: {}", error.as_deref().unwrap_or_default()),
    }
}

fn request(arguments: &Arguments) -> anyhow::Result<SealRequest> {
    let placement = Placement {
        pages: arguments.pages.clone(),
        x_mm: arguments.x,
        y_mm: arguments.y,
        from: arguments.from,
        keyword: arguments.keyword.clone(),
        occurrence: arguments.occurrence,
        field: arguments.field.clone(),
        shrink: arguments.shrink,
        invisible: arguments.invisible,
        ..Placement::default()
    };
    placement.target().map_err(|why| Wrong(why.to_owned()))?;
    let across = arguments.across.as_ref().map(|pages| AcrossPages {
        pages: pages.clone(),
        edge: arguments.edge,
        ..AcrossPages::default()
    });
    let says = |word: &str| arguments.caption.iter().any(|known| known == word);
    let caption = Caption {
        name: says("name"),
        time: says("time"),
        reason: says("reason"),
        text: None,
        qr_code: arguments.qr_code.clone(),
    };
    let password = arguments.password_file.as_deref();
    Ok(SealRequest {
        scheme: arguments.scheme,
        signature_form: arguments.signature_form,
        closing: arguments.closing,
        across_pages: across,
        caption: (caption != Caption::default()).then_some(caption),
        certify: arguments.certify,
        business_number: arguments.business_number.clone(),
        reason: arguments.reason.clone(),
        password: secret(password, "SEALWRIGHT_DOCUMENT_PASSWORD")?,
        ..SealRequest::new(&arguments.seal, placement, &arguments.document_type)
    })
}

/// A secret from the first line of a file, or from the environment.
fn secret(file: Option<&Path>, variable: &str) -> anyhow::Result<Option<SecretString>> {
    let text = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path);
            Some(text.map_err(|error| Wrong(format!("{}: {error}", path.display())))?)
        }
        None => std::env::var(variable).ok(),
    };
    let line = text.as_deref().and_then(|text| text.lines().next()).filter(|l| !l.is_empty());
    Ok(line.map(SecretString::from))
}

fn seal_one(
    remote: &Remote,
    arguments: &Arguments,
    request: &SealRequest,
    (file, target): (&Path, &Path),
) -> Outcome {
    let sealed = match arguments.local {
        true => local::seal(remote, request, file, target),
        false => seal_there(remote, request, file, target),
    };
    let mut outcome = Outcome {
        file: file.to_owned(),
        sealed: None,
        record: None,
        receipt: None,
        replayed: false,
        error: None,
        code: None,
        exit: Exit::Good,
    };
    match sealed {
        Ok(done) => {
            outcome.sealed = Some(target.to_owned());
            outcome.record = Some(done.record);
            outcome.receipt = Some(done.receipt);
            outcome.replayed = done.replayed;
        }
        Err(error) => {
            outcome.exit = exit_of(&error);
            outcome.error = Some(format!("{error:#}"));
            if let Some(RemoteError::Refused { code, .. }) = error.downcast_ref() {
                outcome.code = Some(code.clone());
            }
        }
    }
    outcome
}

/// A file that was sealed.
struct Done {
    record: String,
    receipt: PathBuf,
    replayed: bool,
}

/// The file goes to the service and comes back sealed.
fn seal_there(
    remote: &Remote,
    request: &SealRequest,
    file: &Path,
    target: &Path,
) -> anyhow::Result<Done> {
    let source = Source::file(open(file)?)?;
    let digest = hex(&Received::read(source)?.digest());
    let body = with_password(request)?;
    // The same file and request are the same sealing, however often the command is run.
    // The password is no part of it: the key is kept by the service.
    let asked = serde_json::to_string(request)?;
    let key = format!("seal-{}", hex(&sha256(format!("{digest} {asked}").as_bytes())));
    let answer = patiently(|| remote.seal(&body, open(file)?, &key).map_err(Into::into))?;
    let (record, receipt, replayed) =
        (answer.record.clone(), answer.receipt.clone(), answer.replayed);
    written::write(target, &mut answer.into_reader(), file)?;
    let receipt = output::write_receipt(target, &receipt, file)?;
    Ok(Done { record, receipt, replayed })
}

/// The request as JSON. What is not kept anywhere has to be put in by hand.
fn with_password(request: &SealRequest) -> anyhow::Result<String> {
    let mut value = serde_json::to_value(request)?;
    if let (Some(password), Some(fields)) = (&request.password, value.as_object_mut()) {
        let text = secrecy::ExposeSecret::expose_secret(password);
        fields.insert("password".to_owned(), text.into());
    }
    Ok(value.to_string())
}

fn open(file: &Path) -> anyhow::Result<File> {
    Ok(File::open(file).map_err(|error| Wrong(format!("{}: {error}", file.display())))?)
}

/// Asks again, after the time that the service names, as long as that makes sense.
fn patiently<T>(mut ask: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let mut attempt = 1;
    loop {
        let error = match ask() {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error.downcast_ref() {
            Some(RemoteError::Refused { retry_after: Some(seconds), .. })
                if attempt < MOST_ATTEMPTS =>
            {
                wait(Duration::from_secs((*seconds).clamp(1, 60)));
                attempt += 1;
            }
            _ => return Err(error),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the service said how long to wait")]
fn wait(time: Duration) {
    std::thread::sleep(time);
}

/// Whether a refusal is for the document's sake.
fn is_of_document(code: &str) -> bool {
    code.starts_with("pdf-") || code.starts_with("ofd-")
}

fn exit_of(error: &anyhow::Error) -> Exit {
    match error.downcast_ref() {
        Some(RemoteError::Refused { status: 401 | 403, .. }) => Exit::Refused,
        Some(RemoteError::Refused { status: 500.., .. } | RemoteError::Unreachable(..)) => {
            Exit::Unavailable
        }
        Some(RemoteError::Refused { status: 429, .. }) => Exit::Unavailable,
        Some(RemoteError::Refused { code, .. }) if is_of_document(code) => Exit::Invalid,
        Some(RemoteError::Refused { .. }) => Exit::Usage,
        None if error.is::<PdfError>() || error.is::<OfdError>() => Exit::Invalid,
        None if error.is::<Wrong>() => Exit::Usage,
        None => Exit::Unavailable,
    }
}

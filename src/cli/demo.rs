//! `sealwright demo`: the main job on bundled documents, from an application to a verified file.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, anyhow, bail};
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::json;

use super::{Exit, init, print, validation::Trust, verify};
use crate::{
    app::App,
    config::Config,
    crypto::Scheme,
    domain::{
        application::{Application, ApplicationKind, Verdict},
        attachment::Attachment,
        caption::Caption,
        keeper::{Keeper, KeeperEvent},
        organization::{Organization, Person},
        placement::{AcrossPages, Corner, Placement},
        principal::{Principal, Role},
        report::{Conclusion, Report},
        seal::{Grant, Seal, SealKind},
        source::{ReadAt, Received, Source},
    },
    service::{
        Act, Answer, SCHEMES, Service,
        administration::{
            access_keys::NewAccessKey,
            organizations::{NewOrganization, NewPerson},
            principals::NewPrincipal,
        },
        applications::{NewApplication, NewAttachment, NewDecision},
        documents::SealRequest,
        seals::{Making, NewEmblem, NewKeeper, NewKey, NewPicture, SealMove, grants::NewGrant},
    },
};

const LICENCE: &[u8] = include_bytes!("../../test-vectors/samples/licence.pdf");
const APPROVAL: &[u8] = include_bytes!("../../test-vectors/samples/approval.pdf");
const LICENCE_OFD: &[u8] = include_bytes!("../../test-vectors/samples/licence.ofd");
/// Where Debian puts the SoftHSM module, by architecture.
const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];

/// Where the demonstration goes.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// The directory for its files; what an earlier demonstration left there is replaced.
    #[arg(long)]
    out: PathBuf,
    /// Set by the demonstration for itself, once its private token exists.
    #[arg(long, hide = true)]
    prepared: bool,
}

/// Runs the command.
pub(super) async fn run(arguments: Arguments, json: bool) -> anyhow::Result<Exit> {
    if arguments.prepared {
        return demonstrate(&arguments.out, json).await;
    }
    let conf = prepare_token(&arguments.out)?;
    // The module reads its place from the environment at load time, so the demonstration goes on
    // in a fresh process that has it.
    let mut again = Command::new(std::env::current_exe()?);
    again.env("SOFTHSM2_CONF", conf).args(["demo", "--prepared", "--out"]).arg(&arguments.out);
    if json {
        again.arg("--json");
    }
    Err(again.exec().into())
}

/// Makes a private SoftHSM token and the configuration that uses it.
fn prepare_token(out: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(out).with_context(|| format!("{}", out.display()))?;
    let out = out.canonicalize()?;
    let private = out.join("private");
    if private.exists() {
        fs::remove_dir_all(&private)?;
    }
    let tokens = private.join("tokens");
    fs::create_dir_all(&tokens)?;
    let conf = private.join("softhsm2.conf");
    fs::write(
        &conf,
        format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        ),
    )?;
    let mut pin = [0; 6];
    crate::crypto::random::fill(&mut pin)?;
    let pin: String = pin.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
    fs::write(private.join("pin"), &pin)?;
    let made = Command::new("softhsm2-util")
        .env("SOFTHSM2_CONF", &conf)
        .args([
            "--init-token",
            "--free",
            "--label",
            "sealwright-demo",
            "--pin",
            &pin,
            "--so-pin",
            &pin,
        ])
        .output()
        .context(
            "softhsm2-util is missing; `make demo` installs it, or: apt-get install softhsm2",
        )?;
    if !made.status.success() {
        bail!("softhsm2-util: {}", String::from_utf8_lossy(&made.stderr));
    }
    let module = MODULES.iter().find(|path| Path::new(path).exists());
    let module = module.ok_or_else(|| anyhow!("libsofthsm2.so was not found; install softhsm2"))?;
    let text = format!(
        "[database]\nurl = \"sqlite://{}?mode=rwc\"\n[ca]\norganization = \"Sealwright Demo Authority\"\n\
         [token]\nmodule = \"{module}\"\nlabel = \"sealwright-demo\"\n\
         pin = {{ from = \"file\", path = \"{}\" }}\n",
        private.join("sealwright.db").display(),
        private.join("pin").display()
    );
    fs::write(private.join("service.toml"), text)?;
    Ok(conf)
}

/// Everybody who takes part.
struct Cast {
    owner: Organization,
    applicant: Act,
    reviewers: [Act; 2],
    maker: Act,
    registrar: Act,
    keeper: Act,
    caller: Act,
}

async fn demonstrate(out: &Path, json: bool) -> anyhow::Result<Exit> {
    let out = out.canonicalize()?;
    let private = out.join("private");
    let config = Config::load(&private.join("service.toml"))?;
    let first = init::initialise(
        &config,
        &init::Arguments {
            organization: "示例市行政审批局".to_owned(),
            uscc: "11990100MAEXAMPL2R".to_owned(),
            administrator: "示例管理员".to_owned(),
            key_days: 1,
        },
    )
    .await?;
    let app = App::open(config).await?;
    let service = &app.service;
    service.publish_crls_if_due().await?;
    let administrator = service.authenticate(&first.access_key).await?;
    let told = walk(service, administrator, &first.organization, &out).await;
    let outcome = match told {
        Ok((seal, mut lines)) => {
            lines.extend(publish(service, &out).await?);
            let reports = verify_all(&out)?;
            Ok((seal, lines, reports))
        }
        Err(error) => Err(error),
    };
    app.stop().await;
    let (seal, lines, reports) = outcome?;
    let all_valid = reports.iter().all(|report| report.conclusion == Conclusion::Valid);
    fs::write(out.join("report.json"), serde_json::to_string_pretty(&reports)?)?;
    if json {
        super::print_json(&json!({ "seal": seal, "reports": reports }))?;
    } else {
        tell(&out, &lines, &reports)?;
    }
    Ok(if all_valid { Exit::Good } else { Exit::Invalid })
}

/// The body of an answer.
fn body<T: for<'de> Deserialize<'de>>(answer: &Answer) -> anyhow::Result<T> {
    Ok(serde_json::from_str(&answer.body)?)
}

/// From the application to the sealed documents.
async fn walk(
    service: &Service,
    administrator: Act,
    root: &Organization,
    out: &Path,
) -> anyhow::Result<(Seal, Vec<String>)> {
    let cast = hire(service, &administrator, root).await?;
    let mut lines = Vec::new();
    let certificate: Attachment = body(
        &service
            .attach(
                &cast.applicant,
                NewAttachment {
                    organization_id: cast.owner.id.to_string(),
                    kind: "registration-certificate".to_owned(),
                    content: APPROVAL.to_vec(),
                },
            )
            .await?,
    )?;
    let application: Application = body(
        &service
            .apply(
                &cast.applicant,
                NewApplication {
                    organization_id: cast.owner.id.to_string(),
                    kind: ApplicationKind::Create,
                    seal_id: None,
                    seal_kind: Some(SealKind::LegalName),
                    seal_name: Some("示例市市场监督管理局".to_owned()),
                    sandbox: false,
                    new_name: None,
                    remake: None,
                    cause: None,
                    reason: "签发电子营业执照 to issue electronic business licences".to_owned(),
                    particulars: [("handler".to_owned(), "张三".to_owned())].into(),
                    attachments: vec![certificate.id.to_string()],
                    declared: true,
                },
            )
            .await?,
    )?;
    lines.push(format!("申请 applied: {} for {}", application.number, application.seal_name));
    let mut approved = application;
    for reviewer in &cast.reviewers {
        let decision = NewDecision { verdict: Verdict::Approve, reason: None, round: None };
        approved = body(&service.decide(reviewer, approved.id.as_str(), decision).await?)?;
        let level = approved.decisions.last().map_or("", |d| d.level_name.as_str());
        lines.push(format!("审核 approved: {level}"));
    }
    let seal_id =
        approved.seal_id.clone().ok_or_else(|| anyhow!("no seal came of the approval"))?;
    let schemes = vec![Scheme::P256, Scheme::Sm2];
    let key = NewKey { application_id: approved.id.to_string(), schemes, reuse: false };
    service.generate_key(&cast.maker, seal_id.as_str(), key).await?;
    lines.push(format!(
        "制作 keys made: P-256 in the token, which it cannot leave; SM2 {}",
        service.devices.custody(Scheme::Sm2)
    ));
    let making = Making {
        certificate_chains: Vec::new(),
        seal_structure: None,
        picture: NewPicture::Round {
            rank: None,
            diameter_mm: Some(42.0),
            emblem: NewEmblem::Star,
            line: None,
            number: None,
        },
        valid_until: None,
    };
    service.make(&cast.maker, seal_id.as_str(), making).await?;
    lines.push("制作 made: certificate of the built-in CA and picture bound".to_owned());
    let seal: Seal =
        body(&service.register(&cast.registrar, seal_id.as_str(), SealMove::default()).await?)?;
    lines.push(format!("备案 registered: seal code {}", seal.code));
    let keeper = NewKeeper {
        person_id: cast.keeper.person()?.to_string(),
        replaces: None,
        stand_in: false,
        until: None,
    };
    let named = service.name_keeper(&cast.registrar, seal_id.as_str(), keeper).await?;
    let named: Keeper = body(&named)?;
    let keeping = (seal_id.as_str(), named.id.as_str());
    service.move_keeper(&cast.keeper, keeping, KeeperEvent::Accept, None).await?;
    lines.push("保管 kept: the keeper was named and accepted".to_owned());
    let grant: Grant = body(
        &service
            .create_grant(
                &cast.keeper,
                seal_id.as_str(),
                NewGrant {
                    principal_id: cast.caller.principal()?.id.to_string(),
                    document_types: Vec::new(),
                    digests: false,
                    quota: Some(100),
                    valid_from: None,
                    valid_until: service.now().plus_seconds(30 * 86_400),
                },
            )
            .await?,
    )?;
    lines.push(format!("授权 granted: {} signatures", grant.quota.unwrap_or_default()));
    let last = Placement { from: Corner::BottomRight, ..Placement::at(4, 60.0, 60.0) };
    let corner = Placement { from: Corner::BottomRight, ..Placement::at(1, 52.0, 42.0) };
    for sample in [
        Sample { file: "licence.pdf", bytes: LICENCE, placement: corner.clone(), scheme: None },
        Sample { file: "approval.pdf", bytes: APPROVAL, placement: last, scheme: None },
        Sample { file: "licence.ofd", bytes: LICENCE_OFD, placement: corner.clone(), scheme: None },
        Sample {
            file: "licence-sm2.pdf",
            bytes: LICENCE,
            placement: corner,
            scheme: Some(Scheme::Sm2),
        },
    ] {
        lines.push(seal_one(service, &cast.caller, &seal, sample, out).await?);
    }
    let structure = service.exported_structure(&cast.keeper, seal.id.as_str()).await?;
    fs::write(out.join("seal.esl"), structure)?;
    lines.push("印章 exported: seal.esl (GB/T 38540-2020)".to_owned());
    Ok((seal, lines))
}

/// A document to be sealed.
struct Sample {
    /// The name of the sealed file.
    file: &'static str,
    bytes: &'static [u8],
    placement: Placement,
    scheme: Option<Scheme>,
}

async fn seal_one(
    service: &Service,
    caller: &Act,
    seal: &Seal,
    sample: Sample,
    out: &Path,
) -> anyhow::Result<String> {
    let Sample { file, bytes, placement, scheme } = sample;
    // The document of several pages is sealed across their edges as well 骑缝章.
    let is_long = file == "approval.pdf";
    let kind = file.split(['.', '-']).next().unwrap_or_default();
    let request = SealRequest {
        business_number: Some(format!("DEMO-{file}")),
        across_pages: is_long.then(AcrossPages::default),
        caption: is_long.then(|| Caption { time: true, ..Caption::default() }),
        scheme,
        ..SealRequest::new(seal.id.as_str(), placement, kind)
    };
    let act = Act { idempotency_key: Some(format!("demo-{file}")), ..caller.clone() };
    let done = service
        .seal_document(&act, Received::read(Source::memory(bytes.to_vec()))?, request)
        .await?;
    let mut sealed = vec![0; usize::try_from(done.sealed.size())?];
    done.sealed.read_exact_at(&mut sealed, 0)?;
    fs::write(out.join(file), &sealed)?;
    fs::write(out.join(format!("{file}.receipt.sd-jwt")), &done.receipt.0)?;
    Ok(format!("签章 sealed: {file}, record {}", done.signature.id))
}

/// Enters the owner and everybody who takes part, each another person.
async fn hire(service: &Service, administrator: &Act, root: &Organization) -> anyhow::Result<Cast> {
    let new = NewOrganization {
        uscc: "11990101MAEXAMPL3B".to_owned(),
        name: "示例市市场监督管理局".to_owned(),
        parent_id: root.id.to_string(),
    };
    let owner: Organization = body(&service.create_organization(administrator, new).await?)?;
    let person = async |organization: &Organization, name: &str, role: Role| {
        let new = NewPerson { organization_id: organization.id.to_string(), name: name.to_owned() };
        let person: Person = body(&service.create_person(administrator, new).await?)?;
        account(service, administrator, organization, Some(&person), (name, role)).await
    };
    let applicant = person(&owner, "申请人", Role::Applicant).await?;
    let reviewers = [
        person(&owner, "单位审核人", Role::Reviewer).await?,
        person(root, "主管审批人", Role::Reviewer).await?,
    ];
    let maker = person(root, "制章人", Role::Maker).await?;
    let registrar = person(root, "备案人", Role::Registrar).await?;
    let keeper = person(&owner, "保管人", Role::Keeper).await?;
    let caller =
        account(service, administrator, &owner, None, ("电子证照系统", Role::Caller)).await?;
    Ok(Cast { owner, applicant, reviewers, maker, registrar, keeper, caller })
}

async fn account(
    service: &Service,
    administrator: &Act,
    organization: &Organization,
    person: Option<&Person>,
    about: (&str, Role),
) -> anyhow::Result<Act> {
    let new = NewPrincipal {
        organization_id: organization.id.to_string(),
        person_id: person.map(|person| person.id.to_string()),
        name: about.0.to_owned(),
        roles: vec![about.1],
    };
    let principal: Principal = body(&service.create_principal(administrator, new).await?)?;
    let new = NewAccessKey {
        principal_id: principal.id.to_string(),
        actions: Vec::new(),
        expires_at: service.now().plus_seconds(86_400),
    };
    let issued = service.issue_access_key(administrator, new).await?;
    Ok(service.authenticate(&issued.access_key).await?)
}

/// Writes what a stranger needs to verify: the root and the revocation list.
async fn publish(service: &Service, out: &Path) -> anyhow::Result<Vec<String>> {
    let trust = out.join("trust");
    fs::create_dir_all(&trust)?;
    for scheme in SCHEMES {
        let root = service.authority.ca(scheme).1.to_pem();
        fs::write(trust.join(format!("{scheme}-root.pem")), root)?;
        fs::write(trust.join(format!("{scheme}.crl")), service.newest_crl(scheme).await?)?;
    }
    Ok(vec!["公布 published: roots and revocation lists of p256 and sm2 in trust/".to_owned()])
}

fn verify_all(out: &Path) -> anyhow::Result<Vec<Report>> {
    let trust = Trust::load(&out.join("trust"))?;
    let now = crate::domain::Clock::now(&crate::domain::SystemClock);
    ["licence.pdf", "approval.pdf", "licence.ofd", "licence-sm2.pdf", "seal.esl"]
        .iter()
        .map(|name| {
            let mut report = verify::verify_file(&out.join(name), &trust.options(now))?;
            report.file = Some((*name).to_owned());
            Ok(report)
        })
        .collect()
}

fn tell(out: &Path, lines: &[String], reports: &[Report]) -> anyhow::Result<()> {
    for line in lines {
        print(line)?;
    }
    for report in reports {
        let name = report.file.as_deref().unwrap_or_default();
        print(&format!("验章 verified: {name}: {}", report.conclusion))?;
    }
    // A checksum tells apart two runs of the demonstration at a glance.
    let licence = crate::crypto::digest::sha256(&fs::read(out.join("licence.pdf"))?);
    let short = Base64::encode_string(licence.get(..6).unwrap_or_default());
    print(&format!(
        "\nFiles are in {} (licence.pdf {short}). To try next:\n\
         \x20 sealwright verify {}/licence.pdf --trust {}/trust\n\
         \x20 change one byte of the file and verify again\n\
         \x20 README.md tells how to serve, docs/api.md how to call",
        out.display(),
        out.display(),
        out.display()
    ))
}

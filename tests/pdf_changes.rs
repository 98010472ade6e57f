//! What changed after signing: files that were changed as is allowed, and attacks of every class,
//! on files that the service and pyHanko signed, with everybody trusted.

mod support;

use std::{fs, process::Command};

use sealwright::{
    domain::report::{Check, Conclusion, Report},
    pki::Certificate,
};
use serde_json::json;
use support::{
    attacks,
    parties::{Parties, Signed, complaints},
    prepared::{self, Prepared},
    revision::{Revision, find, object, stream, with, written},
    run,
};

fn check<'a>(checks: &'a [Check], name: &str) -> Option<&'a Check> {
    checks.iter().find(|check| check.name.as_str() == name)
}

#[test]
fn what_is_allowed_is_not_an_alarm() {
    let parties = Parties::new();
    assert!(parties.manifest.len() >= 80, "{}", parties.manifest.len());
    let mut wrong = Vec::new();
    for entry in &parties.manifest {
        let name = entry["name"].as_str().unwrap();
        let report = parties.judge(&parties.file(name));
        let level = report.signatures.first().and_then(|s| s.modification_level);
        let level = level.map(|level| level.to_string()).unwrap_or_default();
        if report.conclusion != Conclusion::Valid
            || json!(report.signatures.len()) != entry["signatures"]
            || json!(level) != entry["level"]
        {
            wrong.push(format!("{name}: {level}, {}\n{}", report.conclusion, complaints(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What a lock forbids is not allowed.
    let report = parties.judge(&parties.file("contract-locking-broken"));
    assert_eq!(report.conclusion, Conclusion::Invalid);
    assert!(complaints(&report).contains("tenant"), "{}", complaints(&report));
}

#[test]
fn what_was_prepared_before_signing_is_warned_of() {
    let parties = Parties::new();
    let judge = |file: &[u8]| {
        let report = parties.judge(file);
        assert_eq!(report.conclusion, Conclusion::Valid, "{}", complaints(&report));
        report.warnings.join("; ")
    };
    for name in ["objstm-b", "linear-b", "linear-lta", "objstm-thrice"] {
        assert_eq!(judge(&parties.file(name)), "", "{name}");
    }
    let warnings = judge(&parties.file("contract-b"));
    for word in ["pages that were signed (objects 41)", "contents of pages", "has layers"] {
        assert!(warnings.contains(word), "{word}: {warnings}");
    }
    let contract = parties.file("contract");
    let link = |act: &str| with(&object(&contract, 36), &[("A", act)]);
    type Prepare<'a> = Box<dyn Fn(&mut Revision) + 'a>;
    let mut prepared: Vec<(Prepare<'_>, &str)> = Vec::new();
    for (act, word) in [
        ("<</S /JavaScript /JS (app.alert\\(1\\))>>", "runs JavaScript"),
        ("<</S /Launch /F (a.exe)>>", "starts programs"),
        ("<</S /SubmitForm /F (https://a.example/)>>", "sends or fetches"),
        ("<</S /Hide /T (tenant)>>", "hides and shows"),
    ] {
        let body = link(act);
        prepared.push((
            Box::new(move |revision| {
                revision.set(36, &body);
            }),
            word,
        ));
    }
    for (entries, word) in [
        ("/Type /XObject /Subtype /Image /Width 1 /Height 1", "images that"),
        ("/Type /XObject /Subtype /Form /BBox [0 0 1 1]", "forms to be drawn that"),
    ] {
        let body = stream(entries, "0 0 1 1 re f");
        prepared.push((
            Box::new(move |revision| {
                revision.add(&body);
            }),
            word,
        ));
    }
    for (body, word) in
        [("<</Type /Font>>", "fonts that"), ("<</Type /Catalog>>", "other roots of the document")]
    {
        prepared.push((
            Box::new(move |revision| {
                revision.add(body);
            }),
            word,
        ));
    }
    for (bytes, word) in [
        ("50 0 obj\n<</Type /Page>>\nendobj\n", "object 50 that no cross-reference leads to"),
        ("these words are nothing\n", "belong to no object"),
    ] {
        prepared.push((
            Box::new(move |revision| {
                revision.raw(bytes).add("null");
            }),
            word,
        ));
    }
    let names: Vec<_> = (0..prepared.len()).map(|index| index.to_string()).collect();
    let documents = names.iter().zip(&prepared).map(|(name, (prepare, _))| {
        let mut revision = Revision::of(&contract);
        prepare(&mut revision);
        (name.as_str(), revision.finish())
    });
    let signed = Signed::new(documents);
    for (name, (_, word)) in names.iter().zip(&prepared) {
        let report = signed.judge(&signed.file(name));
        assert_eq!(report.conclusion, Conclusion::Valid, "{}", complaints(&report));
        let warnings = report.warnings.join("; ");
        assert_eq!(warnings.matches(word).count(), 1, "{word}: {warnings}");
    }
}

/// What LibreOffice signed is good, and stays so when somebody signs behind it and gives it a title.
#[test]
fn files_of_libreoffice_are_no_alarm() {
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/sealed/libreoffice");
    let kinds = ["plain", "form", "tagged", "archive"];
    let read = |kind: &str| fs::read(format!("{vectors}-{kind}.pdf")).unwrap();
    let mut signed = Signed::new(kinds.map(|kind| (kind, read(kind))));
    let root = fs::read_to_string(format!("{vectors}-root.pem")).unwrap();
    signed.options.trust.roots.extend(Certificate::from_pem(&root).unwrap());
    for kind in kinds {
        let retitled = format!("{kind}-retitled");
        for (file, signatures, level) in [
            (read(kind), 1, "none"),
            (signed.file(kind), 2, "form-filling"),
            (signed.file(&retitled), 2, "form-filling"),
        ] {
            let report = signed.judge(&file);
            assert_eq!(report.conclusion, Conclusion::Valid, "{kind}: {}", complaints(&report));
            assert_eq!(report.signatures.len(), signatures, "{kind}");
            let found = report.signatures[0].modification_level.map(|level| level.to_string());
            assert_eq!(found.as_deref(), Some(level), "{kind}");
        }
        // And what somebody else makes of it is not.
        let file = signed.file(kind);
        let (number, page) = find(&file, "Root/Pages/Kids/0").unwrap();
        let page = with(&page, &[("Rotate", "180")]);
        let turned = Revision::of(&file).set(number, &page).finish();
        assert_eq!(signed.judge(&turned).conclusion, Conclusion::Invalid, "{kind}");
    }
}

/// A tagged document: a paragraph, and a tree that leads to it.
fn tagged(contract: &[u8]) -> Vec<u8> {
    let mut revision = Revision::of(contract);
    let catalog = with(&object(contract, 1), &[("StructTreeRoot", "50 0 R")]);
    let page = with(&object(contract, 3), &[("StructParents", "0")]);
    revision
        .set(1, &catalog)
        .set(3, &page)
        .set(50, "<</Type /StructTreeRoot /K 51 0 R /ParentTree 53 0 R /ParentTreeNextKey 1>>")
        .set(51, "<</Type /StructElem /S /Document /P 50 0 R /K [52 0 R]>>")
        .set(52, "<</Type /StructElem /S /P /P 51 0 R /K [0] /Pg 3 0 R>>")
        .set(53, "<</Nums [0 [52 0 R]]>>");
    revision.finish()
}

/// The structure of a tagged document may grow with notes, and by nothing else.
#[test]
fn structure_grows_with_annotations_only() {
    const NOTE: &str = "/Type /Annot /Subtype /Text /Rect [500 700 520 720] /Contents (seen)";
    const ELEMENT: &str =
        "<</Type /StructElem /S /Annot /P 51 0 R /K <</Type /OBJR /Obj 60 0 R>>>>";
    const ROOT: &str =
        "<</Type /StructTreeRoot /K 51 0 R /ParentTree 53 0 R /ParentTreeNextKey 2>>";
    const GROWN: &str = "<</Type /StructElem /S /Document /P 50 0 R /K [52 0 R 61 0 R]>>";
    const TREE: &str = "<</Nums [0 [52 0 R] 1 61 0 R]>>";
    let parties = Parties::new();
    let document = tagged(&parties.file("contract"));
    let signed = Signed::new([("open", document.clone()), ("final-closed", document)]);
    let judge = |name: &str, changes: &[(u32, &str)]| {
        let file = signed.file(name);
        let (_, annotations) = find(&file, "Root/Pages/Kids/0/Annots").unwrap();
        let list = written(&annotations).replacen('[', "[60 0 R ", 1);
        let mut revision = Revision::of(&file);
        revision.set(3, &with(&object(&file, 3), &[("Annots", &list)]));
        revision.set(60, &format!("<<{NOTE} /StructParent 1 /P 3 0 R>>"));
        for (number, body) in changes {
            revision.set(*number, body);
        }
        let report = signed.judge(&revision.finish());
        let said = complaints(&report);
        (report, said)
    };
    let good = [(50, ROOT), (51, GROWN), (53, TREE), (61, ELEMENT)];
    let (report, said) = judge("open", &good);
    assert_eq!(report.conclusion, Conclusion::Valid, "{said}");
    let told = report.signatures[0].modifications.iter().any(|m| m.what.contains("structure"));
    assert!(told, "{:?}", report.signatures[0].modifications);
    assert_eq!(judge("final-closed", &good).0.conclusion, Conclusion::Invalid, "no note at all");
    let with_one = |number: u32, body: &'static str| {
        let mut changes: Vec<_> = good.iter().copied().filter(|(n, _)| *n != number).collect();
        changes.push((number, body));
        changes
    };
    for (what, changes) in [
        (
            "what a part says is replaced",
            with_one(
                52,
                "<</Type /StructElem /S /P /P 51 0 R /K [0] /Pg 3 0 R /ActualText (9000)>>",
            ),
        ),
        (
            "a part is taken off",
            with_one(51, "<</Type /StructElem /S /Document /P 50 0 R /K [61 0 R]>>"),
        ),
        (
            "another order",
            with_one(51, "<</Type /StructElem /S /Document /P 50 0 R /K [61 0 R 52 0 R]>>"),
        ),
        (
            "another type",
            with_one(51, "<</Type /StructElem /S /Artifact /P 50 0 R /K [52 0 R 61 0 R]>>"),
        ),
        (
            "content in a new part",
            with_one(61, "<</Type /StructElem /S /Annot /P 51 0 R /K 0 /Pg 3 0 R>>"),
        ),
        (
            "words for a new part",
            with_one(
                61,
                "<</Type /StructElem /S /Annot /P 51 0 R /ActualText (the rent is 9000)>>",
            ),
        ),
        (
            "other words for a new part",
            with_one(
                61,
                "<</Type /StructElem /S /Annot /P 51 0 R /K <</Type /OBJR /Obj 60 0 R>> /Alt (9000)>>",
            ),
        ),
        ("a part for nothing", with_one(61, "<</Type /StructElem /S /Annot /P 51 0 R>>")),
        (
            "a part for what was there",
            with_one(
                61,
                "<</Type /StructElem /S /Annot /P 51 0 R /K <</Type /OBJR /Obj 37 0 R>>>>",
            ),
        ),
        ("a new paragraph", with_one(61, "<</Type /StructElem /S /P /P 51 0 R>>")),
        ("a place that was taken", with_one(53, "<</Nums [0 [52 0 R] 0 61 0 R]>>")),
        ("the paragraph's place given away", with_one(53, "<</Nums [0 [61 0 R]]>>")),
        ("another tree", with_one(50, "<</Type /StructTreeRoot /K 61 0 R /ParentTree 53 0 R>>")),
        (
            "roles",
            with_one(
                50,
                "<</Type /StructTreeRoot /K 51 0 R /ParentTree 53 0 R /RoleMap <</P /Artifact>>>>",
            ),
        ),
    ] {
        let (report, said) = judge("open", &changes);
        assert_eq!(report.conclusion, Conclusion::Invalid, "{what}: {said}");
    }
}

#[test]
fn the_command_tells_people_what_changed() {
    let parties = Parties::new();
    let directory = parties.directory.path();
    let trust = directory.join("trust");
    fs::create_dir(&trust).unwrap();
    let root = (directory.join("root.der"), trust.join("root.pem"));
    run(Command::new("openssl")
        .args(["x509", "-inform", "DER", "-in"])
        .arg(root.0)
        .arg("-out")
        .arg(root.1));
    fs::copy(directory.join("root.crl"), trust.join("root.crl")).unwrap();
    let told = |name: &str| {
        let (output, text) = support::try_run(
            Command::new(env!("CARGO_BIN_EXE_sealwright"))
                .args(["verify", "--trust"])
                .arg(&trust)
                .arg(directory.join(name)),
        );
        (output.status.code(), text)
    };
    let (code, text) = told("contract-filled.pdf");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("only in ways that are allowed"), "{text}");
    assert!(text.contains("[!!] nothing leads to pages that were signed"), "{text}");
    assert!(text.contains("[ok] form: the form field \"deposit\" was filled in"), "{text}");
    let (code, text) = told("contract-twice.pdf");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Valid: the file is as it was sealed"), "{text}");
    let (code, text) = told("contract-locking-broken.pdf");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("[NO] form: the form field \"tenant\""), "{text}");
}

/// Whether integrity and changes of every signature are fine, whatever else is not.
fn is_fooled(report: &Report) -> bool {
    const ASKED: [&str; 6] =
        ["format", "byte-range", "digest", "signature", "coverage", "changes-after-signing"];
    let fine = |checks: &[Check]| {
        ASKED.iter().all(|name| check(checks, name).is_some_and(|c| c.passed == Some(true)))
    };
    !report.signatures.is_empty() && report.signatures.iter().all(|s| fine(&s.checks))
}

#[test]
fn no_attack_of_any_class_is_valid() {
    let mut parties = Parties::new();
    let mut files = parties.seal();
    for name in [
        "contract-b",
        "contract-invisible",
        "contract-older",
        "contract-lta",
        "contract-twice",
        "contract-certified-1",
        "contract-certified-2",
        "contract-certified-3",
    ] {
        files.insert(name.to_owned(), parties.file(name));
    }
    let attacks = attacks::all();
    let (mut made, mut wrong) = (0, Vec::new());
    for (name, file) in &files {
        let report = parties.judge(file);
        assert_eq!(report.conclusion, Conclusion::Valid, "{name}: {}", complaints(&report));
        for attack in &attacks {
            let Some(attacked) = (attack.make)(file) else { continue };
            made += 1;
            support::show(
                &format!("{name}-{}.pdf", attack.name.replace([' ', ':'], "_")),
                &attacked,
            );
            let report = parties.judge(&attacked);
            let said = complaints(&report);
            if report.conclusion == Conclusion::Valid || is_fooled(&report) {
                wrong.push(format!("{name}, {}: {}\n{said}", attack.name, report.conclusion));
            } else if !said.contains(attack.word) {
                wrong.push(format!(
                    "{name}, {}: does not say {:?}\n{said}",
                    attack.name, attack.word
                ));
            }
        }
    }
    assert!(made >= 1000, "{made} attacks");
    assert!(wrong.is_empty(), "{} of {made}:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// An attacker writes the document, somebody signs it in good faith, and the attacker goes on.
#[test]
fn no_prepared_document_becomes_another() {
    let all = prepared::all();
    let name = |one: &Prepared| format!("{}{}", if one.is_final { "final-" } else { "" }, one.name);
    let names: Vec<_> = all.iter().map(name).collect();
    let documents = names.iter().zip(&all).map(|(name, one)| (name.as_str(), one.document.clone()));
    let signed = Signed::new(documents);
    let mut wrong = Vec::new();
    for (name, one) in names.iter().zip(&all) {
        let before = signed.file(name);
        let after = (one.attack)(&before);
        support::show(&format!("{name}.pdf"), &after);
        let (before, after) = (signed.judge(&before), signed.judge(&after));
        if before.conclusion != Conclusion::Valid {
            wrong.push(format!("{} as signed: {}", one.name, complaints(&before)));
        }
        if after.conclusion == Conclusion::Valid || is_fooled(&after) {
            wrong.push(format!("{}: {}", one.name, after.conclusion));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

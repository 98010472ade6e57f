//! Every document of the corpus: what is concluded of it and why, integrity apart from trust. The roots of
//! the corpus' own documents are trusted, and nobody else; nothing is drawn. The table is `corpus.tsv`.

mod support;

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use support::{run, try_run};

const TABLE: &str = include_str!("corpus.tsv");

#[test]
fn every_document_gets_the_verdict_it_deserves_for_the_reason_that_is_true() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        eprintln!("skipped: the corpus is not here");
        return;
    }
    let trust = tempfile::tempdir().unwrap();
    for root in ["gen-root.pem", "gen-sm2-root.pem"] {
        fs::copy(corpus.join("pdf").join(root), trust.path().join(root)).unwrap();
    }
    let expected: Vec<_> = TABLE.lines().skip(1).collect();
    let listed = |folder: &str| {
        let manifest = fs::read_to_string(corpus.join(folder).join("MANIFEST.tsv")).unwrap();
        manifest.lines().count() - 1
    };
    assert_eq!(expected.len(), listed("ofd") + listed("pdf"), "a document without a verdict");
    let files = expected.iter().map(|line| line.split('\t').next().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
    command.args(["--json", "verify", "--no-drawing", "--at", "2026-11-30T00:00:00Z", "--trust"]);
    let (output, text) = try_run(command.arg(trust.path()).args(files.map(|f| corpus.join(f))));
    let reports: Vec<Value> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"));
    for (line, report) in expected.iter().zip(&reports) {
        let name = line.split('\t').next().unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let signatures: Vec<_> = report["signatures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let why =
                    one["sub_indication"].as_str().map_or(text(&one["indication"]), str::to_owned);
                let reason = text(&one["verdict"]["reason"]);
                format!("{} {} {why} {reason}", text(&one["kind"]), text(&one["integrity"]))
            })
            .collect();
        let found = format!(
            "{name}\t{}\t{}\t{}",
            text(&report["conclusion"]),
            text(&report["verdict"]["reason"]),
            signatures.join("; ")
        );
        assert_eq!(found, *line);
    }
    assert_eq!(reports.len(), expected.len());
    // The same by XML: nothing that a file says breaks it.
    let directory = tempfile::tempdir().unwrap();
    for (number, line) in expected.iter().enumerate() {
        let file = corpus.join(line.split('\t').next().unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        let (output, _) = try_run(command.args(["verify", "--no-drawing", "--xml"]).arg(file));
        fs::write(directory.path().join(format!("{number}.xml")), output.stdout).unwrap();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = run(support::python_tool("python")
        .arg(root.join("tests/tools/judge_reports.py"))
        .arg(root.join("docs/report.schema.json"))
        .arg(directory.path()));
    assert!(said.trim().ends_with(&format!("{} judged", expected.len())), "{said}");
}

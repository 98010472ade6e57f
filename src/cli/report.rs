//! Reports for people to read, in Chinese and English.

use crate::domain::report::{Conclusion, Integrity, Report, SignatureReport};

/// The verdict in one sentence.
fn sentence(report: &Report) -> &'static str {
    // A signature that the next one goes on from is no change that anybody asks about.
    let changed = report.signatures.last().is_some_and(|last| !last.modifications.is_empty());
    match report.conclusion {
        Conclusion::Valid if changed => {
            "有效：签章后仅有允许的修改（见下），签章可信。 VALID: changed since it was sealed only as is allowed (below), and the seal is trusted."
        }
        Conclusion::Valid => {
            "有效：文件自签章后未被改动，签章可信。 VALID: unchanged since it was sealed, and the seal is trusted."
        }
        Conclusion::Invalid => {
            "无效：签章或文件不可信，请勿采用。 INVALID: do not rely on this file."
        }
        Conclusion::Indeterminate => {
            "无法判定：已知信息不足。 INDETERMINATE: what is known does not suffice to judge."
        }
        Conclusion::Unsigned => {
            "未签章：文件中没有签章。 UNSIGNED: there is no signature in the file."
        }
    }
}

fn integrity(signature: &SignatureReport) -> &'static str {
    match signature.integrity {
        Integrity::Intact => "签名内容完整 the signed bytes are intact",
        Integrity::Broken => {
            "签名内容已被改动或签名错误 the signed bytes or the signature are wrong"
        }
        Integrity::Unknown => "完整性未知 integrity could not be computed",
    }
}

/// The mark of an answer.
fn mark(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "[ok]",
        Some(false) => "[NO]",
        None => "[??]",
    }
}

/// The report as plain text.
pub(super) fn text(report: &Report) -> String {
    let mut lines =
        vec![report.file.clone().unwrap_or_default(), format!("  {}", sentence(report))];
    lines.extend(report.detail.iter().map(|detail| format!("  {detail}")));
    for signature in &report.signatures {
        let signer = signature.signer.subject.as_deref().unwrap_or("unknown signer");
        let status = signature.sub_indication.as_deref().unwrap_or("passed");
        lines.push(format!("  #{} {signer}", signature.index + 1));
        lines.push(format!("     {}; {status}", integrity(signature)));
        if let Some(time) = signature.signing_time {
            lines.push(format!("     声称时间 claimed time {time}"));
        }
        if !signature.modifications.is_empty() {
            lines.push("     此签章之后的修改 changes after this signature:".to_owned());
        }
        for change in &signature.modifications {
            lines.push(format!("       {} {}", mark(change.allowed), change.what));
        }
        for check in &signature.checks {
            let (answer, name) = (mark(check.passed), &check.name);
            lines.push(format!("     {answer} {name}: {}", check.detail));
        }
    }
    lines.iter().map(|line| shown(line)).collect::<Vec<_>>().join("\n")
}

/// What files say may move the cursor, or turn the direction of writing, to make a report look like
/// another.
fn shown(line: &str) -> String {
    let harmless = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    line.chars()
        .flat_map(|c| if harmless(c) { vec![c] } else { c.escape_unicode().collect() })
        .collect()
}

/// The reports as one page of HTML, printable, without any script.
pub(super) fn html(reports: &[Report]) -> String {
    let sections: String = reports
        .iter()
        .map(|report| {
            let title = escape(report.file.as_deref().unwrap_or_default());
            format!("<section><h2>{title}</h2><pre>{}</pre></section>", escape(&text(report)))
        })
        .collect();
    format!(
        "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><title>验章报告 Verification \
         report</title><style>body{{font:15px/1.6 sans-serif;margin:2em auto;max-width:60em}}\
         pre{{white-space:pre-wrap}}</style><h1>验章报告 Verification report</h1>{sections}</html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

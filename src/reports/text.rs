//! Reports as plain text.

use super::{Language, difference, shown, signer, words};
use crate::domain::report::{Check, Consequence, Report, SignatureReport, TwoLanguages};

/// The mark of an answer.
fn mark(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "[ok]",
        Some(false) => "[NO]",
        None => "[??]",
    }
}

/// A report as plain text, in one language or in both below each other.
pub fn text(report: &Report, languages: &[Language]) -> String {
    let mut lines = Lines { languages, lines: Vec::new() };
    lines.lines.push(shown(report.file.as_deref().unwrap_or_default()));
    lines.each(2, |language| {
        let conclusion = words(language).conclusion(report.conclusion);
        format!("[{conclusion}] {}", language.of(&report.verdict.sentence))
    });
    lines.each(2, |language| {
        format!("{}: {}", words(language).advice, language.of(&report.verdict.advice))
    });
    lines.plain(2, report.detail.iter().cloned());
    if !report.warnings.is_empty() {
        lines.each(2, |language| format!("{}:", words(language).warnings));
        lines.plain(5, report.warnings.iter().map(|warning| format!("[!!] {warning}")));
    }
    for signature in &report.signatures {
        lines.signature(signature);
    }
    if !report.fetched.is_empty() {
        lines.each(2, |language| format!("{}:", words(language).fetched));
    }
    for fetched in &report.fetched {
        let mark = if fetched.error.is_none() { "[ok]" } else { "[??]" };
        lines.each(5, |language| format!("{mark} {}", words(language).errand(fetched)));
    }
    lines.each(2, |language| {
        let (words, policy) = (words(language), &report.policy);
        let (title, short) = (language.of(&policy.title), policy.digest.get(..16));
        let at = language.time(report.verified_at);
        let digest = short.unwrap_or_default();
        format!(
            "{}: {at}; {}: {title} ({}, {digest}…)",
            words.asked_about, words.policy, policy.name
        )
    });
    lines.lines.join("\n")
}

struct Lines<'a> {
    languages: &'a [Language],
    lines: Vec<String>,
}

impl Lines<'_> {
    fn each(&mut self, indent: usize, line: impl Fn(Language) -> String) {
        for language in self.languages {
            self.lines.push(format!("{:indent$}{}", "", shown(&line(*language))));
        }
    }

    fn plain(&mut self, indent: usize, lines: impl IntoIterator<Item = String>) {
        let lines = lines.into_iter().map(|line| format!("{:indent$}{}", "", shown(&line)));
        self.lines.extend(lines);
    }

    fn both(&mut self, mark: &str, text: &TwoLanguages) {
        self.each(7, |language| format!("{mark} {}", language.of(text)));
    }

    fn signature(&mut self, signature: &SignatureReport) {
        self.each(2, |language| {
            let words = words(language);
            let name = signer(signature).unwrap_or_else(|| words.nobody.to_owned());
            let seal =
                signature.seal.as_ref().map(|seal| format!("; {}: {}", words.seal, seal.name));
            let number = signature.index + 1;
            format!("#{number} {}: {name}{}", words.signer, seal.unwrap_or_default())
        });
        self.each(5, |language| language.of(&signature.verdict.sentence).to_owned());
        for text in &signature.certain {
            self.both("·", text);
        }
        for text in &signature.uncertain {
            self.both("?", text);
        }
        if !signature.modifications.is_empty() {
            self.each(5, |language| format!("{}:", words(language).changes));
        }
        for change in &signature.modifications {
            self.each(7, |language| {
                let kind = change.kind.in_words();
                format!("{} {}: {}", mark(change.allowed), language.of(&kind), change.what)
            });
        }
        if let Some(look) = &signature.appearance {
            if !look.different.is_empty() {
                self.each(5, |language| format!("{}:", words(language).pages));
            }
            for page in &look.different {
                self.each(7, |language| difference(page, words(language)));
            }
            self.plain(7, look.detail.iter().cloned());
        }
        let status = signature.sub_indication.map(|why| format!("/{why}")).unwrap_or_default();
        self.plain(5, [format!("{}{status}", signature.indication)]);
        self.plain(5, signature.checks.iter().map(line));
    }
}

fn line(check: &Check) -> String {
    let counts = check.passed == Some(true) || check.consequence == Consequence::Fail;
    let consequence = if counts { String::new() } else { format!(" ({})", check.consequence) };
    format!("{} {}{consequence}: {}", mark(check.passed), check.name, check.detail)
}

//! The words around what a report says.

use crate::domain::{
    Timestamp,
    report::{Conclusion, Fetched, FetchedKind, TwoLanguages},
};

/// A language of reports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// By its tag: `zh` or `en`, with anything behind it.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_', ';', '.']).next()?.to_ascii_lowercase();
        match primary.as_str() {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The tag for HTML.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// A text in this language.
    pub(super) fn of(self, text: &TwoLanguages) -> &str {
        match self {
            Self::Zh => &text.zh,
            Self::En => &text.en,
        }
    }

    /// A time, as people read it.
    pub(super) fn time(self, at: Timestamp) -> String {
        match self {
            Self::Zh => format!("{}（北京时间）", at.in_china()),
            Self::En => at.to_the_second().to_string(),
        }
    }
}

/// Labels.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) advice: &'static str,
    pub(super) format: &'static str,
    pub(super) asked_about: &'static str,
    pub(super) policy: &'static str,
    pub(super) digest: &'static str,
    pub(super) signature: &'static str,
    pub(super) signer: &'static str,
    pub(super) issuer: &'static str,
    pub(super) seal: &'static str,
    pub(super) seal_code: &'static str,
    pub(super) claimed: &'static str,
    pub(super) proven: &'static str,
    pub(super) algorithm: &'static str,
    pub(super) status: &'static str,
    pub(super) certain: &'static str,
    pub(super) uncertain: &'static str,
    pub(super) changes: &'static str,
    pub(super) pages: &'static str,
    pub(super) page: &'static str,
    pub(super) page_itself: &'static str,
    pub(super) page_hidden: &'static str,
    pub(super) page_fields: &'static str,
    pub(super) as_signed: &'static str,
    pub(super) as_shown: &'static str,
    pub(super) checks: &'static str,
    pub(super) question: &'static str,
    pub(super) answer: &'static str,
    pub(super) detail: &'static str,
    pub(super) warnings: &'static str,
    pub(super) remark: &'static str,
    pub(super) fetched: &'static str,
    pub(super) list: &'static str,
    pub(super) status_answer: &'static str,
    pub(super) issuer_certificate: &'static str,
    pub(super) obtained: &'static str,
    pub(super) not_obtained: &'static str,
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    pub(super) unknown: &'static str,
    pub(super) no_effect: &'static str,
    pub(super) nobody: &'static str,
    pub(super) unnamed: &'static str,
    conclusions: [&'static str; 4],
}

impl Words {
    pub(super) fn conclusion(&self, conclusion: Conclusion) -> &'static str {
        let [valid, invalid, indeterminate, unsigned] = self.conclusions;
        match conclusion {
            Conclusion::Valid => valid,
            Conclusion::Invalid => invalid,
            Conclusion::Indeterminate => indeterminate,
            Conclusion::Unsigned => unsigned,
        }
    }

    /// What was fetched, and whether it could be had; why not is in the words of the network.
    pub(super) fn errand(&self, fetched: &Fetched) -> String {
        let what = match fetched.kind {
            FetchedKind::Crl => self.list,
            FetchedKind::Ocsp => self.status_answer,
            FetchedKind::Certificate => self.issuer_certificate,
        };
        let end = match &fetched.error {
            None => self.obtained.to_owned(),
            Some(error) => format!("{}: {error}", self.not_obtained),
        };
        format!("{what}, {}: {end}", fetched.url)
    }

    pub(super) fn answer(&self, passed: Option<bool>) -> &'static str {
        match passed {
            Some(true) => self.yes,
            Some(false) => self.no,
            None => self.unknown,
        }
    }
}

pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::Zh => &ZH,
        Language::En => &EN,
    }
}

const ZH: Words = Words {
    title: "验章报告",
    advice: "建议",
    format: "格式",
    asked_about: "核验时间点",
    policy: "验证规则",
    digest: "规则摘要（SHA-256）",
    signature: "签章",
    signer: "签章人",
    issuer: "证书颁发机构",
    seal: "印章名称",
    seal_code: "印章编码",
    claimed: "签章人自述时间",
    proven: "时间戳证明时间",
    algorithm: "算法",
    status: "状态（EN 319 102-1）",
    certain: "可以确定的",
    uncertain: "不能确定的",
    changes: "签章之后的修改",
    pages: "外观与签章时不同的页",
    page: "页",
    page_itself: "页面内容不同",
    page_hidden: "遮盖了原有内容",
    page_fields: "表单或批注不同",
    as_signed: "签章时",
    as_shown: "现在显示",
    checks: "逐项检查",
    question: "检查项",
    answer: "结果",
    detail: "技术说明",
    warnings: "签章时文件中已含有",
    remark: "说明",
    fetched: "联网查询的吊销信息和证书",
    list: "吊销列表（CRL）",
    status_answer: "证书状态应答（OCSP）",
    issuer_certificate: "颁发机构证书",
    obtained: "已取得",
    not_obtained: "未能取得",
    yes: "是",
    no: "否",
    unknown: "无法确定",
    no_effect: "（不影响结论）",
    nobody: "未知",
    unnamed: "未命名文件",
    conclusions: ["有效", "无效", "无法判定", "未签章"],
};

const EN: Words = Words {
    title: "Verification report",
    advice: "What to do",
    format: "Format",
    asked_about: "Asked about",
    policy: "Validation policy",
    digest: "Digest of the policy (SHA-256)",
    signature: "Signature",
    signer: "Signer",
    issuer: "Issuer of the certificate",
    seal: "Name of the seal",
    seal_code: "Seal code",
    claimed: "Time the signer states",
    proven: "Time a timestamp proves",
    algorithm: "Algorithm",
    status: "Status (EN 319 102-1)",
    certain: "What is certain",
    uncertain: "What is not certain",
    changes: "Changes after this signature",
    pages: "Pages that look different than signed",
    page: "page",
    page_itself: "the page itself is different",
    page_hidden: "something is hidden that was visible",
    page_fields: "fields or annotations are different",
    as_signed: "As signed",
    as_shown: "As shown now",
    checks: "Every check",
    question: "Question",
    answer: "Answer",
    detail: "In detail",
    warnings: "In the document already when it was signed",
    remark: "Remark",
    fetched: "Asked for over the network",
    list: "revocation list (CRL)",
    status_answer: "status of a certificate (OCSP)",
    issuer_certificate: "certificate of an issuer",
    obtained: "obtained",
    not_obtained: "could not be had",
    yes: "yes",
    no: "no",
    unknown: "not known",
    no_effect: "(does not count)",
    nobody: "unknown",
    unnamed: "unnamed file",
    conclusions: ["VALID", "INVALID", "INDETERMINATE", "UNSIGNED"],
};

//! What people are told of a conclusion, in both languages: one sentence and one piece of advice for each
//! reason. Every text is there, or the program does not build.

use super::{Reason, TwoLanguages};

impl Reason {
    /// The verdict in one sentence.
    pub fn sentence(self) -> TwoLanguages {
        match self {
            Self::Valid => TwoLanguages::new(
                "Valid: the file is as it was sealed, and whose seal it is has been confirmed.",
                "有效：文件与签章时一致，签章人身份已确认。",
            ),
            Self::ValidChanged => TwoLanguages::new(
                "Valid: after it was sealed the file was changed only in ways that are allowed (listed below), and whose seal it is has been confirmed.",
                "有效：签章后仅有允许的修改（见下列明细），签章人身份已确认。",
            ),
            Self::Stamped => TwoLanguages::new(
                "Valid: the timestamp holds. It proves when the document was there, and says nothing of who made it.",
                "有效：时间戳成立。它证明文件在该时间已存在，不说明由谁制作。",
            ),
            Self::MakerUnfit => TwoLanguages::new(
                "Not to be relied on: whoever made the electronic seal could not make seals when it was made.",
                "不可采信：制章人在制作印章时无权或已不能制章。",
            ),
            Self::SealInvalidated => TwoLanguages::new(
                "Invalid: by the register, the seal was made unlawfully.",
                "无效：据印章登记，该印章已被标识为无效（非法制作）。",
            ),
            Self::OnlyTimestamped => TwoLanguages::new(
                "Unsigned: the file holds a timestamp and no seal; it proves when the file was there, and not who made it.",
                "未签章：文件中只有时间戳，没有印章或签名；只能证明文件存在的时间，不能证明由谁出具。",
            ),
            Self::Changed => TwoLanguages::new(
                "Invalid: the file was changed after it was sealed.",
                "无效：文件在签章之后被改动过。",
            ),
            Self::NotCovered => TwoLanguages::new(
                "Not to be relied on: parts of the file are not protected by the seal and could have been put there by anybody.",
                "不可采信：文件有部分内容不在签章保护范围内，可能由他人添加。",
            ),
            Self::Forged => TwoLanguages::new(
                "Invalid: the signature is forged or damaged; it was not made with the key of the certificate in it.",
                "无效：签名系伪造或已损坏，并非由所示证书的密钥签出。",
            ),
            Self::SealForged => TwoLanguages::new(
                "Invalid: the electronic seal in the file is forged, or is not the seal of the one who signed.",
                "无效：文件中的电子印章系伪造，或不属于签名人。",
            ),
            Self::Malformed => TwoLanguages::new(
                "Invalid: the signature is not built as it must be; the file is damaged or was manipulated.",
                "无效：签名结构不符合规范，文件已损坏或被篡改。",
            ),
            Self::Voided => TwoLanguages::new(
                "Invalid: the document was withdrawn by whoever issued it.",
                "无效：该文件已被出具单位作废。",
            ),
            Self::SealNotActive => TwoLanguages::new(
                "Invalid: by the register, the seal was not in force when it sealed.",
                "无效：据印章登记，签章时该印章不处于有效状态。",
            ),
            Self::NotOnRecord => TwoLanguages::new(
                "Not confirmed: the signature was made with a key of this register, but there is no record of it here.",
                "无法确认：签名出自本登记的密钥，但没有相应的签章记录。",
            ),
            Self::TestSeal => {
                TwoLanguages::new("Without effect: this is a test seal.", "无效力：这是测试印章。")
            }
            Self::UnknownIssuer => TwoLanguages::new(
                "Not confirmed: what was sealed is unchanged, but whoever issued the certificate of the signer is not known here.",
                "无法确认：被签章的内容未被改动，但签名证书的颁发机构未被本系统信任。",
            ),
            Self::NoCertificate => TwoLanguages::new(
                "Not confirmed: the signature does not hold the certificate of the signer.",
                "无法确认：签名中没有签名人的证书。",
            ),
            Self::CertificateNotNamed => TwoLanguages::new(
                "Not confirmed: the signature does not name the certificate that stands in it.",
                "无法确认：签名没有指明所附的证书。",
            ),
            Self::Revoked => TwoLanguages::new(
                "Not to be relied on: the certificate of the signer was revoked, and nothing proves that the file was sealed before.",
                "不可采信：签名人的证书已被吊销，且无法证明签章在吊销之前。",
            ),
            Self::IssuerRevoked => TwoLanguages::new(
                "Not to be relied on: an authority above the certificate of the signer was revoked.",
                "不可采信：签名证书的上级颁发机构证书已被吊销。",
            ),
            Self::RevokedBefore => TwoLanguages::new(
                "Invalid: it is proven that the file was sealed when the certificate could no longer be used.",
                "无效：已证明签章时证书已不能使用（已吊销或已过期）。",
            ),
            Self::NotYetValid => TwoLanguages::new(
                "Invalid: the signature was there before the certificate of the signer was valid.",
                "无效：签名早于签名证书的生效时间。",
            ),
            Self::OnHold => TwoLanguages::new(
                "Not confirmed now: a certificate is on hold (suspended).",
                "暂无法确认：证书已被暂时冻结。",
            ),
            Self::Expired => TwoLanguages::new(
                "Not confirmed: what was sealed is unchanged, but a certificate has expired, and nothing proves that the file was sealed before that.",
                "无法确认：被签章的内容未被改动，但证书已过期，且无法证明签章在过期之前。",
            ),
            Self::StatusUnknown => TwoLanguages::new(
                "Not confirmed now: whether a certificate was revoked could not be found out.",
                "暂无法确认：未能查明证书是否已被吊销。",
            ),
            Self::ChainRules => TwoLanguages::new(
                "Not confirmed: the certificates above the signer break the rules, so that whose seal it is cannot be told.",
                "无法确认：签名人的证书链不符合规则，无法确认签章人身份。",
            ),
            Self::Weak => TwoLanguages::new(
                "Not to be relied on: an algorithm or key is so weak that the signature could be forged.",
                "不可采信：所用算法或密钥强度不足，签名可能被伪造。",
            ),
            Self::KeyUsage => TwoLanguages::new(
                "Not confirmed: by its certificate the key is not for signing documents.",
                "无法确认：证书的密钥用途不包括文件签名。",
            ),
            Self::UnknownMaker => TwoLanguages::new(
                "Not confirmed: what was sealed is unchanged, but whoever made the electronic seal is not known here as a maker of seals.",
                "无法确认：被签章的内容未被改动，但电子印章的制章人未被本系统信任。",
            ),
            Self::SealDates => TwoLanguages::new(
                "Not to be relied on: the electronic seal was not valid when it was used.",
                "不可采信：签章时电子印章不在有效期内。",
            ),
            Self::SealRenewal => TwoLanguages::new(
                "Not confirmed: the certificate of the signer was renewed, but the electronic seal was not made again.",
                "无法确认：签名证书已更新，但电子印章未重新制作。",
            ),
            Self::Times => TwoLanguages::new(
                "Not confirmed: the times in the signature contradict each other.",
                "无法确认：签名中的时间相互矛盾。",
            ),
            Self::Timestamp => TwoLanguages::new(
                "Not confirmed: the timestamp of the signature does not hold.",
                "无法确认：签名的时间戳不成立。",
            ),
            Self::ChangesUnclear => TwoLanguages::new(
                "Not confirmed: something was added or changed after the file was sealed, and whether that is harmless cannot be told.",
                "无法确认：签章之后文件有新增或修改，且无法判断其是否无害。",
            ),
            Self::Ambiguous => TwoLanguages::new(
                "Not to be relied on: different programs may show different contents of this file.",
                "不可采信：不同的阅读软件可能显示不同的内容。",
            ),
            Self::FileMissing => TwoLanguages::new(
                "Not confirmed: this is a signature alone; the file that it is of is missing.",
                "无法确认：这是单独的签名文件，缺少被签名的原文。",
            ),
            Self::NotEvaluated => TwoLanguages::new(
                "Not confirmed: the file or its signature is of a kind that cannot be evaluated here.",
                "无法确认：此处无法验证该文件或签名类型。",
            ),
            Self::Other => TwoLanguages::new(
                "Not confirmed: a requirement is not met (listed below).",
                "无法确认：有要求未满足（见下列明细）。",
            ),
            Self::Unsigned => TwoLanguages::new(
                "Unsigned: there is no seal or signature in the file.",
                "未签章：文件中没有电子印章或签名。",
            ),
            Self::Unreadable => TwoLanguages::new(
                "Not confirmed: the file cannot be read here; it is damaged, locked, or of a kind that is not known.",
                "无法确认：文件无法读取（已损坏、已加密或类型不受支持）。",
            ),
        }
    }

    /// What to do.
    pub fn advice(self) -> TwoLanguages {
        match self {
            Self::Valid => TwoLanguages::new("You can rely on it.", "可以采信。"),
            Self::ValidChanged => TwoLanguages::new(
                "You can rely on what was sealed; look at the changes listed below.",
                "可以采信签章内容；请留意下列修改。",
            ),
            Self::Stamped => TwoLanguages::new(
                "Look at the seals and signatures for who issued the document.",
                "请以文件中的印章或签名判断出具单位。",
            ),
            Self::MakerUnfit => TwoLanguages::new(
                "Do not rely on it. Ask whoever is named on the seal.",
                "请勿采信，请向印章上所示的单位核实。",
            ),
            Self::SealInvalidated => TwoLanguages::new(
                "Do not rely on it. Ask whoever is named on the seal.",
                "请勿采信，请向印章上所示的单位核实。",
            ),
            Self::OnlyTimestamped => TwoLanguages::new(
                "Anybody can have made it. Ask whoever is named as the issuer.",
                "任何人都可能制作该文件，请向文件所示的出具单位核实。",
            ),
            Self::Changed => TwoLanguages::new(
                "Do not rely on it. Ask whoever issued the file for the original.",
                "请勿采信，请向出具单位索取原始文件。",
            ),
            Self::NotCovered => TwoLanguages::new(
                "Ask whoever issued the file for one that is sealed as a whole.",
                "请向出具单位索取整份签章的文件。",
            ),
            Self::Forged => TwoLanguages::new(
                "Do not rely on it. Report it to whoever is named as the issuer.",
                "请勿采信，并告知文件上所示的出具单位。",
            ),
            Self::SealForged => TwoLanguages::new(
                "Do not rely on it. Report it to whoever is named on the seal.",
                "请勿采信，并告知印章上所示的单位。",
            ),
            Self::Malformed => TwoLanguages::new(
                "Do not rely on it. Ask whoever issued the file for the original.",
                "请勿采信，请向出具单位索取原始文件。",
            ),
            Self::Voided => TwoLanguages::new(
                "Do not rely on it. Ask whoever issued it for the document that takes its place.",
                "请勿采信，请向出具单位索取替代文件。",
            ),
            Self::SealNotActive => TwoLanguages::new(
                "Do not rely on it. Ask whoever issued the file.",
                "请勿采信，请向出具单位核实。",
            ),
            Self::NotOnRecord => TwoLanguages::new(
                "Do not rely on it before whoever keeps the register has looked into it.",
                "在印章登记管理单位核实之前请勿采信。",
            ),
            Self::TestSeal => TwoLanguages::new(
                "Do not rely on it. Ask whoever issued the file for one with the real seal.",
                "请勿采信，请索取加盖正式印章的文件。",
            ),
            Self::UnknownIssuer => TwoLanguages::new(
                "Whose seal it is cannot be told here. Verify the file where the seal was made, or have the root certificate of the authority added if it is to be trusted.",
                "此处无法确认签章人身份。请到印章制作方的核验平台核验，或在确认可信后添加该机构的根证书。",
            ),
            Self::NoCertificate => {
                TwoLanguages::new("Ask whoever issued the file.", "请向出具单位核实。")
            }
            Self::CertificateNotNamed => TwoLanguages::new(
                "Ask whoever issued the file for one that is signed as the standard demands.",
                "请向出具单位索取按规范签章的文件。",
            ),
            Self::Revoked => TwoLanguages::new(
                "Ask whoever issued the file whether it holds, and for one that is sealed anew.",
                "请向出具单位核实，并索取重新签章的文件。",
            ),
            Self::IssuerRevoked => TwoLanguages::new(
                "Ask whoever issued the file for one that is sealed anew.",
                "请向出具单位索取重新签章的文件。",
            ),
            Self::RevokedBefore => TwoLanguages::new(
                "Do not rely on it. Report it to whoever is named as the issuer.",
                "请勿采信，并告知文件上所示的出具单位。",
            ),
            Self::NotYetValid => TwoLanguages::new(
                "Do not rely on it. Ask whoever issued the file.",
                "请勿采信，请向出具单位核实。",
            ),
            Self::OnHold => TwoLanguages::new(
                "Ask again later, or ask whoever issued the file.",
                "请稍后再次核验，或向出具单位核实。",
            ),
            Self::Expired => TwoLanguages::new(
                "Ask whoever issued the file to confirm it, or for one that is sealed anew with a timestamp.",
                "请向出具单位核实，或索取带时间戳重新签章的文件。",
            ),
            Self::StatusUnknown => TwoLanguages::new(
                "Try again later, or with access to the network.",
                "请稍后重试，或在可以联网的环境下核验。",
            ),
            Self::ChainRules => TwoLanguages::new(
                "Ask whoever issued the file, or whoever issued the certificates.",
                "请向出具单位或证书颁发机构核实。",
            ),
            Self::Weak => TwoLanguages::new(
                "Ask whoever issued the file for one that is sealed anew.",
                "请向出具单位索取重新签章的文件。",
            ),
            Self::KeyUsage => {
                TwoLanguages::new("Ask whoever issued the file.", "请向出具单位核实。")
            }
            Self::UnknownMaker => TwoLanguages::new(
                "Verify the file where the seal was made, or have the maker added if it is to be trusted.",
                "请到印章制作方的核验平台核验，或在确认可信后添加该制章人。",
            ),
            Self::SealDates => TwoLanguages::new(
                "Ask whoever issued the file for one that is sealed anew.",
                "请向出具单位索取重新签章的文件。",
            ),
            Self::SealRenewal => TwoLanguages::new(
                "Whoever issued the file has to have the seal made again and seal the file anew.",
                "出具单位应重新制作电子印章并重新签章。",
            ),
            Self::Times => TwoLanguages::new("Ask whoever issued the file.", "请向出具单位核实。"),
            Self::Timestamp => {
                TwoLanguages::new("Ask whoever issued the file.", "请向出具单位核实。")
            }
            Self::ChangesUnclear => TwoLanguages::new(
                "Compare with the original, or ask whoever issued the file.",
                "请与原件比对，或向出具单位核实。",
            ),
            Self::Ambiguous => TwoLanguages::new(
                "Do not rely on what is shown. Ask whoever issued the file for one that is built properly.",
                "请勿采信所显示的内容，请向出具单位索取规范的文件。",
            ),
            Self::FileMissing => TwoLanguages::new(
                "Give the file that was signed as well.",
                "请同时提供被签名的文件。",
            ),
            Self::NotEvaluated => TwoLanguages::new(
                "Verify it with the program that it was made for.",
                "请使用与其对应的软件核验。",
            ),
            Self::Other => TwoLanguages::new("Ask whoever issued the file.", "请向出具单位核实。"),
            Self::Unsigned => TwoLanguages::new(
                "Anybody can have made it. Ask whoever is named as the issuer.",
                "任何人都可能制作该文件，请向文件所示的出具单位核实。",
            ),
            Self::Unreadable => TwoLanguages::new(
                "Ask whoever issued the file for another copy.",
                "请向出具单位重新索取文件。",
            ),
        }
    }
}

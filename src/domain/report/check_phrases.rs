//! What people are told of a check, in both languages: the question, and what it means that the answer is
//! not yes. Every text is there, or the program does not build.

use super::{CheckName, TwoLanguages};

impl CheckName {
    /// The question, for people.
    pub fn question(self) -> TwoLanguages {
        match self {
            Self::Format => TwoLanguages::new(
                "Is the signature built as its format demands?",
                "签名结构是否符合规范",
            ),
            Self::ByteRange => TwoLanguages::new(
                "Does the signature cover all but itself?",
                "签名是否覆盖除自身以外的全部字节",
            ),
            Self::SignatureField => TwoLanguages::new(
                "Does the form lead to the signature?",
                "签名是否在文档表单中登记",
            ),
            Self::Package => TwoLanguages::new(
                "Does every program find the same parts in the file?",
                "各软件读取到的文件内容是否一致",
            ),
            Self::References => {
                TwoLanguages::new("Are the protected parts unchanged?", "受保护的部分是否未被改动")
            }
            Self::Digest => {
                TwoLanguages::new("Is what was signed unchanged?", "被签内容是否未被改动")
            }
            Self::Signature => TwoLanguages::new(
                "Was the signature made with the key of the certificate?",
                "签名值是否由证书对应的密钥签出",
            ),
            Self::SigningCertificate => TwoLanguages::new(
                "Is the certificate the one that signed?",
                "证书是否为签名所指定的证书",
            ),
            Self::SignedAttributes => {
                TwoLanguages::new("Are there signed attributes?", "是否含有签名属性")
            }
            Self::SignedProperty => TwoLanguages::new(
                "Does the seal signature say that it is of this document?",
                "签章是否声明针对本文件",
            ),
            Self::Algorithms => TwoLanguages::new(
                "Are the algorithms and keys strong enough?",
                "算法与密钥强度是否足够",
            ),
            Self::Coverage => {
                TwoLanguages::new("Is the whole document protected?", "文件是否整体受保护")
            }
            Self::SignatureList => {
                TwoLanguages::new("Does the list name every signature?", "签名列表是否完整")
            }
            Self::ChangesAfterSigning => TwoLanguages::new(
                "Is what came after the signature allowed?",
                "签章后的修改是否被允许",
            ),
            Self::AppearanceAfterSigning => TwoLanguages::new(
                "Do the pages look as they did when they were sealed?",
                "页面外观是否与签章时一致",
            ),
            Self::CertificateChain => TwoLanguages::new(
                "Is the certificate from an authority that is trusted here?",
                "证书是否由受信任的机构颁发",
            ),
            Self::CertificateDates => {
                TwoLanguages::new("Were the certificates valid?", "证书是否在有效期内")
            }
            Self::KeyUsage => {
                TwoLanguages::new("Is the key for signing documents?", "证书用途是否允许签名")
            }
            Self::Revocation => {
                TwoLanguages::new("Was no certificate revoked?", "证书是否未被吊销")
            }
            Self::NotForTest => {
                TwoLanguages::new("Is the seal for more than tests?", "是否为正式印章（非测试章）")
            }
            Self::ProvenTime => {
                TwoLanguages::new("Is it proven when the file was sealed?", "签章时间是否得到证明")
            }
            Self::Timestamp => TwoLanguages::new("Does the timestamp hold?", "时间戳是否有效"),
            Self::ContentTimestamp => TwoLanguages::new(
                "Does the timestamp from before the signature hold?",
                "签名之前的内容时间戳是否有效",
            ),
            Self::SealSignature => TwoLanguages::new(
                "Is the seal as its maker made it?",
                "电子印章是否为制章人所制、未被改动",
            ),
            Self::SealMaker => {
                TwoLanguages::new("Is the maker of the seal trusted here?", "制章人是否受信任")
            }
            Self::SealTimestamp => {
                TwoLanguages::new("Does the timestamp of the seal hold?", "印章的时间戳是否有效")
            }
            Self::SealDates => TwoLanguages::new("Was the seal valid?", "电子印章是否在有效期内"),
            Self::Times => TwoLanguages::new("Do the times fit together?", "各时间是否相互吻合"),
            Self::SignerInSeal => TwoLanguages::new(
                "Does the seal belong to the one who signed?",
                "电子印章是否属于签名人",
            ),
            Self::SealExtensions => TwoLanguages::new(
                "Is everything critical in the seal understood?",
                "印章的关键扩展是否均可识别",
            ),
            Self::SealFile => TwoLanguages::new(
                "Is the seal that is shown the one that signed?",
                "显示的印章是否与签名所用印章一致",
            ),
            Self::SignatureOnRecord => {
                TwoLanguages::new("Is the signature on record here?", "本登记中是否有该签章记录")
            }
            Self::ContentSeen => TwoLanguages::new(
                "Did the service see the document when it signed?",
                "签章时服务是否见到文件内容",
            ),
            Self::SealStateThen => {
                TwoLanguages::new("Was the seal in force when it sealed?", "签章时印章状态是否有效")
            }
            Self::SealStateNow => TwoLanguages::new(
                "Is the seal not found unlawful since?",
                "印章此后是否未被标识为无效",
            ),
            Self::DocumentNotVoided => {
                TwoLanguages::new("Is the document still in force?", "文件是否未被作废")
            }
        }
    }

    /// What it means that the answer is no.
    pub fn if_failed(self) -> TwoLanguages {
        match self {
            Self::Format => TwoLanguages::new(
                "The signature is not built as its format demands.",
                "签名结构不符合规范。",
            ),
            Self::ByteRange => TwoLanguages::new(
                "The signature does not cover what it must.",
                "签名没有覆盖应覆盖的全部字节。",
            ),
            Self::SignatureField => TwoLanguages::new(
                "The document does not lead to the signature.",
                "签名未在文档表单中登记。",
            ),
            Self::Package => TwoLanguages::new(
                "Different programs may find different parts in the file.",
                "不同软件读取到的文件内容可能不一致。",
            ),
            Self::References => TwoLanguages::new(
                "Protected parts were changed or removed after signing.",
                "受保护的部分在签章后被改动或删除。",
            ),
            Self::Digest => TwoLanguages::new(
                "What was signed was changed afterwards.",
                "被签内容在签章后被改动。",
            ),
            Self::Signature => TwoLanguages::new(
                "The signature does not belong to the certificate: it is forged or damaged.",
                "签名值与证书不符，系伪造或已损坏。",
            ),
            Self::SigningCertificate => TwoLanguages::new(
                "The signature does not name the certificate that it was made with.",
                "签名没有指明所用的证书。",
            ),
            Self::SignedAttributes => {
                TwoLanguages::new("The signature lacks signed attributes.", "签名缺少签名属性。")
            }
            Self::SignedProperty => TwoLanguages::new(
                "The seal signature is of something else.",
                "签章针对的是其他内容。",
            ),
            Self::Algorithms => {
                TwoLanguages::new("The algorithms or keys are too weak.", "算法或密钥强度不足。")
            }
            Self::Coverage => TwoLanguages::new(
                "Not all of the document is protected by the signature.",
                "文件没有被签名整体保护。",
            ),
            Self::SignatureList => TwoLanguages::new(
                "A signature was taken out of the file.",
                "有签名被从文件中移除。",
            ),
            Self::ChangesAfterSigning => TwoLanguages::new(
                "The file was changed after signing in a way that is not allowed.",
                "签章后文件有不被允许的修改。",
            ),
            Self::AppearanceAfterSigning => TwoLanguages::new(
                "The pages look different than when they were sealed.",
                "页面外观与签章时不同。",
            ),
            Self::CertificateChain => TwoLanguages::new(
                "The certificates above the signer break the rules.",
                "证书链不符合规则。",
            ),
            Self::CertificateDates => TwoLanguages::new(
                "A certificate was not valid at the time.",
                "证书在该时间点不在有效期内。",
            ),
            Self::KeyUsage => TwoLanguages::new(
                "By its certificate the key is not for signing documents.",
                "证书的密钥用途不包括文件签名。",
            ),
            Self::Revocation => TwoLanguages::new("A certificate was revoked.", "证书已被吊销。"),
            Self::NotForTest => TwoLanguages::new("The seal is for tests only.", "这是测试印章。"),
            Self::ProvenTime => {
                TwoLanguages::new("The time of sealing is not proven.", "签章时间没有得到证明。")
            }
            Self::Timestamp => TwoLanguages::new("The timestamp does not hold.", "时间戳不成立。"),
            Self::ContentTimestamp => TwoLanguages::new(
                "The timestamp from before the signature does not hold.",
                "签名之前的内容时间戳不成立。",
            ),
            Self::SealSignature => TwoLanguages::new(
                "The electronic seal was not made by the one it names, or was changed.",
                "电子印章并非所示制章人所制，或已被改动。",
            ),
            Self::SealMaker => TwoLanguages::new(
                "The maker of the seal may not make seals, or could not at the time.",
                "制章人无权制作印章，或当时已无权制作。",
            ),
            Self::SealTimestamp => TwoLanguages::new(
                "The timestamp of the seal does not hold.",
                "印章的时间戳不成立。",
            ),
            Self::SealDates => TwoLanguages::new(
                "The electronic seal was not valid at the time.",
                "电子印章在该时间点不在有效期内。",
            ),
            Self::Times => {
                TwoLanguages::new("The times contradict each other.", "各时间相互矛盾。")
            }
            Self::SignerInSeal => TwoLanguages::new(
                "The electronic seal does not belong to the one who signed.",
                "电子印章不属于签名人。",
            ),
            Self::SealExtensions => TwoLanguages::new(
                "The seal holds something critical that is not understood.",
                "电子印章含有无法识别的关键扩展。",
            ),
            Self::SealFile => TwoLanguages::new(
                "The seal that a reader may show is not the one that signed.",
                "阅读软件显示的印章可能不是签名所用的印章。",
            ),
            Self::SignatureOnRecord => {
                TwoLanguages::new("There is no record of this signature.", "没有该签章的记录。")
            }
            Self::ContentSeen => TwoLanguages::new(
                "The service did not see the document that it signed.",
                "签章时服务未见到文件内容。",
            ),
            Self::SealStateThen => TwoLanguages::new(
                "By the register, the seal was not in force when it sealed.",
                "据登记，签章时印章不处于有效状态。",
            ),
            Self::SealStateNow => TwoLanguages::new(
                "By the register, the seal was made unlawfully.",
                "据登记，该印章已被标识为无效。",
            ),
            Self::DocumentNotVoided => TwoLanguages::new(
                "The document was voided by whoever issued it.",
                "该文件已被出具单位作废。",
            ),
        }
    }

    /// What it means that the answer is not known.
    pub fn if_unknown(self) -> TwoLanguages {
        match self {
            Self::Format => TwoLanguages::new(
                "The signature is of a kind that is not evaluated here.",
                "此处无法验证该类型的签名。",
            ),
            Self::ByteRange => TwoLanguages::new(
                "What the signature covers could not be told.",
                "无法确定签名覆盖的范围。",
            ),
            Self::SignatureField => TwoLanguages::new(
                "Whether the document leads to the signature could not be told.",
                "无法确定签名是否在文档表单中登记。",
            ),
            Self::Package => TwoLanguages::new(
                "Different programs may find different parts in the file.",
                "不同软件读取到的文件内容可能不一致。",
            ),
            Self::References => TwoLanguages::new(
                "Whether protected parts were changed could not be checked.",
                "无法检查受保护的部分是否被改动。",
            ),
            Self::Digest => TwoLanguages::new(
                "Whether what was signed was changed could not be checked.",
                "无法检查被签内容是否被改动。",
            ),
            Self::Signature => TwoLanguages::new(
                "Whether the signature belongs to the certificate could not be checked.",
                "无法检查签名值是否由该证书的密钥签出。",
            ),
            Self::SigningCertificate => TwoLanguages::new(
                "Whether the certificate is the right one could not be told.",
                "无法确定证书是否为签名所用的证书。",
            ),
            Self::SignedAttributes => TwoLanguages::new(
                "Without signed attributes, the value may have been made for another use.",
                "签名缺少签名属性，签名值可能出自其他用途。",
            ),
            Self::SignedProperty => TwoLanguages::new(
                "The seal signature does not say that it is of this document.",
                "签章没有声明针对本文件。",
            ),
            Self::Algorithms => TwoLanguages::new(
                "The algorithms or keys are too weak, or not known here.",
                "算法或密钥强度不足，或不受支持。",
            ),
            Self::Coverage => TwoLanguages::new(
                "Parts of the document are not protected by the signature.",
                "文件有部分内容不在签名保护范围内。",
            ),
            Self::SignatureList => TwoLanguages::new(
                "There is something like a signature that the list does not name.",
                "文件中有未列入签名列表的签名。",
            ),
            Self::ChangesAfterSigning => TwoLanguages::new(
                "Whether what came after the signature is harmless could not be told.",
                "无法判断签章后的修改是否无害。",
            ),
            Self::AppearanceAfterSigning => TwoLanguages::new(
                "The pages may look different than when they were sealed.",
                "页面外观可能与签章时不同。",
            ),
            Self::CertificateChain => TwoLanguages::new(
                "The certificate does not lead to an authority that is trusted here.",
                "证书不能追溯到受信任的机构。",
            ),
            Self::CertificateDates => TwoLanguages::new(
                "Whether the certificates were valid could not be told.",
                "无法确定证书是否在有效期内。",
            ),
            Self::KeyUsage => TwoLanguages::new(
                "What the key is for could not be told.",
                "无法确定证书的密钥用途。",
            ),
            Self::Revocation => TwoLanguages::new(
                "Whether a certificate was revoked could not be found out.",
                "未能查明证书是否已被吊销。",
            ),
            Self::NotForTest => TwoLanguages::new(
                "Whether the seal is for tests only could not be told.",
                "无法确定是否为测试印章。",
            ),
            Self::ProvenTime => TwoLanguages::new(
                "The certificate was judged as of the time that the signer states; nothing proves it.",
                "证书按签章人自述的时间判断，该时间没有证明。",
            ),
            Self::Timestamp => TwoLanguages::new(
                "The timestamp is of an authority that is not trusted here, and proves nothing.",
                "时间戳出自未受信任的机构，不能作为证明。",
            ),
            Self::ContentTimestamp => TwoLanguages::new(
                "The timestamp from before the signature could not be checked, and proves nothing.",
                "无法检查签名之前的内容时间戳，不能作为证明。",
            ),
            Self::SealSignature => TwoLanguages::new(
                "Who made the electronic seal could not be checked.",
                "无法检查电子印章由谁制作。",
            ),
            Self::SealMaker => TwoLanguages::new(
                "The maker of the seal is not known here as one.",
                "制章人未被本系统信任。",
            ),
            Self::SealTimestamp => TwoLanguages::new(
                "The timestamp of the seal is of an authority that is not trusted here.",
                "印章的时间戳出自未受信任的机构。",
            ),
            Self::SealDates => TwoLanguages::new(
                "Whether the electronic seal was valid could not be told.",
                "无法确定电子印章是否在有效期内。",
            ),
            Self::Times => {
                TwoLanguages::new("The times could not be compared.", "无法比较各时间。")
            }
            Self::SignerInSeal => TwoLanguages::new(
                "The certificate of the signer was renewed; the seal has to be made again.",
                "签名证书已更新，需重新制作电子印章。",
            ),
            Self::SealExtensions => TwoLanguages::new(
                "The seal holds something critical that is not understood.",
                "电子印章含有无法识别的关键扩展。",
            ),
            Self::SealFile => TwoLanguages::new(
                "Whether the seal that is shown is the one that signed could not be told.",
                "无法确定显示的印章是否为签名所用的印章。",
            ),
            Self::SignatureOnRecord => TwoLanguages::new(
                "The key is one of this register, but there is no record of this signature here.",
                "密钥出自本登记，但没有该签章的记录。",
            ),
            Self::ContentSeen => TwoLanguages::new(
                "The service signed a digest and did not see the document.",
                "服务仅对摘要签名，未见到文件内容。",
            ),
            Self::SealStateThen => TwoLanguages::new(
                "Whether the seal was in force when it sealed is not known.",
                "无法确定签章时印章是否有效。",
            ),
            Self::SealStateNow => {
                TwoLanguages::new("The state of the seal is not known.", "无法确定印章的状态。")
            }
            Self::DocumentNotVoided => TwoLanguages::new(
                "Whether the document was voided is not known.",
                "无法确定文件是否已被作废。",
            ),
        }
    }
}

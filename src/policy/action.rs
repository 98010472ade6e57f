//! Everything that can be asked for. Each HTTP endpoint has one of these.

use crate::domain::seal_state::words;

words! {
    /// An action of `policies/schema.cedarschema`.
    Action {
        /// Enter an organization below another.
        CreateOrganization => "create-organization",
        /// Read organizations.
        ReadOrganization => "read-organization",
        /// Enter a person.
        CreatePerson => "create-person",
        /// Read persons.
        ReadPerson => "read-person",
        /// Enter a principal.
        CreatePrincipal => "create-principal",
        /// Read principals.
        ReadPrincipal => "read-principal",
        /// Issue an access key.
        IssueAccessKey => "issue-access-key",
        /// Read access keys (never their secrets).
        ReadAccessKey => "read-access-key",
        /// Withdraw an access key.
        RevokeAccessKey => "revoke-access-key",
        /// Submit an application 申请.
        Apply => "apply",
        /// Read applications.
        ReadApplication => "read-application",
        /// Read the particulars and files of an application.
        ReadApplicationDetails => "read-application-details",
        /// Decide on an application 审核.
        Review => "review",
        /// Take an application back 撤回.
        Withdraw => "withdraw",
        /// Correct an application and submit it again 补正.
        Resubmit => "resubmit",
        /// Have somebody decide in one's own place while absent 代审.
        NameOwnStandIn => "name-own-stand-in",
        /// Have somebody decide in the place of an absent reviewer.
        NameStandIn => "name-stand-in",
        /// End that somebody stands in.
        EndStandIn => "end-stand-in",
        /// Enter that an organization was renamed, merged, split or ended.
        ChangeOrganization => "change-organization",
        /// Propose to revoke a seal ex officio 依职权注销.
        ProposeRevocation => "propose-revocation",
        /// Propose to destroy keys 销毁密钥.
        ProposeKeyDestruction => "propose-key-destruction",
        /// Propose to let a certificate through a gate 例外放行.
        ProposeWaiver => "propose-waiver",
        /// Confirm what another person proposed.
        ConfirmProposal => "confirm-proposal",
        /// Take a proposal back, or refuse it.
        WithdrawProposal => "withdraw-proposal",
        /// Enter a type of licence 证照类型.
        CreateLicenceType => "create-licence-type",
        /// Take a type of licence out of force.
        RetireLicenceType => "retire-licence-type",
        /// Ask for a single use of a seal 用印审批.
        RequestUse => "request-use",
        /// Decide on a single use of a seal.
        ApproveUse => "approve-use",
        /// Have events told by HTTP or e-mail.
        CreateWebhook => "create-webhook",
        /// Read webhooks and their deliveries (never their secrets).
        ReadWebhook => "read-webhook",
        /// Tell a webhook nothing any more.
        DisableWebhook => "disable-webhook",
        /// Deliver an event once more.
        ReplayDelivery => "replay-delivery",
        /// Take a list of seals in 存量导入.
        ImportSeals => "import-seals",
        /// Give the register out as a list 导出.
        ExportSeals => "export-seals",
        /// Enter that an authority elsewhere revoked a certificate.
        EndCertificateRevocation => "end-certificate-revocation",
        /// Generate the key of a seal version 生成密钥.
        GenerateKey => "generate-key",
        /// Read seals.
        ReadSeal => "read-seal",
        /// Make a seal version 制作.
        Make => "make",
        /// Register a seal version 备案.
        Register => "register",
        /// Give a seal version up before registration.
        Abandon => "abandon",
        /// Suspend a seal 暂停.
        Suspend => "suspend",
        /// Resume a seal 恢复.
        Resume => "resume",
        /// Report a seal lost 挂失.
        ReportLoss => "report-loss",
        /// Confirm that a lost seal was found 解除挂失.
        Recover => "recover",
        /// Revoke a seal 注销.
        Revoke => "revoke",
        /// Mark a seal as unlawfully made 标识为无效.
        Invalidate => "invalidate",
        /// Name a keeper 指定保管人.
        NameKeeper => "name-keeper",
        /// Accept or decline to keep a seal 确认接收.
        AcceptKeeping => "accept-keeping",
        /// End a keeping 结束保管.
        EndKeeping => "end-keeping",
        /// Read grants.
        ReadGrant => "read-grant",
        /// Grant the use of a seal 授权.
        CreateGrant => "create-grant",
        /// Withdraw a grant.
        RevokeGrant => "revoke-grant",
        /// Use a seal on a document 用印.
        Use => "use",
        /// Sign a bare digest with a seal.
        SignDigest => "sign-digest",
        /// Read signature records.
        ReadSignature => "read-signature",
        /// Void a sealed document 作废.
        Void => "void",
        /// Read the audit trail.
        ReadAudit => "read-audit",
        /// Verify a document 验章.
        Verify => "verify",
        /// Verify a document without an access key.
        VerifyPublicly => "verify-publicly",
        /// Read what is public: seal status, revocation lists, documentation.
        ReadPublic => "read-public",
        /// Health and metrics.
        Observe => "observe",
    }
}

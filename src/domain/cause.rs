//! Why a seal is cancelled 注销 or made again 重新制作 (《电子印章管理办法》).

use super::seal_state::words;

words! {
    /// The causes of cancellation 注销原因.
    RevocationCause {
        /// The organization has another name 更名.
        Rename => "rename",
        /// The organization was dissolved 解散.
        Dissolution => "dissolution",
        /// The organization was abolished 撤销.
        Abolition => "abolition",
        /// Its licence was revoked 吊销执照.
        LicenceRevoked => "licence-revoked",
        /// Bankruptcy 破产.
        Bankruptcy => "bankruptcy",
        /// The organization was split 分立.
        Split => "split",
        /// The organization was merged with another 合并.
        Merger => "merger",
        /// The owner wishes it 自愿注销.
        OwnWish => "own-wish",
        /// The seal was lost 遗失.
        Loss => "loss",
        /// The carrier of the key is damaged 载体损坏.
        CarrierDamaged => "carrier-damaged",
        /// Others may have the key 签名制作数据泄露.
        KeyCompromise => "key-compromise",
    }
}

words! {
    /// Why a seal is made again by the simplified flow 重新制作.
    RemakeCause {
        /// The seal expired 有效期届满.
        Expiry => "expiry",
        /// The carrier of the key is damaged 载体损坏.
        CarrierDamaged => "carrier-damaged",
        /// The seal was lost 遗失.
        Loss => "loss",
        /// Others may have the key 签名制作数据泄露.
        KeyCompromise => "key-compromise",
    }
}

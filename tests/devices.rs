//! One contract for every token: the same suite on SoftHSM and on our own module, and what each
//! misbehaviour of a token leads to.

mod support;

use std::time::{Duration, Instant};

use sealwright::{
    crypto::{Scheme, verify_digest},
    devices::{DeviceError, Devices, Token, pkcs11::TokenConfig},
    domain::{
        Timestamp,
        id::KeyId,
        seal::{Custody, Key, KeyPurpose},
    },
};
use support::token::TestToken;

fn key_id(n: u8) -> KeyId {
    KeyId::new(Timestamp::from_seconds(1_800_000_000), [n; 10])
}

async fn make_key(token: &Token, n: u8, scheme: Scheme) -> Key {
    let id = key_id(n);
    let public_point = token.generate(&id, KeyPurpose::Seal, scheme).await.unwrap();
    Key { id, purpose: KeyPurpose::Seal, scheme: Some(scheme), public_point, wrapped: None }
}

async fn sign(token: &Token, key: &Key) -> Result<Vec<u8>, DeviceError> {
    token.sign(key, KeyPurpose::Seal, [0x5a; 32]).await
}

/// Asks again until the answer is as wanted; the device recovers in its own time.
#[expect(clippy::disallowed_methods, reason = "a test gives up after a while")]
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < limit, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn signs_again(token: &Token, key: &Key) {
    until("signs again", async || sign(token, key).await.ok()).await;
}

async fn contract(config: TokenConfig) {
    let token = Token::start(config.clone());
    let schemes = token.describe().unwrap().schemes;
    assert!(schemes.contains(&Scheme::P256));
    assert_eq!(schemes.contains(&Scheme::Sm2), config.sm2.is_some());
    for (n, scheme) in schemes.into_iter().enumerate() {
        let key = make_key(&token, n as u8, scheme).await;
        let signature = sign(&token, &key).await.unwrap();
        verify_digest(scheme, &key.public_point, &[0x5a; 32], &signature).unwrap();
        assert!(verify_digest(scheme, &key.public_point, &[0x5b; 32], &signature).is_err());
        let refused = token.sign(&key, KeyPurpose::Ca, [0; 32]).await;
        assert!(matches!(refused, Err(DeviceError::WrongPurpose { .. })), "{refused:?}");
    }
    let absent = Key {
        wrapped: None,
        id: key_id(99),
        purpose: KeyPurpose::Seal,
        scheme: Some(Scheme::P256),
        public_point: Vec::new(),
    };
    assert_eq!(sign(&token, &absent).await, Err(DeviceError::KeyMissing(key_id(99))));

    let wrapping = Key {
        wrapped: None,
        id: key_id(50),
        purpose: KeyPurpose::DocumentWrapping,
        scheme: None,
        public_point: Vec::new(),
    };
    token.generate_wrapping(&wrapping.id, KeyPurpose::DocumentWrapping).await.unwrap();
    let purpose = KeyPurpose::DocumentWrapping;
    let wrapped = token
        .wrap(&wrapping, purpose, [7; 12], b"row 1".to_vec(), vec![9; 32].into())
        .await
        .unwrap();
    assert!(!wrapped.windows(8).any(|w| w == [9; 8]));
    let open = |aad: &[u8], bytes: Vec<u8>| token.unwrap(&wrapping, purpose, aad.to_vec(), bytes);
    assert_eq!(*open(b"row 1", wrapped.clone()).await.unwrap(), vec![9; 32]);
    assert!(open(b"row 2", wrapped.clone()).await.is_err());
    // After a wrong ciphertext the token is as good as before.
    until("unwraps again", async || open(b"row 1", wrapped.clone()).await.ok()).await;

    let key = make_key(&token, 77, Scheme::P256).await;
    let many = (0..64).map(|_| {
        let (token, key) = (token.clone(), key.clone());
        tokio::spawn(async move { sign(&token, &key).await.unwrap() })
    });
    for signature in many.collect::<Vec<_>>() {
        let signature = signature.await.unwrap();
        verify_digest(Scheme::P256, &key.public_point, &[0x5a; 32], &signature).unwrap();
    }
    drop(token);

    // A second start finds the same keys.
    let token = Token::start(config);
    signs_again(&token, &key).await;
}

#[tokio::test]
async fn contract_on_softhsm() {
    contract(TestToken::softhsm().config()).await;
}

/// Sessions that look for their keys at the same moment must not see each other's copies.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_uses_of_many_keys_do_not_disturb_each_other() {
    let softhsm = TestToken::softhsm();
    let mut config = softhsm.config();
    config.sessions = 8;
    let token = Token::start(config.clone());
    let mut keys = Vec::new();
    for n in 0..12 {
        keys.push(make_key(&token, n, Scheme::P256).await);
    }
    drop(token);
    for _ in 0..100 {
        let token = Token::start(config.clone());
        let asked = keys.iter().cycle().take(8 * keys.len()).map(|key| {
            let (token, key) = (token.clone(), key.clone());
            tokio::spawn(async move { sign(&token, &key).await })
        });
        for answer in asked.collect::<Vec<_>>() {
            answer.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn contract_on_the_test_double() {
    contract(TestToken::double().config()).await;
}

#[tokio::test]
async fn contract_on_a_token_that_refuses_copies() {
    let token = TestToken::double();
    token.control("no_copy=1");
    contract(token.config()).await;
}

#[tokio::test]
async fn softhsm_does_not_pass_for_an_sm2_token() {
    let softhsm = TestToken::softhsm();
    let mut config = softhsm.config();
    config.sm2 = toml::from_str(
        "key_type = 0x80000004\ngenerate = 0x80008001\nsign = 0x80008105\nsignature = \"raw\"",
    )
    .unwrap();
    let token = Token::start(config);
    assert_eq!(token.describe().unwrap().schemes, [Scheme::P256]);
}

#[tokio::test]
async fn ecdsa_that_calls_itself_sm2_is_refused() {
    let double = TestToken::double();
    double.control("sm2_as_ecdsa=1");
    let token = Token::start(double.config());
    assert_eq!(token.describe().unwrap().schemes, [Scheme::P256]);
    let probe = token.probe().await.unwrap();
    assert!(probe.schemes[1].detail.contains("not SM2DSA"), "{probe:?}");
    let refused = token.generate(&key_id(1), KeyPurpose::Seal, Scheme::Sm2).await;
    assert_eq!(refused, Err(DeviceError::SchemeNotOffered(Scheme::Sm2)));
}

#[tokio::test]
async fn a_removed_token_is_unavailable_and_then_used_again() {
    let double = TestToken::double();
    let token = Token::start(double.config());
    let key = make_key(&token, 1, Scheme::P256).await;
    double.control("removed=1");
    until("is noticed", async || {
        matches!(sign(&token, &key).await, Err(DeviceError::Unavailable { .. })).then_some(())
    })
    .await;
    double.control("");
    signs_again(&token, &key).await;
}

#[tokio::test]
async fn a_removed_token_is_noticed_though_nobody_signs() {
    let double = TestToken::double();
    let token = Token::start(double.config());
    double.control("removed=1");
    until("is noticed", async || token.describe().err()).await;
}

#[tokio::test]
async fn a_hung_call_times_out_and_others_go_on_afterwards() {
    let double = TestToken::double();
    let mut config = double.config();
    config.deadline_ms = 300;
    let token = Token::start(config);
    let key = make_key(&token, 1, Scheme::P256).await;
    double.control("hang=1");
    assert_eq!(sign(&token, &key).await, Err(DeviceError::Timeout));
    until("is noticed", async || token.describe().err()).await;
    double.control("");
    signs_again(&token, &key).await;
}

#[tokio::test]
async fn a_full_queue_is_busy_not_slow() {
    let double = TestToken::double();
    let mut config = double.config();
    config.sessions = 1;
    config.queue = 2;
    let token = Token::start(config);
    let key = make_key(&token, 1, Scheme::P256).await;
    double.control("latency_ms=100");
    let many = (0..16).map(|_| {
        let (token, key) = (token.clone(), key.clone());
        tokio::spawn(async move { sign(&token, &key).await })
    });
    let mut busy = 0;
    for outcome in many.collect::<Vec<_>>() {
        match outcome.await.unwrap() {
            Ok(_) => {}
            Err(DeviceError::Busy) => busy += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(busy > 0);
    double.control("");
    signs_again(&token, &key).await;
}

#[tokio::test]
async fn a_wrong_pin_is_tried_once_until_another_is_there() {
    let double = TestToken::double();
    double.control("pin_tries=2");
    std::fs::write(&double.pin_file, "0000").unwrap();
    let token = Token::start(double.config());
    let reason = |token: &Token| token.describe().unwrap_err().to_string();
    assert!(reason(&token).contains("PIN"), "{}", reason(&token));
    assert!(!reason(&token).contains("0000"));
    // Many attempts to open later the PIN is still not locked: the wrong one was not used again.
    until("has tried again", async || reason(&token).contains("put the right PIN").then_some(()))
        .await;
    std::fs::write(&double.pin_file, "1234").unwrap();
    until("opens", async || token.describe().ok()).await;
}

/// The token takes longer to refuse the PIN than anybody waits: the refusal counts all the same.
#[tokio::test]
async fn a_pin_that_is_refused_late_is_not_tried_again() {
    let double = TestToken::double();
    double.control("pin_tries=2\nlogin_hang=1");
    std::fs::write(&double.pin_file, "0000").unwrap();
    let mut config = double.config();
    config.deadline_ms = 200;
    let token = Token::start(config);
    let reason = |token: &Token| token.describe().unwrap_err().to_string();
    until("gives up waiting", async || reason(&token).contains("not answer").then_some(())).await;
    // While the login is under way no other is begun: two wrong ones would lock the PIN.
    until("holds back", async || reason(&token).contains("do not return").then_some(())).await;
    double.control("pin_tries=2");
    until("knows the PIN is wrong", async || {
        reason(&token).contains("put the right PIN").then_some(())
    })
    .await;
    std::fs::write(&double.pin_file, "1234").unwrap();
    until("opens", async || token.describe().ok()).await;
}

#[tokio::test]
async fn a_locked_pin_is_reported_and_used_after_unlocking() {
    let double = TestToken::double();
    double.control("pin_tries=1");
    std::fs::write(&double.pin_file, "0000").unwrap();
    let token = Token::start(double.config());
    until("says locked", async || {
        token.describe().unwrap_err().to_string().contains("locked").then_some(())
    })
    .await;
    std::fs::write(&double.pin_file, "1234").unwrap();
    double.control("unlock=1");
    until("opens", async || token.describe().ok()).await;
}

#[tokio::test]
async fn fewer_sessions_than_asked_for_are_enough() {
    let double = TestToken::double();
    double.control("session_limit=2");
    let token = Token::start(double.config());
    let key = make_key(&token, 1, Scheme::P256).await;
    signs_again(&token, &key).await;
}

#[tokio::test]
async fn garbage_from_the_token_is_a_fault() {
    let double = TestToken::double();
    let mut config = double.config();
    config.probe_interval_ms = 3_600_000;
    let token = Token::start(config);
    let key = make_key(&token, 1, Scheme::P256).await;
    double.control("garbage_length=1");
    assert!(matches!(sign(&token, &key).await, Err(DeviceError::Fault(_))));
    double.control("");
    signs_again(&token, &key).await;
}

#[tokio::test]
async fn a_key_deleted_underneath_is_missing_and_never_made_anew() {
    let softhsm = TestToken::softhsm();
    let token = Token::start(softhsm.config());
    let key = make_key(&token, 1, Scheme::P256).await;
    softhsm.init_softhsm();
    until("key is missing", async || {
        matches!(sign(&token, &key).await, Err(DeviceError::KeyMissing(_))).then_some(())
    })
    .await;
    // The token that stands there now serves on.
    until("makes keys again", async || {
        token.generate(&key_id(2), KeyPurpose::Seal, Scheme::P256).await.ok()
    })
    .await;
    assert_eq!(sign(&token, &key).await, Err(DeviceError::KeyMissing(key_id(1))));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrapped_sm2_keys_open_only_as_what_they_are() {
    let token = TestToken::softhsm();
    let devices = Devices::new(Token::start(token.config()));
    assert_eq!(devices.custody(Scheme::Sm2), Custody::HsmWrapped);
    assert_eq!(devices.custody(Scheme::P256), Custody::Hsm);
    let purpose = KeyPurpose::CredentialWrapping;
    let wrapping =
        Key { id: key_id(60), purpose, scheme: None, public_point: Vec::new(), wrapped: None };
    devices.token().generate_wrapping(&wrapping.id, purpose).await.unwrap();
    let make = async |n: u8| {
        let id = key_id(n);
        let made = devices.generate_wrapped(&id, KeyPurpose::Seal, &wrapping).await.unwrap();
        Key {
            id,
            purpose: KeyPurpose::Seal,
            scheme: Some(Scheme::Sm2),
            public_point: made.0,
            wrapped: Some(made.1),
        }
    };
    let (one, other) = (make(1).await, make(2).await);
    let now = Timestamp::from_seconds(1_800_000_000);
    let sign = async |key: &Key| devices.sign(key, KeyPurpose::Seal, [0x5a; 32], now).await;
    // Many at once, most of them with a key that is open already.
    for key in [&one, &other, &one] {
        let signature = sign(key).await.unwrap();
        verify_digest(Scheme::Sm2, &key.public_point, &[0x5a; 32], &signature).unwrap();
    }
    let refused = devices.sign(&one, KeyPurpose::Ca, [0; 32], now).await;
    assert!(matches!(refused, Err(DeviceError::WrongPurpose { .. })), "{refused:?}");

    devices.close_keys();
    let swapped = Key { wrapped: other.wrapped.clone(), ..one.clone() };
    assert!(sign(&swapped).await.is_err(), "another key's ciphertext");
    let for_ca = Key { purpose: KeyPurpose::Ca, ..one.clone() };
    let as_ca = devices.sign(&for_ca, KeyPurpose::Ca, [0; 32], now).await;
    assert!(as_ca.is_err(), "a key for another purpose");
    let mut changed = one.clone();
    changed.wrapped.as_mut().unwrap().ciphertext[20] ^= 1;
    assert!(sign(&changed).await.is_err(), "a changed ciphertext");
    let elsewhere = Key { public_point: other.public_point.clone(), ..one.clone() };
    assert!(sign(&elsewhere).await.is_err(), "another public half");
    until("signs again", async || sign(&one).await.ok()).await;
    tokio::task::spawn_blocking(move || drop(devices)).await.unwrap();
}

//! A PKCS#11 module for tests. Its token says in its label that it is a test double: keys lie in
//! plain files of `SEALWRIGHT_TEST_TOKEN_DIR`, and the file `control` there makes it misbehave.
//!
//! `control` holds lines `name=value`, read at every call: `latency_ms`, `hang`, `removed`,
//! `session_limit`, `pin_tries` (the PIN locks after so many), `unlock`, `wrong_signature`,
//! `sm2_as_ecdsa`, `garbage_length`, `no_copy`, `die_in_sign` (the process kills itself).
//! What it does in earnest is in `keys.rs`, the calls are in `calls.rs`.

mod calls;
mod control;
mod keys;

use cryptoki_sys::{CK_FUNCTION_LIST, CK_FUNCTION_LIST_PTR, CK_RV, CK_VERSION, CKR_OK};

static mut FUNCTIONS: Option<CK_FUNCTION_LIST> = None;

/// The one symbol a PKCS#11 caller looks for.
///
/// # Safety
/// `list` must be valid for one write, as PKCS#11 demands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: *mut CK_FUNCTION_LIST_PTR) -> CK_RV {
    let functions = CK_FUNCTION_LIST {
        version: CK_VERSION { major: 2, minor: 40 },
        C_Initialize: Some(calls::initialize),
        C_Finalize: Some(calls::finalize),
        C_GetFunctionList: Some(C_GetFunctionList),
        C_GetSlotList: Some(calls::get_slot_list),
        C_GetTokenInfo: Some(calls::get_token_info),
        C_OpenSession: Some(calls::open_session),
        C_CloseSession: Some(calls::close_session),
        C_Login: Some(calls::login),
        C_Logout: Some(calls::logout),
        C_CopyObject: Some(calls::copy_object),
        C_DestroyObject: Some(calls::destroy_object),
        C_GetAttributeValue: Some(calls::get_attribute_value),
        C_FindObjectsInit: Some(calls::find_objects_init),
        C_FindObjects: Some(calls::find_objects),
        C_FindObjectsFinal: Some(calls::find_objects_final),
        C_EncryptInit: Some(calls::encrypt_init),
        C_Encrypt: Some(calls::encrypt),
        C_DecryptInit: Some(calls::decrypt_init),
        C_Decrypt: Some(calls::decrypt),
        C_SignInit: Some(calls::sign_init),
        C_Sign: Some(calls::sign),
        C_GenerateKey: Some(calls::generate_key),
        C_GenerateKeyPair: Some(calls::generate_key_pair),
        ..CK_FUNCTION_LIST::default()
    };
    // SAFETY: the caller vouches for `list`; the static is written with the same value whenever
    // this is called, before its address is handed out.
    unsafe {
        let place = &raw mut FUNCTIONS;
        (*place) = Some(functions);
        if let Some(stored) = (*place).as_mut() {
            *list = stored;
        }
    }
    CKR_OK
}

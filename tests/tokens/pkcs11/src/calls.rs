//! The PKCS#11 calls, as many as the service uses.
//!
//! SAFETY throughout: PKCS#11 makes the caller answer for every pointer and length it passes;
//! this module reads and writes exactly as much as the standard allows it to.

use std::{
    collections::HashMap,
    fs,
    io::Write as _,
    slice,
    sync::{Mutex, MutexGuard, PoisonError},
};

use cryptoki_sys::*;

use crate::{
    control,
    keys::{Key, Kind},
};

const SLOT: CK_SLOT_ID = 7;
const PIN: &[u8] = b"1234";
const LABEL: &str = "sealwright TEST DOUBLE";
const CKK_SM2: CK_KEY_TYPE = 0x8000_0004;
const CKM_SM2_GENERATE: CK_MECHANISM_TYPE = 0x8000_8001;
const CKM_SM2_SIGN: CK_MECHANISM_TYPE = 0x8000_8105;

#[derive(Clone)]
struct Object {
    class: CK_OBJECT_CLASS,
    id: Vec<u8>,
    label: Vec<u8>,
    on_token: bool,
    key: Key,
}

enum Operation {
    Sign(Key),
    Cipher { key: Key, encrypt: bool, iv: Vec<u8>, aad: Vec<u8> },
}

#[derive(Default)]
struct SessionState {
    found: Vec<CK_OBJECT_HANDLE>,
    operation: Option<Operation>,
}

#[derive(Default)]
struct Token {
    initialized: bool,
    logged_in: bool,
    wrong_pins: u64,
    next: CK_ULONG,
    sessions: HashMap<CK_SESSION_HANDLE, SessionState>,
    objects: HashMap<CK_OBJECT_HANDLE, Object>,
}

static TOKEN: Mutex<Option<Token>> = Mutex::new(None);

struct Guard(MutexGuard<'static, Option<Token>>);

impl std::ops::Deref for Guard {
    type Target = Token;
    fn deref(&self) -> &Token {
        self.0.as_ref().expect("filled by token()")
    }
}
impl std::ops::DerefMut for Guard {
    fn deref_mut(&mut self) -> &mut Token {
        self.0.as_mut().expect("filled by token()")
    }
}

fn token() -> Guard {
    let mut guard = TOKEN.lock().unwrap_or_else(PoisonError::into_inner);
    guard.get_or_insert_default();
    Guard(guard)
}

impl Token {
    fn handle(&mut self) -> CK_ULONG {
        self.next += 1;
        self.next
    }

    fn session(&mut self, handle: CK_SESSION_HANDLE) -> Result<&mut SessionState, CK_RV> {
        if !self.initialized {
            return Err(CKR_CRYPTOKI_NOT_INITIALIZED);
        }
        if control::on("removed") {
            self.sessions.clear();
            self.logged_in = false;
            return Err(CKR_DEVICE_REMOVED);
        }
        self.sessions.get_mut(&handle).ok_or(CKR_SESSION_HANDLE_INVALID)
    }

    fn key(&mut self, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> Result<Key, CK_RV> {
        self.session(session)?;
        if !self.logged_in {
            return Err(CKR_USER_NOT_LOGGED_IN);
        }
        self.objects.get(&object).map(|o| o.key.clone()).ok_or(CKR_KEY_HANDLE_INVALID)
    }

    fn add(&mut self, object: Object) -> CK_OBJECT_HANDLE {
        let handle = self.handle();
        self.objects.insert(handle, object);
        self.save();
        handle
    }

    fn save(&self) {
        let mut text = String::new();
        for object in self.objects.values().filter(|o| o.on_token) {
            let fields = [&object.id[..], &object.label, &object.key.secret].map(hex);
            let kind = object.key.kind as u8;
            text.push_str(&format!("{} {} {}\n", object.class, kind, fields.join(" ")));
        }
        let path = control::directory().join("objects");
        let temporary = path.with_extension("new");
        let written = fs::File::create(&temporary)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(temporary, path));
        written.expect("the test token's directory is writable");
    }

    fn load(&mut self) {
        self.objects.clear();
        let text = fs::read_to_string(control::directory().join("objects")).unwrap_or_default();
        for line in text.lines() {
            let fields: Vec<_> = line.split(' ').collect();
            let [class, kind, id, label, secret] = fields[..] else { continue };
            let kind = match kind {
                "0" => Kind::P256,
                "1" => Kind::Sm2,
                _ => Kind::Aes,
            };
            let secret = unhex(secret).try_into().expect("32 bytes");
            let handle = self.handle();
            self.objects.insert(
                handle,
                Object {
                    class: class.parse().expect("a class"),
                    id: unhex(id),
                    label: unhex(label),
                    on_token: true,
                    key: Key { kind, secret },
                },
            );
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .filter_map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok())
        .collect()
}

fn answer(result: Result<(), CK_RV>) -> CK_RV {
    result.err().unwrap_or(CKR_OK)
}

fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut out = [b' '; N];
    out[..text.len()].copy_from_slice(text.as_bytes());
    out
}

unsafe fn bytes<'a>(pointer: *const CK_BYTE, length: CK_ULONG) -> &'a [u8] {
    if pointer.is_null() {
        return &[];
    }
    // SAFETY: the caller vouches for pointer and length.
    unsafe { slice::from_raw_parts(pointer, length as usize) }
}

unsafe fn template<'a>(pointer: CK_ATTRIBUTE_PTR, count: CK_ULONG) -> &'a mut [CK_ATTRIBUTE] {
    if pointer.is_null() {
        return &mut [];
    }
    // SAFETY: the caller vouches for pointer and count.
    unsafe { slice::from_raw_parts_mut(pointer, count as usize) }
}

unsafe fn attribute(list: &[CK_ATTRIBUTE], kind: CK_ATTRIBUTE_TYPE) -> Option<Vec<u8>> {
    let found = list.iter().find(|a| a.type_ == kind)?;
    // SAFETY: the caller vouches for the attributes it passes.
    Some(unsafe { bytes(found.pValue.cast(), found.ulValueLen) }.to_vec())
}

/// Two-call convention: tells the length, or writes and tells it.
unsafe fn put(data: &[u8], out: *mut CK_BYTE, length: *mut CK_ULONG) -> Result<bool, CK_RV> {
    // SAFETY: the caller vouches for both pointers, and `*length` is the room at `out`.
    unsafe {
        let room = *length as usize;
        *length = data.len() as CK_ULONG;
        if out.is_null() {
            return Ok(false);
        }
        if room < data.len() {
            return Err(CKR_BUFFER_TOO_SMALL);
        }
        slice::from_raw_parts_mut(out, data.len()).copy_from_slice(data);
    }
    Ok(true)
}

pub unsafe extern "C" fn initialize(_: CK_VOID_PTR) -> CK_RV {
    let mut token = token();
    if token.initialized {
        return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    }
    token.initialized = true;
    token.load();
    CKR_OK
}

pub unsafe extern "C" fn finalize(_: CK_VOID_PTR) -> CK_RV {
    let mut token = token();
    let wrong_pins = token.wrong_pins;
    *token = Token { wrong_pins, ..Token::default() };
    CKR_OK
}

pub unsafe extern "C" fn get_slot_list(
    _: CK_BBOOL,
    list: *mut CK_SLOT_ID,
    count: *mut CK_ULONG,
) -> CK_RV {
    let present = !control::on("removed");
    // SAFETY: PKCS#11, see above.
    unsafe {
        if present && !list.is_null() {
            *list = SLOT;
        }
        *count = present.into();
    }
    CKR_OK
}

pub unsafe extern "C" fn get_token_info(_: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) -> CK_RV {
    if control::on("removed") {
        return CKR_TOKEN_NOT_PRESENT;
    }
    let mut token = token();
    if control::on("unlock") {
        token.wrong_pins = 0;
    }
    let mut flags = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_LOGIN_REQUIRED;
    if control::value("pin_tries").is_some_and(|limit| token.wrong_pins >= limit) {
        flags |= CKF_USER_PIN_LOCKED;
    }
    // SAFETY: PKCS#11, see above.
    unsafe {
        *info = CK_TOKEN_INFO {
            label: padded(LABEL),
            manufacturerID: padded("Sealwright"),
            model: padded("test double"),
            serialNumber: padded("0000000000000000"),
            flags,
            utcTime: padded(""),
            ..CK_TOKEN_INFO::default()
        };
    }
    CKR_OK
}

pub unsafe extern "C" fn open_session(
    _: CK_SLOT_ID,
    _: CK_FLAGS,
    _: CK_VOID_PTR,
    _: CK_NOTIFY,
    session: *mut CK_SESSION_HANDLE,
) -> CK_RV {
    if control::on("removed") {
        return CKR_TOKEN_NOT_PRESENT;
    }
    let mut token = token();
    if control::value("session_limit").is_some_and(|limit| token.sessions.len() as u64 >= limit) {
        return CKR_SESSION_COUNT;
    }
    let handle = token.handle();
    token.sessions.insert(handle, SessionState::default());
    // SAFETY: PKCS#11, see above.
    unsafe { *session = handle };
    CKR_OK
}

pub unsafe extern "C" fn close_session(session: CK_SESSION_HANDLE) -> CK_RV {
    let mut token = token();
    token.sessions.remove(&session);
    if token.sessions.is_empty() {
        token.logged_in = false;
    }
    CKR_OK
}

pub unsafe extern "C" fn login(
    session: CK_SESSION_HANDLE,
    _: CK_USER_TYPE,
    pin: *mut CK_UTF8CHAR,
    length: CK_ULONG,
) -> CK_RV {
    control::wait_while("login_hang");
    let mut token = token();
    let limit = control::value("pin_tries").unwrap_or(u64::MAX);
    // SAFETY: PKCS#11, see above.
    let right = unsafe { bytes(pin, length) } == PIN;
    answer(token.session(session).map(|_| ()).and_then(|()| {
        if token.wrong_pins >= limit {
            Err(CKR_PIN_LOCKED)
        } else if !right {
            token.wrong_pins += 1;
            Err(CKR_PIN_INCORRECT)
        } else if token.logged_in {
            Err(CKR_USER_ALREADY_LOGGED_IN)
        } else {
            token.wrong_pins = 0;
            token.logged_in = true;
            Ok(())
        }
    }))
}

pub unsafe extern "C" fn logout(_: CK_SESSION_HANDLE) -> CK_RV {
    token().logged_in = false;
    CKR_OK
}

pub unsafe extern "C" fn copy_object(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    _: CK_ATTRIBUTE_PTR,
    _: CK_ULONG,
    copy: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    if control::on("no_copy") {
        return CKR_FUNCTION_NOT_SUPPORTED;
    }
    let mut token = token();
    let found = token
        .session(session)
        .map(|_| ())
        .and_then(|()| token.objects.get(&object).cloned().ok_or(CKR_OBJECT_HANDLE_INVALID));
    answer(found.map(|original| {
        let handle = token.add(Object { on_token: false, ..original });
        // SAFETY: PKCS#11, see above.
        unsafe { *copy = handle };
    }))
}

pub unsafe extern "C" fn destroy_object(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
) -> CK_RV {
    let mut token = token();
    answer(token.session(session).map(|_| ()).and_then(|()| {
        token.objects.remove(&object).ok_or(CKR_OBJECT_HANDLE_INVALID)?;
        token.save();
        Ok(())
    }))
}

pub unsafe extern "C" fn get_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    list: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    let mut token = token();
    if let Err(code) = token.session(session) {
        return code;
    }
    let Some(object) = token.objects.get(&object) else { return CKR_OBJECT_HANDLE_INVALID };
    // SAFETY: PKCS#11, see above.
    for wanted in unsafe { template(list, count) } {
        let value = match wanted.type_ {
            CKA_CLASS => object.class.to_ne_bytes().to_vec(),
            CKA_ID => object.id.clone(),
            CKA_LABEL => object.label.clone(),
            CKA_EC_POINT => {
                let point = object.key.point();
                [&[4, point.len() as u8][..], &point].concat()
            }
            CKA_SENSITIVE => vec![CK_TRUE],
            CKA_EXTRACTABLE | CKA_DERIVE => vec![CK_FALSE],
            _ => {
                wanted.ulValueLen = CK_UNAVAILABLE_INFORMATION;
                return CKR_ATTRIBUTE_TYPE_INVALID;
            }
        };
        // SAFETY: PKCS#11, see above.
        let written = unsafe { put(&value, wanted.pValue.cast(), &raw mut wanted.ulValueLen) };
        if let Err(code) = written {
            return code;
        }
    }
    CKR_OK
}

pub unsafe extern "C" fn find_objects_init(
    session: CK_SESSION_HANDLE,
    list: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11, see above.
    let (id, class, on_token) = unsafe {
        let list = template(list, count);
        (attribute(list, CKA_ID), attribute(list, CKA_CLASS), attribute(list, CKA_TOKEN))
    };
    let mut token = token();
    let logged_in = token.logged_in;
    let found = token
        .objects
        .iter()
        .filter(|(_, o)| logged_in || o.class == CKO_PUBLIC_KEY)
        .filter(|(_, o)| id.as_ref().is_none_or(|id| *id == o.id))
        .filter(|(_, o)| class.as_ref().is_none_or(|c| *c == o.class.to_ne_bytes()))
        .filter(|(_, o)| on_token.as_ref().is_none_or(|t| (t[0] == CK_TRUE) == o.on_token))
        .map(|(handle, _)| *handle)
        .collect();
    answer(token.session(session).map(|state| state.found = found))
}

pub unsafe extern "C" fn find_objects(
    session: CK_SESSION_HANDLE,
    list: *mut CK_OBJECT_HANDLE,
    room: CK_ULONG,
    count: *mut CK_ULONG,
) -> CK_RV {
    let mut token = token();
    answer(token.session(session).map(|state| {
        let take = (room as usize).min(state.found.len());
        let part: Vec<_> = state.found.drain(..take).collect();
        // SAFETY: PKCS#11, see above.
        unsafe {
            slice::from_raw_parts_mut(list, take).copy_from_slice(&part);
            *count = take as CK_ULONG;
        }
    }))
}

pub unsafe extern "C" fn find_objects_final(_: CK_SESSION_HANDLE) -> CK_RV {
    CKR_OK
}

unsafe fn cipher_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
    encrypt: bool,
) -> CK_RV {
    let mut token = token();
    answer(token.key(session, key).and_then(|key| {
        // SAFETY: PKCS#11, see above; the parameter's type is checked by the mechanism's number.
        let (iv, aad) = unsafe {
            if (*mechanism).mechanism != CKM_AES_GCM {
                return Err(CKR_MECHANISM_INVALID);
            }
            let parameters = *(*mechanism).pParameter.cast::<CK_GCM_PARAMS>();
            let iv = bytes(parameters.pIv, parameters.ulIvLen).to_vec();
            (iv, bytes(parameters.pAAD, parameters.ulAADLen).to_vec())
        };
        token.session(session)?.operation = Some(Operation::Cipher { key, encrypt, iv, aad });
        Ok(())
    }))
}

unsafe fn cipher(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    length: CK_ULONG,
    out: *mut CK_BYTE,
    out_length: *mut CK_ULONG,
) -> CK_RV {
    let mut token = token();
    answer(token.session(session).and_then(|state| {
        let Some(Operation::Cipher { key, encrypt, iv, aad }) = &state.operation else {
            return Err(CKR_OPERATION_NOT_INITIALIZED);
        };
        // SAFETY: PKCS#11, see above.
        let data = unsafe { bytes(data, length) };
        let result = key.gcm(*encrypt, iv, aad, data).ok_or(CKR_ENCRYPTED_DATA_INVALID)?;
        // SAFETY: PKCS#11, see above.
        if unsafe { put(&result, out, out_length) }? {
            state.operation = None;
        }
        Ok(())
    }))
}

pub unsafe extern "C" fn encrypt_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: PKCS#11, see above.
    unsafe { cipher_init(session, mechanism, key, true) }
}

pub unsafe extern "C" fn encrypt(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    length: CK_ULONG,
    out: *mut CK_BYTE,
    out_length: *mut CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11, see above.
    unsafe { cipher(session, data, length, out, out_length) }
}

pub unsafe extern "C" fn decrypt_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: PKCS#11, see above.
    unsafe { cipher_init(session, mechanism, key, false) }
}

pub unsafe extern "C" fn decrypt(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    length: CK_ULONG,
    out: *mut CK_BYTE,
    out_length: *mut CK_ULONG,
) -> CK_RV {
    // SAFETY: PKCS#11, see above.
    unsafe { cipher(session, data, length, out, out_length) }
}

pub unsafe extern "C" fn sign_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: PKCS#11, see above.
    let number = unsafe { (*mechanism).mechanism };
    let mut token = token();
    answer(token.key(session, key).and_then(|key| {
        match (number, key.kind) {
            (CKM_ECDSA, Kind::P256) | (CKM_SM2_SIGN, Kind::Sm2) => {}
            (CKM_ECDSA | CKM_SM2_SIGN, _) => return Err(CKR_KEY_TYPE_INCONSISTENT),
            _ => return Err(CKR_MECHANISM_INVALID),
        }
        token.session(session)?.operation = Some(Operation::Sign(key));
        Ok(())
    }))
}

pub unsafe extern "C" fn sign(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    length: CK_ULONG,
    out: *mut CK_BYTE,
    out_length: *mut CK_ULONG,
) -> CK_RV {
    if !out.is_null() {
        // Outside the lock: a slow or hanging device does not keep other sessions from it.
        control::delay();
    }
    let mut token = token();
    answer(token.session(session).and_then(|state| {
        let Some(Operation::Sign(key)) = &state.operation else {
            return Err(CKR_OPERATION_NOT_INITIALIZED);
        };
        if out.is_null() {
            // SAFETY: PKCS#11, see above.
            unsafe { *out_length = 64 };
            return Ok(());
        }
        // SAFETY: PKCS#11, see above.
        let signature = key.sign(unsafe { bytes(data, length) });
        state.operation = None;
        // SAFETY: PKCS#11, see above.
        unsafe { put(&signature, out, out_length) }.map(|_| ())
    }))
}

pub unsafe extern "C" fn generate_key(
    session: CK_SESSION_HANDLE,
    _: CK_MECHANISM_PTR,
    list: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
    handle: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    let mut token = token();
    answer(token.session(session).map(|_| ()).map(|()| {
        // SAFETY: PKCS#11, see above.
        let list = unsafe { template(list, count) };
        let made = token.add(object(CKO_SECRET_KEY, list, Key::generate(Kind::Aes)));
        // SAFETY: PKCS#11, see above.
        unsafe { *handle = made };
    }))
}

fn object(class: CK_OBJECT_CLASS, list: &[CK_ATTRIBUTE], key: Key) -> Object {
    // SAFETY: the caller of the PKCS#11 function vouches for its template.
    let get = |kind| unsafe { attribute(list, kind) };
    Object {
        class,
        id: get(CKA_ID).unwrap_or_default(),
        label: get(CKA_LABEL).unwrap_or_default(),
        on_token: get(CKA_TOKEN).is_some_and(|v| v == [CK_TRUE]),
        key,
    }
}

pub unsafe extern "C" fn generate_key_pair(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    public: CK_ATTRIBUTE_PTR,
    public_count: CK_ULONG,
    private: CK_ATTRIBUTE_PTR,
    private_count: CK_ULONG,
    public_handle: *mut CK_OBJECT_HANDLE,
    private_handle: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: PKCS#11, see above.
    let (number, public, private) = unsafe {
        ((*mechanism).mechanism, template(public, public_count), template(private, private_count))
    };
    // SAFETY: as above.
    let key_type = unsafe { attribute(private, CKA_KEY_TYPE) };
    let kind = match number {
        CKM_EC_KEY_PAIR_GEN => Kind::P256,
        CKM_SM2_GENERATE if key_type == Some(CKK_SM2.to_ne_bytes().to_vec()) => Kind::Sm2,
        CKM_SM2_GENERATE => return CKR_TEMPLATE_INCONSISTENT,
        _ => return CKR_MECHANISM_INVALID,
    };
    let mut token = token();
    answer(token.session(session).map(|_| ()).map(|()| {
        let key = Key::generate(kind);
        let public = token.add(object(CKO_PUBLIC_KEY, public, key.clone()));
        let private = token.add(object(CKO_PRIVATE_KEY, private, key));
        // SAFETY: PKCS#11, see above.
        unsafe {
            *public_handle = public;
            *private_handle = private;
        }
    }))
}

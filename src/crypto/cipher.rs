//! Ciphers and digests that encrypted documents need (ISO 32000-2 §7.6). RC4 and MD5 are broken;
//! they are here to open what others made, and protect nothing of ours.

use aes::{Aes128, Aes256};
use cbc::cipher::{
    BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, StreamCipher,
    block_padding::{NoPadding, Pkcs7},
};
use md5::{Digest, Md5};
use rc4::{KeyInit, Rc4};

/// MD5 of several slices, one after the other.
pub fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Md5::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// RC4, which is its own inverse; `None` for a key that is not 1 to 256 bytes long.
pub fn rc4(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mut out = data.to_vec();
    Rc4::new_from_slice(key).ok()?.apply_keystream(&mut out);
    Some(out)
}

/// AES-CBC with padding as in RFC 8018, behind its initialisation vector; `None` for a key that is
/// not 16 or 32 bytes long.
pub fn aes_cbc_encrypt(key: &[u8], iv: [u8; 16], data: &[u8]) -> Option<Vec<u8>> {
    let encrypted = match key.len() {
        16 => cbc::Encryptor::<Aes128>::new_from_slices(key, &iv)
            .ok()?
            .encrypt_padded_vec::<Pkcs7>(data),
        _ => cbc::Encryptor::<Aes256>::new_from_slices(key, &iv)
            .ok()?
            .encrypt_padded_vec::<Pkcs7>(data),
    };
    Some([&iv[..], &encrypted].concat())
}

/// The inverse of [`aes_cbc_encrypt`]; `None` if the data are not such.
pub fn aes_cbc_decrypt(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let (iv, data) = data.split_at_checked(16)?;
    match key.len() {
        16 => cbc::Decryptor::<Aes128>::new_from_slices(key, iv)
            .ok()?
            .decrypt_padded_vec::<Pkcs7>(data)
            .ok(),
        _ => cbc::Decryptor::<Aes256>::new_from_slices(key, iv)
            .ok()?
            .decrypt_padded_vec::<Pkcs7>(data)
            .ok(),
    }
}

/// AES-128-CBC of whole blocks without padding.
pub fn aes_128_cbc_blocks(key: &[u8], iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    if !data.len().is_multiple_of(16) {
        return None;
    }
    let cipher = cbc::Encryptor::<Aes128>::new_from_slices(key, iv).ok()?;
    Some(cipher.encrypt_padded_vec::<NoPadding>(data))
}

/// Decrypts whole blocks of AES-256-CBC without padding and with an initialisation vector of zeros;
/// for a single block that is AES-256 itself.
pub fn aes_256_blocks_decrypt(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let cipher = cbc::Decryptor::<Aes256>::new_from_slices(key, &[0; 16]).ok()?;
    cipher.decrypt_padded_vec::<NoPadding>(data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::digest::{hex, unhex};

    #[test]
    fn published_vectors() {
        // RFC 1321 A.5.
        assert_eq!(hex(&md5(&[b"a", b"bc"])), "900150983cd24fb0d6963f7d28e17f72");
        // RFC 6229, key of 40 bits, offset 0.
        let stream = rc4(&[1, 2, 3, 4, 5], &[0; 8]).unwrap();
        assert_eq!(hex(&stream), "b2396305f03dc027");
        // NIST SP 800-38A F.2.1, first block.
        let key = unhex("2b7e151628aed2a6abf7158809cf4f3c").unwrap();
        let iv: Vec<u8> = (0..16).collect();
        let plain = unhex("6bc1bee22e409f96e93d7e117393172a").unwrap();
        let cipher = aes_128_cbc_blocks(&key, &iv, &plain).unwrap();
        assert_eq!(hex(&cipher), "7649abac8119b246cee98e9b12e9197d");
    }

    #[test]
    fn padded_data_come_back_and_other_data_do_not() {
        for key in [vec![7; 16], vec![9; 32]] {
            let sealed = aes_cbc_encrypt(&key, [3; 16], b"seal").unwrap();
            assert_eq!(aes_cbc_decrypt(&key, &sealed).unwrap(), b"seal");
            assert_eq!(aes_cbc_decrypt(&key, &sealed[..20]), None);
        }
        assert_eq!(rc4(&[], b"x"), None);
        assert_eq!(aes_cbc_encrypt(&[0; 5], [0; 16], b""), None);
    }
}

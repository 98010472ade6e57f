-- SM2 keys that the token does not hold but wraps, and the electronic seals that go with SM2.

CREATE TABLE wrapped_keys (
    key_id TEXT NOT NULL CONSTRAINT wrapped_keys_pk PRIMARY KEY
        CONSTRAINT wrapped_keys_key_fk REFERENCES keys (id),
    -- the key in the token that made the ciphertext
    wrapping_key_id TEXT NOT NULL CONSTRAINT wrapped_keys_wrapping_fk REFERENCES keys (id),
    -- initialisation vector, ciphertext and tag of AES-256-GCM, base64; bound to the key's id,
    -- purpose and public half
    ciphertext TEXT NOT NULL
);

-- the electronic seal (GB/T 38540), DER, base64; none for P-256 and before the seal is made
ALTER TABLE credentials ADD COLUMN seal_structure TEXT;

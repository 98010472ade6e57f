-- Keys in the token, and certificates of the service itself.

CREATE TABLE keys (
    -- also the CKA_ID of the objects in the token
    id TEXT NOT NULL CONSTRAINT keys_pk PRIMARY KEY,
    purpose TEXT NOT NULL CONSTRAINT keys_purpose_known
        CHECK (purpose IN ('seal', 'ca', 'receipt', 'document-wrapping')),
    -- none for a wrapping key
    scheme TEXT CONSTRAINT keys_scheme_known CHECK (scheme IN ('p256', 'sm2')),
    -- intended: written before the token is asked; present: the token holds it;
    -- abandoned: its making failed half-way, it was never used
    state TEXT NOT NULL CONSTRAINT keys_state_known
        CHECK (state IN ('intended', 'present', 'abandoned')),
    -- uncompressed point, hexadecimal; empty for wrapping keys and before generation
    public_point TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE service_certificates (
    -- the purpose of the key: ca or receipt
    purpose TEXT NOT NULL,
    scheme TEXT NOT NULL CONSTRAINT service_certificates_scheme_known CHECK (scheme IN ('p256', 'sm2')),
    key_id TEXT NOT NULL CONSTRAINT service_certificates_key_fk REFERENCES keys (id),
    -- PEM
    certificate TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT service_certificates_pk PRIMARY KEY (purpose, scheme)
);

-- Certificates that the built-in CA issued.
CREATE TABLE issued_certificates (
    -- serial number, hexadecimal
    serial TEXT NOT NULL CONSTRAINT issued_certificates_pk PRIMARY KEY,
    scheme TEXT NOT NULL,
    -- PEM
    certificate TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE crls (
    -- which CA, by scheme
    scheme TEXT NOT NULL,
    -- the CRL number
    number BIGINT NOT NULL,
    -- DER, base64
    list TEXT NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    CONSTRAINT crls_pk PRIMARY KEY (scheme, number)
);

CREATE TABLE data_keys (
    id TEXT NOT NULL CONSTRAINT data_keys_pk PRIMARY KEY,
    key_id TEXT NOT NULL CONSTRAINT data_keys_key_fk REFERENCES keys (id),
    -- the AES-256 key, encrypted inside the token by the wrapping key; base64
    wrapped TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

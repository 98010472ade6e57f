"""Lets Schemathesis send time-stamp queries and OCSP requests: bytes as they are."""

import schemathesis


@schemathesis.serializer("application/timestamp-query", "application/ocsp-request")
def as_it_is(ctx: "schemathesis.SerializationContext", value):
    return value if isinstance(value, bytes) else str(value).encode()

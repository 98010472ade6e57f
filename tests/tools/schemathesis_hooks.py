"""Lets Schemathesis send time-stamp queries: bytes as they are."""

import schemathesis


@schemathesis.serializer("application/timestamp-query")
def timestamp_query(ctx: "schemathesis.SerializationContext", value):
    return value if isinstance(value, bytes) else str(value).encode()

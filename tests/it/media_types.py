"""How schemathesis sends the media types of attachments: as the bytes that it made up."""

import schemathesis


@schemathesis.serializer("application/pdf", "image/jpeg", "image/png")
def as_bytes(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()

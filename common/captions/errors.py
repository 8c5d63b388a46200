"""Errors of reading subtitle files."""

from common.errors import BatonError


class EncodingUnknown(BatonError):
    """The encoding of the file cannot be determined, or is not the given one. Send `encoding`, or save the file as
    UTF-8.
    """

    code = "encoding_unknown"
    status = 422

"""Makes the name of a file safe to store and to show, and says which media type goes with which extension.

Owns: the table of media types and extensions, and the name for a file that came without one.
Fails with: nothing. Limits: `MAX_FILENAME_BYTES`.
"""

import re

from mailtickets.mail.read import header

MAX_FILENAME_BYTES = 240
_EXTENSIONS = {
    "application/gzip": "gz",
    "application/ics": "ics",
    "application/json": "json",
    "application/msword": "doc",
    "application/octet-stream": "bin",
    "application/pdf": "pdf",
    "application/pgp-encrypted": "asc",
    "application/pgp-keys": "asc",
    "application/pgp-signature": "asc",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/postscript": "ps",
    "application/rtf": "rtf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/x-gzip": "gz",
    "application/x-pkcs7-mime": "p7m",
    "application/x-pkcs7-signature": "p7s",
    "application/x-zip-compressed": "zip",
    "application/xml": "xml",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/x-wav": "wav",
    "audio/wav": "wav",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/pjpeg": "jpg",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "image/x-icon": "ico",
    "message/delivery-status": "txt",
    "message/disposition-notification": "txt",
    "message/external-body": "txt",
    "message/feedback-report": "txt",
    "message/global": "eml",
    "message/rfc822": "eml",
    "text/calendar": "ics",
    "text/html": "html",
    "text/plain": "txt",
    "text/rfc822-headers": "txt",
    "text/vcard": "vcf",
    "text/x-amp-html": "html",
    "text/x-vcard": "vcf",
    "video/mpeg": "mpg",
    "video/quicktime": "mov",
}
_TYPES = {extension: kind for kind, extension in reversed(_EXTENSIONS.items())}
_TYPES |= {"txt": "text/plain", "png": "image/png", "gif": "image/gif", "jpeg": "image/jpeg", "jpg": "image/jpeg"}
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def type_of_name(name: str) -> str:
    """The media type for the extension of a file name; application/octet-stream if the extension is not known."""
    extension = name.rpartition(".")[2].lower()
    return _TYPES.get(extension, "application/octet-stream")


def safe_filename(name: str) -> str:
    """A file name without path, control or bidi characters, at most `MAX_FILENAME_BYTES` long. The result may
    be empty.
    """
    name = header.one_line(re.sub(r"[\ud800-\udfff]", "\ufffd", name))
    name = re.split(r"[\\/]", name.rstrip("\\/ "))[-1].strip(" .") if name.strip(". ") else ""
    if _RESERVED.match(name):
        name = f"_{name}"
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 20:
        stem, dot, extension = name, "", ""
    room = MAX_FILENAME_BYTES - len((dot + extension).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + extension


def default_name(content_type: str) -> tuple[str, str]:
    """The (stem, extension) for a file of this type that came without a name: `image`, `png`."""
    kind, _, subtype = content_type.partition("/")
    stem = {"application": "attachment", "multipart": "part"}.get(kind, kind)
    if kind == "message" and subtype not in ("rfc822", "global"):
        stem = subtype
    extension = _EXTENSIONS.get(content_type) or (subtype if re.fullmatch(r"[a-z0-9]{2,5}", subtype) else "bin")
    return stem, extension

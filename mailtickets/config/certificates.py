"""What is wrong with the files of a certificate and its private key. Opens them."""

import os
import ssl
from pathlib import Path


def unreadable(path: Path) -> str:
    """Why a file cannot be read; empty if it can."""
    if not path.is_file():
        return f"there is no file {path}"
    return "" if os.access(path, os.R_OK) else f"{path} cannot be read by this user"


def pair_fault(certificate: Path, key: Path) -> str:
    """Whether both files are PEM, and belong together."""

    def no_password() -> str:
        raise ValueError("the private key is encrypted: a key without a password was expected")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, no_password)
    except ValueError as error:
        return str(error)
    except ssl.SSLError as error:
        if "MISMATCH" in (error.reason or ""):
            return f"{certificate} is not the certificate of the key {key}"
        return f"{certificate} and {key} are no certificate and no private key in PEM"
    return ""

"""Whose certificates are trusted: those of SSL_CERT_FILE, SSL_CERT_DIR or REQUESTS_CA_BUNDLE, or else the system's."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx2

from svit.errors import SvitError

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
"""In the order in which they count. httpx2 knows the first two; the third is what companies' machines often have."""


def trusted(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return the context of TLS connections. Raises SvitError naming the variable whose path holds no certificates."""
    for variable in _VARIABLES:
        if path := environ.get(variable, ""):
            return _trusting(Path(path), variable)
    return httpx2.create_ssl_context()


def distrusted(error: ssl.SSLCertVerificationError, shown: str) -> str:
    """Return the sentence about an endpoint whose certificate does not hold; `shown` is its address."""
    openssl = getattr(error, "certificate_error", error)  # aiohttp's own is of this class, and has no words
    why = getattr(openssl, "verify_message", "") or "it cannot be verified"
    advice = (
        "" if "expired" in why or "match" in why else " If it is your own, name its authority's file in SSL_CERT_FILE."
    )
    return f"{shown} has a certificate that is not trusted: {why}.{advice}"


def _trusting(path: Path, variable: str) -> ssl.SSLContext:
    try:
        if path.is_dir():
            if next(path.iterdir(), None) is None:
                raise SvitError(f"{variable}={path}: there is no certificate in this folder.")
            return ssl.create_default_context(capath=path)
        if variable == "SSL_CERT_DIR":
            raise SvitError(f"{variable}={path}: there is no such folder of certificates.")
        return ssl.create_default_context(cafile=path)
    except FileNotFoundError as error:
        raise SvitError(f"{variable}={path}: there is no such file of certificates.") from error
    except ssl.SSLError as error:  # an OSError too
        raise SvitError(f"{variable}={path}: this is no file of certificates in the form PEM.") from error
    except OSError as error:
        raise SvitError(f"{variable}={path}: it cannot be read: {error.strerror}.") from error

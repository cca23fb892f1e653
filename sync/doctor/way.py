"""What lies before the first request: the settings, the host's name, and its certificate. No token leaves here."""

from __future__ import annotations

import socket
import ssl
from datetime import datetime
from ipaddress import ip_address

import httpx
from cryptography import x509

from sync.doctor.examination import Examination
from sync.doctor.finding import Finding, bad, good
from sync.transport import AddressError, addresses

_AUTHORITY = (
    "The certificate may be of the Russian Trusted Root CA, which Python does not know by itself: add that root, from "
    "gosuslugi.ru/crt, to a copy of your certificates and set SSL_CERT_FILE to its path"
)
_VENDOR = "The vendor's address is https://api.yclients.ru"


def settings(examination: Examination) -> Finding:
    """All that is needed is given and can be sent."""
    if examination.patient.access is not None:
        return good("address, both tokens and the branch's number are given")
    return bad(
        examination.patient.wrong,
        setting="YCLIENTS_PARTNER_TOKEN, YCLIENTS_USER_TOKEN, YCLIENTS_COMPANY_ID",
        remedy="Set them in the environment or in .env: the partner's token stands in the marketplace account's "
        "settings, the user's is given at its sign-in, the number stands in the address of the branch's pages",
    )


def host(examination: Examination) -> Finding:
    """The host's name has an address."""
    name = examination.url.host
    try:
        examination.addresses = addresses(name, _port(examination.url), examination.patient.deadline.total_seconds())
    except AddressError as error:
        return bad(
            f"{name} is not found: {error}",
            setting="YCLIENTS_URL",
            remedy=f"Check its spelling, and whether this machine has a network. {_VENDOR}",
        )
    return good(f"{name} is {', '.join(examination.addresses[:3])}")


def tls(examination: Examination) -> Finding:
    """Somebody listens there, with a certificate that we trust; tokens never leave in clear but to this machine."""
    if examination.url.scheme != "https":
        if all(ip_address(address).is_loopback for address in examination.addresses):
            return good("none, and none needed: the address is this machine's own")
        return bad(
            "http:// would send the tokens in clear",
            setting="YCLIENTS_URL",
            remedy="Begin the address with https://",
        )
    try:
        return good(_handshake(examination, httpx.create_ssl_context()))
    except ssl.SSLCertVerificationError as error:
        return _untrusted(examination, error)
    except ssl.SSLError as error:
        return bad(
            f"no TLS is spoken there: {error.reason or error}",
            setting="YCLIENTS_URL",
            remedy=f"Something else may answer at this address or port, or a proxy on the way. {_VENDOR}",
        )
    except OSError as error:
        return bad(
            f"nobody answers at port {_port(examination.url)}: {error}",
            setting="YCLIENTS_URL",
            remedy=f"Check the address and the firewall; perhaps the host is away. {_VENDOR}",
        )


def _untrusted(examination: Examination, error: ssl.SSLCertVerificationError) -> Finding:
    said = f"the certificate is not trusted: {error.verify_message}{_issuer(examination)}"
    match error.verify_code:
        case 9 | 10:  # X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED
            return bad(said, remedy="Compare this machine's clock; if it is right, tell the vendor")
        case 62 | 64:  # X509_V_ERR_HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH
            return bad(said, setting="YCLIENTS_URL", remedy=f"It is another host's: check the address. {_VENDOR}")
    return bad(said, setting="SSL_CERT_FILE", remedy=_AUTHORITY)


def _handshake(examination: Examination, context: ssl.SSLContext) -> str:
    """Protocol, issuer and end of the certificate. Raises OSError, of which ssl.SSLError is one."""
    with _connected(examination) as plain, context.wrap_socket(plain, server_hostname=examination.url.host) as secured:
        certificate = x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")
        return f"{secured.version()}, issued by {_name(certificate)}, until {_day(certificate.not_valid_after_utc)}"


def _issuer(examination: Examination) -> str:
    """Who has issued a certificate that is not trusted: asked in a second handshake, after which nothing is sent."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        return f" ({_handshake(examination, context)})"
    except OSError:
        return ""


def _connected(examination: Examination) -> socket.socket:
    failed: OSError = OSError("no address")
    for address in examination.addresses:
        try:
            return socket.create_connection(
                (address, _port(examination.url)), timeout=examination.patient.deadline.total_seconds()
            )
        except OSError as error:
            failed = error
    raise failed


def _name(certificate: x509.Certificate) -> str:
    names = certificate.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.issuer.rfc4514_string()


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)

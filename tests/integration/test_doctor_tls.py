"""The doctor before hosts whose certificates are fine, of an unknown authority, run out, or somebody else's."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ledger.postgres import Database
from sync.doctor import Finding, Patient, examine
from sync.turns import Turns
from tests.crm_hosts import MOSCOW

Host = Callable[[timedelta], str]


def certificate(lasting: timedelta) -> bytes:
    """For 127.0.0.1, by an authority that no machine knows, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Russian Trusted Sub CA")])
    began = datetime.now(UTC) - timedelta(days=30)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + lasting)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + made.public_bytes(Encoding.PEM)


@contextmanager
def tls_host(file: Path) -> Iterator[int]:
    """Shakes hands with whoever comes, says nothing and hangs up; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with closing(plain):
                try:
                    context.wrap_socket(plain, server_side=True).close()
                except OSError:
                    continue  # the caller does not trust us, which these tests are about

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def tls_of(url: str) -> Finding:
    """What the doctor makes of the host's certificate; without tokens nothing is asked, and so no turn is taken."""
    patient = Patient(
        url=url,
        access=None,
        wrong="no tokens",
        salon_zone=MOSCOW,
        today=date(2030, 1, 7),
        turns=Turns(Database("postgresql://nowhere.invalid", "none"), timedelta()),
        spacing=timedelta(),
        deadline=timedelta(seconds=3),
    )
    return next(finding for finding in examine(patient) if finding.check == "tls")


@pytest.mark.parametrize("host_name", ["127.0.0.1", "localhost"])
def test_a_certificate_is_good_for_the_hosts_it_names_once_its_authority_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host_name: str
) -> None:
    file = tmp_path / "host.pem"
    file.write_bytes(certificate(timedelta(days=60)))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))

    with tls_host(file) as port:
        found = tls_of(f"https://{host_name}:{port}")

    if host_name == "127.0.0.1":
        assert found.state == "good"
        assert "issued by Russian Trusted Sub CA, until 20" in found.said
    else:
        assert (found.state, found.setting) == ("bad", "YCLIENTS_URL")
        assert "another host's" in found.remedy


def test_an_unknown_authority_is_named_with_where_to_get_its_root(tmp_path: Path) -> None:
    file = tmp_path / "host.pem"
    file.write_bytes(certificate(timedelta(days=60)))

    with tls_host(file) as port:
        found = tls_of(f"https://127.0.0.1:{port}")

    assert (found.state, found.setting) == ("bad", "SSL_CERT_FILE")
    assert "issued by Russian Trusted Sub CA" in found.said
    assert "Russian Trusted Root CA" in found.remedy


def test_a_certificate_that_has_run_out_is_not_the_authority_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "host.pem"
    file.write_bytes(certificate(timedelta(days=10)))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))

    with tls_host(file) as port:
        found = tls_of(f"https://127.0.0.1:{port}")

    assert found.state == "bad"
    assert "expired" in found.said
    assert "clock" in found.remedy

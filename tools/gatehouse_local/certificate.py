"""A certificate for 127.0.0.1, so that the buckets' "TLS only" policies hold on the local stack as they do on AWS.

A small authority signs the server's certificate; clients are told to trust that authority and no other. The keys never
leave `.local`, and a new pair is made for each stack.
"""

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Certificate:
    """Paths of the PEM files."""

    authority: Path
    bundle: Path  # the authority and those that this machine trusts anyway: cargo still downloads crates
    server: Path
    key: Path


def certificate_in(folder: Path) -> Certificate:
    """Where the files lie in `folder`, made or not."""
    return Certificate(*(folder / name for name in ("authority.pem", "bundle.pem", "server.pem", "server.key")))


def make_certificate(folder: Path) -> Certificate:
    """Writes a fresh authority and server certificate into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _authority(authority_key)
    server = _server(server_key, authority, authority_key)
    paths = certificate_in(folder)
    authority_pem = authority.public_bytes(serialization.Encoding.PEM)
    paths.authority.write_bytes(authority_pem)
    paths.bundle.write_bytes(authority_pem + _trusted_anyway())
    paths.server.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    paths.key.touch(mode=0o600)
    paths.key.write_bytes(_pem(server_key))
    return paths


def _trusted_anyway() -> bytes:
    system = ssl.get_default_verify_paths()  # follows SSL_CERT_FILE, where a company's own authority may stand
    for path in (system.cafile, "/etc/ssl/certs/ca-certificates.crt", certifi.where()):
        if path and Path(path).is_file():
            return b"\n" + Path(path).read_bytes()
    return b""


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("Gatehouse local authority")
    usage = _key_usage(key_cert_sign=True, crl_sign=True)
    return (
        _builder(name, name, key, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")])
    return (
        _builder(_name("Gatehouse local stack"), authority.subject, key, authority_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(subject: x509.Name, issuer: x509.Name, key, issuer_key) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _key_usage(**used: bool) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    ).split()
    return x509.KeyUsage(**{name: used.get(name, False) for name in names})


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

"""A passkey in software: answers challenges as a device would, with or without asking its owner."""

import json
import os
from hashlib import sha256
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

HOST = "testserver"
ORIGIN = f"https://{HOST}"


class SoftPasskey:
    """A passkey of a person for the host of the test client."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.count = 0

    def enrol(self) -> Authenticator:
        """Keep this passkey for its person, as after a registration."""
        public = ES256.from_cryptography_key(self.key.public_key())
        data = self._data(
            is_verified=True, credential=AttestedCredentialData.create(Aaguid.NONE, self.id, public)
        )
        said = self._said("webauthn.create", os.urandom(32))
        made = AttestationObject.create("none", data, {})
        response = {"clientDataJSON": websafe_encode(said), "attestationObject": _text(made)}
        return webauthn.WebAuthn.add(self.user, "soft key", self._credential(response)).instance

    def answer(self, options: dict[str, Any], *, is_verified: bool = True) -> str:
        """Return what the browser sends for a challenge; False: nobody typed a PIN."""
        challenge = websafe_decode(options["publicKey"]["challenge"])
        data = self._data(is_verified=is_verified)
        said = self._said("webauthn.get", challenge)
        signature = self.key.sign(bytes(data) + sha256(said).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": _text(said),
            "authenticatorData": _text(data),
            "signature": _text(signature),
            "userHandle": _text(user_pk_to_url_str(self.user).encode()),
        }
        return json.dumps(self._credential(response))

    def _data(self, *, is_verified: bool, credential: Any = None) -> AuthenticatorData:
        flags = AuthenticatorData.FLAG.UP
        if is_verified:
            flags |= AuthenticatorData.FLAG.UV
        if credential is not None:
            flags |= AuthenticatorData.FLAG.AT
        self.count += 1
        return AuthenticatorData.create(
            sha256(HOST.encode()).digest(), flags, self.count, credential or b""
        )

    def _said(self, kind: str, challenge: bytes) -> bytes:
        return bytes(CollectedClientData.create(kind, challenge, ORIGIN))

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        return {
            "id": _text(self.id),
            "rawId": _text(self.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def _text(data: bytes) -> str:
    return websafe_encode(bytes(data))

"""A security key in software: enough of WebAuthn to enrol and to sign in, and to do it wrongly."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

PRESENT_AND_VERIFIED = 0x05
WITH_CREDENTIAL = 0x40


@dataclass
class SoftKey:
    """One credential for one site."""

    site: str = "testserver"
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def enrol(self, challenge: str) -> dict[str, Any]:
        """The answer to a request for registration, as the browser posts it."""
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        length = len(self.credential_id).to_bytes(2, "big")
        data = self._data(PRESENT_AND_VERIFIED | WITH_CREDENTIAL)
        data += bytes(16) + length + self.credential_id + public
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            clientDataJSON=websafe_encode(self._client("webauthn.create", challenge)),
            attestationObject=websafe_encode(attestation),
        )

    def prove(self, challenge: str) -> dict[str, Any]:
        """The answer to a request for a proof, as the browser posts it."""
        data, client = self._data(PRESENT_AND_VERIFIED), self._client("webauthn.get", challenge)
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=websafe_encode(client),
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(signature),
        )

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        origin = f"https://{self.site}"
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()

    def _answer(self, **response: str) -> dict[str, Any]:
        name = websafe_encode(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }

"""Keys from the environment, or made once under `var/secrets` where that is allowed."""

import base64
import os
import secrets
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured


def _new_value(name: str) -> str:
    if name == "SECRET_KEY":
        return secrets.token_urlsafe(64)
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return f"k1:{key}" if name == "SEALING_KEYS" else key


def secret(env: environ.Env, name: str, var: Path, *, generate: bool) -> str:
    """The value of `name`: from the environment, a file named by `<name>_FILE`, or made once.

    Raises ImproperlyConfigured where keys must be given and this one is not.
    """
    if given := env(name, default=""):
        return str(given)
    if path := env(f"{name}_FILE", default=""):
        return Path(path).read_text().strip()
    if not generate:
        raise ImproperlyConfigured(
            f"Set {name} (or {name}_FILE). With PostgreSQL or a host other than loopback Concord "
            "does not make keys of its own: a key that only this machine knows would be lost with it."
        )
    folder = var / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / name.lower()
    try:
        # O_EXCL: of two commands started together, one makes the key and the other reads it.
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(handle, "w") as out:
        out.write(_new_value(name))
    return file.read_text().strip()

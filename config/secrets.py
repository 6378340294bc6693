"""Keys from the environment, or made once under `var/secrets` where that is allowed."""

import base64
import os
import secrets
import tempfile
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
            "does not make keys of its own: a key only this machine knows would be lost with it."
        )
    folder = var / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / name.lower()
    if not file.exists():
        _keep(file, _new_value(name))
    return file.read_text().strip()


def _keep(file: Path, value: str) -> None:
    """Write the key whole or not at all; of two commands started together, one key stays."""
    handle, draft = tempfile.mkstemp(dir=file.parent)  # 0600
    with os.fdopen(handle, "w") as out:
        out.write(value)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass  # another command was first: its key is the one
    finally:
        os.unlink(draft)

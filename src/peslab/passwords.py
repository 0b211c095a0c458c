"""Passwords in addresses, masked in everything that is shown or recorded."""

import re
from typing import Any

MASK = "***"
"""Stands where a password was."""

VARIABLES = "PESLAB_SECRET_"
"""How the environment variables begin that hold addresses with passwords."""

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
_NAMES = "password|passwd|pwd|pass|passphrase|secret|token|api_?key|access_?key|sslpassword"

_ALONE = re.compile(rf"\s*{_SCHEME}")
"""What begins like this is one address to its end, blanks in its password included."""


def masked(text: str) -> str:
    """A text without the passwords of the addresses in it.

    `postgresql://user:password@host/name` becomes `postgresql://user:***@host/name`, and
    `…?password=…` `…?password=***`. Where an address is not well-formed rather too much is masked:
    a password with @ or / in it ends at the last @ of its word.
    """
    letter = r"[\s\S]" if _ALONE.match(text) else r"\S"
    text = re.sub(rf"({_SCHEME}[^\s:/@]*:){letter}*@", rf"\1{MASK}@", text)
    text = re.sub(r"(https?://)[^\s:/@]+@", rf"\1{MASK}@", text)  # a token without a name
    value = r"[^&]*" if letter != r"\S" else r"[^&\s]*"
    return re.sub(rf"(?i)([?&;](?:{_NAMES})=){value}", rf"\1{MASK}", text)


def masked_values(values: Any) -> Any:  # noqa: ANN401  # any plain container
    """Plain containers with every text masked."""
    if isinstance(values, dict):
        return {key: masked_values(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [masked_values(value) for value in values]
    return masked(values) if isinstance(values, str) else values

"""Receipt tokens: a signed capability to see what became of one comment, without an account."""

from __future__ import annotations

import json
from typing import Final

from service.privacy.keys import Keyring

PURPOSE: Final = "receipt"


def receipt_token(keyring: Keyring, site: str, comment_id: str) -> str:
    """Return the capability to see the receipt of one comment of the site with that name."""
    return keyring.token("", PURPOSE, json.dumps([site, comment_id]))


def read_receipt(keyring: Keyring, token: str) -> tuple[str, str] | None:
    """Return the site's name and the comment's id that a token stands for; None when it was not made here."""
    payload = keyring.read_token("", PURPOSE, token)
    if payload is None:
        return None
    site, comment_id = json.loads(payload)
    return site, comment_id

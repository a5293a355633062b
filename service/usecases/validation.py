"""What pydantic finds wrong, as faults: a dotted field and the key of a message, never the value that was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from service.domain.faults import Fault, InvalidValue
from service.privacy.sealing import Address, AddressError

FAULT_LIMIT: Final = 50  # a submission of a thousand unknown fields is told of the first fifty
FIELD_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
KEYS: Final[Mapping[str, str]] = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "model_type": "object",
    "model_attributes_type": "object",
    "dict_type": "object",
    "list_type": "list",
    "too_long": "too_long.entries",
    "string_type": "text",
    "string_unicode": "unicode",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "string_pattern_mismatch": "pattern",
    "bool_type": "flag",
    "literal_error": "choice",
    "enum": "choice",
    "float_type": "number.any",
    "finite_number": "number.any",
    "int_type": "whole",
    "int_parsing": "whole",
    "int_parsing_size": "whole",
    "int_from_float": "whole",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
    "json_invalid": "malformed",
}
"""Types of pydantic's errors; our own validators raise InvalidValue."""
Text = Annotated[str, Field(max_length=1024 * 1024)]
"""A text without half surrogate pairs: pydantic finds them in a text that has a bound, and in no other."""
NAMES: Final[Mapping[str, str]] = {
    "max_length": "count",
    "min_length": "count",
    "ge": "low",
    "le": "high",
    "expected": "words",
}
"""What pydantic calls the values of a message."""


def faults_of(error: ValidationError) -> list[Fault]:
    """Return pydantic's findings, at most fifty."""
    return [_fault(one) for one in error.errors(include_input=False, include_url=False)[:FAULT_LIMIT]]


def _fault(detail: ErrorDetails) -> Fault:
    field = ".".join(map(safe_name, detail["loc"]))
    context = detail.get("ctx", {})
    wrong = context.get("error")
    if isinstance(wrong, InvalidValue):
        return Fault.of(field, wrong)
    values = {NAMES[name]: value for name, value in context.items() if name in NAMES}
    return Fault(field, KEYS.get(detail["type"], "invalid"), **values)


def safe_name(name: object) -> str:
    """Return a field's name as an answer may show it: one that a reader's text could hide in is not repeated."""
    text = str(name)
    return text if FIELD_NAME.fullmatch(text) else "(unknown)"


def no_nul(text: str) -> str:
    """Return the text. Raises InvalidValue where it holds NUL, which PostgreSQL does not store."""
    if "\0" in text:
        raise InvalidValue("nul")
    return text


def read_address(given: object) -> Address:
    """Wrap an address before anything else can see it; no fault shows it. Raises InvalidValue."""
    if not isinstance(given, str):
        raise InvalidValue("text")
    try:
        return Address.parse(given)
    except AddressError:
        raise InvalidValue("email") from None

"""The messages of faults: every key that the code names has one, and gives it exactly its values."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, ValidationError

from service.domain.faults import MESSAGES, Fault, InvalidValue
from service.usecases.validation import KEYS, faults_of

PLACE = {"Fault": 1, "InvalidValue": 0, "_fault": 0}


def named():
    """Where a fault is made, the key that it names, and the values that it gives."""
    found = []
    for path in Path("service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = PLACE.get(name)
            key = node.args[place] if place is not None and len(node.args) > place else None
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                values = {one.arg for one in node.keywords if one.arg}
                found.append((f"{path}:{node.lineno}", key.value, values))
    return found


def test_every_fault_has_a_message_with_its_values():
    made = named()
    assert len(made) > 50
    wrong = [
        (where, key)
        for where, key, values in made
        if key not in MESSAGES or values != set(re.findall(r"%\((\w+)\)", MESSAGES[key]))
    ]
    assert wrong == []


def test_types_of_pydantic_have_messages_and_those_of_one_kind_share_a_code():
    assert set(KEYS.values()) <= set(MESSAGES)
    keys = ("url", "url.email", "url.spaces")
    assert {Fault.of("article.url", InvalidValue(key)).code for key in keys} == {"url"}


def test_what_pydantic_finds_is_told_without_the_value():
    class Given(BaseModel):
        text: str = Field(strict=True, max_length=3)

    with pytest.raises(ValidationError) as wrong:
        Given.model_validate({"text": "ada@example.org"})
    (fault,) = faults_of(wrong.value)
    assert (fault.field, fault.code, fault.message) == ("text", "too_long", "must be at most 3 characters")

"""JSON read strictly: UTF-8 alone, no NaN, no repeated names, bounded numbers and depth; a fault names its field."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from service.domain.faults import Fault
from service.usecases.validation import safe_name
from service.web.problems import Problem

FLAW_LIMIT: Final = 100
VISIT_LIMIT: Final = 200_000
STEPS_SHOWN: Final = 6


class _Flaw:
    """Stands in the parsed value where the text broke a rule; no model takes it for anything."""

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        self.key = key


class _Reader:
    """The hooks of one parse; every object of the text passes here, so they do little."""

    def __init__(self) -> None:
        self.flaws = 0

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    made[name] = self.flaw("repeated")
                seen.add(name)
        return made

    def constant(self, _text: str) -> _Flaw:
        return self.flaw("not_json")

    def flaw(self, key: str) -> _Flaw:
        self.flaws += 1
        if self.flaws > FLAW_LIMIT:
            _refuse("The body repeats names, or has NaN or Infinity, in too many places.")
        return _Flaw(key)


def read(raw: bytes) -> tuple[Any, bool]:
    """Return the value of a JSON text, and whether `faults_in` will find flaws in it.

    Raises the problem "malformed" for what is no JSON at all. Linear time: the interpreter bounds the depth of
    nesting (about 1,000) and the digits of a number (4,300).
    """
    reader = _Reader()
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=reader.pairs, parse_constant=reader.constant
        )
    except UnicodeDecodeError as wrong:
        _refuse(f"The body is not UTF-8: byte {wrong.start} is wrong.")
    except RecursionError:
        _refuse("The body is nested too deeply.")
    except json.JSONDecodeError as wrong:
        _refuse(f"The body is not JSON: line {wrong.lineno}, column {wrong.colno} cannot be read.")
    except ValueError:
        _refuse("The body holds a number of too many digits.")
    return value, reader.flaws > 0


def faults_in(value: Any) -> list[Fault]:
    """Return the flaws of a parsed value, each with the dotted path of its field."""
    faults: list[Fault] = []
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    for _ in range(VISIT_LIMIT):
        if not waiting:
            return faults[::-1]
        path, one = waiting.pop()
        if isinstance(one, _Flaw):
            faults.append(Fault(".".join(path), one.key))
        elif isinstance(one, dict):
            waiting += [(_below(path, safe_name(name)), inner) for name, inner in one.items()]
        elif isinstance(one, list):
            waiting += [(_below(path, str(n)), inner) for n, inner in enumerate(one)]
    return [Fault("body", "not_json.somewhere")]


def _below(path: tuple[str, ...], step: str) -> tuple[str, ...]:
    return (*path, step) if len(path) < STEPS_SHOWN else path


def _refuse(detail: str) -> NoReturn:
    raise Problem("malformed", detail) from None

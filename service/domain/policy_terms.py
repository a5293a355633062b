"""A policy as sites write it: flat `key=value` terms, each checked, each fault named; and back again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Final

from service.domain.errors import Invalid
from service.domain.faults import Fault, InvalidValue
from service.domain.policy import Cut, Policy
from service.domain.setting_readers import choice, flag, number, optional, whole
from service.domain.verdict import LABELS, SELF_HARM
from service.domain.word_list import ENTRY_LIMIT, LIST_LIMIT, WordList, is_sought

CUTS = tuple(one.name for one in fields(Cut))
_BETWEEN_ENTRIES: Final = re.compile(r"[,\r\n]")


def to_terms(policy: Policy) -> dict[str, object]:
    """Return the policy as JSON-ready terms; `from_terms` of them gives an equal policy."""
    terms: dict[str, object] = {
        one.name: getattr(policy, one.name) for one in fields(policy) if one.name not in ("version", "cuts")
    }
    for name, value in terms.items():
        if isinstance(value, WordList):
            terms[name] = list(value.entries)
    for label, cut in policy.cuts.items():
        for name in CUTS:
            if (at := getattr(cut, name)) is not None:
                terms[f"{label}.{name}"] = at
    return terms


def from_terms(terms: Mapping[str, object], version: int) -> Policy:
    """Return the policy that `terms` describe whole; labels not named have no cut. Raises Invalid with every fault."""
    return change(Policy(version=version, cuts={}), terms, version=version)


def change(policy: Policy, terms: Mapping[str, object], version: int) -> Policy:
    """Return `policy` with `terms` changed, as `version`. Raises Invalid naming every faulty term."""
    faults: list[Fault] = []
    plain: dict[str, object] = {}
    cuts = {label: {name: getattr(cut, name) for name in CUTS} for label, cut in policy.cuts.items()}
    for key, value in terms.items():
        label, _, name = key.rpartition(".")
        try:
            if label in LABELS and name in CUTS:
                cuts.setdefault(label, dict.fromkeys(CUTS))[name] = _probability(value)
            elif key in _READERS:
                plain[key] = _READERS[key](value)
            else:
                faults.append(Fault(key, "unknown.term", names=", ".join(known_terms())))
        except InvalidValue as wrong:
            faults.append(Fault.of(key, wrong))
    faults += _crossed_cuts(cuts)
    if faults:
        raise Invalid(faults)
    made = {label: Cut(**cut) for label, cut in cuts.items() if any(at is not None for at in cut.values())}
    return replace(policy, version=version, cuts=made, **plain)  # type: ignore[arg-type]  # readers give each field its type


def known_terms() -> list[str]:
    """Return the names of all terms, for messages and help."""
    return [*_READERS, f"LABEL.CUT with LABEL one of {', '.join(LABELS)} and CUT one of {', '.join(CUTS)}"]


def _crossed_cuts(cuts: Mapping[str, Mapping[str, float | None]]) -> list[Fault]:
    found = []
    for label, cut in cuts.items():
        approve, hold = cut["approve"], cut["hold"]
        if approve is not None and hold is not None and approve > hold:
            found.append(Fault(f"{label}.approve", "above", name=f"{label}.hold", value=hold))
        for refuse in ("reject", "spam"):
            at = cut[refuse]
            if at is not None and label == SELF_HARM:
                found.append(Fault(f"{label}.{refuse}", "person_decides"))
            elif at is not None and hold is not None and at < hold:
                found.append(Fault(f"{label}.{refuse}", "below", name=f"{label}.hold", value=hold))
    return found


def _word_list(value: object) -> WordList:
    entries = _BETWEEN_ENTRIES.split(value) if isinstance(value, str) else value
    if not isinstance(entries, list | tuple) or not all(isinstance(entry, str) for entry in entries):
        raise InvalidValue("word_list")
    cleaned = tuple(dict.fromkeys(entry.strip() for entry in entries if entry.strip()))
    if len(cleaned) > LIST_LIMIT:
        raise InvalidValue("word_list.long", count=LIST_LIMIT)
    if any(len(entry) > ENTRY_LIMIT for entry in cleaned):
        raise InvalidValue("word_list.long_entry", count=ENTRY_LIMIT)
    if not all(map(is_sought, cleaned)):
        raise InvalidValue("word_list.empty_entry")
    return WordList(cleaned)


NEVER = ("", "never")
_probability = optional(number(0, 1, "probability"), NEVER)
_READERS: Mapping[str, Callable[[object], object]] = {
    "moderation": choice("pre", "post"),
    "link_limit": optional(whole(0, 1000), NEVER),
    "hold_first_time": flag,
    "min_fill_seconds": number(0, 3600, "seconds"),
    "hold_threats": flag,
    "hold_personal_data": flag,
    "hold_words": _word_list,
    "reject_words": _word_list,
    "spam_words": _word_list,
    "close_after_days": optional(whole(0, 36_500), NEVER),
    "outage": choice("hold", "publish", "hold_links"),
    "outage_after_seconds": whole(1, 86_400),
}

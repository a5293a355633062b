"""What is wrong with what was given, said in the language of who reads: the domain's sentences, and their values."""

from __future__ import annotations

from typing import Final

from service.web.speech import gettext


def _l(sentence: str) -> str:
    """Mark a sentence for the catalog; `in_words` says it."""
    return sentence


SENTENCES: Final = (
    _l("must be a probability between 0 and 1, or never"),
    _l("must be a whole number from %(low)s to %(high)s, or empty"),
    _l("must be a whole number from %(low)s to %(high)s"),
    _l("must be a number of seconds from %(low)s to %(high)s"),
    _l("must be a number of days from 0.04 (an hour) to 36500, or never"),
    _l("must be a number from %(low)s to %(high)s"),
    _l("must not be above %(name)s, which is %(value)s"),
    _l("must not be below %(name)s, which is %(value)s"),
    _l("must be one of %(words)s"),
    _l("must be some of %(words)s, or empty"),
    _l("must be true or false"),
    _l("must be remove or keep"),
    _l("must be a list of words or phrases, separated by commas"),
    _l("must hold at most %(count)s entries"),
    _l("must hold entries of at most %(count)s characters"),
    _l("must hold entries with at least one letter, digit or symbol"),
    _l("must be an http or https address without a user name, or empty"),
    _l("must be at most %(count)s printable characters without spaces"),
    _l("must not hold a user name or password"),
    _l("is a private, loopback or reserved address; REPLYDESK_CALLBACK_ALLOW can name it"),
    _l("must be a JSON list of 1 to %(count)s reasons, each [code, title, text]"),
    _l("each reason must be a list of three texts: code, title, text"),
    _l("each reason must have a code of its own"),
    _l("a reason's code must be of a-z, 0-9 and _, at most %(count)s characters"),
    _l("a reason's title must be 1 to %(count)s printable characters"),
    _l("a reason's text must be 1 to %(count)s printable characters"),
    _l("must be an absolute http or https URL"),
    _l("must be at most %(count)s characters"),
    _l("must not contain spaces or control characters"),
    _l("must not contain an email address"),
    _l("must be a page of %(name)s"),
    _l("must be given to be tried"),
    _l("must be never: a person decides about these"),
    _l("must be at most %(count)s characters of plain text, or empty"),
    _l('must be a JSON object such as {"body": "/comment/text"}'),
    _l("has a field that no submission has; known are %(names)s"),
    _l("must say where article.url, author.name and body (or body_html) are"),
    _l("%(name)s must be a JSON Pointer, which begins with / (at most %(count)s long)"),
    _l("%(name)s holds a character that cannot be read"),
    _l("%(name)s must write ~ as ~0, and / within a name as ~1: after ~ stands ~0 or ~1"),
    _l("%(name)s must have at most %(count)s steps"),
)
"""The domain speaks English alone: each of its sentences again, with names where it puts values in."""


def in_words(message: str) -> str:
    """Return the domain's `message` in the language of this request; one that is not known stays as it is."""
    for sentence in SENTENCES:
        values = values_in(message, sentence)
        if values is not None:
            return gettext(sentence, **values) if values else gettext(sentence)
    return message


def values_in(message: str, sentence: str) -> dict[str, str] | None:
    """Return what `message` puts in at the names of `sentence`; None when it says something else."""
    begin, *rest = sentence.split("%(")
    if not message.startswith(begin):
        return None
    left, found = message[len(begin) :], dict[str, str]()
    for piece in rest:
        name, _, then = piece.partition(")s")
        end = left.find(then) if then else len(left)
        if end < 1:
            return None
        found[name], left = left[:end], left[end + len(then) :]
    return None if left else found

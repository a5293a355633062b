"""What is wrong with a value: a key of the messages and the values in it, put into words where somebody reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MESSAGES: Final[Mapping[str, str]] = {
    "missing": "is required",
    "missing.here": "is required on this site",
    "unknown": "is not known here; leave it out",
    "unknown.term": "is no policy term; known are %(names)s",
    "unknown.setting": "is no setting and no policy term; known are %(names)s",
    "invalid": "is not valid",
    "repeated": "is given twice; give it once",
    "malformed": "is no JSON in UTF-8",
    "malformed.at": "is no JSON: column %(column)s cannot be read",
    "malformed.deep": "is nested too deeply",
    "malformed.digits": "holds a number of too many digits",
    "not_json": "must be a JSON value; NaN and Infinity are none",
    "not_json.somewhere": "repeats a name, or has NaN or Infinity, somewhere; give each name once",
    "object": "must be an object",
    "array": "must be an array of submissions",
    "list": "must be a list",
    "text": "must be text",
    "unicode": "must not contain half a surrogate pair",
    "nul": "must not contain the character U+0000",
    "blank": "must hold something that is seen: it is empty, white space or invisible characters",
    "too_long": "must be at most %(count)s characters",
    "too_long.bytes": "must be at most %(count)s bytes",
    "too_long.kib": "must be at most %(count)s KiB",
    "too_long.entries": "must hold at most %(count)s entries",
    "too_long.batch": "must have at most %(count)s submissions",
    "too_short": "must be at least %(count)s characters",
    "pattern": "must be 1 to 128 of letters, digits and . _ : -",
    "pattern.header": "must be 1 to %(count)s visible ASCII characters without spaces",
    "pattern.coral": "must be the comment's id",
    "plain_text": "must be at most %(count)s characters of plain text, or empty",
    "printable": "must be at most %(count)s printable characters",
    "choice": "must be one of %(words)s",
    "some_of": "must be some of %(words)s, or empty",
    "flag": "must be true or false",
    "whole": "must be a whole number",
    "whole.range": "must be a whole number from %(low)s to %(high)s",
    "whole.or_empty": "must be a whole number from %(low)s to %(high)s, or empty",
    "number.any": "must be a number",
    "number": "must be a number from %(low)s to %(high)s",
    "probability": "must be a probability between 0 and 1, or never",
    "seconds": "must be a number of seconds from %(low)s to %(high)s",
    "days": "must be a number of days from 0.04 (an hour) to 36500, or never",
    "too_small": "must be at least %(low)s",
    "too_large": "must be at most %(high)s",
    "above": "must not be above %(name)s, which is %(value)s",
    "below": "must not be below %(name)s, which is %(value)s",
    "person_decides": "must be never: a person decides about these",
    "decision": "must be a decision's id, as `decisions` shows it",
    "email": "must be an email address such as name@example.org",
    "ip": "must be an IPv4 or IPv6 address",
    "datetime": "must be like 2026-11-22T19:00:00Z: with an offset, years 1990 to 2100",
    "datetime.day": "must be a day that exists",
    "language": "must be a BCP 47 language such as en or pt-BR",
    "url": "must be an absolute http or https URL",
    "url.long": "must be at most %(count)s characters",
    "url.spaces": "must not contain spaces or control characters",
    "url.email": "must not contain an email address",
    "url.other_host": "must be a page of %(name)s",
    "web_address": "must be an http or https address without a user name, or empty",
    "web_address.long": "must be at most %(count)s printable characters without spaces",
    "web_address.user": "must not hold a user name or password",
    "closed": "is a private, loopback or reserved address; REPLYDESK_CALLBACK_ALLOW can name it",
    "secret": "must be a webhook secret: `whsec_` and the base64 of 24 to 64 bytes",
    "country": "must be a country's two letters, such as DE, or empty",
    "short_reason": "must be a short reason, or empty to let callbacks run",
    "coral_secrets": "must be up to four secrets as Coral shows them, separated by commas, or empty",
    "coral_token": "must be an access token as Coral shows it, or empty",
    "unfit": "has no overlap to end: give inbound_secret or webhook_secret",
    "taken": "%(name)s is taken by another site",
    "slug": "must be 1 to %(count)s of a-z, 0-9 and -, not - at either end",
    "moderator_name": "must be 1 to 100 printable characters without spaces around them",
    "anchor": "must be NUMBER:LINK, as an earlier `audit verify` printed it",
    "word_list": "must be a list of words or phrases, separated by commas",
    "word_list.long": "must hold at most %(count)s entries",
    "word_list.long_entry": "must hold entries of at most %(count)s characters",
    "word_list.empty_entry": "must hold entries with at least one letter, digit or symbol",
    "reasons": "must be a JSON list of 1 to %(count)s reasons, each [code, title, text]",
    "reasons.shape": "each reason must be a list of three texts: code, title, text",
    "reasons.repeated": "each reason must have a code of its own",
    "reasons.code": "a reason's code must be of a-z, 0-9 and _, at most %(count)s characters",
    "reasons.title": "a reason's title must be 1 to %(count)s printable characters",
    "reasons.text": "a reason's text must be 1 to %(count)s printable characters",
    "untried": "must be given to be tried",
    "map": 'must be a JSON object such as {"body": "/comment/text"}',
    "map.field": "has a field that no submission has; known are %(names)s",
    "map.required": "must say where article.url, author.name and body (or body_html) are",
    "pointer": "%(name)s must be a JSON Pointer, which begins with / (at most %(count)s long)",
    "pointer.character": "%(name)s holds a character that cannot be read",
    "pointer.tilde": "%(name)s must write ~ as ~0, and / within a name as ~1: after ~ stands ~0 or ~1",
    "pointer.steps": "%(name)s must have at most %(count)s steps",
    "xml": "is not well-formed: %(said)s",
    "xml.no_export": "is no WordPress export: it has no <rss>",
    "xml.document_type": "holds a document type, which no WordPress export has",
    "xml.deep": "is nested more than %(count)s deep",
}
"""Messages by key: the code that callers see and, after a point, which of its messages. Catalogs translate them."""


class InvalidValue(ValueError):
    """A value that its field does not take: a key of `MESSAGES`, and the values that its message names."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(MESSAGES[key] % values)
        self.key, self.values = key, values


class Fault:
    """What is wrong with one field (a dotted name): a key of `MESSAGES`, and the values that its message names."""

    __slots__ = ("field", "key", "values")

    def __init__(self, field: str, key: str, **values: object) -> None:
        self.field, self.key, self.values = field, key, values

    @classmethod
    def of(cls, field: str, wrong: InvalidValue) -> Fault:
        """Return the fault of a field whose value is not taken."""
        return cls(field, wrong.key, **wrong.values)

    @property
    def code(self) -> str:
        """The stable code that callers see; several messages may share one."""
        return self.key.partition(".")[0]

    @property
    def message(self) -> str:
        """The message in English."""
        return MESSAGES[self.key] % self.values

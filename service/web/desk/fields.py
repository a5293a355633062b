"""The settings that the desk's forms hold, section by section, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from service.web.desk.speech import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class Field:
    """One setting as a form shows it; `choices`, each with its words, make it a list to choose from."""

    name: str
    words: object
    hint: object = ""
    choices: Mapping[str, object] = field(default_factory=dict)
    long: bool = False


RULES: Final = (
    Field(
        "moderation",
        _l("Readers see a comment"),
        choices={"pre": _l("once it is approved"), "post": _l("at once")},
    ),
    Field("link_limit", _l("Links allowed"), _l("empty: any number")),
    Field(
        "hold_first_time",
        _l("Hold an author's first comment"),
        choices={"false": _l("no"), "true": _l("yes")},
    ),
    Field(
        "hold_threats",
        _l("Hold for words of plain violence"),
        choices={"true": _l("yes"), "false": _l("no")},
    ),
    Field(
        "hold_personal_data",
        _l("Hold for private addresses, number plates, contacts and identity numbers"),
        choices={"true": _l("yes"), "false": _l("no")},
    ),
    Field("close_after_days", _l("Close comments after days"), _l("empty: never")),
    Field(
        "outage",
        _l("When a comment is not scored in time"),
        choices={
            "hold": _l("a person looks"),
            "hold_links": _l("a person looks at those with links"),
            "publish": _l("it is published"),
        },
    ),
    Field("outage_after_seconds", _l("Seconds until that applies")),
    Field(
        "articles_apart",
        _l("Tell articles apart by"),
        _l("scheme, www or slash, one a line; empty: such addresses are one article"),
        long=True,
    ),
    Field("undo_seconds", _l("Seconds until a decision is sent"), _l("empty: the installation's default")),
    Field("duplicate_hours", _l("Group copies for (hours)"), _l("empty: copies are not grouped")),
)
WORDS: Final = (
    Field("hold_words", _l("Hold"), long=True),
    Field("reject_words", _l("Reject"), long=True),
    Field("spam_words", _l("Spam"), long=True),
)
KEEPING: Final = (
    Field("keep_rejected_days", _l("Rejected comments, days"), _l("empty: keep permanently, here and below")),
    Field("keep_spam_days", _l("Spam, days")),
    Field("keep_withdrawn_days", _l("Withdrawn comments, days")),
    Field("keep_deliveries_days", _l("Callbacks, days")),
    Field("keep_client_days", _l("Network and browser, days")),
    Field("keep_originals_days", _l("Texts as typed, encrypted, days")),
    Field(
        "erased_texts",
        _l("Published texts of an erased person"),
        choices={"remove": _l("take them off the site"), "keep": _l("keep them without the name")},
    ),
)
LIMITS: Final = (
    Field("comments_per_minute", _l("Comments a minute by the API"), _l("empty: any number")),
    Field("form_per_minute", _l("Comments a minute by the form"), _l("empty: any number")),
    Field("notify_url", _l("Send a webhook here when the queue grows")),
    Field("notify_held", _l("from this many held comments")),
    Field("notify_age_seconds", _l("or when the oldest has waited this many seconds")),
    Field("callback_url", _l("Callbacks go to")),
)
INBOUND: Final = (
    Field(
        "inbound_map",
        _l("Where each field lies"),
        _l("a JSON object with a JSON Pointer for each; empty: webhooks have our own form"),
        long=True,
    ),
)
REASONS: Final = (Field("reasons", _l("Reasons")),)
HELP: Final = (
    Field(
        "help_text",
        _l("Shown to a commenter who may be at risk"),
        _l("plain text, such as who can be called in your country; empty: a text without numbers"),
        long=True,
    ),
)
SECTIONS: Final = {
    "rules": (_l("Rules"), RULES),
    "words": (_l("Words"), WORDS),
    "reasons": (_l("Reasons"), REASONS),
    "help": (_l("Help"), HELP),
    "keeping": (_l("Retention"), KEEPING),
    "limits": (_l("Rate limits and alerts"), LIMITS),
    "inbound": (_l("Incoming webhooks"), INBOUND),
}

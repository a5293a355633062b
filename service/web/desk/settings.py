"""A site's settings: thresholds with their consequences, word lists and webhooks to try, and everything else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from service.domain.errors import Invalid
from service.domain.facts import free_hosts
from service.domain.faults import Fault, InvalidValue
from service.domain.json_pointers import read_map
from service.domain.policy import Policy
from service.domain.policy_preview import preview_policy
from service.domain.policy_terms import change
from service.domain.site import Site
from service.domain.verdict import LABELS, Action
from service.usecases.inbound_mapping import tried
from service.usecases.sites import tune_site
from service.web.desk import blueprint
from service.web.desk.access import moderator, redirect_to, requires
from service.web.desk.admin import site_named
from service.web.desk.cards import cards
from service.web.desk.filters import number
from service.web.desk.lists import Row
from service.web.desk.pages import found, page
from service.web.desk.settings_fields import (
    CUTS,
    NAMES,
    SECTIONS,
    TRIED,
    WORD_LISTS,
    cuts,
    mark,
    posted_values,
    reason_rows,
    stored_values,
    term,
)
from service.web.reach import context
from service.web.speech import gettext, in_words

PAST: Final = 2_000
CHANGES_SHOWN: Final = 40
CLASH_SHOWN: Final = 60
SHOWN_ACTIONS: Final = (Action.APPROVE, Action.HOLD, Action.REJECT, Action.SPAM)


@dataclass(frozen=True, slots=True)
class SettingsForm:
    """The form of a site's settings.

    `typed` is what differs from what the page showed, `seen` the marks of the values that it showed.
    """

    site: Site
    typed: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def posted(cls, name: str) -> SettingsForm:
        """Read the form as it was sent for the site of that name."""
        site = site_named(name)
        marks = (one.partition(":") for one in request.args.get("seen", "")[:4_000].split(","))
        seen = {key: value for key, _, value in marks if value}
        values = posted_values(stored_values(site))
        return cls(site, {key: value for key, value in values.items() if seen.get(key) != mark(value)}, seen)

    def policy(self, terms: Mapping[str, str]) -> Policy:
        """Return the site's policy with these terms changed. Raises Invalid."""
        return change(self.site.policy, terms, self.site.policy.version + 1)

    def show(self, status: int = 200, **shown: object) -> Response:
        """Show the page; what was typed keeps the marks of what it was typed over."""
        stored, typed = stored_values(self.site), self.typed
        values = {**stored, **typed}
        marks = {key: mark(value) for key, value in stored.items()}
        unsaved = {key for key in typed if key in stored and mark(values[key]) != marks[key]}
        marks |= {key: seen for key, seen in self.seen.items() if key in typed}
        with context().deps.store.read() as tx:
            sites = tx.sites.all()
        return page(
            "desk/settings.html",
            status,
            site=self.site,
            sites=sites,
            labels=LABELS,
            cuts=CUTS,
            sections=SECTIONS,
            values=values,
            reason_rows=reason_rows(values["reasons"]),
            seen=",".join(f"{key}:{seen}" for key, seen in marks.items()),
            unsaved=[key for key, names in NAMES.items() if unsaved & names],
            **{"faults": {}, **shown},
        )


@blueprint.get("/settings")
@requires("lead")
def settings_home() -> ResponseReturnValue:
    """Lead to the settings of the first site."""
    with context().deps.store.read() as tx:
        first = found(next(iter(tx.sites.all()), None))
    return redirect_to(url_for("desk.settings", name=first.name))


@blueprint.get("/settings/<slug:name>")
@requires("lead")
def settings(name: str) -> ResponseReturnValue:
    """Show a site's settings; with thresholds in the address, their consequences."""
    form = SettingsForm(site_named(name), cuts(request.args))
    return _show(form, _consequences if form.typed else lambda _: {"saved": request.args.get("saved")})


@blueprint.post("/settings/<slug:name>/consequences")
@requires("lead")
def try_cuts(name: str) -> ResponseReturnValue:
    """Show the consequences of the thresholds in the form; nothing is stored, and what else was typed stays."""
    return _show(SettingsForm.posted(name), _consequences)


@blueprint.post("/settings/<slug:name>/words")
@requires("lead")
def try_words(name: str) -> ResponseReturnValue:
    """Say which entry of the lists in the form a text meets; nothing is stored, and what was typed stays."""
    return _show(SettingsForm.posted(name), _word_hits)


@blueprint.post("/settings/<slug:name>/sample")
@requires("lead")
def try_sample(name: str) -> ResponseReturnValue:
    """Show what a pasted webhook is read as by the map beside it; neither is stored."""
    return _show(SettingsForm.posted(name), _sample_read)


@blueprint.post("/settings/<slug:name>")
@requires("lead")
def save_settings(name: str) -> ResponseReturnValue:
    """Save a section of the form, all or nothing, and keep what was typed in others; without one, save all it holds."""
    form = SettingsForm.posted(name)
    stored = stored_values(form.site)
    section = NAMES.get(request.form.get("section", ""), stored)
    changed = {key: value for key, value in form.typed.items() if key in section}
    clashes = {
        key: _clash(stored[key]) for key in changed if form.seen.get(key, now := mark(stored[key])) != now
    }
    if clashes:
        return replace(form, seen=_without(form.seen, clashes)).show(409, faults=clashes)
    terms = {
        key: term(key, value) for key, value in changed.items() if term(key, value) != term(key, stored[key])
    }
    try:
        if terms:
            tune_site(context(), name, terms, moderator().name)
    except Invalid as wrong:
        return form.show(400, faults=_said(wrong))
    left = _without(form.typed, changed)
    if any(left.values()) or left.keys() - TRIED.keys():
        again = SettingsForm(site_named(name), left, _without(form.seen, changed))
        return again.show(saved=len(terms))
    return redirect_to(url_for("desk.settings", name=name, saved=len(terms)))


def _show(form: SettingsForm, find: Callable[[SettingsForm], dict[str, Any]]) -> Response:
    """Show the form with what `find` finds out about it, or with its faults."""
    try:
        return form.show(**find(form))
    except Invalid as wrong:
        return form.show(400, faults=_said(wrong))


def _said(wrong: Invalid) -> dict[str, str]:
    """Say each fault at its field."""
    return {fault.field: in_words(fault) for fault in wrong.faults}


def _clash(value: str) -> str:
    """Say that another lead changed the setting since the form was made."""
    short = value if len(value) <= CLASH_SHOWN else f"{value[:CLASH_SHOWN]}…"
    return gettext(
        "Somebody else has set this to %(value)s since you opened the page; save again to overrule it.",
        value=short or gettext("nothing"),
    )


def _without(values: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key not in names}


def _consequences(form: SettingsForm) -> dict[str, Any]:
    """Decide the site's newest comments anew under the current and the proposed thresholds."""
    site, asked, skip = form.site, cuts(form.typed), number(request.args.get("skip")) or 0
    proposed, end = form.policy(asked), skip + CHANGES_SHOWN
    with context().deps.store.read() as tx:
        own = free_hosts(site.options, site.url)
        outcome = preview_policy(tx.labels.scored_lately(site.id, PAST), site.policy, proposed, own)
        some = outcome.changes[skip:end]
        shown = cards(tx, [one.comment for one in some])
    rows = [Row(card, change=(one.before, one.after)) for card, one in zip(shown, some, strict=True)]
    return {
        "outcome": outcome,
        "changes": rows,
        "asked_cuts": asked,
        "skip": end if len(outcome.changes) > end else None,
        "shown_actions": SHOWN_ACTIONS,
    }


def _word_hits(form: SettingsForm) -> dict[str, Any]:
    """Say which entry of each word list the text in the form meets."""
    terms = {key: term(key, value) for key, value in posted_values(stored_values(form.site)).items()}
    policy = form.policy({key: terms[key] for key in WORD_LISTS if key in terms})
    text = form.typed.get("try", "")
    return {"hits": {name: getattr(policy, name).first_in([text]) for name in WORD_LISTS} if text else {}}


def _sample_read(form: SettingsForm) -> dict[str, Any]:
    """Say what the webhook in the form is read as, or why it would be refused."""
    values = posted_values(stored_values(form.site))
    try:
        pointers = read_map(values.get("inbound_map", ""))
        if not pointers:
            raise InvalidValue("untried")
        read = tried(values.get("sample", ""), pointers, email_required=form.site.email_required)
    except Invalid as wrong:
        return {"unread": [(one.field, in_words(one)) for one in wrong.faults], "status": 400}
    except InvalidValue as wrong:
        raise Invalid([Fault.of("inbound_map", wrong)]) from None
    return {"read": read}

"""How sites and moderators join: their keys and links are made here, shown once, and kept only as hashes or sealed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from service.domain.desk import Moderator
from service.domain.errors import Fault, Invalid, NotFound
from service.domain.policy import Policy
from service.domain.site import Site
from service.privacy.keys import fingerprint, new_akismet_key, new_api_key, new_webhook_secret
from service.privacy.sealing import new_contact_keys
from service.storage import Tx

if TYPE_CHECKING:
    from service.context import AppContext

SIGN_IN_MINUTES = 15
ROLES = ("moderator", "lead", "admin")
SLUG = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
SLUG_LIMIT = 63


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A site's secrets, at the one moment they are known in the clear."""

    site: Site
    key: str = field(repr=False)
    akismet_key: str = field(repr=False)
    inbound_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    contact_private_key: str = field(repr=False)

    def shown(self) -> dict[str, str]:
        """Return what is handed to the site once, ready for JSON."""
        return {
            "site": self.site.name,
            "key": self.key,
            "akismet_key": self.akismet_key,
            "inbound_secret": self.inbound_secret,
            "webhook_secret": self.webhook_secret,
            "contact_private_key": self.contact_private_key,
        }


def enrol_site(
    context: AppContext,
    name: str,
    url: str,
    callback_url: str | None = None,
    title: str | None = None,
    keep: Callable[[Enrolment], None] | None = None,
) -> Enrolment:
    """Make a site with fresh keys and the shipped policy. Raises Invalid when the name is taken or unfit.

    `keep` is called before the site is committed: there is no site whose secrets it was not given.
    """
    _check_slug(name)
    key, akismet_key = new_api_key(), new_akismet_key()
    inbound, webhook = new_webhook_secret(), new_webhook_secret()
    public, private = new_contact_keys()
    now = context.deps.clock()
    with context.deps.store.write() as tx:
        if tx.sites.get(name):
            raise Invalid([Fault("name", f"{name} is taken by another site", "taken")])
        site = tx.sites.add(
            Site(
                id=0,
                name=name,
                url=url,
                title=title,
                policy=Policy(),
                callback_url=callback_url,
                contact_public_key=public,
                webhook_secrets=(context.keyring.encrypt(name, "webhook", webhook.encode()),),
                inbound_secrets=(context.keyring.encrypt(name, "inbound", inbound.encode()),),
                created_at=now,
            )
        )
        tx.sites.add_key(site.id, fingerprint(context.keyring, key), "key", now)
        tx.sites.add_key(site.id, fingerprint(context.keyring, akismet_key), "akismet", now)
        tx.audit_log.append("operator", "add-site", f"site {name}", now)
        made = Enrolment(site, key, akismet_key, inbound, webhook, private)
        if keep is not None:
            keep(made)
    return made


def invite(
    context: AppContext, name: str, role: str | None = None, who: str = "operator"
) -> tuple[Moderator, str]:
    """Return the moderator, made if there is none of that name, with a sign-in URL: one use, 15 minutes.

    One who is there keeps their role unless `role` names another; one who was let go is let in again.
    """
    if not 1 <= len(name) <= 100 or not name.isprintable() or name != name.strip():
        raise Invalid([Fault("name", "must be 1 to 100 printable characters without spaces around them")])
    _check_role(role)
    token = secrets.token_urlsafe(32)
    now = context.deps.clock()
    with context.deps.store.write() as tx:
        known = tx.moderators.get(name)
        moderator = known or tx.moderators.add(name, role or ROLES[0], now)
        if known is not None:
            moderator = _change(tx, known, role, active=True)
        tx.moderators.add_sign_in(moderator.id, hash_token(token), now + timedelta(minutes=SIGN_IN_MINUTES))
        tx.audit_log.append(who, "invite", f"moderator {moderator.id} as {moderator.role}", now)
    return moderator, f"{context.settings.public_url}/desk/sign-in/{token}"


def change_moderator(
    context: AppContext, name: str, role: str | None = None, active: bool | None = None, who: str = "operator"
) -> Moderator:
    """Give a moderator another role, or let them go: then their sessions and links end at once. Raises NotFound."""
    _check_role(role)
    with context.deps.store.write() as tx:
        known = tx.moderators.get(name)
        if known is None:
            raise NotFound(f"There is no moderator {name[:100]!r}; `replydesk moderator list` names all.")
        changed = _change(tx, known, role, known.active if active is None else active)
        subject = f"moderator {changed.id}: {changed.role}{'' if changed.active else ', let go'}"
        tx.audit_log.append(who, "moderator", subject, context.deps.clock())
    return changed


def _change(tx: Tx, known: Moderator, role: str | None, active: bool) -> Moderator:
    changed = replace(known, role=role or known.role, active=active)
    if changed != known:
        tx.moderators.change(changed.id, changed.role, changed.active)
    return changed


def _check_role(role: str | None) -> None:
    if role is not None and role not in ROLES:
        raise Invalid([Fault("role", f"must be one of {', '.join(ROLES)}")])


def hash_token(token: str) -> str:
    """Return the hash under which a link's or session's token is kept; 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _check_slug(name: str) -> None:
    if not 1 <= len(name) <= SLUG_LIMIT or not set(name) <= SLUG or name[0] == "-" or name[-1] == "-":
        raise Invalid([Fault("name", f"must be 1 to {SLUG_LIMIT} of a-z, 0-9 and -, not - at either end")])

"""How moderators join: invitations, roles, and letting go."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta

from service.context import AppContext
from service.domain.desk_records import Moderator
from service.domain.errors import Invalid, NotFound
from service.domain.faults import Fault
from service.storage import Tx

SIGN_IN_MINUTES = 15
ROLES = ("moderator", "lead", "admin")


def invite(
    context: AppContext, name: str, role: str | None = None, who: str = "operator"
) -> tuple[Moderator, str]:
    """Return the moderator, made if there is none of that name, with a sign-in URL: one use, 15 minutes.

    One who is there keeps their role unless `role` names another; one who was let go is let in again.
    """
    if not 1 <= len(name) <= 100 or not name.isprintable() or name != name.strip():
        raise Invalid([Fault("name", "moderator_name")])
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
        raise Invalid([Fault("role", "choice", words=", ".join(ROLES))])


def hash_token(token: str) -> str:
    """Return the hash under which a link's or session's token is kept; 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

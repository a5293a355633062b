"""What an operator does with a site: add it, change its settings and policy, rotate its secrets; each shown once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from service.context import AppContext
from service.domain.errors import Invalid, NotFound
from service.domain.faults import Fault
from service.domain.options import READERS as OPTIONS
from service.domain.policy import Policy
from service.domain.policy_terms import change, known_terms, to_terms
from service.domain.site import Site
from service.privacy.keys import (
    CORAL,
    Keyring,
    fingerprint,
    new_akismet_key,
    new_api_key,
    new_webhook_secret,
    seal_option,
)
from service.privacy.sealing import new_contact_keys
from service.storage import Store, Tx
from service.usecases.site_settings import SETTINGS, closed_faults, read_settings

OVERLAP: Final = timedelta(hours=24)
"""For so long an API key goes on working after its rotation."""
ROTATED: Final = ("key", "akismet_key", "inbound_secret", "webhook_secret", "contact_key")


def find_site(tx: Tx, name: str) -> Site:
    """Return the site of that name. Raises NotFound, naming those there are."""
    site = tx.sites.get(name)
    if site is None:
        names = ", ".join(one.name for one in tx.sites.all()[:20])
        raise NotFound(f"There is no site {name[:SLUG_LIMIT]!r}; there is {names or 'none yet, so add one'}.")
    return site


def tune_site(context: AppContext, name: str, terms: Mapping[str, str], who: str = "operator") -> Site:
    """Change settings and policy of a site as `KEY=VALUE` terms say, all or nothing, and return it; `who` did it.

    A change of policy makes its next version. Raises NotFound, or Invalid with every fault.
    """
    plain = {key: value for key, value in terms.items() if key in SETTINGS}
    policy = {key: value for key, value in terms.items() if key not in SETTINGS}
    read, faults = read_settings(plain)
    for target in ("callback_url", "notify_url", "coral_url"):
        faults += closed_faults(target, plain.get(target), context.settings)
    secret = read.pop("webhook_secret", None)
    with context.deps.store.write() as tx:
        site = find_site(tx, name)
        chosen = {key: read.pop(key) for key in tuple(read) if key in OPTIONS}
        chosen |= _sealed_options(context, name, read)
        options = replace(site.options, **chosen)  # type: ignore[arg-type]  # readers give each field its type
        tuned = replace(site, options=options, **read)  # type: ignore[arg-type]
        if secret:
            tuned = replace(
                tuned, webhook_secrets=(context.keyring.encrypt(name, "webhook", str(secret).encode()),)
            )
        if policy:
            tuned = _with_policy(tuned, policy, faults)
        if faults:
            raise Invalid(faults)
        if "callback_url" in read and "callback_disabled" not in read:
            # why an address was given up says nothing of a new one; and who gives the same again, has fixed it
            tuned = replace(tuned, callback_disabled=None)
        tx.sites.save(tuned)
        if tuned.options.articles_apart != site.options.articles_apart:
            tx.articles.rekey(site.id)
        tx.audit_log.append(who, "tune", f"site {name}: {', '.join(sorted(terms))}", context.deps.clock())
    return tuned


def _sealed_options(context: AppContext, name: str, read: dict[str, object]) -> dict[str, object]:
    """Take the secrets that options hold out of `read`, encrypted as they are stored."""
    chosen: dict[str, object] = {}
    secrets = read.pop("coral_secret", None)
    if isinstance(secrets, tuple):
        chosen["coral_secrets"] = tuple(seal_option(context.keyring, name, CORAL, one) for one in secrets)
    token = read.pop("coral_token", None)
    if isinstance(token, str):
        chosen["coral_token"] = seal_option(context.keyring, name, CORAL, token) if token else None
    return chosen


def _with_policy(site: Site, terms: Mapping[str, str], faults: list[Fault]) -> Site:
    try:
        changed = change(site.policy, terms, version=site.policy.version + 1)
    except Invalid as wrong:
        faults += [_with_settings(fault) for fault in wrong.faults]
        return site
    same = replace(changed, version=site.policy.version) == site.policy
    return site if same else replace(site, policy=changed)


def _with_settings(fault: Fault) -> Fault:
    """Let a fault of an unknown term name the settings too."""
    if fault.key != "unknown.term":
        return fault
    return Fault(fault.field, "unknown.setting", names=", ".join([*SETTINGS, *known_terms()]))


def settings_of(site: Site) -> dict[str, object]:
    """Return what can be shown of a site: settings, policy terms and version; no secret, only how many there are."""
    return {
        "site": site.name,
        "url": site.url,
        "title": site.title,
        "callback_url": site.callback_url,
        "callback_disabled": site.callback_disabled,
        "email_required": site.email_required,
        "address_mode": site.address_mode,
        "region": site.region,
        "contact_public_key": site.contact_public_key,
        "webhook_secrets": len(site.webhook_secrets),
        "inbound_secrets": len(site.inbound_secrets),
        "coral_secrets": len(site.options.coral_secrets),
        "options": {name: getattr(site.options, name) for name in sorted(OPTIONS)},
        "policy_version": site.policy.version,
        "policy": to_terms(site.policy),
    }


def rotate(
    context: AppContext, name: str, what: str, at_once: bool = False, who: str = "operator"
) -> dict[str, str]:
    """Make a new secret of that kind and return it, to be shown once.

    The old API key works for another 24 hours; the old webhook or inbound secret goes on beside the new one until the
    next rotation; `at_once` ends it now. Boxes sealed under the old contact key still need its private key.
    """
    with context.deps.store.write() as tx:
        site = find_site(tx, name)
        made = _ROTATE[what](context, tx, site, at_once)
        tx.audit_log.append(who, "rotate", f"site {name}: {what}", context.deps.clock())
    return {"site": name, **made}


def end_overlap(context: AppContext, name: str, what: str) -> int:
    """Let the older webhook or inbound secret go, and return how many there were; the newest stays.

    Raises NotFound for the site, Invalid for what has no overlap to be ended.
    """
    if what not in ("inbound_secret", "webhook_secret"):
        raise Invalid([Fault(what, "unfit")])
    field = f"{what}s"
    with context.deps.store.write() as tx:
        site = find_site(tx, name)
        held: tuple[bytes, ...] = getattr(site, field)
        tx.sites.save(replace(site, **{field: held[:1]}))  # type: ignore[arg-type]  # one of the two fields
        tx.audit_log.append("operator", "rotate", f"site {name}: {what}, overlap ended", context.deps.clock())
    return len(held[1:])


def _rotate_key(
    kind: str, term: str, make: Callable[[], str]
) -> Callable[[AppContext, Tx, Site, bool], dict[str, str]]:
    def rotated(context: AppContext, tx: Tx, site: Site, at_once: bool) -> dict[str, str]:
        key, now = make(), context.deps.clock()
        tx.sites.retire_keys(site.id, kind, now if at_once else now + OVERLAP)
        tx.sites.add_key(site.id, fingerprint(context.keyring, key), kind, now)
        return {term: key}

    return rotated


def _rotate_secret(kind: str) -> Callable[[AppContext, Tx, Site, bool], dict[str, str]]:
    def rotated(context: AppContext, tx: Tx, site: Site, at_once: bool) -> dict[str, str]:
        secret, field = new_webhook_secret(), f"{kind}_secrets"
        kept = () if at_once else getattr(site, field)[:1]
        sealed = context.keyring.encrypt(site.name, kind, secret.encode())
        tx.sites.save(replace(site, **{field: (sealed, *kept)}))  # type: ignore[arg-type]  # one of two fields
        return {f"{kind}_secret": secret}

    return rotated


def _rotate_contact(context: AppContext, tx: Tx, site: Site, at_once: bool) -> dict[str, str]:  # noqa: ARG001  # one shape for all
    public, private = new_contact_keys()
    tx.sites.save(replace(site, contact_public_key=public))
    return {"contact_private_key": private}


_ROTATE: Final[Mapping[str, Callable[[AppContext, Tx, Site, bool], dict[str, str]]]] = {
    "key": _rotate_key("key", "key", new_api_key),
    "akismet_key": _rotate_key("akismet", "akismet_key", new_akismet_key),
    "inbound_secret": _rotate_secret("inbound"),
    "webhook_secret": _rotate_secret("webhook"),
    "contact_key": _rotate_contact,
}


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
            raise Invalid([Fault("name", "taken", name=name)])
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


def _check_slug(name: str) -> None:
    if not 1 <= len(name) <= SLUG_LIMIT or not set(name) <= SLUG or name[0] == "-" or name[-1] == "-":
        raise Invalid([Fault("name", "slug", count=SLUG_LIMIT)])


def key_owner(store: Store, keyring: Keyring, key: str, now: datetime) -> tuple[Site, str] | None:
    """Return the site and the kind of an API key, whichever master key its fingerprint was made under.

    One of an older master is kept under the present one from then on: a used key outlives the master's rotation.
    """
    with store.read() as tx:
        for version in keyring.versions:
            owner = tx.sites.key_owner(fingerprint(keyring, key, version), now)
            if owner is not None:
                break
        else:
            return None
    if version != keyring.version:
        with store.write() as tx:  # of two requests at once the second finds the old one gone
            tx.sites.replace_fingerprint(fingerprint(keyring, key, version), fingerprint(keyring, key))
    return owner

"""Sites, their policies in every version, the fingerprints of their keys, and how often these were used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    RowMapping,
    Select,
    Table,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from service.domain.options import Options, from_stored, stored
from service.domain.policy import Policy
from service.domain.policy_terms import from_terms, to_terms
from service.domain.site import Site
from service.storage.bulk import insert_into
from service.storage.columns import Instant, to_json
from service.storage.comment_tables import comments
from service.storage.decision_tables import decisions
from service.storage.repository import Repository
from service.storage.schema import api_keys, compat_usage, metadata, policies, site_counters, sites

_SITES = select(sites, policies.c.terms).join(
    policies, (policies.c.site_id == sites.c.pk) & (policies.c.version == sites.c.policy_version)
)
_BY_NAME = _SITES.where(sites.c.name == bindparam("name"))
_BY_ID = _SITES.where(sites.c.pk == bindparam("site_id"))
_ALL = _SITES.order_by(sites.c.name)
_SAVE = update(sites).where(sites.c.pk == bindparam("site_id"))
_TERMS = select(policies.c.terms).where(
    policies.c.site_id == bindparam("site_id"), policies.c.version == bindparam("version")
)
_RETIRE = (
    update(api_keys)
    .where(
        api_keys.c.site_id == bindparam("site"),
        api_keys.c.kind == bindparam("of_kind"),
        or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > bindparam("until", type_=Instant)),
    )
    .values(expires_at=bindparam("until"))
)
_OWNER = (
    _SITES.add_columns(api_keys.c.kind)
    .join(api_keys, api_keys.c.site_id == sites.c.pk)
    .where(
        api_keys.c.fingerprint == bindparam("fingerprint"),
        or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > bindparam("now", type_=Instant)),
    )
)
_USAGE = select(compat_usage.c.month, compat_usage.c.what, compat_usage.c.count.label("counted")).where(
    compat_usage.c.site_id == bindparam("of_site"), compat_usage.c.month >= bindparam("since")
)
_REFINGERPRINT = (
    update(api_keys).where(api_keys.c.fingerprint == bindparam("old")).values(fingerprint=bindparam("anew"))
)


class SiteRepository(Repository):
    """The verbs about sites, their keys, and how often the compatibility APIs were called."""

    def add(self, site: Site) -> Site:
        """Store a new site and return it with its id. Raises ValueError when the name is taken."""
        pk = self._write(_add_site(self._dialect), **_row(site)).scalar_one_or_none()
        if pk is None:
            raise ValueError("a site of this name exists")
        made = replace(site, id=pk)
        self._write(insert(site_counters), site_id=made.id, seq=0)
        self._keep_policy(made)
        return made

    def save(self, site: Site) -> None:
        """Store a changed site. Raises ValueError when its policy changed and its policy's version did not."""
        self._write(_SAVE, site_id=site.id, **_row(site))
        self._keep_policy(site)

    def _keep_policy(self, site: Site) -> None:
        """Keep this version once; other terms under a kept version would change verdicts already given.

        One that an older release kept may lack terms that it did not know; they have their defaults.
        """
        terms = to_json(to_terms(site.policy))
        self._write(_keep(self._dialect), site_id=site.id, version=site.policy.version, terms=terms)
        kept = self._read(_TERMS, site_id=site.id, version=site.policy.version).scalar_one()
        if kept != terms and _policy(kept, site.policy.version) != site.policy:
            raise ValueError(
                f"policy version {site.policy.version} is kept with other terms; give it a new one"
            )

    def get(self, name: str) -> Site | None:
        row = self._read(_BY_NAME, name=name).mappings().first()
        return _site(row) if row else None

    def by_id(self, site_id: int) -> Site | None:
        row = self._read(_BY_ID, site_id=site_id).mappings().first()
        return _site(row) if row else None

    def all(self) -> list[Site]:
        return [_site(row) for row in self._read(_ALL).mappings()]

    def policy(self, site_id: int, version: int) -> Policy | None:
        """Return a policy as it stood at `version`; `add_site` and `save_site` keep every version they are given."""
        terms = self._read(_TERMS, site_id=site_id, version=version).scalar_one_or_none()
        return None if terms is None else _policy(terms, version)

    def add_key(self, site_id: int, fingerprint: str, kind: str, now: datetime) -> None:
        """Keep the fingerprint of a key; kinds are "key" and "akismet"."""
        added = self._write(
            _add_key(self._dialect), site_id=site_id, fingerprint=fingerprint, kind=kind, created_at=now
        )
        if added.first() is None:
            raise ValueError("a key with this fingerprint exists")

    def retire_keys(self, site_id: int, kind: str, expires_at: datetime) -> None:
        """Let the keys of that kind end at `expires_at` (rotation with overlap)."""
        self._write(_RETIRE, site=site_id, of_kind=kind, until=expires_at)

    def key_owner(self, fingerprint: str, now: datetime) -> tuple[Site, str] | None:
        """Return the site and the kind of a key that has not expired."""
        row = self._read(_OWNER, fingerprint=fingerprint, now=now).mappings().first()
        return (_site(row), row["kind"]) if row else None

    def add_usage(self, counted: Mapping[tuple[int, str, str], int]) -> None:
        """Add counts by site id, month (`2026-11`) and kind to those that are there."""
        # in one order, so that two processes never wait for each other in a circle
        rows = [
            {"site_id": site_id, "month": month, "what": what, "count": count}
            for (site_id, month, what), count in sorted(counted.items())
        ]
        new = insert_into(compat_usage, self._dialect)
        self._write_each(
            new.on_conflict_do_update(
                index_elements=["site_id", "month", "what"],
                set_={"count": compat_usage.c.count + new.excluded.count},
            ),
            rows,
        )

    def usage(self, site_id: int, since: str = "") -> dict[tuple[str, str], int]:
        """Return the site's counts by month and kind, of the month `since` and later ones."""
        rows = self._read(_USAGE, of_site=site_id, since=since)
        return {(row.month, row.what): row.counted for row in rows}

    def replace_fingerprint(self, old: str, new: str) -> bool:
        """Let an API key be known by another fingerprint; False when the old one is not there (any more)."""
        return self._write(_REFINGERPRINT, old=old, anew=new).rowcount > 0

    def remove(self, site_id: int) -> Mapping[str, int]:
        """Take a site off with everything of it; returns how many rows of each table that took.

        The log of human acts keeps what it says of the site: it is append-only, and holds ids alone.
        """
        return {
            table.name: self._write(statement, of_site=site_id).rowcount
            for table in reversed(metadata.sorted_tables)
            if (statement := _delete_of_site(table)) is not None
        }


@cache
def _keep(dialect: str) -> Executable:
    return insert_into(policies, dialect).on_conflict_do_nothing(index_elements=["site_id", "version"])


@cache
def _add_site(dialect: str) -> Executable:
    new = insert_into(sites, dialect).on_conflict_do_nothing(index_elements=["name"])
    return new.returning(sites.c.pk)


@cache
def _add_key(dialect: str) -> Executable:
    new = insert_into(api_keys, dialect).on_conflict_do_nothing(index_elements=["fingerprint"])
    return new.returning(api_keys.c.fingerprint)


@lru_cache(maxsize=256)
def _options(text: str | None) -> Options:
    """Read options once, like a policy: every request asks for them."""
    return from_stored(text)


@lru_cache(maxsize=256)
def _policy(terms: str, version: int) -> Policy:
    """Read a policy once: every request and every batch asks for it, and its terms never change."""
    return from_terms(json.loads(terms), version)


def _row(site: Site) -> dict[str, object]:
    return {
        "name": site.name,
        "url": site.url,
        "title": site.title,
        "policy_version": site.policy.version,
        "callback_url": site.callback_url,
        "callback_disabled": site.callback_disabled,
        "email_required": site.email_required,
        "address_mode": site.address_mode,
        "contact_public_key": site.contact_public_key,
        "webhook_secrets": site.webhook_secrets,
        "inbound_secrets": site.inbound_secrets,
        "region": site.region,
        "created_at": site.created_at,
        "options": stored(site.options),
    }


def _site(row: RowMapping) -> Site:
    return Site(
        id=row["pk"],
        name=row["name"],
        url=row["url"],
        policy=_policy(row["terms"], row["policy_version"]),
        title=row["title"],
        callback_url=row["callback_url"],
        callback_disabled=row["callback_disabled"],
        email_required=row["email_required"],
        address_mode=row["address_mode"],
        contact_public_key=row["contact_public_key"],
        webhook_secrets=row["webhook_secrets"],
        inbound_secrets=row["inbound_secrets"],
        region=row["region"],
        created_at=row["created_at"],
        options=_options(row["options"]),
    )


@cache
def _delete_of_site(table: Table) -> Executable | None:
    """Return what deletes a site's rows of a table, None where no row belongs to one site."""
    if table is sites:
        return delete(sites).where(sites.c.pk == bindparam("of_site"))
    whose: ColumnElement[bool]
    if "site_id" in table.c:
        whose = table.c.site_id == bindparam("of_site")
    elif "comment_pk" in table.c:
        whose = table.c.comment_pk.in_(_pks_of_site(comments))
    elif "decision_id" in table.c:
        whose = table.c.decision_id.in_(_pks_of_site(decisions))
    else:
        return None
    return delete(table).where(whose)


def _pks_of_site(table: Table) -> Select[Any]:
    return select(table.c.pk).where(table.c.site_id == bindparam("of_site"))

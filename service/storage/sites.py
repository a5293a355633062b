"""Sites, their policies in every version, the fingerprints of their keys, and how often these were used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, RowMapping, Table, bindparam, delete, or_, select, update

from service.domain.options import Options, from_stored, stored
from service.domain.policy import Policy
from service.domain.policy_terms import from_terms, to_terms
from service.domain.site import Site
from service.storage.bulk import insert, insert_new
from service.storage.columns import Instant, to_json
from service.storage.repository import Repository
from service.storage.rows import record_of, values_of
from service.storage.schema import api_keys, compat_usage, metadata, policies, site_counters, sites
from service.storage.schema_comments import comments
from service.storage.schema_moderation import decisions

_SITES = select(sites, policies.c.terms).join(
    policies, (policies.c.site_id == sites.c.pk) & (policies.c.version == sites.c.policy_version)
)
_BY_NAME = _SITES.where(sites.c.name == bindparam("name"))
_BY_ID = _SITES.where(sites.c.pk == bindparam("site_id"))
_OWNER = (
    _SITES.add_columns(api_keys.c.kind)
    .join(api_keys, api_keys.c.site_id == sites.c.pk)
    .where(
        api_keys.c.fingerprint == bindparam("fingerprint"),
        or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > bindparam("now", type_=Instant)),
    )
)
_NEW_USAGE = insert(compat_usage)
_ADD_USAGE = _NEW_USAGE.on_conflict_do_update(
    index_elements=["site_id", "month", "what"],
    set_={"count": compat_usage.c.count + _NEW_USAGE.excluded.count},
)


class SiteRepository(Repository):
    """Sites with their policies, their keys, and how often the compatibility APIs were called."""

    def add(self, site: Site) -> Site:
        """Store a new site and return it with its id. Raises ValueError when the name is taken."""
        pk = self._write(
            insert_new(sites, ("name",)).returning(sites.c.pk), **_row(site)
        ).scalar_one_or_none()
        if pk is None:
            raise ValueError("a site of this name exists")
        made = replace(site, id=pk)
        self._write(insert(site_counters), site_id=made.id, seq=0)
        self._keep_policy(made)
        return made

    def save(self, site: Site) -> None:
        """Store a changed site. Raises ValueError when its policy changed and its policy's version did not."""
        self._write(update(sites).where(sites.c.pk == site.id).values(_row(site)))
        self._keep_policy(site)

    def _keep_policy(self, site: Site) -> None:
        """Keep this version once; other terms under a kept version would change verdicts already given.

        One that an older release kept may lack terms that it did not know; they have their defaults.
        """
        terms, version = to_json(to_terms(site.policy)), site.policy.version
        new = insert_new(policies, ("site_id", "version"))
        self._write(new, site_id=site.id, version=version, terms=terms)
        if self._terms(site.id, version) != terms and self.policy(site.id, version) != site.policy:
            raise ValueError(f"policy version {version} is kept with other terms; give it a new one")

    def _terms(self, site_id: int, version: int) -> str | None:
        kept = select(policies.c.terms).where(policies.c.site_id == site_id, policies.c.version == version)
        return self._read(kept).scalar_one_or_none()

    def get(self, name: str) -> Site | None:
        return self._first(_site, _BY_NAME, name=name)

    def by_id(self, site_id: int) -> Site | None:
        return self._first(_site, _BY_ID, site_id=site_id)

    def all(self) -> list[Site]:
        return self._all(_site, _SITES.order_by(sites.c.name))

    def policy(self, site_id: int, version: int) -> Policy | None:
        """Return a policy as it stood at `version`; `add` and `save` keep every version they are given."""
        terms = self._terms(site_id, version)
        return None if terms is None else _policy(terms, version)

    def remove(self, site_id: int) -> Mapping[str, int]:
        """Remove a site with everything of it; return how many rows of each table that took.

        The audit log keeps what it says of the site: it is append-only, and holds ids alone.
        """
        return {
            table.name: self._write(delete(table).where(whose)).rowcount
            for table in reversed(metadata.sorted_tables)
            if (whose := _of_site(table, site_id)) is not None
        }

    def add_key(self, site_id: int, fingerprint: str, kind: str, now: datetime) -> None:
        """Store the fingerprint of a key; kinds are "key" and "akismet"."""
        new = insert_new(api_keys, ("fingerprint",)).returning(api_keys.c.fingerprint)
        values = {"site_id": site_id, "fingerprint": fingerprint, "kind": kind, "created_at": now}
        if self._write(new, **values).first() is None:
            raise ValueError("a key with this fingerprint exists")

    def retire_keys(self, site_id: int, kind: str, expires_at: datetime) -> None:
        """Let the keys of that kind end at `expires_at` (rotation with overlap)."""
        theirs = api_keys.c.site_id == site_id, api_keys.c.kind == kind
        is_later = or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > expires_at)
        self._write(update(api_keys).where(*theirs, is_later).values(expires_at=expires_at))

    def replace_fingerprint(self, old: str, new: str) -> bool:
        """Let an API key be known by another fingerprint; False when the old one is not there (any more)."""
        its = update(api_keys).where(api_keys.c.fingerprint == old)
        return self._write(its.values(fingerprint=new)).rowcount > 0

    def key_owner(self, fingerprint: str, now: datetime) -> tuple[Site, str] | None:
        """Return the site and the kind of a key that has not expired."""
        return self._first(lambda row: (_site(row), row["kind"]), _OWNER, fingerprint=fingerprint, now=now)

    def add_usage(self, counted: Mapping[tuple[int, str, str], int]) -> None:
        """Add counts by site id, month (`2026-11`) and kind to those that are there."""
        # in one order, so that two processes never wait for each other in a circle
        rows = [
            {"site_id": site_id, "month": month, "what": what, "count": count}
            for (site_id, month, what), count in sorted(counted.items())
        ]
        self._write_each(_ADD_USAGE, rows)

    def usage(self, site_id: int, since: str = "") -> dict[tuple[str, str], int]:
        """Return the site's counts by month and kind, of the month `since` and later ones."""
        used = select(compat_usage).where(compat_usage.c.site_id == site_id, compat_usage.c.month >= since)
        return {(row["month"], row["what"]): row["count"] for row in self._read(used).mappings()}


def _of_site(table: Table, site_id: int) -> ColumnElement[bool] | None:
    """Return which rows of a table are a site's, None where no row belongs to one site."""
    if table is sites:
        return sites.c.pk == site_id
    if "site_id" in table.c:
        return table.c.site_id == site_id
    for column, owner in (("comment_pk", comments), ("decision_id", decisions)):
        if column in table.c:
            return table.c[column].in_(select(owner.c.pk).where(owner.c.site_id == site_id))
    return None


@lru_cache(maxsize=256)
def _options(text: str | None) -> Options:
    """Read options once, like a policy: every request asks for them."""
    return from_stored(text)


@lru_cache(maxsize=256)
def _policy(terms: str, version: int) -> Policy:
    """Read a policy once: every request and every batch asks for it, and its terms never change."""
    return from_terms(json.loads(terms), version)


def _row(site: Site) -> dict[str, object]:
    values = values_of(site, "id", "policy", "options")
    return values | {"policy_version": site.policy.version, "options": stored(site.options)}


def _site(row: RowMapping) -> Site:
    policy = _policy(row["terms"], row["policy_version"])
    return record_of(Site, row, policy=policy, options=_options(row["options"]))

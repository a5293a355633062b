"""Sites and moderators taken off in SQL, with everything of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Table,
    bindparam,
    delete,
    select,
)

from service.storage.comment_tables import comments
from service.storage.decision_tables import decisions
from service.storage.part import Part
from service.storage.people_tables import moderators
from service.storage.schema import metadata, sites


class RemovingPart(Part):
    """The verbs that take sites and moderators off."""

    def remove_site(self, site_id: int) -> Mapping[str, int]:
        """Take a site off with everything of it; returns how many rows of each table that took.

        The log of human acts keeps what it says of the site: it is append-only, and holds ids alone.
        """
        return {
            table.name: self._write(statement, of_site=site_id).rowcount
            for table in reversed(metadata.sorted_tables)
            if (statement := _delete_of_site(table)) is not None
        }

    def remove_moderator(self, moderator_id: int) -> None:
        """Take a moderator off with sessions, links, claims and views; what they decided keeps their name."""
        for statement in _delete_of_moderator():
            self._write(statement, of_moderator=moderator_id)


@cache
def _delete_of_moderator() -> tuple[Executable, ...]:
    theirs = [table for table in reversed(metadata.sorted_tables) if "moderator_id" in table.c]
    return (
        *(delete(table).where(table.c.moderator_id == bindparam("of_moderator")) for table in theirs),
        delete(moderators).where(moderators.c.pk == bindparam("of_moderator")),
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

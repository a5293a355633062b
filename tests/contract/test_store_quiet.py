"""What goes wrong in a store is said without quoting a row."""

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.factories import NOON, courier, decision, draft


def test_an_error_of_the_database_quotes_no_text(store):
    with store.write() as tx:
        site = tx.sites.add(courier())
        (comment,) = tx.comments.add(site.id, [draft()], NOON).values()
    twice = decision(comment, 7, reason="A very private sentence.")
    with pytest.raises(SQLAlchemyError) as failed, store.write() as tx:
        tx.decisions.add([twice, twice])
    assert "private sentence" not in str(failed.value)

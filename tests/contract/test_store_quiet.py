"""What goes wrong in a store is said without quoting a row."""

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.factories import NOON, courier, decision, draft


def test_an_error_of_the_database_quotes_no_text(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        (comment,) = tx.add_comments(site.id, [draft()], NOON).values()
    twice = decision(comment, 7, reason="A very private sentence.")
    with pytest.raises(SQLAlchemyError) as failed, store.write() as tx:
        tx.add_decisions([twice, twice])
    assert "private sentence" not in str(failed.value)

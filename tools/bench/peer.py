"""The peer of POST /v1/comments: bare Flask, pydantic and one INSERT on the same server, database and pool.

It masks nothing, seals nothing, knows no site and no replay: what it leaves out is what the service costs.
Run as `python -m tools.bench.peer`, with the settings of `replydesk web`.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import waitress
from flask import Flask, request
from pydantic import BaseModel
from sqlalchemy import Column, DateTime, Identity, Integer, MetaData, Table, Text, insert

from service import config
from service.cli.processes import waitress_options
from service.storage.engines import open_engine

BARE = Table(
    "bench_bare",
    MetaData(),
    Column("pk", Integer, Identity(), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
)


class _Article(BaseModel):
    url: str
    title: str | None = None


class _Author(BaseModel):
    name: str
    email: str


class _Comment(BaseModel):
    id: str
    article: _Article
    author: _Author
    body: str
    client: dict[str, str]


def make_app(database_url: str) -> Flask:
    """Return the application; its table is made here."""
    app = Flask(__name__)
    engine = open_engine(database_url)
    BARE.metadata.create_all(engine)

    @app.post("/v1/comments")
    def add() -> tuple[dict[str, Any], int]:
        given = _Comment.model_validate_json(request.get_data())
        row = {
            "id": given.id,
            "url": given.article.url,
            "name": given.author.name,
            "email": given.author.email,
            "body": given.body,
            "received_at": datetime.now(UTC),
        }
        with engine.begin() as connection:
            connection.execute(insert(BARE), row)
        return {"id": given.id, "status": "pending"}, 202

    @app.get("/healthz")
    def alive() -> str:
        return "ok"

    return app


if __name__ == "__main__":
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # as the service's own logs have it
    known = config.load()
    waitress.serve(make_app(known.database_url), **waitress_options(known))

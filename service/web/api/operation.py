"""What an operation takes, answers and refuses, declared at its view; `openapi.py` describes the API by it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, Literal

from flask import Response
from pydantic import BaseModel

from service.web.api.gate import authenticate, named_site, read_body, read_query

Access = Literal["key", "signature", "public", "operator"]
"""The site's key; a signature, which the view checks; anyone, about a site; anyone, about the installation."""
View = Callable[..., Response]

READ_BODY: Final = ("malformed", "too-large", "unsupported-media-type", "validation")
ERRORS: Final[Mapping[Access, tuple[str, ...]]] = {
    "key": ("unauthorized", "internal", "unavailable"),
    "signature": ("unauthorized", "internal", "unavailable"),
    "public": ("internal", "unavailable"),
    "operator": ("internal",),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what it means, the shapes that its JSON may have (none: no JSON), and its headers."""

    meaning: str
    shapes: tuple[type[BaseModel], ...] = ()
    headers: tuple[str, ...] = ()
    media: str | None = None
    """Where it is no JSON."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `body` is the model that is read for the view, or describes what the view reads itself."""

    id: str
    summary: str
    text: str
    tag: str
    access: Access
    answers: Mapping[int, Answer]
    errors: tuple[str, ...]
    body: type[BaseModel] | Mapping[str, object] | None
    body_required: bool
    query: type[BaseModel] | None
    headers: tuple[str, ...]


DECLARED: Final[dict[Callable[..., Any], Operation]] = {}


def operation(
    tag: str,
    answers: Mapping[int, Answer],
    *errors: str,
    access: Access = "key",
    body: type[BaseModel] | Mapping[str, object] | None = None,
    body_required: bool = True,
    query: type[BaseModel] | None = None,
    headers: tuple[str, ...] = (),
) -> Callable[[View], View]:
    """Declare a view: its name gives the operation's id, its docstring summary and description.

    The view is called with `site` where a site is meant, with `given` where the body is a model, with `asked` where
    there is a query, and with the parts of the path. `errors` are those besides what access, body and query may meet.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def called(**path: Any) -> Response:
            if access == "key":
                path["site"] = authenticate()
            elif access != "operator":
                path["site"] = named_site(path.pop("name"))
            if query is not None:
                path["asked"] = read_query(query)
            if isinstance(body, type):
                path["given"] = read_body(body, body_required)
            return view(**path)

        summary, _, text = inspect.cleandoc(view.__doc__ or "").partition("\n")
        read = READ_BODY if body is not None else ("validation",) if query is not None else ()
        DECLARED[called] = Operation(
            id=_camel(view.__name__),
            summary=summary.removesuffix("."),
            text=" ".join(text.split()) or summary,
            tag=tag,
            access=access,
            answers=answers,
            errors=(*errors, *read, *ERRORS[access]),
            body=body,
            body_required=body_required,
            query=query,
            headers=headers,
        )
        return called

    return declare


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))

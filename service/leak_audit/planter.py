"""Makes canary addresses and sends them to an installation, each under a name that tells the path it took."""

from __future__ import annotations

import secrets
import string
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from service.leak_audit.http_calls import Caller, HttpAnswer

if TYPE_CHECKING:
    from service.usecases.sites import Enrolment

MARK_LETTERS: Final = 12
DOMAIN: Final = "mail.example"
COMMAND_SECONDS: Final = 60.0


def new_mark() -> str:
    """Return letters that stand in every canary of one audit and, as good as certainly, nowhere else."""
    return "canary" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(MARK_LETTERS))


@dataclass(slots=True)
class Planter:
    """Sends the canaries of one audit, and keeps which paths they took and what programs said on the way."""

    caller: Caller
    site: Enrolment
    mark: str
    folder: Path
    environment: Mapping[str, str]
    coral_secret: str
    paths: list[tuple[str, str]] = field(default_factory=list)
    """Each path's name and what the service said."""
    addresses: dict[str, str] = field(default_factory=dict)
    screens: list[tuple[str, bytes]] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.site.site.url

    def address(self, name: str, domain: str = DOMAIN) -> str:
        """Return the canary of that name; it is remembered, for its hashes are looked for too."""
        letters = "".join(letter for letter in name if letter.isalpha())
        return self.addresses.setdefault(name, f"{self.mark}{letters}@{domain}")

    def comment(self, name: str, address: str, **changes: Any) -> dict[str, Any]:
        """Return a submission of that id by the writer with that address."""
        given: dict[str, Any] = {
            "id": name,
            "article": {"url": f"{self.url}/a?id=7", "title": "The bridge opens"},
            "author": {"name": "Ada", "email": address},
            "body": f"My way to work is half an hour shorter now, says number {name}.",
        }
        return {**given, **changes}

    def call(
        self,
        name: str,
        method: str,
        path: str,
        body: object | bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        keyed: bool = True,
    ) -> HttpAnswer:
        """Send one request as `Caller.call` does."""
        return self.note(name, self.caller.call(method, path, body, headers=headers, keyed=keyed))

    def post(self, name: str, body: object, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        return self.call(name, "POST", "/v1/comments", body, headers=headers)

    def form(self, name: str, path: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Send a form, without a key."""
        return self.note(name, self.caller.form(path, fields))

    def note(self, name: str, answer: HttpAnswer) -> HttpAnswer:
        """Keep the path's name with what the service said."""
        self.paths.append((name, str(answer.status) if answer.status else "no answer"))
        return answer

    def command(self, name: str, *arguments: str) -> None:
        self.run(name, "-m", "service.cli.main", *arguments)

    def run(self, name: str, *arguments: str, typed: str = "") -> None:
        """Run a Python program; what it says is searched like everything else."""
        try:
            done = subprocess.run(  # noqa: S603  # our own programs
                [sys.executable, *arguments],
                input=f"{typed}\n".encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=dict(self.environment),
                timeout=COMMAND_SECONDS,
                check=False,
            )
            said, outcome = done.stdout, f"exit {done.returncode}"
        except subprocess.TimeoutExpired as late:
            said, outcome = late.stdout or b"", "no end"
        self.screens.append((name, said))
        self.paths.append((name, outcome))

"""A request that dies badly: the service's own code holding an address, ended by an error and by an abort.

Run as a process of its own, with the address on standard input; the audit searches whatever it leaves behind.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import traceback
from datetime import UTC, datetime

from service import logging as logs
from service.domain.comment import Source
from service.domain.policy import Policy
from service.domain.site import Site
from service.privacy.keys import Keyring
from service.privacy.sanitizer import Sanitizer
from service.usecases.submission import read_submission

ADDRESS_LIMIT = 1_000


def main() -> None:
    """Take the address in as a request does, let an error be logged with everything around it, then abort."""
    faulthandler.enable(all_threads=True)
    logs.configure("crash", "debug")
    try:
        _request(sys.stdin.readline(ADDRESS_LIMIT).strip())
    except RuntimeError as error:
        logging.getLogger("crash").exception("request failed", extra={"failure": repr(error)})
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        sys.stderr.write("".join(shown.format()))
        logging.getLogger("crash").error("failed %s", error)
    sys.stderr.flush()
    os.abort()


def _request(typed: str) -> None:
    """Hold the address as a request holds it, and fail."""
    given = {
        "article": {"url": "https://courier.example/bridge"},
        "author": {"name": "Ada", "email": typed},
        "body": f"Write to {typed}",
    }
    del typed
    submission = read_submission(given, Source.API)
    del given  # a web framework lets go of the body as well before a view works on
    site = Site(id=0, name="crash", url="https://courier.example", policy=Policy())
    draft = Sanitizer(Keyring(os.urandom(32))).draft(site, submission, datetime.now(UTC))
    raise RuntimeError(f"{submission} {submission!r} {draft.author_name} {submission.email}")


if __name__ == "__main__":
    main()

"""What the compatibility APIs share: score now, decide by the site's policy, store for the desk, learn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from service.compat.time_limit import TimeLimit
from service.domain.clean_text import cleaned, cleaned_line
from service.domain.comment import BODY_LIMIT, Article, Comment, Source, Submission
from service.domain.decisions import public_state
from service.domain.facts import Facts, free_hosts
from service.domain.links import count_links
from service.domain.policy import decide
from service.domain.severity import is_at_risk
from service.domain.site import Site
from service.domain.status import FINAL, Status
from service.domain.text import as_seen
from service.domain.verdict import OUTCOME, Action, Assessment, Verdict, Who
from service.privacy.masking import mask
from service.privacy.sealing import Address
from service.scoring import Reading
from service.scoring.batching import BatchingScorer
from service.scoring.scorer import sign
from service.usecases import Feedback, add_alias, record_feedback, submit_one, submit_scored
from service.usecases.compat import earlier_refusal

if TYPE_CHECKING:
    from service.context import AppContext

T = TypeVar("T")

log = structlog.get_logger(__name__)

UNNAMED: Final = "(no name)"
STORE_SECONDS: Final = 0.9
"""A compatibility API waits so long for the store; its callers give up soon after."""
KEEP_SECONDS: Final = 0.45
"""So long an answer that is ready waits for the store: Coral gives up at 800 ms, and the key may have cost 300."""


@dataclass(frozen=True, slots=True)
class Known:
    """Where a comment stands as it is known outside, and what it says, masked as the sanitizer masks it."""

    status: Status
    body: str = field(repr=False)
    at_risk: bool = False
    """Whether it is held because its writer may be at risk."""
    by_person: bool = False
    """Whether a person decided it, or refused an earlier text of it, of this site or another program of it."""

    def says(self, text: str) -> bool:
        """Whether it says this masked text; what nobody sees does not count."""
        return as_seen(self.body) == as_seen(text)


def text_submission(
    site: Site, text: str, url: str | None = None, author_name: str = UNNAMED, **known: Any
) -> Submission:
    """Make a comment of a text; where the protocol names no page and no author, it stands under the site's own."""
    return Submission(
        article=Article(url or site.url),
        author_name=author_name,
        body=text[:BODY_LIMIT].replace("\0", "\ufffd"),
        source=Source.COMPAT,
        **known,
    )


class CompatService:
    """The use cases of the compatibility APIs, made once a process; threads share it.

    Scoring and deciding need neither broker nor store. `keep` and `learn` need the store, and wait half a second and a
    second for it; what it does after that is written late.
    """

    def __init__(self, context: AppContext, began: Callable[[], float] = time.perf_counter) -> None:
        self._context, self._began = context, began
        self._limit = TimeLimit(STORE_SECONDS)
        self._keeping = TimeLimit(KEEP_SECONDS)
        self._scorer = BatchingScorer(context.scorer)

    def reading(
        self, site: Site, body: str, name: str = "", website: str | None = None, own: Address | None = None
    ) -> Reading:
        """Return what the scorer reads: the text as the sanitizer masks it, so that both give it one score."""
        masked = mask(website, region=site.region, own=own) if website else None
        return Reading(
            text=mask(cleaned(body), region=site.region, own=own).text,
            author_name=mask(cleaned_line(name), region=site.region, own=own).text if name else "",
            website=None if masked is None or masked.found else website,
        )

    def score(self, readings: Sequence[Reading], explain: bool = False) -> list[Assessment]:
        """Score now, in this process, one assessment for each, in order. Raises `reader.NoModel`."""
        return self._scorer.score(readings, explain)

    def verdict(
        self, site: Site, reading: Reading, assessment: Assessment | None, facts: Facts | None = None
    ) -> Verdict:
        """Decide by the site's policy; nothing is stored. `facts` says what else is known of the comment.

        Without them the author is nobody we know: a policy that holds first comments holds this one.
        """
        known = replace(
            facts or Facts(body="", known_author=not site.policy.hold_first_time),
            body=reading.text,
            author_name=reading.author_name,
            website=reading.website,
            links=count_links(reading.text, free_hosts(site.options, site.url)),
        )
        return decide(assessment, known, site.policy)

    def add_alias(self, site: Site, known_as: str, alias: str, origin: Mapping[str, str]) -> Comment | None:
        """Let what came by this idempotency key also go by `alias`, and its callbacks name its origin."""
        deps, sanitizer = self._context.deps, self._context.sanitizer
        return self._limit.ask(lambda: add_alias(deps, sanitizer, site, known_as, alias, origin))

    def submit(self, site: Site, submission: Submission) -> Comment:
        """Store the comment, pending, for the scorer. Raises as `keep` does."""
        deps, sanitizer = self._context.deps, self._context.sanitizer

        return self._limit.ask(self._timed(lambda: submit_one(deps, sanitizer, site, submission).comment))

    def submit_scored(self, site: Site, submission: Submission, assessment: Assessment | None) -> Comment:
        """Store the comment with this assessment, decided by the site's policy; what is held is on the desk.

        Raises time_limit.TooLate, what the store raises, and what refuses the submission.
        """
        deps, sanitizer = self._context.deps, self._context.sanitizer
        return self._keeping.ask(
            self._timed(lambda: submit_scored(deps, sanitizer, site, submission, assessment, sign))
        )

    def try_submit_scored(
        self, site: Site, submission: Submission, assessment: Assessment | None
    ) -> Comment | None:
        """Store the comment likewise; None when the store is away, which costs nobody an answer."""
        if assessment is not None:
            spans = tuple(span for span in assessment.spans if span.end <= BODY_LIMIT)
            assessment = replace(assessment, spans=spans)
        try:
            return self.submit_scored(site, submission, assessment)
        except Exception as failure:  # noqa: BLE001  # whatever the store died of
            log.warning("compat.not_stored", error=type(failure).__name__)
            return None

    def _timed(self, work: Callable[[], T]) -> Callable[[], T]:
        """Let the work say how long it took since its request began, also where nobody waits for it any more."""
        began, arrivals = self._began(), self._context.deps.arrivals

        def timed() -> T:
            done = work()
            arrivals.took(Source.COMPAT, time.perf_counter() - began)
            return done

        return timed

    def known(self, site: Site, comment_id: str) -> Known | None:
        """Return the comment as it is known outside, None when there is none. Raises as `keep` does."""
        store = self._context.deps.store

        def look_up() -> Known | None:
            with store.read() as tx:
                comment = tx.comments.get(site.id, comment_id)
                if comment is None or comment.status in FINAL:
                    return None
                decision = tx.decisions.current(comment)
                known = public_state(comment, decision)
                stands = decision
                if known.decision_id != comment.decision_id:
                    stands = tx.decisions.get(known.decision_id) if known.decision_id else None
                status = known.status
                by_person = stands is not None and stands.who_kind is not Who.MACHINE
                if not by_person and (refused := earlier_refusal(tx, comment)):
                    status, by_person = OUTCOME[refused.action], True
                return Known(status, comment.body, is_at_risk(comment.verdict), by_person)

        return self._limit.ask(look_up)

    def usage(self, site: Site, since: str) -> dict[tuple[str, str], int]:
        """Return what the site's clients asked, by month and kind, from the month `since` on. Raises as `keep` does."""
        store = self._context.deps.store

        def look_up() -> dict[tuple[str, str], int]:
            with store.read() as tx:
                return tx.sites.usage(site.id, since)

        return self._limit.ask(look_up)

    def record_feedback(
        self, site: Site, submission: Submission, action: Action, who: str, known_as: Sequence[str] = ()
    ) -> Feedback | None:
        """Keep what the site judged of a text, unless the site withholds it; None then. Raises as `keep` does."""
        if not site.options.compat_learning:
            return None
        deps, sanitizer = self._context.deps, self._context.sanitizer
        return self._limit.ask(
            self._timed(lambda: record_feedback(deps, sanitizer, site, submission, action, who, known_as))
        )

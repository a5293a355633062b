"""submit: accept comments under their idempotency keys, each stored once, and enqueue scoring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from service.context import Dependencies
from service.domain.comment import STAFF, Comment, Draft, Placed, Source, Submission
from service.domain.decisions import put_back
from service.domain.errors import Conflict, Final, IdempotencyMismatch, NotFound, ReplydeskError
from service.domain.revisions import edited, is_same_text
from service.domain.site import Site
from service.domain.status import FINAL, Status
from service.domain.verdict import Action, Decision, Who
from service.messaging.tasks import SCORE
from service.privacy.sanitizer import LEAST_TOLD_APART, Sanitizer
from service.storage import Tx
from service.storage.records import IdempotencyKey
from service.usecases.transitions import or_raise

Result = Placed | ReplydeskError
"""What became of a submission, or the error that refused it."""
UNREFUSED = (Status.PENDING, Status.APPROVED)
OTHER = (
    "is the id of another comment here: at most one of author, article, time and text is the same; "
    "give the ids of one archive a prefix of their own"
)
RACES = 3
"""How often a submission looks again when other requests use its idempotency key at the same moment."""


def submit(
    deps: Dependencies, sanitizer: Sanitizer, site: Site, submissions: Sequence[Submission]
) -> list[Result]:
    """Accept comments: each is stored pending once, replayed, or made the next revision; one answer each, in order.

    When this returns, what is answered `Placed` is committed. A refused item is answered by its error and spoils no
    other.
    """
    now = deps.clock()
    drafts = [sanitizer.draft(site, submission, now) for submission in submissions]
    _carry_over(deps, site, drafts)
    placed = _place_one(deps, site, drafts, now) or place_all(deps, site, drafts, now)
    count(deps, submissions, placed)
    if any(isinstance(answer, Placed) and answer.outcome != "replay" for answer in placed):
        deps.dispatcher.enqueue(SCORE)
    return placed


def submit_one(deps: Dependencies, sanitizer: Sanitizer, site: Site, submission: Submission) -> Placed:
    """Accept one comment as `submit` does; raise what refuses it."""
    (answer,) = submit(deps, sanitizer, site, [submission])
    return or_raise(answer)


def count(deps: Dependencies, submissions: Sequence[Submission], placed: Sequence[Result]) -> None:
    """Count what is committed by now, by source and outcome."""
    ended = Counter(
        (submission.source, answer.outcome if isinstance(answer, Placed) else "refused")
        for submission, answer in zip(submissions, placed, strict=True)
    )
    for (source, outcome), number in ended.items():
        deps.arrivals.came(source, outcome, number)


def _carry_over(deps: Dependencies, site: Site, drafts: Sequence[Draft]) -> None:
    """While the master key is rotated: give what an author wrote before the key that they have now."""
    keys = {old: draft.author_key for draft in drafts for old in draft.older_author_keys if draft.author_key}
    if not keys:
        return
    with deps.store.read() as tx:
        known = tx.authors.known(site.id, keys)
    if known:
        with deps.store.write() as tx:
            tx.authors.rekey(site.id, {old: keys[old] for old in known})


def _place_one(deps: Dependencies, site: Site, drafts: Sequence[Draft], now: datetime) -> list[Result]:
    """Place what comes alone and is new, which is most of it, in the store's cheapest way; nothing for the rest."""
    if len(drafts) != 1 or _keys(drafts[0]):
        return []
    added = deps.store.add_comment(site.id, drafts[0], now)
    return [Placed(added, "new")] if added else []


def place_all(
    deps: Dependencies,
    site: Site,
    drafts: Sequence[Draft],
    now: datetime,
    then: Callable[[Tx, Sequence[Result]], None] | None = None,
) -> list[Result]:
    """Place drafts in one transaction, one answer each, in order; `then` acts on the answers in the same one."""
    for _ in range(RACES):
        placed: list[Result] = []
        try:
            with deps.store.write() as tx:
                for round_of_drafts in _rounds(drafts):
                    placed += _place(tx, site, round_of_drafts, now)
                if then is not None:
                    then(tx, placed)
            return placed
        except _KeyRaced:
            continue  # nothing is stored; the next round finds what the other request made of the key
    return [IdempotencyMismatch() for _ in drafts]


class _KeyRaced(Exception):
    """Another request used one of the idempotency keys between our look and our commit."""


def _rounds(drafts: Sequence[Draft]) -> Iterable[list[Draft]]:
    """Cut into consecutive runs of distinct ids and keys, so that a later item sees what an earlier one made."""
    run: list[Draft] = []
    seen: set[str] = set()
    for draft in drafts:
        names = {f"id {draft.id}", *(f"key {key}" for key in _keys(draft))}
        if names & seen:
            yield run
            run, seen = [], set()
        run.append(draft)
        seen |= names
    if run:
        yield run


def _keys(draft: Draft) -> list[str]:
    """Return the keys that the draft is remembered by: the caller's, and those of its content."""
    return [key for key in (draft.idempotency_key, *draft.content_keys) if key]


def _place(tx: Tx, site: Site, drafts: Sequence[Draft], now: datetime) -> list[Result]:
    keyed = [key for draft in drafts for key in _keys(draft)]
    used = tx.comments.idempotency_keys(site.id, keyed) if keyed else {}
    there = {draft.id: answer for draft in drafts if (answer := _replayed(tx, draft, used))}
    fresh = [draft for draft in drafts if draft.id not in there]
    added = tx.comments.add(site.id, fresh, now)
    answers: list[Result] = []
    for draft in drafts:
        if draft.id in there:
            answers.append(there[draft.id])
        elif draft.id in added:
            answers.append(Placed(added[draft.id], "new"))
        else:
            answers.append(_again(tx, site, draft, now))
    _remember(tx, site, used, answers, drafts, now)
    return answers


def _replayed(tx: Tx, draft: Draft, used: Mapping[str, IdempotencyKey]) -> Result | None:
    """Answer what came before: by the caller's key, or, where it had no id, by who wrote what under which article."""
    if key := used.get(draft.idempotency_key or ""):
        comment = tx.comments.by_pk(key.comment_pk)
        if comment is None or key.request_hash != draft.request_hash:
            return IdempotencyMismatch()
        return Placed(comment, "replay")
    for key in filter(None, map(used.get, draft.content_keys)):
        comment = tx.comments.by_pk(key.comment_pk)
        # what was edited or taken off since is not there any more
        if comment and comment.status not in FINAL and comment.revision == key.revision:
            return Placed(comment, "replay")
    return None


def _again(tx: Tx, site: Site, draft: Draft, now: datetime) -> Result:
    """The id is known: the same content is a replay, new content is the next revision."""
    current = tx.comments.get(site.id, draft.id, lock=True)
    if current is None:
        return NotFound()
    if draft.id_from_key and not _is_same(current, draft):
        return IdempotencyMismatch()
    is_repeated = is_same_text(draft, current)
    if current.status in FINAL and not is_repeated:
        return Final()
    if draft.source is Source.IMPORT and _is_other(current, draft):
        return Conflict(current, None, OTHER)
    if current.article.is_newer_than(draft.article):
        return Placed(current, "replay")
    if is_repeated:
        return Placed(_corrected(tx, _where_it_stands(tx, current, draft), draft), "replay")
    current = _where_it_stands(tx, current, draft)
    draft = edited(draft, current, _current_decision(tx, current))
    # what a person refused a moment ago is still shown, and must not stay so
    keep_published = site.policy.moderation == "post" and current.status in UNREFUSED
    revised = tx.comments.revise(current, draft, now, keep_published)
    return Placed(revised, "revised") if revised else Conflict(current, None)


def _current_decision(tx: Tx, comment: Comment) -> Decision | None:
    """Return the decision that stands, or the one that its RESTORE put back; a person's, where a person upheld it."""
    decision = tx.decisions.current(comment)
    if decision is not None and decision.action is Action.RESTORE:
        decision = put_back(decision, tx.decisions.of_comment(comment.pk))
    if decision is None or decision.who_kind is not Who.MACHINE:
        return decision
    upheld = [one for one in tx.labels.of_comment(comment.pk) if one.decision_id == decision.id]
    is_upheld = any(one.retracted_at is None for one in upheld)
    return replace(decision, who_kind=Who.MODERATOR) if is_upheld else decision


def _where_it_stands(tx: Tx, current: Comment, draft: Draft) -> Comment:
    """Put the comment under the article that the site names now; a reader's form moves nothing."""
    if draft.article.identity == current.article.identity or draft.source is Source.FORM:
        return current
    return tx.articles.move_comment(current, draft.article, draft.is_latest)


def _corrected(tx: Tx, current: Comment, draft: Draft) -> Comment:
    """Let a repetition say what the comment answers, that it is older than was known, and that it is the site's own.

    It says, too, whether staff wrote it, and how the text is set: white space decides nothing, but readers see it. An
    import, which names by numbers what it does not hold, replaces neither parent nor text.
    """
    if draft.source is Source.FORM:
        return current
    is_older = not draft.undated and draft.submitted_at < current.submitted_at
    fills_in = draft.source is Source.IMPORT and current.parent_id is not None
    text = current if draft.source in (Source.IMPORT, Source.COMPAT) else draft
    verdict = current.verdict
    if verdict is not None and text.body != current.body:
        verdict = replace(verdict, spans=())  # they count the letters of the text as it was set
    staff = {STAFF: draft.signals[STAFF]} if STAFF in draft.signals else {}
    corrected = replace(
        current,
        author_name=text.author_name,
        body=text.body,
        verdict=verdict,
        signals={**current.signals, **staff},
        parent_id=current.parent_id if fills_in else draft.parent_id or current.parent_id,
        submitted_at=draft.submitted_at if is_older else current.submitted_at,
        source=draft.source if current.source is Source.COMPAT else current.source,
    )
    return current if corrected == current else tx.comments.correct(corrected)


def _is_other(current: Comment, draft: Draft) -> bool:
    """Whether two archives number their comments alike: at most one thing says that these two are the same.

    A site corrects one or two of author, article, moment and text. A short text is written twice by one author, if not
    at a moment that is known. A name tells nobody from a namesake where both addresses are known, or neither.
    """
    keys = {draft.author_key, *draft.older_author_keys} - {None}
    is_telling = draft.undated or len(draft.body) >= LEAST_TOLD_APART
    moment = draft.submitted_at == current.submitted_at and not draft.undated
    text = draft.body == current.body and is_telling
    if keys and current.author_key:
        author = current.author_key in keys
    else:
        is_nobody = not keys and not current.author_key  # "Guest" is many people
        author = draft.author_name == current.author_name and (not is_nobody or moment or text)
    return sum((author, draft.article.identity == current.article.identity, moment, text)) < 2


def _is_same(current: Comment, draft: Draft) -> bool:
    """Whether a draft under an id made from its key is what that key stood for before."""
    there = (current.article.identity, current.parent_id)
    return is_same_text(draft, current) and there == (draft.article.identity, draft.parent_id)


def _remember(
    tx: Tx,
    site: Site,
    used: Mapping[str, IdempotencyKey],
    answers: Sequence[Result],
    drafts: Sequence[Draft],
    now: datetime,
) -> None:
    keys = [
        IdempotencyKey(key, answer.comment.pk, answer.comment.revision, draft.request_hash)
        for draft, answer in zip(drafts, answers, strict=True)
        if isinstance(answer, Placed)
        for key in _keys(draft)
        if key not in used
    ]
    if keys and len(tx.comments.add_idempotency_keys(site.id, keys, now)) < len(keys):
        raise _KeyRaced

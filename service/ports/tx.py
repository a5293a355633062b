"""One transaction on the store, role by role: what the real stores and the double both promise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from service.domain.alarms import Alarm
from service.domain.chain import Act, Head, Link
from service.domain.comment import Comment, Draft
from service.domain.events import Delivery
from service.domain.policy import Policy
from service.domain.status import Status
from service.domain.verdict import Decision, Effort
from service.ports.articles import Articles
from service.ports.clusters import Bundles, Clusters
from service.ports.desk import Desk
from service.ports.leases import Leases
from service.ports.overview import Overview
from service.ports.privacy import Erasing, Retaining
from service.ports.ranging import Ranging
from service.ports.records import (
    Backlog,
    CurrentEffort,
    Finished,
    Key,
    Label,
    Moderator,
    Move,
    Page,
    Site,
    SiteQueue,
)
from service.ports.rekeying import Rekeying
from service.ports.usage import Usage


class Sites(Protocol):
    """What a transaction knows of sites, their policies and their keys."""

    def add_site(self, site: Site) -> Site:
        """Store a new site and return it with its id. Raises ValueError when the name is taken."""

    def save_site(self, site: Site) -> None:
        """Store a changed site. Raises ValueError when its policy changed and its policy's version did not."""

    def site(self, name: str) -> Site | None: ...
    def site_by_id(self, site_id: int) -> Site | None: ...
    def sites(self) -> list[Site]: ...
    def policy(self, site_id: int, version: int) -> Policy | None:
        """Return a policy as it stood at `version`; `add_site` and `save_site` keep every version they are given."""

    def add_key(self, site_id: int, fingerprint: str, kind: str, now: datetime) -> None:
        """Keep the fingerprint of a key; kinds are "key" and "akismet"."""

    def retire_keys(self, site_id: int, kind: str, expires_at: datetime) -> None:
        """Let the keys of that kind end at `expires_at` (rotation with overlap)."""

    def key_owner(self, fingerprint: str, now: datetime) -> tuple[Site, str] | None:
        """Return the site and the kind of a key that has not expired."""


class Accepting(Protocol):
    """How comments come in."""

    def keys_used(self, site_id: int, keys: Sequence[str]) -> dict[str, Key]: ...
    def remember_keys(self, site_id: int, keys: Sequence[Key], now: datetime) -> set[str]:
        """Keep the keys and return those that are new; one that another transaction kept meanwhile is left out."""

    def add_comments(self, site_id: int, drafts: Sequence[Draft], now: datetime) -> dict[str, Comment]:
        """Insert the drafts (distinct ids) as pending revision 1; an id that exists already is left out of the answer.

        Sealed boxes and originals are stored with them; the articles are made or completed on the way.
        """

    def revise(self, current: Comment, draft: Draft, now: datetime, keep_published: bool) -> Comment | None:
        """Make `draft` the next revision of `current`, pending; the old text moves to the revisions.

        `keep_published` leaves what readers see as it is. None when `current` is no longer the stored revision.
        """

    def note_signals(self, pk: int, signals: Mapping[str, object]) -> None:
        """Put these in the place of the comment's signals: what is known of it besides its text."""


class Lookup(Protocol):
    """How comments are read."""

    def comment(self, site_id: int, comment_id: str, lock: bool = False) -> Comment | None:
        """Return one comment by the caller's id; `lock` keeps other writers from it until this transaction ends."""

    def comment_by_pk(self, pk: int) -> Comment | None: ...
    def comments_by_pk(self, pks: Collection[int], lock: bool = False) -> dict[int, Comment]:
        """Return by pk those that there are; `lock` locks them in the order of pk, so that two never deadlock."""

    def lock_comments(self, named: Collection[tuple[int, str]]) -> dict[tuple[int, str], Comment]:
        """Return by site and the caller's id those that there are, locked likewise."""

    def comments(
        self,
        site_id: int | None,
        *,
        status: Status | None = None,
        article_url: str | None = None,
        after: int | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> Page:
        """Return a keyset page over `pk`; `site_id` None means every site (the desk)."""

    def count(self, site_id: int | None, status: Status) -> int: ...
    def revision_body(self, pk: int, revision: int) -> Comment | None:
        """Return the comment as that revision had it, None when unknown."""

    def published(self, site_id: int, article_url: str, limit: int = 1000, after: int = 0) -> list[Comment]:
        """Return what readers see under the article, the first written first, each in its published revision.

        At most `limit` (1,001 at the most), those behind the comment with the pk `after`. Comments of compatibility
        APIs are shown by the system that asked, and never here: they may not be public there. Nor are imports under a
        private article.
        """

    def contact_box(self, pk: int) -> bytes | None: ...
    def originals(self, pk: int, revision: int) -> dict[str, bytes]: ...
    def has_approved(self, site_id: int, author_keys: Iterable[str]) -> set[str]:
        """Return those author keys that have an approved comment on this site."""


class Scoring(Protocol):
    """How comments are leased for scoring, and with which effort they are scored."""

    def lease_pending(
        self, now: datetime, until: datetime, limit: int, *, retried: bool = False
    ) -> list[Comment]:
        """Lease pending comments whose lease is free, live before backfill, oldest first; `attempts` rises by one.

        Sites take fair turns: while one floods, another's few are leased at once, and none waits for a free place.
        Without `retried` only rows never tried before, up to `limit`; with it one row tried before, alone.
        """

    def release(self, pks: Sequence[int], until: datetime) -> None:
        """Give leases until that moment back unused: free at once, and the attempt is not counted."""

    def lease_rescores(
        self, now: datetime, until: datetime, limit: int, *, retried: bool = False
    ) -> list[Comment]:
        """Lease decided comments that are to be scored again, by the rules of `lease_pending`."""

    def time_to_rescore(self, now: datetime) -> bool:
        """Say whether such a comment waits with its lease free, while no pending one does."""

    def scoring_effort(self) -> CurrentEffort:
        """Return the effort with which every worker scores now."""

    def set_scoring_effort(self, effort: Effort, now: datetime) -> None:
        """Let every worker score with this effort; the moment is kept where it is another one."""


class Deciding(Protocol):
    """How comments change state, and how decisions are kept and leave."""

    def move(self, moves: Sequence[Move]) -> set[int]:
        """Compare and swap each; return the pks that moved. A moved comment's lease ends."""

    def new_decision_ids(self, count: int) -> list[int]: ...
    def sequence(self, site_id: int, count: int) -> int:
        """Take `count` sequence numbers of the site and return the first.

        The site's counter stays locked until the transaction ends, so that numbers become visible in order.
        """

    def advance_sequence(self, number: int) -> None:
        """Let sequence numbers and decision ids go on from `number` at least, in every site; none goes back."""

    def add_decisions(self, decisions: Sequence[Decision]) -> None: ...
    def decision(self, decision_id: int) -> Decision | None: ...
    def decisions_of(self, comment_pk: int) -> list[Decision]:
        """Return every decision on the comment, oldest first."""

    def number_decisions(self, numbers: Mapping[int, int]) -> set[int]:
        """Give decisions, by id, their sequence numbers; return those that had none and were not undone."""

    def undo_decisions(self, decision_ids: Collection[int], now: datetime) -> set[int]:
        """Mark as undone; return those that were not undone already."""

    def due_decisions(self, now: datetime, limit: int) -> list[Decision]:
        """Return decisions whose `effective_at` has come and that have no sequence number, oldest first."""

    def publish(self, shown: Sequence[tuple[int, int, int | None]]) -> set[int]:
        """Set which revision readers see of each comment (pk, decision, revision) on which that decision still stands.

        Return the pks of those.
        """

    def decisions_after(self, site_id: int, cursor: int, limit: int) -> list[tuple[Decision, Comment]]:
        """Return published decisions with seq > cursor in order, with the comment as its revision had it."""

    def decisions_named(self, decision_ids: Collection[int]) -> dict[int, Decision]:
        """Return the decisions with these ids, by id."""

    def decisions_lately(self, before: int | None, limit: int) -> list[tuple[Decision, Comment]]:
        """Return what moderators decided one by one over all sites, newest first (by id, below `before`).

        Undone decisions are left out, and those that were made or taken back in one act with others. Each comes with
        the comment as it is now; the desk shows them so that a slip can be taken back.
        """

    def add_notes(self, decision_ids: Sequence[int], text: str, who: str, now: datetime) -> None:
        """Keep a moderator's note on each decision, apart from it, so that it can be erased alone."""

    def notes(self, decision_ids: Sequence[int]) -> dict[int, str]: ...


class Labels(Protocol):
    """What people judged, for training."""

    def add_labels(self, labels: Sequence[Label]) -> None: ...
    def retract_labels(self, decision_ids: Collection[int], now: datetime) -> int: ...
    def labels_of(self, comment_pk: int) -> list[Label]: ...
    def labels_about(self, comment_pks: Collection[int]) -> dict[int, list[Label]]:
        """Return by comment its labels, oldest first; comments without any are left out."""


class Outbox(Protocol):
    """Callbacks on their way to the sites."""

    def add_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Store them; `id` is given by the store. States: waiting, delivered, dead, dropped."""

    def drop_dead_deliveries(self, comment_pk: int) -> int:
        """Put the comment's dead deliveries out of reach of a replay (state dropped); return how many."""

    def lease_deliveries(
        self, now: datetime, until: datetime, limit: int, skip: Collection[int] = ()
    ) -> list[Delivery]:
        """Lease waiting deliveries that are due, the first outstanding one of each comment only; attempts rise.

        Sites take fair turns; those in `skip`, by id, are left alone. A leased delivery's `next_attempt_at` is `until`.
        """

    def release_deliveries(self, leased: Sequence[Delivery], due_at: datetime) -> None:
        """Give leases back unused: due again at that moment, and the attempt is not counted."""

    def finish_delivery(
        self,
        delivery_id: int,
        attempts: int,
        state: str,
        outcome: str,
        next_attempt_at: datetime | None,
        now: datetime,
    ) -> bool:
        """Record how attempt number `attempts` ended; False when another worker leased it since."""

    def finish_deliveries(self, ended: Sequence[Finished], now: datetime) -> set[int]:
        """Likewise for all at once; return the ids of those that nobody had leased since."""

    def deliveries(
        self, site_id: int | None, state: str | None, limit: int, after: int = 0
    ) -> list[Delivery]: ...
    def replay_deliveries(self, site_id: int | None, ids: Sequence[int] | None, now: datetime) -> int:
        """Make dead deliveries wait again, due now, their attempts at zero; `ids` None means all of the site."""


class People(Protocol):
    """Moderators and their sign-ins."""

    def add_moderator(self, name: str, role: str, now: datetime) -> Moderator:
        """Store a new moderator. Raises ValueError when the name is taken."""

    def moderator(self, name: str) -> Moderator | None: ...
    def moderators(self) -> list[Moderator]: ...
    def add_sign_in(self, moderator_id: int, token_hash: str, expires_at: datetime) -> None: ...
    def use_sign_in(self, token_hash: str, now: datetime) -> Moderator | None:
        """Use up a sign-in link: once, before it expires, by an active moderator; else None."""

    def add_session(self, moderator_id: int, token_hash: str, expires_at: datetime) -> None: ...
    def session(self, token_hash: str, now: datetime) -> Moderator | None: ...
    def end_session(self, token_hash: str) -> None: ...
    def set_moderator(self, moderator_id: int, role: str, active: bool) -> None:
        """Give a moderator another role, or let them in no more: their sessions and links end with it."""

    def count_sign_in_failure(self, network: str, now: datetime, since: datetime) -> int:
        """Count one more failed sign-in of a network; windows begun at `since` or before are over. Return how many."""

    def sign_in_failures(self, network: str, since: datetime) -> int:
        """Return how many sign-ins of a network failed in its window, if that began after `since`."""


class Acts(Protocol):
    """The log of human acts: a chain to which links are added, and from which none is taken."""

    def log_act(self, who: str, act: str, subject: str, now: datetime) -> None:
        """Append a human act (decision, reveal, setting, sign-in) to the chain; ids alone, no text, no address.

        It is linked as the transaction ends: only then do those who append wait for each other.
        """

    def log_acts(self, acts: Sequence[Act]) -> None:
        """Append several acts, in order, for the price of little more than one."""

    def acts_after(self, number: int, limit: int) -> list[Link]:
        """Return the chain's links behind that number, in order; of a blanked one only what the chain needs."""

    def act_head(self) -> Head | None:
        """Return where the chain ends, None before the first act."""

    def blank_acts(self, who: str) -> int:
        """Forget who did what in every act of that person, and the salts with it; return how many. The chain holds."""


class Upkeep(Protocol):
    """What is dropped when its time is over."""

    def prune(self, now: datetime, keys_before: datetime, limit: int = 1_000) -> int:
        """Drop sessions and sign-in links that have expired and idempotency keys older than that; return how many.

        At most `limit` of each kind, so that no other writer waits long. A submission repeated after its key is gone
        is known by its id. Keys that begin with `KEPT_FOR_GOOD` stay.
        """

    def fill_scores(self, after: int, limit: int) -> int | None:
        """Read the scores of held comments out of their verdicts where an older version left them out.

        Looks at `limit` of them after that pk; returns the last one looked at, None when there is none further.
        """


class Alarms(Protocol):
    """Where the moderators' alarms stand."""

    def alarms(self) -> list[Alarm]: ...
    def turn_alarm(self, alarm: Alarm) -> bool:
        """Store a change, due at its `next_attempt_at`; False unless its serial follows the one that is stored."""

    def lease_alarms(self, now: datetime, until: datetime, limit: int) -> Sequence[Alarm]:
        """Take alarms that are due to be told until that moment, so many at most; their attempts rise by one."""

    def finish_alarm(self, alarm: Alarm, again: datetime | None) -> bool:
        """Record when a leased alarm is told again, None for never; False when it changed or was leased since."""


class Watching(Protocol):
    """What waits, counted."""

    def backlog(self, now: datetime) -> Backlog: ...
    def site_queues(self, limit: int = 1_000) -> list[SiteQueue]:
        """Return what waits of each site, in the order in which the sites were added."""

    def late(
        self, site_id: int, received_before: datetime, limit: int, article_url: str | None = None
    ) -> list[Comment]:
        """Return live pending comments received before that moment, oldest first; of one article where it is named."""


class Tx(
    Sites,
    Accepting,
    Articles,
    Lookup,
    Scoring,
    Leases,
    Deciding,
    Labels,
    Outbox,
    People,
    Acts,
    Rekeying,
    Upkeep,
    Watching,
    Alarms,
    Desk,
    Erasing,
    Retaining,
    Clusters,
    Bundles,
    Overview,
    Ranging,
    Usage,
    Protocol,
):
    """One transaction on the store: it all happens, or none of it."""

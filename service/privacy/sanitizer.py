"""The sanitizer: turn a submission as the reader wrote it into a draft that holds no address."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from service.domain.article_url import article_key
from service.domain.clean_text import cleaned, cleaned_line, is_blank
from service.domain.comment import Article, Client, Draft, Original, Source, Submission
from service.domain.networks import cut_ip
from service.domain.site import Site
from service.domain.text import as_seen
from service.privacy.emails import might_hold
from service.privacy.keys import Keyring
from service.privacy.masking import Contact, mask, mask_addresses
from service.privacy.sealing import Address, Sealed, Sealer

ORIGINAL = "original"
AGENTS_BOUND = 1024
WITHOUT_IDS = frozenset({Source.API, Source.BATCH, Source.INBOUND, Source.FORM})
"""Sources whose comments may have no id; an import names its lines, a compatibility API its texts."""
LEAST_TOLD_APART = 20
"""Characters. A shorter text may be written twice by one reader, or by two within a minute."""
TELLING = frozenset("@%&\\")


class Sanitizer:
    """Masks contacts, seals the address, cuts the IP, digests the content."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._sealer = Sealer(keyring)
        self._plain_agents: set[str] = set()

    def draft(self, site: Site, submission: Submission, now: datetime) -> Draft:
        """Return the draft of `submission`; nothing in it shows an address, and what was masked is encrypted.

        An id made from an idempotency key is the same for the same key, so that a race makes one row.
        """
        own = submission.email if isinstance(submission.email, Address) else None
        sealed = (
            self._sealer.seal(site.name, site.contact_public_key, own, site.address_mode) if own else Sealed()
        )
        fields = {
            "name": cleaned_line(submission.author_name),
            "website": submission.website or "",
            "body": cleaned(submission.body),
        }
        masked = {name: mask(text, region=site.region, own=own) for name, text in fields.items()}
        originals = tuple(
            self._original(site, name, fields[name]) for name, one in masked.items() if one.found
        )
        key, client = submission.idempotency_key, self._cut(submission.client, own)
        article = masked_article(site, submission.article, own)
        author = self._oldest_key(sealed)
        return Draft(
            id=submission.id or self._made_id(site, key, now),
            content_keys=self._content_keys(site, submission, author, client, fields, now),
            id_from_key=submission.id is None and key is not None,
            article=article,
            parent_id=submission.parent_id,
            author_name=masked["name"].text,
            website=None if masked["website"].found else submission.website or None,
            names_website=submission.website is not None,
            body=masked["body"].text,
            submitted_at=submission.submitted_at or _written_at(submission, now),
            content_hash=self._digest(
                site, "content", f"{as_seen(fields['name'])}\0\0{as_seen(fields['body'])}"
            ),
            exact_hash=self._digest(site, "content", "\0".join(fields.values())),
            request_hash=self._digest(site, "request", _request_content(submission, fields, author)),
            source=submission.source,
            author_key=sealed.author_key,
            older_author_keys=sealed.author_keys[1:],
            box=sealed.box,
            originals=originals,
            client=client,
            signals={
                **submission.signals,
                **_contacts_signal([c for one in masked.values() for c in one.found]),
            },
            idempotency_key=self.key_of(site, key) if key is not None else None,
            live=submission.live,
            undated=submission.submitted_at is None,
        )

    def id_of(self, site: Site, key: str) -> str:
        """Return the id of what comes with this idempotency key and no id of its own."""
        return "k-" + self._digest(site, "id", key)[:32]

    def key_of(self, site: Site, key: str) -> str:
        """Return the digest under which an idempotency key is kept."""
        return self._digest(site, "idempotency", key)

    def _oldest_key(self, sealed: Sealed) -> str | None:
        """Return the author's key under the oldest master at hand, as digests use it."""
        return dict(zip(self._keyring.versions, sealed.author_keys, strict=False)).get(self._keyring.oldest)

    def _cut(self, client: Client, own: Address | None) -> Client:
        """Keep of the reader's machine what does not single it out: the network, the agent, the referring page."""
        return Client(
            ip=cut_ip(client.ip),
            user_agent=self._agent(client.user_agent, own) if client.user_agent else None,
            referrer=_page_alone(client.referrer),
        )

    def _agent(self, agent: str, own: Address | None) -> str:
        """Mask an agent's name. The few that most readers have are remembered, where no address can be in them.

        Masking one costs as much as masking a long comment: it is full of digits.
        """
        if agent in self._plain_agents:
            return agent
        masked = mask(agent, own=own)
        if not masked.found and agent.isascii() and TELLING.isdisjoint(agent) and not might_hold(agent):
            if len(self._plain_agents) >= AGENTS_BOUND:
                self._plain_agents.clear()
            self._plain_agents.add(agent)
        return masked.text

    def _content_keys(
        self,
        site: Site,
        submission: Submission,
        author: str | None,
        client: Client,
        fields: Mapping[str, str],
        now: datetime,
    ) -> tuple[str, ...]:
        """Name who wrote what under which article; nothing where the caller has an id for it.

        A site tells its authors apart by their addresses; without one, and in the form, whose readers may type any
        address, the writer is the name from one network and browser too. Where these are not known, and where a text is
        so short that one writes it twice, it is known again for a minute or two: by this minute and by the last.
        """
        if submission.id is not None or submission.source not in WITHOUT_IDS:
            return ()
        body = as_seen(fields["body"])
        is_told_apart = len(body) >= LEAST_TOLD_APART
        by_address = author if submission.source is not Source.FORM else None
        machine = f"{author or ''}\0{client.ip or ''}\0{client.user_agent or ''}\0{fields['name']}"
        writer = by_address or (machine if client.ip else None)
        minute = int(now.timestamp() // 60)
        if writer and is_told_apart:
            writers = [writer]
        elif writer or is_told_apart:
            writers = [f"{one}\0{writer or machine}" for one in (minute, minute - 1)]
        else:
            return ()
        key = article_key(submission.article.url, site.options.articles_apart)
        return tuple(
            self._digest(
                site, "idempotency", "\0".join(("written", key, submission.parent_id or "", one, body))
            )
            for one in writers
        )

    def _original(self, site: Site, field: str, text: str) -> Original:
        return Original(field, self._keyring.encrypt(site.name, ORIGINAL, text.encode()))

    def _digest(self, site: Site, purpose: str, text: str) -> str:
        """Digest under a key: a plain hash of a text that holds an address could be guessed.

        The oldest key at hand, so that what a site sends again after a rotation is still known as the same.
        """
        key = self._keyring.derive(site.name, purpose, self._keyring.oldest)
        return hmac.digest(key, text.encode(), hashlib.sha256).hex()

    def _made_id(self, site: Site, key: str | None, now: datetime) -> str:
        """Ids made here start with the time, so that neighbours in time are neighbours in the index."""
        if key is not None:
            return self.id_of(site, key)
        return f"{int(now.timestamp() * 1000):012x}-{os.urandom(10).hex()}"


def masked_article(site: Site, article: Article, own: Address | None = None) -> Article:
    """Return the article with its key, and addresses in its title masked: nobody restores them, the newsroom wrote it.

    No address got into the `url`. A title in which nothing is seen is none.
    """
    seen = cleaned_line(article.title or "")
    title = None if is_blank(seen) else mask_addresses(seen, own)
    return replace(article, title=title, key=article_key(article.url, site.options.articles_apart))


def _written_at(submission: Submission, now: datetime) -> datetime:
    """Return when a comment without a date was written: one of an archive is as old as its article."""
    published = submission.article.published_at
    return now if submission.live or published is None else min(published, now)


def _request_content(submission: Submission, fields: Mapping[str, str], author_key: str | None) -> str:
    """Join all that makes a submission the one it is; no part holds the separator."""
    named = (submission.id, submission.article.url, submission.parent_id, author_key)
    return "\0".join([*(part or "" for part in named), *fields.values()])


def _contacts_signal(found: list[Contact]) -> dict[str, object]:
    """Count the contacts by kind: spam lives by them, and the text no longer shows them."""
    counts: dict[str, int] = {}
    for contact in found:
        counts[contact.kind] = counts.get(contact.kind, 0) + 1
    return {"contacts": counts} if counts else {}


def _page_alone(referrer: str | None) -> str | None:
    """Drop query, fragment and user part: sites put addresses there."""
    if not referrer:
        return None
    try:
        parts = urlsplit(referrer)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return mask(f"{parts.scheme}://{host}{parts.path}").text

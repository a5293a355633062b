"""What comes out of the sanitizer holds no address, whatever went in."""

import hashlib
from dataclasses import replace

import pytest

from service.domain.comment import Article, Client, Source, Submission
from service.privacy.keys import Keyring
from service.privacy.sanitizer import ORIGINAL, Sanitizer, cut_ip
from service.privacy.sealing import Address, new_contact_keys, open_box
from tests.factories import NOON, courier

PUBLIC, PRIVATE = new_contact_keys()
COURIER = courier(id=1, contact_public_key=PUBLIC)
ADDRESS = "Ada.Quince@mail.example"
KEYRING = Keyring(bytes(range(32)))
SANITIZER = Sanitizer(KEYRING)
SUBMISSION = Submission(
    article=Article("https://courier.example/a"),
    author_name="Ada",
    body="The bridge is late again.",
    source=Source.API,
    email=Address.parse(ADDRESS),
)


@pytest.mark.parametrize(
    ("mode", "boxed", "keyed"), [("sealed", True, True), ("fingerprint", False, True), ("none", False, False)]
)
def test_a_site_chooses_what_is_kept_of_an_address(mode, boxed, keyed):
    draft = SANITIZER.draft(replace(COURIER, address_mode=mode), SUBMISSION, NOON)
    assert (draft.box is not None, draft.author_key is not None) == (boxed, keyed)
    assert draft.box is None or open_box(PRIVATE, draft.box) == ADDRESS


def test_no_field_of_the_draft_shows_the_address():
    everywhere = replace(
        SUBMISSION,
        author_name=f"Ada {ADDRESS}",
        body=f"Write to {ADDRESS.upper()} or ada.quince at mail dot example!",
        website=f"https://courier.example/?mail={ADDRESS}",
        client=Client("192.0.2.77", f"Agent {ADDRESS}", f"https://x.example/?e={ADDRESS}"),
        idempotency_key=ADDRESS,
        article=Article("https://courier.example/a", f"Write to {ADDRESS} or ada.quince at mail dot example"),
    )
    shown = repr(SANITIZER.draft(COURIER, everywhere, NOON)).lower()
    for form in (ADDRESS.lower(), "quince", hashlib.sha256(ADDRESS.lower().encode()).hexdigest()):
        assert form not in shown
    assert "⟦email⟧" in shown


def test_what_was_masked_is_kept_encrypted_but_a_link_is_dropped():
    draft = SANITIZER.draft(COURIER, replace(SUBMISSION, body="Mail bo@mail.example"), NOON)
    (original,) = draft.originals
    assert original.field == "body"
    assert KEYRING.decrypt("courier", ORIGINAL, original.ciphertext).decode() == "Mail bo@mail.example"
    assert draft.signals == {"contacts": {"email": 1}}
    link = SANITIZER.draft(COURIER, replace(SUBMISSION, website="https://x.example/bo@mail.example"), NOON)
    assert link.website is None


def test_a_title_is_masked_and_counts_as_no_contact_of_the_reader():
    article = Article("https://courier.example/a", title="Tips to bo@mail.example", published_at=NOON)
    draft = SANITIZER.draft(COURIER, replace(SUBMISSION, article=article), NOON)
    assert draft.article == replace(article, title="Tips to ⟦email⟧")
    assert (draft.signals, draft.originals) == ({}, ())


def test_a_contact_in_the_name_of_an_agent_is_masked_however_often_it_comes(monkeypatch):
    monkeypatch.setattr("service.privacy.sanitizer.AGENTS_BOUND", 1)
    sanitizer = Sanitizer(KEYRING)
    for agent, shown in (
        ("Firefox/130.0 (X11; Linux 20100101)", "Firefox/130.0 (X11; Linux 20100101)"),
        (f"Agent {ADDRESS}", "Agent ⟦email⟧"),
        (f"Agent {ADDRESS.replace('@', '%40')}", "Agent ⟦email⟧"),
        ("Agent ada.quince at mail dot example", "Agent ⟦email⟧"),
        ("Agent ｆｕｌｌ", "Agent ｆｕｌｌ"),
        ("Agent 1", "Agent 1"),
    ):
        for _ in range(2):
            drafted = sanitizer.draft(COURIER, replace(SUBMISSION, client=Client(user_agent=agent)), NOON)
            assert drafted.client.user_agent == shown


def test_one_person_is_another_author_on_another_site():
    herald = replace(COURIER, id=2, name="herald")
    shouted = replace(SUBMISSION, email=Address.parse("ADA.QUINCE@MAIL.EXAMPLE"))
    keys = {site.name: SANITIZER.draft(site, SUBMISSION, NOON).author_key for site in (COURIER, herald)}
    assert keys["courier"] != keys["herald"]
    assert SANITIZER.draft(COURIER, shouted, NOON).author_key == keys["courier"]


def test_the_same_idempotency_key_makes_the_same_id():
    keyed = replace(SUBMISSION, idempotency_key="order-1")
    first, later = (
        SANITIZER.draft(COURIER, keyed, NOON),
        SANITIZER.draft(COURIER, keyed, NOON.replace(hour=10)),
    )
    assert first.id == later.id
    assert first.id_from_key


def test_the_content_digest_tells_replays_from_revisions():
    digest = SANITIZER.draft(COURIER, SUBMISSION, NOON).content_hash
    same = replace(SUBMISSION, email=Address.parse("bo@mail.example"), submitted_at=NOON)
    assert SANITIZER.draft(COURIER, same, NOON).content_hash == digest
    for other in ({"body": "On time!"}, {"author_name": "Bo"}):
        assert SANITIZER.draft(COURIER, replace(SUBMISSION, **other), NOON).content_hash != digest


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("192.0.2.77", "192.0.2.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::ffff:192.0.2.77", "192.0.2.0"),
        ("not an address", None),
        (None, None),
    ],
)
def test_an_ip_is_cut_to_its_network(given, kept):
    assert cut_ip(given) == kept

"""What a moderator does on the desk's pages, and what lies on them."""

from __future__ import annotations

from service import usecases
from service.domain.comment import Comment
from service.domain.verdict import LABELS, Action, Assessment
from service.scoring.scorer import sign
from service.usecases import Scored
from tests.factories import ADDRESS
from tests.web.pages.browser import Browser, Element, Page
from tests.web.pages.installation import Small

SETTINGS = "/desk/settings/courier"

ADVERT = (
    "Earn 84 dollars an hour on your laptop from home, have a look at page-{n}.example and thank me later."
)


SCRIPT = {"HX_Request": "true"}


def card(page: Page, comment: Comment) -> Element:
    return page.tree.one("article", id=f"c{comment.pk}")


def act(browser: Browser, page: Page, comment: Comment, action: str, **headers: str) -> Page:
    form = card(page, comment).one("form", class_="acts")
    assert action in [button.attributes["value"] for button in form.all("button")]
    return browser.send(form, {"action": action}, **headers)


def follow(browser: Browser, answer: Page) -> Page:
    assert answer.status == 303
    return browser.get(answer.headers["Location"].partition("#")[0])


def undo_form(tree: Element) -> Element:
    """The first form of a page that takes something back."""
    return next(one for one in tree.all("form") if one.attributes["action"].endswith("/undo"))


def undo(browser: Browser, tree: Element, **headers: str) -> Page:
    return browser.send(undo_form(tree), **headers)


def shown(page: Page) -> list[int]:
    """The numbers of the comments on a page, in order."""
    return [int(one.attributes["id"][1:]) for one in page.tree.all("article")]


def appealed(small: Small) -> tuple[str, int]:
    """A comment that Noor rejected and its writer appeals for; the receipt's path, and the comment's number."""
    comment = small.held()
    small.judge(comment, Action.REJECT, "Noor")
    path = small.receipt(comment)
    assert small.browser().post(f"{path}/appeal", {"text": f"Ask me at {ADDRESS}: I meant it."}).status == 303
    return path, comment.pk


def arrive(small: Small, *bodies: str) -> list[Comment]:
    """Comments that the model holds as likely spam, each with its signature."""
    comments = [small.submit(body=body) for body in bodies]
    scores = dict.fromkeys(LABELS, 0.01) | {"spam": 0.7}
    scored = [
        Scored(comment, Assessment(scores, "made-up-1", language="en"), signature=signature)
        for comment, signature in zip(comments, sign(bodies), strict=True)
    ]
    usecases.record_scores(small.context.deps, scored)
    return [small.again(comment) for comment in comments]


def adverts(count: int) -> list[str]:
    return [ADVERT.format(n=n) for n in range(count)]


def lead(small: Small) -> Browser:
    return small.signed_in("Lea", "lead")


def form_with(page: Page, name: str) -> Element:
    """The form of a page that has a field of this name."""
    tags = ("input", "textarea", "select")
    (found,) = [form for form in page.tree.all("form") if any(form.all(tag, name=name) for tag in tags)]
    return found


def csrf(page: Page) -> str:
    return page.tree.one("form", class_="person").fields()["csrf"]


def save(browser: Browser, **terms: str) -> Page:
    """Send settings as the form does, and go where it leads."""
    answer = browser.post(SETTINGS, {"csrf": csrf(browser.get(SETTINGS)), **terms})
    return browser.get(answer.headers["Location"]) if answer.status == 303 else answer


def press(browser: Browser, form: Element, action: str, **more: str) -> Page:
    """Send a form by the button of that action, and go where it leads."""
    return follow(browser, browser.send(form, {"action": action, **more}))


def statuses(small: Small, comments: list[Comment]) -> list[str]:
    return [str(small.again(comment).status) for comment in comments]


def bulk_undo(tree: Element) -> Element:
    """The form of a page that takes a bulk decision back."""
    (found,) = [one for one in tree.all("form") if "/bulk/" in one.attributes["action"]]
    return found

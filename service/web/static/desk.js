// The desk with a script: after an act the next comment is in focus, and a failed act says so. All works without.
"use strict";

const trouble = document.getElementById("trouble");

/** The cards that still ask for a decision, in reading order. */
function open() {
  return [...document.querySelectorAll("article.card:not(.slim)")];
}

/** The open card that follows the one with this id, else the last open one before it. */
function following(id) {
  const here = document.getElementById(id);
  if (!here) return open()[0];
  const after = open().filter((card) => here.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING);
  return after[0] ?? open().at(-1);
}

document.addEventListener("htmx:beforeRequest", () => { trouble.hidden = true; });

// Not earlier: while it swaps, htmx lends the new card the old one's attributes, its class among them.
document.addEventListener("htmx:afterSettle", (event) => {
  const card = document.getElementById(event.detail.target.id) ?? event.detail.elt;
  if (!(card instanceof Element) || !card.matches("article.card")) return;
  const next = card.matches(".slim") ? following(card.id) ?? card : card;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
});

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => {
    trouble.textContent = "That did not reach the desk. Nothing may have changed: reload and look.";
    trouble.hidden = false;
  });
}

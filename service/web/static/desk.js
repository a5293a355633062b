// The desk with a script: one comment in focus, the next ones listed beside it, and no wait between them.
"use strict";

const desk = (() => {
  const trouble = document.getElementById("trouble");
  const bench = document.querySelector(".bench");
  const cards = document.getElementById("cards");
  const KEEP_ROWS = 6;
  const ASK_BELOW = 4;
  const done = []; // numbers of decided comments, in the order of the acts
  let undoing = null;
  let asking = false;

  const card = (pk) => document.getElementById(`c${pk}`);
  const row = (pk) => document.getElementById(`r${pk}`);
  const numberOf = (element) => element.id.slice(1);
  const isOpen = (one) => one.matches("article.card:not(.slim)") && !row(numberOf(one))?.matches(".is-busy, .is-done, .is-lost");

  /** The cards that still ask for a decision, in order. */
  const open = () => (cards ? [...cards.children].filter(isOpen) : []);

  /** The card in focus. */
  const now = () => cards?.querySelector("article.now");

  /** Put a card into focus; the list does not move. */
  function show(one) {
    if (!one) return;
    now()?.classList.remove("now");
    document.getElementById("clear").hidden = true;
    one.classList.add("now");
    for (const link of document.querySelectorAll("#rows [aria-current]")) link.removeAttribute("aria-current");
    row(numberOf(one))?.querySelector("a")?.setAttribute("aria-current", "true");
    one.focus({ preventScroll: true });
    const top = bench.getBoundingClientRect().top;
    if (top < 0) window.scrollBy(0, top - 8);
  }

  /** Go so many open cards on or back from the one in focus. */
  function step(by) {
    const all = [...cards.children];
    const from = all.indexOf(now());
    const rest = by > 0 ? all.slice(from + 1) : all.slice(0, Math.max(from, 0)).reverse();
    const next = rest.find(isOpen);
    if (next) show(next);
    else if (by > 0 && !(now() && isOpen(now()))) finish();
    return next;
  }

  /** Take away the notice that leads to a collision: its card is in focus and says more. */
  function forget() {
    document.getElementById("notice").replaceChildren();
  }

  /** Say that nothing of these is left. */
  function finish() {
    const left = open();
    if (left.length) { show(left[0]); return; }
    now()?.classList.remove("now");
    const clear = document.getElementById("clear");
    if (!clear.hidden) return; // said already: by now the hand may be elsewhere
    clear.hidden = false;
    clear.focus();
  }

  /** How many severe ones were last in a row, so that the next batch goes on counting. */
  function run() {
    let count = 0;
    for (const one of [...cards.querySelectorAll("article.card")].reverse()) {
      if (!one.hasAttribute("data-severe")) break;
      count += 1;
    }
    return count;
  }

  /** Ask for the comments that follow, before the hand gets there. */
  async function refill() {
    if (asking || !bench || open().length > ASK_BELOW) return;
    asking = true;
    const have = [...cards.children].map(numberOf).join(",");
    const glue = bench.dataset.more.includes("?") ? "&" : "?";
    try {
      await htmx.ajax("GET", `${bench.dataset.more}${glue}have=${have}&open=${open().length}&run=${run()}`, { target: "#cards", swap: "beforeend" });
    } finally {
      asking = false;
    }
    if (!(now() && isOpen(now()))) finish(); // the hand was faster than the answer
  }

  /** Keep the list short: what was decided long ago is in the queue of decided comments. */
  function tidy() {
    const old = [...document.querySelectorAll("#rows > .is-done")].slice(0, -KEEP_ROWS);
    for (const one of old) {
      card(numberOf(one))?.remove();
      one.remove();
    }
  }

  /** Lead to the latest decisions; there to the button that undoes the newest, which is pressed by whoever means it. */
  function toDecided() {
    const queue = document.querySelector('.queues a[href*="queue=decided"]');
    if (!queue.hasAttribute("aria-current")) queue.click();
    else {
      const made = (button) => button.closest("li").querySelector("time").dateTime;
      const buttons = [...document.querySelectorAll('.done form[action$="/undo"] button')];
      buttons.sort((one, other) => (made(one) < made(other) ? 1 : -1))[0]?.focus();
    }
    return true;
  }

  /** Take back what was done last and still stands; while it is on its way, as soon as it has arrived. */
  function undo() {
    while (done.length) {
      const last = done.at(-1);
      if (row(last)?.matches(".is-busy")) {
        undoing = last;
        return true;
      }
      if (!card(last)) return toDecided(); // long behind
      const form = card(last).querySelector('form[action$="/undo"]');
      done.pop();
      if (form) return form.querySelector("button").click(), true;
    }
    const button =
      document.querySelector('#notice button, :is(.trail, .act) form[action$="/undo"] button') ??
      document.querySelector("#bulk-notice button");
    if (!button) return toDecided(); // after a reload or on another page nothing is known of the acts before
    button.click();
    return true;
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    trouble.hidden = true;
    const form = event.detail.elt.closest?.("form.acts");
    if (!form || !bench) return;
    const one = form.closest("article");
    row(numberOf(one))?.classList.add("is-busy");
    done.push(numberOf(one));
    if (one === now() && !step(1)) finish();
  });

  // Not earlier: while it swaps, htmx lends the new card the old one's attributes, its class among them.
  document.addEventListener("htmx:afterSettle", (event) => {
    const one = document.getElementById(event.detail.target.id) ?? event.detail.elt;
    if (!bench || !(one instanceof Element)) return;
    if (one.matches("article.card.slim")) {
      one.classList.remove("now");
      tidy();
      if (undoing === numberOf(one)) {
        undoing = null;
        undo();
      } else refill();
    } else if (one.matches("article[data-back]") || (one.matches("article[data-clash]") && !open().filter((other) => other !== one).length)) {
      one.removeAttribute("data-back");
      show(one);
      if (one.matches("[data-clash]")) forget();
    }
  });

  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      trouble.textContent = trouble.dataset.lost;
      trouble.hidden = false;
      const one = event.detail.elt.closest?.("article.card");
      if (!one || !bench) return;
      row(numberOf(one))?.classList.remove("is-busy");
      done.splice(done.lastIndexOf(numberOf(one)), 1);
      show(one);
    });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-row]");
    const one = link && card(link.dataset.row);
    if (!one) return;
    event.preventDefault();
    if (link.closest("#notice")) forget();
    show(one);
  });

  for (const all of document.querySelectorAll("[data-all]")) {
    all.hidden = false;
    all.addEventListener("change", (event) => {
      for (const one of document.querySelectorAll('input[form="selection"]')) one.checked = event.target.checked;
    });
  }

  const here = document.querySelector(".queues [aria-current]"); // on a phone the queues are wider than the screen
  const queues = here?.closest("ul");
  if (queues) queues.scrollLeft = here.offsetLeft - queues.offsetLeft - (queues.clientWidth - here.offsetWidth) / 2;

  if (bench) {
    document.body.classList.add("one");
    const asked = location.hash && document.getElementById(location.hash.slice(1));
    show(asked && asked.matches("article.card") ? asked : open()[0]);
  }

  return { card, row, now, open, show, step, undo, numberOf };
})();

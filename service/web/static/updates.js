// The heartbeat: while the page is looked at, its claims are kept; new comments announce themselves and wait.
"use strict";

(() => {
  const place = document.getElementById("updates");
  if (!place || place.hasAttribute("data-idle")) return;
  const EVERY = 4000;
  const fresh = document.getElementById("fresh");
  const others = document.getElementById("others");
  let tag = "";
  let beating = false;

  /** What of the screen is still to be decided, here and not by somebody else. */
  const have = () => desk.open().filter((one) => !one.hasAttribute("data-theirs")).map(desk.numberOf).join(",");

  function tell(update) {
    for (const [queue, count] of Object.entries(update.counts)) {
      const badge = document.querySelector(`[data-count="${queue}"]`);
      if (badge) badge.textContent = count;
    }
    others.replaceChildren(...update.others.map((words) => {
      const span = document.createElement("span");
      span.textContent = words;
      return span;
    }));
    const said = fresh.querySelector("span");
    if (said.textContent !== update.new) said.textContent = update.new;
    fresh.hidden = !update.new;
    for (const pk of update.lost) {
      desk.row(pk)?.classList.add("is-lost");
      if (desk.now() === desk.card(pk)) desk.step(1);
    }
  }

  async function beat() {
    if (beating || document.hidden) return;
    beating = true;
    const glue = place.dataset.url.includes("?") ? "&" : "?";
    try {
      const answer = await fetch(`${place.dataset.url}${glue}have=${have()}&seen=${place.dataset.seen}`, {
        headers: tag ? { "If-None-Match": tag } : {},
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(10000),
      });
      if (answer.status === 200) {
        tag = answer.headers.get("ETag") ?? "";
        tell(await answer.json());
      }
    } catch {
      // the next beat tries again; an act that does not get through says so itself
    } finally {
      beating = false;
    }
  }

  setInterval(beat, EVERY);
  document.addEventListener("visibilitychange", beat);
})();

// A range by hand: drag over the histogram, or move its edges with the arrow keys; without this, the two fields do.
"use strict";

(() => {
  const form = document.querySelector("form.ranges");
  const chart = form?.querySelector("svg");
  if (!chart) return;
  const bins = Number(form.dataset.bins);
  const low = form.elements.low;
  const high = form.elements.high;
  let from = null;

  const at = (event) => {
    const box = chart.getBoundingClientRect();
    const step = Math.floor(((event.clientX - box.left) / box.width) * bins);
    return Math.min(Math.max(step, 0), bins - 1);
  };

  const choose = (one, other) => {
    const first = Math.min(one, other);
    const last = Math.max(one, other);
    low.value = (first / bins).toFixed(2);
    high.value = ((last + 1) / bins).toFixed(2);
    [...chart.querySelectorAll("rect:not(.axis)")].forEach((bar, n) => {
      bar.classList.toggle("in", n >= first && n <= last);
      bar.classList.toggle("out", n < first || n > last);
    });
  };

  chart.addEventListener("pointerdown", (event) => {
    from = at(event);
    chart.setPointerCapture(event.pointerId);
    choose(from, from);
    event.preventDefault();
  });
  chart.addEventListener("pointermove", (event) => {
    if (from !== null) choose(from, at(event));
  });
  chart.addEventListener("pointerup", () => {
    if (from === null) return;
    from = null;
    form.requestSubmit();
  });
  chart.addEventListener("pointercancel", () => { from = null; });
  form.addEventListener("change", (event) => {
    if (event.target.matches("select")) form.requestSubmit();
  });
})();

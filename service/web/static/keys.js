// Single keys: each presses a button or follows a link that is on the page; none works while somebody types.
"use strict";

(() => {
  const STEPS = { j: 1, n: 1, ArrowDown: 1, k: -1, p: -1, ArrowUp: -1 };

  /** The place where a key's button is looked for: the comment in focus, else the page. */
  const scope = () => desk.now() ?? document;

  const types = (element) =>
    element.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=submit])");

  /** Whether an arrow scrolls the long text that has the focus, which it does until the text's end. */
  const scrolls = ({ target, key }) => {
    const box = target.closest(".text, .reads");
    if (!box || !/auto|scroll/.test(getComputedStyle(box).overflowY)) return false;
    if (key === "ArrowUp") return box.scrollTop > 0;
    return key === "ArrowDown" && box.scrollTop + box.clientHeight < box.scrollHeight - 1;
  };

  function reasons() {
    return scope().querySelector("details.reasons[open]");
  }

  function press(key) {
    const list = reasons();
    const chosen = list?.querySelector(`[data-reason="${CSS.escape(key)}"]`);
    if (chosen) return chosen.click(), true;
    if (key === "u") return desk.undo();
    const named = `[data-key="${CSS.escape(key)}"]`;
    const found = [...scope().querySelectorAll(named), ...document.querySelectorAll(`header ${named}, #fresh ${named}`)]
      .find((one) => one.tagName === "DETAILS" || one.matches(".unveil") || one.checkVisibility?.() !== false);
    if (!found || found.disabled) return false;
    if (found.tagName === "DETAILS") {
      found.open = !found.open;
      (found.open ? found.querySelector("button, summary") : found.closest("article"))?.focus({ preventScroll: true });
      if (found.open) found.scrollIntoView({ block: "nearest" });
    } else {
      if (found.form?.hasAttribute("hx-post")) htmx.process(found.form); // a card may be on screen before htmx has seen it
      found.click();
    }
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.key === "Escape") {
      const list = reasons();
      if (types(event.target)) event.target.blur(); // first out of the field: a note that was typed stays with its card
      else if (list) list.open = false;
      desk.now()?.focus({ preventScroll: true });
      return;
    }
    if (event.key === "Enter" && event.target.matches("form.acts [name=note]")) {
      event.preventDefault();
      desk.now()?.focus({ preventScroll: true }); // the next key is the act that the note goes with
      return;
    }
    if (types(event.target) || scrolls(event)) return;
    const key = event.getModifierState("CapsLock") && event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const field = document.querySelector(`[data-key-focus="${CSS.escape(key)}"]`);
    if (field) field.focus();
    else if (key in STEPS && document.querySelector(".bench")) desk.step(STEPS[key]);
    else if (!(event.repeat || press(key))) return;
    event.preventDefault();
  });
})();

// Single keys: each presses a button or follows a link that is on the page; none works while somebody types.
"use strict";

(() => {
  const STEPS = { j: 1, n: 1, ArrowDown: 1, k: -1, p: -1, ArrowUp: -1 };
  const PROCESSED = 229; // the number of every key that an input method has taken
  const LATIN = /^[\x00-\x7fµ\p{Script=Latin}]/u;
  const LETTER = /^[\p{L}\p{M}\p{Nd}]/u;
  let latin = true; // whether the last letter was

  /** The letter, the digit, or / and ? that a Latin keyboard has at this place. */
  function placed({ code, shiftKey }, caps) {
    const at = /^(?:Key([A-Z])|(?:Digit|Numpad)([0-9]))$/.exec(code);
    if (at?.[1]) return shiftKey && !caps ? at[1] : at[1].toLowerCase();
    return at?.[2] ?? (code === "Slash" ? (shiftKey ? "?" : "/") : null);
  }

  /** What is pressed: the letter it writes, or on a keyboard that writes none of Latin the one at its place. */
  function pressed(event) {
    const caps = event.getModifierState("CapsLock");
    const key = event.key.replace("؟", "?").replace(/[！-～]/, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
    if (/^[0-9]$/.test(key)) return key; // on nearly every layout
    const inRow = /^Digit/.test(event.code) && !event.shiftKey; // where Thai has / and -, and Kazakh a comma
    if (LETTER.test(key) && (key.length === 1 || !LATIN.test(key))) latin = LATIN.test(key); // not of "Enter"
    else if (!inRow && (key.length > 1 || !/^(Key.|Slash)$/.test(event.code) || "/?".includes(key))) return key;
    if (!latin && !event.getModifierState("AltGraph")) return placed(event, caps) ?? key;
    return caps && key.length === 1 ? key.toLowerCase() : key;
  }

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
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.isComposing || event.keyCode === PROCESSED) return; // an input method's, from its first key to its last
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
    const key = pressed(event);
    const field = document.querySelector(`[data-key-focus="${CSS.escape(key)}"]`);
    if (field) field.focus();
    else if (key in STEPS && document.querySelector(".bench")) desk.step(STEPS[key]);
    else if (!(event.repeat || press(key))) return;
    event.preventDefault();
  });
})();

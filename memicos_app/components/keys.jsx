import { useLayoutEffect, useRef, useState } from "react";

// Keyboard: an element with data-key="j" is pressed (a field is focused) when j is typed outside fields.
// Inside [data-list], j/k and the arrows move between [data-item] elements; Enter follows a link natively.
// "?" lists every key that the page has right now, so the sheet can never be out of date.
const FIELD = "input, textarea, select, [contenteditable='true']";
const usable = (element) => element.checkVisibility() && !element.disabled;
const isTyping = (target) => target instanceof Element && target.matches(FIELD) && target.type !== "range";

function find(key) {
  return [...document.querySelectorAll(`[data-key~="${CSS.escape(key)}"]`)].find(usable);
}

function press(element) {
  if (element.matches(FIELD)) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

function move(step) {
  const items = [...document.querySelectorAll("[data-list] [data-item]")].filter(usable);
  if (!items.length) return false;
  const at = items.indexOf(document.activeElement);
  const next = items[at < 0 ? (step > 0 ? 0 : items.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

const MENUS = "details.drop[open], details.menu[open]";

// Closes menus that do not hold `target`; whether one was open.
function closeMenus(target) {
  const open = [...document.querySelectorAll(MENUS)].filter((menu) => !target || !menu.contains(target));
  for (const menu of open) {
    if (!target && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
  return open.length > 0;
}

function name(element) {
  const words = element.dataset.keyLabel || element.ariaLabel || element.title || element.textContent;
  return (words || "").replace(/\s+/g, " ").trim().slice(0, 60);
}

function keysOnPage() {
  const seen = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    if (usable(element)) seen.set(element.dataset.key, name(element));
  }
  if (document.querySelector("[data-list] [data-item]") && !seen.has("j")) {
    seen.set("j k", "move through the list");
    seen.set("Enter", "open what is selected");
  }
  seen.set("?", "show these keys");
  seen.set("Esc", "leave a field, close this");
  return [...seen];
}

export function Keys() {
  const dialog = useRef(null);
  const [rows, setRows] = useState([]);

  // In the commit that shows the page: no page can be seen whose keys do not listen yet.
  useLayoutEffect(() => {
    const open = () => {
      setRows(keysOnPage());
      dialog.current?.showModal();
    };
    const onKey = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.key === "Escape" && !document.querySelector("dialog[open]") && closeMenus()) return event.preventDefault();
      if (event.key === "Escape" && isTyping(event.target)) return event.target.blur();
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const element = find(event.key);
      const done = element ? (press(element), true) : event.key === "?" ? (open(), true) : false;
      const arrowOnControl = event.key.startsWith("Arrow") && !document.activeElement?.matches("body, main, [data-item]");
      if (done || (event.key in STEPS && !arrowOnControl && move(STEPS[event.key]))) event.preventDefault();
    };
    const onPress = (event) => closeMenus(event.target);
    document.addEventListener("keydown", onKey);
    document.addEventListener("pointerdown", onPress);
    window.addEventListener("memicos:keys", open);
    return () => {
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("pointerdown", onPress);
      window.removeEventListener("memicos:keys", open);
    };
  }, []);

  return (
    <dialog ref={dialog} className="dialog" aria-label="Keyboard" onClick={(event) => event.target === dialog.current && dialog.current.close()}>
      <div className="card-head lined">
        Keyboard
        <button className="btn quiet small icon" aria-label="Close" onClick={() => dialog.current.close()}>×</button>
      </div>
      <dl className="keys-sheet">
        {rows.map(([key, words]) => [
          <dt key={key}>{key.split(" ").map((one) => <kbd key={one} className="kbd">{one}</kbd>)}</dt>,
          <dd key={`${key}-words`}>{words}</dd>,
        ])}
      </dl>
    </dialog>
  );
}

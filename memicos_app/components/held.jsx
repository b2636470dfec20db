// Controls that show at once what a hand did. What the server says of them has its way there and back to go: a letter,
// a choice or a slider that waited for it would jump back in between, and what is typed meanwhile would be lost.

import { createElement, useEffect, useRef, useState } from "react";

const PATIENCE_MS = 5000;

// The value to show and how to change it. An answer to what was done here changes nothing; any other word of the
// server does, and what it has not answered after a while is taken back.
function useHeld(said) {
  const [held, setHeld] = useState({ said, shown: said, waiting: [] });
  let now = held;
  if (!Object.is(said, held.said)) {
    const at = held.waiting.indexOf(said);
    now = at < 0 ? { said, shown: said, waiting: [] } : { ...held, said, waiting: held.waiting.slice(at + 1) };
    setHeld(now);
  }
  useEffect(() => {
    if (now.waiting.length === 0) return undefined;
    const later = setTimeout(() => setHeld({ said, shown: said, waiting: [] }), PATIENCE_MS);
    return () => clearTimeout(later);
  }, [now.waiting, said]);
  const change = (shown) =>
    setHeld((one) => ({ ...one, shown, waiting: [...one.waiting.slice(-99), shown] }));
  return [now.shown, change];
}

export function HeldSelect({ value, onChange, ...rest }) {
  const [shown, change] = useHeld(value);
  const choose = (event) => {
    change(event.target.value);
    onChange?.(event);
  };
  return createElement("select", { ...rest, value: shown, onChange: choose });
}

export function HeldCheckbox({ checked, onChange, ...rest }) {
  const [shown, change] = useHeld(checked);
  const turn = (event) => {
    change(event.target.checked);
    onChange?.(event);
  };
  return createElement("input", { ...rest, type: "checkbox", checked: shown, onChange: turn });
}

// Text that the server puts into the box anew with each `round`; between, it is only told what is typed.
export function HeldTextarea({ value, round, onChange, ...rest }) {
  const [held, setHeld] = useState({ round, shown: value });
  const now = round === held.round ? held : { round, shown: value };
  if (now !== held) setHeld(now);
  const write = (event) => {
    setHeld({ round, shown: event.target.value });
    onChange?.(event);
  };
  return createElement("textarea", { ...rest, value: now.shown, onChange: write });
}

// A slider that is filled from its zero to where it stands. It tells where it is, with so many `digits` after the
// point, every `pause` ms, and in any case where it was left.
export function HeldRange({ value, least, most, digits = 2, pause = 90, onMove, style, ...rest }) {
  const [shown, change] = useHeld(value);
  const telling = useRef({ timer: null, last: null });
  const move = useRef(onMove);
  useEffect(() => {
    move.current = onMove;
  });
  useEffect(() => () => clearTimeout(telling.current.timer), []);
  const tell = (number) => {
    const own = telling.current;
    own.last = number;
    if (own.timer !== null) return;
    const next = () => {
      if (own.last === null) {
        own.timer = null;
        return;
      }
      move.current(String(own.last));
      own.last = null;
      own.timer = setTimeout(next, pause);
    };
    next();
  };
  const slide = (event) => {
    const number = Number(Number(event.target.value).toFixed(digits));
    change(number);
    tell(number);
  };
  const place = (number) => (100 * Math.min(1, Math.max(0, (number - least) / (most - least || 1)))).toFixed(2);
  const [zero, at] = [place(0), place(shown)].map(Number);
  return createElement("input", {
    ...rest,
    type: "range",
    step: "any",
    min: least,
    max: most,
    value: shown,
    onChange: slide,
    style: { ...style, "--lo": `${Math.min(zero, at)}%`, "--hi": `${Math.max(zero, at)}%` },
  });
}

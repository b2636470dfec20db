// A text as tokens of which some are chosen. Draws text nodes only; arrow keys move, Enter and space choose.

import { useRef, useState } from "react";
import { segments } from "../token_strip/token_text.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

function shown(text) {
  const parts = segments(text, true);
  if (!parts) return text || "·";
  return parts.map(([glyph, part], i) => (glyph ? <i key={i} className="glyph">{part}</i> : part));
}

function look(token, isChosen) {
  return `pick${token.special ? " special" : ""}${isChosen ? " is-chosen" : ""}`;
}

export function TokenPicker({ tokens, chosen, label, onPick }) {
  const [current, setCurrent] = useState(0);
  const box = useRef(null);
  const picked = new Set(chosen);
  const reachable = Math.min(current, tokens.length - 1);
  const move = (event) => {
    const step = STEPS[event.key];
    const next = step && box.current.querySelectorAll("button")[reachable + step];
    if (!next) return;
    event.preventDefault();
    setCurrent(reachable + step);
    next.focus();
  };
  return (
    <div ref={box} className="picker" role="group" aria-label={label} dir="auto" onKeyDown={move}>
      {tokens.map((token, i) => (
        <button
          key={token.place}
          type="button"
          disabled={token.special}
          tabIndex={i === reachable ? 0 : -1}
          aria-pressed={picked.has(token.place)}
          className={look(token, picked.has(token.place))}
          title={token.special ? `${token.place}: does not count` : `token ${token.place}`}
          onClick={() => (setCurrent(i), onPick(token.place))}
        >
          {shown(token.text)}
        </button>
      ))}
    </div>
  );
}

// The one tooltip of all tokens on a page: follows the pointer, or stands under the token that has the focus.

import { visible } from "./token_text.js";

export const TIP_ID = "token-tip";
let tip = null;
let frame = 0;
let hidden = true;

function element() {
  if (tip?.isConnected) return tip;
  tip = document.createElement("div");
  tip.id = TIP_ID;
  tip.className = "tip token-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  for (const name of ["token", "value", "place"]) {
    tip.append(Object.assign(document.createElement("span"), { className: `token-tip-${name}` }));
  }
  document.body.append(tip);
  addEventListener("scroll", hideTip, { capture: true, passive: true });
  return tip;
}

export function fillTip({ token, value, attributed, special, position, count }) {
  const [name, number, place] = element().children;
  name.textContent = visible(token) || "∅";
  const extra = attributed == null ? "" : `  from ${attributed.toFixed(4)}`;
  number.textContent = special ? "not counted" : value.toFixed(4) + extra;
  place.textContent = `${position + 1} / ${count}`;
  tip.hidden = hidden = false;
}

// Beside the point where there is room, else on its other side.
export function placeTip(x, y, gap = 14) {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => {
    if (hidden) return;
    const { offsetWidth: width, offsetHeight: height } = element();
    const { clientWidth, clientHeight } = document.documentElement;
    const left = Math.max(6, Math.min(x + gap, clientWidth - width - 6));
    const top = y + gap + height > clientHeight - 6 ? y - gap - height : y + gap;
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  });
}

export function hideTip() {
  if (hidden || !tip) return;
  tip.hidden = hidden = true;
}

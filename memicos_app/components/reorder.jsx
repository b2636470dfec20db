import { useRef } from "react";

// A list whose rows ([data-row]) change places: dragged by their [data-handle], or with the arrow keys on it.
// `onMove(key, before)` gets the row's key and that of the row it goes before, empty for the end.
const rows = (list) => [...list.querySelectorAll(":scope > [data-row]")];

export function Reorder({ onMove, children, className, ...rest }) {
  const list = useRef(null);
  const drag = useRef(null);

  const place = (y) => {
    const others = rows(list.current).filter((row) => row !== drag.current.row);
    return others.find((row) => y < row.getBoundingClientRect().top + row.offsetHeight / 2) || null;
  };
  const mark = (before) => {
    for (const row of rows(list.current)) {
      row.classList.toggle("drop-before", row === before);
      row.classList.toggle("drop-after", drag.current && !before && row === rows(list.current).at(-1));
    }
  };
  const end = () => {
    drag.current?.row.classList.remove("dragged");
    for (const row of rows(list.current)) row.classList.remove("drop-before", "drop-after");
    drag.current = null;
  };
  const down = (event) => {
    const handle = event.target.closest("[data-handle]");
    if (!handle || event.button !== 0) return;
    handle.setPointerCapture(event.pointerId);
    drag.current = { row: handle.closest("[data-row]"), y: event.clientY, moved: false };
  };
  const move = (event) => {
    if (!drag.current) return;
    if (Math.abs(event.clientY - drag.current.y) > 4) drag.current.moved = true;
    if (!drag.current.moved) return;
    drag.current.row.classList.add("dragged");
    mark(place(event.clientY));
  };
  const up = (event) => {
    if (!drag.current) return;
    const { row, moved } = drag.current;
    const before = moved ? place(event.clientY) : null;
    end();
    const next = rows(list.current)[rows(list.current).indexOf(row) + 1] || null;
    if (moved && before !== next) onMove(row.dataset.row, before?.dataset.row || "");
  };
  const key = (event) => {
    const handle = event.target.closest("[data-handle]");
    if (!handle || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const all = rows(list.current);
    const row = handle.closest("[data-row]");
    const at = all.indexOf(row);
    if (event.key === "ArrowUp" && at > 0) onMove(row.dataset.row, all[at - 1].dataset.row);
    if (event.key === "ArrowDown" && at < all.length - 1) onMove(row.dataset.row, all[at + 2]?.dataset.row || "");
  };

  return (
    <ol ref={list} className={className} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={end} onKeyDown={key} {...rest}>
      {children}
    </ol>
  );
}

import { useEffect, useRef, useState } from "react";

// A histogram that one narrows: drag over bars, or move its two ends by keyboard. Faint bars are all features,
// strong ones those that every other filter keeps. Nothing is sent before the pointer is let go.
const WIDTH = 300, HEIGHT = 64, GAP = 0.14, QUIET = 450;

function outlines(counts, most, step) {
  return counts
    .map((count, i) => {
      if (!count) return "";
      const tall = Math.max((count / most) * HEIGHT, 1).toFixed(1);
      return `M${(i * step + (step * GAP) / 2).toFixed(1)} ${HEIGHT}v-${tall}h${(step * (1 - GAP)).toFixed(1)}v${tall}z`;
    })
    .join("");
}

export function figure(number, kind) {
  if (kind !== "share") return Math.abs(number) >= 100 ? number.toFixed(0) : String(+number.toPrecision(3));
  const percent = number * 100;
  return `${percent >= 0.1 && percent < 10 ? percent.toFixed(2) : String(+percent.toPrecision(2))} %`;
}

// The bar that begins at an edge: first edge not below a value that is on (low), last one not above it (high).
function barOf(edges, value, isHigh) {
  if (value === "") return isHigh ? edges.length - 1 : 0;
  const number = Number(value);
  const at = edges.findIndex((edge) => edge >= number - Math.abs(number) * 1e-6);
  return at < 0 ? edges.length - 1 : at;
}

export function RangePlot({ label, edges, every, kept, low, high, kind, onRange }) {
  const count = every.length;
  const field = useRef(null);
  const timer = useRef(0);
  const given = count ? [barOf(edges, low, false), barOf(edges, high, true)] : [0, 0];
  const [drawn, setDrawn] = useState(null);
  const [hover, setHover] = useState(-1);
  useEffect(() => setDrawn(null), [low, high, edges]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const [from, to] = drawn?.ends ?? given;
  const isOn = drawn ? from > 0 || to < count : low !== "" || high !== "";
  const step = WIDTH / (count || 1);
  const most = Math.max(1, ...every);

  const send = ([a, b]) => onRange(a <= 0 ? "" : String(edges[a]), b >= count ? "" : String(edges[b]));
  const barAt = (event) => {
    const box = field.current.getBoundingClientRect();
    return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * count)));
  };
  const span = (a, b) => [Math.min(a, b), Math.max(a, b) + 1];
  const down = (event) => {
    if (!count || event.button) return;
    clearTimeout(timer.current);
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = barAt(event);
    setDrawn({ anchor: at, ends: span(at, at) });
  };
  const move = (event) => {
    if (!count) return;
    const at = barAt(event);
    setHover(at);
    if (drawn?.anchor !== undefined) setDrawn({ anchor: drawn.anchor, ends: span(drawn.anchor, at) });
  };
  const up = () => {
    if (drawn?.anchor === undefined) return;
    setDrawn({ ends: drawn.ends });
    send(drawn.ends);
  };
  const clear = () => {
    clearTimeout(timer.current);
    setDrawn({ ends: [0, count] });
    onRange("", "");
  };
  const press = (event, end) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -8, PageUp: 8, Home: -count, End: count }[event.key];
    if (event.key === "Escape" && isOn) return clear();
    if (!by || !count) return undefined;
    event.preventDefault();
    event.stopPropagation();
    const ends = [from, to];
    ends[end] += by;
    ends[0] = Math.min(Math.max(ends[0], 0), end ? ends[0] : to - 1);
    ends[1] = Math.max(Math.min(ends[1], count), end ? from + 1 : ends[1]);
    setDrawn({ ends });
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(ends), QUIET);
    return undefined;
  };
  const asked = [low, high];
  const words = (end) => {
    const number = !drawn && asked[end] !== "" ? Number(asked[end]) : edges[end ? to : from];
    return number === undefined ? "" : figure(number, kind);
  };
  const handle = (end) => (
    <span
      role="slider"
      tabIndex={count ? 0 : -1}
      aria-label={`${label}, ${end ? "to" : "from"}`}
      aria-valuemin={0}
      aria-valuemax={count}
      aria-valuenow={end ? to : from}
      aria-valuetext={words(end)}
      className="range-end"
      style={{ left: `${((end ? to : from) / (count || 1)) * 100}%` }}
      onKeyDown={(event) => press(event, end)}
    />
  );
  const bar = hover >= 0 && hover < count ? hover : -1;
  const told = bar < 0 ? "" : `${figure(edges[bar], kind)} – ${figure(edges[bar + 1], kind)}: ${kept[bar].toLocaleString("en")}${kept[bar] === every[bar] ? "" : ` of ${every[bar].toLocaleString("en")}`}`;
  return (
    <div className="range-plot" data-on={isOn || undefined} role="group" aria-label={label}>
      <div
        ref={field}
        className="range-field"
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => setDrawn(null)}
        onPointerLeave={() => setHover(-1)}
        onDoubleClick={clear}
      >
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path d={outlines(every, most, step)} className="bar-all" />
          <path d={outlines(kept, most, step)} className="bar-pos" />
          {bar >= 0 && <rect x={bar * step} width={step} height={HEIGHT} className="bar-at" />}
        </svg>
        {isOn && <i className="range-out" style={{ left: 0, width: `${(from / (count || 1)) * 100}%` }} />}
        {isOn && <i className="range-out" style={{ left: `${(to / (count || 1)) * 100}%`, right: 0 }} />}
        {handle(0)}
        {handle(1)}
      </div>
      <div className="axis">
        {isOn ? (
          <>
            <b>{`${words(0)} – ${words(1)}`}</b>
            <button type="button" className="link" onClick={clear}>clear</button>
          </>
        ) : (
          <>
            <span>{count ? figure(edges[0], kind) : "\u00a0"}</span>
            <span>{count ? figure(edges[Math.floor(count / 2)], kind) : ""}</span>
            <span>{count ? figure(edges[count], kind) : ""}</span>
          </>
        )}
      </div>
      <span className="range-told" aria-hidden="true">{told}</span>
    </div>
  );
}

// Rows of coloured tokens: keyword in context, whole windows, one tooltip for all. Draws text nodes only.

import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useCopied } from "./copy_button.jsx";
import { alpha, aloneSegments, around, segments, short, unpack, visible } from "./token_text.js";
import { TIP_ID, fillTip, hideTip, placeTip } from "./token_tip.js";

const VIRTUAL_FROM = 300;
const CHUNK = 40;
const ROW_HEIGHT = 32;

function glyphs(parts, breaks) {
  return parts.map(([glyph, text, isBreak], i) =>
    glyph ? <i key={i} className="glyph">{breaks && isBreak ? `${text}\n` : text}</i> : text,
  );
}

function look(value, attributed, max, attributedMax) {
  const strength = alpha(value, max);
  const source = attributed ? alpha(attributed, attributedMax) : 0;
  if (!strength && !source) return {};
  const style = strength ? { "--a": strength.toFixed(3) } : {};
  if (source) style["--d"] = source.toFixed(3);
  return { className: `tok${value < 0 ? " neg" : ""}${source ? " dfa" : ""}`, style };
}

// Tokens [from, to) as spans that know their place. Until a row is pointed at or focused, neighbours that do not
// fire share one span: a page of whole windows then has hundreds of elements instead of thousands.
function run({ data, from, to, peak, scale, breaks, fine }) {
  const spans = [];
  let quiet = from;
  const flush = (end) => {
    if (end > quiet) spans.push(<span key={quiet}>{shown(data.tokens.slice(quiet, end).join(""), breaks)}</span>);
    quiet = end + 1;
  };
  for (let i = from; i < to; i += 1) {
    const props = look(data.values[i], data.attributed?.[i], scale.max, scale.attributedMax);
    if (data.special.has(i)) props.className = "special";
    if (!fine && i !== peak && !props.className) continue;
    flush(i);
    if (i === peak) props.tabIndex = 0;
    spans.push(<span key={i} data-i={i} {...props}>{shown(data.tokens[i], breaks)}</span>);
  }
  flush(to);
  return <span className="run">{spans}</span>;
}

function shown(text, breaks) {
  const parts = segments(text, !breaks);
  return parts ? glyphs(parts, breaks) : text;
}

function Body({ data, row, layout, whole, breaks, reach, scale, fine }) {
  const shared = { data, scale, fine, breaks: whole && breaks };
  const count = data.tokens.length;
  const name = `Example, maximum ${short(row.m)}`;
  const direction = data.rtl ? "rtl" : "ltr";
  if (whole) {
    const all = run({ ...shared, from: 0, to: count, peak: row.p });
    return <div className="strip-text whole" role="group" aria-label={name} dir={direction}>{all}</div>;
  }
  const [from, to] = around(data.tokens, row.p, layout, reach);
  return (
    <div className="strip-text" role="group" aria-label={name} dir={direction}>
      <span className="strip-left">{run({ ...shared, from, to: row.p })}</span>
      <span className="strip-right">{run({ ...shared, from: row.p, to, peak: row.p })}</span>
    </div>
  );
}

const PLAY = "M5 3.5v9l7-4.5z";
const COPY = "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z";
const DONE = "M3 8.5l3.5 3.5L13 4.5";
const icon = (path) => <svg viewBox="0 0 16 16" aria-hidden="true"><path d={path} /></svg>;

function Actions({ text, canTest }) {
  const [copied, run] = useCopied();
  return (
    <span className="strip-actions">
      {canTest && <button type="button" data-act="test" title="Test this text" aria-label="Test this text">{icon(PLAY)}</button>}
      <button type="button" onClick={() => run(text())} title="Copy text" aria-label={copied ? "Copied" : "Copy text"}>
        {icon(copied ? DONE : COPY)}
      </button>
    </span>
  );
}

const Row = memo(function Row({ row, id, layout, open, breaks, reach, max, attributedMax, values, actions, canTest }) {
  const [fine, setFine] = useState(false);
  const data = unpack(row);
  const whole = open || layout === "full";
  const scale = { max, attributedMax };
  const refine = () => setFine(true);
  return (
    <li className="strip-row" data-row={id} data-open={open || undefined} onPointerEnter={refine} onFocus={refine}>
      {values && <span className="strip-value num">{row.h ?? short(row.m)}</span>}
      <Body {...{ data, row, layout, whole, breaks, reach, scale, fine }} />
      {whole && row.c && <span className="strip-note tiny faint">{row.c}</span>}
      {actions && <Actions text={() => textOf(row, data)} canTest={canTest} />}
    </li>
  );
});

function textOf(row, data) {
  return data.tokens.slice(row.k ?? 0).join("");
}

// Past a few hundred rows, only the chunks near the screen exist; the others keep their height.
function Chunk({ count, first, children }) {
  const box = useRef(null);
  const height = useRef(count * ROW_HEIGHT);
  const [near, setNear] = useState(first);
  useEffect(() => {
    const watch = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting && box.current.childElementCount) height.current = box.current.offsetHeight;
      setNear(entry.isIntersecting);
    }, { rootMargin: "900px 0px" });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return <ol ref={box} style={near ? undefined : { height: height.current }}>{near ? children() : null}</ol>;
}

function Rows({ rows, first, virtual, draw }) {
  if (!virtual) return <ol>{rows.map((row, i) => draw(row, first + i))}</ol>;
  const starts = Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_, i) => i * CHUNK);
  return starts.map((start) => {
    const part = rows.slice(start, start + CHUNK);
    return (
      <Chunk key={start} count={part.length} first={first + start === 0}>
        {() => part.map((row, i) => draw(row, first + start + i))}
      </Chunk>
    );
  });
}

// How many characters fit on one side of the peak, in steps so that a resize rarely redraws.
function useReach(box) {
  const [reach, setReach] = useState(120);
  useLayoutEffect(() => {
    const measure = () => setReach(Math.ceil((box.current.clientWidth * 0.62) / 5 / 40) * 40);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(box.current);
    return () => watch.disconnect();
  }, [box]);
  return reach;
}

function tokenAt(target) {
  const token = target instanceof Element ? target.closest(".run > [data-i]") : null;
  return token && { token, position: Number(token.dataset.i), row: Number(token.closest("[data-row]").dataset.row) };
}

function tell(at, row) {
  const data = unpack(row);
  fillTip({
    token: data.tokens[at.position],
    value: data.values[at.position],
    attributed: data.attributed?.[at.position],
    special: data.special.has(at.position),
    position: at.position,
    count: data.tokens.length,
  });
}

const isShown = (token) => {
  const side = token.closest(".strip-left, .strip-right");
  if (!side) return true;
  const [inner, outer] = [token.getBoundingClientRect(), side.getBoundingClientRect()];
  return inner.right > outer.left + 12 && inner.left < outer.right - 12;
};

function focusToken(token) {
  const row = token.closest("[data-row]");
  for (const other of row.querySelectorAll(".run > [tabindex='0']")) if (other !== token) other.tabIndex = -1;
  token.tabIndex = 0;
  token.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

const peakOf = (row) => row?.querySelector(".run > [tabindex='0']");

// The token that a key leads to from `token`, or null.
function neighbour(token, key) {
  const rows = [...token.closest(".strip").querySelectorAll("[data-row]")];
  const at = rows.indexOf(token.closest("[data-row]"));
  if (key === "ArrowUp") return peakOf(rows[at - 1]);
  if (key === "ArrowDown") return peakOf(rows[at + 1]);
  const tokens = [...rows[at].querySelectorAll(".run > [data-i]")].filter(isShown);
  const place = tokens.indexOf(token);
  return { ArrowLeft: tokens[place - 1], ArrowRight: tokens[place + 1], Home: tokens[0], End: tokens.at(-1) }[key];
}

// The token is drawn anew where it stands in the opened row; the focus goes with it.
function toggleFocused({ token, row, position }, toggle) {
  const strip = token.closest(".strip");
  flushSync(() => toggle(row)); // so that no key falls between the old token and the new one
  const place = strip.querySelector(`[data-row="${row}"]`);
  const next = place?.querySelector(`[data-i="${position}"]`) ?? peakOf(place);
  if (next) focusToken(next);
}

// A row opens on click or Enter and closes the same way.
function useOpen(groups) {
  const [open, setOpen] = useState(() => new Set());
  useEffect(() => setOpen((rows) => (rows.size ? new Set() : rows)), [groups]);
  const toggle = useCallback((id) => setOpen((rows) => {
    const next = new Set(rows);
    if (!next.delete(id)) next.add(id);
    return next;
  }), []);
  return [open, toggle];
}

function handlers(rows, toggle, expandable, onTest) {
  let under = null;
  const show = (at, x, y, gap) => (tell(at, rows[at.row]), placeTip(x, y, gap));
  const follow = (event) => {
    if (event.target === under) return placeTip(event.clientX, event.clientY);
    under = event.target;
    const at = tokenAt(under);
    return at ? show(at, event.clientX, event.clientY) : hideTip();
  };
  return {
    onPointerOver: follow,
    onPointerMove: follow,
    onPointerLeave: (event) => {
      under = null;
      if (event.pointerType !== "touch") hideTip();
    },
    onFocus: (event) => {
      const at = tokenAt(event.target);
      if (!at || !event.target.matches(":focus-visible")) return;
      const box = at.token.getBoundingClientRect();
      at.token.setAttribute("aria-describedby", TIP_ID);
      show(at, box.left, box.bottom, 4);
    },
    onBlur: hideTip,
    onClick: (event) => {
      const row = event.target.closest("[data-row]");
      if (!row) return;
      if (event.target.closest("[data-act='test']")) return onTest?.(textOf(rows[row.dataset.row], unpack(rows[row.dataset.row])));
      const isTouched = event.nativeEvent.pointerType === "touch" && event.target.closest(".whole [data-i]");
      if (!expandable || isTouched || event.target.closest("button, a") || !getSelection().isCollapsed) return;
      hideTip();
      toggle(Number(row.dataset.row));
    },
    onKeyDown: (event) => {
      const at = tokenAt(event.target);
      if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
      const next = neighbour(at.token, event.key);
      if (next) focusToken(next);
      else if (expandable && (event.key === "Enter" || event.key === " ")) toggleFocused(at, toggle);
      else if (event.key === "Escape") hideTip();
      else if (!event.key.startsWith("Arrow")) return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}

export function TokenStrip(props) {
  const { groups, maxValue = 0, attributedMax = 0, layout = "snippet", breaks = false } = props;
  const { values = true, actions = true, expandable = true, canTest = true, onTest } = props;
  const box = useRef(null);
  const reach = useReach(box);
  const [open, toggle] = useOpen(groups);
  const rows = useMemo(() => groups.flatMap((group) => group.rows), [groups]);
  const listeners = useMemo(() => handlers(rows, toggle, expandable, onTest), [rows, toggle, expandable, onTest]);
  const max = maxValue || Math.max(0, ...rows.slice(0, 2000).map((row) => Math.abs(row.m)));
  const shared = { layout, breaks, reach, max, attributedMax, values, actions, canTest: canTest && Boolean(onTest) };
  const draw = (row, id) => <Row key={id} row={row} id={id} open={open.has(id)} {...shared} />;
  let first = 0;
  return (
    <div ref={box} className="strip" data-layout={layout} data-expandable={expandable || undefined} {...listeners}>
      {groups.map((group, i) => {
        const start = first;
        first += group.rows.length;
        return (
          <section key={i} className="strip-group">
            {group.title && <h3 className="strip-head"><span>{group.title}</span><span className="strip-share">{group.note}</span></h3>}
            <Rows rows={group.rows} first={start} virtual={rows.length > VIRTUAL_FROM} draw={draw} />
          </section>
        );
      })}
    </div>
  );
}

// One token that stands alone, in a table or a chip; ends and invisible characters are shown.
export function Token({ text, value = 0, max = 0, signed = false }) {
  const strength = signed && max > 0 ? Math.abs(value) / max : alpha(value, max);
  const side = signed ? (value < 0 ? " neg" : " pos") : value < 0 ? " neg" : "";
  const style = strength ? { "--a": strength.toFixed(3) } : undefined;
  return <bdi className={`tok alone mono${side}`} style={style} title={visible(text)}>{glyphs(aloneSegments(text), false)}</bdi>;
}

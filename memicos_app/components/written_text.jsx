import { memo, useEffect, useMemo, useRef } from "react";

import { visible } from "./token_text.js";
import { after, blocks, cut, percent, starts, thoughts } from "./written_text.js";

// A text that a model wrote, growing: markdown or plain, thoughts folded, what differs marked, and a tooltip on
// every token with the likeliest ones. Nothing of it is ever HTML.

const TIP = "choices-tip";

function tip() {
  let box = document.getElementById(TIP);
  if (box) return box;
  box = Object.assign(document.createElement("div"), { id: TIP, className: "tip choices", hidden: true });
  box.setAttribute("role", "tooltip");
  document.body.append(box);
  addEventListener("scroll", hide, { capture: true, passive: true });
  return box;
}

function hide() {
  const box = document.getElementById(TIP);
  if (box) box.hidden = true;
}

function line(token, logprob, chosen) {
  const row = document.createElement("div");
  row.className = chosen ? "choice chosen" : "choice";
  row.style.setProperty("--w", `${Math.round(100 * Math.exp(logprob))}%`);
  const parts = [["choice-token", visible(token) || "∅"], ["choice-share", percent(logprob)]];
  row.append(...parts.map(([className, textContent]) => Object.assign(document.createElement("span"), { className, textContent })));
  return row;
}

function show(element, [token, logprob, top]) {
  const box = tip();
  const others = top.map(([name, value]) => line(name, value, name === token));
  if (!top.some(([name]) => name === token)) others.push(line(token, logprob, true));
  box.replaceChildren(...others);
  box.hidden = false;
  const { left, bottom, top: over } = element.getClientRects()[0] ?? element.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const below = bottom + 6 + box.offsetHeight < clientHeight;
  const x = Math.max(6, Math.min(left, clientWidth - box.offsetWidth - 6));
  const y = below ? bottom + 6 : over - 6 - box.offsetHeight;
  box.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}

// The pieces of one run, each of one token and either marked or not.
function pieces(run, text, at) {
  return cut(run.from, run.to, at.places).map(([from, to]) => {
    const i = at.begins.length ? after(at.begins, from) - 1 : -1;
    const marked = after(at.marks, from) % 2 === 1;
    return (
      <span key={from} data-i={i < 0 ? undefined : i} className={marked ? "differs" : undefined}>
        {text.slice(from, to)}
      </span>
    );
  });
}

function Run({ run, text, at }) {
  const inner = pieces(run, text, at);
  const name = [run.bold && "bold", run.italic && "slant", run.struck && "struck"].filter(Boolean).join(" ") || undefined;
  if (run.href) {
    return <a href={run.href} target="_blank" rel="noopener noreferrer nofollow ugc" className={`link ${name ?? ""}`}>{inner}</a>;
  }
  return run.code ? <code className={name}>{inner}</code> : name ? <span className={name}>{inner}</span> : inner;
}

function Block({ block, text, at }) {
  const runs = block.runs.map((run) => <Run key={run.from} {...{ run, text, at }} />);
  if (block.kind === "code") return <pre className="md-code" tabIndex={0}>{runs}</pre>;
  if (block.kind === "rule") return <hr />;
  if (block.kind === "heading") return <p className={`md-heading h${block.level}`}>{runs}</p>;
  if (block.kind === "quote") return <blockquote>{runs}</blockquote>;
  if (block.kind === "item") {
    return <div className="md-item" style={{ "--depth": block.level }}><span className="md-mark">{block.label}</span><div>{runs}</div></div>;
  }
  return <p>{runs}</p>;
}

function Part({ part, text, at, markdown, busy }) {
  const range = { from: part.from, to: part.to };
  const inner = markdown
    ? blocks(text, part.from, part.to).map((block, i) => <Block key={i} {...{ block, text, at }} />)
    : pieces(range, text, at);
  if (!part.thought) return markdown ? <div className="md">{inner}</div> : inner;
  const words = text.slice(part.from, part.to).split(/\s+/).filter(Boolean).length;
  return (
    <details className="thought" open={part.open && busy}>
      <summary>{part.open && busy ? "Thinking …" : `Thought, ${words} word${words === 1 ? "" : "s"}`}</summary>
      <div>{inner}</div>
    </details>
  );
}

function neighbour(token, key) {
  const all = [...token.closest(".written").querySelectorAll("[data-i]")].filter((one) => one.checkVisibility());
  const place = all.indexOf(token);
  return { ArrowLeft: all[place - 1], ArrowRight: all[place + 1], Home: all[0], End: all.at(-1) }[key];
}

function handlers(tokens) {
  const tokenOf = (target) => (target instanceof Element ? target.closest(".written [data-i]") : null);
  const tell = (target) => {
    const token = tokenOf(target);
    const choice = token && tokens[token.dataset.i];
    return choice ? show(token, choice) : hide();
  };
  return {
    onPointerOver: (event) => tell(event.target),
    onPointerLeave: (event) => event.pointerType === "touch" || hide(),
    onFocus: (event) => event.target.matches(":focus-visible") && (tell(event.target), event.target.setAttribute("aria-describedby", TIP)),
    onBlur: hide,
    onKeyDown: (event) => {
      const token = tokenOf(event.target);
      const next = token && neighbour(token, event.key);
      if (event.key === "Escape") hide();
      if (!next) return;
      token.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
      event.preventDefault();
      event.stopPropagation();
    },
  };
}

export const WrittenText = memo(function WrittenText({ text = "", marks = [], tokens = [], markdown = false, busy = false, before = "" }) {
  const box = useRef(null);
  const at = useMemo(() => {
    const begins = starts(text, tokens.map(([token]) => token));
    return { begins, marks, places: [...begins, ...marks].sort((a, b) => a - b) };
  }, [text, tokens, marks]);
  const parts = useMemo(() => thoughts(text), [text]);
  const listeners = useMemo(() => (tokens.length ? handlers(tokens) : {}), [tokens]);
  useEffect(() => {
    const first = tokens.length && box.current?.querySelector("[data-i]");
    if (first) first.tabIndex = 0;
  }, [tokens]);
  return (
    <div ref={box} className={busy ? "written iso streaming" : "written iso"} data-markdown={markdown || undefined} {...listeners}>
      {before && <span className="asked">{before}</span>}
      {parts.map((part) => <Part key={part.from} {...{ part, text, at, markdown, busy }} />)}
    </div>
  );
});

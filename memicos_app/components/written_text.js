// What a model wrote, taken apart for the screen: thoughts, markdown blocks, runs of one style, tokens.
//
// Everything is a range [from, to) of the text itself, so that a token's tooltip and a mark on what differs find
// their characters whatever the markdown around them. Nothing is ever read as HTML; links lead to the web or nowhere.

const THINK = /<think>([^]*?)(<\/think>|$)/g;
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+-]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(?=\S)/;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const ITEM = /^( *)(?:([-*+])|(\d{1,9})[.)])\s+(?=\S)/;
const QUOTE = /^ {0,3}> ?/;
const SAFE = /^(?:https?:\/\/|mailto:)[^\s"'<>`]+$/i;
const INLINE = new RegExp(
  [
    "\\\\([!-/:-@[-`{-~])", // 1 an escaped sign
    "(`+)([^`]|[^`][^]*?[^`])\\2(?!`)", // 2, 3 code
    "(\\*\\*|__)(?=\\S)([^]*?\\S)\\4", // 4, 5 bold
    "(?<!\\w)([*_])(?=[^\\s*_])([^]*?[^\\s*_])\\6(?!\\w)", // 6, 7 italic
    "(~~)(?=\\S)([^]*?\\S)\\8", // 8, 9 struck out
    "\\[([^\\]\\n]{1,500})\\]\\(([^\\s()]{1,2000})\\)", // 10, 11 a link
    "(https?:\\/\\/[^\\s<>\"'`)\\]]*[^\\s<>\"'`)\\].,;:!?])", // 12 a bare address
  ].join("|"),
  "g",
);

// [{thought, open, from, to, end}], thoughts apart from what was said; `open` while a thought goes on.
export function thoughts(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(THINK)) {
    if (found.index > at) parts.push({ thought: false, open: false, from: at, to: found.index });
    const from = found.index + 7;
    parts.push({ thought: true, open: found[2] === "", from, to: from + found[1].length });
    at = found.index + found[0].length;
  }
  if (at < text.length) parts.push({ thought: false, open: false, from: at, to: text.length });
  return parts;
}

// Blocks of markdown in text[from, to): {kind, level, label, runs}.
export function blocks(text, from = 0, to = text.length) {
  const found = [];
  let open = null;
  const close = () => (open = null);
  const add = (block) => (found.push(block), block);
  for (const line of lines(text, from, to)) {
    const words = text.slice(line.from, line.to);
    if (open?.fence) {
      if (words.trim().startsWith(open.fence)) close();
      else open.runs.push({ from: line.from, to: line.end });
      continue;
    }
    open = block(words, line, open, add);
  }
  for (const one of found) if (!one.fence) one.runs = one.runs.flatMap((run) => inline(text, run.from, run.to, {}));
  return found;
}

function block(words, line, open, add) {
  const fence = FENCE.exec(words);
  if (fence) return add({ kind: "code", level: 0, label: fence[2], fence: fence[1], runs: [] });
  if (!words.trim()) return null;
  if (RULE.test(words)) return add({ kind: "rule", level: 0, runs: [] }), null;
  const heading = HEADING.exec(words);
  if (heading) return add({ kind: "heading", level: heading[1].length, runs: [past(line, heading[0])] }), null;
  const item = ITEM.exec(words);
  if (item) return add({ kind: "item", level: depth(item[1]), label: item[3] ? `${item[3]}.` : "•", runs: [past(line, item[0])] });
  const quote = QUOTE.exec(words);
  if (quote && open?.kind === "quote") return open.runs.push(past(line, quote[0])), open;
  if (quote) return add({ kind: "quote", level: 0, runs: [past(line, quote[0])] });
  if (open) return open.runs.push({ from: line.from, to: line.end }), open;
  return add({ kind: "text", level: 0, runs: [{ from: line.from, to: line.end }] });
}

const past = (line, marker) => ({ from: line.from + marker.length, to: line.end });
const depth = (indent) => Math.min(4, indent.length >> 1);

function* lines(text, from, to) {
  for (let at = from; at < to; ) {
    const next = text.indexOf("\n", at);
    const end = next < 0 || next >= to ? to : next + 1;
    yield { from: at, to: end - (text[end - 1] === "\n" ? 1 : 0), end };
    at = end;
  }
}

// Runs of one style: [{from, to, bold, italic, struck, code, href}].
export function inline(text, from, to, style) {
  const runs = [];
  const plain = (a, b) => a < b && runs.push({ ...style, from: a, to: b });
  let at = from;
  for (const found of text.slice(from, to).matchAll(INLINE)) {
    const begin = from + found.index;
    const inner = within(found, begin, style);
    if (!inner) continue;
    plain(at, begin);
    if (inner.style.code || inner.style.href || inner.flat) runs.push({ ...inner.style, from: inner.from, to: inner.to });
    else runs.push(...inline(text, inner.from, inner.to, inner.style));
    at = begin + found[0].length;
  }
  plain(at, to);
  return runs;
}

// Where the words between the signs of a match are, and in which style.
function within(found, begin, style) {
  const [whole, escaped, tick, code, strong, bold, slant, italic, strike, struck, label, target, bare] = found;
  const between = (sign, words, more) => ({ from: begin + sign.length, to: begin + sign.length + words.length, style: { ...style, ...more } });
  if (escaped) return { from: begin + 1, to: begin + 2, style, flat: true };
  if (tick) return between(tick, code, { code: true });
  if (strong) return between(strong, bold, { bold: true });
  if (slant) return between(slant, italic, { italic: true });
  if (strike) return between(strike, struck, { struck: true });
  if (label) return SAFE.test(target) ? between("[", label, { href: target }) : null;
  return bare ? { from: begin, to: begin + whole.length, style: { ...style, href: bare } } : null;
}

// Where each token begins in the text. A token that only shows part of a character is where that character is.
export function starts(text, tokens) {
  const places = [];
  let at = 0;
  for (let i = 0; i < tokens.length; i += 1) {
    places.push(at);
    if (text.startsWith(tokens[i], at)) at += tokens[i].length;
    else at = resumed(text, tokens, i, at);
  }
  return places;
}

function resumed(text, tokens, i, at) {
  for (let next = i + 1; next < tokens.length && next < i + 8; next += 1) {
    if (!tokens[next]) continue;
    const place = text.indexOf(tokens[next], at);
    if (place >= 0 && place - at <= 8) return next === i + 1 ? place : at;
  }
  return at;
}

// A range cut at the given sorted places: [[from, to], …].
export function cut(from, to, places) {
  const parts = [];
  let at = from;
  for (let i = after(places, from); i < places.length && places[i] < to; i += 1) {
    if (places[i] > at) parts.push([at, places[i]]);
    at = places[i];
  }
  if (at < to) parts.push([at, to]);
  return parts;
}

// How many of the sorted places are at most `value`.
export function after(places, value) {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const percent = (logprob) => {
  const share = 100 * Math.exp(logprob);
  return share >= 9.95 ? `${share.toFixed(0)} %` : share >= 0.095 ? `${share.toFixed(1)} %` : "< 0.1 %";
};

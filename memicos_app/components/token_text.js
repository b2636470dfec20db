// Tokens as text that is safe to look at: packed rows taken apart, invisible characters shown, colour strength.

const NAMES = {
  0x0a: "↵", 0x0d: "␍", 0x09: "⇥", 0x7f: "␡", 0xad: "‹SHY›", 0x200b: "‹ZWSP›", 0x200c: "‹ZWNJ›",
  0x200d: "‹ZWJ›", 0x200e: "‹LRM›", 0x200f: "‹RLM›", 0x061c: "‹ALM›", 0x2028: "‹LS›", 0x2029: "‹PS›",
  0x202a: "‹LRE›", 0x202b: "‹RLE›", 0x202c: "‹PDF›", 0x202d: "‹LRO›", 0x202e: "‹RLO›", 0x2066: "‹LRI›",
  0x2067: "‹RLI›", 0x2068: "‹FSI›", 0x2069: "‹PDI›", 0xfeff: "‹BOM›",
};
// Controls, bidi controls, zero-width and tag characters. ZWJ and ZWNJ shape ordinary words and stay.
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/g;
const LETTER = /\p{L}/gu;
const COMBINING = /^\p{M}/u;

function nameOf(character) {
  const code = character.codePointAt(0);
  if (NAMES[code]) return NAMES[code];
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : `‹${code.toString(16).toUpperCase()}›`;
}

const LONG_SPACE = / {3,}/g;

// [[isGlyph, text], …], or null where the text can be shown as it is. In one line, long white space is a glyph.
export function segments(text, inOneLine = false) {
  if (inOneLine && text.includes("   ")) return withoutGaps(text);
  if (!HIDDEN.test(text) && text !== "\u200c" && text !== "\u200d") return null;
  const parts = [];
  for (const character of text) {
    const glyph = HIDDEN.test(character) || text.length === 1;
    const shown = glyph ? nameOf(character) : character;
    const last = parts.at(-1);
    if (!glyph && last && !last[0]) last[1] += shown;
    else parts.push([glyph, shown, character === "\n"]);
  }
  return parts;
}

function withoutGaps(text) {
  const gap = [true, "␣"];
  return text.split(LONG_SPACE).flatMap((piece, i) => {
    const parts = segments(piece) ?? (piece ? [[false, piece]] : []);
    return i ? [gap, ...parts] : parts;
  });
}

// One token that stands alone: spaces at its ends are shown, a combining mark gets something to sit on.
export function aloneSegments(text) {
  const [, before, middle, after] = /^( *)([^]*?)( *)$/.exec(text);
  const held = COMBINING.test(middle) ? `◌${middle}` : middle;
  const parts = [[true, "·".repeat(before.length)], ...(segments(held) ?? [[false, held]]), [true, "·".repeat(after.length)]];
  return parts.filter((part) => part[1] !== "");
}

export function visible(text) {
  return aloneSegments(text).map((part) => part[1]).join("");
}

// Strength of a token's colour: 0 for no activation, else .05 … 1 on a log curve of |value| / max.
export function alpha(value, max) {
  if (!value || !(max > 0)) return 0;
  return Math.min(1, 0.05 + 0.95 * Math.log10(1 + (9 * Math.abs(value)) / max));
}

export function short(value) {
  const size = Math.abs(value);
  return size === 0 || size >= 0.1 ? value.toFixed(2) : size >= 0.001 ? value.toFixed(4) : value.toExponential(1);
}

const seen = new WeakMap();

// A packed row as {tokens, values, attributed, rtl}; unpacked once an object.
export function unpack(row) {
  let data = seen.get(row);
  if (!data) seen.set(row, (data = unpackNow(row)));
  return data;
}

function unpackNow(row) {
  const tokens = [];
  let start = 0;
  let length = 0;
  for (const digit of row.n) {
    const part = Number.parseInt(digit, 36);
    length += part;
    if (part === 35) continue;
    tokens.push(row.t.slice(start, start + length));
    start += length;
    length = 0;
  }
  const values = dense(row.v, tokens.length);
  const rtl = (row.t.match(RIGHT_TO_LEFT)?.length ?? 0) * 2 > (row.t.match(LETTER)?.length ?? 0);
  return { tokens, values, attributed: row.d ? dense(row.d, tokens.length) : null, special: new Set(row.s), rtl };
}

function dense(pairs, length) {
  const values = new Array(length).fill(0);
  for (let i = 0; i < pairs.length; i += 2) values[pairs[i]] = pairs[i + 1];
  return values;
}

// The tokens to draw around the peak: [from, to).
export function around(tokens, peak, layout, reach) {
  if (layout === "stacked") return [Math.max(0, peak - 5), Math.min(tokens.length, peak + 6)];
  let from = peak;
  for (let seenLeft = 0; from > 0 && seenLeft < reach; seenLeft += tokens[from].length) from -= 1;
  let to = peak + 1;
  for (let seenRight = 0; to < tokens.length && seenRight < reach; to += 1) seenRight += tokens[to].length;
  return [from, to];
}

import { memo } from "react";
import { alpha, segments, unpack } from "../token_strip/token_text.js";

// A few tokens around the strongest one, which starts at the same place in every row of a list.
function Piece({ text, value, max }) {
  const parts = segments(text);
  const strength = alpha(value, max);
  return (
    <bdi className="tok" style={strength ? { "--a": strength.toFixed(3) } : undefined}>
      {parts ? parts.map(([glyph, shown], i) => (glyph ? <i key={i} className="glyph">{shown}</i> : shown)) : text}
    </bdi>
  );
}

export const TokenPreview = memo(function TokenPreview({ row }) {
  const { tokens, values } = unpack(row);
  const top = row.m;
  const piece = (token, i) => <Piece key={i} text={token} value={values[i]} max={top} />;
  const pieces = tokens.map(piece);
  return (
    <span className="kwic" dir="ltr">
      <span className="kwic-before"><span>{pieces.slice(0, row.p)}</span></span>
      <span className="kwic-after">{pieces.slice(row.p)}</span>
    </span>
  );
});

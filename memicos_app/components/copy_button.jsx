// A button that copies text and says so; without a text, the address of the page as it is now.

import { useState } from "react";

export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement("textarea"), { value: text });
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  return undefined;
}

// [whether it was copied a moment ago, what copies]
export function useCopied() {
  const [copied, setCopied] = useState(false);
  const run = async (text) => {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1400);
  };
  return [copied, run];
}

export function CopyButton({ text, label, ...rest }) {
  const [copied, run] = useCopied();
  return (
    <button type="button" {...rest} onClick={() => run(text || location.href)}>
      <span aria-live="polite">{copied ? "Copied" : label}</span>
    </button>
  );
}

// A form that is posted as JSON to the site itself: the answer may set a cookie, which no socket can.
// What went wrong is said below the fields; what went well leads on, or is said there.

import { useRef, useState } from "react";

const LOST = "The site does not answer; try again in a moment.";

async function post(action, values) {
  const answer = await fetch(action, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    credentials: "same-origin",
    body: JSON.stringify(values),
  });
  const told = await answer.json().catch(() => ({ message: LOST }));
  return [answer.ok, told];
}

export function PostForm({ action, done = "", confirmed = "", emptied = false, onDone, children, ...rest }) {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState(null);
  const form = useRef(null);
  const submit = async (event) => {
    event.preventDefault();
    if (busy || (confirmed && !window.confirm(confirmed))) return;
    const values = Object.fromEntries(new FormData(form.current, event.nativeEvent.submitter));
    setBusy(true);
    setSaid(null);
    const [well, told] = await post(action, values).catch(() => [false, { message: LOST }]);
    if (well && told.url) {
      location.assign(told.url);
      return;
    }
    setBusy(false);
    setSaid({ well, words: (well && done) || told.message });
    const field = told.field && form.current.elements.namedItem(told.field);
    if (!well && field?.focus) field.focus();
    if (well && emptied) form.current.reset();
    if (well) onDone?.();
  };
  return (
    <form ref={form} {...rest} aria-busy={busy} onSubmit={submit}>
      <fieldset disabled={busy} className="bare">{children}</fieldset>
      <p role={said && !said.well ? "alert" : "status"} className={said ? `notice iso ${said.well ? "" : "rose"}` : "sr"}>
        {said?.words ?? ""}
      </p>
    </form>
  );
}

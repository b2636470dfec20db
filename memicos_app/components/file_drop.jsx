import { useEffect, useReducer, useRef, useState } from "react";

// Files wait in a line and are sent one at a time, straight from disk; a file's row says how far it is and what
// became of it. A folder that is dropped gives its files. What failed can be sent again.
const BATCH = /batch-\d+\.json$/i;
const count = (number, words) => (number ? [`${number.toLocaleString("en")} ${words}`] : []);
const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
const DONE = new Set(["done", "known", "failed", "refused"]);

function rowsAfter(rows, change) {
  if (change.add) return [...rows, ...change.add];
  return rows.map((row) => (row.id === change.id ? { ...row, ...change } : row));
}

function outcome(answer) {
  if (answer.known) return { state: "known", words: "here already" };
  const parts = [
    ...count(answer.created.length, "new"),
    ...count(answer.replaced.length, "replaced"),
    ...count(answer.skipped.length, "left as they are"),
  ];
  return { state: "done", words: parts.join(" · ") || "nothing new", problems: answer.problems };
}

function query(values) {
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();
}

async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  const visit = async (entry, depth) => {
    if (entry.isFile) found.push(await new Promise((done, fail) => entry.file(done, fail)));
    if (!entry.isDirectory || depth > 3) return;
    const reader = entry.createReader();
    for (;;) {
      const part = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!part.length) return;
      for (const one of part) await visit(one, depth + 1);
    }
  };
  for (const entry of entries) await visit(entry, 0);
  return found;
}

export function FileDrop({ address, model, source }) {
  const [rows, change] = useReducer(rowsAfter, []);
  const [replace, setReplace] = useState(false);
  const [over, setOver] = useState(false);
  const sending = useRef(null);
  const next = useRef(0);

  const add = (files) => {
    const number = (file) => Number(file.name.match(/(\d+)\.json$/i)?.[1] ?? 0);
    const sorted = [...files].sort((a, b) => number(a) - number(b) || a.name.localeCompare(b.name));
    change({
      add: sorted.map((file) => {
        const good = BATCH.test(file.name);
        const words = good ? "waiting" : "not a batch-N.json; left out";
        return { id: next.current++, file, state: good ? "waiting" : "refused", part: 0, words, replace };
      }),
    });
  };

  const send = (row) => {
    const request = new XMLHttpRequest();
    const finish = (values) => {
      sending.current = null;
      change({ id: row.id, ...values });
    };
    sending.current = request;
    change({ id: row.id, state: "sending", part: 0, words: "sending" });
    request.upload.onprogress = (event) =>
      change({ id: row.id, part: event.total ? event.loaded / event.total : 0, words: "sending" });
    request.upload.onload = () => change({ id: row.id, part: 1, words: "reading" });
    request.onload = () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        answer = { message: `The server answered ${request.status}.` };
      }
      if (request.status !== 200) return finish({ state: "failed", words: answer.message });
      const href = `/${encodeURIComponent(answer.modelId)}/${encodeURIComponent(answer.source)}`;
      finish({ ...outcome(answer), href, where: `${answer.modelId}/${answer.source}`, dead: answer.dead });
    };
    request.onerror = () => finish({ state: "failed", words: "The connection was lost; nothing of the file was kept." });
    request.onabort = () => finish({ state: "failed", words: "Stopped; nothing of the file was kept." });
    const asked = { name: row.file.name, replace: row.replace ? "true" : "", modelId: model, source };
    request.open("POST", `${address}?${query(asked)}`);
    request.setRequestHeader("Content-Type", "application/json");
    request.send(row.file);
  };

  useEffect(() => {
    const waiting = rows.find((row) => row.state === "waiting");
    if (waiting && !sending.current) send(waiting);
  }, [rows]);

  useEffect(() => {
    const busy = rows.some((row) => row.state === "waiting" || row.state === "sending");
    const ask = (event) => event.preventDefault();
    if (busy) window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [rows]);

  const drop = async (event) => {
    event.preventDefault();
    setOver(false);
    add(await filesOf(event.dataTransfer));
  };
  const finished = rows.filter((row) => DONE.has(row.state)).length;
  const failed = rows.filter((row) => row.state === "failed").length;
  const again = (row) => change({ id: row.id, state: "waiting", words: "waiting", replace });

  return (
    <>
      <section className="card">
        <label
          className={over ? "drop-zone over" : "drop-zone"}
          onDragOver={(event) => (event.preventDefault(), setOver(true))}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <input
            type="file"
            multiple
            accept=".json,application/json"
            className="sr"
            onChange={(event) => {
              add(event.target.files);
              event.target.value = "";
            }}
          />
          <span className="strong">Drop batch files or their folder here</span>
          <span className="muted">
            or <span className="link">choose them</span>
          </span>
        </label>
        <div className="card-foot spread wrap">
          <label className="switch">
            <input type="checkbox" checked={replace} onChange={(event) => setReplace(event.target.checked)} />
            Replace features that are here already
          </label>
          <span className="small muted" role="status">
            {rows.length ? `${finished} of ${rows.length} files done${failed ? `, ${failed} failed` : ""}` : ""}
          </span>
        </div>
      </section>
      {rows.length > 0 && (
        <section className="card">
          <div className="card-head">
            <h2>Files</h2>
          </div>
          <ul className="card-rows files" aria-label="Files">
            {rows.map((row) => (
              <li key={row.id} data-state={row.state}>
                <div className="spread">
                  <span className="strong clip iso">{row.file.name}</span>
                  <span className="faint small num">{size(row.file.size)}</span>
                </div>
                {row.state === "sending" && (
                  <progress value={row.words === "reading" ? undefined : row.part} max={1} aria-label={row.file.name} />
                )}
                <div className="spread wrap small">
                  <span className={row.state === "failed" ? "neg iso" : "muted iso"}>{row.words}</span>
                  {row.href && (
                    <a className="link iso" href={row.href}>
                      {row.where}
                    </a>
                  )}
                  {row.state === "failed" && (
                    <button type="button" className="btn small" onClick={() => again(row)}>
                      Try again
                    </button>
                  )}
                  {row.state === "sending" && (
                    <button type="button" className="btn small quiet" onClick={() => sending.current?.abort()}>
                      Stop
                    </button>
                  )}
                </div>
                {row.dead?.length > 0 && (
                  <details className="small muted">
                    <summary>{row.dead.length.toLocaleString("en")} dead, left out</summary>
                    {row.dead.join(", ")}
                  </details>
                )}
                {row.problems?.length > 0 && (
                  <details className="small warn-text">
                    <summary>{row.problems.length.toLocaleString("en")} things had to be changed</summary>
                    {row.problems.slice(0, 50).map((words, place) => (
                      <div key={place} className="iso">
                        {words}
                      </div>
                    ))}
                  </details>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

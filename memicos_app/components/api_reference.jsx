import { useEffect, useRef } from "react";

// The description of the API, readable and to be tried: Swagger UI out of the site's own files.
// A key is typed by the reader; it stays in this page and is gone with it.
const DARK = "dark-mode"; // Swagger UI's own word for it, on <html>

function once(tag, at, attributes) {
  const there = document.head.querySelector(`${tag}[data-api-reference]`);
  if (there) return there.ready;
  const made = Object.assign(document.createElement(tag), attributes);
  made.dataset.apiReference = "";
  made.ready = new Promise((done, failed) => {
    made.onload = done;
    made.onerror = () => {
      made.remove();
      failed(new Error(at));
    };
  });
  document.head.append(made);
  return made.ready;
}

function followTheme() {
  const html = document.documentElement;
  const follow = () => {
    const dark = html.classList.contains("dark");
    if (html.classList.contains(DARK) !== dark) html.classList.toggle(DARK, dark);
  };
  follow();
  const watcher = new MutationObserver(follow);
  watcher.observe(html, { attributes: true, attributeFilter: ["class"] });
  return () => {
    watcher.disconnect();
    html.classList.remove(DARK);
  };
}

export function ApiReference({ files, description }) {
  const place = useRef(null);
  useEffect(() => {
    let gone = false;
    const forget = followTheme();
    const script = `${files}/swagger-ui-bundle.js`;
    const sheet = `${files}/swagger-ui.css`;
    Promise.all([
      once("link", sheet, { rel: "stylesheet", href: sheet }),
      once("script", script, { src: script, async: true }),
    ])
      .then(() => {
        if (gone) return;
        window.SwaggerUIBundle({
          url: description,
          domNode: place.current,
          docExpansion: "none",
          defaultModelsExpandDepth: -1,
          displayRequestDuration: true,
          filter: true,
          persistAuthorization: false,
          tryItOutEnabled: true,
          validatorUrl: null,
        });
      })
      .catch(() => {
        if (!gone) place.current.textContent = "The description could not be loaded; load this page again.";
      });
    return () => {
      gone = true;
      forget();
    };
  }, [files, description]);
  return (
    <div ref={place} className="api-reference">
      <p className="card-body muted">Loading the description…</p>
    </div>
  );
}

// A button that presses itself when it comes near the window: a list goes on without being asked, and by keyboard.

import { useEffect, useRef } from "react";

const AHEAD = "500px";

export function MoreButton({ busy, count, words, onMore }) {
  const button = useRef(null);
  const latest = useRef(onMore);
  latest.current = onMore;
  useEffect(() => {
    if (busy) return undefined;
    const watcher = new IntersectionObserver(
      (entries) => entries.some((one) => one.isIntersecting) && latest.current(),
      { rootMargin: AHEAD },
    );
    watcher.observe(button.current);
    return () => watcher.disconnect();
  }, [busy, count]);
  return (
    <button ref={button} type="button" className="btn more" aria-busy={busy} onClick={() => busy || latest.current()}>
      {words}
    </button>
  );
}

// What pointers, the wheel and keys ask of a map: one pointer pans or draws a line, two pinch, a short touch picks.

import { panned, zoomed } from "./map_camera.js";

const STILL = 5;
const STEP = 70;
const CLOSER = 1.5;

// `map` has size(), camera, look(camera), point(px, py), leave(), pick(px, py), isDrawing(event), line(points, done).
export function listen(element, map) {
  const down = new Map();
  let moved = 0;
  let line = null;
  let apart = 0;

  const place = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const middle = () => {
    const [first, second] = [...down.values()];
    return [(first[0] + second[0]) / 2, (first[1] + second[1]) / 2, Math.hypot(first[0] - second[0], first[1] - second[1])];
  };

  const press = (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    map.leave();
    down.set(event.pointerId, place(event));
    moved = 0;
    if (down.size === 1 && map.isDrawing(event)) line = [place(event)];
    if (down.size === 2) {
      if (line) map.line([], true);
      line = null;
      apart = middle()[2];
      moved = STILL + 1;
    }
  };
  const move = (event) => {
    const [px, py] = place(event);
    const from = down.get(event.pointerId);
    if (!from) return map.point(px, py);
    const before = down.size === 2 ? middle() : null;
    down.set(event.pointerId, [px, py]);
    moved += Math.hypot(px - from[0], py - from[1]);
    if (line) {
      line.push([px, py]);
      return map.line(line, false);
    }
    if (before) {
      const [x, y, now] = middle();
      const shifted = panned(map.camera, x - before[0], y - before[1]);
      map.look(zoomed(shifted, ...map.size(), x, y, now / Math.max(apart, 1)));
      apart = now;
    } else if (moved > STILL) {
      map.look(panned(map.camera, px - from[0], py - from[1]));
    }
  };
  const release = (event) => {
    if (!down.delete(event.pointerId)) return;
    if (line) {
      const drawn = line;
      line = null;
      map.line(drawn, true);
    } else if (moved <= STILL && event.type === "pointerup") {
      map.pick(...place(event), event.pointerType === "touch");
    }
  };
  const wheel = (event) => {
    event.preventDefault();
    const turned = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    map.look(zoomed(map.camera, ...map.size(), ...place(event), Math.exp(-turned * (event.ctrlKey ? 0.01 : 0.002))));
  };
  const twice = (event) => map.look(zoomed(map.camera, ...map.size(), ...place(event), 2));

  const heard = { pointerdown: press, pointermove: move, pointerup: release, pointercancel: release, dblclick: twice };
  for (const [name, handler] of Object.entries(heard)) element.addEventListener(name, handler);
  element.addEventListener("pointerleave", map.leave);
  element.addEventListener("wheel", wheel, { passive: false });
  return () => {
    for (const [name, handler] of Object.entries(heard)) element.removeEventListener(name, handler);
    element.removeEventListener("pointerleave", map.leave);
    element.removeEventListener("wheel", wheel);
  };
}

// What a key asks for; null where it is none of ours.
export function keyed(event, camera, size) {
  const [width, height] = size;
  const by = (dx, dy) => panned(camera, dx * (event.shiftKey ? 3 : 1), dy * (event.shiftKey ? 3 : 1));
  const closer = (factor) => zoomed(camera, width, height, width / 2, height / 2, factor);
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  switch (event.key) {
    case "ArrowLeft": return by(STEP, 0);
    case "ArrowRight": return by(-STEP, 0);
    case "ArrowUp": return by(0, STEP);
    case "ArrowDown": return by(0, -STEP);
    case "+": case "=": return closer(CLOSER);
    case "-": case "_": return closer(1 / CLOSER);
    default: return null;
  }
}

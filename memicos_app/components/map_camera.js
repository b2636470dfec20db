// What part of a map is looked at: `x`, `y` in the middle of the view, `scale` pixels of the page a unit of the map.

const CLOSEST = 400;

export function fitted(bounds, width, height) {
  const [left, right, low, high] = bounds;
  const across = Math.max(right - left, 1e-6);
  const tall = Math.max(high - low, 1e-6);
  const scale = 0.94 * Math.min(width / across, height / tall);
  return { x: (left + right) / 2, y: (low + high) / 2, scale, least: scale * 0.6, most: scale * CLOSEST, whole: scale };
}

// How many times closer than the whole map.
export const closeness = (camera) => camera.scale / camera.whole;

export function toMap(camera, width, height, px, py) {
  return [camera.x + (px - width / 2) / camera.scale, camera.y - (py - height / 2) / camera.scale];
}

export function toView(camera, width, height, x, y) {
  return [(x - camera.x) * camera.scale + width / 2, height / 2 - (y - camera.y) * camera.scale];
}

export function panned(camera, dx, dy) {
  return { ...camera, x: camera.x - dx / camera.scale, y: camera.y + dy / camera.scale };
}

// Closer by `factor`; the place under (px, py) stays there.
export function zoomed(camera, width, height, px, py, factor) {
  const scale = Math.min(camera.most, Math.max(camera.least, camera.scale * factor));
  const [x, y] = toMap(camera, width, height, px, py);
  return {
    ...camera,
    scale,
    x: x - (px - width / 2) / scale,
    y: y + (py - height / 2) / scale,
  };
}

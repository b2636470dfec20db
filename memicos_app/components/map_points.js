// Points of a map as they come from the API, and where they are: nearest to a place, inside a line drawn around them.
// The bytes are described in library/maps/blocks.py.

export const NONE = -1;
const CELLS = 128;

export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const n = head.layers.reduce((sum, layer) => sum + layer.n, 0);
  const floats = ["x", "y", "density", "score"];
  const points = { head, n, index: new Uint32Array(n), cluster: new Int16Array(n), layer: new Uint8Array(n) };
  for (const name of floats) points[name] = new Float32Array(n);
  let at = 4 + length;
  let first = 0;
  head.layers.forEach((layer, place) => {
    const take = (Kind, target) => {
      target.set(new Kind(buffer, at, layer.n), first);
      at += layer.n * Kind.BYTES_PER_ELEMENT;
    };
    take(Uint32Array, points.index);
    for (const name of floats) take(Float32Array, points[name]);
    take(Int16Array, points.cluster);
    at += (4 - (at % 4)) % 4;
    points.layer.fill(place, first, first + layer.n);
    first += layer.n;
  });
  return byPlace(points);
}

// The points in the order of the cells of a square grid, row by row: near ones are near in memory too, which drawing is
// quick by. `starts` of the grid says where each cell's points begin.
function byPlace(points) {
  const { n, x, y, head } = points;
  const [left, right, low, high] = head.bounds;
  const step = Math.max(right - left, high - low, 1e-9) / CELLS;
  const column = (value, origin) => Math.min(CELLS - 1, Math.max(0, Math.floor((value - origin) / step)));
  const starts = new Uint32Array(CELLS * CELLS + 1);
  const cells = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    cells[i] = column(y[i], low) * CELLS + column(x[i], left);
    starts[cells[i] + 1]++;
  }
  for (let i = 0; i < CELLS * CELLS; i++) starts[i + 1] += starts[i];
  const filled = starts.slice(0, -1);
  const target = cells.map((cell) => filled[cell]++);
  const sorted = { ...points, grid: { starts, column, left, low } };
  for (const name of ["index", "cluster", "layer", "x", "y", "density", "score"]) {
    sorted[name] = new points[name].constructor(n);
    for (let i = 0; i < n; i++) sorted[name][target[i]] = points[name][i];
  }
  return sorted;
}

// Where the points of the cells that a rectangle touches begin and end: a pair a row.
export function* cellsWithin(grid, x0, x1, y0, y1) {
  const [c0, c1] = [grid.column(x0, grid.left), grid.column(x1, grid.left)];
  const [r0, r1] = [grid.column(y0, grid.low), grid.column(y1, grid.low)];
  for (let row = r0; row <= r1; row++) {
    yield [grid.starts[row * CELLS + c0], grid.starts[row * CELLS + c1 + 1]];
  }
}

// The point nearest to a place that is no farther than `reach` and that `seen` holds; NONE where there is none.
export function nearest(points, x, y, reach, seen) {
  let best = NONE;
  let closest = reach * reach;
  for (const [from, to] of cellsWithin(points.grid, x - reach, x + reach, y - reach, y + reach)) {
    for (let i = from; i < to; i++) {
      const far = (points.x[i] - x) ** 2 + (points.y[i] - y) ** 2;
      if (far < closest && seen(i)) [best, closest] = [i, far];
    }
  }
  return best;
}

// Points inside a closed line of [x, y] that `seen` holds.
export function inside(points, line, seen) {
  const xs = line.map((one) => one[0]);
  const ys = line.map((one) => one[1]);
  const box = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const found = [];
  for (const [from, to] of cellsWithin(points.grid, ...box)) {
    for (let i = from; i < to; i++) {
      if (seen(i) && encloses(line, points.x[i], points.y[i])) found.push(i);
    }
  }
  return found;
}

// Whether a horizontal ray from the place crosses the line an odd number of times.
export function encloses(line, x, y) {
  let within = false;
  for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
    const [xi, yi] = line[i];
    const [xj, yj] = line[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

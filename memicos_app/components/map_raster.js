// Points drawn into pixels by the processor: a round stamp a point, blended into a buffer that goes to a canvas whole.
// It needs no graphics card and takes a few milliseconds for 100,000 points (docs/decisions/0017-own-raster.md).

import { closeness, toView } from "./map_camera.js";
import { cellsWithin } from "./map_points.js";

const MARGIN = 16;
const EDGE = 12;
const LEAST = 0.15;
export const HIDDEN = 0, PLAIN = 1, DIM = 2, MARKED = 3;
const MOST_LABELS = 40;

// Offsets in the buffer that a disc of this radius fills, and those at its rim with the shares of 256 that it covers
// of them; `light` below 1 makes all of it translucent. What it hardly touches is left out.
function stampOf(radius, width, light) {
  const [core, rim, shares] = [[], [], []];
  const reach = Math.ceil(radius);
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const covered = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(dx, dy)));
      if (covered < LEAST) continue;
      if (covered === 1 && light === 1) core.push(dy * width + dx);
      else [rim.push(dy * width + dx), shares.push(Math.round(256 * covered * light))];
    }
  }
  return { core: Int32Array.from(core), rim: Int32Array.from(rim), shares: Int32Array.from(shares) };
}

export class Raster {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
  }

  // Size in pixels of the page; `ratio` pixels of the screen each.
  resize(width, height, ratio) {
    [this.width, this.height, this.ratio] = [width, height, ratio];
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.stride = this.canvas.width + 2 * MARGIN;
    this.image = this.context.createImageData(this.stride, this.canvas.height + 2 * MARGIN);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  // All points that are not hidden, dimmed ones first and marked ones last.
  draw(points, camera, colours, states, background, isMarking) {
    this.pixels.fill(background);
    const radius = this.radius(points.n, camera) * this.ratio;
    if (isMarking) {
      this.stamp(points, camera, colours, states, DIM, stampOf(radius, this.stride, 0.22));
      this.stamp(points, camera, colours, states, MARKED, stampOf(Math.max(radius * 1.4, 2.2 * this.ratio), this.stride, 1));
    } else {
      this.stamp(points, camera, colours, states, PLAIN, stampOf(radius, this.stride, 1));
    }
    this.context.putImageData(this.image, -MARGIN, -MARGIN);
  }

  radius(n, camera) {
    const room = Math.sqrt((this.width * this.height) / Math.max(n, 1));
    return Math.min(7, Math.max(1, 0.2 * room * closeness(camera) ** 0.6));
  }

  stamp({ x, y, grid }, camera, colours, states, state, { core, rim, shares }) {
    const { pixels, stride } = this;
    const scale = camera.scale * this.ratio;
    const left = this.canvas.width / 2 - camera.x * scale + MARGIN;
    const top = this.canvas.height / 2 + camera.y * scale + MARGIN;
    const [right, bottom] = [this.canvas.width + 2 * MARGIN - EDGE, this.canvas.height + 2 * MARGIN - EDGE];
    const [cores, rims] = [core.length, rim.length];
    for (const [from, to] of cellsWithin(grid, ...this.seen(camera))) {
      for (let i = from; i < to; i++) {
        if (states[i] !== state) continue;
        const px = (x[i] * scale + left) | 0;
        const py = (top - y[i] * scale) | 0;
        if (px < EDGE || py < EDGE || px >= right || py >= bottom) continue;
        const at = py * stride + px;
        const colour = colours[i];
        for (let k = 0; k < cores; k++) pixels[at + core[k]] = colour;
        const redBlue = colour & 0xff00ff;
        const green = colour & 0x00ff00;
        for (let k = 0; k < rims; k++) {
          const share = shares[k];
          const rest = 256 - share;
          const under = pixels[at + rim[k]];
          pixels[at + rim[k]] =
            0xff000000 |
            (((Math.imul(redBlue, share) + Math.imul(under & 0xff00ff, rest)) >>> 8) & 0xff00ff) |
            (((Math.imul(green, share) + Math.imul(under & 0x00ff00, rest)) >>> 8) & 0x00ff00);
        }
      }
    }
  }

  // What of the map is seen, with the margin: least and largest x, least and largest y.
  seen({ x, y, scale }) {
    const [across, tall] = [this.width / 2 + MARGIN, this.height / 2 + MARGIN].map((one) => one / scale);
    return [x - across, x + across, y - tall, y + tall];
  }

  // Names of clusters where there is room, the largest first; a cluster's name comes when its points are apart.
  label(clusters, shown, n, camera, style) {
    const { context, ratio } = this;
    const near = closeness(camera) ** 2;
    context.font = `600 ${11.5 * ratio}px ${style.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const taken = [];
    clusters.forEach(({ number, name, size, x, y }) => {
      if (taken.length >= MOST_LABELS || !shown(number) || (size / n) * near < 0.006) return;
      const [px, py] = toView(camera, this.width, this.height, x, y).map((one) => one * ratio);
      if (px < 0 || py < 0 || px > this.canvas.width || py > this.canvas.height) return;
      const half = context.measureText(name).width / 2 + 4 * ratio;
      const box = [px - half, px + half, py - 9 * ratio, py + 9 * ratio];
      if (taken.some((one) => box[0] < one[1] && one[0] < box[1] && box[2] < one[3] && one[2] < box[3])) return;
      taken.push(box);
      context.lineWidth = 3.5 * ratio;
      context.strokeStyle = style.background;
      context.strokeText(name, px, py);
      context.fillStyle = style.text;
      context.fillText(name, px, py);
    });
  }

  // A ring around one point.
  ring(x, y, camera, colour) {
    const [px, py] = toView(camera, this.width, this.height, x, y).map((one) => one * this.ratio);
    this.context.beginPath();
    this.context.arc(px, py, 8 * this.ratio, 0, 2 * Math.PI);
    this.context.lineWidth = 2 * this.ratio;
    this.context.strokeStyle = colour;
    this.context.stroke();
  }

  // A line that is being drawn around points, in pixels of the page.
  lasso(line, colour) {
    if (line.length < 2) return;
    this.context.beginPath();
    line.forEach(([px, py]) => this.context.lineTo(px * this.ratio, py * this.ratio));
    this.context.closePath();
    this.context.lineWidth = 1.5 * this.ratio;
    this.context.strokeStyle = colour;
    this.context.globalAlpha = 0.12;
    this.context.fillStyle = colour;
    this.context.fill();
    this.context.globalAlpha = 1;
    this.context.stroke();
  }
}

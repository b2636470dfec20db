// Colours of points: by cluster, by layer, or by a measure on a ramp. A colour is a pixel of an ImageData: 0xAABBGGRR.

const GOLDEN = 137.508;
const LAYERS = [162, 262, 75, 12, 305, 215];
const RAMP = { light: [[0.86, 0.06, 95], [0.66, 0.13, 160], [0.36, 0.12, 265]], dark: [[0.4, 0.1, 275], [0.66, 0.14, 165], [0.93, 0.13, 100]] };
const STEPS = 64;

// sRGB of a colour in OKLCH (Ottosson 2020), hue in degrees.
export function oklch(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((one) => {
    const part = Math.min(1, Math.max(0, one));
    return Math.round(255 * (part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055));
  });
}

export const pixel = ([r, g, b]) => (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
export const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

export function clusterColour(number, dark) {
  if (number < 0) return dark ? [84, 82, 78] : [196, 192, 186];
  const tone = (number % 3) * 0.05;
  return oklch((dark ? 0.7 : 0.58) + tone, 0.135, (160 + number * GOLDEN) % 360);
}

export function layerColour(place, dark) {
  return oklch(dark ? 0.74 : 0.6, 0.14, LAYERS[place % LAYERS.length]);
}

export function rampColour(part, dark) {
  const stops = RAMP[dark ? "dark" : "light"];
  const place = Math.min(1, Math.max(0, part)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(place));
  const mix = stops[low].map((value, i) => value + (stops[low + 1][i] - value) * (place - low));
  return oklch(...mix);
}

// Ends of a measure's ramp: the 1st and 99th of a hundred points, so that a few odd ones do not flatten the rest.
function ends(values) {
  const known = values.filter(Number.isFinite).sort();
  if (!known.length) return null;
  const at = (part) => known[Math.round(part * (known.length - 1))];
  return [at(0.01), at(0.99)];
}

// Pixels of all points, and what a legend says of them.
export function coloured(points, by, dark) {
  const pixels = new Uint32Array(points.n);
  if (by === "cluster" || by === "layer") {
    const colour = by === "cluster" ? clusterColour : layerColour;
    const known = new Map();
    const values = points[by];
    for (let i = 0; i < points.n; i++) {
      if (!known.has(values[i])) known.set(values[i], pixel(colour(values[i], dark)));
      pixels[i] = known.get(values[i]);
    }
    return { pixels, ramp: null };
  }
  const values = by === "density" ? points.density.map((one) => Math.log10(Math.max(one, 1e-8))) : points.score;
  const ramp = ends(values);
  const table = Array.from({ length: STEPS }, (_, i) => pixel(rampColour(i / (STEPS - 1), dark)));
  const unknown = pixel(clusterColour(-1, dark));
  const width = ramp ? ramp[1] - ramp[0] || 1 : 1;
  for (let i = 0; i < points.n; i++) {
    const part = ramp ? (values[i] - ramp[0]) / width : NaN;
    pixels[i] = Number.isNaN(part) ? unknown : table[Math.round(Math.min(1, Math.max(0, part)) * (STEPS - 1))];
  }
  return { pixels, ramp };
}

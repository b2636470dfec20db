import { useEffect, useMemo, useReducer, useRef, useState } from "react";
import { fitted, toMap, zoomed } from "./map_camera.js";
import { coloured, pixel } from "./map_colours.js";
import { keyed, listen } from "./map_gestures.js";
import { decode, inside, NONE, nearest } from "./map_points.js";
import { DIM, HIDDEN, MARKED, PLAIN, Raster } from "./map_raster.js";
import { Legend, Tools } from "./map_tools.jsx";
import { Words } from "./map_words.js";

// The features of a source on a plane. Everything that moves happens here; the page is told what was picked
// (source, index) and what was selected ([[source, indices], …] and how many in all).
const REACH = 14;
const SENT = 2000;
const PATIENCE = 220;
const MANY = 20000;
const AT_REST = 160;

export function FeatureMap({ address, picked, onPick, onSelect }) {
  const [points, setPoints] = useState(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const stop = new AbortController();
    setPoints(null);
    setProblem("");
    read(address, stop.signal).then(setPoints, (error) => stop.signal.aborted || setProblem(error.message));
    return () => stop.abort();
  }, [address]);
  if (problem) return <div className="notice rose" role="alert">{problem}</div>;
  if (!points) return <div className="map-frame" aria-busy="true" />;
  return <Drawn key={address} {...{ address, points, picked, onPick, onSelect }} />;
}

async function read(address, signal) {
  const answer = await fetch(`${address}/points`, { signal });
  if (answer.ok) return decode(await answer.arrayBuffer());
  throw new Error((await answer.json().catch(() => ({}))).message ?? `The map cannot be read (${answer.status}).`);
}

function Drawn({ address, points, picked, onPick, onSelect }) {
  const ways = useMemo(() => waysOf(points), [points]);
  const [by, setBy] = useState(ways[0]);
  const [isDrawing, setDrawing] = useState(false);
  const [hidden, toggle] = useReducer(toggled, new Set());
  const [only, setOnly] = useState(null);
  const [query, setQuery] = useState("");
  const [hits, setHits] = useState(null);
  const [selected, setSelected] = useState(null);
  const [hover, setHover] = useState(null);
  const dark = useDark();
  const canvas = useRef(null);
  const own = useRef({ camera: null, line: [], words: new Words(address), frames: 0 }).current;
  const colours = useMemo(() => coloured(points, by, dark), [points, by, dark]);
  const marked = selected ?? hits;
  const states = useMemo(() => statesOf(points, hidden, only, marked), [points, hidden, only, marked]);
  const ring = useMemo(() => placeOf(points, picked), [points, picked]);
  Object.assign(own, { points, colours, states, ring, dark, isMarking: marked !== null || only !== null, isDrawing });

  const map = useMemo(() => makeMap(own, canvas), [own]);
  Object.assign(map, {
    hover: (i, px, py) => setHover(i === NONE ? null : { i, px, py }),
    picked: (i) => onPick?.(points.head.layers[points.layer[i]].source, points.index[i]),
    lassoed: (found) => {
      setDrawing(false);
      choose(found);
    },
  });
  const choose = (found) => {
    setSelected(found.length ? new Set(found) : null);
    onSelect?.(named(points, found.slice(0, SENT)), found.length);
  };

  useEffect(() => map.begin(), [map]);
  useEffect(() => map.redraw(), [map, colours, states, ring, dark]);
  useEffect(() => search(address, query, points, setHits), [address, query, points]);

  const onKeyDown = (event) => {
    const camera = keyed(event, own.camera, map.size());
    if (camera) map.look(camera);
    else if (event.key === "0" || event.key === "Home") map.fit();
    else if (event.key === "Enter") map.pick(...map.size().map((one) => one / 2));
    else if (event.key === "Escape") {
      if (isDrawing) setDrawing(false);
      else if (selected) choose([]);
      else [setQuery(""), setOnly(null)];
    } else return;
    event.preventDefault();
  };
  const words = hover && own.words.of(points, hover.i);
  return (
    <div className="map" data-points={points.n} data-marked={marked ? marked.size : ""} data-by={by}>
      <Tools
        {...{ by, ways, setBy, isDrawing, setDrawing, query, setQuery }}
        found={hits && hits.size}
        zoom={(factor) => map.look(zoomed(own.camera, ...map.size(), ...map.size().map((one) => one / 2), factor))}
        fit={map.fit}
        take={() => choose([...hits])}
      />
      <div className="map-frame">
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-label={`Map of ${points.n} features. Arrows move, plus and minus zoom, Enter opens the feature in the middle, Escape clears.`}
          className={isDrawing ? "drawing" : ""}
          onKeyDown={onKeyDown}
        />
        {hover && <Label {...{ points, hover, words }} />}
        {selected && (
          <button type="button" className="btn small map-clear" onClick={() => choose([])}>
            Clear selection
          </button>
        )}
      </div>
      <Legend {...{ points, by, ramp: colours.ramp, dark, hidden, toggle, only, setOnly }} />
    </div>
  );
}

function Label({ points, hover, words }) {
  const { i, px, py } = hover;
  const name = points.head.layers.length > 1 ? `${points.head.layers[points.layer[i]].source}/` : "";
  return (
    <div className="tip map-tip" style={{ left: px, top: py }}>
      <b>{name}{points.index[i]}</b> <bdi>{words === undefined ? "…" : words || "not explained yet"}</bdi>
    </div>
  );
}

// Camera, drawing and pointing, without React: state changes only where something but the view changes.
function makeMap(own, canvas) {
  let raster = null;
  let frame = 0;
  let rest = 0;
  const size = () => [raster.width, raster.height];
  const seen = (i) => own.states[i] !== HIDDEN && !(own.isMarking && own.states[i] === DIM && own.points.n > MANY);
  const map = {
    size,
    get camera() {
      return own.camera;
    },
    begin() {
      raster = new Raster(canvas.current);
      const fill = () => {
        const box = canvas.current.parentElement.getBoundingClientRect();
        raster.resize(box.width, box.height, sharpness());
        if (own.camera) own.camera = { ...own.camera, ...limits(own.camera, fitted(own.points.head.bounds, ...size())) };
        else own.camera = fitted(own.points.head.bounds, ...size());
        draw();
      };
      fill();
      const watch = new ResizeObserver(fill);
      watch.observe(canvas.current.parentElement);
      const ignore = listen(canvas.current, map);
      return () => (watch.disconnect(), ignore(), cancelAnimationFrame(frame), clearTimeout(rest), (frame = 0));
    },
    look(camera) {
      own.camera = camera;
      map.hover(NONE);
      if (own.points.n > MANY && raster.ratio > 1) raster.resize(...size(), 1);
      clearTimeout(rest);
      rest = setTimeout(sharpen, AT_REST);
      map.redraw();
    },
    fit: () => map.look(fitted(own.points.head.bounds, ...size())),
    redraw() {
      if (raster && !frame) frame = requestAnimationFrame(draw);
    },
    at: (px, py, reach = REACH) =>
      nearest(own.points, ...toMap(own.camera, ...size(), px, py), reach / own.camera.scale, seen),
    point(px, py) {
      const i = map.at(px, py);
      map.hover(i, px, py);
      if (i === NONE) return;
      const [x, y] = [own.points.x[i], own.points.y[i]];
      const reach = 60 / own.camera.scale;
      const near = inside(own.points, [[x - reach, y - reach], [x + reach, y - reach], [x + reach, y + reach], [x - reach, y + reach]], seen);
      own.words.read(own.points, i, near).then((isNew) => isNew && map.hover(i, px, py));
    },
    leave: () => map.hover(NONE),
    pick(px, py, isTouch) {
      const i = map.at(px, py, isTouch ? 2 * REACH : REACH);
      if (i === NONE) return;
      map.picked(i);
      map.point(px, py);
    },
    isDrawing: (event) => own.isDrawing || event.shiftKey,
    line(drawn, isDone) {
      own.line = isDone ? [] : drawn;
      if (isDone && drawn.length > 2) {
        const wanted = (i) => own.states[i] === PLAIN || own.states[i] === MARKED;
        map.lassoed(inside(own.points, drawn.map((one) => toMap(own.camera, ...size(), ...one)), wanted));
      }
      map.redraw();
    },
  };
  // Many points are drawn with fewer pixels while the map moves, and with all of the screen's once it rests.
  function sharpen() {
    if (!frame && canvas.current && raster.ratio !== sharpness()) [raster.resize(...size(), sharpness()), draw()];
  }
  function draw() {
    frame = 0;
    const style = styleOf(canvas.current, own.dark);
    raster.draw(own.points, own.camera, own.colours.pixels, own.states, style.pixel, own.isMarking);
    raster.label(own.points.head.clusters, () => true, own.points.n, own.camera, style);
    if (own.ring !== NONE) raster.ring(own.points.x[own.ring], own.points.y[own.ring], own.camera, style.text);
    raster.lasso(own.line, style.accent);
    canvas.current.dataset.frames = ++own.frames;
    canvas.current.dataset.scale = (own.camera.scale / own.camera.whole).toFixed(3);
    canvas.current.dataset.middle = `${own.camera.x.toFixed(3)} ${own.camera.y.toFixed(3)}`;
  }
  return map;
}

const sharpness = () => Math.min(2, window.devicePixelRatio || 1);

const limits = (camera, fresh) => ({ least: fresh.least, most: fresh.most, whole: fresh.whole });

function styleOf(element, dark) {
  const style = getComputedStyle(element);
  const rgb = style.backgroundColor.match(/[\d.]+/g).slice(0, 3).map(Number);
  return {
    pixel: pixel(rgb),
    background: style.backgroundColor,
    text: style.color,
    accent: dark ? "#5ee0b0" : "#047857",
    font: style.fontFamily,
  };
}

const waysOf = ({ head }) => (head.layers.length > 1 ? ["layer", "cluster", "density", "score"] : ["cluster", "density", "score"]);

function toggled(hidden, place) {
  const next = new Set(hidden);
  if (!next.delete(place)) next.add(place);
  return next;
}

function statesOf({ n, layer, cluster }, hidden, only, marked) {
  const states = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    if (hidden.has(layer[i])) states[i] = HIDDEN;
    else if (marked === null && only === null) states[i] = PLAIN;
    else states[i] = (marked === null || marked.has(i)) && (only === null || cluster[i] === only) ? MARKED : DIM;
  }
  return states;
}

function placeOf(points, picked) {
  if (!picked) return NONE;
  const at = picked.lastIndexOf("/");
  const layer = points.head.layers.findIndex((one) => one.source === picked.slice(0, at));
  const index = Number(picked.slice(at + 1));
  for (let i = 0; i < points.n; i++) if (points.index[i] === index && points.layer[i] === layer) return i;
  return NONE;
}

function named(points, found) {
  const by = points.head.layers.map((layer) => [layer.source, []]);
  for (const i of found) by[points.layer[i]][1].push(points.index[i]);
  by.forEach((one) => one[1].sort((a, b) => a - b));
  return by.filter((one) => one[1].length);
}

function search(address, query, points, setHits) {
  if (!query.trim()) return void setHits(null);
  const stop = new AbortController();
  const timer = setTimeout(async () => {
    try {
      const answer = await fetch(`${address}/find?query=${encodeURIComponent(query)}`, { signal: stop.signal });
      if (!answer.ok) return;
      const found = await answer.json();
      const wanted = points.head.layers.map((layer) => new Set(found[layer.source] ?? []));
      const hits = new Set();
      for (let i = 0; i < points.n; i++) if (wanted[points.layer[i]].has(points.index[i])) hits.add(i);
      setHits(hits);
    } catch (error) {
      if (!stop.signal.aborted) setHits(new Set());
    }
  }, PATIENCE);
  return () => (clearTimeout(timer), stop.abort());
}

function useDark() {
  const read = () => document.documentElement.classList.contains("dark");
  const [dark, setDark] = useState(read);
  useEffect(() => {
    const watch = new MutationObserver(() => setDark(read()));
    watch.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    return () => watch.disconnect();
  }, []);
  return dark;
}

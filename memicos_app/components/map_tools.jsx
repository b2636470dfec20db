import { clusterColour, css, layerColour, rampColour } from "./map_colours.js";

// What stands around the points: how they are coloured and what the colours mean, which layers are shown, search,
// and buttons for what gestures and keys do.
const SHOWN_CLUSTERS = 12;
const NAMES = { cluster: "Cluster", layer: "Layer", density: "Density", score: "Score" };

const count = (number) => number.toLocaleString("en");
const percent = (part) => `${(100 * part).toPrecision(2).replace(/\.?0+$/, "")} %`;

export function Tools({ by, ways, setBy, isDrawing, setDrawing, query, setQuery, found, zoom, fit, take }) {
  return (
    <div className="map-tools">
      <div className="seg" role="group" aria-label="Colour by">
        {ways.map((name) => (
          <button key={name} type="button" aria-pressed={by === name} onClick={() => setBy(name)}>
            {NAMES[name]}
          </button>
        ))}
      </div>
      <div className="search map-search">
        <input
          type="search"
          className="input small"
          placeholder="Find on the map"
          aria-label="Find features on the map by their explanation"
          maxLength={200}
          autoComplete="off"
          value={query}
          data-key="f"
          data-key-label="find on the map"
          onChange={(event) => setQuery(event.target.value)}
        />
        <kbd className="kbd" aria-hidden="true">f</kbd>
      </div>
      <span className="small muted map-found" role="status">
        {found === null ? "" : `${count(found)} found`}
      </span>
      {found > 0 && (
        <button type="button" className="btn small" onClick={take}>
          List them
        </button>
      )}
      <span className="grow" />
      <button
        type="button"
        className="btn small"
        aria-pressed={isDrawing}
        data-key="l"
        data-key-label="draw around features"
        title="Draw a line around features to list them; also with Shift held"
        onClick={() => setDrawing(!isDrawing)}
      >
        Lasso <kbd className="kbd hide-phone" aria-hidden="true">l</kbd>
      </button>
      <button type="button" className="btn small icon" aria-label="Closer" onClick={() => zoom(1.5)}>+</button>
      <button type="button" className="btn small icon" aria-label="Farther" onClick={() => zoom(1 / 1.5)}>−</button>
      <button type="button" className="btn small" onClick={fit}>Whole map</button>
    </div>
  );
}

export function Legend({ points, by, ramp, dark, hidden, toggle, only, setOnly }) {
  const { layers, clusters } = points.head;
  return (
    <div className="map-legend small">
      {layers.length > 1 && (
        <div className="map-keys" role="group" aria-label="Layers shown">
          {layers.map((layer, place) => (
            <label key={layer.source} className="switch">
              <input type="checkbox" checked={!hidden.has(place)} onChange={() => toggle(place)} />
              {by === "layer" && <i className="map-key" style={{ background: css(layerColour(place, dark)) }} />}
              <span className="iso">{layer.source}</span> <span className="faint num">{count(layer.n)}</span>
            </label>
          ))}
        </div>
      )}
      {by === "cluster" && (
        <div className="map-keys" role="group" aria-label="Clusters, the largest first">
          {clusters.slice(0, SHOWN_CLUSTERS).map(({ number, name, size }) => (
            <button
              key={number}
              type="button"
              aria-pressed={only === number}
              title={`${count(size)} features; press to see these alone`}
              onClick={() => setOnly(only === number ? null : number)}
            >
              <i className="map-key" style={{ background: css(clusterColour(number, dark)) }} />
              <span className="iso">{name}</span>
            </button>
          ))}
          {clusters.length > SHOWN_CLUSTERS && (
            <span className="faint">and {count(clusters.length - SHOWN_CLUSTERS)} smaller clusters</span>
          )}
        </div>
      )}
      {(by === "density" || by === "score") && <Ramp by={by} ramp={ramp} dark={dark} />}
    </div>
  );
}

function Ramp({ by, ramp, dark }) {
  if (!ramp) return <span className="muted">No feature here has a {by} yet.</span>;
  const stops = [0, 0.25, 0.5, 0.75, 1].map((part) => css(rampColour(part, dark)));
  const said = by === "density" ? (end) => percent(10 ** end) : (end) => end.toFixed(2);
  return (
    <div className="map-keys">
      <span className="muted">{by === "density" ? "fires on" : "score"}</span>
      <span className="num">{said(ramp[0])}</span>
      <i className="map-ramp" style={{ background: `linear-gradient(90deg, ${stops.join(", ")})` }} />
      <span className="num">{said(ramp[1])}</span>
      <span className="faint">{by === "density" ? "of tokens" : "grey: not scored"}</span>
    </div>
  );
}

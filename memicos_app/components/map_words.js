// What points mean, asked for when they are pointed at: a few near ones at once, each only once.

const TOGETHER = 40;

export class Words {
  constructor(address) {
    this.address = address;
    this.known = new Map();
    this.asked = new Set();
  }

  of(points, i) {
    return this.known.get(i);
  }

  // Read the words of a point and of some near it; true once there is something new to show.
  async read(points, i, near) {
    if (this.known.has(i) || this.asked.has(i)) return false;
    const layer = points.layer[i];
    const wanted = [i, ...near.filter((k) => points.layer[k] === layer && !this.known.has(k) && !this.asked.has(k))];
    const some = wanted.slice(0, TOGETHER);
    some.forEach((k) => this.asked.add(k));
    const source = encodeURIComponent(points.head.layers[layer].source);
    const indices = some.map((k) => points.index[k]).join(",");
    try {
      const answer = await fetch(`${this.address}/words/${source}?indices=${indices}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const words = await answer.json();
      some.forEach((k) => this.known.set(k, words[points.index[k]] ?? ""));
      return true;
    } catch {
      return false;
    } finally {
      some.forEach((k) => this.asked.delete(k));
    }
  }
}

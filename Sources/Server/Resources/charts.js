"use strict";

const svgElement = (name, attributes, parent, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
};

/** A line chart of the last two minutes, with its current value in words. */
class LiveChart {
  static width = 340;
  static right = 336;
  static height = 130;
  static left = 56;
  static bottom = 108;

  /** curves: the name of the value in a Change, and its label; say: formats a value as text. */
  constructor(parent, title, curves, say, ceiling) {
    this.title = title;
    this.curves = curves;
    this.say = say;
    this.ceiling = ceiling;
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    // No live region: a screen reader would read out six values a second.
    this.now = document.createElement("span");
    this.now.textContent = "–";
    caption.append(title, this.now);
    const viewBox = `0 0 ${LiveChart.width} ${LiveChart.height}`;
    this.svg = svgElement("svg", { class: "chart", viewBox, role: "img" });
    figure.append(caption, this.svg);
    parent.append(figure);
    this.draw([]);
  }

  draw(changes) {
    const highest = Math.max(0, ...changes.flatMap((change) => this.curves.map(([key]) => change[key] ?? 0)));
    const top = this.ceiling ?? LiveChart.roundedUp(highest);
    const end = changes.at(-1)?.time ?? 0;
    const { left, right, bottom, height } = LiveChart;
    const x = (time) => right - ((end - time) / FollowedReplica.window) * (right - left);
    const y = (value) => bottom - (Math.min(value, top) / top) * (bottom - 10);
    this.svg.replaceChildren();
    for (const share of [0, 0.5, 1]) {
      const at = y(share * top);
      svgElement("line", { class: "grid", x1: left, x2: right, y1: at, y2: at }, this.svg);
      const label = { x: left - 6, y: at + 4, "text-anchor": "end" };
      svgElement("text", label, this.svg, this.say(share * top));
    }
    svgElement("text", { x: left, y: height - 6 }, this.svg, "2 minutes ago");
    svgElement("text", { x: right, y: height - 6, "text-anchor": "end" }, this.svg, "now");
    this.curves.forEach(([key], index) => this.drawCurve(changes, key, index, x, y));
    this.describe(changes, highest);
  }

  drawCurve(changes, key, index, x, y) {
    for (const part of LiveChart.withoutGaps(changes, key)) {
      const points = part.map((change) => `${x(change.time).toFixed(1)} ${y(change[key]).toFixed(1)}`);
      // A single point is drawn, too: a line of no length with round ends.
      const isPoint = part.length === 1;
      const path = `M${points.join("L")}${isPoint ? "h0" : ""}`;
      if (this.curves.length === 1 && !isPoint) {
        const [first, last] = [part[0], part.at(-1)].map((change) => x(change.time).toFixed(1));
        const area = `${path}L${last} ${LiveChart.bottom}L${first} ${LiveChart.bottom}Z`;
        svgElement("path", { class: "area", d: area }, this.svg);
      }
      const style = `curve${index > 0 ? " second" : ""}${isPoint ? " point" : ""}`;
      svgElement("path", { class: style, d: path }, this.svg);
    }
  }

  describe(changes, highest) {
    const last = changes.at(-1);
    const values = this.curves.map(([key, label]) => {
      const value = last?.[key];
      return [label, value === undefined || value === null ? "–" : this.say(value)];
    });
    this.now.replaceChildren(...values.flatMap(([label, value], index) => {
      if (!label) return [value];
      const mark = document.createElement("span");
      mark.className = index > 0 ? "second-mark" : "first-mark";
      mark.textContent = `${index > 0 ? " " : ""}${label} ${value}`;
      return [mark];
    }));
    const words = values.map(([label, value]) => `${label} ${value === "–" ? "nothing yet" : value}`.trim());
    const all = `${this.title}: ${words.join(", ")}; highest in two minutes ${this.say(highest)}`;
    this.svg.setAttribute("aria-label", all);
  }

  /** Consecutive readings that have the value. */
  static withoutGaps(changes, key) {
    const parts = [[]];
    for (const change of changes) change[key] === null ? parts.push([]) : parts.at(-1).push(change);
    return parts.filter((part) => part.length > 0);
  }

  /** The next of 1, 2, 4, 10 …: half of each is round too. */
  static roundedUp(value) {
    if (value <= 0) return 1;
    const unit = 10 ** Math.floor(Math.log10(value));
    return unit * [1, 2, 4, 10].find((step) => step * unit >= value);
  }
}

const inDigits = (value) => `${Number(value.toPrecision(3))}`;
const inNumber = (value) => (value >= 10_000 ? `${inDigits(value / 1000)}k` : inDigits(value));
const inTime = (seconds) => {
  if (seconds >= 1) return `${inDigits(seconds)} s`;
  return seconds >= 0.001 ? `${inDigits(seconds * 1e3)} ms` : `${inDigits(seconds * 1e6)} µs`;
};

/** Polls /metrics and draws its values. */
class LiveCharts {
  static interval = 1000;
  /** A server that does not respond, or hides /metrics, is polled less often. */
  static intervalOfFailures = 10_000;

  constructor() {
    const parent = document.getElementById("charts");
    this.charts = [
      new LiveChart(parent, "Requests a second", [["rate", ""]], inNumber),
      new LiveChart(parent, "Latency", [["median", "p50"], ["tail", "p99"]], inTime),
      new LiveChart(parent, "Hit rate", [["hitRate", ""]], (share) => `${inDigits(100 * share)} %`, 1),
      new LiveChart(parent, "In flight", [["inFlight", ""]], inNumber),
      new LiveChart(parent, "Rejected a second", [["refused", ""]], inNumber),
      new LiveChart(parent, "Busy cores", [["cores", ""]], inNumber),
    ];
    this.replica = new FollowedReplica();
    this.select = document.getElementById("instances");
    this.select.addEventListener("change", () => this.replica.follow(this.select.value));
    this.poll();
  }

  async poll() {
    let interval = LiveCharts.interval;
    if (!document.hidden) {
      try {
        const { answer, text } = await Calls.send("/metrics");
        if (!answer.ok) throw new Error(`It responds with ${answer.status}.`);
        const scrape = new Scrape(text, performance.now());
        if (!scrape.build) throw new Error("It has no bungalow_build_info.");
        this.show(scrape);
      } catch (error) {
        this.fail(error);
        interval = LiveCharts.intervalOfFailures;
      }
    }
    setTimeout(() => this.poll(), interval);
  }

  show(scrape) {
    document.getElementById("live-failure").hidden = true;
    const isFollowed = this.replica.take(scrape);
    const { instance, known, others, changes } = this.replica;
    const build = known.get(instance);
    const away = others > 0 ? ` · the last ${others} samples came from other replicas and are not shown` : "";
    const words = `Instance ${instance} · release ${build.version} · model ${build.model_version}${away}`;
    document.getElementById("replica").textContent = words;
    document.getElementById("instances-part").hidden = known.size < 2;
    if (this.select.options.length !== known.size || !known.has(this.select.value)) {
      this.select.replaceChildren(...[...known.keys()].sort().map((name) => new Option(name.slice(0, 8), name)));
    }
    this.select.value = instance;
    if (isFollowed) for (const chart of this.charts) chart.draw(changes);
  }

  fail(error) {
    const banner = document.getElementById("live-failure");
    const hint = "A gateway may hide it.";
    banner.textContent = `The charts need /metrics, which cannot be read here. ${error.message} ${hint}`;
    banner.hidden = false;
  }
}

"use strict";

/** One reading of /metrics in Prometheus' text format; only what the charts show is kept. */
class Scrape {
  /** The routes that run the model; the page's own polls do not count as load. */
  static scoring = new Set(["/predict", "/score", "/test", "/v2/models/housing/infer"]);

  constructor(text, time) {
    this.time = time;
    this.samples = [];
    for (const line of text.split("\n")) {
      const found = /^(?:bungalow_)?(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (!found) continue;
      const pairs = [...(found[2] ?? "").matchAll(/(\w+)="([^"]*)"/g)];
      const labels = Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
      this.samples.push({ name: found[1], labels, value: Number(found[3]) });
    }
    this.build = this.samples.find((sample) => sample.name === "build_info")?.labels;
  }

  /** The sum of the selected series of a family. */
  sum(name, isWanted = () => true) {
    return this.samples.reduce(
      (sum, sample) => (sample.name === name && isWanted(sample.labels) ? sum + sample.value : sum), 0);
  }

  /** Cumulative counts of scoring requests by the upper bound of their duration in seconds. */
  durations() {
    const counts = new Map();
    for (const { name, labels, value } of this.samples) {
      if (name !== "request_duration_seconds_bucket" || !Scrape.scoring.has(labels.route)) continue;
      const bound = labels.le === "+Inf" ? Infinity : Number(labels.le);
      counts.set(bound, (counts.get(bound) ?? 0) + value);
    }
    return [...counts].sort((one, other) => one[0] - other[0]);
  }
}

/** What happened between two readings of one instance; null where there is nothing to show. */
class Change {
  constructor(before, after) {
    const seconds = (after.time - before.time) / 1000;
    const grown = (name, isWanted) => Math.max(0, after.sum(name, isWanted) - before.sum(name, isWanted));
    const isScoring = (labels) => Scrape.scoring.has(labels.route);
    const lookUps = grown("cache_lookups_total");
    const earlier = new Map(before.durations());
    const buckets = after.durations().map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)]);
    this.time = after.time;
    this.rate = grown("requests_total", isScoring) / seconds;
    this.median = Change.quantile(0.5, buckets);
    this.tail = Change.quantile(0.99, buckets);
    this.hitRate = lookUps > 0 ? grown("cache_lookups_total", (labels) => labels.result === "hit") / lookUps : null;
    this.inFlight = after.sum("in_flight_requests");
    this.refused = grown("rejected_requests_total") / seconds;
    this.cores = grown("process_cpu_seconds_total") / seconds;
  }

  /** Linear within a bucket, as Prometheus' histogram_quantile is. */
  static quantile(share, buckets) {
    const total = buckets.at(-1)?.[1] ?? 0;
    if (total === 0) return null;
    let lower = 0, below = 0;
    for (const [bound, count] of buckets) {
      if (count >= share * total) {
        return bound === Infinity ? lower : lower + ((bound - lower) * (share * total - below)) / (count - below);
      }
      lower = bound;
      below = count;
    }
    return null;
  }
}

/** Behind a balancer each poll may reach another replica: one is followed, samples of others are dropped. */
class FollowedReplica {
  static window = 120_000;
  static limit = 100;
  /** How many samples in a row from other replicas mean that the followed one has gone. */
  static patience = 20;
  /** The same if all are from one that was not seen before, as after a restart at the same address. */
  static patienceWithNewcomer = 4;

  constructor() {
    this.known = new Map();
    this.changes = [];
    this.others = 0;
  }

  /** Takes a reading; returns whether it belongs to the followed instance. */
  take(scrape) {
    const instance = scrape.build.instance;
    const isNew = !this.known.has(instance);
    // The most recently seen is last; beyond the limit the oldest are dropped, such as those before restarts.
    this.known.delete(instance);
    this.known.set(instance, scrape.build);
    for (const name of this.known.keys()) {
      if (this.known.size > FollowedReplica.limit && name !== this.instance) this.known.delete(name);
    }
    if (this.instance === undefined) this.follow(instance);
    if (instance !== this.instance && this.isAwayAfter(instance, isNew)) {
      this.known.delete(this.instance);
      this.follow(instance);
    }
    if (instance !== this.instance) return false;
    this.others = 0;
    if (this.last) this.changes.push(new Change(this.last, scrape));
    this.last = scrape;
    this.changes = this.changes.filter((change) => change.time > scrape.time - FollowedReplica.window);
    return true;
  }

  /** Whether this sample of another instance shows that the followed one has gone. */
  isAwayAfter(instance, isNew) {
    this.others++;
    if (this.others === 1) this.newcomer = isNew ? instance : undefined;
    if (instance !== this.newcomer) this.newcomer = undefined;
    const { patience, patienceWithNewcomer } = FollowedReplica;
    return this.others >= (this.newcomer === undefined ? patience : patienceWithNewcomer);
  }

  follow(instance) {
    this.instance = instance;
    this.last = undefined;
    this.changes = [];
    this.others = 0;
  }
}

// What a run is told in the environment; README.md lists the variables.

import { parseCacheRate } from './schedule.js';

function number(name, fallback, least = 0) {
  const text = __ENV[name] || String(fallback);
  const value = Number(text);
  if (!(Number.isFinite(value) && value >= least)) {
    throw new Error(`${name}=${text} is not allowed: use a number from ${least} on`);
  }
  return value;
}

function firstKey(file) {
  const keys = open(file).split('\n').map((line) => line.trim()).filter((line) => line !== '' && line[0] !== '#');
  if (keys.length === 0) throw new Error(`API_KEY_FILE=${file} holds no key`);
  return keys[0];
}

const payload = __ENV.PAYLOAD_FILE ? open(__ENV.PAYLOAD_FILE) : null;

export const settings = {
  url: `${(__ENV.TARGET || 'http://127.0.0.1:8000').replace(/\/+$/, '')}/predict`,
  payload,
  // A fixed body is a hot record of one's own.
  cacheRate: parseCacheRate(payload === null ? __ENV.CACHE_RATE || '0' : '1'),
  hotRecords: payload === null ? number('HOT_RECORDS', 1, 1) : 1,
  hotSkew: number('HOT_SKEW', 0),
  warmRounds: number('WARM_ROUNDS', 3, 1),
  warmSeconds: number('WARM_SECONDS', 60),
  model: __ENV.MODEL || 'closed',
  users: number('USERS', 100, 1),
  rate: number('RATE', 100, 1),
  calls: number('CALLS', 0),
  rampSeconds: number('RAMP_SECONDS', 60),
  holdSeconds: number('HOLD_SECONDS', 300),
  downSeconds: number('DOWN_SECONDS', 5),
  thinkSeconds: number('THINK_TIME_MS', 0) / 1000,
  timeoutSeconds: number('TIMEOUT_SECONDS', 10, 0.001),
  summaryFile: __ENV.SUMMARY_FILE || 'cache-rate.k6.json',
  headers: Object.assign(
    { 'Content-Type': 'application/json', 'User-Agent': __ENV.CLIENT_NAME || 'bungalow-loadtest' },
    __ENV.API_KEY_FILE ? { Authorization: `Bearer ${firstKey(__ENV.API_KEY_FILE)}` } : {},
  ),
};

// Thresholds end k6 with exit code 99: percentiles of the sustained phase, and the share of calls without a 200.
export function thresholds() {
  const found = {};
  const percentiles = { P50_MS: 'p(50)', P90_MS: 'p(90)', P95_MS: 'p(95)', P99_MS: 'p(99)', P999_MS: 'p(99.9)' };
  const latencies = Object.keys(percentiles)
    .filter((name) => __ENV[name])
    .map((name) => `${percentiles[name]}<${number(name, 0)}`);
  if (latencies.length > 0) found.latency_sustained = latencies;
  if (__ENV.MAX_FAILED) found.failed = [`rate<=${number('MAX_FAILED', 0)}`];
  return found;
}

// How calls arrive: CALLS calls, or users who wait for their answers (closed), or a rate whatever the answers (open).
export function scenario() {
  const gracefulStop = `${settings.timeoutSeconds + 5}s`;
  if (settings.calls > 0) {
    const vus = Math.min(settings.users, settings.calls);
    return { executor: 'shared-iterations', vus, iterations: settings.calls, maxDuration: '24h', gracefulStop };
  }
  const [ramp, hold, down] = [settings.rampSeconds, settings.holdSeconds, settings.downSeconds].map((s) => `${s}s`);
  if (settings.model === 'closed') {
    const stages = [
      { duration: ramp, target: settings.users },
      { duration: hold, target: settings.users },
      { duration: down, target: 0 },
    ];
    const startVUs = settings.rampSeconds > 0 ? 1 : settings.users;
    return { executor: 'ramping-vus', startVUs, stages, gracefulRampDown: gracefulStop, gracefulStop };
  }
  if (settings.model !== 'open') throw new Error(`MODEL=${settings.model} is not allowed: use closed or open`);
  const users = { timeUnit: '1s', preAllocatedVUs: settings.users, maxVUs: settings.users, gracefulStop };
  if (settings.rampSeconds === 0) {
    return { executor: 'constant-arrival-rate', rate: settings.rate, duration: hold, ...users };
  }
  const stages = [
    { duration: ramp, target: settings.rate },
    { duration: hold, target: settings.rate },
  ];
  return { executor: 'ramping-arrival-rate', startRate: 0, stages, ...users };
}

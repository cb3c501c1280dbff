// Posts one record per request to /predict at an exact cache rate. loadtest/cache-rate runs it and proves the rate;
// settings.py shows how to run it on its own: then it still measures, but does not read the servers' counters.

import exec from 'k6/execution';
import http from 'k6/http';
import { sleep } from 'k6';
import { Counter, Rate, Trend } from 'k6/metrics';
import { coldBody, hotBody, hotChoice, newNonce } from './records.js';
import { hotBefore, isHot } from './schedule.js';
import { scenario, settings } from './settings.js';

const outcomes = ['hit', 'miss', 'bypass', 'refused', 'errors', 'timeouts'];
const tallies = (plan) => Object.fromEntries(outcomes.map((outcome) => [outcome, new Counter(`${plan}_${outcome}`)]));
const calls = { hot: tallies('hot'), cold: tallies('cold'), warm: tallies('warm') };
const issued = new Counter('issued');
const failed = new Rate('failed');
// Latency of requests that got a 200, by the phase in which they began. The down phase is not counted.
const latency = { peak: new Trend('latency_peak', true), sustained: new Trend('latency_sustained', true) };
const chooseHot = hotChoice(settings.hotRecords, settings.hotSkew);
const requestTimeout = 1050;

// k6 reports a tagged value only if a threshold names it; an empty threshold always passes.
const parts = Array.from({ length: settings.parts }, (_, number) => [`latency_sustained{part:${number}}`, []]);

export const options = {
  scenarios: { cache_rate: scenario() },
  thresholds: { ...Object.fromEntries(parts), ...settings.thresholds },
  discardResponseBodies: true,
  setupTimeout: `${settings.warmSeconds + 60}s`,
  summaryTrendStats: ['count', 'p(50)', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max'],
};

function post(body) {
  return http.post(settings.url, body, {
    headers: settings.headers,
    timeout: `${settings.timeoutSeconds}s`,
    redirects: 0,
  });
}

function outcomeOf(response) {
  if (response.status === 503) return 'refused';
  if (response.error_code === requestTimeout) return 'timeouts';
  const lookUp = response.status === 200 ? (response.headers['X-Cache'] || '').toLowerCase() : '';
  return ['hit', 'miss', 'bypass'].includes(lookUp) ? lookUp : 'errors';
}

function hotBodies(nonce) {
  if (settings.payload !== null) return [settings.payload];
  return Array.from({ length: settings.hotRecords }, (_, number) => hotBody(number, nonce));
}

// Repeats the hot records until every response of several rounds is a HIT: each replica may have a cache of its own.
function warmUp(nonce) {
  const deadline = Date.now() + settings.warmSeconds * 1000;
  let last = '';
  for (let clean = 0; clean < settings.warmRounds; ) {
    const misses = hotBodies(nonce).map(post).map(outcomeOf).filter((outcome) => {
      calls.warm[outcome].add(1);
      last = outcome === 'hit' ? last : outcome;
      return outcome !== 'hit';
    });
    clean = misses.length === 0 ? clean + 1 : 0;
    if (Date.now() > deadline) {
      exec.test.abort(`after ${settings.warmSeconds} s the hot records are still not hits, but: ${last}`);
    }
    if (misses.length > 0) sleep(0.01);
  }
}

export function setup() {
  const nonce = newNonce();
  if (settings.cacheRate.hot > 0) warmUp(nonce);
  // For k6_run.py, which counts the time from here.
  console.info('the requests begin');
  return { nonce };
}

// The phase in which a request begins and, during the hold, its part.
function phase() {
  if (settings.calls > 0) return { name: 'sustained', tags: {} };
  const seconds = (Date.now() - exec.scenario.startTime) / 1000 - settings.rampSeconds;
  if (seconds < 0) return { name: 'peak', tags: {} };
  if (seconds >= settings.holdSeconds) return { name: 'down', tags: {} };
  const part = Math.floor((seconds * settings.parts) / settings.holdSeconds);
  return { name: 'sustained', tags: { part: `${part}` } };
}

export default function ({ nonce }) {
  const index = exec.scenario.iterationInTest;
  const hot = isHot(settings.cacheRate, index);
  const hotNumber = hot ? chooseHot(hotBefore(settings.cacheRate, index)) : 0;
  const body = settings.payload || (hot ? hotBody(hotNumber, nonce) : coldBody(index, nonce));
  const began = phase();
  issued.add(1);
  const response = post(body);
  calls[hot ? 'hot' : 'cold'][outcomeOf(response)].add(1);
  failed.add(response.status !== 200);
  if (response.status === 200 && began.name !== 'down') latency[began.name].add(response.timings.duration, began.tags);
  if (settings.thinkSeconds > 0) sleep(settings.thinkSeconds);
}

export function handleSummary(data) {
  return { [settings.summaryFile]: JSON.stringify(data, null, 2) };
}

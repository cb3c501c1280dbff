// Holds k6/schedule.js and k6/records.js to the same answers as the Python modules; test_schedule.py runs it.
import { coldBody, hotBody, hotChoice } from '../k6/records.js';
import { hotBefore, isHot, parseCacheRate } from '../k6/schedule.js';

const cases = JSON.parse(open('./schedule_cases.json'));

function hotAmong(rate, calls) {
  let hot = 0;
  for (let index = 0; index < calls; index += 1) {
    if (hotBefore(rate, index) !== hot) throw new Error(`hotBefore ${index}`);
    if (isHot(rate, index)) hot += 1;
  }
  return hot;
}

function isRefused(text) {
  try {
    parseCacheRate(text);
    return false;
  } catch (error) {
    return true;
  }
}

export default function () {}

export function handleSummary() {
  const answers = {
    patterns: cases.patterns.map(({ rate, hot }) =>
      Array.from(hot, (_, index) => (isHot(parseCacheRate(rate), index) ? '1' : '0')).join('')),
    counts: cases.counts.map(({ rate, calls }) => hotAmong(parseCacheRate(rate), calls)),
    refused: cases.refused.map(isRefused),
    far: isHot(parseCacheRate('0.999999'), 999999999999),
    bodies: [hotBody(7, '000000042'), coldBody(123456, '000000042')],
    inTurn: Array.from({ length: 7 }, (_, place) => hotChoice(3, 0)(place)),
    zipf: Array.from({ length: 500 }, (_, place) => hotChoice(20, 1.1)(place)),
  };
  return { 'answers.json': JSON.stringify(answers) };
}

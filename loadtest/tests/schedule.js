// Holds schedule.js and records.js to the same results as the Python modules. test_schedule.py runs it, and passes the
// cases with their rates as fractions.
import { coldBody, hotBody, hotChoice } from '../records.js';
import { hotBefore, isHot } from '../schedule.js';

const cases = JSON.parse(open(__ENV.CASES));

function hotAmong(rate, calls) {
  let hot = 0;
  for (let index = 0; index < calls; index += 1) {
    if (hotBefore(rate, index) !== hot) throw new Error(`hotBefore ${index}`);
    if (isHot(rate, index)) hot += 1;
  }
  return hot;
}

export default function () {}

export function handleSummary() {
  const answers = {
    patterns: cases.patterns.map(({ rate, calls }) =>
      Array.from({ length: calls }, (_, index) => (isHot(rate, index) ? '1' : '0')).join('')),
    counts: cases.counts.map(({ rate, calls }) => hotAmong(rate, calls)),
    far: isHot(cases.far, 999999999999),
    bodies: [hotBody(7, '000000042'), coldBody(123456, '000000042')],
    inTurn: Array.from({ length: 7 }, (_, place) => hotChoice(3, 0)(place)),
    zipf: Array.from({ length: 500 }, (_, place) => hotChoice(20, 1.1)(place)),
  };
  return { 'answers.json': JSON.stringify(answers) };
}

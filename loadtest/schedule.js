// Which calls of a run are hot: call i is hot iff floor((i + 1) c) > floor(i c), computed with whole numbers.
// scenario/schedule.py is the same in Python; tests/schedule_cases.json holds both to the same answers.

const decimals = 6;

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

// The share of hot calls as a fraction in lowest terms. 1 and everything above mean that all calls are hot.
export function parseCacheRate(text) {
  const found = text.match(/^(\d{1,9})(?:\.(\d{1,6}))?$/);
  if (!found) {
    throw new Error(`CACHE_RATE=${text} is not allowed: use a number from 0 to 1 with at most ${decimals} decimals`);
  }
  const period = 10 ** decimals;
  const hot = Math.min(Number(found[1]) * period + Number((found[2] || '0').padEnd(decimals, '0')), period);
  const divisor = greatestCommonDivisor(hot, period);
  return { hot: hot / divisor, period: period / divisor };
}

// No product exceeds 10^12, so all are exact in float64.
export function isHot(rate, index) {
  return (((index % rate.period) * rate.hot) % rate.period) + rate.hot >= rate.period;
}

// How many of the calls before this one are hot.
export function hotBefore(rate, index) {
  const product = index * rate.hot;
  return (product - (product % rate.period)) / rate.period;
}

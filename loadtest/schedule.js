// Which requests of a run are hot: request i is hot iff floor((i + 1) c) > floor(i c), computed with whole numbers.
// schedule.py is the same in Python, and reads the rate as the fraction hot / period; tests/schedule_cases.json holds
// both to the same results.

// No product exceeds 10^12, so all are exact in float64.
export function isHot(rate, index) {
  return (((index % rate.period) * rate.hot) % rate.period) + rate.hot >= rate.period;
}

// How many of the requests before this one are hot.
export function hotBefore(rate, index) {
  const product = index * rate.hot;
  return (product - (product % rate.period)) / rate.period;
}

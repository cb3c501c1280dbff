// The records that are posted. records.py is the same in Python, and describes their fields.

function body(population, nonce) {
  return (
    `[{"MedInc":8.3252,"HouseAge":41,"AveRooms":6.98,"AveBedrms":1.02,"Population":${population},` +
    `"AveOccup":2.${nonce},"Latitude":37.88,"Longitude":-122.23}]`
  );
}

export function newNonce() {
  return String(Math.floor(Math.random() * 1e9)).padStart(9, '0');
}

export function hotBody(number, nonce) {
  return body(`500.${String(number).padStart(9, '0')}`, nonce);
}

export function coldBody(index, nonce) {
  return body(`1000.${String(index).padStart(9, '0')}`, nonce);
}

// Which hot record a request takes: in turn, or by Zipf's law if the skew is above 0.
export function hotChoice(count, skew) {
  if (!(skew > 0)) return (place) => place % count;
  const weights = Array.from({ length: count }, (_, k) => (k + 1) ** -skew);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let reached = 0;
  const bounds = weights.map((weight) => (reached += weight / total));
  return (place) => {
    const fraction = (place * 0.6180339887498949) % 1;
    const found = bounds.findIndex((bound) => fraction < bound);
    return found < 0 ? count - 1 : found;
  };
}

"use strict";

const byID = (id) => document.getElementById(id);

/** The eight features: a field's label, its unit and bounds, and its initial value. */
const features = [
  { name: "MedInc", title: "Median income", hint: "10 000 USD a year, 0 or more", value: "8.3252", spread: 4 },
  { name: "HouseAge", title: "House age", hint: "years, 0 or more", value: "42", spread: 20 },
  { name: "AveRooms", title: "Rooms", hint: "per household, 0 or more", value: "6.98", spread: 2 },
  { name: "AveBedrms", title: "Bedrooms", hint: "per household, 0 or more", value: "1.02", spread: 0.2 },
  { name: "Population", title: "People", hint: "in the block, 0 or more", value: "322", spread: 200 },
  { name: "AveOccup", title: "People per household", hint: "0 or more", value: "2.55", spread: 1 },
  { name: "Latitude", title: "Latitude", hint: "degrees, −90 to 90", value: "37.88", spread: 1 },
  { name: "Longitude", title: "Longitude", hint: "degrees, −180 to 180", value: "-122.23", spread: 1 },
];

const makeField = ({ name, title, hint, value }) => {
  const part = Object.assign(document.createElement("div"), { className: "field" });
  const label = Object.assign(document.createElement("label"), { htmlFor: name, textContent: title });
  const note = Object.assign(document.createElement("p"), { className: "hint", id: `${name}-hint`, textContent: hint });
  const input = Object.assign(document.createElement("input"), { id: name, name, value, autocomplete: "off" });
  const error = Object.assign(document.createElement("p"), { className: "error", id: `${name}-error`, hidden: true });
  input.setAttribute("aria-describedby", `${name}-hint ${name}-error`);
  // The number pads of phones have no minus.
  if (name !== "Longitude" && name !== "Latitude") input.inputMode = "decimal";
  part.append(label, note, input, error);
  return part;
};

/** The form's house as JSON text. Text that is not a number is sent unchanged, for the server to judge. */
const houseText = (valueOf = (feature) => byID(feature.name).value.trim()) => {
  const isNumber = (text) => /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text);
  const fields = features.map((feature) => [feature.name, valueOf(feature)]).filter(([, text]) => text !== "");
  return `{${fields.map(([name, text]) => `"${name}":${isNumber(text) ? text : JSON.stringify(text)}`).join(",")}}`;
};

const scoring = new Calls(byID("answer"));
const apiKey = () => byID("key").value.trim();

const callWith = (house) => {
  const headers = { "Content-Type": "application/json" };
  if (apiKey()) headers.Authorization = `Bearer ${apiKey()}`;
  return { method: "POST", headers, body: `[${house}]` };
};

/* Errors */

const setError = (id, text) => {
  const [input, error] = [byID(id), byID(`${id}-error`)];
  error.textContent = text ?? "";
  error.hidden = !text;
  text ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
};

const fail = (text) => {
  byID("failure").textContent = text ?? "";
  byID("failure").hidden = !text;
};

const clearErrors = () => {
  for (const id of [...features.map((feature) => feature.name), "key"]) setError(id);
  fail();
};

const refuseKey = (why) => {
  byID("key-part").open = true;
  setError("key", why);
  byID("key").focus();
};

const showFailure = (error) => (error instanceof UnsendableField ? refuseKey : fail)(error.message);

/** The object in a JSON text; an empty one for any other text, such as a gateway's page. */
const objectOf = (text) => {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
};

const showErrors = ({ answer, text }) => {
  const body = objectOf(text);
  if (answer.status === 401) return refuseKey("This server asks for a key. Enter one that it accepts.");
  if (!Array.isArray(body.detail)) return fail(`${answer.status}: ${body.detail ?? answer.statusText}`);
  const known = body.detail.filter((item) => byID(item.loc[2]));
  for (const item of known) setError(item.loc[2], item.msg);
  const others = body.detail.filter((item) => !known.includes(item));
  if (others.length > 0) fail(others.map((item) => item.msg).join(" "));
  byID(features.find((feature) => byID(feature.name).ariaInvalid === "true")?.name)?.focus();
};

/* The price */

const meanings = {
  HIT: "stored by an earlier request",
  MISS: "computed, and stored now",
  BYPASS: "computed without a cache",
};
const dollars = new Intl.NumberFormat("en-US", {
  style: "currency", currency: "USD", maximumFractionDigits: 0, signDisplay: "negative",
});

/** A prediction, in 100 000 dollars, as a price. Above a trillion dollars all the digits would fill the page. */
const inDollars = (prediction) => {
  if (Math.abs(prediction) < 1e7) return dollars.format(prediction * 100_000);
  const [digits, exponent] = Math.abs(prediction).toExponential(2).split("e");
  const raised = [...`${Number(exponent) + 5}`].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");
  return `${prediction < 0 ? "-" : ""}$${digits} × 10${raised}`;
};

/** The house that the price on the page belongs to, and the verdict on it; undefined while there is no price. */
let priced;

/** Shows how far to trust the price; a price for earlier values of the form is marked as old. */
const showVerdict = () => {
  const isOld = priced !== undefined && priced.house !== houseText();
  byID("price").classList.toggle("old", isOld);
  byID("facts").classList.toggle("old", isOld);
  const verdict = priced?.verdict ?? "There is no price for the last request.";
  const words = isOld ? "This price is for the form's earlier values. Send the form again." : verdict;
  // Setting the same words again would have them read out again.
  if (byID("verdict").textContent !== words) byID("verdict").textContent = words;
};

const forgetPrice = () => {
  priced = undefined;
  byID("price").textContent = "$ –";
  byID("price").className = "price empty";
  byID("facts").hidden = true;
  showVerdict();
};

const showPrice = (house, { answer, text, milliseconds }) => {
  const { query_key: key, prediction } = objectOf(text);
  if (!prediction) throw new Error("The response is not from Bungalow: it has no prediction.");
  const isFar = prediction[0] < 0 || prediction[0] > 6;
  const far = "A linear model has no limits: this far from its data, its price means nothing.";
  priced = { house, verdict: isFar ? far : "As of the census of 1990, when the data was gathered." };
  const price = byID("price");
  price.textContent = inDollars(prediction[0]);
  price.className = "price";
  void price.offsetWidth;
  price.classList.add("new");
  showVerdict();
  showFacts(answer, key, milliseconds);
};

const showFacts = (answer, key, milliseconds) => {
  const cache = answer.headers.get("X-Cache");
  byID("cache").textContent = cache;
  byID("cache").className = cache === "HIT" ? "badge hit" : "badge";
  byID("cache-meaning").textContent = meanings[cache];
  byID("query-key").textContent = key;
  const stages = [...(answer.headers.get("Server-Timing") ?? "").matchAll(/(\w+);dur=([0-9.]+)/g)];
  byID("timing").textContent = stages.map(([, name, time]) => `${name} ${inTime(Number(time) / 1000)}`).join(" · ");
  byID("round-trip").textContent = inTime(milliseconds / 1000);
  byID("model").textContent = answer.headers.get("X-Model-Version");
  byID("request-id").textContent = answer.headers.get("X-Ms-Request-Id");
  byID("facts").hidden = false;
};

/** On a narrow screen the price is below the form; if it is in view already, nothing moves. */
const bringPriceIntoView = () => {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  byID("answer").scrollIntoView({ block: "nearest", behavior: isCalm ? "instant" : "smooth" });
};

/** Sends the form; true once its price is on the page. */
const submit = async () => {
  clearErrors();
  const house = houseText();
  try {
    const outcome = await scoring.sendNewest("/predict", callWith(house));
    if (outcome === null) return false;
    if (outcome.answer.ok) {
      showPrice(house, outcome);
      return true;
    }
    forgetPrice();
    showErrors(outcome);
  } catch (error) {
    forgetPrice();
    showFailure(error);
  }
  return false;
};

/** Sends the form for a button, which may be far from the price. */
const submitAndLook = async () => {
  if (await submit()) bringPriceIntoView();
};

const showCommand = () => {
  // A quote in a field would end the shell's string.
  const house = houseText().replaceAll("'", "'\\''");
  byID("command").textContent = `curl -i ${location.origin}/predict -d '[${house}]'`;
};

/* The map: it begins at 124.5 degrees west and 42.4 north, with ten units per degree of longitude. */

const mapScale = { west: -124.6, north: 42.4, x: 10, y: 10 };

const showPlace = () => {
  const [latitude, longitude] = ["Latitude", "Longitude"].map((id) => Number(byID(id).value));
  byID("pin").setAttribute("cx", Math.min(104, Math.max(4, (longitude - mapScale.west) * mapScale.x)) || 0);
  byID("pin").setAttribute("cy", Math.min(100, Math.max(4, (mapScale.north - latitude) * mapScale.y)) || 0);
};

const pickPlace = (event) => {
  const box = byID("map").getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * 108;
  const y = ((event.clientY - box.top) / box.height) * 104;
  byID("Longitude").value = (mapScale.west + x / mapScale.x).toFixed(2);
  byID("Latitude").value = (mapScale.north - y / mapScale.y).toFixed(2);
  showHouse();
  submit();
};

const showHouse = () => {
  showPlace();
  showCommand();
  if (priced) showVerdict();
};

/* Other houses */

const otherValue = ({ value, spread }) => {
  const digits = spread < 10 ? 2 : 0;
  const moved = Number(value) + (Math.random() * 2 - 1) * spread;
  return (Number(value) < 0 ? moved : Math.max(0.1, moved)).toFixed(digits);
};

const burstCalls = 200;

/** Shows the outcome of its requests beside the button. counts: how many of each kind; why: what ended them early. */
const showBurst = (counts, milliseconds, why) => {
  const caches = { HIT: "from the cache", MISS: "computed", BYPASS: "computed without a cache" };
  const sum = (kinds) => kinds.reduce((all, [, count]) => all + count, 0);
  const good = sum([...counts].filter(([kind]) => kind in caches));
  const lost = burstCalls - sum([...counts]);
  const parts = [...counts].map(([kind, count]) => `${count} ${caches[kind] ?? `refused with ${kind}`}`);
  const sentences = [`${good} of ${burstCalls} requests were scored in ${inTime(milliseconds / 1000)}`];
  if (parts.length > 0) sentences[0] += `: ${parts.join(", ")}`;
  if (lost > 0) sentences.push(`${lost} got no response`, why);
  byID("burst-outcome").textContent = sentences.map((each) => each.replace(/\.?$/, ".")).join(" ");
  byID("burst-outcome").className = good === burstCalls ? "soft" : "soft bad";
};

/** Gives the charts something to show: 200 requests for 50 houses, eight at a time. */
const sendBurst = async () => {
  const houses = Array.from({ length: 50 }, () => houseText(otherValue));
  const [button, label] = [byID("burst"), byID("burst").textContent];
  button.disabled = true;
  byID("burst-outcome").textContent = "";
  clearErrors();
  const [counts, started] = [new Map(), performance.now()];
  let [left, received, why] = [burstCalls, 0, ""];
  const sendSome = async () => {
    while (left > 0) {
      const outcome = await Calls.send("/predict", callWith(houses[--left % houses.length]));
      // A response without X-Cache is not from Bungalow.
      const kind = (outcome.answer.ok && outcome.answer.headers.get("X-Cache")) || outcome.answer.status;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      button.textContent = `${++received} of ${burstCalls} …`;
      if (outcome.answer.status !== 401) continue;
      [left, why] = [0, "This server asks for a key"];
      showErrors(outcome);
    }
  };
  const stopAll = (error) => {
    // The other seven loops end, too.
    [left, why] = [0, error.message];
    if (error instanceof UnsendableField) showFailure(error);
  };
  await Promise.all(Array.from({ length: 8 }, () => sendSome().catch(stopAll)));
  showBurst(counts, performance.now() - started, why);
  button.textContent = label;
  button.disabled = false;
};

const place = byID("place").parentElement;
for (const feature of features.slice(0, 6)) place.before(makeField(feature));
for (const feature of features.slice(6)) byID("place").append(makeField(feature));
byID("fields").addEventListener("input", showHouse);
byID("map").addEventListener("click", pickPlace);
byID("house").addEventListener("submit", (event) => {
  event.preventDefault();
  submitAndLook();
});
byID("random").addEventListener("click", () => {
  for (const feature of features) byID(feature.name).value = otherValue(feature);
  showHouse();
  submitAndLook();
});
byID("burst").addEventListener("click", sendBurst);
showHouse();
new LiveCharts();

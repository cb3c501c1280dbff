"use strict";

/** An element with properties and children; a child that is undefined is left out. */
const make = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== undefined));
  return element;
};
const code = (text) => make("code", { textContent: text });
const soft = (text) => make("p", { className: "soft", textContent: text });

/** The description of the service, with its references followed. */
class Description {
  constructor(document) {
    this.document = document;
  }

  resolve(part) {
    if (!part?.$ref) return part;
    return part.$ref.slice(2).split("/").reduce((inner, key) => inner[key], this.document);
  }

  /** What a schema allows, in words. */
  words(schema) {
    const name = schema.$ref?.split("/").at(-1);
    if (name) return make("a", { href: `#schema-${name}`, textContent: name });
    const words = [];
    if ("const" in schema) words.push(JSON.stringify(schema.const));
    if (schema.enum) words.push(schema.enum.map((value) => JSON.stringify(value)).join(" or "));
    if (schema.type) words.push([schema.type].flat().join(" or "));
    if (schema.anyOf) words.push(schema.anyOf.map((choice) => this.words(choice).textContent).join(", or "));
    if (schema.minimum !== undefined) words.push(`from ${schema.minimum}`);
    if (schema.maximum !== undefined) words.push(`to ${schema.maximum}`);
    if (schema.minItems !== undefined) words.push(`${schema.minItems} items or more`);
    if (schema.maxItems !== undefined) words.push(`${schema.maxItems} items or fewer`);
    // Longer patterns say less than the descriptions do.
    if (schema.pattern?.length < 40) words.push(`like ${schema.pattern}`);
    return make("span", { textContent: words.join(" ") || "anything" });
  }

  /** A schema's parts, as a list within a list. */
  list(schema) {
    const items = Object.entries(schema.properties ?? {}).map(([name, inner]) => {
      const isNeeded = schema.required?.includes(name);
      const about = inner.description ? ` – ${inner.description}` : "";
      const words = ["  ", this.words(inner), `${isNeeded ? "" : " (optional)"}${about}`];
      return make("li", {}, code(name), ...words, inner.$ref ? undefined : this.list(inner));
    });
    if (schema.items) {
      const parts = schema.items.$ref ? undefined : this.list(schema.items);
      items.push(make("li", {}, "each: ", this.words(schema.items), parts));
    }
    return items.length > 0 ? make("ul", { className: "schema" }, ...items) : undefined;
  }

  schema(schema) {
    const about = schema.description ? soft(schema.description) : undefined;
    return make("div", {}, about, this.words(schema), this.list(schema));
  }
}

/** One operation: its request body, its responses, and a form that sends it. */
class Operation {
  constructor(description, path, method, operation) {
    Object.assign(this, { description, path, method, operation });
    this.parameters = (operation.parameters ?? []).map((parameter) => description.resolve(parameter));
    this.content = Object.entries(operation.requestBody?.content ?? {})[0];
  }

  element() {
    const { path, method, operation } = this;
    const label = make("span", { className: `method ${method}`, textContent: method.toUpperCase() });
    const summary = make("summary", {}, label, code(path), make("span", { textContent: operation.summary }));
    const details = make("details", { className: "card operation", id: operation.operationId }, summary);
    // Most are never opened.
    details.addEventListener("toggle", () => details.append(this.body()), { once: true });
    return details;
  }

  body() {
    const { operation } = this;
    const about = operation.description ? make("p", { textContent: operation.description }) : undefined;
    const key = operation.security ? soft("Needs an API key, if the server has keys.") : undefined;
    const heading = (text) => make("h3", { textContent: text });
    const takes = this.content ? [heading("Request body"), this.description.schema(this.content[1].schema)] : [];
    return make("div", {}, about, key, ...takes, heading("Try it"), this.form(), heading("Responses"), this.answers());
  }

  answers() {
    const parts = Object.entries(this.operation.responses).flatMap(([status, reference]) => {
      const response = this.description.resolve(reference);
      const [type, content] = Object.entries(response.content ?? {})[0] ?? [];
      const headers = Object.keys(response.headers ?? {}).filter((name) => !name.endsWith("Request-Id"));
      const textContent = JSON.stringify(content?.example, null, 2);
      const example = status === "200" && textContent ? make("pre", { textContent }) : undefined;
      const words = content ? [` ${type}: `, this.description.words(content.schema), "."] : [];
      const own = headers.length > 0 ? ` With ${headers.join(", ")}.` : "";
      return [make("dt", { textContent: status }), make("dd", {}, response.description, ...words, own, example)];
    });
    return make("dl", { className: "answers" }, ...parts);
  }

  form() {
    const form = make("form", {});
    this.inputs = this.parameters.map((parameter) => {
      const id = `${this.operation.operationId}-${parameter.name}`;
      const value = parameter.required ? parameter.example ?? "" : "";
      const input = make("input", { id, value, required: parameter.required === true, autocomplete: "off" });
      input.setAttribute("aria-describedby", `${id}-hint`);
      const about = `${parameter.in}${parameter.required ? "" : ", optional"}. ${parameter.description}`;
      const hint = make("p", { className: "hint", id: `${id}-hint`, textContent: about });
      form.append(make("label", { htmlFor: id, textContent: parameter.name }), hint, input);
      return [parameter, input];
    });
    if (this.content) {
      const id = `${this.operation.operationId}-body`;
      this.text = make("textarea", { id, value: JSON.stringify(this.content[1].example, null, 2), spellcheck: false });
      form.append(make("label", { htmlFor: id, textContent: "Body" }), this.text);
    }
    const button = make("button", { className: "main", textContent: `Send ${this.method.toUpperCase()} ${this.path}` });
    this.output = make("div", {});
    this.output.setAttribute("role", "status");
    this.calls = new Calls(this.output);
    form.append(make("div", { className: "buttons" }, button), this.output);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    return form;
  }

  async send() {
    try {
      const [path, headers] = this.filledIn();
      const request = { method: this.method.toUpperCase(), headers, body: this.text?.value };
      const outcome = await this.calls.sendNewest(path, request);
      if (outcome) this.show(outcome);
    } catch (error) {
      this.output.replaceChildren(make("p", { className: "banner bad", textContent: error.message }));
    }
  }

  /** The path and the header fields, with what the form's fields hold. */
  filledIn() {
    const headers = {};
    let path = this.path;
    for (const [{ name, in: part }, { value }] of this.inputs) {
      if (part === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
      if (part === "header" && value) headers[name] = value;
    }
    if (this.content) headers["Content-Type"] = this.content[0];
    const key = document.getElementById("key").value.trim();
    if (this.operation.security && key) headers.Authorization = `Bearer ${key}`;
    return [path, headers];
  }

  show({ answer, text, milliseconds }) {
    const head = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    const line = `${answer.status} ${answer.statusText} in ${milliseconds.toFixed(1)} ms`;
    // As received: parsed and printed again, 42.0 would be 42.
    this.output.replaceChildren(
      make("h3", { textContent: line }), make("pre", { textContent: head, tabIndex: 0 }),
      make("pre", { textContent: text, tabIndex: 0 }));
  }
}

const show = (document_) => {
  const description = new Description(document_);
  const { info, tags, paths, components } = document_;
  document.getElementById("title").textContent = `${info.title} ${info.version}`;
  document.getElementById("about").textContent = info.description;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => new Operation(description, path, method, operation)));
  for (const tag of tags) {
    const own = operations.filter((each) => each.operation.tags.includes(tag.name)).map((each) => each.element());
    const title = make("h2", { className: "tag", textContent: tag.name });
    document.getElementById("operations").append(title, soft(tag.description), ...own);
  }
  for (const [name, schema] of Object.entries(components.schemas)) {
    const title = make("h3", { textContent: name });
    const part = make("div", {}, title, description.schema(schema));
    const section = make("section", { className: "card operation", id: `schema-${name}` }, part);
    document.getElementById("schemas").append(section);
  }
};

// The key is for the requests below; this form itself is never sent.
document.getElementById("calls").addEventListener("submit", (event) => event.preventDefault());
Calls.send("/openapi.json")
  .then(({ text }) => show(JSON.parse(text)))
  .catch((error) => {
    document.getElementById("failure").textContent = `/openapi.json cannot be read. ${error.message}`;
    document.getElementById("failure").hidden = false;
  });

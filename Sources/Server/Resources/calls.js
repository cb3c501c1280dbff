"use strict";

/** A header field that fetch refuses, explained in words for people. */
class UnsendableField extends Error {
  constructor(name, sign) {
    const number = sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    const what = name === "Authorization" ? "The API key" : name;
    super(`${what} holds “${sign}” (U+${number}), which no header field can carry. Write it in ASCII.`);
  }

  static check(headers) {
    for (const [name, value] of Object.entries(headers)) {
      // One byte per character, and no line breaks (the Fetch standard's “header value”).
      const sign = /[^\x01-\x09\x0b\x0c\x0e-\xff]/u.exec(value)?.[0];
      if (sign !== undefined) throw new UnsendableField(name, sign);
    }
  }
}

/** Requests to the server that always end, and whose errors are sentences for people. */
class Calls {
  /** How long a response may take, in milliseconds. */
  static patience = 10_000;

  /** region: the element that shows the responses; it is busy until one is there. */
  constructor(region) {
    this.region = region;
  }

  /**
   * Sends the form's newest request, which aborts the one before: its response would be about earlier input.
   * The outcome is null if a newer request aborted this one.
   */
  async sendNewest(path, options) {
    this.newest?.abort();
    const own = (this.newest = new AbortController());
    this.region.ariaBusy = "true";
    try {
      return await Calls.send(path, { ...options, signal: own.signal });
    } catch (error) {
      if (!own.signal.aborted) throw error;
      return null;
    } finally {
      if (this.newest === own) this.region.ariaBusy = "false";
    }
  }

  /** The response, its text, and how many milliseconds both took. */
  static async send(path, options = {}) {
    UnsendableField.check(options.headers ?? {});
    const late = AbortSignal.timeout(Calls.patience);
    const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
    const started = performance.now();
    try {
      const answer = await fetch(path, { ...options, cache: "no-store", signal });
      const text = await answer.text();
      return { answer, text, milliseconds: performance.now() - started };
    } catch (error) {
      const why = late.aborted ? ` within ${Calls.patience / 1000} s` : `: ${error.message}`;
      throw new Error(`The server did not respond${why}.`);
    }
  }
}

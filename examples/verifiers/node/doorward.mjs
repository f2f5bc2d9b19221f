// Who doorward says is asking: checked, so that nobody who reaches this app another way can say it too.
//
// Copy this file into your app. It needs Node 20 or later; assertions also need jose.
//
//     app.use(doorward({ signature: new SignatureVerifier({ KEYID: Buffer.from("KEY", "hex") }) }));
//
// The middleware takes every identity header off the request, by every spelling that a server could fold to it, and puts
// back those that are proven. The app then finds the user in `req.doorward` and in the identity headers. Whatever cannot
// be proven is nobody: no check that fails, or could not run, lets anybody in.

import { createHmac, timingSafeEqual } from "node:crypto";

/** What the request carries proves nothing. The message says why, for the log. */
export class Refused extends Error {}

/** The headers that carry the identity, as `headers:` of the site has them in doorward's configuration. */
export const NAMES = Object.freeze({
  user: "remote-user",
  email: "remote-email",
  name: "remote-name",
  groups: "remote-groups",
  assertion: "x-doorward-assertion",
});

/** The header's name as CGI would fold it: letters and digits alone. */
export const fold = (header) => header.toLowerCase().replace(/[^a-z0-9]/g, "-");

/** Whether an app could take this header for one of doorward's. */
function isIdentity(names, header) {
  const folded = fold(header);
  const known = [...Object.values(names), ...Object.values(NAMES)];
  return folded.startsWith("x-doorward-") || known.some((name) => fold(name) === folded);
}

const lowered = (names) =>
  Object.fromEntries(Object.entries({ ...NAMES, ...names }).map(([key, name]) => [key, name.toLowerCase()]));

/** A request as the app got it: `target` is path and query, not decoded; `headers` are pairs of a name and bytes. */
export function requestOf(req) {
  const headers = [];
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
    headers.push([req.rawHeaders[i], Buffer.from(req.rawHeaders[i + 1], "latin1")]);
  }
  return { method: req.method, target: req.originalUrl ?? req.url, headers };
}

const linesOf = (request, header) => request.headers.filter(([name]) => fold(name) === fold(header));

/** The value of a header that is there once, by its own name. */
function single(request, header) {
  const lines = linesOf(request, header);
  if (lines.length !== 1 || lines[0][0].toLowerCase() !== header) {
    throw new Refused(`there is not exactly one ${header}`);
  }
  return Buffer.from(lines[0][1].toString("latin1").replace(/^[ \t]+|[ \t]+$/g, ""), "latin1");
}

// The signature (RFC 9421) --------------------------------------------------------------------------------------------

/**
 * Remembers what was used, for an app that is one process. Full means refused, so that nobody can push out what is still
 * good. Processes that serve one app must share it, or each can be told a thing once: give the verifier an object whose
 * `add` is, say, Redis's `SET nonce "" NX EXAT expires`; it may return a promise.
 */
export class MemoryNonces {
  #expiries = new Map();
  #limit;

  constructor(limit = 100_000) {
    this.#limit = limit;
  }

  /** Keeps `nonce` until it expires. False if it is there already, or there is no room: one atomic step. */
  add(nonce, expires, now) {
    this.#purge(now, false);
    if (this.#expiries.size >= this.#limit) this.#purge(now, true);
    if (this.#expiries.has(nonce) || this.#expiries.size >= this.#limit) return false;
    this.#expiries.set(nonce, expires);
    return true;
  }

  #purge(now, all) {
    for (const [nonce, expires] of this.#expiries) {
      if (expires <= now) this.#expiries.delete(nonce);
      else if (!all) return;
    }
  }
}

// Exactly what doorward writes: one signature, its own label, the four parts of the request, then identity headers.
const INPUT = new RegExp(
  "^doorward=(\\(\"@method\" \"@authority\" \"@path\" \"@query\"((?: \"[a-z0-9!#$%&'*+.^_`|~-]+\"(?:;bs)?)*)\\)" +
    ';created=([0-9]{1,11});expires=([0-9]{1,11});nonce="([A-Za-z0-9_-]{22})"' +
    ';alg="hmac-sha256";keyid="([A-Za-z0-9._~-]{1,64})")$',
);
const SIGNATURE = /^doorward=:([A-Za-z0-9+/]{43}=):$/;
const VISIBLE = /^[!-~]+$/;
const PLAIN = /^[\t -~]*$/;

const LONGEST_LIFE = 300;
const SKEW = 30;

/**
 * Checks the signature over a request. `keys` are those of the site, by their `keyid`; while they are rotated there are
 * two (`doorward keys list --reveal`).
 */
export class SignatureVerifier {
  #keys;
  /** The headers over which it is. */
  names;
  #nonces;
  #clock;

  constructor(keys, { names = {}, nonces = new MemoryNonces(), clock = () => Date.now() / 1000 } = {}) {
    this.#keys = new Map(Object.entries(keys));
    if (!this.#keys.size || [...this.#keys.values()].some((key) => !(key instanceof Uint8Array) || key.length < 32)) {
      throw new TypeError('a key of doorward has 32 bytes: Buffer.from("…", "hex") of what it shows');
    }
    this.names = lowered(names);
    this.#nonces = nonces;
    this.#clock = clock;
  }

  /** The one who asks, or null where doorward says that nobody is signed in. Throws `Refused`. */
  async verify(request) {
    const found = INPUT.exec(ascii(single(request, "signature-input")));
    const carried = SIGNATURE.exec(ascii(single(request, "signature")));
    if (!found || !carried) throw new Refused("the signature is not of the form that doorward makes");
    const [, params, fields, created, expires, nonce, keyid] = found;
    const key = this.#keys.get(keyid);
    if (!key) throw new Refused("the signature is made with another key");
    this.#checkTime(Number(created), Number(expires));
    const covered = this.#covered(request, [...fields.matchAll(/"([^"]+)"(;bs)?/g)]);
    const wanted = createHmac("sha256", key).update(base(request, covered, params), "latin1").digest();
    const given = Buffer.from(carried[1], "base64");
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new Refused("the signature does not fit the request");
    }
    // Last, so that only doorward's own nonces take room.
    if ((await this.#nonces.add(`${keyid} ${nonce}`, Number(expires), this.#clock())) !== true) {
      throw new Refused("the request is a repetition");
    }
    return this.#identity(new Map(covered.map(({ name, value }) => [name, value])));
  }

  #checkTime(created, expires) {
    const now = this.#clock();
    if (created > now + SKEW) throw new Refused("the signature is of a time to come");
    const life = expires - created;
    if (now >= expires || life <= 0 || life > LONGEST_LIFE) throw new Refused("the signature has expired");
  }

  /** The identity headers with their values: all that are there are covered, and each is there once. */
  #covered(request, fields) {
    const present = request.headers.map(([name]) => name).filter((name) => isIdentity(this.names, name)).map(fold);
    const listed = fields.map(([, name]) => fold(name));
    if (present.sort().join(" ") !== listed.sort().join(" ")) {
      throw new Refused("the signature does not cover the identity headers that are there, each once");
    }
    const covered = fields.map(([, name, binary = ""]) => ({ name, binary, value: single(request, name) }));
    if (covered.some(({ binary, value }) => (binary !== "") === PLAIN.test(value.toString("latin1")))) {
      throw new Refused("a header is not covered in the form that doorward makes");
    }
    return covered;
  }

  #identity(values) {
    const text = (name) => utf8(values.get(name));
    const user = text(this.names.user);
    if (!user) {
      if (values.size) throw new Refused("there is an identity without a user");
      return null;
    }
    const groups = (text(this.names.groups) ?? "").split(",").filter(Boolean);
    return { user, email: text(this.names.email), name: text(this.names.name), groups };
  }
}

/** What is signed (RFC 9421 section 2.5). */
function base(request, covered, params) {
  const mark = request.target.indexOf("?");
  const path = mark < 0 ? request.target : request.target.slice(0, mark);
  const derived = {
    "@method": request.method,
    "@authority": ascii(single(request, "host")).toLowerCase(),
    "@path": path,
    "@query": mark < 0 ? "?" : request.target.slice(mark),
  };
  // A line feed in one of them would begin a line of the client's own.
  if (!path.startsWith("/") || !Object.values(derived).every((value) => VISIBLE.test(value))) {
    throw new Refused("the request line cannot have been signed");
  }
  const lines = Object.entries(derived).map(([name, value]) => `"${name}": ${value}`);
  for (const { name, binary, value } of covered) {
    lines.push(`"${name}"${binary}: ${binary ? `:${value.toString("base64")}:` : value.toString("latin1")}`);
  }
  return [...lines, `"@signature-params": ${params}`].join("\n");
}

function ascii(value) {
  const text = value.toString("latin1");
  if (!PLAIN.test(text)) throw new Refused("a header is not ASCII");
  return text;
}

function utf8(value) {
  if (!value?.length) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    throw new Refused("an identity header is not UTF-8");
  }
}

// The assertion (JWT) -------------------------------------------------------------------------------------------------

/**
 * doorward's public keys, from `https://…/_doorward/jwks.json`: kept for five minutes, and asked for again because of an
 * unknown key once a minute at most.
 */
export async function keySet(url, { fetch = globalThis.fetch } = {}) {
  const { createRemoteJWKSet, customFetch } = await import("jose");
  const address = new URL(url);
  const isLoopback = /^(localhost|.*\.localhost|127\.0\.0\.1|\[::1\])$/.test(address.hostname);
  if (address.protocol !== "https:" && !(address.protocol === "http:" && isLoopback)) {
    throw new TypeError("keys are fetched over https");
  }
  return createRemoteJWKSet(address, {
    timeoutDuration: 5_000,
    cooldownDuration: 60_000,
    cacheMaxAge: 300_000,
    [customFetch]: bounded(fetch),
  });
}

/** Fetches from there alone, 64 KiB at most, and leaves a server in peace for five seconds after a failure. */
function bounded(fetch) {
  let notBefore = 0;
  return async (url, options) => {
    if (Date.now() < notBefore) throw new Refused("the keys cannot be fetched");
    try {
      const answer = await fetch(url, { ...options, redirect: "error" });
      const chunks = [];
      let length = 0;
      for await (const chunk of answer.body ?? []) {
        length += chunk.length;
        if (length > 65_536) throw new Refused("too many keys");
        chunks.push(chunk);
      }
      if (answer.status !== 200) throw new Refused(`the keys cannot be fetched: ${answer.status}`);
      return new Response(Buffer.concat(chunks), { status: 200, headers: { "content-type": "application/json" } });
    } catch (error) {
      notBefore = Date.now() + 5_000;
      throw error;
    }
  };
}

/** Checks the assertion. `issuer` is the portal's origin, `audience` this site's: `https://wiki.example.com`. */
export class AssertionVerifier {
  #options;
  #audience;
  #keys;
  #clock;

  constructor({ issuer, audience, keys, algorithms = ["EdDSA"], clock = () => Date.now() / 1000 }) {
    if (![issuer, audience].every((origin) => typeof origin === "string" && origin) || !keys) {
      throw new TypeError("issuer, audience and keys are needed");
    }
    if (!algorithms.length || !algorithms.every((algorithm) => ["EdDSA", "ES256"].includes(algorithm))) {
      throw new TypeError("doorward signs with EdDSA or ES256");
    }
    const requiredClaims = ["iss", "aud", "sub", "iat", "nbf", "exp"];
    this.#options = { issuer, audience, algorithms, typ: "JWT", clockTolerance: SKEW, requiredClaims };
    this.#audience = audience;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** The one who asks. Throws `Refused`. */
  async verify(token) {
    const { jwtVerify } = await import("jose");
    if (token.length > 8192) throw new Refused("the assertion is too long");
    // jose takes the only key of a set where a token names none, and a list of audiences.
    const named = (header, ...rest) => {
      if (typeof header.kid !== "string" || "crit" in header) throw new Refused("the assertion names no key");
      return this.#keys(header, ...rest);
    };
    const now = this.#clock();
    try {
      const { payload } = await jwtVerify(token, named, { ...this.#options, currentDate: new Date(now * 1000) });
      if (payload.aud !== this.#audience || payload.iat > now + SKEW) throw new Refused("it is for another");
      return asserted(payload);
    } catch (error) {
      throw new Refused(`the assertion is not good: ${error.message}`);
    }
  }
}

function asserted(claims) {
  const { preferred_username: user, sub: subject, email, name, groups = [] } = claims;
  const isText = (text) => typeof text === "string" && !/[\p{Cc}]/u.test(text);
  const optional = [email, name].every((text) => text === undefined || text === null || isText(text));
  if (!user || !isText(user) || !subject || !isText(subject) || !optional || !Array.isArray(groups) || !groups.every(isText)) {
    throw new Refused("it does not say who is asking");
  }
  return { user, email: email ?? undefined, name: name ?? undefined, groups, subject, claims };
}

// The middleware ------------------------------------------------------------------------------------------------------

/**
 * Express middleware (and anything that takes `(req, res, next)`). With a signature and an assertion, both must hold, and
 * name the same user. `required` answers 403 to whatever does not come through doorward; otherwise that is nobody's, and
 * the app decides. `log` is told why somebody was refused.
 */
export function doorward(options) {
  const gate = new Gate(options);
  return (req, res, next) => {
    gate.admit(req).then((through) => {
      if (through || !options.required) return next();
      res.writeHead(403, { "Content-Type": "text/plain" });
      res.end("This app is reached through its front door alone.\n");
    }, next);
  };
}

/** What the middleware does, for other frameworks and for `server.on("upgrade", …)`. */
export class Gate {
  #signature;
  #assertion;
  #names;
  #log;

  constructor({ signature, assertion, names, log = () => {} }) {
    if (!signature && !assertion) throw new TypeError("give a signature, an assertion or both");
    this.#signature = signature;
    this.#assertion = assertion;
    this.#names = lowered(names ?? signature?.names);
    if (signature && JSON.stringify(lowered(signature.names)) !== JSON.stringify(this.#names)) {
      throw new TypeError("the signature is checked over headers of other names");
    }
    this.#log = log;
  }

  /** Leaves on `req` what is proven and nothing else. Whether it comes through doorward. */
  async admit(req) {
    const request = requestOf(req);
    this.#strip(req);
    let outcome = { through: false, identity: null };
    try {
      outcome = await this.#check(request);
    } catch (error) {
      this.#log(error);
    }
    req.doorward = outcome.identity;
    if (outcome.identity) this.#write(req, outcome.identity);
    return outcome.through;
  }

  async #check(request) {
    const signed = this.#signature ? await this.#signature.verify(request) : null;
    if (!this.#assertion) return { through: true, identity: signed };
    if (!linesOf(request, this.#names.assertion).length) {
      if (signed) throw new Refused("there is no assertion");
      return { through: Boolean(this.#signature), identity: null };
    }
    const identity = await this.#assertion.verify(ascii(single(request, this.#names.assertion)));
    if (this.#signature && signed?.user !== identity.user) {
      throw new Refused("signature and assertion name different users");
    }
    return { through: true, identity };
  }

  #strip(req) {
    for (const headers of [req.headers, req.headersDistinct ?? {}]) {
      for (const name of Object.keys(headers)) {
        if (isIdentity(this.#names, name)) delete headers[name];
      }
    }
    for (let i = req.rawHeaders.length - 2; i >= 0; i -= 2) {
      if (isIdentity(this.#names, req.rawHeaders[i])) req.rawHeaders.splice(i, 2);
    }
  }

  #write(req, { user, email, name, groups }) {
    const values = { user, email, name, groups: groups.join(",") };
    for (const [key, value] of Object.entries(values)) {
      if (!value) continue;
      const text = Buffer.from(value, "utf8").toString("latin1");
      req.headers[this.#names[key]] = text;
      if (req.headersDistinct) req.headersDistinct[this.#names[key]] = [text];
      req.rawHeaders.push(this.#names[key], text);
    }
  }
}

// Every vector, through the verifiers and through the middleware; then what vectors cannot say.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import { mock, test } from "node:test";
import express from "express";
import { AssertionVerifier, MemoryNonces, Refused, SignatureVerifier, doorward, fold, keySet, requestOf } from "./doorward.mjs";

const folder = process.env.DOORWARD_VECTORS ?? new URL("../vectors/", import.meta.url).pathname;
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")));
const all = (kind) => files.flatMap((file) => (file[kind] ?? []).map((vector) => ({ file, vector })));
const signatures = all("signature");
const assertions = all("assertion");
const firstGood = signatures.find(({ vector }) => vector.valid && vector.user);
const firstAsserted = assertions.find(({ vector }) => vector.valid);

test("there are vectors", () => {
  for (const list of [signatures, assertions]) {
    assert(list.some(({ vector }) => vector.valid) && list.some(({ vector }) => !vector.valid));
  }
});

// Signatures

function signatureVerifier(file, now, nonces = new MemoryNonces()) {
  const keys = [file.hmac, file.hmac_next].filter(Boolean).map(({ keyid, hex }) => [keyid, Buffer.from(hex, "hex")]);
  return new SignatureVerifier(Object.fromEntries(keys), { nonces, clock: () => now });
}

/** The request as node:http would hand it over. */
function incoming({ request }) {
  const lines = request.headers.map(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
  if (!lines.some(([name]) => name.toLowerCase() === "host")) lines.push(["Host", request.authority]);
  return messageOf(request.method, request.target, lines);
}

function messageOf(method, url, lines) {
  const message = new http.IncomingMessage(null);
  message.method = method;
  message.url = url;
  message.rawHeaders = lines.flat();
  return message;
}

/** Checks the vector, after the request that it repeats if it does. */
async function play({ file, vector }, check) {
  const nonces = new MemoryNonces();
  if (vector.replay_of) {
    const first = file.signature.find((other) => other.name === vector.replay_of);
    await check(incoming(first), signatureVerifier(file, first.now, nonces));
  }
  return check(incoming(vector), signatureVerifier(file, vector.now, nonces));
}

const usersIn = (req) => Object.entries(req.headers).filter(([name]) => fold(name) === "remote-user");

for (const pair of signatures) {
  const wanted = pair.vector.valid ? (pair.vector.user ?? null) : null;
  test(`signature: ${pair.vector.name}`, async () => {
    const verdict = play(pair, (req, verifier) => verifier.verify(requestOf(req)));
    if (pair.vector.valid) assert.equal((await verdict)?.user ?? null, wanted);
    else await assert.rejects(verdict, Refused);
  });
  test(`middleware: ${pair.vector.name}`, async () => {
    const req = await play(pair, async (req, signature) => {
      await new Promise((next) => doorward({ signature })(req, null, next));
      return req;
    });
    assert.equal(req.doorward?.user ?? null, wanted);
    assert.deepEqual(usersIn(req), wanted ? [["remote-user", wanted]] : []);
    assert.deepEqual(req.headersDistinct["remote-user"], wanted ? [wanted] : undefined);
    assert.equal(req.rawHeaders.filter((name) => fold(name) === "remote-user").length, wanted ? 1 : 0);
  });
}

test("nonces are kept until they expire and never pushed out", () => {
  const nonces = new MemoryNonces(2);
  assert(nonces.add("a", 60, 0) && !nonces.add("a", 60, 59));
  assert(nonces.add("b", 61, 0) && !nonces.add("c", 62, 0), "full is refused");
  assert(nonces.add("c", 62, 60), "there is room once one has expired");
  assert(!nonces.add("b", 61, 60));
});

test("what breaks while it is checked is nobody", async () => {
  const nonces = { add: () => Promise.reject(new Error("redis is away")) };
  const req = incoming(firstGood.vector);
  const signature = signatureVerifier(firstGood.file, firstGood.vector.now, nonces);
  await new Promise((next) => doorward({ signature })(req, null, next));
  assert.equal(req.doorward, null);
  assert.deepEqual(usersIn(req), []);
});

test("headers of other names are taken off, too", async () => {
  const signature = new SignatureVerifier({ a: Buffer.alloc(32) }, { names: { user: "X-WEBAUTH-USER" } });
  const req = messageOf("GET", "/", [["X-Webauth-User", "root"], ["x_webauth_user", "root"], ["Remote-User", "root"]]);
  await new Promise((next) => doorward({ signature })(req, null, next));
  assert.deepEqual(req.headers, {});
  assert.throws(() => doorward({ signature, names: {} }), TypeError);
});

test("through Express and a real connection", async () => {
  const { file, vector } = firstGood;
  const app = express();
  app.use((req, _, next) => {
    req.url = "/as-if-mounted-below";
    next();
  });
  app.use(doorward({ signature: signatureVerifier(file, vector.now), required: true }));
  app.use((req, res) => res.send(req.doorward.user));
  const server = app.listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { method, target, authority, headers } = vector.request;
  const lines = headers.filter(([name]) => name.toLowerCase() !== "host");
  const ask = (lines) =>
    new Promise((answered, failed) => {
      const { port } = server.address();
      const raw = [["Host", authority], ...lines].flat();
      const request = http.request({ port, host: "127.0.0.1", method, path: target, headers: raw }, async (answer) => {
        let body = "";
        for await (const chunk of answer) body += chunk;
        answered([answer.statusCode, body]);
      });
      request.on("error", failed).end();
    });
  try {
    const forged = await ask([["Remote-User", "root"], ["remote_user", "root"]]);
    assert.equal(forged[0], 403);
    assert.deepEqual(await ask(lines), [200, vector.user]);
    assert.equal((await ask(lines))[0], 403, "again");
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

// Assertions

const served = (keys) => async () => Response.json(keys);

async function assertionVerifier({ file, vector }) {
  const keys = await keySet("https://login.example.com/_doorward/jwks.json", { fetch: served(file.keys) });
  const { iss: issuer, aud: audience, alg = "EdDSA" } = vector.expect;
  return new AssertionVerifier({ issuer, audience, keys, algorithms: [alg], clock: () => vector.now });
}

for (const pair of assertions) {
  const { vector } = pair;
  test(`assertion: ${vector.name}`, async () => {
    const verdict = (await assertionVerifier(pair)).verify(vector.jwt);
    if (!vector.valid) return assert.rejects(verdict, Refused);
    const identity = await verdict;
    assert.equal(identity.user, vector.claims.preferred_username);
    assert.equal(identity.subject, vector.claims.sub);
    assert.deepEqual(identity.claims, vector.claims);
  });
  test(`middleware by assertion: ${vector.name}`, async () => {
    const lines = [["Remote-User", "root"], ["remote_user", "root"], ["X-Doorward-Assertion", vector.jwt]];
    const req = messageOf("GET", "/", lines);
    const middleware = doorward({ assertion: await assertionVerifier(pair) });
    await new Promise((next) => middleware(req, null, next));
    const wanted = vector.valid ? vector.claims.preferred_username : null;
    assert.equal(req.doorward?.user ?? null, wanted);
    assert.deepEqual(usersIn(req), wanted ? [["remote-user", wanted]] : []);
  });
}

test("two assertions are none, and one proof of two is none", async () => {
  const { vector } = firstAsserted;
  const assertion = await assertionVerifier(firstAsserted);
  const line = ["X-Doorward-Assertion", vector.jwt];
  const twice = messageOf("GET", "/", [line, line]);
  await new Promise((next) => doorward({ assertion })(twice, null, next));
  assert.equal(twice.doorward, null);
  const half = incoming(firstGood.vector);
  const signature = signatureVerifier(firstGood.file, firstGood.vector.now);
  await new Promise((next) => doorward({ signature, assertion })(half, null, next));
  assert.equal(half.doorward, null);
});

test("an unknown key is asked for once a minute, keys again after five, and a server that is away is left in peace", async () => {
  const { file, vector } = firstAsserted;
  mock.timers.enable({ apis: ["Date"], now: vector.now * 1000 });
  try {
    let calls = 0;
    let away = false;
    const fetch = async () => {
      calls += 1;
      if (away) throw new Error("away");
      return Response.json(file.keys);
    };
    const keys = await keySet("https://login.example.com/jwks.json", { fetch });
    const { iss: issuer, aud: audience } = vector.expect;
    const verifier = new AssertionVerifier({ issuer, audience, keys, clock: () => vector.now });
    const [head, ...rest] = vector.jwt.split(".");
    const header = { ...JSON.parse(Buffer.from(head, "base64url")), kid: "unknown" };
    const unknown = [Buffer.from(JSON.stringify(header)).toString("base64url"), ...rest].join(".");
    await verifier.verify(vector.jwt);
    for (let second = 0; second < 180; second += 1) {
      await assert.rejects(verifier.verify(unknown), Refused);
      mock.timers.tick(1000);
    }
    assert.equal(calls, 3);
    mock.timers.tick(301_000);
    await verifier.verify(vector.jwt);
    assert.equal(calls, 4);
    away = true;
    mock.timers.tick(301_000);
    for (let i = 0; i < 10; i += 1) await assert.rejects(verifier.verify(vector.jwt), Refused);
    assert.equal(calls, 5);
    away = false;
    mock.timers.tick(5_000);
    await verifier.verify(vector.jwt);
  } finally {
    mock.timers.reset();
  }
});

test("keys come over https, from where they should, and are not many", async () => {
  for (const url of ["http://login.example.com/jwks.json", "file:///etc/passwd", "http://localhost.evil.example/"]) {
    await assert.rejects(keySet(url), TypeError);
  }
  const server = http.createServer((req, res) => {
    if (req.url === "/moved") res.writeHead(302, { Location: "/keys" }).end();
    else if (req.url === "/large") res.end("x".repeat(70_000));
    else res.end(JSON.stringify(firstAsserted.file.keys));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const verified = async (path) => {
    const { iss: issuer, aud: audience } = firstAsserted.vector.expect;
    const keys = await keySet(`http://127.0.0.1:${server.address().port}/${path}`);
    return new AssertionVerifier({ issuer, audience, keys, clock: () => firstAsserted.vector.now }).verify(firstAsserted.vector.jwt);
  };
  try {
    assert.equal((await verified("keys")).user, firstAsserted.vector.claims.preferred_username);
    await assert.rejects(verified("moved"), Refused);
    await assert.rejects(verified("large"), Refused);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("no symmetric algorithm can be asked for", () => {
  const options = { issuer: "https://a.example", audience: "https://b.example", keys: () => {} };
  assert.throws(() => new AssertionVerifier({ ...options, algorithms: ["HS256"] }), TypeError);
  assert.throws(() => new SignatureVerifier({ a: Buffer.from("short") }), TypeError);
});

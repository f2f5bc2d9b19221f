// The worker's SHA-256 against the vectors of FIPS 180-4, and its search against puzzles that another implementation made.
//
// node work.mjs WORK.JS PUZZLES

import { readFile } from 'node:fs/promises';
import { strict as assert } from 'node:assert';
import vm from 'node:vm';

const [path, puzzles] = process.argv.slice(2);
const source = await readFile(path, 'utf8');
const said = [];
const self = { postMessage: (message) => said.push(message) };
// What the worker keeps to itself is looked at from inside.
const sha256 = vm.runInNewContext(`${source}\n;sha256`, { self });

/** The one block of a message of at most 55 bytes, and its hash. */
const hash = (text) => {
  const bytes = Buffer.alloc(64);
  const length = bytes.write(text);
  bytes[length] = 0x80;
  bytes.writeUInt32BE(length * 8, 60);
  const block = new Int32Array(64);
  for (let i = 0; i < 16; i++) block[i] = bytes.readInt32BE(i * 4);
  const into = new Int32Array(8);
  sha256(block, into);
  return Array.from(into, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
};

assert.equal(hash(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
assert.equal(hash('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
assert.equal(hash('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnop'), 'aa353e009edbaebfc6e494c8d847696896cb8b398e0173a4b5c1b636292d87c7');

let found = 0;
for (const { salt, target, number } of JSON.parse(puzzles)) {
  said.length = 0;
  self.onmessage({ data: { salt, target, hashes: 2500 } });
  assert.equal(said.at(-1).found, number);
  found += 1;
}
said.length = 0;
self.onmessage({ data: { salt: '00'.repeat(16), target: '00'.repeat(32), hashes: 100 } });
assert.equal(said.at(-1).found, null, 'what is not there is not found');
process.stdout.write(`${found} found\n`);

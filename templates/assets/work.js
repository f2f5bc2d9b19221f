// The sum that a form asks for: which number below a bound has this hash after this salt? A worker, so that the page stays
// at hand meanwhile. The browser's own SHA-256 answers one question at a time and takes longer for asking than for hashing.
"use strict";

const K = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);
const BEGINNING = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);

// SHA-256 of one padded block, FIPS 180-4: the first 16 words of `w` are the block, `into` gets the hash.
const sha256 = (w, into) => {
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15];
    const y = w[t - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
  }
  let a = BEGINNING[0], b = BEGINNING[1], c = BEGINNING[2], d = BEGINNING[3];
  let e = BEGINNING[4], f = BEGINNING[5], g = BEGINNING[6], h = BEGINNING[7];
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  into[0] = (BEGINNING[0] + a) | 0; into[1] = (BEGINNING[1] + b) | 0;
  into[2] = (BEGINNING[2] + c) | 0; into[3] = (BEGINNING[3] + d) | 0;
  into[4] = (BEGINNING[4] + e) | 0; into[5] = (BEGINNING[5] + f) | 0;
  into[6] = (BEGINNING[6] + g) | 0; into[7] = (BEGINNING[7] + h) | 0;
};

const words = (hexadecimal) =>
  Int32Array.from(hexadecimal.match(/.{8}/g), (word) => Number.parseInt(word, 16) | 0);

// How many numbers are tried between two words to the page.
const STEP = 10000;

self.onmessage = ({ data: { salt, target, hashes } }) => {
  const w = new Int32Array(64);
  const hash = new Int32Array(8);
  const wanted = words(target);
  // Sixteen bytes of salt, four of the number, a one, zeros, and the length of 160 bits.
  w.set(words(salt));
  w[5] = 0x80000000;
  w[15] = 160;
  for (let number = 0; number < hashes; number++) {
    w[4] = number;
    sha256(w, hash);
    if (hash[0] === wanted[0] && hash.every((word, i) => word === wanted[i])) {
      self.postMessage({ found: number });
      return;
    }
    if (number % STEP === 0) self.postMessage({ tried: number });
  }
  self.postMessage({ found: null });
};

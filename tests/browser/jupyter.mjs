// Somebody opens a notebook in JupyterLab, runs a cell, and signs out.

import { strict as assert } from 'node:assert';
import { drive } from './drive.mjs';
import { enter } from './enter.mjs';

const options = JSON.parse(process.argv[2]);
const { origin } = options;

await drive(options, async ({ page, shot, faults }) => {
  const sockets = [];
  page.on('websocket', (socket) => sockets.push(socket));
  await enter(page, `${origin}/lab/tree/note.ipynb`, options);

  // The kernel is a Python that begins.
  await page.getByText('| Idle').waitFor({ timeout: 60_000 });
  const cell = page.locator('.jp-CodeCell .cm-content').first();
  await cell.click();
  await page.keyboard.type('6*7');
  await page.keyboard.press('Shift+Enter');
  await page.locator('.jp-OutputArea-output').getByText('42', { exact: true }).waitFor();
  await shot('jupyter');
  const kernel = sockets.find((socket) => /\/api\/kernels\/.*\/channels/.test(socket.url()));
  assert(kernel && !kernel.isClosed(), sockets.map((socket) => socket.url()).join('\n'));

  assert.deepEqual(faults, []);

  // In another tab, for this one would ask whether to leave.
  const other = await page.context().newPage();
  await other.goto(`${origin}/_doorward/logout`);
  const closed = kernel.waitForEvent('close').then(() => Date.now());
  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.waitForURL(`${origin}/_doorward/signed-out`);
  const signedOut = Date.now();
  assert((await closed) - signedOut < 2_000, 'the socket of the kernel is cut (S34)');
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().startsWith(`${origin}/api/contents`)),
    page.keyboard.press('Control+s'),
  ]);
  assert.equal(answer.status(), 401, 'what the page still asks is asked in vain');
  await other.goto(`${origin}/lab`);
  assert(other.url().startsWith(`${origin}/_doorward/login`), other.url());

  // Its sockets, which it opens again and again, were refused as well.
  await page.close();
  for (const fault of faults.splice(0)) assert.match(fault, /401|Authentication failed|Sign in first/);
});

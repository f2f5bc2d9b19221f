// Somebody opens a site, signs in where all sites have it done, and is at the page that they wanted; the next site asks
// nothing, and signing out of one is signing out of all.

import { strict as assert } from 'node:assert';
import { ask, drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const { origin, others, username, password, email } = options;
const [other, third] = others;

await drive(options, async ({ page, context, shot }) => {
  const shown = [];
  page.on('framenavigated', (frame) => shown.push(frame.url()));
  await page.goto(`${other}/wiki/Home?a=1`);
  assert(page.url().startsWith(`${origin}/_doorward/login`), page.url());
  await page.getByLabel('Username or e-mail address').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${origin}/_doorward/code`);
  await page.locator('#code').fill(await ask(`code ${email}`));
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${other}/wiki/Home?a=1`);
  await page.getByRole('heading', { name: 'The app' }).waitFor();

  // The ticket has stood in no address that the browser has shown or keeps.
  assert(!shown.some((url) => url.includes('/ticket/')), shown.join('\n'));
  await page.goBack();
  assert(!page.url().includes('/ticket/'), page.url());

  await page.goto(`${third}/other/page`);
  assert.equal(page.url(), `${third}/other/page`, 'nobody is asked again');
  const cookies = await context.cookies();
  const sessions = cookies.filter((cookie) => cookie.name === 'doorward');
  assert.equal(sessions.length, 3, 'each host has a cookie of its own');
  assert.equal(new Set(sessions.map((cookie) => cookie.value)).size, 3);

  await page.goto(`${third}/_doorward/logout`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${third}/_doorward/signed-out`);
  for (const site of [other, origin, third]) {
    await page.goto(`${site}/wiki/Home`);
    assert(page.url().startsWith(`${origin}/_doorward/login`), `${site} leads to ${page.url()}`);
  }
  await shot('hosts');
});

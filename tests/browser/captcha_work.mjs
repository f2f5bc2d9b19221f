// The sum at the registration form: done while the form is filled in; a press that comes too early is kept; and where no
// worker runs, the form waits in its place.

import { strict as assert } from 'node:assert';
import { ask, drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const { origin } = options;

await drive(options, async ({ page, context, shot, faults }) => {
  const status = () => page.locator('.captcha [role=status]');
  const fill = async (name) => {
    await page.getByLabel('Username').fill(name);
    await page.getByLabel('E-mail address').fill(`${name}@example.org`);
    await page.getByLabel('New password').fill('trajectory of friendship');
  };
  const again = async () => {
    await context.clearCookies();
    await page.goto(`${origin}/_doorward/register`);
  };
  // Done before the form is filled in. The status is polite, and the progress is for those who see it.
  await page.goto(`${origin}/_doorward/register`);
  const begun = Date.now();
  await page.locator('.captcha').getByText('your browser does a small sum first').waitFor();
  await status().filter({ hasText: 'Done.' }).waitFor();
  await ask(`note the sum took at most ${Date.now() - begun} ms here`);
  assert(await page.locator('.captcha progress').isHidden());
  assert.match(await page.locator('[name=captcha_answer]').inputValue(), /^\d+$/);
  await fill('katherine');
  await shot('captcha-done');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.waitForURL(`${origin}/_doorward/code`);
  await ask('code katherine@example.org');

  // A press that comes too early: by keyboard, while the sum is under way. The answer is found after it.
  await page.addInitScript(() => {
    const Real = window.Worker;
    // The sum begins when the test says so, as if the machine were busy.
    window.Worker = class extends Real {
      postMessage(message) { window.begin = () => super.postMessage(message); }
    };
  });
  await again();
  await status().filter({ hasText: 'calculating' }).waitFor();
  assert(await page.locator('.captcha progress').isVisible());
  await fill('dorothy');
  await shot('captcha-working');
  await page.getByLabel('New password').press('Enter');
  await status().filter({ hasText: 'as soon as that is done' }).waitFor();
  assert.equal(page.url(), `${origin}/_doorward/register`, 'nothing is sent yet');
  await shot('captcha-held');
  await page.evaluate(() => window.begin());
  await page.waitForURL(`${origin}/_doorward/code`);
  await ask('code dorothy@example.org');

  // Where no worker runs, the form is sent after the wait.
  await page.addInitScript(() => { window.Worker = class { constructor() { throw new Error('none here'); } }; });
  await again();
  await status().filter({ hasText: 'can be sent 2 seconds after' }).waitFor();
  await fill('mary');
  await shot('captcha-waiting');
  await page.getByRole('button', { name: 'Register' }).click();
  await status().filter({ hasText: 'as soon as that is done' }).waitFor();
  await page.waitForURL(`${origin}/_doorward/code`);
  await ask('code mary@example.org');
  assert.deepEqual(faults, []);
});

// A provider's widget at the registration form, under the policy of the page: its script runs, its frame loads, and its token
// comes with the form. Nothing else of it may load anything.

import { strict as assert } from 'node:assert';
import { drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const { origin, kind, others: [provider] } = options;

await drive(options, async ({ page, shot, faults }) => {
  await page.goto(`${origin}/_doorward/register`);
  await page.getByText('a service of').waitFor();
  if (kind !== 'recaptcha_v3') {
    await page.frameLocator('iframe[title=captcha]').getByText('a widget').waitFor();
    await page.waitForFunction(() => document.querySelector('.captcha input[type=hidden]')?.value.startsWith('good:'));
  }
  await page.getByLabel('Username').fill('katherine');
  await page.getByLabel('E-mail address').fill('katherine@example.org');
  await page.getByLabel('New password').fill('trajectory of friendship');
  await shot(`captcha-${kind}`);
  // What is the provider's is allowed, what is anybody else's is not, nor anything written into the page.
  assert.deepEqual(faults, []);
  const refused = await page.evaluate(() => new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => resolve(violatedDirective), { once: true });
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    document.body.append(script);
  }));
  assert.match(refused, /^script-src/);
  assert.equal(await page.evaluate(() => window.injected), undefined);
  faults.length = 0;
  await page.getByRole('button', { name: 'Register' }).click();
  await page.waitForURL(`${origin}/_doorward/code`);
  assert(provider);
});

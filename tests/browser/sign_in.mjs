// Somebody wants a page, signs in with a slip or two, comes to the page, and signs out.

import { strict as assert } from 'node:assert';
import { ask, drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const { origin, username, password, email, javaScriptEnabled } = options;
const wanted = `${origin}/wiki/Home?edit=1`;

await drive(options, async ({ page, shot }) => {
  await page.goto(wanted);
  assert(page.url().startsWith(`${origin}/_doorward/login?rd=`), page.url());
  await shot('login');

  // Mistyped: told beside the fields, and what was typed as name is kept.
  await page.getByLabel('Username or e-mail address').fill(username);
  await page.getByLabel('Password', { exact: true }).fill('not this one');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Username or e-mail address').inputValue(), username);
  await shot('login-wrong');

  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${origin}/_doorward/code`);
  const first = await ask(`code ${email}`);
  const field = page.getByLabel('6-digit code');
  assert.equal(await field.getAttribute('autocomplete'), 'one-time-code');
  assert.equal(await field.getAttribute('inputmode'), 'numeric');
  const text = await page.locator('main').innerText();
  assert(!text.includes(email), 'the address is masked');
  assert.match(text, javaScriptEnabled ? /Works until \d/ : /Works until \d\d:\d\d UTC/);
  await shot('code');

  await field.fill(first === '000000' ? '000001' : '000000');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('alert').waitFor();
  assert.match(await page.locator('main').innerText(), /4/);
  await shot('code-wrong');

  // Another code: after the wait, and then the first is void.
  await ask('travel 31');
  await page.goto(`${origin}/_doorward/code`);
  await page.getByRole('button', { name: 'Send a new code' }).click();
  await page.getByText('We sent a new code').waitFor();
  const second = await ask(`code ${email}`);
  if (javaScriptEnabled) {
    await page.setViewportSize({ width: 320, height: 640 });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(width <= 320, `the page is ${width} px wide on a phone`);
    await shot('code-phone');
    await page.emulateMedia({ colorScheme: 'dark' });
    await shot('code-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1024, height: 768 });
  }
  await page.getByLabel('6-digit code').fill(`${second.slice(0, 3)} ${second.slice(3)}`);
  await page.keyboard.press('Enter');
  await page.waitForURL(wanted);
  assert.equal(await page.locator('#target').innerText(), '/wiki/Home?edit=1');
  await shot('app');

  await page.goto(`${origin}/_doorward/`);
  await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
  await shot('signed-in');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${origin}/_doorward/signed-out`);
  await shot('signed-out');
  await page.goto(wanted);
  assert(page.url().startsWith(`${origin}/_doorward/login`), page.url());
  await page.goBack();
  await page.goto(`${origin}/_doorward/`);
  assert(page.url().startsWith(`${origin}/_doorward/login`), 'going back does not sign in again');
});

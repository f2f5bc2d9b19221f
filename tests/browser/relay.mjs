// Somebody reads their mail on the phone: the link there shows a relay code, which they type in the browser that asked.

import { strict as assert } from 'node:assert';
import { ask, drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const { origin, username, password, email, javaScriptEnabled } = options;
const wanted = `${origin}/wiki/Home`;

await drive(options, async ({ page, context }) => {
  await page.goto(wanted);
  await page.getByLabel('Username or e-mail address').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${origin}/_doorward/code`);
  const phone = await context.browser().newContext({ javaScriptEnabled, viewport: { width: 320, height: 640 } });
  const opened = await phone.newPage();
  await opened.goto(await ask(`link ${email}`));
  await opened.screenshot({ path: `${options.shots}/relay-phone.png` });
  const width = await opened.evaluate(() => document.documentElement.scrollWidth).catch(() => 0);
  assert(width <= 320, `the page is ${width} px wide on a phone`);
  const relay = await opened.locator('.relay').innerText();
  await phone.close();

  await page.locator('#code').fill(relay.toLowerCase());
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(wanted);
});

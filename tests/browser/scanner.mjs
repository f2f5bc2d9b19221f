// A mail scanner opens the link before its owner does, in a browser of its own that runs scripts and submits every form
// it finds. The owner's own click still works.

import { strict as assert } from 'node:assert';
import { ask, drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const { origin, username, password, email } = options;
const wanted = `${origin}/wiki/Home`;

/** Opens `link` and submits each form of the page that it comes to, and of the pages that these lead to. */
async function scan(context, link) {
  const page = await context.newPage();
  let submitted = 0;
  for (let which = 0; which < 5; which += 1) {
    await page.goto(link, { waitUntil: 'networkidle' });
    const form = page.locator('form').nth(which);
    if ((await form.count()) === 0) break;
    await Promise.all([
      page.waitForNavigation().catch(() => {}),
      form.evaluate((element) => HTMLFormElement.prototype.submit.call(element)),
    ]);
    submitted += 1;
  }
  for (const button of await page.locator('button, input[type=submit], a').all()) await button.click().catch(() => {});
  await page.close();
  return submitted;
}

await drive(options, async ({ page, context, shot }) => {
  await page.goto(wanted);
  await page.getByLabel('Username or e-mail address').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${origin}/_doorward/code`);
  const link = await ask(`link ${email}`);
  assert(link.startsWith(`${origin}/_doorward/link/`), link);

  // Without and with a memory for cookies between its visits.
  const forgetful = await context.browser().newContext();
  const scanner = await context.browser().newContext();
  assert.equal(await scan(forgetful, link), 0, 'there is no form to submit elsewhere');
  await scan(scanner, link);
  await scan(scanner, link);
  const seen = await scanner.newPage();
  await seen.goto(link);
  assert.equal(seen.url(), `${origin}/_doorward/link`, 'the token is out of the address at once');
  assert.match(await seen.locator('.relay').innerText(), /^[B-Z]{4}-[B-Z]{4}$/);
  await seen.screenshot({ path: `${options.shots}/relay.png` });
  await seen.goto(wanted);
  assert(seen.url().startsWith(`${origin}/_doorward/login`), 'the scanner is signed in nowhere');
  for (const other of [forgetful, scanner]) {
    const names = (await other.cookies()).map((cookie) => cookie.name);
    assert(!names.includes('doorward'), names.join());
    await other.close();
  }

  // The owner opens the link in another tab of the browser that asked.
  const tab = await context.newPage();
  await tab.goto(link);
  assert.equal(tab.url(), `${origin}/_doorward/link`);
  await shot('code-waiting');
  await tab.screenshot({ path: `${options.shots}/link.png` });
  await tab.getByRole('button', { name: 'Sign in', exact: true }).click();
  await tab.waitForURL(wanted);
  await page.goto(wanted);
  assert.equal(await page.locator('#target').innerText(), '/wiki/Home');
  // Again: it is used, and nobody gets a button.
  await tab.goto(link);
  assert.equal(await tab.locator('form[action="/_doorward/link"]').count(), 0);
});

// Signing in on the way to a page.

import { ask } from './drive.mjs';

/** Goes to `wanted` by way of the sign-in pages, with password and code. */
export async function enter(page, wanted, { origin, username, password, email }) {
  await page.goto(wanted);
  await page.waitForURL(`${origin}/_doorward/login?**`);
  await page.getByLabel('Username or e-mail address').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${origin}/_doorward/code`);
  await page.locator('#code').fill(await ask(`code ${email}`));
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(wanted);
}

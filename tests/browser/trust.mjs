// Somebody trusts their browser, signs out, and signs in without a code; an operator revokes it, and the code is asked
// for again.

import { strict as assert } from 'node:assert';
import { ask, drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const { origin, username, password, email } = options;
const wanted = `${origin}/wiki/Home`;

await drive(options, async ({ page, shot }) => {
  const signIn = async () => {
    await page.goto(wanted);
    await page.getByLabel('Username or e-mail address').fill(username);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL((url) => !url.pathname.startsWith('/_doorward/login'));
  };
  const signOut = async () => {
    await page.goto(`${origin}/_doorward/`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${origin}/_doorward/signed-out`);
  };
  const typeCode = async () => {
    assert.equal(page.url(), `${origin}/_doorward/code`);
    await page.getByLabel('6-digit code').fill(await ask(`code ${email}`));
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL(wanted);
  };

  await signIn();
  const trust = page.getByLabel(/Trust this browser for 30 days/);
  assert(!(await trust.isChecked()), 'nobody trusts by default');
  await trust.check();
  await shot('code-trust');
  await typeCode();
  await signOut();

  await signIn();
  assert.equal(page.url(), wanted, 'no code was asked for');
  await signOut();

  await ask(`revoke ${username}`);
  await signIn();
  await typeCode();
  await signOut();
});

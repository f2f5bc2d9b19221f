// What people do about their telephone number: give it, mistype it, show that it is theirs, have codes come there, take it away.

import { strict as assert } from 'node:assert';
import { ask, drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const { origin, username, password, email, number } = options;
const account = `${origin}/_doorward/account`;

await drive(options, async ({ page, shot }) => {
  const main = () => page.locator('main').innerText();
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  const done = async (words) => {
    await page.getByRole('status').filter({ hasText: words }).waitFor();
    assert(page.url().startsWith(account), page.url());
  };
  const narrow = async (name) => {
    await page.setViewportSize({ width: 360, height: 720 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `${name} scrolls sideways`);
    await shot(`${name}-360`);
    await page.setViewportSize({ width: 1024, height: 768 });
  };
  const signIn = async (code) => {
    await page.goto(account);
    await page.getByLabel('Username or e-mail address').fill(username);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await press('Sign in');
    await page.waitForURL(`${origin}/_doorward/code`);
    if (code === 'sms') {
      assert.match(await main(), /Check your telephone/);
      assert.doesNotMatch(await main(), /1234567/);
      await narrow('code-sms');
    }
    await page.locator('#code').fill(await ask(code === 'sms' ? 'sms 2' : `code ${email}`));
    await press('Sign in');
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
  };

  await signIn('mail');
  assert.match(await main(), /You have given none\./);
  await page.getByRole('link', { name: /Add\s+Telephone number/ }).click();
  await page.getByRole('heading', { name: 'Your telephone number' }).waitFor();
  await narrow('phone');
  const field = page.getByLabel('Telephone number', { exact: true });
  await field.fill('079 123');
  await press('Send me a code');
  await page.getByRole('alert').filter({ hasText: 'This is no telephone number.' }).waitFor();
  assert.equal(await field.inputValue(), '079 123', 'what was typed is still there');
  await narrow('phone-bad');
  await field.fill('+880 1700 000 000');
  await press('Send me a code');
  await page.getByRole('alert').filter({ hasText: 'We send no text messages to such numbers.' }).waitFor();
  await field.fill(number);
  await press('Send me a code');
  await page.waitForURL(`${origin}/_doorward/code`);
  assert.match(await main(), /It shows that the number is yours/);
  await page.locator('#code').fill(await ask('sms 1'));
  await press('Go on');
  await done('Your telephone number was saved.');
  assert.match(await main(), /Codes at sign-in come by mail\./);

  await page.getByRole('link', { name: /Change\s+Telephone number/ }).click();
  await narrow('phone-known');
  await press('Get codes by text message');
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  assert.match(await main(), /Codes at sign-in come there\./);
  await narrow('account-phone');
  await press('Sign out');
  await page.waitForURL(`${origin}/_doorward/signed-out`);

  await signIn('sms');
  await page.getByRole('link', { name: /Change\s+Telephone number/ }).click();
  await press('Take it away');
  await done('Your telephone number was taken away.');
  assert.match(await main(), /You have given none\./);
});

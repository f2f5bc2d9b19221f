// How people come to an account and back to it: they register (by code and by link), are invited, and forget their
// password. Each slip on the way is told beside its field.

import { strict as assert } from 'node:assert';
import { ask, drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const { origin, username, email, javaScriptEnabled } = options;
const wanted = `${origin}/wiki/Home`;

await drive(options, async ({ page, context, shot }) => {
  const main = () => page.locator('main').innerText();
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  const alert = async (words) => {
    await page.getByRole('alert').first().waitFor();
    assert.match(await page.getByRole('alert').first().innerText(), words);
  };
  const password = () => page.getByLabel(/^(New )?[Pp]assword$/);
  const shown = async (path) => {
    assert.equal(await page.locator('#target').innerText(), path);
    assert.equal(page.url(), `${origin}${path}`);
  };
  /** What the page says of a password while it is typed; nothing without JavaScript. */
  const estimate = async (typed, words) => {
    if (!javaScriptEnabled) return;
    await password().fill('');
    await password().pressSequentially(typed);
    await page.locator('output.strength', { hasText: words }).waitFor();
  };
  const signOut = async () => {
    await page.goto(`${origin}/_doorward/`);
    await press('Sign out');
    await page.waitForURL(`${origin}/_doorward/signed-out`);
  };
  const register = async (name, typed) => {
    await page.getByLabel('Username').fill(name);
    await page.getByLabel('E-mail address').fill(`${name}@example.org`);
    await password().fill(typed);
    await send();
  };
  // Without scripts the form waits a while in place of doing a sum.
  const send = async () => {
    if (!javaScriptEnabled) await ask('travel 15');
    await press('Register');
  };

  // From the page that is wanted to a form, past every slip.
  await page.goto(wanted);
  await page.getByRole('link', { name: 'Register' }).click();
  await page.getByRole('heading', { name: 'Register' }).waitFor();
  await estimate('violet tram', 'A password has at least 12 characters.');
  await shot('register-short');
  await estimate('835 102 947 361', 'A password of digits alone is guessed quickly.');
  await estimate('P@ssw0rd1234', 'among the first passwords that anybody tries');
  await estimate('our Example Wiki', 'too much like the name of this site');
  await page.getByLabel('Username').fill('katherine');
  await estimate('k4therine.1918', 'too much like your username');
  await estimate('unbelievable', 'One word is guessed quickly.');
  await estimate('trajectory of friendship', 'Nothing speaks against it so far.');
  await shot('register-good');
  await register('katherine', 'Password1234!');
  await alert(/among the first passwords that anybody tries/);
  assert.equal(await password().inputValue(), '', 'no password comes back');
  assert.equal(await page.getByLabel('Username').inputValue(), 'katherine');
  await shot('register-common');
  await password().fill('trajectory of friendship');
  await page.getByLabel('E-mail address').fill('katherine@example.net');
  await send();
  await alert(/Only addresses that end in example\.org can register here/);
  await shot('register-domain');
  await page.getByLabel('E-mail address').fill('katherine@example.org');
  await page.getByLabel('Username').fill('not a name');
  await password().fill('trajectory of friendship');
  await send();
  await alert(/A username has 1 to 64 letters/);

  // By code.
  await register('katherine', 'trajectory of friendship');
  await page.waitForURL(`${origin}/_doorward/code`);
  assert.match(await main(), /It shows that the address is yours/);
  const code = await ask('code katherine@example.org');
  await page.locator('#code').fill(code === '000000' ? '000001' : '000000');
  await press('Go on');
  await alert(/That is not the code/);
  assert.match(await main(), /4 tries left/);
  await page.locator('#code').fill('12');
  await press('Go on');
  await alert(/A code has 6 digits/);
  await page.locator('#code').fill(code);
  await press('Go on');
  await page.waitForURL(wanted);
  await shown('/wiki/Home');
  await signOut();

  // By link; the address of somebody who has an account is answered alike, and its owner is told.
  await page.goto(wanted);
  await page.getByRole('link', { name: 'Register' }).click();
  await register('dorothy', 'vaughan and her west group');
  await page.waitForURL(`${origin}/_doorward/code`);
  await page.goto(await ask('link dorothy@example.org'));
  await page.getByRole('heading', { name: 'Confirm your address' }).waitFor();
  assert(!page.url().includes('link/'), 'the token has left the address');
  await press('Go on');
  await page.waitForURL(wanted);
  await signOut();
  await page.goto(wanted);
  await page.getByRole('link', { name: 'Register' }).click();
  await page.getByLabel('Username').fill('somebody');
  await page.getByLabel('E-mail address').fill(email);
  await password().fill('trajectory of friendship');
  await send();
  await page.waitForURL(`${origin}/_doorward/code`);
  await ask(`subject ${email} `);

  // By invitation, with a name that is taken first.
  await ask('cli accounts invite mary@example.org --group staff');
  await page.goto(await ask('link mary@example.org'));
  await page.getByRole('heading', { name: 'Welcome to Example Wiki' }).waitFor();
  await page.getByLabel('Username').fill('katherine');
  await password().fill('wind tunnels at noon');
  await press('Make my account');
  await alert(/Somebody else has this name/);
  await page.getByLabel('Username').fill('mary');
  await password().fill('wind tunnels at noon');
  await shot('invitation');
  await press('Make my account');
  await page.waitForURL((url) => !url.pathname.startsWith('/_doorward/invitation'));
  await page.goto(wanted);
  await shown('/wiki/Home');
  await signOut();

  // A forgotten password: letters by mail, another password, and the second step is asked all the same.
  await page.goto(wanted);
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByLabel('Username or e-mail address').fill(username);
  await press('Send me a code');
  await page.waitForURL(`${origin}/_doorward/code`);
  assert.match(await main(), /a code of 8 letters/);
  const letters = await ask(`code ${email}`);
  await page.locator('#code').fill('QQQQ');
  await press('Go on');
  await alert(/A code has 8 letters/);
  await page.locator('#code').fill(letters.toLowerCase().replace('-', ' '));
  await shot('reset-code');
  await press('Go on');
  await page.waitForURL(`${origin}/_doorward/reset/password`);
  await estimate('Ada.1815.ada', 'too much like your username');
  await password().fill('ada.example.org');
  await press('Save');
  await alert(/too much like/);
  await shot('reset-like');
  await password().fill('punched cards, in four colours');
  await press('Save');
  await page.getByRole('status').filter({ hasText: 'Your password was changed' }).waitFor();
  await ask(`subject ${email} Your password was changed`);
  await shot('reset-done');
  await page.getByLabel('Username or e-mail address').fill(username);
  await password().fill('punched cards, in four colours');
  await press('Sign in');
  await page.waitForURL(`${origin}/_doorward/code`);
  await page.locator('#code').fill(await ask(`code ${email}`));
  await press('Sign in');
  await page.waitForURL(wanted);
  await shown('/wiki/Home');

  // What was used is over.
  await page.goto(`${origin}/_doorward/reset/password`);
  await page.getByRole('heading', { name: 'This is over' }).waitFor();
  await shot('reset-over');
});

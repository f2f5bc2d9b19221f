// What people do on their account page: name, address, backup codes, second step, password, other browsers; and that an
// old sign-in is not enough for it.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { ask, drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const { origin, username, email, javaScriptEnabled } = options;
const account = `${origin}/_doorward/account`;
const newEmail = 'countess@example.org';
const newPassword = 'punched cards, in four colours';

await drive(options, async ({ page, context, shot }) => {
  let { password } = options;
  let mailbox = email;
  const main = (on = page) => on.locator('main').innerText();
  const press = (name, on = page) => on.getByRole('button', { name, exact: true }).click();
  const follow = (name) => page.getByRole('link', { name }).first().click();
  const alert = async (words) => {
    await page.getByRole('alert').first().waitFor();
    assert.match(await page.getByRole('alert').first().innerText(), words);
  };
  const done = async (words) => {
    await page.getByRole('status').filter({ hasText: words }).waitFor();
    assert(page.url().startsWith(account), page.url());
  };
  const typePassword = async (on = page) => {
    await on.getByLabel('Username or e-mail address').fill(username);
    await on.getByLabel('Password', { exact: true }).fill(password);
    await press('Sign in', on);
    await on.waitForURL(`${origin}/_doorward/code`);
  };
  const signIn = async (on = page) => {
    await typePassword(on);
    await on.locator('#code').fill(await ask(`code ${mailbox}`));
    await press('Sign in', on);
  };
  /** Answers the code page of something other than a sign-in. */
  const confirm = async (words, to = mailbox) => {
    await page.waitForURL(`${origin}/_doorward/code`);
    assert.match(await main(), words);
    await page.locator('#code').fill(await ask(`code ${to}`));
    await press('Go on');
  };
  const signOut = async () => {
    await page.goto(account);
    await press('Sign out');
    await page.waitForURL(`${origin}/_doorward/signed-out`);
  };

  await page.goto(account);
  await signIn();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  assert.match(await main(), /This browser/);
  await shot('account');

  await page.getByLabel('Full name').fill('Ada King');
  await press('Save name');
  await done('Your name was saved.');

  // Another address: a code to the new one, a word to the old one.
  await follow(/Change\s+E-mail address/);
  await page.getByLabel('New e-mail address').fill(email);
  await press('Send me a code');
  await alert(/That is your address already/);
  await shot('account-email-same');
  await page.getByLabel('New e-mail address').fill(newEmail);
  await press('Send me a code');
  await confirm(/It shows that the new address is yours/, newEmail);
  await done('Your e-mail address was changed.');
  assert.match(await main(), new RegExp(newEmail));
  await ask(`subject ${email} The e-mail address of your account`);
  mailbox = newEmail;

  // Backup codes: shown once, downloaded, used once each.
  assert.match(await main(), /You have none/);
  await follow('Make new codes');
  await press('Make new codes');
  await page.getByRole('heading', { name: 'Your backup codes' }).waitFor();
  const codes = await page.locator('#codes code').allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  assert.equal(await page.getByRole('button', { name: 'Copy' }).count(), javaScriptEnabled ? 1 : 0);
  await shot('account-backup-codes');
  const [file] = await Promise.all([page.waitForEvent('download'), press('Download as a file')]);
  const text = await readFile(await file.path(), 'utf8');
  for (const code of codes) assert(text.includes(code), `${code} is not in the file`);
  await follow('I have kept them');
  assert.match(await main(), /10 codes left/);
  await signOut();
  await page.goto(account);
  await typePassword();
  await ask(`code ${mailbox}`);
  await page.locator('#code').fill(codes[3].toLowerCase());
  await press('Sign in');
  await page.waitForURL(account);
  assert.match(await main(), /9 codes left/);
  await signOut();
  await page.goto(account);
  await typePassword();
  await ask(`code ${mailbox}`);
  await page.locator('#code').fill(codes[3]);
  await press('Sign in');
  await alert(/That is not the code/);
  await shot('backup-code-again');
  await page.locator('#code').fill(codes[7]);
  await press('Sign in');
  await page.waitForURL(account);

  // The second step on, and off again.
  await follow(/Turn on\s+Code by mail at sign-in/);
  await page.getByRole('heading', { name: 'Turn on codes by mail?' }).waitFor();
  await press('Send me a code');
  await confirm(/you turn the second step on/);
  await done('Codes are asked for from now on.');
  await follow(/Turn off\s+Code by mail at sign-in/);
  await shot('account-second-step-off');
  await press('Send me a code');
  await confirm(/you turn the second step off/);
  await done('Codes are no longer asked for where a password is enough.');

  // Another browser is signed out while its page is open.
  const other = await (await context.browser().newContext({ javaScriptEnabled })).newPage();
  other.setDefaultTimeout(15_000);
  await other.goto(`${origin}/wiki/Home`);
  await signIn(other);
  await other.waitForURL(`${origin}/wiki/Home`);
  await page.goto(account);
  await page.locator('section[aria-labelledby=sessions] ul').getByRole('link', { name: /Sign out/ }).first().click();
  await page.getByRole('heading', { name: 'Sign out this browser?' }).waitFor();
  await shot('account-sure');
  await press('Sign it out');
  await done('That browser was signed out.');
  await other.goto(`${origin}/wiki/Home`);
  assert(other.url().startsWith(`${origin}/_doorward/login`), other.url());
  await signIn(other);
  await other.waitForURL(`${origin}/wiki/Home`);

  // Another password: every slip is told beside its field, and the other browser is out.
  await follow(/Change\s+Password/);
  const current = page.getByLabel('Present password');
  const next = page.getByLabel('New password');
  await current.fill('not this one');
  await next.fill(newPassword);
  await press('Change password');
  await alert(/That is not your present password/);
  await current.fill(password);
  if (javaScriptEnabled) {
    await next.pressSequentially('Our example wiki');
    await page.locator('output.strength', { hasText: 'too much like the name of this site' }).waitFor();
  }
  await next.fill('Password1234!');
  await press('Change password');
  await alert(/among the first/);
  await shot('account-password-common');
  await current.fill(password);
  await next.fill(newPassword);
  await press('Change password');
  await done('Your password was changed.');
  password = newPassword;
  await other.goto(`${origin}/wiki/Home`);
  assert(other.url().startsWith(`${origin}/_doorward/login`), other.url());
  await other.context().close();

  // Five minutes later password and code are asked for again, and the way leads back.
  await ask('travel 301');
  await page.goto(`${account}/email`);
  await page.waitForURL((url) => !url.pathname.startsWith('/_doorward/account'));
  await shot('account-stale');
  await signIn();
  await page.waitForURL(`${account}/email`);
  await page.getByLabel('New e-mail address').waitFor();
});

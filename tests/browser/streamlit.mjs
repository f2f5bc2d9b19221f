// Somebody moves a slider of Streamlit by the keyboard.

import { strict as assert } from 'node:assert';
import { drive } from './drive.mjs';
import { enter } from './enter.mjs';

const options = JSON.parse(process.argv[2]);
const { origin, username } = options;

await drive(options, async ({ page, shot }) => {
  await enter(page, `${origin}/`, options);
  await page.getByText(`${username} doubles it: 6`).waitFor();
  await page.getByRole('slider', { name: 'Number' }).focus();
  for (let presses = 0; presses < 4; presses += 1) await page.keyboard.press('ArrowRight');
  await page.getByText(`${username} doubles it: 14`).waitFor();
  await shot('streamlit');

  await page.goto(`${origin}/_doorward/logout`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${origin}/_doorward/signed-out`);
  await page.goto(`${origin}/`);
  assert(page.url().startsWith(`${origin}/_doorward/login`), page.url());
});

// The page that shows the API: sound for everybody who reads it, on a desk and on the narrowest phone, light and dark.

import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { drive } from './drive.mjs';

const options = JSON.parse(process.argv[2]);
const require = createRequire(`${process.env.DOORWARD_TEST_NODE_MODULES}/`);
const { HtmlValidate, StaticConfigLoader } = require('html-validate');
const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

await drive(options, async ({ page, shot, faults }) => {
  const answer = await page.goto(`${options.origin}/_doorward/api/v1/docs`);
  const loader = new StaticConfigLoader({ root: true, extends: ['html-validate:recommended'], rules: { 'no-inline-style': 'error' } });
  const { results } = await new HtmlValidate(loader).validateString(await answer.text(), 'docs.html');
  for (const { messages } of results) for (const { line, ruleId, message } of messages) faults.push(`${line}: ${ruleId}: ${message}`);
  for (const [width, colorScheme] of [[1024, 'light'], [360, 'light'], [320, 'dark']]) {
    await page.setViewportSize({ width, height: 720 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `at ${width} it scrolls sideways`);
    if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
    const { violations } = await page.evaluate((values) => window.axe.run({ runOnly: values, resultTypes: ['violations'] }), runOnly);
    for (const { id, nodes } of violations) faults.push(`at ${width}, ${colorScheme}: ${id}: ${nodes[0].html.slice(0, 160)}`);
    await shot(`reference-${width}-${colorScheme}`);
  }
  // The contents lead to every operation.
  const links = page.getByRole('navigation', { name: 'Contents' }).getByRole('link');
  for (const href of await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')))) {
    assert.equal(await page.locator(href).count(), 1, href);
  }
  await links.first().click();
  assert.match(page.url(), /#signIn$/);
});

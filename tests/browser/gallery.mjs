// Every state of every page and every mail, rendered by doorward itself: axe-core and html-validate find nothing, and
// nothing scrolls sideways on the narrowest phone. One browser, light and dark, phone and desktop.
//
// node gallery.mjs FOLDER SHOTS, after `doorward templates render --out FOLDER`

import { createRequire } from 'node:module';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { DOORWARD_TEST_NODE_MODULES: modules, DOORWARD_TEST_CHROMIUM: executablePath } = process.env;
const require = createRequire(`${modules}/`);
const { chromium } = require('playwright-core');
const { HtmlValidate, StaticConfigLoader } = require('html-validate');
const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');

const [folder, shots] = process.argv.slice(2).map((path) => resolve(path));
const languages = (await readdir(folder, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory() && entry.name !== 'static').map((entry) => entry.name).sort();
const faults = [];

/** The files of a kind in a language, as name and path. */
async function files(language, kind) {
  const inside = join(folder, language, kind);
  const names = (await readdir(inside)).filter((name) => name.endsWith('.html')).sort();
  return names.map((name) => [`${language}/${kind}/${name}`, join(inside, name)]);
}

/** What html-validate says of the files, by these rules. A language changes words alone: two of them show what words do. */
async function validate(kind, rules) {
  const loader = new StaticConfigLoader({ root: true, extends: ['html-validate:recommended'], rules });
  const validator = new HtmlValidate(loader);
  for (const language of new Set([languages[0], languages.at(-1)])) {
    for (const [name, path] of await files(language, kind)) {
      const report = await validator.validateString(await readFile(path, 'utf8'), path);
      for (const { messages } of report.results) {
        for (const { line, column, ruleId, message } of messages) faults.push(`${name}:${line}:${column}: ${ruleId}: ${message}`);
      }
    }
  }
}

/** The tags of WCAG 2.2 AA; pages keep to what axe calls good practice as well. */
const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const runOnly = { pages: [...wcag, 'best-practice'], mails: wcag };

async function shoot(page, name, width, colorScheme) {
  const file = join(shots, `${name.replace(/\.html$/, '')}-${width}-${colorScheme}.png`);
  await mkdir(join(file, '..'), { recursive: true });
  await page.screenshot({ path: file, fullPage: true });
}

async function look(context, kind, views) {
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`${page.url()}: script: ${error}`));
  for (const language of languages) {
    for (const [name, path] of await files(language, kind)) {
      await page.goto(pathToFileURL(path).href);
      for (const { width, height, colorScheme, wanted, checked } of views) {
        if (!wanted(language)) continue;
        const view = `${name} at ${width}, ${colorScheme}`;
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) faults.push(`${view}: scrolls sideways by ${wide} px`);
        if (shots) await shoot(page, name, width, colorScheme);
        if (!checked(language)) continue;
        if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
        const { violations } = await page.evaluate((values) => window.axe.run({ runOnly: values, resultTypes: ['violations'] }), runOnly[kind]);
        for (const { id, help, nodes } of violations) {
          for (const node of nodes) faults.push(`${view}: ${id}: ${help}: ${node.html.slice(0, 160)}`);
        }
      }
    }
  }
  await page.close();
}

await validate('pages', { 'no-inline-style': 'error' });
// Mail programs know the HTML of long ago best: tables, their attributes, and comments for one of them.
await validate('mails', {
  'long-title': 'off', 'no-conditional-comment': 'off', 'no-deprecated-attr': 'off', 'no-inline-style': 'off', 'prefer-tbody': 'off',
});

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--allow-file-access-from-files'],
});
try {
  const context = await browser.newContext();
  // Each width and each scheme once with axe, in one language; every language has to fit the narrowest phone.
  const first = languages.includes('en') ? 'en' : languages[0];
  const inFirst = (language) => language === first;
  const views = [
    { width: 320, height: 640, colorScheme: 'dark', wanted: () => true, checked: inFirst },
    { width: 1024, height: 768, colorScheme: 'light', wanted: inFirst, checked: inFirst },
  ];
  await Promise.all(['pages', 'mails'].map((kind) => look(context, kind, views)));
} finally {
  await browser.close();
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(`${faults.length} faults\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

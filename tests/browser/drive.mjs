// A real Chromium, driven from a Rust test. What the browser cannot know (the code in the mail, the travelling clock) it
// asks for on standard output, one line, and gets on standard input, one line.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { strict as assert } from 'node:assert';

const { DOORWARD_TEST_NODE_MODULES: modules, DOORWARD_TEST_CHROMIUM: executablePath } = process.env;
const { chromium } = createRequire(`${modules}/`)('playwright-core');

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the Rust test for something, and waits for its answer. */
export async function ask(question) {
  process.stdout.write(`${question}\n`);
  const { value, done } = await answers.next();
  assert(!done, `nobody answered: ${question}`);
  return value;
}

/** Runs `story` in a new browser, and ends the process by how it went; a fault that the story leaves in `faults` is one. */
export async function drive(options, story) {
  const { origin, shots, javaScriptEnabled } = options;
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update'],
  });
  const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 1024, height: 768 } });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script: ${error}`));
  page.on('console', (message) => {
    // A refused form (401) is told on the console too; that is not a fault of the page.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (![origin, ...(options.others ?? [])].some((own) => request.url().startsWith(own))) faults.push(`asked somebody else: ${request.url()}`);
  });
  const suffix = javaScriptEnabled ? '' : '-without-javascript';
  const shot = (name) => page.screenshot({ path: `${shots}/${name}${suffix}.png` });
  try {
    await story({ page, context, shot, faults });
    assert.deepEqual(faults, []);
    process.stdout.write('done\n');
    process.exitCode = 0;
  } catch (error) {
    await shot('failed').catch(() => {});
    process.stderr.write(`${error.stack}\nat ${page.url()}\n${faults.join('\n')}\n${(await page.content().catch(() => '')).slice(0, 4000)}\n`);
    process.exitCode = 1;
  } finally {
    await browser.close();
    process.stdin.destroy();
  }
}

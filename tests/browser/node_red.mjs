// Somebody brings a flow into the editor of Node-RED, deploys it, sets it off, and reads what it says.

import { strict as assert } from 'node:assert';
import { drive } from './drive.mjs';
import { enter } from './enter.mjs';

const options = JSON.parse(process.argv[2]);
const { origin } = options;
const flow = [
  {
    id: '1843a', type: 'inject', name: 'begin', props: [{ p: 'payload' }], payload: 'Note G', payloadType: 'str',
    repeat: '', crontab: '', once: false, onceDelay: 0.1, topic: '', x: 200, y: 100, wires: [['1843b']],
  },
  {
    id: '1843b', type: 'debug', name: 'end', active: true, tosidebar: true, console: false, tostatus: false,
    complete: 'payload', targetType: 'msg', statusVal: '', statusType: 'auto', x: 400, y: 100, wires: [],
  },
];

await drive(options, async ({ page, shot }) => {
  const sockets = [];
  page.on('websocket', (socket) => sockets.push(socket));
  await enter(page, `${origin}/`, options);
  await page.locator('#red-ui-workspace-chart').first().waitFor();
  await shot('node-red-empty');

  await page.keyboard.press('Control+i');
  const text = page.locator('#red-ui-clipboard-dialog-import-text');
  await text.fill(JSON.stringify(flow));
  await text.press('End'); // it looks at the text when a key is let go
  await page.locator('#red-ui-clipboard-dialog-ok').click();
  await page.locator('#red-ui-workspace-chart').first().click({ position: { x: 300, y: 200 } });
  const [deployed] = await Promise.all([
    page.waitForResponse((response) => response.url() === `${origin}/flows` && response.request().method() === 'POST'),
    page.locator('#red-ui-header-button-deploy').click(),
  ]);
  assert.equal(deployed.status(), 200);
  await page.keyboard.press('Control+g');
  await page.keyboard.press('d');
  await page.locator('.red-ui-flow-node-button-button').first().click();
  await page.locator('.red-ui-debug-msg').getByText('"Note G"').waitFor();
  await shot('node-red');
  assert(sockets.some((socket) => socket.url().endsWith('/comms') && !socket.isClosed()), 'it comes by a WebSocket');
});

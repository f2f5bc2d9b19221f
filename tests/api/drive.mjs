// Walks the client in TypeScript, its types taken off, through all of it. The code of the mail comes by standard input; what
// came of it goes out as JSON.
import { request } from "node:http";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [, , compiled, origin, connectTo, login, password] = process.argv;
const { Doorward, Problem } = await import(pathToFileURL(compiled));

// Connects to where the test listens, whatever the name leads to.
const fetcher = (url, init) =>
  new Promise((resolve, reject) => {
    const { pathname, search, host } = new URL(url);
    const headers = Object.fromEntries(init.headers);
    const to = new URL(connectTo);
    const options = { host: to.hostname, port: to.port, method: init.method, path: pathname + search };
    const asked = request({ ...options, headers: { ...headers, host } }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        const body = parts.length > 0 ? Buffer.concat(parts) : null;
        resolve(new Response(body, { status: answer.statusCode, headers: answer.headers }));
      });
    });
    asked.on("error", reject);
    asked.end(init.body);
  });

let kept;
const keeper = { load: async () => kept && JSON.parse(kept), save: async (now) => void (kept = JSON.stringify(now)) };
const refused = async (what) => {
  try {
    return await what();
  } catch (problem) {
    if (problem instanceof Problem) return problem;
    throw problem;
  }
};

let client = new Doorward(origin, keeper, fetcher);
const told = {};
told.wrong_password = (await refused(() => client.signIn(login, "wrong"))).code;
told.signed_in = await client.signIn(login, password);
const soon = await refused(() => client.resend());
told.too_soon = [soon.code, soon.retryAfter > 0];
const lines = createInterface({ input: process.stdin });
const code = await new Promise((resolve) => lines.once("line", resolve));
lines.close();
told.verified = await client.verify(code.trim(), true);
told.account = (await client.account()).username;
told.app = (await (await client.fetch("/private")).text()).length > 0;
const before = JSON.parse(kept).refreshToken;
// What is kept outlives the program; asked many times at once, it refreshes once.
kept = JSON.stringify({ ...JSON.parse(kept), ends: 0 });
client = new Doorward(origin, keeper, fetcher);
const accounts = await Promise.all(Array.from({ length: 5 }, () => client.account()));
told.after_refresh = accounts.every((account) => account.username === login) && login;
told.rotated = JSON.parse(kept).refreshToken !== before;
await client.signOut();
kept = JSON.stringify({ ...JSON.parse(kept), accessToken: "x", ends: 1e15 });
client = new Doorward(origin, keeper, fetcher);
told.after_sign_out = (await refused(() => client.account())).code;
told.again = await client.signIn(login, password);
console.log(JSON.stringify(told));

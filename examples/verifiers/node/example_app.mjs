// An app behind doorward: says who is asking. `node example_app.mjs PORT KEYID KEY`

import express from "express";
import { doorward, SignatureVerifier } from "./doorward.mjs";

const [port, keyid, key] = process.argv.slice(2);
const app = express();
app.use(doorward({ signature: new SignatureVerifier({ [keyid]: Buffer.from(key, "hex") }) }));
app.use((req, res) => {
  res.type("text/plain").send(`user=${req.doorward?.user ?? ""} header=${req.headers["remote-user"] ?? ""}\n`);
});
app.listen(Number(port), "127.0.0.1");

// An OpenID provider that is not of our making: the npm package oidc-provider, installed in the
// working folder or in TANDEM_NPM_VERIFY, on loopback. SETUP is {issuer, clients, accounts}; accounts
// are claims by id, and anybody who types an id is signed in with it.
// POST /keys/withdrawn publishes another key while tokens are still signed with the first one;
// POST /keys/published puts the first one back.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const folder = process.env.TANDEM_NPM_VERIFY ?? process.cwd();
const { Provider } = await import(pathToFileURL(createRequire(folder + "/").resolve("oidc-provider")));
const { issuer, clients, accounts } = JSON.parse(process.env.SETUP);

const key = (kid) => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const say = (one) => ({ ...one.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" });
  return { secret: say(privateKey), open: say(publicKey) };
};
const signing = key("first");
const other = key("second");
let withdrawn = false;

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [signing.secret] },
  cookies: { keys: ["of this test"] },
  claims: { openid: ["sub", "district"], email: ["email", "email_verified"], profile: ["name"] },
  findAccount: (_, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
});

const answer = provider.callback();
createServer((request, response) => {
  if (request.method === "POST" && request.url.startsWith("/keys/")) {
    withdrawn = request.url === "/keys/withdrawn";
    response.writeHead(204).end();
  } else if (withdrawn && request.url === "/jwks") {
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ keys: [other.open] }));
  } else {
    answer(request, response);
  }
}).listen(new URL(issuer).port, "127.0.0.1");

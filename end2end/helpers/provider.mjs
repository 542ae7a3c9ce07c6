// An OpenID Connect provider of somebody else's make, on loopback: one client, a few people, and a page to choose among
// them. Run as `node provider.mjs PORT REDIRECT_URI`; says "ready" when it listens.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const PEOPLE = {
  "ada-1": { name: "Ada", email: "ada@example.com", email_verified: true, groups: [] },
  "eve-1": { name: "Eve", email: "eve@example.com", email_verified: true, groups: ["everybody", "ops"] },
  "mal-1": { name: "Mal", email: "mal@example.com", email_verified: false, groups: ["ops"] },
  "bob-1": { name: "Bob", email: "bob@elsewhere.example", email_verified: true, groups: [] },
};

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "fuseboard",
      client_secret: "a secret & more",
      redirect_uris: [redirectUri],
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  cookies: { keys: ["only for tests"] },
  interactions: { url: (_, interaction) => `/choose/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
  // Nobody is asked whether we may know their name.
  loadExistingGrant: async (ctx) => {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid email profile groups");
    await grant.save();
    return grant;
  },
});

const page = (uid) => `<!doctype html><html lang="en"><title>Acme ID</title><link rel="icon" href="data:,">
<main><h1>Acme ID</h1><form method="post" action="/choose/${uid}">
${Object.entries(PEOPLE).map(([id, { name }]) => `<button name="who" value="${id}">${name}</button>`).join("\n")}
<button name="who" value="">Cancel</button></form></main></html>`;

async function choose(request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") {
    response.writeHead(200, { "content-type": "text/html" }).end(page(uid));
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  const who = new URLSearchParams(body).get("who");
  const result = who ? { login: { accountId: who } } : { error: "access_denied", error_description: "Nobody <b>signed in</b>." };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const answer = provider.callback();
const server = createServer((request, response) => {
  if (!request.url.startsWith("/choose/")) return void answer(request, response);
  choose(request, response).catch((error) => response.writeHead(500).end(String(error)));
});
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
